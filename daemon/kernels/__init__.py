"""Compiled functions from bytes to columns to frames; each has its twin in tests/naive*.py."""
