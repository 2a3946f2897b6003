"""Write the report of a fit: one HTML page, its tables, and a Word file if asked for."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import xarray as xr

from cartmodel.conduct.records import ConductRecords
from cartmodel.conduct.ruling import Verdict, verdict
from cartmodel.errors import CartmodelError
from cartmodel.reporting.carried import carried_trial
from cartmodel.reporting.context import Context, read_context
from cartmodel.reporting.page import page
from cartmodel.reporting.sections import content
from cartmodel.reporting.sensitivity import check_same_trial
from cartmodel.reporting.summary import summarise
from cartmodel.reporting.tablefiles import write_tables
from cartmodel.trial import TrialData


def report(
    fit: xr.DataTree,
    trial: TrialData | None = None,
    folder: str | Path = "report",
    *,
    context: Context | str | Path | None = None,
    escalation: Verdict | ConductRecords | str | Path | None = None,
    others: Sequence[xr.DataTree] = (),
    stamp: str = "",
    docx: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Write the report of a fit into a folder and return the path of its HTML page.

    ``report.html`` is complete in itself: no network, no other file. ``tables/`` holds every table as CSV (unrounded)
    and as HTML; ``report.docx`` the same content for Word.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    trial : TrialData, optional
        The table that was fitted; default: what the fit carries of it, which lacks outcomes that its model did not use.
    folder : str or Path
        Where to write; made if it does not exist.
    context : Context, str or Path, optional
        Question of interest and context of use in the terms of ICH M15, or the TOML file that holds them; what is
        absent is reported as 'not stated'.
    escalation : Verdict, ConductRecords, str or Path, optional
        The escalation so far: from `verdict`, from `read_conduct` with the planned doses, or the table that it reads
        (under the doses and the protocol of NCT06871644).
    others : sequence of xarray.DataTree
        Fits of the same trial with other models or methods, for the section on sensitivity.
    stamp : str
        Words on every page and figure, such as ``"DRAFT"``; SIMULATED and NOT CONVERGED are added where they hold.
    docx : bool
        Write ``report.docx`` too; needs the extra ``docx``.
    progress : callable, optional
        Takes a sentence as each part is begun.

    Raises
    ------
    ValueError
        If the trial is not the one that was fitted, or another fit is of another trial.
    ContextFileError, ConductTableError
        With all problems of those files.

    Examples
    --------
    >>> import cartmodel as cm
    >>> cm.report(cm.read_fit("run/fit.nc"), stamp="DRAFT")  # doctest: +SKIP
    PosixPath('report/report.html')
    """
    if docx and find_spec("docx") is None:
        raise CartmodelError("a Word file needs python-docx; accepted: pip install 'cartmodel[docx]', or no --docx")
    if trial is not None and trial.digest != fit.attrs["trial_digest"]:
        raise ValueError(
            f"trial '{trial.name}' is not the one that was fitted ('{fit.attrs['trial']}'): their digests differ; "
            "accepted: the table of the fit, read with the same options, or no trial"
        )
    check_same_trial(fit, others)
    told = context if isinstance(context, Context) else Context() if context is None else read_context(context)
    ruled = escalation if escalation is None or isinstance(escalation, Verdict) else verdict(escalation)
    tell = progress or (lambda _: None)
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)  # now, so that a folder that cannot be made costs no report
    tell("Summarising the fit")
    shown = trial if trial is not None else carried_trial(fit)
    made = content(summarise(fit), shown, told, ruled, others, stamp, tell)
    tell("Writing the page")
    path = out / "report.html"
    path.write_text(page(made), encoding="utf-8", newline="\n")
    tell("Writing the tables")
    write_tables(made, out / "tables", shown.name)
    if docx:
        from cartmodel.reporting.document import write_document

        tell("Writing the Word file")
        write_document(made, out / "report.docx")
    return path
