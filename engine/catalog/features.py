"""Features: what the input cards of a network on plane data can read off a point (x₁, x₂)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry, register

Array = NDArray[Any]


class Feature(Entry, kind="features"):
    """A number computed from a point of the plane; no scaling, as in TensorFlow Playground."""

    reference = "TensorFlow Playground, state.ts"

    def value(self, x1: Array, x2: Array) -> Array:
        """The feature at the points (x₁, x₂)."""
        raise NotImplementedError


@register
class X1(Feature):
    """How far to the right the point lies."""

    name, label, formula, order = "x1", "x₁", "x₁", 1

    def value(self, x1: Array, x2: Array) -> Array:
        return x1


@register
class X2(Feature):
    """How far up the point lies."""

    name, label, formula, order = "x2", "x₂", "x₂", 2

    def value(self, x1: Array, x2: Array) -> Array:
        return x2


@register
class X1Squared(Feature):
    """The square of x₁: large on both sides, small in the middle."""

    name, label, formula, order = "x1_squared", "x₁²", "x₁²", 3

    def value(self, x1: Array, x2: Array) -> Array:
        return x1 * x1


@register
class X2Squared(Feature):
    """The square of x₂: large above and below, small in the middle."""

    name, label, formula, order = "x2_squared", "x₂²", "x₂²", 4

    def value(self, x1: Array, x2: Array) -> Array:
        return x2 * x2


@register
class X1X2(Feature):
    """The product: positive where both have the same sign; solves xor by itself."""

    name, label, formula, order = "x1_x2", "x₁x₂", "x₁ · x₂", 5

    def value(self, x1: Array, x2: Array) -> Array:
        return x1 * x2


@register
class SinX1(Feature):
    """A wave from left to right."""

    name, label, formula, order = "sin_x1", "sin x₁", "sin x₁", 6

    def value(self, x1: Array, x2: Array) -> Array:
        return np.sin(x1)


@register
class SinX2(Feature):
    """A wave from bottom to top."""

    name, label, formula, order = "sin_x2", "sin x₂", "sin x₂", 7

    def value(self, x1: Array, x2: Array) -> Array:
        return np.sin(x2)


@register
class CosX1(Feature):
    """A wave from left to right, highest in the middle."""

    name, label, formula, order = "cos_x1", "cos x₁", "cos x₁", 8

    def value(self, x1: Array, x2: Array) -> Array:
        return np.cos(x1)


@register
class CosX2(Feature):
    """A wave from bottom to top, highest in the middle."""

    name, label, formula, order = "cos_x2", "cos x₂", "cos x₂", 9

    def value(self, x1: Array, x2: Array) -> Array:
        return np.cos(x2)
