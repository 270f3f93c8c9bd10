"""The commands that do the work, one file a concern; `daemon.cli` puts them under one name."""
