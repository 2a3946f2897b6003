"""The random effects against the trial's covariates, as a table of a report."""

import xarray as xr

from cartmodel.checks.by_covariate import effects_by_covariate
from cartmodel.reporting.blocks import Table
from cartmodel.reporting.tables import records


def covariate_rows(fit: xr.DataTree) -> Table | None:
    """Return the rank correlation, or the mean of each group, of each effect and covariate; None without covariates."""
    found = effects_by_covariate(fit)
    if not len(found):
        return None
    rows = [
        (
            row["effect"],
            f"{row['covariate']} = {row['value']}" if row["value"] else row["covariate"],
            str(row["n"]),
            row["measure"],
            row["reason"] or f"{row['median']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})",
        )
        for row in records(found)
    ]
    return Table(
        "effects_by_covariate",
        "Random effects against covariates",
        "Spearman's rank correlation of the patients' effects with a covariate of numbers, or the mean effect of a "
        "group: posterior median and equal-tailed 95% interval for these patients. Where the shrinkage of an effect is "
        "high it is near 0 whatever holds.",
        ("effect", "covariate", "patients", "measure", "median (95% interval)"),
        tuple(rows),
        found,
        keys=2,
    )
