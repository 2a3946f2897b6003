"""Whatever stands in a file, it is read or refused with its problems; never a traceback, never a lost patient."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartmodel.errors import TrialTableError
from cartmodel.trial import TrialData, read_trial

JUNK = ["", "0", "2", "-1", "0.5", "1,5", "1.234", "1e5", "yes", "BLQ", "nan", "%", "a b", "é"]
# Likely cells first, so that a good part of the tables can be read; any column may hold junk.
LIKELY = {
    "subject": ["1", "001", "1 ", "b"],
    "time": ["0", "0.5", "7", "28"],
    "level": ["60.25", "5e4"],
    "unit": ["%"],
    "blq": ["0", "1", ""],
    "lloq": ["50.5"],
    "assay": ["qpcr"],
    "dose": ["1e7"],
    "dlt": ["0"],
    "criss_step1": ["0"],
    "criss_lp": ["0.5"],
}


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Return a header and up to five rows, with a wrong cell in some."""
    optional = st.sets(st.sampled_from(["assay", "dose", "dlt", "criss_step1", "criss_lp"]))
    header = ["subject", "time", "level", "unit", "blq", "lloq", *sorted(draw(optional))]
    rows = draw(st.lists(st.tuples(*(st.sampled_from(LIKELY[name]) for name in header)), max_size=5))
    table = [header, *map(list, rows)]
    for _ in range(draw(st.integers(0, 2)) if rows else 0):
        row, column = draw(st.integers(1, len(rows))), draw(st.integers(1, len(header) - 1))
        table[row][column] = draw(st.sampled_from(JUNK))
    return table


def read_or_refused(folder: pytest.TempPathFactory, content: bytes) -> TrialData | TrialTableError:
    path = folder.mktemp("any") / "trial.csv"
    path.write_bytes(content)
    try:
        return read_trial(path)
    except TrialTableError as error:
        return error


def check_refusal(outcome: TrialData | TrialTableError) -> None:
    if isinstance(outcome, TrialTableError):
        assert outcome.problems
        assert all(each.where and each.what and each.accepted for each in outcome.problems)


@settings(max_examples=150, deadline=None)
@given(table=tables(), separator=st.sampled_from(",;\t"))
def test_any_cells_in_known_columns(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], separator: str
) -> None:
    text = "\n".join(separator.join(f'"{cell}"' for cell in row) for row in table)
    trial = read_or_refused(tmp_path_factory, text.encode())
    check_refusal(trial)
    if isinstance(trial, TrialData):
        seen = trial.observations
        assert set(trial.subjects.index) == {row[0].strip() for row in table[1:]}
        # Every row is a sample, or is predose and counted, or has neither time nor level.
        left_out = [row for row in table[1:] if row[1] in ("0", "-1") or (row[1] == row[2] == "")]
        assert len(seen) == len(table) - 1 - len(left_out)
        assert (seen["level"].isna() == seen["blq"]).all()
        assert (seen["time"] > 0).all()
        assert seen.loc[seen["blq"], "lloq"].gt(0).all()


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=60), known=st.booleans())
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes, known: bool) -> None:
    outcome = read_or_refused(tmp_path_factory, b"subject,time,level,unit\n" * known + content)
    check_refusal(outcome)


@settings(max_examples=80, deadline=None)
@given(content=st.text(alphabet='1,;\t."\n\r -ex', max_size=40))
def test_any_punctuation(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    check_refusal(read_or_refused(tmp_path_factory, f"subject,dose\n{content}".encode()))
