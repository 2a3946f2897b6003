"""From a CSV file or a DataFrame to a validated trial."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cartmodel.errors import TrialTableError
from cartmodel.trial.data import OBSERVATION_COLUMNS, TrialData
from cartmodel.trial.findings import Findings
from cartmodel.trial.notes import format_note, outcome_notes, sample_notes
from cartmodel.trial.patients import read_patients, same_throughout
from cartmodel.trial.samples import read_samples
from cartmodel.trial.sheet import open_file, open_frame
from cartmodel.trial.table import named_columns


def read_trial(source: str | Path | pd.DataFrame, *, drop_blq: bool = False, ignore: Sequence[str] = ()) -> TrialData:
    """Return the trial of a table in the form of ``cartmodel.trial.columns``, after every check.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
        A CSV file in UTF-8, Excel's dialects included, or the same columns in a DataFrame.
    drop_blq : bool
        Remove the samples below the limit of quantification (the M1 method), which biases the fit and is said in the
        notes.
    ignore : sequence of str
        Surplus columns to leave out.

    Raises
    ------
    TrialTableError
        If anything is wrong: every problem at once, with row, column, value and what would be accepted.

    Examples
    --------
    >>> import pandas as pd
    >>> from cartmodel.trial import read_trial
    >>> table = pd.DataFrame({"subject": ["001", "001"], "time": [7, 14], "level": [900, 12000], "unit": "copies/ug"})
    >>> read_trial(table).observations[["subject", "assay", "time", "level"]]
      subject assay  time    level
    0     001  qpcr   7.0    900.0
    1     001  qpcr  14.0  12000.0
    """
    findings = Findings()
    sheet = open_frame(source, findings) if isinstance(source, pd.DataFrame) else open_file(Path(source), findings)
    table, notes = named_columns(sheet, [ignore] if isinstance(ignore, str) else ignore, findings)
    study = same_throughout(table)
    subjects = read_patients(table)
    samples, predose = read_samples(table)
    if findings.found:
        raise TrialTableError(sheet.title, findings.problems(table.cells["subject"].to_dict()))
    notes = [*format_note(sheet, table), *sheet.notes, *notes]
    if predose.any():
        patients = table.cells.loc[predose, "subject"].nunique()
        notes.append(f"{predose.sum()} predose samples (time <= 0) of {patients} patients are excluded.")
    if len(samples) and not table.cells["assay"].any():
        notes.append(f"The table names no assay; it is called '{samples['assay'].iloc[0]}' after its unit.")
    if drop_blq:
        blq = samples[samples["blq"]]
        notes.append(
            f"BLQ dropped as asked (M1): {len(blq)} of {len(samples)} samples, of {blq['subject'].nunique()} patients, "
            "are left out. This biases beta, FB and the early slope."
        )
        quantified = samples[~samples["blq"]]
        for assay in sorted(set(samples["assay"]) - set(quantified["assay"])):
            notes.append(f"Assay '{assay}' has no sample left without its BLQ samples.")
        samples = quantified
    notes += [*sample_notes(subjects, samples), *outcome_notes(subjects, table.header)]
    order = {subject: place for place, subject in enumerate(subjects.index)}
    ordered = samples.assign(place=samples["subject"].map(order)).sort_values(["place", "assay", "time"])
    return TrialData(
        name=study or sheet.stem,
        simulated=study.startswith("SIMULATED"),
        subjects=subjects,
        observations=ordered[list(OBSERVATION_COLUMNS)].reset_index(drop=True),
        units={str(assay): unit for assay, unit in samples.groupby("assay")["unit"].first().items()},
        notes=tuple(notes),
    )
