"""Names, units and numbers as figures write them."""

import re
from collections.abc import Sequence

import pandas as pd

from cartmodel.plots.fonts import spelled
from cartmodel.prediction.words import exposure_words
from cartmodel.spec import ModelSpec


def exposure_text(name: str) -> str:
    """Return the name of an exposure as a reader knows it.

    Examples
    --------
    >>> exposure_text("peak_level"), exposure_text("auc_0_28"), exposure_text("auc_0_0p5")
    ('Cmax', 'AUC 0-28 d', 'AUC 0-0.5 d')
    """
    return exposure_words(name, area="AUC {}-{} d")


def unit_text(unit: str) -> str:
    """Return a unit with a multiplication sign instead of the letter x.

    Examples
    --------
    >>> unit_text("copies/ug x day")
    'copies/ug × day'
    """
    return unit.replace(" x ", " × ")


def assay_text(spec: ModelSpec, assay: str) -> str:
    """Return which of several assays a figure shows; empty where the model has but one.

    Examples
    --------
    >>> import cartmodel as cm
    >>> assay_text(cm.load_model("cd7-ssc"), "qpcr")
    ''
    """
    return f"assay {assay} (one of {len(spec.assays)})" if len(spec.assays) > 1 else ""


def shortened(text: str, width: int) -> str:
    """Return a text cut to a width, as it can be drawn.

    Examples
    --------
    >>> shortened("CART-0001-Shanghai", 10), shortened("S01", 10)
    ('CART-0001…', 'S01')
    """
    text = spelled(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def short_names(names: Sequence[str], width: int) -> list[str]:
    """Return names cut to a width so that no two become one: the beginning is kept, else the end, else a number.

    Examples
    --------
    >>> short_names(["S01", "S02"], 8), short_names(["NCT06871644-01-001", "NCT06871644-01-002"], 8)
    (['S01', 'S02'], ['…-01-001', '…-01-002'])
    """
    drawn = [spelled(" ".join(name.split())) for name in names]
    beginnings = [n if len(n) <= width else re.sub("‹[^›]*$", "", n[: width - 1]) + "…" for n in drawn]
    endings = [n if len(n) <= width else "…" + re.sub("^[0-9A-F]*›", "", n[1 - width :]) for n in drawn]
    numbers = [f"#{i}" for i in range(1, len(names) + 1)]
    return next((cut for cut in (beginnings, endings) if len(set(cut)) == len(set(names))), numbers)


def parameter_unit(spec: ModelSpec, name: str) -> str:
    """Return the unit of a typical value, and the scale on which a between-patient SD acts; else nothing.

    Examples
    --------
    >>> import cartmodel as cm
    >>> spec = cm.load_model("cd7-ssc")
    >>> parameter_unit(spec, "cmax_pop"), parameter_unit(spec, "omega_fb"), parameter_unit(spec, "k1")
    ('copies/ug', 'SD of the logit', '')
    >>> parameter_unit(cm.load_model("cd7-ssc-comedication"), "f_toci_pop")  # a factor, which may be above 1
    'no unit'
    """
    parameter = spec.curve.parameters.get(name.removesuffix("_pop").removeprefix("omega_"))
    if parameter is None:
        return ""
    if name.startswith("omega_"):
        return {"positive": "SD of the log", "fraction": "SD of the logit"}.get(parameter.support, "SD")
    if parameter.unit == "1":
        return "fraction" if parameter.support == "fraction" else "no unit"
    return parameter.unit.replace("level", spec.unit).replace("time", spec.time_unit)


def patients_text(n: int) -> str:
    """Return a number of patients in words.

    Examples
    --------
    >>> patients_text(1), patients_text(18)
    ('1 patient', '18 patients')
    """
    return f"{n} patient" if n == 1 else f"{n} patients"


def samples_text(blq: Sequence[bool] | pd.Series) -> str:
    """Return a number of samples in words, with how many of them are below the LLOQ.

    Examples
    --------
    >>> samples_text([False, True, False])
    '3 samples, 1 below the LLOQ'
    """
    return f"{len(blq)} sample{'s' * (len(blq) != 1)}, {sum(map(bool, blq))} below the LLOQ"


def number_text(value: float) -> str:
    """Return a round number in the shortest way.

    Examples
    --------
    >>> number_text(0.02), number_text(5000), number_text(2e5), number_text(1e-4)
    ('0.02', '5000', '2e5', '1e-4')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
