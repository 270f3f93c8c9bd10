"""The association graph against the exact correlation matrix."""
