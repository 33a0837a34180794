"""How much of an image one value of a feature map sees: windows add up from card to card.

Dumoulin & Visin, A guide to convolution arithmetic, 2016; Araujo et al., Computing Receptive Fields, Distill 2019.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.catalog.layers.block import Block
from engine.catalog.layers.convolution import ConvTranspose2d, Sliding
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.layers.pooling import Pooling
from engine.catalog.layers.reshaping import Permute, Reshape, Upsample
from engine.catalog.layers.shapes import reach
from engine.plan.plan import NodePlan, Plan


@dataclass(frozen=True)
class Axis:
    """How far one value sees along an axis, in values of the image."""

    step: Fraction = Fraction(1)
    """The way from one value of the feature map to the next."""
    grain: Fraction = Fraction(1)
    """The same before values were repeated: windows over copies see so much more with each original they touch."""
    before: int = 1
    """What a value saw before values were repeated."""
    way: Fraction = Fraction(0)
    """By how much windows have widened that since."""

    @property
    def size(self) -> int:
        """How many values one value sees, at most: how many originals a window touches depends on where it begins."""
        return math.ceil(self.before + math.ceil(self.way / self.grain) * self.grain)

    def behind(self, window: int, stride: Fraction) -> Axis:
        """Behind a window of so many values that moves by `stride`; less than 1 where values are repeated."""
        widened = replace(self, way=self.way + (window - 1) * self.step)
        if stride < 1 and self.step >= self.grain:
            widened = Axis(grain=self.step, before=widened.size)
        return replace(widened, step=self.step * stride)


@dataclass(frozen=True)
class Field:
    """What one value sees along each axis of an image or a sequence, of `whole` values."""

    whole: tuple[int, ...]
    axes: tuple[Axis, ...]

    @property
    def size(self) -> tuple[int, ...]:
        """How many values of the image it sees along each axis, at most."""
        return tuple(axis.size for axis in self.axes)

    @property
    def step(self) -> tuple[Fraction, ...]:
        """The way, in the image's values, from one value of the feature map to the next."""
        return tuple(axis.step for axis in self.axes)


def receptive_fields(plan: Plan) -> Mapping[str, Field]:
    """The receptive field of every card that gives a feature map: what it sees by its longest chain of windows.

    It is counted from where the image enters or is laid out (an Input, a Reshape), and may reach beyond its border.
    """
    found: dict[str, Field] = {}
    for node_id in plan.order:
        node = plan.nodes[node_id]
        seen = _of_node(node, found)
        if seen is not None:
            found[node_id] = seen
    return found


def _of_node(node: NodePlan, found: Mapping[str, Field]) -> Field | None:
    if node.output_shape is None:
        return None
    arriving = [found.get(source) for source in node.sources]
    return _behind(node.layer, arriving, node.input_shapes, node.output_shape)


def _behind(layer: Layer, arriving: Iterable[Field | None], shapes: tuple[Shape, ...], leaving: Shape) -> Field | None:
    """What a value sees behind a layer, from what the values see that arrive; None where there is no feature map."""
    if len(leaving) < 2:
        return None
    known = [field for field in arriving if field is not None and len(field.axes) == len(leaving) - 1]
    if not known or isinstance(layer, Reshape):
        lengths = leaving[1:]
        return Field(lengths, (Axis(),) * len(lengths))
    field = _widest(known)
    if isinstance(layer, Block):
        return _through_block(layer, field, shapes[0])
    if isinstance(layer, Permute):
        return _permuted(field, layer)
    if isinstance(layer, ConvTranspose2d):  # a value is touched by every stride-th weight of the window
        windows = -(-reach(layer.kernel_size, layer.dilation) // layer.stride)
        return _widened(field, windows, Fraction(1, layer.stride))
    if isinstance(layer, Sliding):
        return _widened(field, reach(layer.kernel_size, layer.dilation), Fraction(layer.stride))
    if isinstance(layer, Pooling):
        return _widened(field, layer.pool_size, Fraction(layer.stride))
    if isinstance(layer, Upsample):
        return _widened(field, 1 if layer.mode == "nearest" else 2, Fraction(1, layer.factor))
    return field


def _widened(field: Field, window: int, stride: Fraction) -> Field:
    return Field(field.whole, tuple(axis.behind(window, stride) for axis in field.axes))


def _widest(fields: list[Field]) -> Field:
    """Of several branches, along each axis the one that sees most."""
    first = max(fields, key=lambda field: field.size)
    axes = zip(*(field.axes for field in fields if field.whole == first.whole), strict=True)
    return Field(first.whole, tuple(max(each, key=lambda axis: axis.size) for each in axes))


def _permuted(field: Field, layer: Permute) -> Field | None:
    """With the axes exchanged, unless that of the channels is among those that are."""
    order = [int(axis) - 1 for axis in layer.axes.split()]
    if order[0] != 0:
        return None
    places = [place - 1 for place in order[1:]]
    return Field(tuple(field.whole[place] for place in places), tuple(field.axes[place] for place in places))


def _through_block(block: Block, field: Field, shape: Shape) -> Field | None:
    """Behind the last of the cards inside."""
    inside: list[tuple[Field | None, Shape]] = []
    for part in block.parts:
        read = [(field, shape) if source < 0 else inside[source] for source in part.sources]
        shapes = tuple(each for _, each in read)
        leaving = part.layer.output_shape(*shapes)
        inside.append((_behind(part.layer, [seen for seen, _ in read], shapes, leaving), leaving))
    return inside[-1][0] if inside else field
