"""NCA of trial tables: actual times, one table for all assays, dose groups."""

import numpy as np
import pandas as pd
import pytest
from noncompartmental import slow

from cartmodel import plots
from cartmodel.description import describe_trial, endpoints_of
from cartmodel.errors import UnknownNameError
from cartmodel.noncompartmental import NcaRules, nca, nca_by_dose, persistence_summary, profiles_of
from cartmodel.submission import to_adpp
from cartmodel.trial import TrialData, example_path, read_trial


@pytest.fixture(scope="module")
def trial() -> TrialData:
    return read_trial(example_path("cd7_ssc"))


def test_the_table_has_each_patients_own_parameters_at_actual_times(trial: TrialData) -> None:
    table = nca(trial, windows=[(0, 28)]).set_index(["subject", "parameter"])["value"]
    assert list(table.index.unique("subject")) == list(trial.subjects.index)
    for subject, own in trial.observations[trial.observations["assay"] == "qpcr"].groupby("subject"):
        quantified = own[~own["blq"]]
        assert table[subject, "cmax"] == quantified["level"].max()
        assert table[subject, "tmax"] == quantified.loc[quantified["level"].idxmax(), "time"]
        assert table[subject, "tlast"] == quantified["time"].max()
        times, levels = own["time"].tolist(), own["level"].fillna(0.0).tolist()
        area = slow.area(slow.counted(times, levels, 50.0, "zero", "drop"), 28.0, "linear-up/log-down")
        assert table[subject, "auc_0_28"] == pytest.approx(area, rel=1e-11)


def test_rows_are_patients_by_assay_with_units_and_doses(trial: TrialData) -> None:
    table = nca(trial)
    assert table.groupby("assay")["subject"].unique().map(len).tolist() == [18] * len(trial.assays)
    units = table.drop_duplicates("parameter").set_index("parameter")["unit"]
    assert (units["cmax"], units["auc_0_28"], units["half_life"]) == ("copies/ug", "copies/ug x day", "day")
    assert (table["value"].isna() == (table["reason"] != "")).all()
    assert (table["dose"].to_numpy() == trial.subjects["dose"].loc[table["subject"]].to_numpy()).all()


def above_limit(samples: str, **rules: object) -> dict[str, tuple[float, str]]:
    """NCA of a patient with samples as ``day:level``, ``>`` for one above the ULOQ of 1e6 that is left out."""
    rows = [sample.split(":") for sample in samples.split()]
    frame = pd.DataFrame({"subject": "1", "time": [day for day, _ in rows], "level": [v.strip(">") for _, v in rows]})
    frame = frame.assign(alq=[int(v == ">") for _, v in rows], blq=0, uloq=1e6, lloq=50.0, unit="copies/ug", dose=1e8)
    table = nca(
        read_trial(frame.astype(str), drop_alq=True), windows=[(0, 28), (0, 90), (28, 90)], rules=NcaRules(**rules)
    )
    return {row.parameter: (row.value, row.reason) for row in table.itertuples()}


def test_what_rests_on_a_sample_that_was_left_out_above_its_limit_is_undefined() -> None:
    told = "a sample above its ULOQ was left out, day 10"
    found = above_limit("7:900 10:> 14:800000 21:9000 28:3000 60:1000 90:100")
    for name in ("cmax", "auc_last", "auc_all", "auc_0_28", "auc_0_90"):
        assert np.isnan(found[name][0]), name
        assert found[name][1] == told, name
    # The sample is the highest one, whatever its level: its day, and all that comes after it, is known.
    assert found["tmax"] == (10, "")
    assert (found["clast"], found["tlast"]) == ((100, ""), (90, ""))
    logs = (3000 - 1000) / np.log(3) * 32 + (1000 - 100) / np.log(10) * 30
    assert found["auc_28_90"] == (pytest.approx(logs, rel=1e-12), "")
    assert found["persistence_28"] == (1, "")
    assert found["lambda_z_points"][0] >= 3


def test_of_two_samples_above_the_limit_neither_is_known_to_be_the_peak_and_one_may_be_the_last() -> None:
    found = above_limit("7:900 10:> 14:> 21:9000 28:3000 90:>")
    for name in ("tmax", "half_life", "time_to_blq", "lambda_z_points", "clast", "auc_28_90"):
        assert np.isnan(found[name][0]), name
        assert found[name][1] == "a sample above its ULOQ was left out, day 10, 14, 90", name
    assert found["tlast"] == (90, "")
    assert found["persistence_90"] == (1, "")


