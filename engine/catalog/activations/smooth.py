"""Activations that follow x for large x and bend smoothly on the way to what is negative."""

# NumPy types the arithmetic of NDArray[Any] as Any.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

from engine.catalog.activations.activation import Activation, Array, module_of
from engine.catalog.activations.squashing import Sigmoid
from engine.catalog.functions import erf
from engine.catalog.registry import Choice, Range, register

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
"""Those for which mean 0 and variance 1 go through a layer unchanged; Klambauer et al. give them to 17 digits."""


@register
class Elu(Activation):
    """Like ReLU above zero; below it bends smoothly towards -alpha, which keeps the mean near zero.

    Units do not die, but the exponential costs time. PyTorch and Keras both take alpha = 1.
    """

    alpha: Annotated[float, Range(0.01, 10.0, 0.1)] = 1.0

    formula = "f(x) = x for x > 0, alpha · (eˣ − 1) otherwise"
    reference = "Clevert et al., Exponential Linear Units, ICLR 2016"
    label = "ELU"
    order = 6

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]
        """From -alpha upwards."""
        return -self.alpha, math.inf

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def derivative(self, x: Array) -> Array:
        return np.where(x > 0, 1.0, self.alpha * np.exp(np.minimum(x, 0))).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.ELU(self.alpha)


@register
class Silu(Activation):
    """The input times its own sigmoid: a ReLU with a smooth knee. Also called swish.

    Dips to -0.28 near x = -1.28. Often a little better than ReLU in deep networks, and slower.
    """

    formula = "f(x) = x / (1 + e⁻ˣ)"
    reference = "Elfwing et al., 2017; Ramachandran et al., Searching for Activation Functions, 2017"
    label = "SiLU (swish)"
    bounds = (-0.2784645427610738, math.inf)
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
    """A ReLU rounded at its corner; always positive.

    Good for outputs that must be positive (a rate, a width); hidden layers learn faster with ReLU.
    """

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
class Gelu(Activation):
    """The input times the probability that a normal number is smaller: the smooth ReLU of transformers.

    Exact takes the error function; tanh is the older approximation, off by less than 0.0005. PyTorch and Keras both
    take exact unless told otherwise; the first BERT and GPT took tanh.
    """

    form: Annotated[str, Choice(("exact", "tanh"))] = "exact"

    formula = "f(x) = x · Φ(x) = x/2 · (1 + erf(x/√2));  tanh: x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))"
    reference = "Hendrycks & Gimpel, Gaussian Error Linear Units, 2016"
    label = "GELU"
    order = 10

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]
        """From the dip near x = -0.75 upwards."""
        return (-0.1699712074799036 if self.form == "exact" else -0.1700407505712540), math.inf

    def value(self, x: Array) -> Array:
        return x * self._share(x)

    def _share(self, x: Array) -> Array:
        """What x is multiplied by."""
        if self.form == "exact":
            return 0.5 * (1 + erf(x * math.sqrt(0.5)))
        return 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * x * (1 + 0.044715 * x**2)))

    def derivative(self, x: Array) -> Array:
        share = self._share(x)
        if self.form == "exact":
            return share + x * (np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi))
        slope = 2 * share * (1 - share) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
        return share + x * slope

    def build(self, nn: Any) -> Any:
        return nn.GELU(approximate="none" if self.form == "exact" else "tanh")


@register
class Selu(Activation):
    """An ELU with constants that keep mean 0 and variance 1 from layer to layer: deep plain networks then learn.

    Holds only for standardised inputs, LeCun-normal weights and Dense layers one behind the other; ordinary dropout
    breaks it, AlphaDropout does not.
    """

    formula = "f(x) = 1.0507 · (x for x > 0, 1.6733 · (eˣ − 1) otherwise)"
    reference = "Klambauer et al., Self-Normalizing Neural Networks, NIPS 2017"
    label = "SELU"
    bounds = (-SELU_SCALE * SELU_ALPHA, math.inf)
    order = 11

    def value(self, x: Array) -> Array:
        return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))

    def derivative(self, x: Array) -> Array:
        return np.where(x > 0, SELU_SCALE, SELU_SCALE * SELU_ALPHA * np.exp(np.minimum(x, 0))).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.SELU()


@register
class Celu(Activation):
    """An ELU whose slope is 1 at zero whatever alpha is, so that it has no kink.

    With alpha = 1, the default of PyTorch and Keras, it is the ELU.
    """

    alpha: Annotated[float, Range(0.01, 10.0, 0.1)] = 1.0

    formula = "f(x) = x for x > 0, alpha · (e^(x/alpha) − 1) otherwise"
    reference = "Barron, Continuously Differentiable Exponential Linear Units, 2017"
    label = "CELU"
    order = 15

    @property
    def bounds(self) -> tuple[float, float]:  # type: ignore[override]
        """From -alpha upwards."""
        return -self.alpha, math.inf

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0) / self.alpha))

    def derivative(self, x: Array) -> Array:
        return np.exp(np.minimum(x, 0) / self.alpha)

    def build(self, nn: Any) -> Any:
        return nn.CELU(self.alpha)


@register
class Mish(Activation):
    """The input times the tanh of its softplus: much like SiLU, with a slightly deeper dip.

    Reported to help in deep image networks; the slowest of its family.
    """

    formula = "f(x) = x · tanh(ln(1 + eˣ))"
    reference = "Misra, Mish, BMVC 2020"
    bounds = (-0.3088434130172504, math.inf)
    order = 16

    def value(self, x: Array) -> Array:
        return x * np.tanh(np.logaddexp(x, 0))

    def derivative(self, x: Array) -> Array:
        share = np.tanh(np.logaddexp(x, 0))
        return share + x * Sigmoid().value(x) * (1 - share**2)

    def build(self, nn: Any) -> Any:
        return nn.Mish()


@register
class HardSwish(Activation):
    """SiLU drawn with straight pieces and one parabola: no exponential, made for phones.

    Passes no gradient below -3.
    """

    formula = "f(x) = x · min(max(0, x + 3), 6) / 6"
    reference = "Howard et al., Searching for MobileNetV3, ICCV 2019"
    bounds = (-0.375, math.inf)
    order = 20

    def value(self, x: Array) -> Array:
        return x * (np.clip(x + 3, 0, 6) * (1 / 6))

    def derivative(self, x: Array) -> Array:
        return np.where(x <= -3, 0.0, np.where(x < 3, x / 3 + 0.5, 1.0)).astype(x.dtype)

    def build(self, nn: Any) -> Any:
        return nn.Hardswish()


@register
class Exponential(Activation):
    """eˣ: always positive, for outputs that span orders of magnitude.

    Grows so fast that hidden layers seldom survive it; from x = 89 on, float32 overflows.
    """

    formula = "f(x) = eˣ"
    reference = "The inverse link of Poisson regression, Nelder & Wedderburn, 1972"
    bounds = (0.0, math.inf)
    order = 23

    def value(self, x: Array) -> Array:
        return np.exp(x)

    def derivative(self, x: Array) -> Array:
        return np.exp(x)

    def build(self, nn: Any) -> Any:
        return module_of(nn, lambda x: x.exp())
