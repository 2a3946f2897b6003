"""Random numbers belong to the trial, whatever the block; NumPy's own Philox is the witness."""

from hashlib import blake2b

import numpy as np
import pytest
from scipy import stats

from cartmodel.virtual.streams import Keyed, Streams


@pytest.mark.parametrize(("first", "trials"), [(0, 7), (3, 5), (4, 1), (1001, 13)])
def test_a_block_is_a_slice_of_the_stream(first: int, trials: int) -> None:
    key = np.frombuffer(blake2b(b"5\0arrival\x002", digest_size=16).digest(), dtype="<u8")
    whole = np.random.Generator(np.random.Philox(key=key)).random(first + trials)
    np.testing.assert_array_equal(Streams(5, first, trials).uniform("arrival", 2), whole[first:])


def test_streams_of_patients_purposes_and_seeds_are_independent() -> None:
    columns = [
        Streams(seed, 0, 20_000).uniform(purpose, patient)
        for seed in (1, 2)
        for purpose in ("eta_cmax", "arrival")
        for patient in (0, 1, 12)
    ]
    correlation = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(correlation).max() < 4.5 / 20_000**0.5
    assert all(stats.kstest(column, "uniform").pvalue > 1e-4 for column in columns)


def test_quantiles_are_those_of_scipy() -> None:
    uniform = Streams(1, 0, 50).uniforms("noise", range(3))
    keyed = Keyed(uniform)
    np.testing.assert_allclose(keyed.standard_normal(uniform.shape), stats.norm.ppf(uniform), rtol=1e-12)
    np.testing.assert_allclose(keyed.standard_t(4.0, uniform.shape), stats.t(4).ppf(uniform), rtol=1e-9)
    with pytest.raises(ValueError, match="broadcast"):
        keyed.random((4, 4))
