"""The folder of a study of virtual trials: what it says of itself, and where its blocks stand."""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cartmodel.virtual.designs import fingerprint
from cartmodel.virtual.scenario import VirtualScenario


def versions() -> dict[str, str]:
    """Return the versions of what gives the numbers."""
    return {name: version(name) for name in ("numpy", "scipy", "cartmodel")}


def about_study(
    scenario: VirtualScenario, made: Mapping[str, Any], trials: int, seed: int, records: bool, block: int
) -> dict[str, Any]:
    """Return what tells a study apart from others: its scenario, what each design decides, its settings, versions."""
    return {
        "study": "SIMULATED virtual trials",
        "scenario": scenario.digest,
        "name": scenario.name,
        "designs": {name: fingerprint(made[name], len(scenario.doses), scenario.start) for name in sorted(made)},
        "trials": trials,
        "seed": seed,
        "records": records,
        "block": block,
        **versions(),
    }


def claim(folder: Path, about: dict[str, Any], place: Path) -> None:
    """Make the folder of a study, now that there is something to keep in it."""
    place.mkdir(parents=True, exist_ok=True)
    if not (folder / "study.json").exists():
        (folder / "study.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def check_folder(folder: Path, about: dict[str, Any]) -> None:
    """Refuse a folder that is not free, and holds another study than this.

    Raises
    ------
    ValueError
        If it is such a folder.
    """
    path = folder / "study.json"
    if path.exists():
        held = json.loads(path.read_text(encoding="utf-8"))
        differ = [key for key in about if held.get(key) != about[key]]
        if differ:
            raise ValueError(f"{folder} holds another study ({', '.join(differ)} differ); accepted: a new folder")
        return
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not an empty folder; accepted: a new folder, or that of the same study")


def block_path(folder: Path, name: str, first: int) -> Path:
    """Return where the block of a design stands that begins with a trial."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name)[:40]
    return folder / f"{plain}-{sha256(name.encode()).hexdigest()[:8]}" / f"block-{first:09d}.npz"
