"""What a structural curve is, and how one is registered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter as Argument
from inspect import signature
from typing import Any, Literal

from cartmodel.kinetics.numerical import numerical_integral, numerical_peak
from cartmodel.registry import Registry

type Support = Literal["positive", "fraction", "real"]


@dataclass(frozen=True)
class StructuralParameter:
    """One parameter of a structural curve.

    Parameters
    ----------
    support : {"positive", "fraction", "real"}
        Where it lives; its random effect acts on the log, logit or identity scale.
    unit : str
        Its unit in words of the model: ``level``, ``time``, ``1/time`` or ``1``.
    varies : bool
        Whether it has a random effect; without one all patients share it.
    """

    support: Support
    unit: str
    varies: bool = True

    def link(self, xp: Any, value: Any) -> Any:
        """Return ``value`` on the scale on which effects are added."""
        match self.support:
            case "positive":
                return xp.log(value)
            case "fraction":
                return xp.logit(value)
            case "real":
                return value

    def inverse(self, xp: Any, value: Any) -> Any:
        """Return the natural value of ``value``, given on the scale on which effects are added."""
        match self.support:
            case "positive":
                return xp.exp(value)
            case "fraction":
                return xp.expit(value)
            case "real":
                return value


def positive(unit: str, *, varies: bool = True) -> StructuralParameter:
    """Return a parameter above zero, with log-normal random effects unless it does not vary."""
    return StructuralParameter("positive", unit, varies)


def fraction() -> StructuralParameter:
    """Return a parameter between 0 and 1, with logit-normal random effects."""
    return StructuralParameter("fraction", "1")


def real(unit: str) -> StructuralParameter:
    """Return an unbounded parameter, with normal random effects."""
    return StructuralParameter("real", unit)


@dataclass(frozen=True)
class Structure:
    """A structural curve: the level of the cells in blood over time.

    Parameters
    ----------
    name : str
        The name that model files use.
    parameters : mapping of str to StructuralParameter
        In the order of the curve's signature.
    log_level : callable ``(xp, t, **parameters)``
        ln of the level at ``t`` days after the infusion.
    integral : callable ``(xp, start, end, **parameters)``
        Area under the curve between two times, by quadrature where the structure brings no closed form.
    peak : callable ``(xp, **parameters)``
        Time and ln level of the highest point of the curve from time 0 on.
    inputs : tuple of str
        What the curve must know of a patient beside its parameters: columns of the trial, such as ``tocilizumab_day``.
    own_integral : bool
        Whether the structure brings its area; if not, it is computed by quadrature.
    """

    name: str
    parameters: Mapping[str, StructuralParameter]
    log_level: Callable[..., Any]
    integral: Callable[..., Any]
    peak: Callable[..., tuple[Any, Any]]
    inputs: tuple[str, ...] = ()
    own_integral: bool = True

    @property
    def varying(self) -> tuple[str, ...]:
        """The parameters with a random effect."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.varies)

    @property
    def summary(self) -> str:
        """The first line of the curve's docstring."""
        return (self.log_level.__doc__ or "").strip().split("\n")[0]


structures = Registry[Structure]("structure")


def structure(
    name: str,
    *,
    integral: Callable[..., Any] | None = None,
    peak: Callable[..., tuple[Any, Any]] | None = None,
    inputs: tuple[str, ...] = (),
    **parameters: StructuralParameter,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that registers a curve under a name.

    Parameters
    ----------
    name : str
        The name that model files use.
    integral, peak : callable, optional
        See `Structure`. Closed forms are exact and fast; without them the area is computed by quadrature and the peak
        by search (`cartmodel.kinetics.numerical`), at several times the cost.
    inputs : tuple of str
        See `Structure`.
    **parameters : StructuralParameter
        One for each keyword of the curve, in any order.

    Raises
    ------
    ValueError
        If the name is taken, or the curve's keywords (those without a default) are not the declared parameters.

    Examples
    --------
    >>> import cartmodel as cm
    >>> cm.structures["stein"].summary
    "Stein's exact piecewise curve: exponential growth to a sharp peak, then a biexponential decline."
    """

    def register(curve: Callable[..., Any]) -> Callable[..., Any]:
        arguments = signature(curve).parameters.values()
        keywords = [a.name for a in arguments if a.kind is Argument.KEYWORD_ONLY and a.default is Argument.empty]
        declared = {*parameters, *inputs}
        if set(keywords) != declared:
            raise ValueError(
                f"structure '{name}': the curve takes {sorted(keywords)}, but {sorted(declared)} are declared"
            )
        ordered = {key: parameters[key] for key in keywords if key in parameters}
        area, top = integral or numerical_integral(curve), peak or numerical_peak(curve)
        structures.add(name, Structure(name, ordered, curve, area, top, inputs, integral is not None))
        return curve

    return register
