"""What the service shows over HTTP: metrics and health, on one port, in a thread of their own."""
