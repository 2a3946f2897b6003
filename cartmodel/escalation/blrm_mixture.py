"""A BLRM under a mixture of normal priors: what it knows, what its prior is worth, where it conflicts with data."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from cartmodel.escalation.blrm import BlrmModel, BlrmPosterior
from cartmodel.escalation.state import State

type Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class NormalComponent:
    """A component of a mixture of bivariate normal priors for a BLRM's (a, c)."""

    weight: float
    mean: Pair
    sd: Pair
    correlation: float = 0.0


@dataclass(frozen=True)
class MapPrior:
    """A mixture of normals for (a, c) at a reference dose.

    Parameters
    ----------
    components : tuple of NormalComponent
        Weights sum to 1; the last one is vague if ``vague`` is above 0.
    reference : float
        The reference dose, in cells.
    vague : float
        Weight of the vague component.
    divergence : float
        Kullback-Leibler divergence of the fitted mixture from the MAP density on its grid, without the vague component:
        what is lost by the normal components.
    between : pair of float
        Posterior means of the SDs of a and of c between trials.

    Examples
    --------
    >>> prior = MapPrior((NormalComponent(1.0, (-1.7, -0.25), (1.25, 0.5)),), 1e8, 0.0, 0.0, (0.0, 0.0))
    >>> prior.models((0.25e8, 1e8, 2e8)).posterior(State((3, 0, 0), (1, 0, 0))).intervals[0].round(2).tolist()
    [0.59, 0.29, 0.12]
    """

    components: tuple[NormalComponent, ...]
    reference: float
    vague: float
    divergence: float
    between: Pair

    def models(self, doses: Sequence[float], **settings: object) -> "BlrmMixture":
        """Return the BLRM under this prior, for doses in the unit of the reference."""
        models = tuple(
            BlrmModel(tuple(doses), self.reference, c.mean, c.sd, c.correlation, **settings)  # pyright: ignore[reportArgumentType]
            for c in self.components
        )
        return BlrmMixture(models, tuple(c.weight for c in self.components), self.vague)


@dataclass(frozen=True)
class BlrmMixture:
    """A BLRM whose prior is a mixture: exact mixtures of the posteriors of its components.

    Parameters
    ----------
    models : tuple of BlrmModel
        One for each component; the last one is vague if ``vague`` is above 0.
    weights : tuple of float
        Prior weights.
    vague : float
        Prior weight of the vague component.
    """

    models: tuple[BlrmModel, ...]
    weights: tuple[float, ...]
    vague: float = 0.0

    def weights_after(self, state: State) -> NDArray[np.float64]:
        """Return the posterior weights of the components: prior weight times evidence."""
        log_weight = np.log(self.weights) + np.array([model.log_evidence(state) for model in self.models])
        weight = np.exp(log_weight - log_weight.max())
        return weight / weight.sum()

    def posterior(self, state: State) -> BlrmPosterior:
        """Return the posterior after the counts of a state."""
        weight = self.weights_after(state)
        parts = [model.posterior(state) for model in self.models]
        mean = sum(w * part.mean for w, part in zip(weight, parts, strict=True))
        square = sum(w * (part.sd**2 + part.mean**2) for w, part in zip(weight, parts, strict=True))
        intervals = sum(w * part.intervals for w, part in zip(weight, parts, strict=True))
        mean, intervals = np.asarray(mean), np.asarray(intervals)
        return BlrmPosterior(mean, intervals, np.sqrt(np.maximum(np.asarray(square) - mean**2, 0.0)))

    def effective_sample_size(self) -> NDArray[np.float64]:
        """Return, for each dose, the patients that the prior is worth: those of the beta law of equal mean and SD.

        References
        ----------
        Neuenschwander B., Branson M., Gsponer T. (2008), Statistics in Medicine 27:2420-2439.
        """
        prior = self.posterior(State.empty(len(self.models[0].doses)))
        return prior.mean * (1 - prior.mean) / prior.sd**2 - 1

    def conflict(self, state: State) -> tuple[str, ...]:
        """Return in words where data and the historical trials contradict each other; empty if nowhere.

        Said are a posterior weight of the vague component of more than three times its prior odds, and numbers of DLTs
        in the tails (two-sided 5%) of what the historical component predicts at a dose.
        """
        words: list[str] = []
        if self.vague > 0:
            after = float(self.weights_after(state)[-1])
            odds = after / (1 - after) / (self.vague / (1 - self.vague)) if after < 1 else np.inf
            if odds > 3:
                words.append(
                    f"prior-data conflict: the vague component went from {self.vague:.0%} to {after:.0%}; "
                    "the historical trials count for less"
                )
        historical = self._historical()
        for level, (n, dlt) in enumerate(zip(state.n, state.dlt, strict=True), start=1):
            if n:
                law = historical.predictive(level, n)
                tail = min(1.0, 2 * float(min(law[: dlt + 1].sum(), law[dlt:].sum())))
                if tail < 0.05:
                    words.append(
                        f"prior-data conflict: {dlt} DLTs in {n} at dose level {level}, expected were "
                        f"{law @ np.arange(n + 1):.1f} (two-sided tail probability {tail:.3f})"
                    )
        return tuple(words)

    def predictive(self, level: int, n: int) -> NDArray[np.float64]:
        """Return the prior predictive law of 0, 1, ... DLTs in n patients at a dose level."""
        empty = State.empty(len(self.models[0].doses))
        law = [
            comb(n, k)
            * sum(
                w * np.exp(m.log_evidence(empty.add(level, n, k)))
                for w, m in zip(self.weights, self.models, strict=True)
            )
            for k in range(n + 1)
        ]
        return np.array(law, dtype=float)

    def _historical(self) -> "BlrmMixture":
        if not self.vague or len(self.models) == 1:
            return self
        weights = np.array(self.weights[:-1])
        return BlrmMixture(self.models[:-1], tuple((weights / weights.sum()).tolist()))
