"""Which designs run virtual trials: by counts, by date or by all records, by name, and told apart by what they do."""

import re
import tomllib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from inspect import signature
from typing import Any, Literal, get_type_hints

from cartmodel.errors import UnknownNameError
from cartmodel.escalation import crm, designs
from cartmodel.escalation.benefit import BenefitState, benefit_designs
from cartmodel.escalation.boin12 import Boin12
from cartmodel.escalation.dated import DatedPatient, DatedState
from cartmodel.escalation.efftox import EffTox
from cartmodel.escalation.state import Decision, State
from cartmodel.escalation.tepi import Tepi
from cartmodel.escalation.tite_boin import TiteBoin
from cartmodel.escalation.tite_crm import TiteCrm
from cartmodel.escalation.uboin import UBoin
from cartmodel.registry import nearest
from cartmodel.virtual.by_counts import conduct_by_counts
from cartmodel.virtual.by_date import TrialSoFar, conduct_by_date
from cartmodel.virtual.conduct import Conduct
from cartmodel.virtual.exposure_blrm import ExposureBlrm
from cartmodel.virtual.potential import Potential

type Kind = Literal["counts", "benefit", "dated", "records"]

_PROBED = 150  # states at which a design is asked for its fingerprint


def kind_of(design: Any) -> Kind:
    """Return what a design decides from, by the annotation of its ``decide``: counts unless it says otherwise.

    Examples
    --------
    >>> from cartmodel.escalation.tite_boin import TiteBoin
    >>> kind_of(TiteBoin())
    'dated'
    """
    first = next(iter(signature(design.decide).parameters), "")
    hint = get_type_hints(design.decide).get(first)
    kinds: dict[Any, Kind] = {DatedState: "dated", TrialSoFar: "records", BenefitState: "benefit"}
    return kinds.get(hint, "counts")


def conduct(design: Any, potential: Potential) -> Conduct:
    """Return what a design of any kind did with the patients of a block."""
    kind = kind_of(design)
    if kind in ("counts", "benefit"):
        return conduct_by_counts(design, potential, benefit=kind == "benefit")
    return conduct_by_date(design, potential, records=kind == "records")


def _tite_crm(skeleton: tuple[float, ...], target: float = 0.30, **settings: Any) -> TiteCrm:
    return TiteCrm(crm.CrmModel(tuple(skeleton), target), **settings)


def known_designs() -> Mapping[str, Callable[..., Any]]:
    """Return every design that has a name: of counts, of toxicity and efficacy, of dates, of all records.

    Examples
    --------
    >>> {"boin", "nct06871644", "tite-boin"} <= set(known_designs())
    True
    """
    dated = {"tite-boin": TiteBoin, "tite-crm": _tite_crm}
    benefit = {"boin12": Boin12, "efftox": EffTox, "tepi": Tepi, "u-boin": UBoin}
    return {"exposure-blrm": ExposureBlrm} | dated | benefit | dict(designs) | dict(benefit_designs)


def design_of(text: str, doses: tuple[float, ...]) -> Any:
    """Return the design of a name with its settings: ``"boin"``, ``"boin: target = 0.25; cohort = 1"``.

    Parameters
    ----------
    text : str
        A name, and after a colon settings as in a TOML file, separated by semicolons.
    doses : tuple of float
        Of the scenario; given to a design that has doses and is not told otherwise.

    Raises
    ------
    UnknownNameError
        If no design has this name.
    ValueError
        If the settings cannot be read, or are not the design's.

    Examples
    --------
    >>> design_of("crm: skeleton = [0.17, 0.30, 0.44]; max_patients = 12", (1.0, 2.0, 3.0)).max_patients
    12
    """
    name, _, settings = (part.strip() for part in text.partition(":"))
    known = known_designs()
    if name not in known:
        raise UnknownNameError(f"unknown design '{name}': {nearest(name, known)}")
    accepts = f"accepted: {name}{signature(known[name])}"
    try:
        given = tomllib.loads("\n".join(settings.split(";")))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"design '{text}': {error}; {accepts}") from error
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    if "doses" in signature(known[name]).parameters:
        given = {"doses": doses} | given
    try:
        return known[name](**given)
    except (TypeError, ValueError) as error:
        raise ValueError(f"design '{text}': {error}; {accepts}") from error


