"""Layers that join several branches into one."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from engine.catalog.activations.activation import Array
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import register
from engine.document.errors import ShapeError

_MANY = (2, 64)


def _shown(shapes: tuple[Shape, ...]) -> str:
    return " and ".join(str(shape) for shape in shapes)


class _Merging(Layer):
    """Joins inputs of one shape element by element."""

    category = "Merging"
    takes = _MANY
    examples: ClassVar[tuple[tuple[Shape, ...], ...]] = (((4,), (4,)), ((3, 2, 2), (3, 2, 2), (3, 2, 2)))

    def output_shape(self, *shapes: Shape) -> Shape:
        if len(set(shapes)) > 1:
            raise ShapeError(
                "{layer} needs inputs of one shape, but got {shapes}; use Concatenate, or give them equal units",
                remedy=("Use Concatenate instead", "replace_layer", "Concatenate"),
                layer=self.label,
                shapes=_shown(shapes),
            )
        return shapes[0]

    def multiply_adds(self, *shapes: Shape) -> int:
        return (len(shapes) - 1) * math.prod(self.output_shape(*shapes))


@register
class Add(_Merging):
    """Adds its inputs element by element; all must have the same shape. The joint of a skip link."""

    formula = "y = x₁ + x₂ + …"
    reference = "He et al., Deep Residual Learning, CVPR 2016"
    order = 30

    def flat_value(self, learned: Mapping[str, Array], *inputs: Array) -> Array:
        return functools.reduce(np.add, inputs)

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
                shapes=_shown(shapes),
            )
        return (sum(shape[0] for shape in shapes), *shapes[0][1:])

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return torch.cat(inputs, 1)


@register
class Multiply(_Merging):
    """Multiplies its inputs element by element: one branch decides how much of another passes.

    All have the same shape; a flat input (channels,) beside an image or a sequence weighs its channels, as in a
    squeeze-and-excitation block.
    """

    formula = "y = x₁ · x₂ · …"
    reference = "Hu, Shen & Sun, Squeeze-and-Excitation Networks, CVPR 2018"
    examples = (*_Merging.examples, ((3, 2, 4), (3,)), ((3,), (3, 5)))
    order = 32

    def output_shape(self, *shapes: Shape) -> Shape:
        largest = max(shapes, key=len)
        gate = largest[:1] if len(largest) > 1 else None
        return super().output_shape(*(shape for shape in shapes if shape != gate))

    def flat_value(self, learned: Mapping[str, Array], *inputs: Array) -> Array:
        return functools.reduce(np.multiply, inputs)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        axes = max(x.dim() for x in inputs)
        spread = (x.view(*x.shape, *(1,) * (axes - x.dim())) for x in inputs)
        return functools.reduce(torch.mul, spread)


@register
class Average(_Merging):
    """The mean of its inputs, element by element; all must have the same shape. What an ensemble answers."""

    formula = "y = (x₁ + x₂ + …) / n"
    reference = "Breiman, Bagging Predictors, 1996"
    order = 33

    def flat_value(self, learned: Mapping[str, Array], *inputs: Array) -> Array:
        mean: Array = functools.reduce(np.add, inputs) / len(inputs)
        return mean

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return functools.reduce(torch.add, inputs) / len(inputs)


@register
class Maximum(_Merging):
    """The largest of its inputs, element by element; all must have the same shape."""

    formula = "y = max(x₁, x₂, …)"
    reference = "Goodfellow et al., Maxout Networks, ICML 2013"
    order = 34

    def multiply_adds(self, *shapes: Shape) -> int:
        return 0  # it compares

    def flat_value(self, learned: Mapping[str, Array], *inputs: Array) -> Array:
        return functools.reduce(np.maximum, inputs)

    def forward(self, torch: Any, module: Any, *inputs: Any) -> Any:
        return functools.reduce(torch.maximum, inputs)
