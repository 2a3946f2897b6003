"""The notebooks: each runs in a fresh kernel with few draws, and what is stored is what a reader may be shown."""

import ast
import getpass
import importlib.util
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

import cartmodel as cm

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
DRAWS = "60"
PUBLIC = (
    "cartmodel",
    "cartmodel.plots",
    "cartmodel.racing",
    "IPython.display",
    "matplotlib.pyplot",
    "numpy",
    "pandas",
    "xarray",
)
SEEDED = {
    "fit": "random_seed", "simulate_trial": "seed", "simulate_trials": "random_seed", "simulate_counts": "random_seed",
    "compare_on_truths": "random_seed", "race_samplers": "seeds",
}  # fmt: skip


def command():
    place = importlib.util.spec_from_file_location("execute_notebooks", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parsed(notebook):
    lines = "\n".join(cell.source for cell in code(notebook)).split("\n")
    return ast.parse("\n".join("" if line.startswith("%") else line for line in lines))


def shown(notebook):
    """Return all text that is stored beside the sources."""
    texts = []
    for cell in code(notebook):
        for output in cell.outputs:
            texts += [output.get("text", ""), *(str(v) for k, v in output.get("data", {}).items() if "image" not in k)]
    return "\n".join(texts)


def faults_of_outputs(notebook):
    faults = []
    for cell in code(notebook):
        kinds = {output.output_type for output in cell.outputs}
        streams = {output.get("name") for output in cell.outputs}
        if "error" in kinds or "stderr" in streams:
            faults.append(f"error or warning from: {cell.source[:60]}")
    text = shown(notebook)
    faults += re.findall(r"(?:/home/|/root|/tmp/|/Users/|/usr/|site-packages|[A-Z]:\\\\)\S*", text)
    faults += [word for word in {getpass.getuser(), str(FOLDER.parent)} - {"root"} if word in text]
    faults += [f"control character {c!r}" for c in ("\r", "\x1b", "\x08") if c in text]
    return faults


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def stored(path):
    return nbformat.read(path, as_version=4)


def test_there_are_six():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


def test_runs_with_few_draws(path):
    notebook = command().execute(path, CARTMODEL_NOTEBOOK_DRAWS=DRAWS)  # a claim that does not hold is an error
    assert not faults_of_outputs(notebook)
    assert "draws" in path.read_text(encoding="utf-8")


def test_a_claim_that_does_not_hold_is_an_error(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("assert 1 + 1 == 3")])
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    with pytest.raises(CellExecutionError, match="AssertionError"):
        command().execute(tmp_path / "wrong.ipynb")


def test_outputs_are_stored_and_are_those_of_the_source(path, stored):
    nbformat.validate(stored)
    assert path.stat().st_size < 1e6
    assert [cell.execution_count for cell in code(stored)] == list(range(1, len(code(stored)) + 1))
    assert stored.metadata.executed.source == command().source_digest(stored)
    assert sum("image/png" in output.get("data", {}) for cell in code(stored) for output in cell.outputs) >= 1
    assert not faults_of_outputs(stored)


def test_simulated_data_are_called_so(stored):
    assert "SIMULATED" in stored.cells[0].source
    assert "SIMULATED" in shown(stored)


def test_imports_are_public(stored):
    for node in ast.walk(parsed(stored)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names = [str(node.module)] if isinstance(node, ast.ImportFrom) else names
        for name in names:
            assert name in PUBLIC or name.split(".")[0] in sys.stdlib_module_names, name
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "cm":
            assert node.attr in dir(cm), node.attr
        assert not (isinstance(node, ast.Attribute) and node.attr.startswith("_")), ast.unparse(node)


def test_seeds_are_set_and_nothing_moves_on_the_screen(stored):
    for node in ast.walk(parsed(stored)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keywords = {keyword.arg for keyword in node.keywords}
        if name in SEEDED:
            assert SEEDED[name] in keywords, ast.unparse(node)
        if name in ("fit", "simulate_trials", "compare_on_truths", "Sampling"):
            assert "progressbar" in keywords, ast.unparse(node)
        if name == "default_rng":
            assert node.args, ast.unparse(node)


def test_ends_with_assertions(stored):
    claims = ast.parse(code(stored)[-1].source).body
    assert sum(isinstance(statement, ast.Assert) for statement in ast.walk(ast.Module(claims, []))) >= 5
    assert "claims of this notebook, checked" in [c for c in stored.cells if c.cell_type == "markdown"][-1].source
    assert any(re.search(r"does not say", c.source) for c in stored.cells if c.cell_type == "markdown")


def test_numbers_in_prose_are_in_the_code(stored):
    """A result that is told in words is told by a cell; a written number is an input, or asserted, so it is in code."""
    known = {
        float(n.value)
        for n in ast.walk(parsed(stored))
        if isinstance(n, ast.Constant) and type(n.value) in (int, float)
    }
    known |= {100 * value for value in known} | {95.0}
    for cell in stored.cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"`[^`]*`|\$[^$]*\$", "", cell.source)
            for number in re.findall(
                r"(?<![\w.;:])(\d+\.\d+(?:e\d+)?|\d+)(?=%)|(?<![\w.;:])(\d+\.\d+(?:e\d+)?)", prose
            ):
                value = float(number[0] or number[1])
                assert any(abs(value - k) <= 1e-9 * max(1.0, abs(k)) for k in known), (
                    f"{value:g} in: {cell.source[:80]}"
                )