def made_of(recipe: Any, doses: tuple[float, ...]) -> Any:
    """Return the design of a recipe: itself, by its name and settings, or what a function returns.

    Raises
    ------
    ValueError
        If it is none of the three.
    """
    if isinstance(recipe, str):
        return design_of(recipe, doses)
    if hasattr(recipe, "decide") and not isinstance(recipe, type):
        return recipe
    if callable(recipe):
        return recipe()
    raise ValueError(f"design {recipe!r}; accepted: a design, its name, or a function that returns it")


def without_exposure(recipe: Any, doses: tuple[float, ...]) -> Any | None:
    """Return the recipe of the same design without exposure; None for a design that has no exposure to leave out.

    Examples
    --------
    >>> without_exposure("exposure-blrm: cohort = 1", (1e8,))
    'exposure-blrm: cohort = 1; exposure = false'
    >>> without_exposure("boin", (1e8,)) is None
    True
    """
    design = made_of(recipe, doses)
    if not (isinstance(design, ExposureBlrm) and design.exposure):
        return None
    if isinstance(recipe, str):
        return f"{recipe}{'; ' if ':' in recipe else ': '}exposure = false"
    return replace(design, exposure=False)


def fingerprint(design: Any, doses: int, start: int) -> str:
    """Return SHA-256 of what a design decides at the first states of a trial; of all records, of its class alone.

    It tells apart two designs of one name, so that blocks of one are not taken for those of the other.

    Examples
    --------
    >>> from cartmodel.escalation import boin
    >>> fingerprint(boin.boin(0.25), 3, 1) == fingerprint(boin.boin(0.30), 3, 1)
    False
    """
    kind = kind_of(design)
    if kind == "records":
        return sha256(re.sub(r" at 0x[0-9a-f]+", "", f"{type(design).__qualname__} {design!r}").encode()).hexdigest()
    if kind == "benefit":
        return _benefit_fingerprint(design, doses, start)
    told: list[Any] = []
    waiting, seen = deque([State.empty(doses, start)]), 0
    while waiting and seen < _PROBED:
        state, seen = waiting.popleft(), seen + 1
        decision: Decision = design.decide(state if kind == "counts" else _dated(state, 28.0))
        told.append((state, decision.action, decision.dose, decision.cohort))
        if kind == "dated" and state.patients:
            told.append(design.decide(_dated(state, 14.0)).action)
        if decision.enrols and decision.dose is not None:
            waiting += [state.add(decision.dose, decision.cohort, k) for k in range(decision.cohort + 1)]
    return sha256(repr(told).encode()).hexdigest()


def _benefit_fingerprint(design: Any, doses: int, start: int) -> str:
    told: list[Any] = []
    waiting, seen = deque([BenefitState(((0, 0, 0, 0),) * doses, start)]), 0
    while waiting and seen < _PROBED:
        state, seen = waiting.popleft(), seen + 1
        decision: Decision = design.decide(state)
        told.append((state, decision.action, decision.dose, decision.cohort))
        if decision.enrols and decision.dose is not None:
            size = decision.cohort
            groups = [(size, 0, 0, 0), (0, size, 0, 0), (0, 0, size, 0), (0, 0, 0, size), (size - 1, 1, 0, 0)]
            waiting += [state.add(decision.dose, *group) for group in groups]
    return sha256(repr(told).encode()).hexdigest()


def _dated(state: State, days: float) -> DatedState:
    patients = [
        DatedPatient(level, 7.0 if k < dlt else days, k < dlt)
        for level, (n, dlt) in enumerate(zip(state.n, state.dlt, strict=True), start=1)
        for k in range(n)
    ]
    return DatedState(tuple(patients), state.doses, current=state.current)
