"""Every exception and warning class of cartmodel."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a user's file, with its place and its remedy.

    Parameters
    ----------
    where : str
        The place: file row, column and subject, or the dotted path in a model file.
    what : str
        What was found there.
    accepted : str
        What would have been accepted.
    """

    where: str
    what: str
    accepted: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; accepted: {self.accepted}"


class CartmodelError(Exception):
    """Base of all errors that a user can mend; the command line prints them without a traceback."""


class ProblemsError(CartmodelError):
    """A user's file is wrong: all its problems at once.

    Parameters
    ----------
    title : str
        One line that names the file.
    problems : sequence of Problem
        Everything that is wrong, in the order of the file.
    """

    def __init__(self, title: str, problems: Sequence[Problem]) -> None:
        self.title = title
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = [f"{title}: {count} problem{'s' if count != 1 else ''}"]
        super().__init__("\n".join([*lines, *(f"  {problem}" for problem in self.problems)]))


class TrialTableError(ProblemsError):
    """A trial table cannot be used."""


class ModelFileError(ProblemsError):
    """A model file cannot be used."""


class TrialModelError(ProblemsError):
    """A trial table and a model file are each valid but do not fit together."""


class ScenarioError(ProblemsError):
    """A scenario file of a simulated trial cannot be used."""


class ContextFileError(ProblemsError):
    """A context file of a report cannot be used."""


class ConductTableError(ProblemsError):
    """A table of a trial under way cannot be used, or tells an impossible history."""


class HistoryError(ProblemsError, ValueError):
    """A trial's history is impossible, or none that its design could have led to."""


class DesignError(ProblemsError, ValueError):
    """The settings of a dose-escalation design, or its file, cannot be used."""


class UnknownNameError(CartmodelError):
    """A name that no registry, catalogue or fit holds."""


class SamplerError(CartmodelError):
    """A sampler is not installed or failed."""


class FitFileError(CartmodelError):
    """A fit file cannot be read, or was written by something else."""


class CartmodelWarning(UserWarning):
    """Base of all warnings of cartmodel."""


class ExtrapolationWarning(CartmodelWarning):
    """A prediction lies outside the doses that informed the fit."""


class ConvergenceWarning(CartmodelWarning):
    """A fit did not pass its convergence gates."""
