"""Everything needed to repeat a fit and its report."""

import json
import shlex
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

import pandas as pd
import xarray as xr

from cartmodel.prediction.fitfile import group, spec_of
from cartmodel.reporting.blocks import Block, Code, Table, Words
from cartmodel.spec import ModelSpec
from cartmodel.trial import TrialData


def repeat_blocks(fit: xr.DataTree, trial: TrialData) -> Iterator[Block]:
    """Yield digests, seeds, versions, the command and the model file of a fit."""
    attrs = fit.attrs
    same = trial.digest == attrs["trial_digest"]
    facts = {
        "Trial": attrs["trial"],
        "Digest of the trial (SHA-256)": attrs["trial_digest"],
        "Table given for this report": "the table that was fitted (same digest)"
        if same
        else "none: samples and outcomes are those that the fit carries inside",
        "Model": attrs["model"],
        "Digest of the model (SHA-256)": attrs["model_digest"],
        "Method": attrs["method"],
        "Sampler": attrs["sampler"],
        "Seed": str(attrs["random_seed"]),
        "Draws": f"{group(fit, 'posterior').sizes['chain']} chains x {group(fit, 'posterior').sizes['draw']} draws",
        "Fitted": attrs["created_at"],
        "Seconds": ", ".join(f"{name} {value:.1f}" for name, value in json.loads(attrs["seconds"]).items()),
    }
    yield _table("repeat", "The fit", ("what", "value"), [(key, str(value)) for key, value in facts.items()])
    yield _table(
        "runs", "Runs of the sampler", ("run", "draws", "tune", "target acceptance", "seed", "gates"), _runs(fit)
    )
    versions: dict[str, str] = json.loads(attrs["versions"])
    rows = [*versions.items(), ("cartmodel, of this report", version("cartmodel"))]
    yield _table("versions", "Versions", ("package", "version"), rows)
    yield Words(
        "The same table, model file, seed and versions give the same draws on any number of cores. The model file "
        "below is complete; where its comments are missing, its digest is the same."
    )
    yield Code("Commands", commands(fit))
    yield Code(f"Model file {attrs['model']}.toml", model_toml(spec_of(fit)), folded=True)


def commands(fit: xr.DataTree) -> str:
    """Return the commands that repeat a fit and its report, for a table and a model file in the working folder.

    Parameters
    ----------
    fit : xarray.DataTree
        From `fit` or `read_fit`.
    """
    attrs = fit.attrs
    rungs = json.loads(attrs["ladder"])
    first = rungs[0]
    words = ["cartmodel", "fit", "trial.csv", "--model", f"{attrs['model']}.toml", "--sampler", attrs["sampler"]]
    words += ["--seed", str(attrs["random_seed"]), "--chains", str(group(fit, "posterior").sizes["chain"])]
    if len(rungs) == 1 and first["draws"] != 1000:
        words += ["--draws", str(first["draws"])]
    if attrs["method"] == "cut":
        words.append("--cut")
    return (
        f"{shlex.join([*words, '--out', 'run'])}\n{shlex.join(['cartmodel', 'report', 'run', '--trial', 'trial.csv'])}"
    )


def model_toml(spec: ModelSpec) -> str:
    """Return a model as the text of its file, without comments.

    Examples
    --------
    >>> import tomllib
    >>> import cartmodel as cm
    >>> spec = cm.load_model("cd7-ssc")
    >>> tomllib.loads(model_toml(spec))["windows"]
    [[0.0, 28.0], [0.0, 90.0]]
    """
    return "\n".join(_toml(spec.model_dump(mode="json", exclude_none=True), ())) + "\n"


def _toml(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    if path and plain:
        yield f"\n[{'.'.join(_key(part) for part in path)}]"
    yield from (f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items())
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _toml(value, (*path, key))


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else json.dumps(name)


def _runs(fit: xr.DataTree) -> list[tuple[str, ...]]:
    return [
        (
            str(place),
            str(rung["draws"]),
            str(rung["tune"]),
            f"{rung['target_accept']:g}",
            str(rung["seed"]),
            "all passed" if rung["passed"] else "; ".join(g["found"] for g in rung["gates"] if not g["passed"]),
        )
        for place, rung in enumerate(json.loads(fit.attrs["ladder"]), start=1)
    ]


def _table(name: str, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    return Table(name, title, "", columns, tuple(rows), pd.DataFrame(rows, columns=list(columns)))
