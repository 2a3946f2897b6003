"""Slow, obvious second implementations in plain Python and SciPy, and the small trials and points on which they are compared."""
