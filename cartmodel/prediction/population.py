"""Which draws of a posterior belong to the population, and to which block of the parameter table."""

import xarray as xr

from cartmodel.spec import ModelSpec


def population(posterior: xr.Dataset) -> xr.Dataset:
    """Return the population parameters: everything that does not belong to a patient, and each correlation once."""
    names = [str(name) for name in posterior.data_vars if "subject" not in posterior[name].dims and name != "corr"]
    chosen = posterior[names]
    if "corr" in posterior:
        labels = posterior["parameter"].values
        pairs = {
            f"corr_{labels[j]}_{labels[i]}": posterior["corr"].isel(parameter=i, parameter_=j, drop=True)
            for i in range(len(labels))
            for j in range(i)
        }
        chosen = chosen.assign(pairs)
    return chosen.drop_vars([c for c in chosen.coords if c not in ("chain", "draw")])


def block_of(spec: ModelSpec, name: str) -> str:
    """Return the block of the parameter table that a population parameter belongs to."""
    blocks = {
        "omega": "between-patient SD",
        "corr": "correlation",
        "cov": "dose effect",
        "sigma": "residual",
        "scale": "residual",
    }
    if name.endswith("_pop"):
        return "typical value"
    if spec.toxicity is not None and name in type(spec.toxicity).model_fields:
        return "toxicity"
    return blocks.get(name.split("_")[0], "response")
