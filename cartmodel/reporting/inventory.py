"""What data there are: patients, samples and outcomes by dose group and assay."""

import pandas as pd

from cartmodel.plots.style import dose_groups
from cartmodel.reporting.blocks import Table
from cartmodel.trial import TrialData

_OUTCOMES = {"dlt": "DLT", "remission": "remission", "criss_step1": "CRISS step-1 event", "criss_lp": "CRISS predictor"}


def sample_rows(trial: TrialData) -> Table:
    """Return patients and samples by dose group and assay: how many are quantified, and which days they span."""
    rows: list[dict[str, object]] = []
    for label, mask, _ in dose_groups(trial.dose_group.to_numpy(float)):
        patients = trial.subjects.index[mask]
        for assay in trial.assays or ("",):
            own = trial.observations[
                trial.observations["subject"].isin(patients) & (trial.observations["assay"] == assay)
            ]
            rows.append(
                {
                    "dose": label,
                    "assay": assay,
                    "patients": len(patients),
                    "sampled": own["subject"].nunique(),
                    "samples": len(own),
                    "blq": int(own["blq"].sum()),
                    "first_day": own["time"].min() if len(own) else float("nan"),
                    "last_day": own["time"].max() if len(own) else float("nan"),
                    "unit": trial.units.get(assay, ""),
                }
            )
    shown = [
        (
            str(row["dose"]),
            str(row["assay"] or "-"),
            str(row["patients"]),
            str(row["sampled"]),
            str(row["samples"]),
            f"{row['blq']} ({row['blq'] / row['samples']:.0%})" if row["samples"] else "-",  # pyright: ignore[reportOperatorIssue]
            f"{row['first_day']:g} to {row['last_day']:g}" if row["samples"] else "-",
            str(row["unit"] or "-"),
        )
        for row in rows
    ]
    return Table(
        "samples",
        "Patients and samples",
        "Samples before the infusion are not used. BLQ: below the limit of quantification; kept, as censored.",
        ("dose", "assay", "patients", "with samples", "samples", "BLQ", "days", "unit"),
        tuple(shown),
        pd.DataFrame(rows),
        keys=2,
    )


def outcome_inventory(trial: TrialData) -> Table | None:
    """Return how many patients of each dose group have each outcome; None for a trial without any."""
    present = [name for name in _OUTCOMES if trial.subjects[name].notna().any()]
    if not present:
        return None
    rows: list[dict[str, object]] = []
    for label, mask, _ in dose_groups(trial.dose_group.to_numpy(float)):
        group = trial.subjects[mask]
        for name in present:
            values = group[name].dropna()
            events = int(values.sum()) if name != "criss_lp" else None
            rows.append(
                {"dose": label, "outcome": _OUTCOMES[name], "known": len(values), "open": len(group) - len(values),
                 "events": events}
            )  # fmt: skip
    shown = [
        tuple("-" if row[key] is None else str(row[key]) for key in ("dose", "outcome", "known", "open", "events"))
        for row in rows
    ]
    criss = any(row["outcome"] == _OUTCOMES["criss_lp"] for row in rows)
    after = ", not recorded or not applicable (the predictor after a step-1 event)." if criss else " or not recorded."
    return Table(
        "outcomes_known",
        "Outcomes known so far",
        f"Open: pending{after} Never counted as 'no'.",
        ("dose", "outcome", "known", "open", "events"),
        tuple(shown),
        pd.DataFrame(rows),
        keys=2,
    )
