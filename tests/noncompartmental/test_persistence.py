"""Kaplan-Meier of persistence: Gehan's published leukaemia data, scipy, and profiles small enough to follow by hand."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, ecdf

from cartmodel.noncompartmental import (
    kaplan_meier,
    median_time,
    persistence_by_dose,
    persistence_summary,
    persistence_times,
)
from cartmodel.trial import read_trial

NAN = float("nan")
# 6-mercaptopurine arm of Freireich et al. 1963 (Gehan 1965, Biometrika 52:203): weeks of remission, + for censored.
GEHAN = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
# Collett, Modelling Survival Data, and Kalbfleisch and Prentice print these, with Greenwood's standard errors.
PRINTED = {6: (0.857, 0.0764), 7: (0.807, 0.0869), 10: (0.753, 0.0963), 13: (0.690, 0.1068), 16: (0.627, 0.1141)}
PRINTED |= {22: (0.538, 0.1282), 23: (0.448, 0.1346)}


def gehan() -> tuple[list[float], list[int]]:
    return [float(w.rstrip("+")) for w in GEHAN.split()], [int(not w.endswith("+")) for w in GEHAN.split()]


def test_the_published_leukaemia_data() -> None:
    curve = kaplan_meier(*gehan()).set_index("day")
    for week, (share, error) in PRINTED.items():
        assert curve.loc[week, "share"] == pytest.approx(share, abs=5e-4)
        assert curve.loc[week, "standard_error"] == pytest.approx(error, abs=5e-5)
    assert curve.loc[[6, 10, 22], "at_risk"].tolist() == [21, 15, 7]
    assert curve.loc[6, ["events", "censored"]].tolist() == [3, 1]
    assert median_time(curve.reset_index())["median"] == 23  # as published
    assert median_time(curve.reset_index())["lower"] == 13  # where scipy's lower limit crosses a half
    assert np.isnan(median_time(curve.reset_index())["upper"])


@pytest.mark.parametrize("seed", range(6))
def test_any_censored_sample_has_the_curve_and_limits_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    day, event = rng.integers(1, 12, 25).astype(float), (rng.random(25) < 0.6).astype(int)
    sample = CensoredData(uncensored=day[event == 1], right=day[event == 0])
    function = ecdf(sample).sf
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of scipy, where the limits do not exist
        interval = function.confidence_interval(0.95, method="log-log")
    curve = kaplan_meier(day, event).set_index("day")
    at = curve.loc[function.quantiles]
    np.testing.assert_allclose(at["share"], function.probabilities, rtol=1e-12)
    inside = (function.probabilities > 0) & (function.probabilities < 1)
    np.testing.assert_allclose(at["lower"][inside], interval.low.probabilities[inside], rtol=1e-9)
    np.testing.assert_allclose(at["upper"][inside], interval.high.probabilities[inside], rtol=1e-9)
    assert at.loc[~inside, ["lower", "upper"]].isna().all().all()


def test_without_censoring_it_is_the_empirical_share() -> None:
    curve = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])
    assert curve["share"].tolist() == pytest.approx([1, 0.75, 0.5, 0.25, 0])
    binomial = np.sqrt(0.75 * 0.25 / 4)
    assert curve["standard_error"].tolist() == pytest.approx([0, binomial, 0.25, binomial, NAN], nan_ok=True)
    assert median_time(curve)["median"] == 3 - 1  # half are gone from day 2 on


def test_nobody_lost_has_no_median_and_says_so() -> None:
    found = median_time(kaplan_meier([5, 9], [0, 0]))
    assert np.isnan(found["median"])
    assert found["reason"] == "still 100% on day 9, the last"
    assert median_time(kaplan_meier([], []))["reason"] == "no patient followed"


@pytest.mark.parametrize(("day", "event"), [([-1], [1]), ([NAN], [1]), ([3], [2]), ([3, 4], [1]), ([3], [NAN])])
def test_days_and_events_that_are_none_are_refused(day: list[float], event: list[float]) -> None:
    with pytest.raises(ValueError, match="accepted"):
        kaplan_meier(day, event)


PROFILES = {  # subject: samples as day:level, 0 for BLQ; and what follows: day, lost, earliest, again
    "lost": ("1:0 7:900 10:4000 28:60 60:0 90:0", (60, 1, 28, 0)),
    "kept": ("7:900 10:4000 28:60 90:55", (90, 0, 90, 0)),
    "back": ("7:900 10:4000 28:0 60:70 90:0", (28, 1, 10, 1)),
    "peak last": ("7:900 10:0 28:4000", (28, 0, 28, 0)),
    "never": ("7:0 28:0", (NAN, NAN, NAN, NAN)),
}


def trial_of(profiles: dict[str, str], dose: dict[str, float] | None = None) -> object:
    rows = []
    for subject, samples in profiles.items():
        for sample in samples.split():
            day, level = map(float, sample.split(":"))
            rows.append((subject, day, level or None, int(level == 0), (dose or {}).get(subject, 1e8)))
    frame = pd.DataFrame(rows, columns=["subject", "time", "level", "blq", "dose"])
    return read_trial(frame.assign(unit="copies/ug", lloq=50.0, assay="qpcr"))


def test_each_patient_is_lost_at_the_first_blq_sample_after_the_peak_or_censored_at_the_last() -> None:
    times = persistence_times(trial_of({name: samples for name, (samples, _) in PROFILES.items()}))
    for row in times.to_dict("records"):
        expected = PROFILES[row["subject"]][1]
        assert (row["day"], row["lost"], row["earliest"], row["again"]) == pytest.approx(expected, nan_ok=True)
    assert times.set_index("subject")["reason"].to_dict() == dict.fromkeys(PROFILES, "") | {
        "never": "no quantified sample"
    }


def test_dose_groups_are_apart_and_who_never_expanded_is_in_none() -> None:
    samples = {name: samples for name, (samples, _) in PROFILES.items()}
    trial = trial_of(samples, {"back": 2e8, "peak last": 2e8})
    curves = persistence_by_dose(trial)
    assert curves.groupby("dose")["at_risk"].first().to_dict() == {1e8: 2, 2e8: 2}
    low = curves[curves["dose"] == 1e8].set_index("day")["share"]
    assert low.to_dict() == {0: 1, 60: 0.5, 90: 0.5}
    summary = persistence_summary(trial).set_index("dose")
    assert summary.loc[1e8, ["patients", "lost", "median"]].tolist() == [2, 1, 60]
    assert summary.loc[2e8, ["patients", "lost", "median"]].tolist() == [2, 1, 28]


def test_a_trial_without_samples_has_no_curve() -> None:
    trial = read_trial(pd.DataFrame({"subject": ["P1"], "dose": [1e8], "dlt": [0]}))
    assert persistence_times(trial).empty
    assert persistence_by_dose(trial).empty
    assert persistence_summary(trial).empty
