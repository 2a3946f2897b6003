"""From a file, a folder or DataFrames to a validated trial."""

from collections.abc import Mapping, Sequence

import pandas as pd

from cartmodel.endpoints import VISITS
from cartmodel.errors import Problem, TrialTableError
from cartmodel.trial.contradictions import contradiction_note
from cartmodel.trial.data import OBSERVATION_COLUMNS, SUBJECT_COLUMNS, TrialData
from cartmodel.trial.findings import Findings
from cartmodel.trial.forms import read_sheet
from cartmodel.trial.longitudinal import (
    comedication_days,
    dlts_of_events,
    read_assessments,
    read_events,
    read_records,
)
from cartmodel.trial.naming import Named
from cartmodel.trial.notes import (
    format_note,
    formula_notes,
    history_notes,
    outcome_notes,
    sample_notes,
    unused_note,
)
from cartmodel.trial.patients import check_onsets, read_patients, same_throughout
from cartmodel.trial.samples import read_samples
from cartmodel.trial.sheet import Sheet
from cartmodel.trial.sources import Source, open_source
from cartmodel.trial.table import Table
from cartmodel.trial.told import Told, check_told, told


def read_trial(
    source: Source,
    *,
    drop_blq: bool = False,
    drop_alq: bool = False,
    ignore: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> TrialData:
    """Return the trial of one or more tables, after every check.

    Parameters
    ----------
    source : str, Path, pandas.DataFrame, or mapping of str to pandas.DataFrame
        One table or a folder of them, as CSV in UTF-8 (Excel's dialects included) or SAS transport (XPT), or the same
        as frames. A table is in the form of ``cartmodel.trial.columns``, a NONMEM, nlmixr2 or Monolix data set, or
        CDISC ADaM (ADPC, ADPPK, ADSL, ADAE, outcomes by PARAMCD). A folder, or a mapping of frames, holds levels,
        subjects, outcomes, records, assessments and events, by these names, or ADaM data sets.
    drop_blq : bool
        Remove the samples below the limit of quantification (the M1 method), which biases the fit and is said in the
        notes.
    drop_alq : bool
        Remove the samples above the upper limit of quantification, which no model here can use; they are refused
        otherwise. Said in the notes.
    ignore : sequence of str
        Surplus columns, or tables of a folder, to leave out.
    mapping : mapping of str to str, optional
        What a column is: ``{"CONC": "level"}``; or which assay a value of a column stands for:
        ``{"DVID=1": "qpcr"}``.
    units : mapping of str to str, optional
        Units of ``time``, ``level`` (or an assay), ``dose``, ``weight``. Where the table says the unit, the wish to
        have it converted, which is never done without; where it says none, the unit of its numbers. Times become
        days, doses cells, weights kg.

    Raises
    ------
    TrialTableError
        If anything is wrong: every problem at once, with table, row, column, value and what would be accepted.

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
    said = told(ignore, mapping, units)
    title, stem, sheets, notes = open_source(source, said)
    read = [read_sheet(sheet, said, kind) for sheet, kind in sheets]
    tables = [table for own, _ in read for table in own]
    named = [columns for _, columns in read]
    study = same_throughout(tables)
    long = [table for table in tables if table.kind in ("levels", "subjects", "outcomes")]
    if not long:
        what, accepted = "no table says who the patients are", "a table of levels or of subjects"
        raise TrialTableError(title, [Problem("table", what, accepted), *_all_problems(tables, named)])
    read_of = read_patients(long, said)
    patients = read_of.frame
    _listed(long)
    unknown = _said_of_nobody(long, [each.sheet for each in named])
    samples, on_samples = _samples(long, patients, said, drop_alq=drop_alq)
    above, samples = samples[samples["alq"] & ~samples["predose"]].assign(level=float("nan")), samples[~samples["alq"]]
    patients, histories, on_histories = _with_histories(tables, long, patients, said)
    check = Findings()
    if not len(patients) and not any(table.findings.found for table in long):
        check.add(0, "", "no patient is left in it", "one row a sample, or a row a patient")
    check_told(said, [name for each in named for name in each.sheet.header], set(samples["assay"]), check)
    if problems := [*check.problems({}), *_all_problems(tables, named)]:
        raise TrialTableError(title, problems)
    for each in named:
        table = next((table for table in tables if table.findings is each.sheet.findings), None)
        notes += [*format_note(each.sheet, table.decimal if table else "."), *each.sheet.notes, *each.notes]
    notes += [*read_of.notes, *unknown, *on_samples]
    predose, samples = samples[samples["predose"]], samples[~samples["predose"]]
    if len(predose):
        count = predose["subject"].nunique()
        notes.append(f"{len(predose)} predose samples (time <= 0) of {count} patients are excluded.")
    if len(samples) and not any(table.cells["assay"].any() for table in long):
        notes.append(f"The table names no assay; it is called '{samples['assay'].iloc[0]}' after its unit.")
    samples, on_dropped = _without(samples, drop_blq=drop_blq)
    notes += [*on_dropped, *sample_notes(patients, samples)]
    notes += [*outcome_notes(patients, {name for table in long for name in table.header})]
    notes += [*on_histories, *history_notes(*histories), *unused_note(patients, histories[1])]
    notes += [*contradiction_note(patients, histories[1], VISITS), *formula_notes(patients.index)]
    return TrialData(
        name=study or stem,
        simulated=study.startswith("SIMULATED"),
        subjects=patients.assign(infusion_by_date=patients["infusion"].notna() & ~patients["infusion_clock"])[
            list(SUBJECT_COLUMNS)
        ],
        observations=_ordered(samples, patients),
        units={str(assay): unit for assay, unit in samples.groupby("assay")["unit"].first().items()},
        notes=tuple(notes),
        predose=_ordered(predose, patients),
        records=histories[0],
        assessments=histories[1],
        events=histories[2],
        covariates=read_of.covariates,
        places=read_of.places,
        above=_ordered(above, patients),
        mapping=pd.concat([each.mapping() for each in named], ignore_index=True),
    )


def _samples(
    long: Sequence[Table], patients: pd.DataFrame, said: Told, *, drop_alq: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Return the samples of all tables, without those above their ULOQ, and what there is to say."""
    infusion = patients[["infusion", "infusion_clock"]].set_axis(["when", "clock"], axis=1)
    read = [read_samples(table, infusion, said.units) for table in long]
    notes = [note for _, own in read for note in own]
    sampled = [(table, own) for table, (own, _) in zip(long, read, strict=True) if (~own["predose"]).any()]
    measured: dict[str, str] = {}
    for table, own in sampled:
        for assay, rows in own[~own["predose"]].groupby("assay", sort=False)["row"]:
            where = measured.setdefault(str(assay), table.findings.file)
            if where != table.findings.file:
                what = f"samples of assay '{assay}' stand in {where} too"
                accepted = f"one table for each assay, named in a column 'assay'; or ignore=['{where}']"
                table.findings.add(int(rows.iloc[0]), "assay", what, accepted)
    for table, own in sampled:
        above = own[own["alq"]]
        if drop_alq:
            places = ", ".join(f"{row.subject} on day {row.time:g}" for row in above.itertuples())
            if places:
                text = "samples above their ULOQ are left out as asked. This biases Cmax and the areas downwards"
                notes.append(f"{len(above)} {text} ({places}).")
        else:
            what = "a sample above its ULOQ, which no model here can use"
            accepted = "the level of a diluted sample; or drop_alq=True (--drop-alq), which biases Cmax downwards"
            table.findings.add_each(table.cells.loc[above["row"], "alq"], what, accepted)
    together = pd.concat([own for own, _ in read])
    return together, notes


def _listed(long: Sequence[Table]) -> None:
    """Note every row of a patient whom the table of patients, where there is one, does not list."""
    lists = [table for table in long if table.kind == "subjects"]
    known = {subject for table in lists for subject in table.cells["subject"]} | {""}
    for table in long if lists else ():
        unknown = table.cells.loc[~table.cells["subject"].isin(known), "subject"]
        where = " or ".join(each.findings.file or "the table of patients" for each in lists)
        table.findings.add_each(unknown, "{value} is no patient of " + where, "a patient listed there, spelt as there")


def _said_of_nobody(long: Sequence[Table], sheets: Sequence[Sheet]) -> list[str]:
    """Return a note on each row of a patient of whom nothing is known; refuse those that are several words.

    What stands below a listing (its page, its source) would be a patient of every denominator. Nobody's identifier is a
    sentence where those of the others are none.
    """
    bare: list[tuple[Table, pd.Series]] = []
    for table in long:
        sheet = next(sheet for sheet in sheets if sheet.findings is table.findings)
        subject = table.cells.loc[table.cells["level"] == "", "subject"]
        filled = (sheet.cells.loc[subject.index].map(str.strip) != "").sum(axis=1)
        bare.append((table, subject[(filled == 1) & (subject != "") & (len(sheet.header) > 1)]))
    said = {name for table, names in bare for name in table.cells["subject"].drop(names.index)}
    words = any(" " in name.strip() for name in said)
    notes: list[str] = []
    for table, names in bare:
        alone = names[~names.isin(said)]
        sentence = alone.str.strip().str.contains(" ") & (not words)
        what = "{value} stands alone in its row, and no other row says anything of it"
        accepted = "no such row where it is a footer of the listing; for a patient a value beside it, such as the dose"
        table.findings.add_each(alone[sentence], what, accepted)
        kept = alone[~sentence]
        if len(kept):
            rows = ", ".join(f"'{name}' (row {row})" for row, name in kept.items())
            notes.append(f"Nothing is known of {rows}: counted as patients. A footer of a listing is to be deleted.")
    return notes


def _with_histories(
    tables: Sequence[Table], long: Sequence[Table], patients: pd.DataFrame, said: Told
) -> tuple[pd.DataFrame, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame], list[str]]:
    """Return the patients with what follows from records and events; records, assessments, events; and notes."""

    def of_kind(kind: str) -> list[Table]:
        return [table for table in tables if table.kind == kind]

    records = read_records(of_kind("records"), patients, said.units)
    assessments = read_assessments(of_kind("assessments"), patients, said.units)
    events = read_events(of_kind("events"), patients, said.units)
    patients, on_comedication = comedication_days(records, patients, long)
    patients, on_dlts = dlts_of_events(events, patients, long)
    check_onsets(long, patients)
    return patients, (records, assessments, events), [*on_comedication, *on_dlts]


