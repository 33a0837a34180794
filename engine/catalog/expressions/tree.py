"""Typed formulas as trees, simplified while they grow."""

from __future__ import annotations

import math
from collections.abc import Iterator

from engine.document.errors import InvalidValueError
from engine.document.frozen import frozen


@frozen(eq=False)
class Tree:
    """A number, a name, or a function of other trees. Parts that occur twice may be one object."""

    name: str = ""
    """Of what is given from outside, or of the function; empty: a number."""
    parts: tuple[Tree, ...] = ()
    number: float = math.nan

    @property
    def is_number(self) -> bool:
        """Whether it is a number that never changes."""
        return not self.name

    def equals(self, number: float) -> bool:
        """Whether it is this number."""
        return self.is_number and self.number == number

    def is_(self, function: str) -> bool:
        """Whether it is this function of something."""
        return bool(self.parts) and self.name == function


ZERO, ONE = Tree(number=0.0), Tree(number=1.0)


def constant(number: float) -> Tree:
    """A number. Raises InvalidValueError for one that is not finite."""
    if not math.isfinite(number):
        raise InvalidValueError("a part of it has no finite value")
    return Tree(number=float(number))


def beneath(root: Tree) -> Iterator[Tree]:
    """Every part, each object once, operands first."""
    seen: set[int] = set()
    stack = [(root, False)]
    while stack:
        tree, done = stack.pop()
        if done:
            yield tree
        elif id(tree) not in seen:
            seen.add(id(tree))
            stack.append((tree, True))
            stack.extend((part, False) for part in reversed(tree.parts))


# --- arithmetic -------------------------------------------------------------------------------------------------------


def add(a: Tree, b: Tree) -> Tree:
    """a + b"""
    if a.equals(0.0):
        return b
    if b.equals(0.0):
        return a
    if a.is_number and b.is_number:
        return constant(a.number + b.number)
    if b.is_("negative"):
        return subtract(a, b.parts[0])
    return Tree("add", (a, b))


def subtract(a: Tree, b: Tree) -> Tree:
    """a − b; eˣ − 1 without cancellation."""
    if b.equals(0.0):
        return a
    if a.is_number and b.is_number:
        return constant(a.number - b.number)
    if a.equals(0.0):
        return negative(b)
    if a.is_("exp") and b.equals(1.0):
        return Tree("expm1", a.parts)
    return Tree("subtract", (a, b))


def negative(a: Tree) -> Tree:
    """−a"""
    if a.is_number:
        return constant(-a.number)
    return a.parts[0] if a.is_("negative") else Tree("negative", (a,))


def multiply(a: Tree, b: Tree) -> Tree:
    """a · b; 0 · b is 0 even where b has no value, as a derivative needs it."""
    if a.is_number and b.is_number:
        return constant(a.number * b.number)
    for one, other in ((a, b), (b, a)):
        if one.equals(0.0):
            return ZERO
        if one.equals(1.0):
            return other
        if one.equals(-1.0):
            return negative(other)
        if one.is_("negative"):
            return negative(multiply(one.parts[0], other))
    return Tree("multiply", (a, b))


def divide(a: Tree, b: Tree) -> Tree:
    """a / b; a / (1 + eˣ) without overflow."""
    if b.equals(0.0):
        raise InvalidValueError("a part of it divides by zero")
    if a.is_number and b.is_number:
        return constant(a.number / b.number)
    if a.equals(0.0) or b.equals(1.0):
        return a
    exponent = _one_and_power(b)
    if exponent is not None:
        return multiply(a, Tree("sigmoid", (negative(exponent),)))
    return Tree("divide", (a, b))


def power(a: Tree, b: Tree) -> Tree:
    """a to the power b."""
    if a.is_number and b.is_number:
        try:
            found = a.number**b.number
        except ArithmeticError:
            found = math.nan
        return constant(found if isinstance(found, float) else math.nan)
    if b.equals(0.0):
        return ONE
    if b.equals(1.0):
        return a
    return Tree("power", (a, b))


def logarithm(a: Tree) -> Tree:
    """The natural logarithm; ln(1 + a) near 1 without cancellation, ln(1 + eˣ) without overflow."""
    if a.is_number:
        return constant(math.log(a.number) if a.number > 0 else math.nan)
    exponent = _one_and_power(a)
    if exponent is not None:
        return Tree("softplus", (exponent,))
    if a.is_("add") and (a.parts[0].equals(1.0) or a.parts[1].equals(1.0)):
        return Tree("log1p", (a.parts[1] if a.parts[0].equals(1.0) else a.parts[0],))
    return Tree("log", (a,))


def choose(condition: Tree, a: Tree, b: Tree) -> Tree:
    """a where the condition is not 0, b elsewhere."""
    if condition.is_number:
        return a if condition.number else b
    if a is b or (a.is_number and b.equals(a.number)):
        return a
    return Tree("where", (condition, a, b))


def _one_and_power(a: Tree) -> Tree | None:
    """x, if a is 1 + eˣ."""
    if a.is_("add"):
        for one, other in (a.parts, a.parts[::-1]):
            if one.equals(1.0) and other.is_("exp"):
                return other.parts[0]
    return None
