"""Expressions: what a formula computes, each part once, simplified while it is written down."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.training.programs import Kind, Op, compute

_COMMUTATIVE = frozenset({Op.ADD, Op.MUL, Op.MAXIMUM, Op.MINIMUM, Op.EQUAL})
_LOGICAL = frozenset({Op.GREATER, Op.GREATER_EQUAL, Op.LESS, Op.LESS_EQUAL, Op.EQUAL})
_ODD = frozenset({Op.TANH, Op.SIN, Op.SIGN, Op.ERF})
"""f(−x) = −f(x)"""
_EVEN = frozenset({Op.COS, Op.ABS, Op.SQUARE})
"""f(−x) = f(x)"""
_LARGEST_POWER = 16


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """A value: an input (a name), a constant (neither name nor operation) or an operation on other nodes."""

    number: int
    """Its place in the order of writing down: operands come before what uses them."""
    kind: Kind
    op: Op | None = None
    operands: tuple[Node, ...] = ()
    name: str = ""
    value: float = math.nan
    logical: bool = False
    """Whether it is 1 or 0 for true or false."""

    @property
    def constant(self) -> bool:
        """Whether it is a number that never changes."""
        return self.op is None and not self.name

    def equals(self, value: float) -> bool:
        """Whether it is this constant."""
        return self.constant and self.value == value

    def is_(self, op: Op) -> bool:
        """Whether this operation gives it."""
        return self.op is op


def beneath(roots: Iterable[Node], known: Container[Node] = ()) -> Iterator[Node]:
    """Every node that the roots are computed from, each once, operands first; nothing that is known, or beneath it."""
    seen: set[Node] = set()
    for root in roots:
        stack = [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                yield node
            elif node not in seen and node not in known:
                seen.add(node)
                stack.append((node, True))
                stack.extend((operand, False) for operand in reversed(node.operands))


def copied(node: Node) -> Node:
    """The same value for every unit, by an instruction of its own."""
    return Node(-1, Kind.FULL, Op.COPY, (node,))


class Graph:
    """Where nodes are made: equal ones are one, constants are folded, and cheaper forms of the same value chosen."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Node] = {}

    def input(self, name: str, kind: Kind) -> Node:
        """A value that is given to the program."""
        return self._keep(None, (), kind, name=name)

    def constant(self, value: float) -> Node:
        """A number."""
        return self._keep(None, (), Kind.UNIFORM, value=float(value))

    def make(self, op: Op, *operands: Node) -> Node:
        """The node of an operation, or a simpler node of the same value."""
        if all(operand.constant for operand in operands):
            return self.constant(float(compute(op, *(operand.value for operand in operands))))
        if op in _COMMUTATIVE:
            # The narrower operand comes last, so that each rule is written once.
            operands = tuple(sorted(operands, key=lambda node: (node.kind, node.constant, node.number)))
        if len(operands) == 1:
            simpler = self._unary(op, operands[0])
        elif len(operands) == 2:
            simpler = self._binary(op, *operands)
        else:
            simpler = self._where(*operands)
        if simpler is not None:
            return simpler
        kind = Kind.ROW if op in (Op.SUM_ROWS, Op.MAX_ROWS) else min(operand.kind for operand in operands)
        return self._keep(op, operands, kind)

    def _keep(
        self,
        op: Op | None,
        operands: tuple[Node, ...],
        kind: Kind,
        name: str = "",
        value: float = math.nan,
    ) -> Node:
        # The text tells 0.0 from −0.0 and finds NaN again.
        key = (op, operands, kind, name, repr(value))
        found = self._known.get(key)
        if found is None:
            logical = op in _LOGICAL or (
                op in (Op.MUL, Op.MAXIMUM, Op.MINIMUM) and all(operand.logical for operand in operands)
            )
            found = self._known[key] = Node(len(self._known), kind, op, operands, name, value, logical)
        return found

    def _unary(self, op: Op, a: Node) -> Node | None:
        if op is Op.NEGATE and a.is_(Op.NEGATE):
            return a.operands[0]
        if op in _EVEN or op in _ODD:
            opposite = self._opposite(a)
            if opposite is not None:
                found = self.make(op, opposite)
                return found if op in _EVEN else self.make(Op.NEGATE, found)
        if op is Op.NEGATE and a.is_(Op.SUB):
            return self.make(Op.SUB, a.operands[1], a.operands[0])
        if op is Op.NEGATE and a.is_(Op.MUL) and a.operands[1].constant:
            return self.make(Op.MUL, a.operands[0], self.constant(-a.operands[1].value))
        if op is Op.SQUARE and a.is_(Op.ABS):
            return self.make(op, a.operands[0])
        return None

    def _opposite(self, a: Node) -> Node | None:
        """−a, if a is written as the opposite of something."""
        if a.is_(Op.NEGATE):
            return a.operands[0]
        if a.is_(Op.MUL) and a.operands[1].constant and a.operands[1].value < 0:
            return self.make(Op.MUL, a.operands[0], self.constant(-a.operands[1].value))
        return None

    def _binary(self, op: Op, a: Node, b: Node) -> Node | None:
        match op:
            case Op.ADD:
                return self._add(a, b)
            case Op.SUB:
                return self._subtract(a, b)
            case Op.MUL:
                return self._multiply(a, b)
            case Op.DIV:
                return self._divide(a, b)
            case Op.POWER:
                return self._power(a, b)
            case Op.MAXIMUM | Op.MINIMUM if a is b:
                return a
            case Op.EQUAL if b.equals(0.0) and a.is_(Op.EQUAL) and a.operands[1].equals(0.0) and a.operands[0].logical:
                return a.operands[0]  # not not
        return None

    def _add(self, a: Node, b: Node) -> Node | None:
        if b.equals(0.0):
            return a
        if b.is_(Op.NEGATE):
            return self.make(Op.SUB, a, b.operands[0])
        if a.is_(Op.NEGATE):
            return self.make(Op.SUB, b, a.operands[0])
        return None

    def _subtract(self, a: Node, b: Node) -> Node | None:
        if b.equals(0.0):
            return a
        if a.equals(0.0):
            return self.make(Op.NEGATE, b)
        if b.is_(Op.NEGATE):
            return self.make(Op.ADD, a, b.operands[0])
        if a.is_(Op.NEGATE):
            return self.make(Op.NEGATE, self.make(Op.ADD, a.operands[0], b))
        return None

    def _multiply(self, a: Node, b: Node) -> Node | None:
        if b.equals(1.0):
            return a
        if b.equals(-1.0):
            return self.make(Op.NEGATE, a)
        if a is b:
            return self.make(Op.SQUARE, a)
        for one, other in ((a, b), (b, a)):
            if one.is_(Op.NEGATE) and not other.constant:
                return self.make(Op.NEGATE, self.make(Op.MUL, one.operands[0], other))
        if a.is_(Op.NEGATE):
            return self.make(Op.MUL, a.operands[0], self.constant(-b.value))
        if a.is_(Op.MUL) and a.operands[1].kind > a.kind and b.kind > a.kind:
            # (full · row) · row: the product of the narrow ones is the cheaper one.
            return self.make(Op.MUL, a.operands[0], self.make(Op.MUL, a.operands[1], b))
        if b.constant and _halves(b.value) and (a.is_(Op.ADD) or a.is_(Op.SUB)):
            # (x + c) · ½ is x · ½ + c/2, exactly, and one fused instruction.
            first, second = a.operands
            if first.constant or second.constant:
                return self.make(_op(a), self.make(Op.MUL, first, b), self.make(Op.MUL, second, b))
        return None

    def _divide(self, a: Node, b: Node) -> Node | None:
        if b.equals(1.0):
            return a
        if b.constant and (b.value == 0.0 or not _single(1 / b.value)):
            return None
        if a.kind < b.kind:
            return self.make(Op.MUL, a, self.make(Op.RECIPROCAL, b))
        if a.equals(1.0):
            return self.make(Op.RECIPROCAL, b)
        if a.is_(Op.NEGATE):
            return self.make(Op.NEGATE, self.make(Op.DIV, a.operands[0], b))
        if b.is_(Op.NEGATE):
            return self.make(Op.NEGATE, self.make(Op.DIV, a, b.operands[0]))
        return None

    def _power(self, a: Node, b: Node) -> Node | None:
        if b.constant:
            exponent = b.value
            if exponent == 0.5:
                return self.make(Op.SQRT, a)
            if exponent.is_integer() and abs(exponent) <= _LARGEST_POWER:
                found = self._whole_power(a, abs(int(exponent)))
                return found if exponent >= 0 else self.make(Op.RECIPROCAL, found)
        if a.constant and a.value > 0 and b.kind is not Kind.UNIFORM:
            return self.make(Op.EXP, self.make(Op.MUL, b, self.constant(math.log(a.value))))
        return None

    def _whole_power(self, a: Node, exponent: int) -> Node:
        """By repeated squaring."""
        if exponent == 0:
            return self.constant(1.0)
        if exponent == 1:
            return a
        half = self.make(Op.SQUARE, self._whole_power(a, exponent // 2))
        return self.make(Op.MUL, half, a) if exponent % 2 else half

    def _where(self, condition: Node, a: Node, b: Node) -> Node | None:
        if a is b:
            return a
        if condition.constant:
            return a if condition.value != 0.0 else b
        if condition.logical and a.equals(1.0) and b.equals(0.0):
            return condition
        return None


def _op(node: Node) -> Op:
    assert node.op is not None
    return node.op


def _halves(value: float) -> bool:
    """Whether it is a power of two: multiplying by it rounds nothing."""
    return value != 0.0 and abs(math.frexp(value)[0]) == 0.5


def _single(value: float) -> bool:
    """Whether a float32 holds it with full precision."""
    limits = np.finfo(np.float32)
    return float(limits.tiny) <= abs(value) <= float(limits.max)
