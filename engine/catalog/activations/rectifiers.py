"""Activations that pass what is positive and treat the rest in one way or another, with a kink at zero."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np

from engine.catalog.activations.activation import Activation, Array
from engine.catalog.initializers import Constant
from engine.catalog.parameters import Parameter, Shape
from engine.catalog.registry import Range, register
from engine.document.errors import InvalidValueError


@register
class Relu(Activation):
    """Passes what is positive and blocks the rest; cheap, and its gradient does not fade.

    The usual choice for hidden layers. A unit whose input is negative for all samples gets no gradient any more: it is
    dead. Does not suit an output that may be negative.
    """

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
class LeakyRelu(Activation):
    """Like ReLU, but lets a small share of the negative side through, so that no unit dies.

    The slope is PyTorch's 0.01; Keras takes 0.3 (0.2 from version 3 on).
    """

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
class PRelu(Activation):
    """A leaky ReLU that learns its slope on the negative side; good with much data, overfits little.

    PyTorch starts at 0.25 with one slope for the whole layer; Keras starts at 0 with one per unit. On images, one per
    unit means one per channel.
    """

    initial_slope: Annotated[float, Range(-1.0, 1.0, 0.01)] = 0.25
    slope_per_unit: bool = False

    formula = "f(x) = x for x > 0, slope · x otherwise; slope is learned"
    reference = "He et al., Delving Deep into Rectifiers, ICCV 2015"
    label = "PReLU"
    order = 12

    def parameters(self, shape: Shape) -> Mapping[str, Parameter]:
        count = shape[0] if self.slope_per_unit else 1
        return MappingProxyType({"slope": Parameter((count,), Constant(self.initial_slope), 1, 1)})

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, self.initial_slope * x)

    def derivative(self, x: Array) -> Array:
        return np.where(x > 0, 1.0, self.initial_slope).astype(x.dtype)

    def learned_value(self, learned: Mapping[str, Array], x: Array) -> Array:
        return np.where(x > 0, x, learned["slope"] * x)

    def learned_pullback(
        self, learned: Mapping[str, Array], x: Array, gradient: Array
    ) -> tuple[Array, Mapping[str, Array]]:
        of_slope = gradient * np.minimum(x, 0)
        if not self.slope_per_unit:
            of_slope = of_slope.sum(axis=-1, keepdims=True)
        return gradient * np.where(x > 0, 1.0, learned["slope"]), MappingProxyType({"slope": of_slope})

    def build(self, nn: Any) -> Any:
        return nn.PReLU(init=self.initial_slope)


@register
class RRelu(Activation):
    """A leaky ReLU that draws its slope anew for every number while training: noise against overfitting.

    At test time, and in its picture, it takes the mean of the two ends. The ends 1/8 and 1/3 are PyTorch's; Keras has
    no such activation.
    """

    lowest_slope: Annotated[float, Range(0.0, 1.0, 0.01)] = 1 / 8
    highest_slope: Annotated[float, Range(0.0, 1.0, 0.01)] = 1 / 3

    formula = "f(x) = x for x > 0, a · x otherwise; a ~ U(lowest, highest) in training, their mean at test time"
    reference = "Xu et al., Empirical Evaluation of Rectified Activations, 2015"
    label = "RReLU (random slope)"
    stochastic = True
    order = 13

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lowest_slope > self.highest_slope:
            raise InvalidValueError(
                "lowest_slope (={lowest}) must not exceed highest_slope (={highest})",
                lowest=self.lowest_slope,
                highest=self.highest_slope,
            )

    @property
    def _mean_slope(self) -> float:
        return (self.lowest_slope + self.highest_slope) / 2

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, self._mean_slope * x)

    def derivative(self, x: Array) -> Array:
        return np.where(x > 0, 1.0, self._mean_slope).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.RReLU(self.lowest_slope, self.highest_slope)


@register
class Relu6(Activation):
    """A ReLU that stops at 6, so that few bits hold its values; made for phones.

    Above 6, as below 0, it passes no gradient.
    """

    formula = "f(x) = min(max(0, x), 6)"
    reference = "Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10, 2010"
    label = "ReLU6"
    bounds = (0.0, 6.0)
    order = 14

    def value(self, x: Array) -> Array:
        return np.clip(x, 0, 6)

    def derivative(self, x: Array) -> Array:
        return ((x > 0) & (x < 6)).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.ReLU6()
