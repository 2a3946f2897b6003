"""Designs compared on common virtual patients over several truths, in numbers and in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cartmodel.virtual.designs import kind_of, made_of
from cartmodel.virtual.exposure_gain import CLEAR, PLAIN, SAME_RISK, gains, of_twins, with_twins
from cartmodel.virtual.loading import list_virtual_scenarios, load_virtual_scenario
from cartmodel.virtual.rates import UTILITY, true_rates
from cartmodel.virtual.scenario import VirtualScenario
from cartmodel.virtual.study import simulate_trials
from cartmodel.virtual.trials import VirtualTrials

NEAR = 0.02
"""A true rate so close to the limit makes 'correct' a matter of the limit: said in words."""


@dataclass(frozen=True, eq=False)
class TruthComparison:
    """Designs compared on common virtual patients, SIMULATED.

    Parameters
    ----------
    truths : pandas.DataFrame
        `true_rates` of each truth; ``correct`` and ``best`` mark the dose to select and that of the highest utility.
    table : pandas.DataFrame
        ``truth``, ``design``, ``quantity``, ``level``, ``value``, ``mc_error``: all of
        `VirtualTrials.operating_characteristics`, with ``correct``, ``overdose``, ``regret`` and ``trial_regret``.
    differences : pandas.DataFrame
        Each design minus the first, and each exposure-informed design minus itself without exposure, trial by trial on
        the same patients: ``value`` and ``mc_error`` of the difference, and ``unpaired_error``, what the error would be
        on patients of their own.
    words : tuple of str
        What this says and does not say.
    limit : float
        The highest true DLT probability of a dose that may be selected.
    trials : int
        Of each design under each truth.
    """

    truths: pd.DataFrame
    table: pd.DataFrame
    differences: pd.DataFrame
    words: tuple[str, ...]
    limit: float
    trials: int


def compare_on_truths(
    designs: Mapping[str, Any] | Iterable[str],
    truths: Mapping[str, VirtualScenario] | None = None,
    *,
    trials: int,
    random_seed: int = 1,
    limit: float = 0.33,
    workers: int = 1,
    scheduler: str | None = None,
    out: str | Path | None = None,
    progressbar: bool = True,
) -> TruthComparison:
    r"""Return designs compared on common virtual patients over several truths.

    The correct selection is the highest dose level whose true DLT probability is at most ``limit``; no dose, where
    there is none. With u(d) the true mean utility of a patient at dose d (`UTILITY`, from 0 to 100) and u(none) = 40,
    that of a patient with neither remission nor DLT, the regret per future patient is

    .. math:: \max_d u(d) - u(\text{selected dose}),

    and the regret per patient of the trial is the mean over its infused patients of max u - u(assigned dose). A trial
    that ends where its design has no rule selects nothing. Both maxima are over the doses and none.

    Parameters
    ----------
    designs
        As in `simulate_trials`; differences are from the first. A design `ExposureBlrm` brings itself without exposure
        along, so that the words can say what exposure gains or loses.
    truths : mapping of str to VirtualScenario, optional
        Default: the matrix that comes with the package.
    trials, random_seed, workers, scheduler, out, progressbar
        As in `simulate_trials`; ``out`` holds a folder for each truth.
    limit : float
        See above.

    Examples
    --------
    >>> from cartmodel.virtual import compare_on_truths, load_virtual_scenario
    >>> flat = {"flat": load_virtual_scenario("flat")}
    >>> found = compare_on_truths(["boin", "nct06871644"], flat, trials=200, progressbar=False)
    >>> set(found.table["design"]) == {"boin", "nct06871644"}
    True
    """
    matrix = truths or {name: load_virtual_scenario(path) for name, path in list_virtual_scenarios().items()}
    recipes = dict(designs) if isinstance(designs, Mapping) else {name: name for name in designs}
    recipes, twins = with_twins(recipes, next(iter(matrix.values())))
    rates: list[pd.DataFrame] = []
    rows: list[pd.DataFrame] = []
    apart: list[pd.DataFrame] = []
    words: list[str] = []
    for name, scenario in matrix.items():
        place = Path(out) / name if out is not None else None
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
        done = simulate_trials(
            scenario, recipes, trials=trials, random_seed=random_seed, workers=workers, scheduler=scheduler,
            out=place, progressbar=progressbar,
        )  # fmt: skip
        true = _marked(true_rates(scenario, seed=random_seed), limit)
        measured = {design: per_trial(one, true, limit) for design, one in done.items()}
        table = pd.concat([_table(design, one, measured[design]) for design, one in done.items()])
        differences = _differences(measured, twins)
        rates.append(true.assign(truth=name))
        rows.append(table.assign(truth=name))
        apart.append(differences.assign(truth=name))
        words += _words(name, scenario, true, differences[~of_twins(differences, twins)], limit)
        words += gains(name, true, differences, twins)
    looks = [
        design
        for design, recipe in recipes.items()
        if design not in twins.values() and _looks(recipe, next(iter(matrix.values())))
    ]
    words.append(
        f"Of these designs {', '.join(looks)} may look at the patients' kinetics, the others cannot."
        if looks
        else "None of these designs looks at the patients' kinetics: the numbers say nothing for or against doing so."
    )
    words.append(f"SIMULATED: {trials} trials of each design under each truth, seed {random_seed}, same patients.")
    return TruthComparison(
        pd.concat(rates, ignore_index=True).set_index("truth").reset_index(),
        pd.concat(rows, ignore_index=True).set_index("truth").reset_index(),
        pd.concat(apart, ignore_index=True).set_index("truth").reset_index(),
        tuple(words),
        limit,
        trials,
    )


def per_trial(done: VirtualTrials, true: pd.DataFrame, limit: float) -> dict[str, np.ndarray]:
    """Return what is compared, one number a trial, by quantity.

    Parameters
    ----------
    done : VirtualTrials
        Of one design.
    true : pandas.DataFrame
        From `true_rates`.
    limit : float
        The highest true DLT probability of a dose that may be selected.
    """
    arrays = done.block.arrays
    selected = np.maximum(arrays["mtd"].astype(int), 0)
    infused = np.isfinite(arrays["infusion"])
    utility = np.concatenate([[UTILITY[1]], true["utility"].to_numpy(float)])
    risk = np.concatenate([[0.0], true["dlt"].to_numpy(float)])
    best, safe = np.max(utility), np.flatnonzero(true["dlt"].to_numpy(float) <= limit)
    correct = int(safe.max()) + 1 if len(safe) else 0
    count = infused.sum(axis=1)
    lost = np.where(infused, best - utility[arrays["level"].astype(int)], 0.0).sum(axis=1)
    return {
        "correct": 1.0 * (selected == correct),
        "overdose": 1.0 * (risk[selected] > limit),
        "regret": best - utility[selected],
        "trial_regret": lost / np.maximum(count, 1),
        "patients": 1.0 * count,
        "dlts": 1.0 * (arrays["dlt"] == 1).sum(axis=1),
        "duration_days": done.duration,
    }


def _marked(true: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Mark the dose to select, and that of the highest utility (none where no dose beats no treatment)."""
    safe = true.loc[true["dlt"] <= limit, "level"]
    best = true["utility"].to_numpy(float)
    highest = true["level"] == (safe.max() if len(safe) else 0)
    return true.assign(correct=highest, best=(best >= np.nanmax([UTILITY[1], *best])) & np.isfinite(best))


