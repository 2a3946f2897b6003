"""Random numbers that belong to a trial, a patient and a purpose, whoever asks for them and when."""

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit  # pyright: ignore[reportMissingTypeStubs]

_WORDS = 4  # numbers that one step of the Philox counter gives
_LEAST = 2.0**-54  # half of the spacing: a uniform number of exactly 0 has no normal quantile


class Streams:
    """The random numbers of a block of trials.

    Number k of the stream of a seed, a purpose and a patient belongs to trial k. The stream is that of the
    counter-based generator Philox, whose counter is set to the block's first trial: no number depends on the size of a
    block, on the order of the calls or on the machine that makes them.

    Parameters
    ----------
    seed : int
        The seed of the study.
    first : int
        The block's first trial.
    trials : int
        How many trials the block has.

    References
    ----------
    Salmon J.K. et al. (2011), Parallel random numbers: as easy as 1, 2, 3, SC'11.

    Examples
    --------
    >>> whole, part = Streams(1, 0, 10), Streams(1, 7, 2)
    >>> bool((whole.uniform("arrival", 3)[7:9] == part.uniform("arrival", 3)).all())
    True
    """

    def __init__(self, seed: int, first: int, trials: int) -> None:
        self.seed, self.first, self.trials = seed, first, trials

    def uniform(self, purpose: str, patient: int) -> NDArray[np.float64]:
        """Return a number within 0 and 1 for each trial of the block."""
        key = blake2b(f"{self.seed}\0{purpose}\0{patient}".encode(), digest_size=16).digest()
        philox = np.random.Philox(key=np.frombuffer(key, dtype="<u8"))
        philox.advance(self.first // _WORDS)
        drawn = np.random.Generator(philox).random(self.first % _WORDS + self.trials)
        return np.maximum(drawn[self.first % _WORDS :], _LEAST)

    def uniforms(self, purpose: str, patients: range) -> NDArray[np.float64]:
        """Return numbers within 0 and 1 for each trial and patient."""
        drawn = [self.uniform(purpose, patient) for patient in patients]
        return np.stack(drawn, axis=1) if drawn else np.empty((self.trials, 0))


class Keyed:
    """The random generator that the distributions of the model ask, answering with numbers drawn beforehand.

    Parameters
    ----------
    uniform : ndarray
        Numbers within 0 and 1, of the shape that will be asked for.

    Examples
    --------
    >>> Keyed(np.array([0.5])).standard_normal((1,)).tolist()
    [0.0]
    """

    def __init__(self, uniform: NDArray[np.float64]) -> None:
        self._uniform = uniform

    def random(self, size: Any) -> NDArray[np.float64]:
        """Return the numbers."""
        return np.broadcast_to(self._uniform, size)

    def standard_normal(self, size: Any) -> NDArray[np.float64]:
        """Return the numbers as quantiles of the standard normal distribution."""
        return ndtri(self.random(size))

    def standard_t(self, df: float, size: Any) -> NDArray[np.float64]:
        """Return the numbers as quantiles of Student's t distribution."""
        return stdtrit(df, self.random(size))
