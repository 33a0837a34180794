"""Layers that make training harder so that the network generalises better."""

from __future__ import annotations

from typing import Annotated, Any

from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import Range, register


@register
class Dropout(Layer):
    """While training, silences a random share of its inputs and scales up the rest; afterwards does nothing."""

    rate: Annotated[float, Range(0.0, 0.95, 0.05)] = 0.2

    category = "Regularizing"
    formula = "y = x · m / (1 − rate), m ~ Bernoulli(1 − rate) while training; y = x otherwise"
    reference = "Srivastava et al., JMLR 2014"
    stochastic = True
    summary = ("rate",)
    examples = (((4,),), ((3, 4, 4),))
    order = 10

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.Dropout(self.rate)


@register
class AlphaDropout(Layer):
    """Dropout for SELU: silenced inputs take its lowest value, and mean and variance stay as they are."""

    rate: Annotated[float, Range(0.0, 0.95, 0.05)] = 0.2

    category = "Regularizing"
    formula = (
        "y = a · (x · m + α′ · (1 − m)) + b, m ~ Bernoulli(1 − rate), α′ = −1.7581, while training; y = x otherwise"
    )
    reference = "Klambauer et al., Self-Normalizing Neural Networks, NIPS 2017"
    stochastic = True
    summary = ("rate",)
    examples = (((4,),), ((3, 4, 4),))
    order = 11

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.AlphaDropout(self.rate)


class _Noise(Layer):
    """Changes its inputs at random while training, and leaves them alone afterwards."""

    category = "Regularizing"
    stochastic = True
    examples = (((4,),), ((3, 4, 4),))

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.Identity()  # knows whether the network is being trained

    def disturb(self, torch: Any, x: Any) -> Any:
        """A batch with the noise."""
        raise NotImplementedError

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return self.disturb(torch, inputs[0]) if module.training else inputs[0]


@register
class GaussianNoise(_Noise):
    """While training, adds noise from a bell curve to its inputs; afterwards does nothing."""

    standard_deviation: Annotated[float, Range(0.0, 10.0, 0.05)] = 0.1

    formula = "y = x + ε, ε ~ N(0, standard_deviation²) while training; y = x otherwise"
    reference = "Bishop, Training with Noise Is Equivalent to Tikhonov Regularization, 1995"
    summary = ("standard_deviation",)
    order = 12

    def disturb(self, torch: Any, x: Any) -> Any:
        return x + self.standard_deviation * torch.randn_like(x)


@register
class GaussianDropout(_Noise):
    """While training, multiplies its inputs by noise around 1 that varies as much as Dropout's; silences none."""

    rate: Annotated[float, Range(0.0, 0.95, 0.05)] = 0.2

    formula = "y = x · ε, ε ~ N(1, rate / (1 − rate)) while training; y = x otherwise"
    reference = "Srivastava et al., JMLR 2014, section 10"
    summary = ("rate",)
    order = 13

    def disturb(self, torch: Any, x: Any) -> Any:
        return x * (1 + (self.rate / (1 - self.rate)) ** 0.5 * torch.randn_like(x))
