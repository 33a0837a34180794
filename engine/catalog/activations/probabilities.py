"""Activations that look at all units of a layer together."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.catalog.activations.activation import Activation, Array
from engine.catalog.registry import register


@register
class Softmax(Activation):
    """Turns the units of a layer into probabilities that sum to 1: the output of a classifier.

    Not for hidden layers: its units compete, so that mostly one of them speaks.
    """

    formula = "f(x)ᵢ = eˣⁱ / Σⱼ eˣʲ"
    reference = "Bridle, 1990"
    bounds = (0.0, 1.0)
    elementwise = False
    order = 9

    def value(self, x: Array) -> Array:
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def derivative(self, x: Array) -> Array:
        """The diagonal of the Jacobian, p (1 − p)."""
        p = self.value(x)
        return p * (1 - p)

    def pullback(self, x: Array, gradient: Array) -> Array:
        p = self.value(x)
        return p * (gradient - (gradient * p).sum(axis=-1, keepdims=True))

    def build(self, nn: Any) -> Any:
        return nn.Softmax(1)  # (batch, units, …): the units are axis 1


@register
class LogSoftmax(Activation):
    """The logarithms of softmax's probabilities, exact even where those are too small to be held.

    Seldom needed here: cross-entropy after softmax takes this way by itself.
    """

    formula = "f(x)ᵢ = xᵢ − ln Σⱼ eˣʲ"
    reference = "Bridle, 1990; the log-sum-exp trick"
    bounds = (-math.inf, 0.0)
    elementwise = False
    order = 26

    def value(self, x: Array) -> Array:
        below = x - x.max(axis=-1, keepdims=True)
        return below - np.log(np.exp(below).sum(axis=-1, keepdims=True))

    def derivative(self, x: Array) -> Array:
        """The diagonal of the Jacobian, 1 − p."""
        return 1 - np.exp(self.value(x))

    def pullback(self, x: Array, gradient: Array) -> Array:
        return gradient - np.exp(self.value(x)) * gradient.sum(axis=-1, keepdims=True)

    def build(self, nn: Any) -> Any:
        return nn.LogSoftmax(1)  # (batch, units, …): the units are axis 1
