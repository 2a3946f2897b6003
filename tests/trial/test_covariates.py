"""Baseline covariates by every road: one value a patient, contradictions refused, nothing ignored in silence."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartmodel.errors import TrialTableError
from cartmodel.trial import TrialData, read_trial

LONG = """\
subject,time,level,unit,dose,age,Sex,ALC,disease_years
1,7,900,copies/ug,1e8,54,F,0.8,.
1,9,950,copies/ug,,54,,,
2,7,800,copies/ug,1e8,NA,M,1.25,4
"""
NONMEM = """\
ID,TIME,DV,AMT,EVID,AGE,SEX,SEXN,ALC,DISYR,TAD,RATE,SITEID,OCCASION
1,0,.,1e8,1,54,F,2,0.8,.,0,0,7,1
1,7,900,.,0,54,F,2,0.8,.,7,0,7,1
1,9,950,.,0,54,F,2,0.8,.,9,0,7,2
2,0,.,1e8,1,.,M,1,1.25,4,0,0,7,1
2,7,800,.,0,.,M,1,1.25,4,7,0,7,1
"""
UNITS = {"level": "copies/ug", "dose": "cells", "time": "day"}
ADSL = pd.DataFrame(
    {"USUBJID": ["1", "2"], "DOSEA": 1e8, "DOSEU": "cells", "AGE": [54, np.nan], "AGEU": "YEARS", "SEX": ["F", "M"],
     "SEXN": [2, 1], "ALCBL": [0.8, 1.25], "DISYRBL": [np.nan, 4], "SAFFL": "Y", "TRT01P": "CD7"}
)  # fmt: skip
ADPC = pd.DataFrame(
    {"USUBJID": ["1", "1", "2"], "PARAMCD": "QPCR", "AVAL": [900, 950, 800.0], "AVALU": "copies/ug",
     "AFRLT": [7, 9, 7.0], "FRLTU": "DAYS"}
)  # fmt: skip


def frame_of(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)


def refusal(source: Any, **told: Any) -> str:
    with pytest.raises(TrialTableError) as caught:
        read_trial(source, **told)
    return str(caught.value)


def roads() -> dict[str, TrialData]:
    long = LONG.replace("disease_years", "disyr")
    subjects = "subject,dose,age,sex,alc,disyr\n1,1e8,54,F,0.8,\n2,1e8,,M,1.25,4\n"
    levels = "subject,time,level,unit\n1,7,900,copies/ug\n1,9,950,copies/ug\n2,7,800,copies/ug\n"
    return {
        "long": read_trial(frame_of(long)),
        "folder": read_trial({"subjects": frame_of(subjects), "levels": frame_of(levels)}),
        "nonmem": read_trial(frame_of(NONMEM), units=UNITS),
        "adam": read_trial({"adsl": ADSL, "adpc": ADPC}),
        "adpc alone": read_trial(ADPC.merge(ADSL, on="USUBJID")),
    }


def test_every_road_leads_to_the_same_covariates() -> None:
    trials = roads()
    wanted = pd.DataFrame(
        {"age": [54, np.nan], "alc": [0.8, 1.25], "disyr": [np.nan, 4], "sex": ["F", "M"]},
        index=pd.Index(["1", "2"], name="subject", dtype=object),
    ).astype({"sex": object})
    for road, trial in trials.items():
        pd.testing.assert_frame_equal(trial.covariates, wanted, check_index_type=False, obj=road)
        assert trial.digest == trials["long"].digest, road


def test_covariates_are_data() -> None:
    trial = read_trial(frame_of(LONG))
    assert trial.digest != read_trial(frame_of(LONG.replace("1.25", "1.26"))).digest
    assert trial.digest != read_trial(frame_of(LONG), ignore=["age"]).digest
    bare = LONG.replace(",age,Sex,ALC,disease_years", "").split("\n")
    bare = [",".join(line.split(",")[:5]) for line in bare]
    assert list(read_trial(frame_of("\n".join(bare))).covariates) == []


def test_what_is_no_covariate_is_named() -> None:
    notes = "\n".join(read_trial(frame_of(NONMEM), units=UNITS).notes)
    assert "OCCASION varies within patients: it is no baseline covariate, and not used." in notes
    assert "not used: SEXN, TAD, RATE, SITEID, OCCASION" in notes
    assert "Covariates, one value a patient: age, alc, disyr, sex." in notes
    mapping = read_trial({"adsl": ADSL, "adpc": ADPC}).mapping.set_index("column")
    assert mapping.loc["SEXN", "how"] == "not used: the numbers of SEX"
    assert mapping.loc["AGEU", "how"] == "not used"
    assert mapping.loc["DISYRBL", "taken_as"] == "disyr"


def test_a_contradiction_is_refused_with_both_rows() -> None:
    assert "row 3, column 'age', subject '1': '55', but '54' in row 2" in refusal(
        frame_of(LONG.replace("1,9,950,copies/ug,,54", "1,9,950,copies/ug,,55"))
    )
    said = refusal(frame_of(NONMEM.replace("1,9,950,.,0,54", "1,9,950,.,0,56")), units=UNITS)
    assert "row 4, column 'AGE' (age), subject '1': '56', but '54' in row 2" in said
    assert "ignore=['AGE']" in said
    said = refusal({"adsl": ADSL, "adpc": ADPC.assign(ALCBL=[0.8, 0.8, 2.0])})
    assert "adpc, row 4, column 'ALCBL' (alc), subject '2': '2', but '1.25' in row 3 of adsl" in said


def test_a_misspelt_column_of_ours_is_still_refused() -> None:
    for wrong in ("lewel", "dosee", "wieght", "Level"):
        said = refusal(frame_of(LONG.replace("disease_years", wrong)))
        assert f"column '{wrong}': unknown column; accepted: did you mean" in said
    told = read_trial(frame_of(LONG.replace("disease_years", "lewel")), mapping={"lewel": "covariate"})
    assert "lewel" in told.covariates
    varying = LONG.replace("1,9,950,copies/ug,,54,,,", "1,9,950,copies/ug,,54,,,8").replace(",0.8,.", ",0.8,9")
    assert "it varies within patients: no covariate" in refusal(frame_of(varying))


def test_numbers_and_texts_in_one_column_are_asked_about() -> None:
    text = LONG.replace("2,7,800,copies/ug,1e8,NA", "2,7,800,copies/ug,1e8,60+")
    said = refusal(frame_of(text))
    assert "row 4, column 'age', subject '2': '60+', but others of it are numbers" in said
    assert read_trial(frame_of(text), mapping={"age": "category"}).covariates["age"].tolist() == ["54", "60+"]


def test_decimal_commas(tmp_path: Any) -> None:
    path = tmp_path / "t.csv"
    path.write_text("subject;time;level;unit;alc\n1;7;900,5;copies/ug;0,8\n2;7;900,5;copies/ug;1\n")
    assert read_trial(path).covariates["alc"].tolist() == [0.8, 1.0]


def test_where_a_value_stands_is_kept() -> None:
    places = read_trial({"adsl": ADSL, "adpc": ADPC}).places.set_index(["subject", "column"])
    assert places.loc[("2", "alc")].tolist() == ["adsl", 3]
