"""The service: a thin shell of I/O around a pure middle (docs/ARCHITECTURE.md)."""
