"""Elementary functions in LLVM's assembly, for one number or for several side by side.

They are the textbook's ones and the same on every machine: the exponential by reduction to [-ln 2 / 2, ln 2 / 2] and its
series, the logarithm as in fdlibm's ``e_log.c``, the normal distribution function by Cody's rational approximations to
erfc (Math Comp 1969;23:631). The tests hold each to SciPy's within a few units of the last place.
"""

from collections.abc import Callable, Sequence
from math import factorial, inf, nan, pi, sqrt
from typing import Any

from llvmlite import ir

DOUBLE = ir.DoubleType()
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_SHIFT = 1.5 * 2.0**52  # added and taken off, it rounds to an integer, which stands in the last bits meanwhile
_SERIES = [1.0 / factorial(k) for k in range(2, 14)]
_LOG = [
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
]  # fmt: skip
_ERF = (
    [1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3],
    [1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3],
)
_MIDDLE = (
    [
        2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
        2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
        1.23033935479799725e3,
    ],
    [
        1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
        3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
    ],
)  # fmt: skip
_FAR = (
    [
        1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
        1.60837851487422766e-2, 6.58749161529837803e-4,
    ],
    [
        1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2,
        2.33520497626869185e-3,
    ],
)  # fmt: skip


class Arithmetic:
    """Instructions on numbers of one type, a double or a vector of doubles, with Python's numbers as constants.

    Parameters
    ----------
    build : llvmlite IRBuilder
        Where the instructions go.
    kind : llvmlite type
        The type.
    """

    def __init__(self, build: ir.IRBuilder, kind: Any) -> None:
        self.build, self.kind = build, kind
        self._lanes = kind.count if isinstance(kind, ir.VectorType) else 0
        self._bits = ir.VectorType(ir.IntType(64), self._lanes) if self._lanes else ir.IntType(64)

    def number(self, value: Any) -> Any:
        """Return a Python number as a constant; anything else as it is."""
        if not isinstance(value, float | int):
            return value
        return ir.Constant(self.kind, [float(value)] * self._lanes if self._lanes else float(value))

    def whole(self, value: int) -> Any:
        """Return an integer constant with the width of a double."""
        return ir.Constant(self._bits, [value] * self._lanes if self._lanes else value)

    def add(self, a: Any, b: Any) -> Any:
        """Return a + b."""
        return self.build.fadd(self.number(a), self.number(b))

    def sub(self, a: Any, b: Any) -> Any:
        """Return a - b."""
        return self.build.fsub(self.number(a), self.number(b))

    def mul(self, a: Any, b: Any) -> Any:
        """Return a * b."""
        return self.build.fmul(self.number(a), self.number(b))

    def div(self, a: Any, b: Any) -> Any:
        """Return a / b."""
        return self.build.fdiv(self.number(a), self.number(b))

    def either(self, comparison: str, a: Any, b: Any, then: Any, otherwise: Any) -> Any:
        """Return ``then`` where the comparison holds, else ``otherwise``."""
        holds = self.build.fcmp_ordered(comparison, self.number(a), self.number(b))
        return self.build.select(holds, self.number(then), self.number(otherwise))

    def polynomial(self, x: Any, coefficients: Sequence[float]) -> Any:
        """Return a polynomial by Horner's rule, highest power first."""
        value = self.number(coefficients[0])
        for coefficient in coefficients[1:]:
            value = self.add(self.mul(value, x), coefficient)
        return value

    def intrinsic(self, name: str, x: Any) -> Any:
        """Return LLVM's own function of x."""
        full = f"{name}.v{self._lanes}f64" if self._lanes else f"{name}.f64"
        known = self.build.module.globals
        kind = ir.FunctionType(self.kind, (self.kind,))
        return self.build.call(known[full] if full in known else ir.Function(self.build.module, kind, full), [x])

    def as_bits(self, x: Any) -> Any:
        """Return the bits of a double."""
        return self.build.bitcast(x, self._bits)

    def as_double(self, bits: Any) -> Any:
        """Return the double with these bits."""
        return self.build.bitcast(bits, self.kind)


def _reduced(a: Arithmetic, x: Any) -> tuple[Any, Any]:
    """Return 2^k and exp(r) - 1, where x = k ln 2 + r."""
    shifted = a.add(a.mul(x, _LOG2E), _SHIFT)
    k = a.sub(shifted, _SHIFT)
    r = a.sub(a.sub(x, a.mul(k, _LN2_HIGH)), a.mul(k, _LN2_LOW))
    power = a.as_double(a.build.add(a.build.shl(a.as_bits(shifted), a.whole(52)), a.whole(1023 << 52)))
    return power, a.add(r, a.mul(a.mul(r, r), a.polynomial(r, _SERIES[::-1])))


