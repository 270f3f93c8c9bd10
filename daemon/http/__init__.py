"""What the service shows over HTTP: the page, the read API, metrics and health, on one port."""
