"""How well the detector detects: metrics, made-up worlds, peers, and the report."""
