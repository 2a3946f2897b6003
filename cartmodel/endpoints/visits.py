"""Visits with explicit windows, and the items of each patient at a visit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cartmodel.endpoints.items import CRISS_ITEMS


@dataclass(frozen=True)
class Visit:
    """A visit: the day it is meant for and the days on which an assessment counts for it.

    Parameters
    ----------
    name : str
        Label for tables.
    day : float
        Day since infusion that it is meant for.
    earliest, latest : float
        First and last day of its window, both included.

    Raises
    ------
    ValueError
        If the day lies outside the window.

    Examples
    --------
    >>> Visit("day 90", 90, earliest=76, latest=104).latest
    104
    """

    name: str
    day: float
    earliest: float
    latest: float

    def __post_init__(self) -> None:
        if not self.earliest <= self.day <= self.latest:
            raise ValueError(
                f"visit '{self.name}': day {self.day:g} outside its window {self.earliest:g} to {self.latest:g}; "
                "accepted: earliest <= day <= latest"
            )


BASELINE = Visit("baseline", 0.0, earliest=-np.inf, latest=0.0)
"""The last assessment at or before the infusion."""

VISITS = (
    Visit("day 28", 28, earliest=21, latest=35),
    Visit("day 90", 90, earliest=76, latest=104),
    Visit("day 180", 180, earliest=150, latest=210),
    Visit("day 360", 360, earliest=320, latest=400),
)
"""The visits where none are given; the windows are this package's choice, not the protocol's."""


def items_at(assessments: pd.DataFrame, visit: Visit) -> pd.DataFrame:
    """Return each patient's items at a visit: of each item, the value in the window nearest to the visit's day.

    Of two that are equally near the earlier one is taken. An item that was not assessed in the window is NaN.

    Parameters
    ----------
    assessments : pandas.DataFrame
        As `check_assessments` describes.
    visit : Visit
        The visit and its window.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``subject``, in order of first appearance: the columns of ``CRISS_ITEMS``, and ``time``, the latest
        day from which an item was taken.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [dict(subject="P1", time=t, mrss=m, fvc=f, patient_global=4, physician_global=4, haq=1)
    ...         for t, m, f in ((80, 20, 70), (92, 18, None))]
    >>> items_at(pd.DataFrame(rows), Visit("day 90", 90, 76, 104))[["mrss", "fvc", "time"]].iloc[0].tolist()
    [18.0, 70.0, 92.0]
    """
    order = pd.Index(assessments["subject"].unique(), name="subject")
    inside = assessments[assessments["time"].between(visit.earliest, visit.latest)]
    inside = inside.assign(away=(inside["time"] - visit.day).abs()).sort_values(["away", "time"], kind="stable")
    values = pd.DataFrame(index=order)
    days = pd.DataFrame(index=order)
    for name in CRISS_ITEMS:
        nearest = inside[inside[name].notna()].drop_duplicates("subject").set_index("subject")
        values[name] = nearest[name].astype(float).reindex(order)
        days[name] = nearest["time"].astype(float).reindex(order)
    return values.assign(time=days.max(axis=1))
