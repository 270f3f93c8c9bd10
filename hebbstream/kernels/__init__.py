"""Pure functions on arrays, compiled by numba."""
