"""Scale: one factor for everything, or one for each channel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from engine.catalog.activations.activation import Array
from engine.catalog.initializers import Constant, Zeros
from engine.catalog.layers.layer import Parameter, Shape
from engine.catalog.layers.weighted import Trainable
from engine.catalog.registry import Range, register


@register
class Scale(Trainable):
    """Multiplies by a factor, fixed or learned; a learned one may differ from channel to channel."""

    factor: Annotated[float, Range(-10.0, 10.0, 0.1)] = 1.0
    fixed: bool = False
    per_channel: bool = True
    use_bias: bool = False

    category = "Core"
    formula = "y[c] = s[c] · x[c] + b[c]; s starts at factor, b at 0"
    reference = "LeCun et al., Gradient-Based Learning, 1998 (the coefficients of its pooling layers)"
    summary = ("factor", "fixed")
    examples = (((4,),), ((3, 6),), ((3, 4, 5),))
    order = 4

    def parameters(self, *shapes: Shape) -> Mapping[str, Parameter]:
        if self.fixed:
            return {}
        shape = shapes[0][:1] if self.per_channel else (1,)
        found = {"weight": Parameter(shape, Constant(self.factor), 1, 1, rate_factor=self.learning)}
        if self.use_bias:
            found["bias"] = Parameter(shape, Zeros(), 1, 1, rate_factor=self.learning)
        return found

    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(shapes[0])

    def build(self, nn: Any, *shapes: Shape) -> Any:
        declared = self.parameters(*shapes)
        if not declared:
            return None
        # a LayerNorm has parameters of any shape; nothing else of it is used
        return nn.ParameterDict({name: nn.LayerNorm(parameter.shape).weight for name, parameter in declared.items()})

    def flat_value(self, learned: Mapping[str, Array], *inputs: Array) -> Array:
        scaled: Array = inputs[0] * (self.factor if self.fixed else learned["weight"])
        return scaled + learned["bias"] if "bias" in learned else scaled

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        x = inputs[0]
        if module is None:
            return x * self.factor
        along = (-1,) + (1,) * (x.dim() - 2)
        scaled = x * module["weight"].view(along)
        return scaled + module["bias"].view(along) if self.use_bias else scaled
