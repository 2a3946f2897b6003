"""The example trials that come with the package."""

import re
from importlib.resources import files
from pathlib import Path

from cartmodel.errors import UnknownNameError
from cartmodel.registry import nearest

_SEEDED = re.compile(r"trial-seed(\d+)\.csv")


def list_examples() -> tuple[str, ...]:
    """Return the names of the bundled example trials.

    Examples
    --------
    >>> "liu2022_cart_ball" in list_examples()
    True
    """
    return tuple(sorted(_folders()))


def example_path(name: str, *, seed: int | None = None) -> Path:
    """Return the path of a bundled example trial.

    Parameters
    ----------
    name : str
        One of ``list_examples()``.
    seed : int, optional
        Which of the simulated trials of that name; the first (seed 1) when not given.

    Raises
    ------
    UnknownNameError
        If there is no example of that name, or none with that seed.

    Examples
    --------
    >>> example_path("liu2022_cart_ball").name
    'trial.csv'
    """
    folders = _folders()
    if name not in folders:
        raise UnknownNameError(f"unknown example trial '{name}': {nearest(name, folders)}")
    if seed is None:
        return folders[name] / "trial.csv"
    further = {int(match[1]): path for path in folders[name].iterdir() if (match := _SEEDED.fullmatch(path.name))}
    if not further:
        raise UnknownNameError(f"example trial '{name}' has no seeds: there is only one table")
    seeded = {1: folders[name] / "trial.csv", **further}
    if seed not in seeded:
        raise UnknownNameError(
            f"example trial '{name}' has no seed {seed}; known: {', '.join(map(str, sorted(seeded)))}"
        )
    return seeded[seed]


def _folders() -> dict[str, Path]:
    data = Path(str(files("cartmodel").joinpath("data")))
    return {folder.name: folder for folder in data.iterdir() if (folder / "trial.csv").is_file()}
