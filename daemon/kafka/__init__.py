"""Kafka in and out: the only package that imports kafka-python (docs/ARCHITECTURE.md)."""
