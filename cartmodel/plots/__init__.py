"""Standard figures: a trial or a fit in, a matplotlib `Figure` out, without pyplot.

All intervals are equal-tailed 95% intervals.
"""

from cartmodel.plots.exposure_by_dose import exposure_by_dose
from cartmodel.plots.individual_fits import individual_fits
from cartmodel.plots.levels_by_dose import levels_by_dose
from cartmodel.plots.outcomes_by_dose import outcomes_by_dose
from cartmodel.plots.prior_posterior import prior_posterior
from cartmodel.plots.response_by_exposure import response_by_exposure
from cartmodel.plots.save import save_figure

__all__ = [
    "exposure_by_dose",
    "individual_fits",
    "levels_by_dose",
    "outcomes_by_dose",
    "prior_posterior",
    "response_by_exposure",
    "save_figure",
]
