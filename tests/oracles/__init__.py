"""Slow, obvious second implementations: plain Python and SciPy, sharing no code with the package."""
