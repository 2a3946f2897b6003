"""The interval that every table and figure reports."""

import xarray as xr

INTERVAL = (0.025, 0.975)
"""Equal-tailed 95% intervals, everywhere."""

QUANTILES = (INTERVAL[0], 0.5, INTERVAL[1])
"""The median between the ends of the interval."""


def interval(values: xr.DataArray) -> dict[str, float]:
    """Return the ends of the interval over all dimensions, as two columns of a table."""
    lower, upper = values.quantile(INTERVAL).to_numpy()
    return {"lower": float(lower), "upper": float(upper)}
