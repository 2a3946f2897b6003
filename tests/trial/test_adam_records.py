"""Which records of ADaM data sets count: analysis flags, derived records, words for a level, other data sets."""

from typing import Any

import pandas as pd
import pytest

import cartmodel as cm
from cartmodel.errors import TrialTableError
from cartmodel.trial import read_trial

ADSL = pd.DataFrame({"USUBJID": ["1", "2"], "DOSEA": 1e8, "DOSEU": "cells"})


def adpc(**changed: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "USUBJID": ["1", "1", "1", "2"], "PARAMCD": "QPCR", "AVAL": [900.0, 950.0, 700.0, 800.0], "AVALC": "",
        "AVALU": "copies/ug", "AFRLT": [7.0, 9.0, 14.0, 7.0], "FRLTU": "DAYS", "ALLOQ": 50.0,
    }  # fmt: skip
    return pd.DataFrame(columns | changed)


def refusal(source: Any, **told: Any) -> str:
    with pytest.raises(TrialTableError) as caught:
        read_trial(source, **told)
    return str(caught.value)


@pytest.mark.parametrize("flag", [["Y", "", "Y", "Y"], ["Y", "N", "Y", "Y"], [1, 0, 1, 1]])
def test_records_that_the_analysis_flag_leaves_out_are_counted_and_named(flag: list[object]) -> None:
    trial = read_trial(adpc(ANL01FL=flag))
    assert trial.observations["level"].tolist() == [900, 700, 800]
    assert any("without ANL01FL = Y, not records of the analysis" in n and "1 (row 3)" in n for n in trial.notes)
    assert len(read_trial(adpc(ANL01FL=flag), ignore=["ANL01FL"]).observations) == 4


def test_two_records_of_one_time_of_which_one_is_flagged() -> None:
    table = adpc(AFRLT=[7.0, 7.0, 14.0, 7.0], ANL01FL=["", "Y", "Y", "Y"])
    assert read_trial(table).observations["level"].tolist() == [950, 700, 800]
    assert "stands for assay" in refusal(table, ignore=["ANL01FL"])


def test_another_analysis_flag_is_asked_about() -> None:
    table = adpc(ANL02FL=["Y", "", "Y", "Y"])
    assert "mapping={'ANL02FL': 'analysis'} for the one that counts, or ignore=['ANL02FL']" in refusal(table)
    assert len(read_trial(table, mapping={"ANL02FL": "analysis"}).observations) == 3
    assert len(read_trial(table, ignore=["ANL02FL"]).observations) == 4
    both = table.assign(ANL01FL=["", "Y", "Y", "Y"])
    assert read_trial(both).observations["level"].tolist() == [950, 700, 800]
    assert "'Q' is no flag" in refusal(adpc(ANL01FL=["Y", "Q", "Y", "Y"]))


def test_the_flag_of_an_adppk_and_of_outcomes() -> None:
    adppk = adpc(EVID=0, DV=[900.0, 950.0, 700.0, 800.0], ANL01FL=["Y", "", "Y", "Y"]).drop(columns=["AVAL", "AVALC"])
    assert read_trial(adppk.rename(columns={"AVALU": "DVU"})).observations["level"].tolist() == [900, 700, 800]
    rows = [("1", "MRSS", 30, -3, "Y", ""), ("1", "MRSS", 20, 91, "Y", ""), ("1", "MRSS", 11, 92, "", "")]
    columns = ["USUBJID", "PARAMCD", "AVAL", "ADY", "ANL01FL", "DTYPE"]
    outcomes = pd.DataFrame(rows, columns=columns)
    trial = read_trial({"adsl": ADSL, "adpc": adpc(), "adrs": outcomes})
    assert trial.assessments["mrss"].tolist() == [30, 20]


def test_carried_forward_assessments_were_not_measured() -> None:
    rows = [("1", "MRSS", 30, -3, ""), ("1", "MRSS", 20, 29, ""), ("1", "MRSS", 20, 91, "LOCF")]
    outcomes = pd.DataFrame(rows, columns=["USUBJID", "PARAMCD", "AVAL", "ADY", "DTYPE"])
    trial = read_trial({"adsl": ADSL, "adpc": adpc(), "adqs": outcomes})
    assert trial.assessments["time"].tolist() == [-3, 28]
    assert any("DTYPE (LOCF), derived records, which hold no sample: 1 (row 4)" in note for note in trial.notes)


@pytest.mark.parametrize("form", ["adpc", "adppk"])
def test_imputed_limits_are_blq_and_copies_are_no_samples(form: str) -> None:
    """As admiral's templates write them: HALFLLOQ with half the limit in AVAL, COPY with what it repeats."""
    table = adpc(AVAL=[25.0, 950.0, 950.0, 800.0], AFRLT=[3.0, 9.0, 9.0, 7.0], DTYPE=["HALFLLOQ", "", "COPY", ""])
    if form == "adppk":
        table = table.drop(columns="AVALC").assign(EVID=0).rename(columns={"AVAL": "DV", "AVALU": "DVU"})
    trial = read_trial(table)
    assert trial.observations["blq"].tolist() == [True, False, False]
    assert trial.observations["lloq"].tolist() == [50.0] * 3
    assert any("DTYPE (COPY)" in note and "1 (row 4)" in note for note in trial.notes)


