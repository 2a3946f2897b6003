"""Where models are found, and what is said when there is none."""

from pathlib import Path

import pytest

from cartmodel.errors import ModelFileError, UnknownNameError
from cartmodel.spec import list_models, load_model
from cartmodel.spec.catalogue import _shipped, model_folders

MODELS = Path(__file__).parents[2] / "models"
TEXT = (MODELS / "kinetics-only.toml").read_text("utf-8")


@pytest.fixture(autouse=True)
def no_folders_of_the_user(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CARTMODEL_MODELS", raising=False)


def test_a_checkout_has_its_models_beside_the_package(tmp_path: Path):
    for folder in ("cartmodel", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert _shipped(tmp_path / "cartmodel") == [tmp_path / "models"]


def test_a_wheel_has_them_inside_and_leaves_a_strangers_folder_alone(tmp_path: Path):
    (tmp_path / "cartmodel" / "_models").mkdir(parents=True)
    (tmp_path / "models").mkdir()
    (tmp_path / "pyproject.toml").touch()  # some wheels do drop theirs into site-packages
    assert _shipped(tmp_path / "cartmodel") == [tmp_path / "cartmodel" / "_models"]


def test_a_broken_installation_has_none_rather_than_a_strangers(tmp_path: Path):
    for folder in ("cartmodel", "models"):
        (tmp_path / folder).mkdir()
    assert _shipped(tmp_path / "cartmodel") == []


def test_folders_of_the_user_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    (one / "mine.toml").write_text(TEXT.replace('"kinetics-only"', '"mine"'), "utf-8")
    (two / "mine.toml").write_text("nonsense", "utf-8")
    (two / "kinetics-only.toml").write_text(TEXT.replace("median = 300", "median = 301"), "utf-8")
    monkeypatch.setenv("CARTMODEL_MODELS", f"{one}{__import__('os').pathsep}{two}")
    assert model_folders()[:2] == [one, two]
    assert load_model("mine").name == "mine"
    assert load_model("kinetics-only").typical["cmax"].median == 301
    assert list_models()["cd7-ssc"].parent == model_folders()[-1]


def test_an_unknown_name_names_the_nearest_and_a_folder_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CARTMODEL_MODELS", str(tmp_path / "absent"))
    with pytest.raises(UnknownNameError) as caught:
        load_model("cd7_ssc")
    for part in ("unknown model 'cd7_ssc'", "did you mean 'cd7-ssc'", "path of a .toml file", str(tmp_path / "absent")):
        assert part in str(caught.value)


@pytest.mark.parametrize("encode", [lambda t: t.encode("utf-8-sig"), lambda t: t.replace("\n", "\r\n").encode()])
def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path, encode):
    (tmp_path / "m.TOML").write_bytes(encode(TEXT))
    assert load_model(tmp_path / "m.TOML") == load_model("kinetics-only")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (TEXT.encode("utf-16"), "not UTF-8"),
        (TEXT.replace("Use a product", "Für ein Produkt").encode("latin-1"), "not UTF-8"),
        (b"name = ", "valid TOML"),
        (TEXT.encode() + b"\n[typical.cmax]\nsigma = 1\n", "each name once"),
        (TEXT.replace("sigma = 2.5", "sigma = 2.5\nsigma = 1.5").encode(), "each name once"),
        (b"x = " + b"9" * 5000, "valid TOML"),
        (b"subject,time,level\n1,2,3\n", "valid TOML"),
    ],
)
def test_files_that_are_no_toml(tmp_path: Path, content: bytes, expected: str):
    (tmp_path / "m.toml").write_bytes(content)
    with pytest.raises(ModelFileError, match=expected):
        load_model(tmp_path / "m.toml")


def test_an_empty_file_lists_what_a_model_needs(tmp_path: Path):
    (tmp_path / "m.toml").touch()
    with pytest.raises(ModelFileError) as caught:
        load_model(tmp_path / "m.toml")
    places = [problem.where for problem in caught.value.problems]
    assert places == ["name", "title", "structure", "time_unit", "windows", "typical", "random", "assays"]


def test_a_missing_file_and_a_folder(tmp_path: Path):
    with pytest.raises(ModelFileError, match="No such file"):
        load_model(tmp_path / "absent.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ModelFileError, match="Is a directory"):
        load_model(tmp_path / "folder.toml")
