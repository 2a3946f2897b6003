"""One block of virtual trials under one design: computed, written, and read back."""

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from cartmodel.virtual.conduct import followed
from cartmodel.virtual.designs import conduct
from cartmodel.virtual.potential import Potential
from cartmodel.virtual.records import outcomes, samples
from cartmodel.virtual.scenario import VirtualScenario
from cartmodel.virtual.streams import Streams

type Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Block:
    """Some virtual trials of one design.

    Parameters
    ----------
    arrays : dict of str to ndarray
        By name; the first axis is the trial, the second the patient or the decision, the third the sample.
    decisions : tuple of dict
        The different decisions that ``step`` counts: action, dose, reason, questions.
    """

    arrays: Arrays
    decisions: tuple[dict[str, Any], ...]

    @property
    def digest(self) -> str:
        """SHA-256 of everything in the block."""
        told = sha256(json.dumps(self.decisions).encode())
        for name in sorted(self.arrays):
            values = np.ascontiguousarray(self.arrays[name])
            told.update(f"{name} {values.dtype.str} {values.shape}".encode() + values.tobytes())
        return told.hexdigest()


def run_block(
    scenario: VirtualScenario, designs: Mapping[str, Any], seed: int, first: int, trials: int, records: bool
) -> dict[str, Block]:
    """Return a block of trials for each design, on the same patients.

    Parameters
    ----------
    scenario : VirtualScenario
        The truth.
    designs : mapping of str to design
        Of any kind.
    seed, first, trials : int
        Seed of the study, first trial and number of trials of the block.
    records : bool
        Whether to simulate exposures, outcomes and samples too.
    """
    potential = Potential(scenario, Streams(seed, first, trials))
    found: dict[str, Block] = {}
    for name, design in designs.items():
        did = conduct(design, potential)
        became = followed(did, potential)
        arrays: Arrays = {
            "mtd": did.mtd.astype(np.int8),
            "level": did.level.astype(np.int8),
            "group": did.group.astype(np.int16),
            "step": did.step.astype(np.int32),
            "day": did.day,
            "enrolled": did.enrolled,
            "infusion": did.infusion,
            "infused": became.infused,
            "onset": became.onset,
            "dlt": became.dlt,
            "leaves": became.leaves,
            "short": became.short,
        }
        if records:
            arrays |= outcomes(did, potential) | samples(did, potential)
        used = int((did.level > 0).any(axis=0).sum())
        of_patients = set(arrays) - {"mtd", "step", "day"}
        arrays = {key: value[:, :used] if key in of_patients else value for key, value in arrays.items()}
        told = tuple(
            {"action": d.action, "dose": d.dose, "reason": d.reason, "questions": list(d.questions)}
            for d in did.decisions
        )
        found[name] = Block(arrays, told)
    return found


def write_block(block: Block, path: Path) -> None:
    """Write a block as ``.npz`` beside a ``.json`` with its decisions and digest; whole or not at all."""
    told = {"digest": block.digest, "decisions": block.decisions}
    for suffix, write in (
        (".npz", lambda file: np.savez_compressed(file, allow_pickle=False, **block.arrays)),
        (".json", lambda file: file.write(json.dumps(told).encode())),
    ):
        partial = path.with_suffix(f"{suffix}.partial")
        with partial.open("wb") as file:
            write(file)
        os.replace(partial, path.with_suffix(suffix))


def read_block(path: Path) -> Block | None:
    """Return a block that was written whole; None where there is none, or where it is not what was written."""
    try:
        told = json.loads(path.with_suffix(".json").read_bytes())
        with np.load(BytesIO(path.with_suffix(".npz").read_bytes()), allow_pickle=False) as file:
            block = Block({name: file[name] for name in file.files}, tuple(told["decisions"]))
        return block if block.digest == told["digest"] else None
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error):
        return None
