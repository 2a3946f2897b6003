"""Checks of a fit: what the model would have seen, beside what was seen."""