def _mean(values: np.ndarray) -> tuple[float, float]:
    error = float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else float("nan")
    return float(np.mean(values)), error


def _table(design: str, done: VirtualTrials, measured: Mapping[str, np.ndarray]) -> pd.DataFrame:
    more = [(name, pd.NA, *_mean(measured[name])) for name in ("correct", "overdose", "regret", "trial_regret")]
    extra = pd.DataFrame(more, columns=["quantity", "level", "value", "mc_error"]).astype({"level": "Int64"})
    return pd.concat([extra, done.operating_characteristics()], ignore_index=True).assign(design=design)


def _differences(measured: Mapping[str, Mapping[str, np.ndarray]], twins: Mapping[str, str]) -> pd.DataFrame:
    first = next(iter(measured))
    pairs = [(design, first) for design in measured if design != first]
    pairs += [pair for pair in twins.items() if pair not in pairs]
    rows: list[tuple[Any, ...]] = []
    for design, reference in pairs:
        for name, values in measured[design].items():
            other = measured[reference][name]
            value, error = _mean(values - other)
            rows.append((design, reference, name, value, error, float(np.hypot(_mean(values)[1], _mean(other)[1]))))
    columns = ["design", "reference", "quantity", "value", "mc_error", "unpaired_error"]
    return pd.DataFrame(rows, columns=columns)


