"""Layers that join several branches into one."""

from __future__ import annotations

from typing import Any

from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import register
from engine.document.errors import ShapeError

_MANY = (2, 64)


@register
class Add(Layer):
    """Adds its inputs element by element; all must have the same shape. The joint of a skip link."""

    category = "Merging"
    takes = _MANY
    formula = "y = x₁ + x₂ + …"
    reference = "He et al., Deep Residual Learning, CVPR 2016"
    examples = (((4,), (4,)), ((3, 2, 2), (3, 2, 2), (3, 2, 2)))
    order = 30

    def output_shape(self, *shapes: Shape) -> Shape:
        if len(set(shapes)) > 1:
            raise ShapeError(
                "Add needs inputs of one shape, but got {shapes}; use Concatenate, or give them equal units",
                remedy=("Use Concatenate instead", "replace_layer", "Concatenate"),
                shapes=" and ".join(str(shape) for shape in shapes),
            )
        return shapes[0]

    def multiply_adds(self, *shapes: Shape) -> int:
        count = len(shapes) - 1
        for length in shapes[0]:
            count *= length
        return count

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        total = inputs[0]
        for other in inputs[1:]:
            total = total + other
        return total


@register
class Concatenate(Layer):
    """Lays its inputs side by side along the first axis (features or channels).  (a,), (b,) -> (a + b,)"""

    category = "Merging"
    takes = _MANY
    formula = "y = (x₁, x₂, …)"
    reference = "Huang et al., Densely Connected Networks, CVPR 2017"
    examples = (((4,), (3,)), ((3, 2, 2), (1, 2, 2)))
    order = 31

    def output_shape(self, *shapes: Shape) -> Shape:
        if len({shape[1:] for shape in shapes}) > 1:
            raise ShapeError(
                "Concatenate needs inputs that differ in the first axis only, but got {shapes}; put Flatten before it",
                remedy=("Insert Flatten before it", "insert_before", "Flatten"),
                shapes=" and ".join(str(shape) for shape in shapes),
            )
        return (sum(shape[0] for shape in shapes), *shapes[0][1:])

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return torch.cat(inputs, 1)