def _without(samples: pd.DataFrame, *, drop_blq: bool) -> tuple[pd.DataFrame, list[str]]:
    """Return the samples, on demand without those below the LLOQ, and what that does."""
    if not drop_blq:
        return samples, []
    blq, quantified = samples[samples["blq"]], samples[~samples["blq"]]
    notes = [
        f"BLQ dropped as asked (M1): {len(blq)} of {len(samples)} samples, of {blq['subject'].nunique()} patients, "
        "are left out. This biases beta, FB and the early slope."
    ]
    emptied = sorted(set(samples["assay"]) - set(quantified["assay"]))
    notes += [f"Assay '{assay}' has no sample left without its BLQ samples." for assay in emptied]
    return quantified, notes


def _ordered(samples: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    order = {subject: place for place, subject in enumerate(patients.index)}
    placed = samples.assign(place=samples["subject"].map(order)).sort_values(["place", "assay", "time"])
    return placed[list(OBSERVATION_COLUMNS)].reset_index(drop=True)


def _all_problems(tables: Sequence[Table], named: Sequence[Named]) -> list[Problem]:
    """Return the problems of all sheets, in their order, each with the patient of its row."""
    problems: list[Problem] = []
    for each in named:
        findings = each.sheet.findings
        subjects = {
            row: subject
            for table in tables
            if table.findings is findings
            for row, subject in table.cells["subject"].items()
        }
        problems += findings.problems(subjects) if findings.found else []
    return problems
