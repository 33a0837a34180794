"""Layers that change the shape and nothing else."""

from __future__ import annotations

import math
from typing import Any

from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import register


@register
class Flatten(Layer):
    """Lays all values of a sample in one row.  (channels, height, width) -> (channels · height · width,)"""

    category = "Reshaping"
    formula = "y = x, row by row"
    reference = "Common practice before a dense layer"
    examples = (((4,),), ((3, 4, 5),))
    order = 20

    def output_shape(self, *shapes: Shape) -> Shape:
        return (math.prod(shapes[0]),)

    def build(self, nn: Any, *shapes: Shape) -> Any:
        return nn.Flatten()
