"""Figures on disk."""

from pathlib import Path

from matplotlib.figure import Figure

from cartmodel.plots.style import style


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PNG (150 dpi) and SVG, and return the two paths.

    The same figure gives the same bytes: no date, and the SVG's identifiers are hashed with a fixed salt.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        From any function of this package.
    folder : Path
        Where to write; made if it does not exist.
    name : str
        Of the files, without suffix.

    Examples
    --------
    >>> import tempfile
    >>> [path.name for path in save_figure(Figure(), Path(tempfile.mkdtemp()), "empty")]
    ['empty.png', 'empty.svg']
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png", folder / f"{name}.svg"]
    with style():
        for path in paths:
            metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
            figure.savefig(path, dpi=150, facecolor="white", metadata=metadata)
    return paths
