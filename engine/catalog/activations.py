"""Activations: the non-linear functions between layers, with their derivatives.

The NumPy formulas are the oracle of every backend; `build` names the PyTorch module that must agree with them.
"""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry, Range, register

Array = NDArray[Any]


class Activation(Entry, kind="activations"):
    """A function of the pre-activation, applied to every unit (softmax: to the units together)."""

    bounds: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """Smallest and largest value it can take; views scale their colours by it."""
    elementwise: ClassVar[bool] = True

    def value(self, x: Array) -> Array:
        """f(x); units along the last axis."""
        raise NotImplementedError

    def derivative(self, x: Array) -> Array:
        """f'(x) of an elementwise activation; at a kink, the value PyTorch's autograd takes."""
        raise NotImplementedError

    def pullback(self, x: Array, gradient: Array) -> Array:
        """The gradient with respect to x, from the gradient with respect to f(x)."""
        return gradient * self.derivative(x)

    def build(self, nn: Any) -> Any:
        """The module of the namespace `nn` (such as `torch.nn`) that computes f."""
        raise NotImplementedError


@register
class Linear(Activation):
    """Passes its input through unchanged."""

    formula = "f(x) = x"
    reference = "The identity: a network of linear layers alone is itself linear."
    order = 1

    def value(self, x: Array) -> Array:
        return x

    def derivative(self, x: Array) -> Array:
        return np.ones_like(x)

    def build(self, nn: Any) -> Any:
        return nn.Identity()


@register
class Tanh(Activation):
    """Squashes any number smoothly between -1 and 1, symmetric around zero."""

    formula = "f(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"
    reference = "LeCun et al., Efficient BackProp, 1998"
    bounds = (-1.0, 1.0)
    order = 2

    def value(self, x: Array) -> Array:
        return np.tanh(x)

    def derivative(self, x: Array) -> Array:
        return 1 - np.tanh(x) ** 2

    def build(self, nn: Any) -> Any:
        return nn.Tanh()


@register
class Relu(Activation):
    """Passes what is positive and blocks the rest; cheap, and its gradient does not fade."""

    formula = "f(x) = max(0, x)"
    reference = "Nair & Hinton, Rectified Linear Units, ICML 2010"
    label = "ReLU"
    bounds = (0.0, math.inf)
    order = 3

    def value(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def derivative(self, x: Array) -> Array:
        return (x > 0).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.ReLU()


@register
class Sigmoid(Activation):
    """Squashes any number smoothly between 0 and 1; read as a probability."""

    formula = "f(x) = 1 / (1 + e⁻ˣ)"
    reference = "The logistic function, Verhulst 1838"
    bounds = (0.0, 1.0)
    order = 4

    def value(self, x: Array) -> Array:
        return 0.5 * (1 + np.tanh(0.5 * x))  # the same function, without overflow of e⁻ˣ

    def derivative(self, x: Array) -> Array:
        return self.value(x) * self.value(-x)

    def build(self, nn: Any) -> Any:
        return nn.Sigmoid()


@register
class LeakyRelu(Activation):
    """Like ReLU, but lets a small share of the negative side through, so that no unit dies."""

    negative_slope: Annotated[float, Range(0.0, 1.0, 0.01)] = 0.01

    formula = "f(x) = x for x > 0, negative_slope · x otherwise"
    reference = "Maas et al., Rectifier Nonlinearities, 2013"
    label = "leaky ReLU"
    order = 5

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, self.negative_slope * x)

    def derivative(self, x: Array) -> Array:
        return np.where(x > 0, 1.0, self.negative_slope).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.LeakyReLU(self.negative_slope)


@register
class Elu(Activation):
    """Like ReLU above zero; below it bends smoothly towards -alpha, which keeps the mean near zero."""

    alpha: Annotated[float, Range(0.01, 10.0, 0.1)] = 1.0

    formula = "f(x) = x for x > 0, alpha · (eˣ − 1) otherwise"
    reference = "Clevert et al., Exponential Linear Units, ICLR 2016"
    label = "ELU"
    order = 6

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def derivative(self, x: Array) -> Array:
        return np.where(x > 0, 1.0, self.alpha * np.exp(np.minimum(x, 0))).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.ELU(self.alpha)


@register
class Silu(Activation):
    """The input times its own sigmoid: a ReLU with a smooth knee. Also called swish."""

    formula = "f(x) = x / (1 + e⁻ˣ)"
    reference = "Elfwing et al., 2017; Ramachandran et al., Searching for Activation Functions, 2017"
    label = "SiLU (swish)"
    order = 7

    def value(self, x: Array) -> Array:
        return x * Sigmoid().value(x)

    def derivative(self, x: Array) -> Array:
        s = Sigmoid().value(x)
        return s * (1 + x * (1 - s))

    def build(self, nn: Any) -> Any:
        return nn.SiLU()


@register
class Softplus(Activation):
    """A ReLU rounded at its corner; always positive."""

    formula = "f(x) = ln(1 + eˣ)"
    reference = "Dugas et al., NIPS 2000"
    bounds = (0.0, math.inf)
    order = 8

    def value(self, x: Array) -> Array:
        return np.logaddexp(x, 0)

    def derivative(self, x: Array) -> Array:
        return Sigmoid().value(x)

    def build(self, nn: Any) -> Any:
        return nn.Softplus()


@register
class Softmax(Activation):
    """Turns the units of a layer into probabilities that sum to 1: the output of a classifier."""

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