def _looks(recipe: Any, scenario: VirtualScenario) -> bool:
    return kind_of(made_of(recipe, scenario.doses)) == "records"


def _words(
    name: str, scenario: VirtualScenario, true: pd.DataFrame, differences: pd.DataFrame, limit: float
) -> list[str]:
    correct = true.loc[true["correct"], "level"].tolist()
    best = true.loc[true["best"], "level"].tolist()
    words = [f"{name}: {scenario.about}"]
    selects = f"dose level {correct[0]} is the highest within the limit" if correct else "no dose is within the limit"
    if best == correct:
        words.append(f"{name}: {selects}, and the one of the highest utility.")
    elif true["utility"].notna().any():
        levels = " and ".join(map(str, best)) if best else "none (no dose beats no treatment)"
        words.append(f"{name}: {selects}; the highest utility is at level {levels}: an MTD is not the best dose here.")
    else:
        words.append(f"{name}: {selects}; the model has no response, so there is no utility and no regret.")
    near = true[(true["dlt"] - limit).abs() < NEAR]
    for level, rate in zip(near["level"], near["dlt"], strict=True):
        words.append(
            f"{name}: the true DLT probability of level {level}, {rate:.3f}, is close to the limit of {limit:g}: what "
            "counts as correct, and as above the limit, hinges on it. Look at the regret, or at another limit."
        )
    words += _of_exposure(name, true)
    for quantity, plain in PLAIN.items():
        rows = differences[differences["quantity"] == quantity]
        for row in rows.itertuples():
            value, error = float(row.value), float(row.mc_error)  # type: ignore[arg-type]
            if not np.isfinite(value):
                continue
            clear = abs(value) > max(CLEAR * error, 1e-9)
            verdict = (
                f"{'higher' if value > 0 else 'lower'} by {abs(value):.3g} (MC error {error:.2g})"
                if clear
                else f"no difference beyond Monte Carlo error ({value:+.2g}, error {error:.2g})"
            )
            words.append(f"{name}: {plain}, {row.design} against {row.reference}: {verdict}.")
    return words


def _of_exposure(name: str, true: pd.DataFrame) -> list[str]:
    """Say what the kinetics of a patient could tell beyond the dose."""
    words: list[str] = []
    for column, what in (("risk_sd", "a DLT"), ("remission_sd", "remission")):
        spread = float(true[column].max())
        if not np.isfinite(spread):
            continue
        words.append(
            f"{name}: exposure adds nothing on {what}: all patients at a dose have the same probability of it, and "
            "kinetic data can only add noise to what doses and counts tell."
            if spread < SAME_RISK
            else f"{name}: at one dose patients differ in their probability of {what} by an SD of up to {spread:.2f}, "
            "which their kinetics could tell; the rate of a dose, on which designs decide, is an average over it."
        )
    return words
