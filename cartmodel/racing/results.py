"""The results of a race: a tidy CSV, a table and a plot."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cartmodel.plots.save import save_figure
from cartmodel.plots.style import BLUE, GREY, VERMILLION, footer, new_figure, stamp_text, style

_SHOWN = {
    "compile_seconds": "compile s",
    "sample_seconds": "sample s",
    "ess_bulk": "ESS",
    "ess_per_second": "ESS/s",
    "ess_per_gradient": "ESS/1000 gradients",
    "divergences": "divergences",
    "rhat": "R-hat - 1",
    "error_mean": "error of a mean (SD)",
    "error_sd": "error of an SD",
    "z": "largest z",
}


def write_race(rows: pd.DataFrame, folder: Path) -> list[Path]:
    """Write ``race.csv``, ``race.md``, ``race.png`` and ``race.svg``, and return their paths.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `race`.
    folder : Path
        Made if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tidy, table = folder / "race.csv", folder / "race.md"
    rows.to_csv(tidy, index=False, float_format="%.6g", lineterminator="\n")
    table.write_text(race_markdown(rows), encoding="utf-8")
    return [tidy, table, *save_figure(race_figure(rows), folder, "race")]


def race_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a posterior and sampler: medians over the seeds that were done, and the verdict.

    The verdict joins what applies: the status and the error of the first seed that was not done; ``WRONG`` with the
    worst estimand where a seed disagrees with the reference, else ``agrees``, or ``not judged`` without a reference;
    ``NOT CONVERGED`` where a seed missed a gate of R-hat or ESS, as those of a fit.
    """
    found = [
        {"posterior": posterior, "sampler": sampler, **_medians(runs), "verdict": _verdict(runs)}
        for (posterior, sampler), runs in rows.groupby(["posterior", "sampler"], sort=False)
    ]
    return pd.DataFrame(found)


def _medians(runs: pd.DataFrame) -> dict[str, float]:
    done = runs[runs["status"] == "done"]
    medians = {title: float(pd.to_numeric(done[name]).median()) for name, title in _SHOWN.items()}
    medians[_SHOWN["ess_per_gradient"]] *= 1000
    medians[_SHOWN["rhat"]] -= 1
    return medians


def _verdict(runs: pd.DataFrame) -> str:
    broken, done = runs[runs["status"] != "done"], runs[runs["status"] == "done"]
    said: list[str] = []
    if len(broken):
        count = f"{len(broken)} of {len(runs)} " if len(done) else ""
        said.append(f"{count}{broken['status'].iloc[0]}: {broken['error'].iloc[0]}")
    judged = done[done["agrees"].notna()]
    wrong = judged[~judged["agrees"].astype(bool)]
    if len(wrong):
        said.append(f"WRONG, {len(wrong)} of {len(judged)} seeds, worst {wrong['worst'].iloc[0]}")
    elif len(judged):
        said.append("agrees")
    elif len(done):
        said.append("not judged")
    stuck = done[done["converged"].notna() & ~done["converged"].fillna(value=True).astype(bool)]
    if len(stuck):
        said.append(f"NOT CONVERGED, {len(stuck)} of {len(done)} seeds")
    kinds = [str(kind) for kind in done["approximation"].dropna().unique() if kind]
    return "; ".join(said) + ("".join(f" (approximation: {kind})" for kind in kinds))


def race_markdown(rows: pd.DataFrame) -> str:
    """Return `race_table` in Markdown, a section a posterior; simulated ones are named so."""
    parts: list[str] = []
    for posterior, table in race_table(rows).groupby("posterior", sort=False):
        simulated = bool(rows.loc[rows["posterior"] == posterior, "simulated"].any())
        columns = [name for name in table.columns if name != "posterior"]
        cells = [[_cell(value) for value in row] for row in table[columns].itertuples(index=False)]
        lines = [columns, ["---" if name in ("sampler", "verdict") else "--:" for name in columns], *cells]
        parts.append(f"### {posterior}{' (SIMULATED)' if simulated else ''}\n")
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    return "\n".join(parts)


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")
    if np.isnan(value):
        return ""
    return f"{value:.0f}" if 100 <= abs(value) < 1e5 else f"{value:.3g}"


def race_figure(rows: pd.DataFrame) -> Figure:
    """Return a figure of effective draws a second and of the error of each run, a row of panels a posterior.

    A dot is a seed, hollow where it did not converge. Runs that disagree with the reference are in vermillion; those
    not done are named beside the axis. A posterior has the samplers that were tried on it.
    """
    posteriors = list(dict.fromkeys(rows["posterior"]))
    tried = [list(dict.fromkeys(rows.loc[rows["posterior"] == posterior, "sampler"])) for posterior in posteriors]
    simulated = rows.groupby("posterior")["simulated"].any()
    with style():
        figure = new_figure(
            8.0,
            sum(0.55 + 0.19 * len(names) for names in tried) + 0.6,
            "Samplers on posteriors with reference answers",
            [
                "Each dot is a run, hollow where it did not converge. "
                "Right: largest error of a posterior mean over all estimands, in posterior SDs."
            ],
            stamp_text(bool(simulated.any())),
        )
        panels = figure.subplots(
            len(posteriors), 2, sharex="col", sharey="row", squeeze=False, height_ratios=[len(names) for names in tried]
        )
        for (left, right), posterior, names in zip(panels, posteriors, tried, strict=True):
            runs = rows[rows["posterior"] == posterior]
            left.set_title(f"{posterior}{' (SIMULATED)' if simulated[posterior] else ''}", loc="left", parse_math=False)
            _dots(left, runs, names, "ess_per_second")
            _dots(right, runs, names, "error_mean")
            right.tick_params(axis="y", length=0)
            left.set_ylim(len(names) - 0.5, -0.5)
        panels[-1, 0].set_xlabel("Smallest bulk ESS per second of sampling")
        panels[-1, 1].set_xlabel("Largest error of a mean (posterior SDs)")
        legend = {"agrees with the reference": BLUE, "differs by more than Monte Carlo error": VERMILLION}
        legend["no reference"] = GREY
        marks = [Line2D([], [], marker="o", linestyle="", color=c, label=text) for text, c in legend.items()]
        footer(figure, marks, 3)
    return figure


def _dots(axes: Axes, runs: pd.DataFrame, names: list[str], column: str) -> None:
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=True, axis="x", color="#e6e6e6", linewidth=0.6)
    for place, name in enumerate(names):
        own = runs[runs["sampler"] == name]
        values = pd.to_numeric(own[column])
        for value, agrees, converged in zip(values, own["agrees"], own["converged"], strict=True):
            colour = GREY if pd.isna(agrees) else BLUE if agrees else VERMILLION
            inside = colour if pd.isna(converged) or converged else "white"
            axes.plot([value], [place], "o", markersize=4.5, color=colour, markerfacecolor=inside, alpha=0.8)
        if values.isna().all():
            status = own["status"].iloc[0]
            text = status if status != "done" else "approximation" if column == "ess_per_second" else "no reference"
            shift = axes.get_yaxis_transform()
            axes.text(0.02, place, text, transform=shift, va="center", size=7, color=GREY, gid="not done")
