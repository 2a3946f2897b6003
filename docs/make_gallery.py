"""Draw the gallery: every figure of a fit of the bundled example trial, and the page that shows them.

Run from the root of the checkout: ``python docs/make_gallery.py``, or with the path of a fit of ``cd7_ssc`` that is at
hand: ``python docs/make_gallery.py run/fit.nc``.
"""

import json
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

import cartmodel as cm
from cartmodel.plots import CHECK_FIGURES
from cartmodel.plots.style import style
from cartmodel.reporting.captions import FIGURES, PARTS

HERE = Path(__file__).parent
HEAD = """\
# Gallery

Every figure of a fit of the bundled example, a **simulated** trial (`cd7_ssc`, model `cd7-ssc`). All of them in one
loop:

```python
from pathlib import Path

import cartmodel as cm
from cartmodel.plots import CHECK_FIGURES, save_figure

trial = cm.read_trial(cm.example_path("cd7_ssc"))
fit = cm.fit(trial, "cd7-ssc")
for name, draw in CHECK_FIGURES.items():
    figure = draw(fit, trial, stamp="DRAFT")  # None where model or trial has nothing to show
    if figure is not None:
        save_figure(figure, Path("figures"), name)
```

`width` in inches makes a figure narrower: its panels then stand closer or below each other, and its text stays at 5
points or more down to 6 cm (`width=6 / 2.54`). Those of `cartmodel.plots.ASSAY_FIGURES` show one assay, the model's
first unless `assay="..."` names another. What each check computes: [checks.md](checks.md). Drawn by
`python docs/make_gallery.py`.
"""
MADE_UP = " The example has no covariates: weight and sex are drawn at random here, so there is nothing to see."


def main() -> None:
    """Fit the example, or read its fit, and draw."""
    trial = cm.read_trial(cm.example_path("cd7_ssc"))
    fit = cm.read_fit(sys.argv[1]) if len(sys.argv) > 1 else cm.fit(trial, "cd7-ssc")
    rng = np.random.default_rng(1)  # the example has no covariates: these have nothing to do with the cells
    drawn = {
        "weight": rng.normal(70, 12, len(trial.subjects)),
        "sex": rng.choice(["female", "male"], len(trial.subjects)),
    }
    fit.attrs["covariates"] = json.dumps(
        {name: dict(zip(trial.subjects.index, values.tolist(), strict=True)) for name, values in drawn.items()}
    )
    out = HERE / "gallery"
    out.mkdir(exist_ok=True)
    page = [HEAD]
    for name, draw in CHECK_FIGURES.items():
        figure = draw(fit, trial)
        if figure is None:
            continue
        with style():
            figure.savefig(raw := BytesIO(), dpi=100, metadata={"Software": None})
        small = Image.open(raw).convert("RGB").quantize(96, dither=Image.Dither.NONE)  # a third of the bytes
        small.save(out / f"{name}.png", optimize=True)
        caption, alt = FIGURES[name].words(PARTS)
        about = f"{caption}{MADE_UP if name == 'effects_by_covariate' else ''}"
        page.append(f"\n## {name}\n\n{about}\n\n![{alt}](gallery/{name}.png)\n")
    (HERE / "gallery.md").write_text("".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
