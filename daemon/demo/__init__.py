"""The live demo: two streams through a broker, the service as it is, and what it makes of them."""
