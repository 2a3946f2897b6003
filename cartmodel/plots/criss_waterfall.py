"""Waterfall of the ACR-CRISS responses."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cartmodel.checks.courses import REMISSION, clinical_courses
from cartmodel.plots.style import DARK, VERMILLION, dose_groups, footer, new_figure, scale_of, small, stamp_text, style
from cartmodel.plots.words import patients_text, short_names
from cartmodel.trial import TrialData


def criss_waterfall(trial: TrialData, stamp: str = "", *, width: float | None = None) -> Figure | None:
    """Return a bar for each patient: the linear predictor of ACR-CRISS, the best first, in the colour of the dose.

    A patient with a step-1 event has no predictor: the score is 0 by definition, shown as a cross. Patients whose
    outcome is pending are counted, and have no bar.

    Parameters
    ----------
    trial : TrialData
        From `read_trial`.
    stamp : str
        Words in the corner, such as ``"DRAFT"``; SIMULATED is added for a simulated trial.
    width : float, optional
        Inches.

    Returns
    -------
    matplotlib.figure.Figure or None
        None for a trial without ACR-CRISS.
    """
    courses = clinical_courses(trial)
    known = courses[courses["criss_probability"].notna()]
    if not len(known):
        return None
    worst = known["criss_step1"] == 1
    order = known.assign(worst=worst).sort_values(["worst", "criss_lp"], ascending=[True, False], kind="stable")
    width = 6.5 if width is None else width
    k = scale_of(width)
    colours = {
        str(s): c for _, mask, c in dose_groups(courses["dose"].to_numpy(float)) for s in courses["subject"][mask]
    }
    with style(width):
        events = int(worst.sum())
        notes = [
            trial.name,
            f"{patients_text(len(courses))}: {len(known)} with an outcome, {int((known['response'] == 1).sum())} in "
            f"remission, {events} with a step-1 event, {len(courses) - len(known)} pending or not recorded",
        ]
        figure = new_figure(width, k * 3.9, "ACR-CRISS response", notes, stamp_text(trial.simulated, stamp))
        axes = figure.subplots()
        place = np.arange(len(order))
        height = order["criss_lp"].where(~order["worst"]).to_numpy(float)
        axes.bar(place, np.nan_to_num(height), 0.8, color=[colours[str(s)] for s in order["subject"]], gid="bars")
        step1 = order["worst"].to_numpy(bool)
        shown = height[~np.isnan(height)]
        floor = min(shown.min(initial=0.0), -1.0) * 1.15
        axes.plot(place[step1], np.full(events, 0.92 * floor), linestyle="none", marker="x", color=DARK, gid="step1")
        axes.set_ylim(floor, max(shown.max(initial=0.0), 1.0) * 1.1)
        axes.axhline(0.0, color=DARK, linewidth=0.6)
        threshold = float(np.log(REMISSION / (1 - REMISSION)))
        axes.axhline(threshold, color=VERMILLION, linewidth=0.9, linestyle=(0, (1, 1.5)), gid="threshold")
        axes.set_xlim(-0.7, len(order) - 0.3)
        fits = 72 * (width - 0.7 * k) / len(order) >= 1.25 * small()
        names = short_names([str(s) for s in order["subject"]], 14) if fits else []
        axes.set_xticks(place if fits else [], names, rotation=90, parse_math=False)
        axes.set_xlabel("Patient" if fits else f"{len(order)} patients (too many to name)")
        axes.set_ylabel("CRISS linear predictor\n(log odds)")
        handles: list[Line2D | Patch] = [
            Patch(facecolor=colour, label=f"{label}, n = {int(mask.sum())}")
            for label, mask, colour in dose_groups(courses["dose"].to_numpy(float))
        ]
        handles.append(
            Line2D(
                [],
                [],
                color=VERMILLION,
                linewidth=0.9,
                linestyle=(0, (1, 1.5)),
                label=f"remission (predicted probability {REMISSION:.2f})",
            )
        )
        if events:
            handles.append(Line2D([], [], color=DARK, marker="x", linestyle="none", label="step-1 event (score 0)"))
        footer(figure, handles, 3)
    return figure
