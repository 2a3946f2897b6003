"""The value that virtual trials are: arrays of all of them, and tables of each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cartmodel.virtual.block import Block
from cartmodel.virtual.conduct import NO_RULE, Conduct
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.records import outcomes, trial_table
from cartmodel.virtual.scenario import VirtualScenario
from cartmodel.virtual.streams import Streams

_STEPS = ("step", "day")


@dataclass(frozen=True, eq=False)
class VirtualTrials:
    """Virtual trials of one design, SIMULATED.

    Parameters
    ----------
    scenario : VirtualScenario
        The truth.
    design : str
        Its name.
    seed : int
        Seed of the study.
    block : Block
        All trials as arrays; see `data`.
    """

    scenario: VirtualScenario
    design: str
    seed: int
    block: Block

    @property
    def trials(self) -> int:
        """How many trials there are."""
        return len(self.block.arrays["mtd"])

    @property
    def digest(self) -> str:
        """SHA-256 of all numbers and decisions: the same for any number of workers and any size of blocks."""
        return self.block.digest

    @cached_property
    def data(self) -> xr.Dataset:
        """Everything as labelled arrays over trial, patient, decision and sample.

        ``level`` 0: no such patient; ``enrolled`` NaN: a place that nobody took, since the group's step was settled
        before; ``short`` 1: too few cells to infuse. ``enrolled``, ``infusion`` and ``day`` are days since the trial
        opened; ``onset`` and ``leaves`` days since the infusion. ``dlt``: 1, 0, or NaN for a patient who left the
        window early or was not infused. ``mtd`` 0: no safe dose; -1: the design had no rule.
        """
        variables: dict[str, Any] = {}
        for name, values in self.block.arrays.items():
            second = "decision" if name in _STEPS else "patient"
            third = f"sample_{name.split('_', 1)[-1]}"
            variables[name] = (("trial", second, third)[: values.ndim], values)
        about = {"study": f"SIMULATED {self.scenario.name}", "design": self.design, "seed": self.seed}
        return xr.Dataset(variables, coords={"trial": np.arange(1, self.trials + 1)}, attrs=about)

    @property
    def duration(self) -> np.ndarray:
        """Days from the opening of each trial to its last decision."""
        return np.nanmax(self.block.arrays["day"], axis=1)

    def patients(self, trial: int | None = None) -> pd.DataFrame:
        """Return a row for each patient enrolled, of one trial (counted from 1) or of all.

        ``status``: evaluable; left (within the window, without a DLT); product short (too few cells to infuse); given
        up (not infused, since the group's step was settled before).
        """
        arrays = self.block.arrays
        wanted = slice(None) if trial is None else slice(self._at(trial), self._at(trial) + 1)
        level = arrays["level"][wanted]
        row, place = np.nonzero((level > 0) & np.isfinite(arrays["enrolled"][wanted]))
        doses = np.array(self.scenario.doses)
        infusion, onset, leaves = (arrays[key][wanted][row, place] for key in ("infusion", "onset", "leaves"))
        dlt = arrays["dlt"][wanted][row, place]
        short = arrays["short"][wanted][row, place] == 1
        reasons = [short, np.isnan(infusion), np.isnan(dlt)]
        status = np.select(reasons, ["product short", "given up", "left"], "evaluable")
        return pd.DataFrame(
            {
                "trial": row + 1 if trial is None else trial,
                "subject": [f"P{k + 1:03d}" for k in place],
                "group": arrays["group"][wanted][row, place],
                "level": level[row, place],
                "assigned": doses[level[row, place] - 1],
                "infused": arrays["infused"][wanted][row, place],
                "enrolled": arrays["enrolled"][wanted][row, place],
                "infusion": infusion,
                "status": status,
                "dlt": pd.Series(dlt).astype("Int64"),
                "onset": onset,
                "leaves": np.where(np.isfinite(leaves), leaves, np.nan),
            }
        )

    def decided(self, trial: int) -> pd.DataFrame:
        """Return the decisions of one trial (counted from 1): day, action, dose level, reason, open questions."""
        at = self._at(trial)
        steps = self.block.arrays["step"][at]
        taken = [self.block.decisions[step] for step in steps[steps >= 0]]
        table = pd.DataFrame(taken, columns=["action", "dose", "reason", "questions"])
        table["questions"] = [", ".join(words) for words in table["questions"]]
        table.insert(0, "day", self.block.arrays["day"][at][steps >= 0])
        table["dose"] = table["dose"].astype("Int64")
        return table

    def table(self, trial: int) -> pd.DataFrame:
        """Return the data of one trial (counted from 1) as `read_trial` takes them; SIMULATED.

        Examples
        --------
        >>> from cartmodel import read_trial
        >>> from cartmodel.virtual import load_virtual_scenario, simulate_trials
        >>> done = simulate_trials(load_virtual_scenario("flat"), ["boin"], trials=3, progressbar=False)
        >>> read_trial(done["boin"].table(2)).simulated
        True
        """
        return trial_table(*self._alone(trial))

    def truth(self, trial: int) -> pd.DataFrame:
        """Return the true exposures and the responses of the infused patients of one trial (counted from 1)."""
        conduct, potential = self._alone(trial)
        found = pd.DataFrame({name: values[0] for name, values in outcomes(conduct, potential).items()})
        found.insert(0, "subject", [f"P{k + 1:03d}" for k in range(len(found))])
        return found[np.isfinite(conduct.infusion[0])].reset_index(drop=True)

    def _at(self, trial: int) -> int:
        if not 1 <= trial <= self.trials:
            raise ValueError(f"trial {trial}; accepted: 1 to {self.trials}")
        return trial - 1

    def _alone(self, trial: int) -> tuple[Conduct, Potential]:
        at = self._at(trial)
        potential = Potential(self.scenario, Streams(self.seed, at, 1))
        used = int((self.block.arrays["level"][at] > 0).sum())
        potential.reach(used)
        conduct = Conduct(1)
        conduct.level = self.block.arrays["level"][at : at + 1, :used].astype(np.int64)
        conduct.enrolled, conduct.infusion = (
            self.block.arrays[name][at : at + 1, :used] for name in ("enrolled", "infusion")
        )
        return conduct, potential

    def operating_characteristics(self) -> pd.DataFrame:
        """Return what the design does on average, each number with its Monte Carlo standard error.

        Returns
        -------
        pandas.DataFrame
            Columns ``quantity``, ``level``, ``value``, ``mc_error``. Quantities: ``selected`` (level 0: no dose;
            -1: no rule), ``patients`` (infused), ``evaluable``, ``dlts`` (within the window), ``late_dlts`` (after it;
            no design counts them), ``product_short`` (enrolled, too few cells to infuse), ``given_up`` (enrolled, not
            infused since the group's step was settled before), ``left`` and ``duration_days`` (level missing: all
            together).
        """
        arrays = self.block.arrays
        level, infused = arrays["level"], np.isfinite(arrays["infusion"])
        dlt, onset, window = arrays["dlt"], arrays["onset"], self.scenario.toxicity.window
        rows: list[tuple[str, Any, float, float]] = []

        def add(quantity: str, at: Any, values: Any) -> None:
            error = float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else float("nan")
            rows.append((quantity, at, float(np.mean(values)), error))

        for at in range(NO_RULE, len(self.scenario.doses) + 1):
            add("selected", at, 1.0 * (arrays["mtd"] == at))
        masks = {
            "patients": infused,
            "evaluable": infused & np.isfinite(dlt),
            "dlts": infused & (dlt == 1),
            "late_dlts": infused & (onset > window),
            "product_short": arrays["short"] == 1,
            "given_up": np.isfinite(arrays["enrolled"]) & ~infused & (arrays["short"] == 0),
            "left": infused & np.isnan(dlt),
        }
        for quantity, mask in masks.items():
            for at in range(1, len(self.scenario.doses) + 1):
                add(quantity, at, (mask & (level == at)).sum(axis=1))
            add(quantity, pd.NA, mask.sum(axis=1))
        add("duration_days", pd.NA, self.duration)
        table = pd.DataFrame(rows, columns=["quantity", "level", "value", "mc_error"])
        return table.astype({"level": "Int64"})


def merged(blocks: Sequence[Block]) -> Block:
    """Return the blocks of a study as one, the same however the trials were divided into blocks."""
    words = sorted({json.dumps(told, sort_keys=True) for block in blocks for told in block.decisions})
    place = {word: k for k, word in enumerate(words)}
    columns: dict[str, list[np.ndarray]] = {name: [] for name in blocks[0].arrays}
    for block in blocks:
        renamed = np.array([place[json.dumps(told, sort_keys=True)] for told in block.decisions], dtype=np.int32)
        for name, values in block.arrays.items():
            columns[name].append(np.where(values >= 0, renamed[values], values) if name == "step" else values)
    whole: dict[str, np.ndarray] = {}
    for name, parts in columns.items():
        width = max(part.shape[1] if part.ndim > 1 else 0 for part in parts)
        empty = -1 if name == "step" else 0 if parts[0].dtype.kind == "i" else np.nan
        padded = [_wider(part, width, empty) for part in parts]
        whole[name] = np.concatenate(padded)
    return Block(whole, tuple(json.loads(word) for word in words))


def _wider(part: np.ndarray, width: int, empty: float) -> np.ndarray:
    if part.ndim < 2 or part.shape[1] == width:
        return part
    pad = [(0, 0), (0, width - part.shape[1]), *((0, 0) for _ in part.shape[2:])]
    return np.pad(part, pad, constant_values=empty)
