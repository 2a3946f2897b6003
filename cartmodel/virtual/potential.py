"""What would happen to each virtual patient at each dose: the same for every design."""

import numpy as np

from cartmodel.equations.population import individual_parameters
from cartmodel.equations.response import toxicity_logit
from cartmodel.virtual.hazard import onset_days
from cartmodel.virtual.scenario import Remission, VirtualScenario
from cartmodel.virtual.streams import Keyed, Streams
from cartmodel.virtual.truth import Array, Truth, population_of

MONTH = 30.4375
"""Days of a month."""

_AT_A_TIME = 6
_MOST = 400  # patients of one trial: a design or a product that needs more never ends


class Potential:
    """The patients of a block of trials, in the order in which each trial would enrol them.

    Arrays grow as patients are asked for. Everything is a function of the seed, the trial and the patient.

    Parameters
    ----------
    scenario : VirtualScenario
        The truth.
    streams : Streams
        The block's random numbers.

    Attributes
    ----------
    gap : ndarray (trials, patients)
        Days from the opening, or from the patient before, to the patient's enrolment.
    making : ndarray (trials, patients)
        Days from the enrolment to the product.
    leaves : ndarray (trials, patients)
        Day after the infusion on which the patient leaves the trial; infinite if never.
    infused : ndarray (trials, patients, doses)
        Cells infused at each assigned dose; NaN where the product is too small to be infused.
    onset : ndarray (trials, patients, doses)
        Day of the DLT after the infusion; infinite if there is none.
    """

    def __init__(self, scenario: VirtualScenario, streams: Streams) -> None:
        self.scenario, self.streams, self.spec = scenario, streams, scenario.spec
        drawn = scenario.kinetics.draws is not None
        pick = streams.uniform("population", 0) if drawn else None
        self.population = population_of(scenario, pick, seed=streams.seed)
        trials, doses = streams.trials, len(scenario.doses)
        self.gap = self.making = self.leaves = np.empty((trials, 0))
        self.infused = self.onset = np.empty((trials, 0, doses))

    @property
    def patients(self) -> int:
        """How many patients of each trial are known so far."""
        return self.gap.shape[1]

    def reach(self, patients: int) -> None:
        """Make sure that so many patients of each trial are known.

        Raises
        ------
        ValueError
            If a trial would enrol more than 400.
        """
        if patients > _MOST:
            raise ValueError(
                f"a virtual trial enrols more than {_MOST} patients; accepted: a design that stops, products that reach"
                " manufacture.minimum, fewer patients who leave"
            )
        while self.patients < patients:
            self._more(range(self.patients, self.patients + _AT_A_TIME))

    @property
    def response_day(self) -> float:
        """Day after the infusion on which remission is known."""
        return self.scenario.remission.day if self.scenario.remission is not None else Remission().day

    def effects(self, patients: range) -> dict[str, Array]:
        """Return the standard normal effects of some patients, by parameter of the curve."""
        shape = self.streams.trials, len(patients)
        return {
            name: Keyed(self.streams.uniforms(f"eta_{name}", patients)).standard_normal(shape)
            for name in self.spec.curve.varying
        }

    def inputs(self, patients: range) -> dict[str, Array]:
        """Return what the curve must know of some patients beside its parameters: days of comedication."""
        known: dict[str, Array] = {}
        for name in self.spec.curve.inputs:
            plan = self.scenario.comedication.get(name)
            given = self.streams.uniforms(f"given_{name}", patients)[..., None]
            when = self.streams.uniforms(f"day_{name}", patients)[..., None]
            if plan is None:
                known[name] = np.full(given.shape, np.inf)
            else:
                days = (plan.first + (plan.last - plan.first) * when).round(1)
                known[name] = np.where(given < plan.share, days, np.inf)
        return known

    def _more(self, patients: range) -> None:
        scenario, streams = self.scenario, self.streams
        made, accrual = scenario.manufacture, scenario.accrual
        mean = MONTH / accrual.per_month
        waits = -np.log(streams.uniforms("arrival", patients))
        gap = mean * (waits if accrual.law == "poisson" else np.ones_like(waits))
        days = np.exp(made.days_sigma * self._normal("making", patients)) * made.days
        rate = scenario.dropout_per_month / MONTH
        with np.errstate(divide="ignore"):
            leaves = -np.log(streams.uniforms("leaving", patients)) / rate if rate else np.full(gap.shape, np.inf)
        dose = np.array(scenario.doses)
        cells = np.full((*gap.shape, 1), np.inf)
        if made.cells is not None:
            cells = made.cells * np.exp(made.cells_sigma * self._normal("cells", patients))[..., None]
        infused = np.minimum(dose, cells)
        onset = self._onset(infused, patients)
        enough = infused >= made.minimum * dose
        self.gap, self.making = np.hstack([self.gap, gap]), np.hstack([self.making, days])
        self.leaves = np.hstack([self.leaves, leaves])
        self.infused = np.hstack([self.infused, np.where(enough, infused, np.nan)])
        self.onset = np.hstack([self.onset, np.where(enough, onset, np.inf)])

    def _normal(self, purpose: str, patients: range) -> Array:
        uniform = self.streams.uniforms(purpose, patients)
        return Keyed(uniform).standard_normal(uniform.shape)

    def _onset(self, infused: Array, patients: range) -> Array:
        spec, toxicity = self.spec, self.scenario.toxicity
        known = {"log_dose": self.log_dose(infused), **self.inputs(patients)}
        source = Truth(self.population, self.effects(patients) if toxicity.exposure is not None else {}, known)
        parameters = individual_parameters(spec, source) if toxicity.exposure is not None else {}
        logit = toxicity_logit(spec, source) if toxicity.model is not None else 0.0
        threshold = -np.log(self.streams.uniforms("tolerance", patients))[..., None]
        threshold = np.broadcast_to(threshold, infused.shape)
        return onset_days(toxicity, spec.curve, threshold, np.arange(infused.shape[-1]), logit, parameters)

    def log_dose(self, infused: Array) -> Array:
        """Return ln(infused / reference dose of the model)."""
        return np.log(infused / (self.spec.dose.reference if self.spec.dose is not None else 1.0))
