"""Derivatives of recorded expressions, as recorded expressions."""

from collections.abc import Callable, Iterator
from math import log, pi

from cartmodel.kernel.expression import Node, Range, apply, constant, in_order, total


def gradient(output: Node) -> tuple[dict[Node, Node], list[Node]]:
    """Return the derivatives of ``output`` in the coordinates that it depends on.

    Reverse mode, loop by loop: the derivative of a sum in what is constant in its loop is the sum of the body's
    derivative; in a coordinate that changes with the loop it is the body's, stored at each turn.

    Returns
    -------
    dict
        The derivative in each coordinate outside the loops.
    list of Node
        A store for each coordinate inside one.
    """
    stores: list[Node] = []
    return _pull_back(output, None, stores)[0], stores


def _pull_back(output: Node, over: Range | None, stores: list[Node]) -> tuple[dict[Node, Node], dict[Node, Node]]:
    """Return the derivatives in what ``output`` takes from outside its range, and in the coordinates inside."""
    loop = over.loop if over is not None else None
    adjoints = {output: constant(1.0)}
    for node in reversed(in_order([output], loop)):
        if node in adjoints and node.op != "coordinate":  # others only say how far a range goes
            for arg, partial in _contributions(node, adjoints.pop(node), stores):
                if arg.active:
                    adjoints[arg] = adjoints[arg] + partial if arg in adjoints else partial
    inside = {node: adjoint for node, adjoint in adjoints.items() if node.loop is loop}
    outside = {node: adjoint for node, adjoint in adjoints.items() if node.loop is not loop}
    return (inside, {}) if over is None else (outside, inside)


def _contributions(node: Node, adjoint: Node, stores: list[Node]) -> Iterator[tuple[Node, Node]]:
    if node.op == "sum":
        outside, inside = _pull_back(node.args[0], node.data, stores)
        for arg, partial in outside.items():
            yield arg, adjoint * total(partial, node.data)
        for coordinate, partial in inside.items():
            stores.append(Node("store", (adjoint * partial, coordinate), node.loop, node.data))
        return
    for arg, partial in zip(node.args, _PARTIALS[node.op](node, *node.args), strict=True):
        yield arg, adjoint * partial


def _sign(x: Node) -> Node:
    # -1 at 0, as ``maximum`` takes its second argument there: together they give softplus its slope of a half
    return 2.0 * apply("below", 0.0, x) - 1.0


def _hazard(node: Node, x: Node) -> Node:
    """Return the normal density over its distribution function, on the log scale: both underflow far to the left."""
    return apply("exp", -0.5 * x * x - 0.5 * log(2.0 * pi) - node)


_PARTIALS: dict[str, Callable[..., tuple[Node, ...]]] = {
    "add": lambda n, a, b: (constant(1.0), constant(1.0)),
    "sub": lambda n, a, b: (constant(1.0), constant(-1.0)),
    "mul": lambda n, a, b: (b, a),
    "div": lambda n, a, b: (1.0 / b, -n * (1.0 / b)),
    "neg": lambda n, a: (constant(-1.0),),
    "abs": lambda n, a: (_sign(a),),
    "below": lambda n, a, b: (constant(0.0), constant(0.0)),
    "exp": lambda n, a: (n,),
    "expm1": lambda n, a: (n + 1.0,),
    "expit": lambda n, a: (n * (1.0 - n),),
    "log": lambda n, a: (1.0 / a,),
    "log1p": lambda n, a: (1.0 / (1.0 + a),),
    "sqrt": lambda n, a: (0.5 / n,),
    "log_ndtr": lambda n, a: (_hazard(n, a),),
    "maximum": lambda n, a, b: (apply("below", b, a), 1.0 - apply("below", b, a)),
    "minimum": lambda n, a, b: (apply("below", a, b), 1.0 - apply("below", a, b)),
}
"""The partial derivatives of each operation in its arguments, given its own node."""
