"""Elementary functions in LLVM's assembly, for one number or for several side by side.

They are the textbook's: the exponential by reduction to [-ln 2 / 2, ln 2 / 2] and its series, the logarithm as in
fdlibm's ``e_log.c``, the normal distribution function by Cody's rational approximations to erfc (Math Comp
1969;23:631). The tests hold each to SciPy's within a few units of the last place.
"""

from collections.abc import Callable, Sequence
from math import factorial, inf, nan, pi, sqrt
from typing import Any

from llvmlite import ir

DOUBLE = ir.DoubleType()
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_FUSED = ("contract",)  # a product and a sum may be rounded once
_SHIFT = 1.5 * 2.0**52  # added and taken off, it rounds to an integer, which stands in the last bits meanwhile
_SERIES = [1.0 / factorial(k) for k in range(2, 14)]
_LOG = [
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
]  # fmt: skip
_ERF = (
    [
        3209.3775891384694,
        377.485237685302,
        113.86415415105016,
        3.1611237438705655,
        0.18577770618460315,
    ],
    [
        2844.236833439171,
        1282.6165260773723,
        244.02463793444417,
        23.601290952344122,
        1.0,
    ],
)
_MIDDLE = (
    [
        1230.3393547979972, 2051.0783778260716, 1712.0476126340707, 881.952221241769, 298.6351381974001,
        66.11919063714163, 8.883149794388377, 0.5641884969886701, 2.1531153547440383e-08,
    ],
    [
        1230.3393548037495, 3439.3676741437216, 4362.619090143247, 3290.7992357334597, 1621.3895745666903,
        537.1811018620099, 117.6939508913125, 15.744926110709835, 1.0,
    ],
)  # fmt: skip
_FAR = (
    [
        0.0006587491615298378, 0.016083785148742275, 0.12578172611122926, 0.36034489994980445, 0.30532663496123236,
        0.016315387137302097,
    ],
    [
        0.0023352049762686918, 0.06051834131244132, 0.5279051029514285, 1.8729528499234673, 2.568520192289822, 1.0,
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
        return self._fused("fadd", a, b)

    def sub(self, a: Any, b: Any) -> Any:
        """Return a - b."""
        return self._fused("fsub", a, b)

    def mul(self, a: Any, b: Any) -> Any:
        """Return a * b."""
        return self._fused("fmul", a, b)

    def div(self, a: Any, b: Any) -> Any:
        """Return a / b."""
        return self.build.fdiv(self.number(a), self.number(b))

    def _fused(self, name: str, a: Any, b: Any) -> Any:
        instruction: Any = getattr(self.build, name)
        return instruction(self.number(a), self.number(b), flags=_FUSED)

    def either(self, comparison: str, a: Any, b: Any, then: Any, otherwise: Any) -> Any:
        """Return ``then`` where the comparison holds, else ``otherwise``."""
        holds = self.build.fcmp_ordered(comparison, self.number(a), self.number(b))
        return self.build.select(holds, self.number(then), self.number(otherwise))

    def polynomial(self, x: Any, coefficients: Sequence[float]) -> Any:
        """Return a polynomial, lowest power first, by Estrin's scheme: neighbours in pairs, and pairs of pairs."""
        terms: list[Any] = list(coefficients)
        while len(terms) > 1:
            pairs = [self.add(self.mul(high, x), low) for low, high in zip(terms[::2], terms[1::2], strict=False)]
            terms = pairs + terms[2 * len(pairs) :]
            x = self.mul(x, x) if len(terms) > 1 else x
        return terms[0]

    def intrinsic(self, name: str, *arguments: Any) -> Any:
        """Return LLVM's own function of the arguments."""
        full = f"{name}.v{self._lanes}f64" if self._lanes else f"{name}.f64"
        known = self.build.module.globals
        kind = ir.FunctionType(self.kind, [self.kind] * len(arguments))
        called = known[full] if full in known else ir.Function(self.build.module, kind, full)
        return self.build.call(called, [self.number(argument) for argument in arguments])

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
    return power, a.add(r, a.mul(a.mul(r, r), a.polynomial(r, _SERIES)))


def exp(a: Arithmetic, x: Any) -> Any:
    """Return exp(x): 0 below -708, infinite above 709.4."""
    power, rest = _reduced(a, x)
    value = a.add(power, a.mul(power, rest))
    return a.either("<", x, -708.0, 0.0, a.either(">", x, 709.4, inf, value))


def expm1(a: Arithmetic, x: Any) -> Any:
    """Return exp(x) - 1."""
    power, rest = _reduced(a, x)
    value = a.add(a.mul(power, rest), a.sub(power, 1.0))
    return a.either("<", x, -708.0, -1.0, a.either(">", x, 709.4, inf, value))


def _log_of_normal(a: Arithmetic, x: Any) -> Any:
    build = a.build
    bits = a.as_bits(x)
    k = build.ashr(build.sub(bits, a.whole(0x3FE6A09E00000000)), a.whole(52))
    f = a.sub(a.as_double(build.sub(bits, build.shl(k, a.whole(52)))), 1.0)
    count = a.sub(a.as_double(build.add(k, a.whole(0x4338000000000000))), _SHIFT)
    s = a.div(f, a.add(f, 2.0))
    z = a.mul(s, s)
    half = a.mul(0.5, a.mul(f, f))
    series = a.mul(z, a.polynomial(z, _LOG))
    low = a.add(a.mul(s, a.add(half, series)), a.mul(count, _LN2_LOW))
    return a.sub(a.mul(count, _LN2_HIGH), a.sub(a.sub(half, low), f))


def log_(a: Arithmetic, x: Any) -> Any:
    """Return ln x: minus infinity at 0, not a number below."""
    value = _log_of_normal(a, a.either("<", x, 2.2250738585072014e-308, 2.2250738585072014e-308, x))
    value = a.either(">", x, 1.7976931348623157e308, inf, value)
    return a.either(">", x, 0.0, value, a.either("==", x, 0.0, -inf, nan))


def log1p(a: Arithmetic, x: Any) -> Any:
    """Return ln(1 + x): the logarithm of the rounded sum, and what rounding took; as `log_` at -1 and below."""
    u = a.add(x, 1.0)
    value = a.add(_log_of_normal(a, u), a.mul(a.sub(x, a.sub(u, 1.0)), a.div(1.0, u)))
    return a.either(">", u, 0.0, value, a.either("==", u, 0.0, -inf, nan))


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
    """Return ln of the standard normal distribution function.

    To the left it is taken from exp(y^2) erfc(y), which does not underflow, to the right from its distance to 1.
    """
    y = a.mul(x, sqrt(0.5))
    size, square = a.intrinsic("llvm.fabs", y), a.mul(y, y)
    near = a.either("<", size, 0.46875, square, 0.0)
    top, bottom = _ERF
    middle = a.add(0.5, a.mul(a.mul(0.5, y), a.div(a.polynomial(near, top), a.polynomial(near, bottom))))
    half = a.mul(0.5, _scaled_erfc(a, a.either("<", size, 0.46875, 1.0, size)))
    missing = a.mul(half, exp(a, a.sub(0.0, square)))
    right = a.sub(1.0, missing)
    rounded = a.div(a.sub(a.sub(1.0, right), missing), right)
    value = log_(a, a.either("<", size, 0.46875, middle, a.either("<", x, 0.0, half, right)))
    far = a.either("<", x, 0.0, a.sub(value, square), a.add(value, rounded))
    return a.either("<", size, 0.46875, value, far)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": Arithmetic.add,
    "sub": Arithmetic.sub,
    "mul": Arithmetic.mul,
    "div": Arithmetic.div,
    "neg": lambda a, x: a.build.fneg(x),
    "abs": lambda a, x: a.intrinsic("llvm.fabs", x),
    "sqrt": lambda a, x: a.intrinsic("llvm.sqrt", x),
    "below": lambda a, x, y: a.either("<", x, y, 1.0, 0.0),
    "maximum": lambda a, x, y: a.intrinsic("llvm.maximum", x, y),
    "minimum": lambda a, x, y: a.intrinsic("llvm.minimum", x, y),
    "exp": exp,
    "expm1": expm1,
    "log": log_,
    "log1p": log1p,
    "expit": expit,
    "log_ndtr": log_ndtr,
}
"""The instructions for every operation of a recorded expression."""