def exp(a: Arithmetic, x: Any) -> Any:
    """Return exp(x): 0 below -708, infinite above 709.7."""
    power, rest = _reduced(a, x)
    value = a.add(power, a.mul(power, rest))
    return a.either("<", x, -708.0, 0.0, a.either(">", x, 709.7, inf, value))


def expm1(a: Arithmetic, x: Any) -> Any:
    """Return exp(x) - 1."""
    power, rest = _reduced(a, x)
    value = a.add(a.mul(power, rest), a.sub(power, 1.0))
    return a.either("<", x, -708.0, -1.0, a.either(">", x, 709.7, inf, value))


def _log_of_normal(a: Arithmetic, x: Any) -> Any:
    build = a.build
    bits = a.as_bits(x)
    k = build.ashr(build.sub(bits, a.whole(0x3FE6A09E00000000)), a.whole(52))
    f = a.sub(a.as_double(build.sub(bits, build.shl(k, a.whole(52)))), 1.0)
    count = a.sub(a.as_double(build.add(k, a.whole(0x4338000000000000))), _SHIFT)
    s = a.div(f, a.add(f, 2.0))
    z = a.mul(s, s)
    half = a.mul(0.5, a.mul(f, f))
    series = a.mul(z, a.polynomial(z, _LOG[::-1]))
    low = a.add(a.mul(s, a.add(half, series)), a.mul(count, _LN2_LOW))
    return a.sub(a.mul(count, _LN2_HIGH), a.sub(a.sub(half, low), f))


def log_(a: Arithmetic, x: Any) -> Any:
    """Return ln x: minus infinity at 0, not a number below."""
    value = _log_of_normal(a, a.either("<", x, 2.2250738585072014e-308, 2.2250738585072014e-308, x))
    value = a.either(">", x, 1.7976931348623157e308, inf, value)
    return a.either(">", x, 0.0, value, a.either("==", x, 0.0, -inf, nan))


def log1p(a: Arithmetic, x: Any) -> Any:
    """Return ln(1 + x): the logarithm of the rounded sum, and what rounding took."""
    u = a.add(x, 1.0)
    value = a.add(log_(a, u), a.div(a.sub(x, a.sub(u, 1.0)), u))
    return a.either(">", u, 0.0, a.either(">", u, 1e300, log_(a, u), value), a.either("==", u, 0.0, -inf, nan))


def expit(a: Arithmetic, x: Any) -> Any:
    """Return 1 / (1 + exp(-x))."""
    return a.div(1.0, a.add(1.0, exp(a, a.sub(0.0, x))))


def _scaled_erfc(a: Arithmetic, y: Any) -> Any:
    """Return exp(y^2) erfc(y) for y > 0.46."""
    top, bottom = _MIDDLE
    middle = a.div(a.polynomial(y, top), a.polynomial(y, bottom))
    inverse = a.div(1.0, y)
    square = a.mul(inverse, inverse)
    top, bottom = _FAR
    rest = a.div(a.mul(square, a.polynomial(square, top)), a.polynomial(square, bottom))
    far = a.mul(inverse, a.sub(1.0 / sqrt(pi), rest))
    return a.either(">", y, 4.0, far, middle)


def log_ndtr(a: Arithmetic, x: Any) -> Any:
    """Return ln of the standard normal distribution function."""
    y = a.mul(x, sqrt(0.5))
    size = a.intrinsic("llvm.fabs", y)
    square = a.mul(y, y)
    top, bottom = _ERF
    near = a.either("<", size, 0.5, square, 0.0)
    erf = a.mul(y, a.div(a.polynomial(near, top), a.polynomial(near, bottom)))
    scaled = _scaled_erfc(a, a.either("<", size, 0.46875, 1.0, size))
    left = a.sub(log_(a, a.mul(0.5, scaled)), square)
    right = log1p(a, a.mul(-0.5, a.mul(scaled, exp(a, a.sub(0.0, square)))))
    middle = log_(a, a.add(0.5, a.mul(0.5, erf)))
    return a.either("<", size, 0.46875, middle, a.either("<", x, 0.0, left, right))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": Arithmetic.add,
    "sub": Arithmetic.sub,
    "mul": Arithmetic.mul,
    "div": Arithmetic.div,
    "neg": lambda a, x: a.build.fneg(x),
    "abs": lambda a, x: a.intrinsic("llvm.fabs", x),
    "sqrt": lambda a, x: a.intrinsic("llvm.sqrt", x),
    "below": lambda a, x, y: a.either("<", x, y, 1.0, 0.0),
    "maximum": lambda a, x, y: a.either(">", x, y, x, y),
    "minimum": lambda a, x, y: a.either("<", x, y, x, y),
    "exp": exp,
    "expm1": expm1,
    "log": log_,
    "log1p": log1p,
    "expit": expit,
    "log_ndtr": log_ndtr,
}
"""The instructions for every operation of a recorded expression."""
