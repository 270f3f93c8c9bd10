"""Streaming anomaly detection that learns which series move together."""