@pytest.mark.parametrize(
    "text",
    ["NQ", "Neg", "NEGATIVE", "*BLQ", "BLLOQ", "Not quantifiable", "Target not detected", "Detected, <50", "<LLOQ",
     "Positive <50", "<50", "< 50 copies/\N{MICRO SIGN}g", "<5x10^1", "<5e1", "BLQ (<50)"],
)  # fmt: skip
def test_words_for_below_the_limit(text: str) -> None:
    trial = read_trial(adpc(AVAL=[None, 950.0, 700.0, 800.0], AVALC=[text, "", "", ""]))
    assert trial.observations["blq"].tolist() == [True, False, False, False]
    assert trial.observations["lloq"].tolist() == [50.0] * 4


@pytest.mark.parametrize(("text", "limit"), [("<50", 50.0), ("<5x10^1", 50.0), ("<1.5e2", 150.0), ("<50 cp/ug", 50.0)])
def test_a_limit_in_the_text(text: str, limit: float) -> None:
    table = adpc(AVAL=[None, 950.0, 700.0, 800.0], AVALC=[text, "", "", ""]).drop(columns="ALLOQ")
    assert read_trial(table).observations["lloq"].tolist()[0] == limit


@pytest.mark.parametrize("text", ["<1,000", "<1.000.000", "<50,5"])
def test_a_limit_that_can_be_read_two_ways_is_refused(text: str) -> None:
    table = adpc(AVAL=[None, 950.0, 700.0, 800.0], AVALC=[text, "", "", ""])
    assert read_trial(table).observations["lloq"].tolist()[0] == 50.0  # ALLOQ says it
    assert f"the limit in '{text}' is unclear" in refusal(table.drop(columns="ALLOQ"))


def test_a_text_that_is_not_understood_is_no_missing_sample() -> None:
    for text in ("ND", "see comment", "0.8-1.2"):
        said = refusal(adpc(AVAL=[None, 950.0, 700.0, 800.0], AVALC=[text, "", "", ""], BLQFL=""))
        assert text in said
    contradicted = adpc(AVAL=[None, 950.0, 700.0, 800.0], AVALC=["<50", "", "", ""], BLQFL=["N", "N", "N", "N"])
    assert "'<50', but AVAL is blank and BLQFL not Y" in refusal(contradicted)
    for text in ("NOT DONE", "QNS", ""):
        assert len(read_trial(adpc(AVAL=[None, 950.0, 700.0, 800.0], AVALC=[text, "", "", ""])).observations) == 3


def test_data_sets_of_events_and_laboratory_values_add_no_patients_and_no_assays() -> None:
    adcm = pd.DataFrame({"USUBJID": ["1", "99"], "CMDECOD": ["TOCILIZUMAB", "X"], "ASTDY": [5, 6]})
    adlb = adpc(PARAMCD="WBC", AVALU="10^9/L").assign(ANRIND="LOW")
    for name, table in (("adcm", adcm), ("adlb", adlb)):
        said = refusal({"adsl": ADSL, "adpc": adpc(), name: table})
        assert f"'{name}' is no table of a trial" in said or "no PARAMCD is known (WBC)" in said
        assert f"ignore=['{name}']" in said or "ignore it" in said
        read_trial({"adsl": ADSL, "adpc": adpc(), name: table}, ignore=[name])


def test_the_table_of_patients_says_who_they_are() -> None:
    subjects = pd.DataFrame({"subject": ["001", "002"], "dose": 1e8})
    levels = pd.DataFrame({"subject": ["1", "002"], "time": 7, "level": 900, "unit": "copies/ug"})
    assert "levels, row 2, column 'subject', subject '1': '1' is no patient of subjects" in refusal(
        {"subjects": subjects, "levels": levels}
    )


def test_two_assays_may_come_in_two_tables() -> None:
    qpcr = pd.DataFrame({"subject": ["1"], "assay": "qpcr", "time": 7, "level": 900, "unit": "copies/ug"})
    flow = pd.DataFrame({"subject": ["1"], "assay": "flow", "time": 7, "level": 9, "unit": "cells/uL"})
    assert read_trial({"qpcr": qpcr, "flow": flow}).assays == ("flow", "qpcr")
    assert "samples of assay 'qpcr' stand in" in refusal({"qpcr": qpcr, "again": qpcr})


