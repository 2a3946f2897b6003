"""What a scenario file of virtual trials says: the truth of the patients and the calendar, without the design."""

from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal, Self

import xarray as xr
from pydantic import BaseModel, ConfigDict, Field

from cartmodel.prediction.fitfile import group, read_fit, spec_of
from cartmodel.simulation.scenario import Comedication
from cartmodel.spec import ModelSpec, load_model
from cartmodel.spec.priors import Finite, Positive

_FROZEN = ConfigDict(frozen=True, extra="forbid")
NonNegative = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
Share = Annotated[float, Field(strict=True, ge=0, lt=1)]


class Kinetics(BaseModel):
    """The model of the curves, and its true population: one set of numbers, or a draw of the prior or of a fit.

    With ``draws`` each virtual trial has a population of its own: a draw of the model's prior, or of the posterior in a
    fit file, whose model is used. Files are read once; what they hold goes along where a scenario is sent to a worker,
    who need not have them.
    """

    model_config = _FROZEN
    model: str | None = None
    truth: dict[str, Finite] = {}
    draws: str | None = None

    @cached_property
    def spec(self) -> ModelSpec:
        """The model of the curves."""
        return load_model(self.model) if self.model is not None else spec_of(read_fit(str(self.draws)))

    @cached_property
    def posterior(self) -> xr.Dataset | None:
        """The population's draws in the fit file; None without one."""
        if self.model is not None or self.draws is None:
            return None
        drawn = group(read_fit(self.draws), "posterior")
        return drawn[[name for name in drawn.data_vars if "subject" not in drawn[name].dims]].load()

    def read(self) -> None:
        """Read the files now, so that what they hold goes along wherever the scenario is sent."""
        _ = self.spec, self.posterior

    def __copy__(self) -> Self:
        copied = super().__copy__()  # whose model may be about to change: pydantic would keep what was read
        for name in ("spec", "posterior"):
            vars(copied).pop(name, None)
        return copied


class Onset(BaseModel):
    """A DLT that depends on the dose alone.

    ``probability`` of it within so many days at each dose level, alone; its day is log-normal (median, SD of the log).
    """

    model_config = _FROZEN
    probability: Annotated[tuple[Share, ...], Field(min_length=1)]
    within: Positive
    median: Positive
    sigma: Positive


class ExposureHazard(BaseModel):
    """A DLT that depends on what a patient has been exposed to so far.

    The cumulative hazard at day t is ``hazard x^power / (1 + saturation x^power)`` with x = AUC(0, t) / reference.
    """

    model_config = _FROZEN
    hazard: Positive
    reference: Positive
    power: Positive = 1.0
    saturation: NonNegative = 0.0


class ModelHazard(BaseModel):
    """The DLT of the model file: logit P = d0 + exp(ld1) ln(infused / reference) within so many days."""

    model_config = _FROZEN
    within: Positive
    median: Positive
    sigma: Positive


class Toxicity(BaseModel):
    """When a DLT comes: competing causes, whose cumulative hazards add up."""

    model_config = _FROZEN
    window: Positive = 28.0
    follow_up: Positive = 90.0
    onset: tuple[Onset, ...] = ()
    exposure: ExposureHazard | None = None
    model: ModelHazard | None = None


class Remission(BaseModel):
    """Remission by the model's own equations, at the patient's ln exposure or at another number in its place.

    ``effect`` maps the model's centred ln exposure to the one that acts, by straight lines between points and flat
    beyond them; ``levels`` gives the one that acts at each dose level, whatever the exposure.
    """

    model_config = _FROZEN
    day: Positive = 90.0
    effect: tuple[tuple[Finite, Finite], ...] | None = None
    levels: tuple[Finite, ...] | None = None


class Manufacture(BaseModel):
    """From enrolment to infusion: log-normal days, and a log-normal number of cells that may fall short.

    What is infused is the assigned dose or all cells there are, whichever is less; a product of less than ``minimum``
    of the assigned dose is not infused.
    """

    model_config = _FROZEN
    days: NonNegative = 0.0
    days_sigma: NonNegative = 0.0
    cells: Positive | None = None
    cells_sigma: NonNegative = 0.0
    minimum: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.0


class Accrual(BaseModel):
    """Patients a month (30.4375 days): a Poisson process, or as regular as a clock."""

    model_config = _FROZEN
    per_month: Positive
    law: Literal["poisson", "regular"] = "poisson"


class Samples(BaseModel):
    """The visits, and each assay's limit of quantification."""

    model_config = _FROZEN
    days: Annotated[tuple[Positive, ...], Field(min_length=1)]
    day_jitter: Annotated[float, Field(strict=True, ge=0, lt=0.5)] = 0.0
    missed: Share = 0.0
    lloq: dict[str, Positive]


class VirtualScenario(BaseModel):
    """Everything of a virtual trial but its design.

    Use `load_virtual_scenario` to read one.

    Parameters
    ----------
    name, about : str
        A short name, and one sentence on what is true in it.
    doses : tuple of float
        Cells, rising.
    start : int
        The level of the first group.
    stagger : float
        Least number of days between the infusions of a group.
    dropout_per_month : float
        Rate at which patients leave; who leaves within the DLT window without a DLT is replaced.
    kinetics, toxicity, remission, manufacture, accrual, samples, comedication
        See the classes.

    Examples
    --------
    >>> from cartmodel.virtual import load_virtual_scenario
    >>> scenario = load_virtual_scenario("threshold")
    >>> scenario.doses, scenario.toxicity.window
    ((25000000.0, 100000000.0, 200000000.0), 28.0)
    """

    model_config = _FROZEN
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]*$")]
    about: Annotated[str, Field(min_length=3)]
    doses: Annotated[tuple[Positive, ...], Field(min_length=1)]
    start: Annotated[int, Field(strict=True, ge=1)] = 1
    stagger: NonNegative = 0.0
    dropout_per_month: NonNegative = 0.0
    kinetics: Kinetics
    toxicity: Toxicity
    remission: Remission | None = None
    manufacture: Manufacture = Manufacture()
    accrual: Accrual
    samples: Samples
    comedication: dict[str, Comedication] = {}

    @property
    def spec(self) -> ModelSpec:
        """The model of the kinetics."""
        return self.kinetics.spec

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what the virtual patients are: the scenario, its model and its fit file."""
        parts = [self.model_dump_json(exclude={"name", "about"}).encode(), self.spec.digest.encode()]
        if self.kinetics.model is None:
            with open(str(self.kinetics.draws), "rb") as file:
                parts.append(file.read())
        return sha256(b"\0".join(parts)).hexdigest()
