"""The run folder: a fit, its tables and figures, and everything needed to repeat it."""

import json
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console

from cartmodel import plots
from cartmodel.prediction.fitfile import spec_of, write_fit
from cartmodel.reporting.summary import Summary, print_summary
from cartmodel.reporting.tables import patient_exposures
from cartmodel.spreadsheets import write_csv
from cartmodel.trial import TrialData

_OF_CUT = ("fit_cut.nc", "joint_against_cut.csv")
_FIGURES = (
    "levels_by_dose",
    "individual_fits",
    "exposure_by_dose",
    "outcomes_by_dose",
    "response_by_exposure",
    "prior_posterior",
)


def write_run(
    summary: Summary, trial: TrialData, folder: str | Path, *, progress: Callable[[str], None] | None = None
) -> Path:
    """Write the run folder of a fit and return its path.

    ``fit.nc``; ``parameters.csv``, ``exposures.csv``, ``exposures_by_patient.csv``, ``outcomes.csv``, ``doses.csv``;
    ``summary.txt``; ``figures/*.png`` and ``*.svg``; ``manifest.json`` with digests of data and model, versions, seed,
    sampler, ladder and timings.

    Parameters
    ----------
    summary : Summary
        From `summarise`.
    trial : TrialData
        The trial that was fitted.
    folder : str or Path
        Where to write; made if it does not exist.
    progress : callable, optional
        Takes the name of each file as it is begun.
    """
    out, tell = Path(folder), progress or (lambda _: None)
    (out / "figures").mkdir(parents=True, exist_ok=True)
    for stale in (
        *(path for name in _FIGURES for kind in ("png", "svg") for path in (out / "figures").glob(f"{name}*.{kind}")),
        *map(out.joinpath, _OF_CUT),
    ):
        stale.unlink(missing_ok=True)  # of an earlier run of another model: what stands here must be of this fit
    tell("fit.nc")
    write_fit(summary.fit, out / "fit.nc")
    tables = {
        "parameters": summary.parameters,
        "exposures": summary.exposures,
        "exposures_by_patient": patient_exposures(summary.fit),
        "outcomes": summary.outcomes,
        "doses": summary.comparison,
    }
    origin = summary.fit.attrs["trial"]
    for name, table in tables.items():
        tell(f"{name}.csv")
        write_csv(table.assign(trial=origin), out / f"{name}.csv")
    with (out / "summary.txt").open("w", encoding="utf-8") as file:
        print_summary(summary, Console(file=file, width=170))
    for name, figure in _figures(summary, trial):
        tell(f"figures/{name}")
        plots.save_figure(figure, out / "figures", name)
    (out / "manifest.json").write_text(json.dumps(_manifest(summary), indent=2) + "\n", encoding="utf-8")
    return out


def _figures(summary: Summary, trial: TrialData) -> Iterator[tuple[str, Figure]]:
    fit, new = summary.fit, summary.new
    stamp = "" if summary.diagnosis.trusted else "NOT CONVERGED"
    made = {
        "levels_by_dose": plots.levels_by_dose(trial, stamp=stamp),
        **{
            f"individual_fits{f'_{place}' if place > 1 else ''}": plots.individual_fits(fit, stamp=stamp, assay=assay)
            for place, assay in enumerate(spec_of(fit).assays, start=1)
        },
        "exposure_by_dose": plots.exposure_by_dose(fit, new=new, stamp=stamp),
        "outcomes_by_dose": plots.outcomes_by_dose(fit, new=new, stamp=stamp),
        "response_by_exposure": plots.response_by_exposure(fit, stamp=stamp),
        "prior_posterior": plots.prior_posterior(fit, stamp=stamp),
    }
    yield from ((name, figure) for name, figure in made.items() if figure is not None)


def _manifest(summary: Summary) -> dict[str, object]:
    attrs = summary.fit.attrs
    parsed = {"versions", "seconds", "ladder", "trial_notes", "covariates", "spec"}
    content = {str(name): json.loads(value) if name in parsed else value for name, value in attrs.items()}
    content["simulated"] = bool(attrs["simulated"])
    content["trusted"] = summary.diagnosis.trusted
    content["verdict"] = summary.diagnosis.verdict
    content["limits"] = summary.limits
    content["python"] = sys.version.split()[0]
    content["platform"] = platform.platform()
    return content
