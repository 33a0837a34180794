"""Gradients of expressions: what backward passes compute, derived from the forward formula alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from engine.training.expressions import Graph, Node, beneath
from engine.training.programs import Kind, Op

Rule = Callable[[Graph, Node, Node], tuple[Node | None, ...]]
"""From the graph, an operation's node and the gradient there to those of its operands; None: always 0."""


def gradients(graph: Graph, root: Node, gradient: Node, wanted: Sequence[Node], units: int) -> list[Node]:
    """The gradients with respect to some nodes, from the FULL gradient with respect to the root, over so many units.

    A root that is narrower counts as repeated for every unit.

    At kinks they are what PyTorch's autograd takes: the larger of two equal numbers gets half, |x| gets 0 at 0.
    """
    order = list(beneath([root]))
    moving = set(wanted)
    for node in order:
        if not moving.isdisjoint(node.operands):
            moving.add(node)
    found = {root: _narrowed(graph, gradient, Kind.FULL, root.kind, units)} if root in moving else {}
    for node in reversed(order):
        if node not in found or node.op is None:
            continue
        for operand, change in zip(node.operands, _RULES[node.op](graph, node, found[node]), strict=True):
            if operand in moving and change is not None:
                change = _narrowed(graph, change, node.kind, operand.kind, units)
                found[operand] = graph.make(Op.ADD, found[operand], change) if operand in found else change
    return [found.get(node, graph.constant(0.0)) for node in wanted]


def _narrowed(graph: Graph, change: Node, stands_for: Kind, wanted: Kind, units: int) -> Node:
    """The sum over the units, where a number that all of them share was used by each."""
    if wanted <= stands_for:
        return change
    if change.kind is Kind.FULL:
        return graph.make(Op.SUM_ROWS, change)
    return graph.make(Op.MUL, change, graph.constant(units))


def _by(slope: Callable[[Graph, Node], Node]) -> Rule:
    """Of a function of one number: the gradient times its slope."""
    return lambda graph, f, g: (graph.make(Op.MUL, g, slope(graph, f)),)


def _flat(graph: Graph, f: Node, g: Node) -> tuple[Node | None, ...]:
    return (None,) * len(f.operands)


def _product(graph: Graph, f: Node, g: Node) -> tuple[Node, ...]:
    a, b = f.operands
    return graph.make(Op.MUL, g, b), graph.make(Op.MUL, g, a)


def _quotient(graph: Graph, f: Node, g: Node) -> tuple[Node, ...]:
    share = graph.make(Op.DIV, g, f.operands[1])
    return share, graph.make(Op.NEGATE, graph.make(Op.MUL, share, f))


def _extreme(sign: Op) -> Rule:
    """Of the larger or smaller of two: all to the one that is taken, half to each if they are equal."""

    def rule(graph: Graph, f: Node, g: Node) -> tuple[Node, ...]:
        a, b = f.operands
        half = graph.make(Op.MUL, graph.make(Op.EQUAL, a, b), graph.constant(0.5))
        shares = (graph.make(Op.ADD, graph.make(sign, *pair), half) for pair in ((a, b), (b, a)))
        return tuple(graph.make(Op.MUL, g, share) for share in shares)

    return rule


def _choice(graph: Graph, f: Node, g: Node) -> tuple[Node | None, ...]:
    condition, zero = f.operands[0], graph.constant(0.0)
    return None, graph.make(Op.WHERE, condition, g, zero), graph.make(Op.WHERE, condition, zero, g)


def _power(graph: Graph, f: Node, g: Node) -> tuple[Node, ...]:
    a, b = f.operands
    below = graph.make(Op.POWER, a, graph.make(Op.SUB, b, graph.constant(1.0)))
    of_base = graph.make(Op.MUL, g, graph.make(Op.MUL, b, below))
    of_exponent = graph.make(Op.MUL, g, graph.make(Op.MUL, f, graph.make(Op.LOG, a)))
    return of_base, of_exponent


def _largest(graph: Graph, f: Node, g: Node) -> tuple[Node, ...]:
    """Shared evenly by all units that have the largest value."""
    chosen = graph.make(Op.EQUAL, f.operands[0], f)
    return (graph.make(Op.MUL, chosen, graph.make(Op.DIV, g, graph.make(Op.SUM_ROWS, chosen))),)


def _one_less_square(graph: Graph, f: Node) -> Node:
    return graph.make(Op.SUB, graph.constant(1.0), graph.make(Op.SQUARE, f))


def _bell(graph: Graph, f: Node) -> Node:
    """2/√π e^(−a²)"""
    inner = graph.make(Op.NEGATE, graph.make(Op.SQUARE, f.operands[0]))
    return graph.make(Op.MUL, graph.make(Op.EXP, inner), graph.constant(2 / math.sqrt(math.pi)))


_RULES: Mapping[Op, Rule] = MappingProxyType(
    {
        Op.ADD: lambda graph, f, g: (g, g),
        Op.SUB: lambda graph, f, g: (g, graph.make(Op.NEGATE, g)),
        Op.MUL: _product,
        Op.DIV: _quotient,
        Op.NEGATE: lambda graph, f, g: (graph.make(Op.NEGATE, g),),
        Op.ABS: _by(lambda graph, f: graph.make(Op.SIGN, f.operands[0])),
        Op.MAXIMUM: _extreme(Op.GREATER),
        Op.MINIMUM: _extreme(Op.LESS),
        **dict.fromkeys((Op.SIGN, Op.FLOOR, Op.GREATER, Op.GREATER_EQUAL, Op.LESS, Op.LESS_EQUAL, Op.EQUAL), _flat),
        Op.WHERE: _choice,
        Op.SQRT: _by(lambda graph, f: graph.make(Op.DIV, graph.constant(0.5), f)),
        Op.SQUARE: _by(lambda graph, f: graph.make(Op.MUL, f.operands[0], graph.constant(2.0))),
        Op.RECIPROCAL: _by(lambda graph, f: graph.make(Op.NEGATE, graph.make(Op.SQUARE, f))),
        Op.EXP: _by(lambda graph, f: f),
        Op.EXPM1: _by(lambda graph, f: graph.make(Op.EXP, f.operands[0])),
        Op.LOG: _by(lambda graph, f: graph.make(Op.RECIPROCAL, f.operands[0])),
        Op.LOG1P: _by(
            lambda graph, f: graph.make(Op.RECIPROCAL, graph.make(Op.ADD, f.operands[0], graph.constant(1.0)))
        ),
        Op.TANH: _by(_one_less_square),
        Op.SIN: _by(lambda graph, f: graph.make(Op.COS, f.operands[0])),
        Op.COS: _by(lambda graph, f: graph.make(Op.NEGATE, graph.make(Op.SIN, f.operands[0]))),
        Op.ERF: _by(_bell),
        Op.POWER: _power,
        Op.SUM_ROWS: lambda graph, f, g: (g,),
        Op.MAX_ROWS: _largest,
    }
)
"""Of every operation that formulas are written in; those that programs are assembled of come later."""
