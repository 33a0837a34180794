"""Activations with a lowest and a highest value, and the straight line."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from engine.catalog.activations.activation import Activation, Array, module_of
from engine.catalog.registry import Range, register

_SIXTH = 1 / 6


@register
class Linear(Activation):
    """Passes its input through unchanged.

    Right for the output of a regression. A network of linear layers alone can only draw straight lines.
    """

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
    """Squashes any number smoothly between -1 and 1, symmetric around zero.

    Good for small networks. Far from zero it is flat, so gradients fade in deep ones.
    """

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
class Sigmoid(Activation):
    """Squashes any number smoothly between 0 and 1; read as a probability.

    Right for the output of a choice between two classes. In hidden layers gradients fade: its slope is at most ¼.
    """

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
class Softsign(Activation):
    """Like tanh, but comes near to -1 and 1 so slowly that its gradient fades later; needs no exponential."""

    formula = "f(x) = x / (1 + |x|)"
    reference = "Bergstra et al., Quadratic Polynomials Learn Better Image Features, 2009"
    bounds = (-1.0, 1.0)
    order = 17

    def value(self, x: Array) -> Array:
        return x / (1 + np.abs(x))

    def derivative(self, x: Array) -> Array:
        return 1 / (1 + np.abs(x)) ** 2

    def build(self, nn: Any) -> Any:
        return nn.Softsign()


@register
class HardTanh(Activation):
    """Tanh drawn with three straight lines: cheap, and flat beyond -1 and 1, where it passes no gradient."""

    formula = "f(x) = min(max(-1, x), 1)"
    reference = "Collobert, Large Scale Machine Learning, 2004"
    bounds = (-1.0, 1.0)
    order = 18

    def value(self, x: Array) -> Array:
        return np.clip(x, -1, 1)

    def derivative(self, x: Array) -> Array:
        return (np.abs(x) < 1).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.Hardtanh()


@register
class HardSigmoid(Activation):
    """Sigmoid drawn with three straight lines: cheap, and flat at 0 and 1, where it passes no gradient.

    The slope 1/6 is that of PyTorch and of Keras from version 3 on; Keras 2 took 0.2.
    """

    slope: Annotated[float, Range(0.01, 1.0, 0.01)] = _SIXTH

    formula = "f(x) = min(max(0, slope · x + ½), 1)"
    reference = "Courbariaux et al., BinaryConnect, NIPS 2015"
    bounds = (0.0, 1.0)
    order = 19

    def value(self, x: Array) -> Array:
        return np.clip(self.slope * x + 0.5, 0, 1)

    def derivative(self, x: Array) -> Array:
        return np.where(np.abs(x) < 0.5 / self.slope, self.slope, 0.0).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        if self.slope == _SIXTH:
            return nn.Hardsigmoid()
        return module_of(nn, lambda x: nn.functional.hardtanh(self.slope * x + 0.5, 0.0, 1.0))


@register
class Sine(Activation):
    """A wave: for periodic data, and for pictures or shapes learned as functions of the place.

    Needs small weights at the start; with large ones the loss has countless valleys.
    """

    formula = "f(x) = sin x"
    reference = "Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, NeurIPS 2020"
    bounds = (-1.0, 1.0)
    order = 21

    def value(self, x: Array) -> Array:
        return np.sin(x)

    def derivative(self, x: Array) -> Array:
        return np.cos(x)

    def build(self, nn: Any) -> Any:
        return module_of(nn, lambda x: x.sin())


@register
class Gaussian(Activation):
    """A bell: 1 at zero, 0 far away, so a unit answers to one place, or in a layer to one strip of the plane.

    Units that start far from all samples get no gradient.
    """

    formula = "f(x) = e^(−x²)"
    reference = "Broomhead & Lowe, radial basis functions, 1988"
    bounds = (0.0, 1.0)
    order = 22

    def value(self, x: Array) -> Array:
        return np.exp(-(x**2))

    def derivative(self, x: Array) -> Array:
        return -2 * x * np.exp(-(x**2))

    def build(self, nn: Any) -> Any:
        return module_of(nn, lambda x: (-x.square()).exp())


@register
class Step(Activation):
    """Fires or does not: 1 from zero on, 0 below; the unit of the perceptron.

    Its slope is 0 wherever it has one. So gradient descent learns nothing through it: the weights before it stay as
    they were drawn, and only those behind it move.
    """

    formula = "f(x) = 1 for x ≥ 0, 0 otherwise;  gradient 0"
    reference = "McCulloch & Pitts, 1943; Rosenblatt, the perceptron, 1958"
    bounds = (0.0, 1.0)
    order = 24

    def value(self, x: Array) -> Array:
        return np.maximum(np.sign(np.sign(x) + 0.5), 0)  # a comparison would hide what is not a number

    def derivative(self, x: Array) -> Array:
        return np.zeros_like(x)

    def build(self, nn: Any) -> Any:
        return module_of(nn, lambda x: (x.sign() + 0.5).sign().relu())  # autograd takes 0 for the slope of a sign


@register
class Sign(Activation):
    """Only which side of zero: -1, 0 or 1; the unit of Hopfield's and of binary networks.

    Its slope is 0 wherever it has one. So gradient descent learns nothing through it: the weights before it stay as
    they were drawn, and only those behind it move.
    """

    formula = "f(x) = −1 for x < 0, 0 for x = 0, 1 for x > 0;  gradient 0"
    reference = "Hopfield, Neural networks and physical systems, PNAS 1982"
    bounds = (-1.0, 1.0)
    order = 25

    def value(self, x: Array) -> Array:
        return np.sign(x)

    def derivative(self, x: Array) -> Array:
        return np.zeros_like(x)

    def build(self, nn: Any) -> Any:
        return module_of(nn, lambda x: x.sign())
