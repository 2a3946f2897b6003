"""Values that can be true but are more often a wrong unit, a wrong date or a slip of the pen."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from cartmodel.description.implausible import implausible_patients
from cartmodel.description.schedule import window_ends
from cartmodel.trial import TrialData
from cartmodel.trial.units import converted, convertible

GENOMES = 1e6 / 6.6
"""Diploid human genomes in a microgram of DNA: 1e6 pg at 6.6 pg a cell."""

JUMP = 1000.0
EARLY = 28.0

_COLUMNS = ["row", "subject", "assay", "time", "level", "unit", "finding"]


def suspicious_values(trial: TrialData, days: Sequence[float] = (), *, vcn: float | None = None) -> pd.DataFrame:
    r"""Return the values of a trial that deserve a second look, with their rows. None of them is removed.

    - copies/ug above the assay's ceiling of ``vcn`` x 1.5e5: a microgram of DNA is that of
      :math:`10^6 / 6.6 \approx 1.5 \times 10^5` diploid cells, of which every one would be a CAR-T cell. Products with
      more than one copy a cell do exceed 1.5e5, so give the vector copy number if it was measured;
    - percentages above 100;
    - a level that is a thousand times higher, or lower, than both its neighbours (BLQ counts for the LLOQ);
    - a quantified sample before the infusion, any sample before it but the last, one more than 28 days before it;
    - what can hardly be true of a patient: see `implausible_patients`;
    - a sample whose actual day lies outside the window of its nominal day, or after the end of the follow-up.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    days : sequence of float
        The days of the schedule, if there is one.
    vcn : float, optional
        Vector copies per CAR-T cell as measured; default 1.

    Returns
    -------
    pandas.DataFrame
        ``row`` (of the spreadsheet), ``subject``, ``assay``, ``time``, ``level``, ``unit``, ``finding``; in the order
        of the rows.

    Raises
    ------
    ValueError
        If the vector copy number is not positive.
    """
    if vcn is not None and not 0 < vcn < np.inf:
        raise ValueError(f"vcn={vcn!r}; accepted: vector copies per cell, a number > 0")
    found = [*_ceilings(trial, vcn), *_jumps(trial), *_predose(trial), *_dates(trial, np.asarray(days, dtype=float))]
    odd = implausible_patients(trial)
    found += [{"row": row, "subject": who, "assay": "", "unit": "", "finding": text} for row, who, text in odd]
    table = pd.DataFrame(found, columns=_COLUMNS).astype({"time": float, "level": float})
    return table.sort_values(["row", "finding"], kind="stable", ignore_index=True)


def _line(trial: TrialData, sample: pd.Series, finding: str) -> dict[str, object]:
    unit = trial.units.get(sample["assay"], "")
    told: dict[str, object] = {name: sample[name] for name in _COLUMNS[:5]}
    return told | {"unit": unit, "finding": finding}


def _ceilings(trial: TrialData, vcn: float | None) -> Iterator[dict[str, object]]:
    for assay, unit in trial.units.items():
        own = trial.observations[(trial.observations["assay"] == assay) & ~trial.observations["blq"]]
        if convertible(unit, "copies/ug"):
            own = own.assign(copies=converted(own["level"], unit, "copies/ug") / GENOMES)
            for _, sample in own[own["copies"] > (vcn or 1.0)].iterrows():
                copies = sample["copies"]
                told = f"{copies:.2g} copies in every cell of the sample"
                measured = f", {vcn:g} measured" if vcn else ": more than one copy per CAR-T cell, or a wrong unit?"
                yield _line(trial, sample, told + measured)
        elif unit.lower().lstrip().startswith(("%", "percent", "pct")):
            for _, sample in own[own["level"] > 100.0].iterrows():
                yield _line(trial, sample, "a percentage above 100")


def _jumps(trial: TrialData) -> Iterator[dict[str, object]]:
    level = trial.observations["level"].where(~trial.observations["blq"], trial.observations["lloq"])
    height = pd.Series(np.log(level.to_numpy(float)), index=level.index)
    groups = [trial.observations["subject"], trial.observations["assay"]]
    up, down = height.groupby(groups).diff(), height.groupby(groups).diff(-1)
    far = np.log(JUMP) * (1 - 1e-12)
    for way, jumped in (("above", (up >= far) & (down >= far)), ("below", (up <= -far) & (down <= -far))):
        for _, sample in trial.observations[jumped].iterrows():
            yield _line(trial, sample, f"a thousandfold or more {way} both its neighbours")


def _predose(trial: TrialData) -> Iterator[dict[str, object]]:
    for _, own in trial.predose.groupby(["subject", "assay"], sort=False, dropna=False):
        ordered = own.sort_values("time", kind="stable", na_position="first")
        for place, (_, sample) in enumerate(ordered.iterrows()):
            dated = "" if np.isnan(sample["time"]) else f" (day {sample['time']:g})"
            if place < len(ordered) - 1:
                yield _line(trial, sample, f"before the infusion{dated}, beside the predose sample: is the date right?")
            elif sample["time"] < -EARLY:
                yield _line(trial, sample, f"predose, but {-sample['time']:g} days before the infusion")
            if sample["level"] > 0 and not sample["blq"] and not sample["level"] < sample["lloq"]:
                yield _line(trial, sample, "quantified before the infusion: contamination, or a wrong date?")


def _dates(trial: TrialData, days: np.ndarray) -> Iterator[dict[str, object]]:
    seen = trial.observations
    if len(days):
        ends, nominal = window_ends(days), seen["nominal"].to_numpy(float)
        starts = np.append(0.0, ends[:-1])
        place = np.searchsorted(days, nominal).clip(0, len(days) - 1)
        time = seen["time"].to_numpy(float)
        outside = (days[place] == nominal) & ((time > ends[place]) | (time < starts[place]))
        for _, sample in seen[outside].iterrows():
            yield _line(trial, sample, f"planned for day {sample['nominal']:g}, nearer to another visit")
    end = trial.subjects["follow_up"].astype(float)
    late = seen["time"].to_numpy(float) > end.reindex(seen["subject"]).fillna(np.inf).to_numpy()
    for _, sample in seen[late].iterrows():
        yield _line(trial, sample, f"after the end of the follow-up (day {end[sample['subject']]:g})")
