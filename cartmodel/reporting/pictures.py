"""The figures of a report: as PNG, each with a caption and with words for readers who do not see it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from cartmodel import plots
from cartmodel.plots.style import style
from cartmodel.plots.words import patients_text
from cartmodel.prediction.fitfile import spec_of
from cartmodel.reporting.blocks import Picture
from cartmodel.reporting.captions import FIGURES, Shown, parts_of
from cartmodel.reporting.summary import Summary
from cartmodel.trial import TrialData

DPI = 120
_COLOURS = 96  # figures of a few flat colours: a palette makes their files a third as large


@dataclass(frozen=True)
class Material:
    """What a figure may need."""

    summary: Summary
    trial: TrialData
    stamp: str

    @property
    def fit(self) -> xr.DataTree:
        """The fit."""
        return self.summary.fit


def pictures(section: str, material: Material) -> Iterator[Picture]:
    """Yield the figures of a section of the report; those that the model or the trial has nothing for are left out.

    Of a model with several assays, the figures that show one assay stand once for each.

    Parameters
    ----------
    section : str
        The key of a section.
    material : Material
        What they are drawn from.
    """
    for name in (*FIGURES, *(other for other in plots.CHECK_FIGURES if other not in FIGURES)):
        words = name.replace("_", " ").capitalize()
        shown = FIGURES.get(name) or Shown(
            "checks", f"{words}.", f"{words}: a figure of the fit, described in its caption."
        )
        if shown.section != section or name not in plots.CHECK_FIGURES:
            continue
        caption, alt = shown.words(parts_of(spec_of(material.fit)))
        who = f"{material.trial.name}, {patients_text(len(material.trial.subjects))}"
        for place, (figure, assay) in enumerate(_figures(name, material), start=1):
            told = f" Assay {assay}." if assay else ""
            number = f"_{place}" if place > 1 else ""
            yield _picture(f"{name}{number}", figure, f"{alt}{told} {who}.", f"{caption}{told}")


def _figures(name: str, material: Material) -> Iterator[tuple[Figure, str]]:
    """Yield a figure, or one for each assay of a model that has several; each with the assay."""
    draw = plots.CHECK_FIGURES[name]
    assays = list(spec_of(material.fit).assays)
    if name in plots.ASSAY_FIGURES and len(assays) > 1:
        drawn = [(draw(material.fit, material.trial, material.stamp, assay=assay), assay) for assay in assays]
    else:
        drawn = [(draw(material.fit, material.trial, material.stamp), "")]
    yield from ((figure, assay) for figure, assay in drawn if figure is not None)


def predictions_picture(data: Mapping[str, Any], material: Material) -> Picture:
    """Return the explorer on paper: exposure, remission and DLT over doses, the extrapolated range marked."""
    from cartmodel.reporting.overdoses import predictions_by_dose

    shown = ["exposure", *(m["label"] for m in data["measures"] if m["unit"] == "probability")]
    over, outside = (" over doses", "Shaded: outside the trial's doses, extrapolated. ") if data["trial"] else ("", "")
    figure = predictions_by_dose(data, material.trial.name, material.trial.simulated, material.stamp)
    return _picture(
        "predictions_by_dose",
        figure,
        f"Predictions for new patients{over}, with 95% bands: {', '.join(shown)}. {outside}The table of "
        "predictions holds the numbers.",
        f"Predictions for new patients{over}. {outside}".strip(),
    )


def _picture(name: str, figure: Figure, alt: str, caption: str) -> Picture:
    from PIL import Image

    raw, small = BytesIO(), BytesIO()
    with style():
        figure.savefig(raw, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    image = Image.open(raw).convert("RGB")
    image.quantize(_COLOURS, dither=Image.Dither.NONE).save(small, format="PNG", optimize=True)
    return Picture(name, small.getvalue(), alt, caption, image.size)