def test_causality_in_other_words_is_asked_about_once_a_word() -> None:
    adae = pd.DataFrame(
        {"USUBJID": "1", "AEDECOD": ["CRS", "Fever", "Rash"], "AEBODSYS": "Immune", "ATOXGRN": 1,
         "AREL": ["POSSIBLE", "POSSIBLE", "UNLIKELY"], "ASTDY": [3, 4, 5]}
    )  # fmt: skip
    tables = {"adsl": ADSL, "adpc": adpc(), "adae": adae}
    said = refusal(tables)
    assert "'POSSIBLE' (2 rows) says neither related nor not; accepted: mapping={'AREL=POSSIBLE': '1'}" in said
    assert said.count("says neither") == 2
    trial = read_trial(tables, mapping={"AREL=POSSIBLE": "1", "AREL=UNLIKELY": "0"})
    assert trial.events["related"].tolist() == [1, 1, 0]
    assert len(read_trial(tables, mapping={"AREL=POSSIBLE": "1"}, ignore=["AREL=UNLIKELY"]).events) == 2


def test_study_days_are_days_whatever_the_unit_of_times() -> None:
    hours = adpc(AFRLT=[168.0, 216.0, 336.0, 168.0], FRLTU="HOURS")
    adae = pd.DataFrame([{"USUBJID": "1", "AEDECOD": "CRS", "AEBODSYS": "Immune", "ATOXGRN": 2, "AREL": "Y"}])
    outcomes = pd.DataFrame({"USUBJID": ["1", "1"], "PARAMCD": ["MRSS", "FUPDY"], "AVAL": [20, 90], "ADY": [91, 91]})
    tables = {"adsl": ADSL, "adpc": hours, "adae": adae.assign(ASTDY=13, AENDY=15), "adrs": outcomes}
    trial = read_trial(tables, units={"time": "h"})
    assert trial.observations["time"].tolist() == [7, 9, 14, 7]
    assert trial.events[["day", "end_day"]].to_numpy().tolist() == [[12, 14]]
    assert trial.assessments["time"].tolist() == [90]
    assert trial.subjects["follow_up"].tolist()[0] == 90


def test_a_dose_in_cells_is_not_multiplied_because_another_is_per_kg() -> None:
    adsl = pd.DataFrame({"USUBJID": ["1", "2"], "WTBL": [70, 60.0], "DOSEP": 1e6, "DOSEU": "cells/kg"})
    infused = adpc(DOSEA=[7.1e7, 7.1e7, 7.1e7, 6e7], DOSEU="cells")
    trial = read_trial({"adsl": adsl, "adpc": infused}, units={"dose": "cells"})
    assert trial.subjects["dose"].tolist() == [7.1e7, 6e7]
    assert trial.subjects["dose_assigned"].tolist() == [7e7, 6e7]
    assert any("Doses of 2 patients are per kg and were multiplied by their weight" in note for note in trial.notes)


def test_planned_times_move_with_the_actual_ones() -> None:
    table = pd.DataFrame({"ID": 1, "TIME": [120, 288.5], "NTIME": [120, 288], "DV": ["", "900"], "AMT": ["1e8", ""]})
    units = {"time": "h", "level": "copies/ug", "dose": "cells"}
    seen = cm.read_trial(table, units=units).observations
    assert seen[["time", "nominal"]].to_numpy().tolist() == [[168.5 / 24, 7.0]]


def test_what_is_blank_in_one_column_is_taken_from_the_next() -> None:
    table = adpc(AVAL=[900.0, None, 700.0, 800.0], AVALC=["900", "", "700", "800"], AVALCAT1=["", "BLQ", "", ""])
    assert read_trial(table).observations["blq"].tolist() == [False, True, False, False]
    dated = table.drop(columns=["AFRLT", "FRLTU"]).assign(
        ADTM=["2026-03-08T09:00", "", "2026-03-15T09:00", "2026-03-08T09:00"],
        ADT=["2026-03-08", "2026-03-10", "2026-03-15", "2026-03-08"],
        TRTSDTM="2026-03-01T09:00",
    )
    trial = read_trial(dated)
    assert trial.observations["time"].tolist() == [7, 9, 14, 7]
    assert trial.observations["by_date"].tolist() == [False, True, False, False]


def test_the_unit_of_a_weight_is_looked_at() -> None:
    adsl = pd.DataFrame({"USUBJID": ["1"], "WEIGHTBL": 150, "WEIGHTU": "LB", "DOSEA": 1e8, "DOSEU": "cells"})
    assert "'LB' is not a unit of this table" in refusal(adsl)
    weight = read_trial(adsl, units={"weight": "kg"}).subjects["weight"].tolist()
    assert weight == pytest.approx([150 * 0.45359237])  # the pound as defined in 1959


@pytest.mark.parametrize("name", ["PCSTRESN", "time", "AVAL"])
def test_a_table_of_samples_is_no_table_of_patients(name: str) -> None:
    table = pd.DataFrame({"USUBJID": ["1"], name: 900, "VISITNUM": 3})
    assert "is no table of a trial" in refusal({"adsl": ADSL.iloc[:1], "samples": table})
    one = adpc().drop(columns="PARAMCD")
    assert len(read_trial({"adpc": one}).observations) == 4
