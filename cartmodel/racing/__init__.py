"""Samplers raced on posteriors with known answers."""

from cartmodel.racing.posteriors import Posterior, list_posteriors, read_posterior
from cartmodel.racing.race import race as race_samplers
from cartmodel.racing.results import race_figure, race_table

__all__ = ["Posterior", "list_posteriors", "race_figure", "race_samplers", "race_table", "read_posterior"]
