"""The posteriors of a race: each a trial under a model, with the answers that a sampler should give."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from cartmodel.errors import CartmodelError, UnknownNameError
from cartmodel.inference.target import Target
from cartmodel.registry import nearest
from cartmodel.spec import ModelSpec, load_model
from cartmodel.trial import TrialData, example_path, read_trial

MANIFEST = "posteriors.toml"


@dataclass(frozen=True, eq=False)
class Posterior:
    """A trial under a model, to be sampled.

    Parameters
    ----------
    name : str
        Label in tables and plots.
    trial : TrialData
        From `read_trial`.
    spec : ModelSpec
        From `load_model`.
    why : str
        What makes it worth a race.
    reference : pandas.DataFrame, optional
        The right answers: ``mean``, ``sd``, ``mcse_mean`` and ``mcse_sd`` by ``estimand``.
    """

    name: str
    trial: TrialData
    spec: ModelSpec
    why: str = ""
    reference: pd.DataFrame | None = None

    def target(self) -> Target:
        """Return what a sampler is given, not yet compiled."""
        return Target(self.trial, self.spec)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    why: Annotated[str, Field(min_length=10)]
    model: str
    trial: str | None = None
    example: str | None = None
    changes: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one_table(self) -> "_Entry":
        if (self.trial is None) == (self.example is None):
            raise ValueError("either a trial (a table in the posterior's folder) or an example (a bundled one)")
        return self


def list_posteriors(folder: Path) -> dict[str, str]:
    """Return the names of the posteriors of a folder, each with the reason why it is there, in the manifest's order."""
    return {name: entry.why for name, entry in _manifest(folder).items()}


def read_posterior(folder: Path, name: str) -> Posterior:
    """Return one posterior of a folder.

    Parameters
    ----------
    folder : Path
        Holds ``posteriors.toml`` and, for each posterior, a folder of its name with ``reference.csv`` and, unless its
        trial is bundled with the package, the trial.
    name : str
        As in the manifest.

    Raises
    ------
    UnknownNameError
        If the manifest does not have it.
    CartmodelError
        If the manifest, the trial or the model cannot be read.
    """
    manifest = _manifest(folder)
    if name not in manifest:
        raise UnknownNameError(f"unknown posterior '{name}': {nearest(name, manifest)}")
    entry, answers = manifest[name], folder / name / "reference.csv"
    table = example_path(entry.example) if entry.example is not None else folder / name / str(entry.trial)
    spec = load_model(entry.model)
    return Posterior(
        name,
        read_trial(table),
        spec.replace(**entry.changes) if entry.changes else spec,
        entry.why,
        pd.read_csv(answers, index_col="estimand") if answers.is_file() else None,
    )


def _manifest(folder: Path) -> dict[str, _Entry]:
    path = folder / MANIFEST
    try:
        return TypeAdapter(dict[str, _Entry]).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise CartmodelError(f"{path}: not a readable manifest of posteriors: {error}") from error
