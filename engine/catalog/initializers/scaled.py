"""Initializers whose width follows from the size of the layer: wide layers start with small weights."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

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
from engine.catalog.registry import Choice, Range, register

_CUTOFF = 2.0
"""Where Keras cuts a truncated bell curve, in standard deviations."""


class _Scaled(Initializer):
    """Values around 0 with the variance scale / count, where count follows from the inputs and outputs of a unit."""

    drawn: ClassVar[str] = "uniform"
    """The distribution: "uniform", "normal" or "truncated normal"."""

    def _scale_and_count(self, fan_in: int, fan_out: int) -> tuple[float, float, str]:
        """Scale, count, and how the count comes about."""
        raise NotImplementedError

    def _distribution(self) -> str:
        return self.drawn

    def draw(self, rng: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float32]:
        scale, count, _ = self._scale_and_count(fan_in, fan_out)
        if self._distribution() == "uniform":
            bound = math.sqrt(3 * scale / count)
            return even(rng, -bound, bound, shape)
        deviation = math.sqrt(scale / count)
        if self._distribution() == "normal":
            return bell(rng, deviation, shape)
        # The whole bell curve is so much wider that what is left of it has the variance.
        return (cut_bell(rng, _CUTOFF, shape) * (deviation / cut_deviation(_CUTOFF))).astype(np.float32)

    def spread(self, shape: Shape, fan_in: int, fan_out: int) -> Spread:
        scale, count, _ = self._scale_and_count(fan_in, fan_out)
        deviation = math.sqrt(scale / count)
        if self._distribution() == "normal":
            return Spread(0.0, deviation)
        uniform = self._distribution() == "uniform"
        bound = math.sqrt(3 * scale / count) if uniform else _CUTOFF * deviation / cut_deviation(_CUTOFF)
        return Spread(0.0, deviation, -bound, bound)

    def filled(self, shape: Shape, fan_in: int, fan_out: int) -> str:
        scale, count, words = self._scale_and_count(fan_in, fan_out)
        if self._distribution() == "uniform":
            bound = number(math.sqrt(3 * scale / count))
            return f"w ~ U(−a, a), a = √({number(3 * scale)} / {words}) = {bound}"
        variance = f"{number(scale)} / {words} = {number(scale / count)}"
        if self._distribution() == "normal":
            return f"w ~ N(0, σ²), σ² = {variance}"
        bound = number(self.spread(shape, fan_in, fan_out).high)
        return f"w: a bell curve cut at ±{bound}, variance {variance}"


class _Glorot(_Scaled):
    """The mean of inputs and outputs."""

    def _scale_and_count(self, fan_in: int, fan_out: int) -> tuple[float, float, str]:
        return 2.0, fan_in + fan_out, f"({fan_in} + {fan_out})"


class _He(_Scaled):
    """The inputs, twice the variance."""

    def _scale_and_count(self, fan_in: int, fan_out: int) -> tuple[float, float, str]:
        return 2.0, fan_in, str(fan_in)


class _Lecun(_Scaled):
    """The inputs."""

    def _scale_and_count(self, fan_in: int, fan_out: int) -> tuple[float, float, str]:
        return 1.0, fan_in, str(fan_in)


@register
class GlorotUniform(_Glorot):
    """Keeps the variance of signals and gradients even through tanh layers; evenly spread. Also called Xavier."""

    formula = "w ~ U(−a, a), a = √(6 / (fan_in + fan_out))"
    reference = "Glorot & Bengio, AISTATS 2010, equation 16"
    label = "Glorot uniform"
    order = 10


@register
class GlorotNormal(_Glorot):
    """Keeps the variance of signals and gradients even through tanh layers; a bell curve.

    The whole bell curve, as in PyTorch's `xavier_normal_`; Keras cuts it: variance scaling with fan average.
    """

    drawn = "normal"
    formula = "w ~ N(0, 2 / (fan_in + fan_out))"
    reference = "Glorot & Bengio, AISTATS 2010, equation 12"
    label = "Glorot normal"
    order = 11


@register
class HeUniform(_He):
    """Makes up for ReLU blocking half of the signal; evenly spread. Also called Kaiming."""

    formula = "w ~ U(−a, a), a = √(6 / fan_in)"
    reference = "He et al., ICCV 2015"
    label = "He uniform"
    order = 12


@register
class HeNormal(_He):
    """Makes up for ReLU blocking half of the signal; a bell curve.

    The whole bell curve, as in PyTorch's `kaiming_normal_`; Keras cuts it: variance scaling of scale 2.
    """

    drawn = "normal"
    formula = "w ~ N(0, 2 / fan_in)"
    reference = "He et al., ICCV 2015, equation 10"
    label = "He normal"
    order = 13


@register
class LecunUniform(_Lecun):
    """Keeps the variance of signals even where the activation is close to a straight line; evenly spread."""

    formula = "w ~ U(−a, a), a = √(3 / fan_in)"
    reference = "LeCun et al., Efficient BackProp, 1998, equation 16"
    label = "LeCun uniform"
    order = 14


@register
class LecunNormal(_Lecun):
    """Keeps the variance of signals even; SELU needs it to normalise itself. A bell curve.

    The whole bell curve; Keras cuts it: variance scaling with its default fields.
    """

    drawn = "normal"
    formula = "w ~ N(0, 1 / fan_in)"
    reference = "LeCun et al., Efficient BackProp, 1998, equation 16; Klambauer et al., NeurIPS 2017"
    label = "LeCun normal"
    order = 15


@register
class VarianceScaling(_Scaled):
    """The family behind Glorot, He and LeCun: choose the variance, what it is divided by, and the distribution.

    The default fields are Keras's. A truncated bell curve is cut at two standard deviations of the whole one, which
    is made wider by 1 / 0.8796 first, so that the variance stays as chosen.
    """

    scale: Annotated[float, Range(0.001, 100.0, 0.1)] = 1.0
    mode: Annotated[str, Choice(("fan in", "fan out", "fan average"))] = "fan in"
    distribution: Annotated[str, Choice(("truncated normal", "normal", "uniform"))] = "truncated normal"

    formula = "variance of w = scale / n, n = fan_in, fan_out or (fan_in + fan_out) / 2"
    reference = "Keras, VarianceScaling"
    label = "variance scaling"
    order = 16

    def _distribution(self) -> str:
        return self.distribution

    def _scale_and_count(self, fan_in: int, fan_out: int) -> tuple[float, float, str]:
        if self.mode == "fan average":
            return self.scale, (fan_in + fan_out) / 2, f"(({fan_in} + {fan_out}) / 2)"
        count = fan_in if self.mode == "fan in" else fan_out
        return self.scale, count, str(count)


@register
class PytorchDefault(_Scaled):
    """As PyTorch starts its Linear and Conv layers, weights and biases alike: evenly spread, narrower than LeCun's.

    PyTorch writes it as `kaiming_uniform_(weight, a=√5)`, and draws biases between ±1 / √fan_in of the weights.
    In a transposed convolution it counts the outputs of a channel in place of the inputs of a unit.
    """

    formula = "w ~ U(−a, a), b ~ U(−a, a), a = 1 / √fan_in"
    reference = "PyTorch, nn.Linear.reset_parameters"
    name = "pytorch"
    label = "PyTorch's default"
    order = 30

    def _scale_and_count(self, fan_in: int, fan_out: int) -> tuple[float, float, str]:
        return 1 / 3, fan_in, str(fan_in)
