"""Compiled functions that turn bytes into columns; each has its twin in tests/naive_ingest.py."""
