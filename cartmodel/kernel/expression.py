"""Scalar expressions, recorded while the equations are walked through, and the loops in which they change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import reduce
from operator import mul
from typing import Any


class Loop:
    """Something that is gone through one by one: the subjects, the samples of a subject."""

    def __init__(self, outer: Loop | None) -> None:
        self.outer = outer
        self.depth: int = 1 + (outer.depth if outer is not None else 0)


class Range:
    """A part of a loop: from ``start`` to before ``stop``, which the loop around it knows."""

    def __init__(self, loop: Loop, start: Any, stop: Any) -> None:
        self.loop, self.start, self.stop = loop, constant(start), constant(stop)


class Node:
    """A scalar that is known once the program runs.

    Parameters
    ----------
    op : str
        ``const``, ``table`` (one number for each turn of a loop), ``column`` (of the data), ``bound`` (a column of how
        far a range goes), ``coordinate`` (of the sampler), ``sum`` and ``store`` (over a range), or an operation.
    args : tuple of Node
        What it is computed from; of a sum or store, what is added up or stored.
    loop : Loop or None
        The innermost loop in which it changes.
    data : Any
        Of a constant and a table the numbers, of a column and a coordinate its place, of a sum and store the range.
    """

    __slots__ = ("active", "args", "data", "loop", "needs", "op")

    def __init__(self, op: str, args: tuple[Node, ...] = (), loop: Loop | None = None, data: Any = None) -> None:
        self.op, self.args, self.loop, self.data = op, args, loop, data
        self.active: bool = op == "coordinate" or any(arg.active for arg in args)
        """Whether it depends on a coordinate, so that it has a gradient."""
        self.needs: tuple[Node, ...] = _from_outside(args, data) if op in ("sum", "store") else args
        """What must be known before it: of a sum and store, all that its loop takes from outside."""

    def __add__(self, other: Any) -> Node:
        return apply("add", self, other)

    def __radd__(self, other: Any) -> Node:
        return apply("add", other, self)

    def __sub__(self, other: Any) -> Node:
        return apply("sub", self, other)

    def __rsub__(self, other: Any) -> Node:
        return apply("sub", other, self)

    def __mul__(self, other: Any) -> Node:
        return apply("mul", self, other)

    def __rmul__(self, other: Any) -> Node:
        return apply("mul", other, self)

    def __truediv__(self, other: Any) -> Node:
        return apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return apply("div", other, self)

    def __neg__(self) -> Node:
        return apply("neg", self)

    def __pow__(self, power: Any) -> Node:
        if not isinstance(power, Node) and float(power).is_integer() and 0 < power <= 16:
            return reduce(mul, [self] * int(power))  # also of what is below 0
        return apply("exp", apply("log", self) * power)

    def __lt__(self, other: Any) -> Node:
        return apply("below", self, other)

    def __gt__(self, other: Any) -> Node:
        return apply("below", other, self)

    def __le__(self, other: Any) -> Node:
        return 1.0 - apply("below", other, self)

    def __ge__(self, other: Any) -> Node:
        return 1.0 - apply("below", self, other)

    def __bool__(self) -> bool:
        raise TypeError(
            "the value of a recorded expression is not known yet: write 1.0 * (a < b), minimum or maximum for 'if'"
        )

    __hash__ = object.__hash__


def constant(value: Any) -> Node:
    """Return a number as a node."""
    return value if isinstance(value, Node) else Node("const", data=float(value))


def apply(op: str, *operands: Any) -> Node:
    """Return an operation on nodes and numbers; with numbers alone, and at 0 and 1, it is simplified."""
    args = tuple(constant(operand) for operand in operands)
    if op == "div" and depth(args[1].loop) < depth(args[0].loop):  # the reciprocal need not be taken at every turn
        op, args = "mul", (args[0], apply("div", 1.0, args[1]))
    simpler = _simplified(op, args)
    return simpler if simpler is not None else Node(op, args, innermost(arg.loop for arg in args))


def in_order(outputs: Iterable[Node], loop: Loop | None) -> list[Node]:
    """Return the nodes of one loop's body that the outputs need, each after those that it needs itself."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = [(node, False) for node in outputs]
    while stack:
        node, complete = stack.pop()
        if complete:
            order.append(node)
        elif node.loop is loop and node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((needed, False) for needed in node.needs)
    return order


def _from_outside(outputs: Iterable[Node], over: Range) -> tuple[Node, ...]:
    body = in_order(outputs, over.loop)
    used = {needed: None for node in body for needed in node.needs if needed.loop is not over.loop}
    return (*used, *(node for node in outputs if node.loop is not over.loop), over.start, over.stop)


def innermost(loops: Iterable[Loop | None]) -> Loop | None:
    """Return the deepest of nested loops."""
    return max(loops, key=depth, default=None)


def depth(loop: Loop | None) -> int:
    """Return how many loops there are around something that changes in ``loop``."""
    return loop.depth if loop is not None else 0


def total(body: Any, over: Range) -> Node:
    """Return the sum of ``body`` over a range."""
    return Node("sum", (constant(body),), over.loop.outer, over)


def _is(node: Node, value: float) -> bool:
    return node.op == "const" and node.data == value


_NUMBERS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "abs": abs,
    "exp": math.exp,
    "expm1": math.expm1,
    "log": math.log,
    "log1p": math.log1p,
    "sqrt": math.sqrt,
    "maximum": max,
    "minimum": min,
    "below": lambda a, b: float(a < b),
}


def _simplified(op: str, args: tuple[Node, ...]) -> Node | None:
    """Return what an operation comes down to, or None: so is the density of a quantified sample split from a BLQ one's.

    That 0 times anything is 0 holds here because every recorded quantity is finite.
    """
    if op in _NUMBERS and all(arg.op == "const" for arg in args):
        return constant(_NUMBERS[op](*(arg.data for arg in args)))
    match op, args:
        case ("add", (a, b)) if _is(a, 0.0):
            return b
        case ("add" | "sub", (a, b)) if _is(b, 0.0):
            return a
        case ("mul", (a, b)) if _is(a, 0.0) or _is(b, 0.0):
            return constant(0.0)
        case ("mul", (a, b)) if _is(a, 1.0):
            return b
        case ("mul" | "div", (a, b)) if _is(b, 1.0):
            return a
        case ("div", (a, b)) if _is(a, 0.0):
            return a
        case _:
            return None