def test_dose_groups_are_the_doses_assigned_where_given_else_those_infused() -> None:
    subjects = pd.DataFrame(
        {"subject": list("abcd"), "dose": [0.97e8, 1e8, 1.03e8, 2e8], "dose_assigned": [1e8, 1e8, 1e8, np.nan]}
    )
    levels = pd.DataFrame({"subject": list("abcd"), "time": 7.0, "level": [900.0, 800, 700, 60], "unit": "copies/ug"})
    trial = read_trial({"subjects": subjects, "levels": levels})
    peaks = nca_by_dose(nca(trial)).query("parameter == 'cmax'")
    assert peaks[["dose", "patients", "n"]].to_numpy().tolist() == [[1e8, 3, 3], [2e8, 1, 1]]
    assert peaks["geometric_mean"].iloc[0] == pytest.approx((900 * 800 * 700) ** (1 / 3), rel=1e-12)
    assert persistence_summary(trial)["patients"].tolist() == [3, 1]
    for table in (describe_trial(trial, [7]).patients, endpoints_of(trial).dlt_by_dose):
        assert table[["dose", "patients"]].to_numpy().tolist() == [[1e8, 3], [2e8, 1]]
    (note,) = (note for note in describe_trial(trial).notes if note.startswith("Dose groups"))
    assert "of 1 patients without one, the doses infused; the doses infused differ from them by up to 3%." in note
    assert to_adpp(trial).drop_duplicates("USUBJID")["DOSEA"].tolist() == subjects["dose"].tolist()
    figure = plots.mean_levels_by_dose(trial, [7])
    told = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert any("n = 3" in text for text in told)


def test_two_assays_are_never_mixed() -> None:
    rows = [
        ("P1", 5.0, "qpcr", 900.0, "copies/ug"),
        ("P1", 9.0, "flow", 7.0, "cells/uL"),
        ("P2", 9.0, "flow", 8.0, "cells/uL"),
    ]
    frame = pd.DataFrame(rows, columns=["subject", "time", "assay", "level", "unit"])
    table = nca(read_trial(frame)).set_index(["subject", "assay", "parameter"])
    assert table.loc[("P1", "qpcr", "cmax"), "value"] == 900
    assert table.loc[("P1", "flow", "cmax"), "value"] == 7
    assert table.loc[("P2", "qpcr", "cmax"), "reason"] == "no quantified sample"


def test_an_unknown_assay_is_named(trial: TrialData) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'qpcr'"):
        profiles_of(trial, "qpc")


def groups_of(values: list[float], doses: list[float]) -> pd.DataFrame:
    count = len(values)
    return nca_by_dose(
        pd.DataFrame(
            {
                "subject": [f"P{i}" for i in range(count)], "dose": doses, "assay": "qpcr", "parameter": "cmax",
                "value": values, "unit": "copies/ug", "reason": "",
            }
        )
    )  # fmt: skip


def test_yes_and_no_have_a_share_and_no_geometric_mean(trial: TrialData) -> None:
    shares = nca_by_dose(nca(trial)).query("parameter == 'persistence_28'")
    assert shares["mean"].tolist() == [1.0, 1.0, 1.0]
    assert shares[["geometric_mean", "geometric_cv"]].isna().all(axis=None)
    assert set(shares["reason"]) == {"yes or no: the mean is the share"}


def test_a_dose_group_has_the_statistics_of_the_field() -> None:
    row = groups_of([1.0, 10.0, 100.0, np.nan], [1e8] * 4).iloc[0]
    assert (row["patients"], row["n"], row["median"], row["lowest"], row["highest"]) == (4, 3, 10, 1, 100)
    assert row["geometric_mean"] == pytest.approx(10, rel=1e-14)
    spread = np.log(10) ** 2  # variance of ln 1, ln 10, ln 100
    assert row["geometric_cv"] == pytest.approx(100 * np.sqrt(np.exp(spread) - 1), rel=1e-12)


def test_cilta_cel_arithmetic_and_geometric_statistics_fit_together() -> None:
    # Published 48,692 (SD 27,174), section 7.13: ln SD .521, geometric mean 42,519; here from its log-normal quantiles.
    sd = np.sqrt(np.log1p((27174 / 48692) ** 2))
    rng = np.random.default_rng(5)
    draws = np.exp(np.log(48692) - sd**2 / 2 + sd * rng.standard_normal(400_000))
    row = groups_of(draws.tolist(), [1e8] * len(draws)).iloc[0]
    assert row["geometric_mean"] == pytest.approx(42519, rel=0.005)
    assert row["geometric_cv"] == pytest.approx(100 * 27174 / 48692, rel=0.01)
    assert row["mean"] == pytest.approx(48692, rel=0.005)


def test_groups_go_up_with_the_dose_and_an_unknown_dose_comes_last() -> None:
    groups = groups_of([5.0, 6.0, 7.0], [2e8, np.nan, 1e8])
    assert groups["dose"].tolist() == pytest.approx([1e8, 2e8, np.nan], nan_ok=True)
    assert groups["reason"].tolist() == ["one value has no spread"] * 3


@pytest.mark.parametrize(
    ("values", "reason"),
    [([0.0, 1.0], "a value of 0 or less has no logarithm"), ([np.nan], "no patient has a value")],
)
def test_a_geometric_mean_that_cannot_be_says_why(values: list[float], reason: str) -> None:
    row = groups_of(values, [1e8] * len(values)).iloc[0]
    assert np.isnan(row["geometric_mean"])
    assert row["reason"] == reason


def test_the_order_of_patients_changes_nothing(trial: TrialData) -> None:
    table = nca(trial)
    shuffled = table.sample(frac=1.0, random_state=1)
    first = nca_by_dose(table).set_index(["dose", "assay", "parameter"]).drop(columns=["unit", "reason"])
    second = nca_by_dose(shuffled).set_index(["dose", "assay", "parameter"]).drop(columns=["unit", "reason"])
    pd.testing.assert_frame_equal(first.sort_index(), second.sort_index(), rtol=1e-12)
