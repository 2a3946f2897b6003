"""What is said of a patient and can hardly be: a wrong unit, a code for a missing value, a slip of the pen."""

from collections.abc import Iterator

import pandas as pd

from cartmodel.trial import TrialData

PLAUSIBLE = {"weight": (20.0, 250.0, "kg"), "age": (0.0, 110.0, "years")}
"""Lowest and highest value of a patient that is not asked about, and its unit. This package's choice."""

DOSES = ("dose", "dose_assigned")
APART = 1000.0
MISSING = (-9.0, -99.0, -999.0, -9999.0, 999.0, 9999.0)
"""Numbers that are used for a missing value."""


def implausible_patients(trial: TrialData) -> Iterator[tuple[int, str, str]]:
    """Yield row, patient and finding of what can hardly be true of a patient.

    - a weight outside 20 to 250 kg, an age outside 0 to 110 years;
    - a dose, infused or assigned, or another covariate, a thousandfold off the median of the others, where all are
      positive; an infused dose tenfold off the assigned one;
    - a covariate of -9, -99, 999 and the like, where no other patient's is below 0, or near: a code for missing?
    """
    places: dict[tuple[str, str], tuple[str, int]] = {
        (str(subject), str(column)): (str(table), int(str(row)))
        for subject, column, table, row in trial.places.itertuples(index=False)
    }

    def line(subject: object, column: str, finding: str) -> tuple[int, str, str]:
        table, row = places.get((str(subject), column), ("", 0))
        return row, str(subject), f"{column} {finding}{f' ({table})' if table else ''}"

    numbers = trial.covariates.select_dtypes("number")
    told = pd.concat([trial.subjects[["dose", "dose_assigned", "weight"]].astype(float), numbers], axis=1)
    for name in map(str, told):
        values = told[name].dropna()
        if name in PLAUSIBLE:
            lowest, highest, unit = PLAUSIBLE[name]
            for subject, value in values[(values < lowest) | (values > highest)].items():
                yield line(subject, name, f"{value:g} {unit}, outside {lowest:g} to {highest:g}: a wrong unit?")
            continue
        coded = values[values.isin(MISSING) & (values.lt(0) | (values > 10 * values[~values.isin(MISSING)].max()))]
        if name not in DOSES and (values.drop(coded.index) >= 0).all():
            for subject, value in coded.items():
                yield line(subject, name, f"{value:g}: a code for missing?")
            values = values.drop(coded.index)
        if not (values > 0).all() or len(values) < 2:
            continue
        for subject, value in values.items():
            others = float(values.drop(index=[subject]).median())
            ratio = max(value / others, others / value)
            if ratio >= APART * (1 - 1e-12):
                yield line(subject, name, f"{value:.4g}, {ratio:.0f}-fold off the median of the others ({others:.4g})")
    ratio = trial.subjects["dose"].astype(float) / trial.subjects["dose_assigned"].astype(float)
    for subject, value in ratio[(ratio >= 10) | (ratio <= 0.1)].items():
        yield line(subject, "dose", f"is {value:.3g} times the dose assigned")
