"""Where the values of an equation come from: the protocol that each interpreter of the model fulfils."""

from collections.abc import Mapping
from typing import Any, Protocol

from cartmodel.equations.observations import Observable


class Source(Protocol):
    """An interpreter of the equations.

    ``cartmodel.symbolic.symbols.Symbols`` answers with PyMC variables, ``cartmodel.prediction.draws.Draws`` with draws
    of a posterior or with the one draw that is the truth of a simulated trial.
    """

    xp: Any
    """The array vocabulary."""

    def random(self, name: str, prior: Any) -> Any:
        """Return the population parameter ``name``."""
        ...

    def known(self, name: str) -> Any:
        """Return a known quantity of the trial: ``log_dose`` per subject, ``time_<assay>`` per sample."""
        ...

    def individuals(
        self, centres: Mapping[str, Any], omegas: Mapping[str, Any], correlation: Any | None
    ) -> dict[str, Any]:
        """Return centre + random effect for each parameter, per subject; ``correlation`` is the LKJ prior or None."""
        ...

    def per_sample(self, value: Any) -> Any:
        """Return a quantity per subject, ready to meet one per subject and sample."""
        ...

    def observe(self, name: str, observable: Observable) -> None:
        """Tell what is observed, given everything above."""
        ...
