"""Initializers that do not look at the size of the layer."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from engine.catalog.initializers.initializer import (
    Initializer,
    Shape,
    Spread,
    bell,
    cut_bell,
    cut_deviation,
    even,
    number,
)
from engine.catalog.registry import Range, register


class _Same(Initializer):
    """Every value starts at the same number."""

    def _value(self) -> float:
        """The number."""
        raise NotImplementedError

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return np.full(shape, self._value(), np.float32)

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        value = self._value()
        return Spread(value, 0.0, value, value)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        return f"w = {number(self._value())}"


@register
class Zeros(_Same):
    """Every value starts at 0. Right for biases; for weights it makes all units of a layer learn the same."""

    formula = "w = 0"
    reference = "Common practice for biases"
    order = 1

    def _value(self) -> float:
        return 0.0


@register
class Ones(_Same):
    """Every value starts at 1. Right for factors; for weights it makes all units of a layer learn the same."""

    formula = "w = 1"
    reference = "Common practice for the factors of normalisation"
    order = 2

    def _value(self) -> float:
        return 1.0


@register
class Constant(_Same):
    """Every value starts at the same number; TensorFlow Playground starts its biases at 0.1."""

    value: Annotated[float, Range(-10.0, 10.0, 0.1)] = 0.1

    formula = "w = value"
    reference = "TensorFlow Playground, nn.ts"
    order = 3

    def _value(self) -> float:
        return self.value


@register
class Uniform(Initializer):
    """Evenly spread between two bounds, whatever the size of the layer; ±0.5 is TensorFlow Playground's."""

    low: Annotated[float, Range(-10.0, 10.0, 0.1)] = -0.5
    high: Annotated[float, Range(-10.0, 10.0, 0.1)] = 0.5

    formula = "w ~ U(low, high)"
    reference = "TensorFlow Playground, nn.ts"
    order = 4

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return even(rng, min(self.low, self.high), max(self.low, self.high), shape)

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        low, high = sorted((self.low, self.high))
        return Spread((low + high) / 2, (high - low) / math.sqrt(12), low, high)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        low, high = sorted((self.low, self.high))
        return f"w ~ U({number(low)}, {number(high)})"


@register
class Normal(Initializer):
    """A bell curve with a fixed width, whatever the size of the layer."""

    standard_deviation: Annotated[float, Range(0.0, 10.0, 0.05)] = 0.1
    mean: Annotated[float, Range(-10.0, 10.0, 0.1)] = 0.0

    formula = "w ~ N(mean, standard_deviation²)"
    reference = "The classical choice before Glorot & Bengio 2010"
    order = 5

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return bell(rng, self.standard_deviation, shape) + np.float32(self.mean)

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        return Spread(self.mean, self.standard_deviation)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        return f"w ~ N({number(self.mean)}, {number(self.standard_deviation)}²)"


@register
class TruncatedNormal(Initializer):
    """A bell curve without its tails: what lies too far from the middle is drawn again.

    The cutoff counts standard deviations of the whole bell curve, so the values vary less than
    `standard_deviation` says: by a factor of 0.8796 for a cutoff of 2. TensorFlow and Keras do the same, always with
    2. PyTorch's `trunc_normal_` cuts at two numbers instead, −2 and 2 unless told otherwise, which for a standard
    deviation of 0.1 is a cutoff of 20: no cut at all.
    """

    standard_deviation: Annotated[float, Range(0.0, 10.0, 0.05)] = 0.1
    mean: Annotated[float, Range(-10.0, 10.0, 0.1)] = 0.0
    cutoff: Annotated[float, Range(0.5, 10.0, 0.5)] = 2.0

    formula = "w = mean + standard_deviation · z, z ~ N(0, 1) given |z| ≤ cutoff"
    reference = "TensorFlow and Keras, TruncatedNormal"
    label = "truncated normal"
    order = 6

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return (self.mean + self.standard_deviation * cut_bell(rng, self.cutoff, shape)).astype(np.float32)

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        reach = self.cutoff * self.standard_deviation
        deviation = self.standard_deviation * cut_deviation(self.cutoff)
        return Spread(self.mean, deviation, self.mean - reach, self.mean + reach)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        mean, deviation, low, high = self.spread(shape, fan_in, fan_out)
        return f"{number(low)} ≤ w ≤ {number(high)}, mean {number(mean)}, variance {number(deviation**2)}"


@register
class PlaygroundDefault(Initializer):
    """As TensorFlow Playground starts: weights evenly between −0.5 and 0.5, biases (values in one row) at 0.1."""

    formula = "w ~ U(−0.5, 0.5), b = 0.1"
    reference = "TensorFlow Playground, nn.ts"
    name = "tensorflow_playground"
    label = "TensorFlow Playground"
    order = 31

    def _stand_in(self, shape: Shape) -> Initializer:
        return Constant(value=0.1) if len(shape) == 1 else Uniform(low=-0.5, high=0.5)

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return self._stand_in(shape).draw(rng, shape, fan_in, fan_out)

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        return self._stand_in(shape).spread(shape, fan_in, fan_out)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        return self._stand_in(shape).filled(shape, fan_in, fan_out)
