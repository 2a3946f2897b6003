"""Slow, obvious second implementations in plain Python and SciPy, and small trials and points to compare them on."""
