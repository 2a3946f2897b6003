"""Simulated trials, always labelled so."""
