"""Variations on the default model that no bundled file shows."""

from cartmodel.spec import ModelSpec, load_model

WORDS = {"reason": "test", "source": "test"}
SD = WORDS | {"dist": "LogNormal", "median": 0.3, "sigma": 0.5}
QPCR = {"unit": "copies/ug", "residual": "log_additive", "sigma": SD}
FLOW = {
    "unit": "cells/uL", "residual": "combined", "sigma_proportional": SD,
    "sigma_additive": SD | {"median": 40.0}, "scale": SD | {"median": 0.02},
}  # fmt: skip
BINARY = {
    "kind": "binary", "exposure": "peak_level", "centre": 10.0,
    "a0": WORDS | {"dist": "Normal", "mu": 0.45, "sigma": 1.0},
    "a1": WORDS | {"dist": "Normal", "mu": 0.4, "sigma": 0.4},
}  # fmt: skip
COMBINED = {key: FLOW[key] for key in ("residual", "sigma_proportional", "sigma_additive")}
WIDE, HALF = SD | {"median": 0.5}, WORDS | {"dist": "HalfNormal", "sigma": 0.4}
DEFAULT = load_model("cd7-ssc")
VARIANTS = {
    "no response": {"response": None},
    "no toxicity": {"toxicity": None},
    "correlated": {"correlation": {"eta": 2.0, "reason": "test"}},
    "two assays": {"assays": {"qpcr": QPCR, "flow": FLOW}},
    "combined": {"assays": {"qpcr": {"unit": "copies/ug"} | COMBINED}},
    "binary on the peak": {"response": BINARY},
    "exact": {"structure": "stein"},
    "other priors": {
        "random": dict.fromkeys(("cmax", "c0", "alpha", "fb"), WIDE) | dict.fromkeys(("tmax", "beta"), HALF),
        "typical": DEFAULT.model_dump()["typical"] | {"fb": WORDS | {"dist": "Beta", "alpha": 1.5, "beta": 60.0}},
    },
}


def model(name: str) -> ModelSpec:
    if name in VARIANTS:
        return DEFAULT.replace(**VARIANTS[name])
    return load_model(name)
