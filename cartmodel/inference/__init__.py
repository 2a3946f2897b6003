"""Samplers, the fit, its diagnosis."""
