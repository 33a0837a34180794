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
