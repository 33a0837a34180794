"""Initializers: how weights and biases are drawn before the first step, by NumPy, whatever the backend."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Entry, Range, register

Shape = tuple[int, ...]


class Initializer(Entry, kind="initializers"):
    """Draws the starting values of one parameter."""

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        """Values of the given shape; `fan_in` and `fan_out` are the inputs and outputs of one unit."""
        raise NotImplementedError


@register
class Zeros(Initializer):
    """Every value starts at 0. Right for biases; for weights it makes all units of a layer learn the same."""

    formula = "w = 0"
    reference = "Common practice for biases"
    order = 1

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return np.zeros(shape, np.float32)


@register
class Constant(Initializer):
    """Every value starts at the same number; TensorFlow Playground starts its biases at 0.1."""

    value: Annotated[float, Range(-10.0, 10.0, 0.1)] = 0.1

    formula = "w = value"
    reference = "TensorFlow Playground, nn.ts"
    order = 2

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return np.full(shape, self.value, np.float32)


@register
class Uniform(Initializer):
    """Evenly spread between two bounds, whatever the size of the layer; ±0.5 is TensorFlow Playground's."""

    low: Annotated[float, Range(-10.0, 10.0, 0.1)] = -0.5
    high: Annotated[float, Range(-10.0, 10.0, 0.1)] = 0.5

    formula = "w ~ U(low, high)"
    reference = "TensorFlow Playground, nn.ts"
    order = 3

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        low, high = sorted((self.low, self.high))
        return rng.uniform(low, high, shape).astype(np.float32)


@register
class Normal(Initializer):
    """A bell curve around 0 with a fixed width, whatever the size of the layer."""

    standard_deviation: Annotated[float, Range(0.0, 10.0, 0.05)] = 0.1

    formula = "w ~ N(0, standard_deviation²)"
    reference = "The classical choice before Glorot & Bengio 2010"
    order = 4

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return (rng.standard_normal(shape) * self.standard_deviation).astype(np.float32)


@register
class GlorotUniform(Initializer):
    """Keeps the variance of signals and gradients even through tanh layers; evenly spread. Also called Xavier."""

    formula = "w ~ U(−a, a), a = √(6 / (fan_in + fan_out))"
    reference = "Glorot & Bengio, AISTATS 2010, equation 16"
    label = "Glorot uniform"
    order = 5

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        bound = math.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-bound, bound, shape).astype(np.float32)


@register
class GlorotNormal(Initializer):
    """Keeps the variance of signals and gradients even through tanh layers; a bell curve."""

    formula = "w ~ N(0, 2 / (fan_in + fan_out))"
    reference = "Glorot & Bengio, AISTATS 2010, equation 12"
    label = "Glorot normal"
    order = 6

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return (rng.standard_normal(shape) * math.sqrt(2 / (fan_in + fan_out))).astype(np.float32)


@register
class HeUniform(Initializer):
    """Makes up for ReLU blocking half of the signal; evenly spread."""

    formula = "w ~ U(−a, a), a = √(6 / fan_in)"
    reference = "He et al., ICCV 2015"
    label = "He uniform"
    order = 7

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        bound = math.sqrt(6 / fan_in)
        return rng.uniform(-bound, bound, shape).astype(np.float32)


@register
class HeNormal(Initializer):
    """Makes up for ReLU blocking half of the signal; a bell curve."""

    formula = "w ~ N(0, 2 / fan_in)"
    reference = "He et al., ICCV 2015, equation 10"
    label = "He normal"
    order = 8

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        return (rng.standard_normal(shape) * math.sqrt(2 / fan_in)).astype(np.float32)
