"""Samplers raced on posteriors with known answers."""
