"""The weights of a card unit by unit, as the images that its units look for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.layers.convolution import ConvTranspose2d, SeparableConv2d, Sliding
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.layer import Shape
from engine.catalog.layers.regularizing import AlphaDropout, Dropout, GaussianDropout, GaussianNoise
from engine.catalog.layers.reshaping import Flatten
from engine.plan.data import random_stream
from engine.plan.plan import NodePlan, Plan

Array = NDArray[Any]
_LEAVES_ALONE = (Dropout, AlphaDropout, GaussianDropout, GaussianNoise)


def has_kernels(node: NodePlan) -> bool:
    """Whether a card weighs its inputs unit by unit."""
    return isinstance(node.layer, Sliding | Dense) and node.output_shape is not None


def seen_shape(plan: Plan, node_id: str) -> Shape:
    """The shape (channels, height, width) in which a card's inputs were laid out before they were made flat."""
    node = plan.nodes[node_id]
    shape = node.input_shapes[0]
    while len(shape) == 1 and node.sources:
        node = plan.nodes[node.sources[0]]
        if isinstance(node.layer, Flatten):
            shape = node.input_shapes[0]
        elif not isinstance(node.layer, _LEAVES_ALONE):
            break
    if len(shape) == 3:
        return shape
    return (shape[0], 1, shape[1]) if len(shape) == 2 else (1, 1, shape[0])


def names(node: NodePlan) -> tuple[str, ...]:
    """The parameters that its kernels are made of."""
    separable = isinstance(node.layer, SeparableConv2d)
    return ("weight", "pointwise_weight") if separable else ("weight",)


def by_units(plan: Plan, node_id: str, arrays: Mapping[str, Array]) -> Array:
    """Kernels (units, channels, height, width) from a card's arrays by name, without those of "bias".

    Of a separable convolution: what its two parts amount to. The channels are those of the unit's group.
    """
    node = plan.nodes[node_id]
    layer, weight = node.layer, arrays["weight"]
    if isinstance(layer, Dense):
        return weight.reshape(len(weight), *seen_shape(plan, node_id))
    if isinstance(layer, ConvTranspose2d):
        inputs, units = weight.shape[:2]
        grouped = weight.reshape(layer.groups, inputs // layer.groups, units, *weight.shape[2:])
        return grouped.swapaxes(1, 2).reshape(layer.groups * units, inputs // layer.groups, *weight.shape[2:])
    if isinstance(layer, SeparableConv2d):
        channels = node.input_shapes[0][0]
        spatial = weight[:, 0].reshape(channels, layer.depth_multiplier, *weight.shape[2:])
        point = arrays["pointwise_weight"][:, :, 0, 0].reshape(-1, channels, layer.depth_multiplier)
        return np.einsum("fcm,cmkl->fckl", point, spatial)
    return weight if weight.ndim == 4 else weight[:, :, None, :]


def channels_of(plan: Plan, node_id: str, unit: int) -> NDArray[np.int64]:
    """The channels of the input that a unit's kernel weighs, in its order."""
    node = plan.nodes[node_id]
    shape = seen_shape(plan, node_id)
    layer = node.layer
    if isinstance(layer, Dense | SeparableConv2d):
        return np.arange(shape[0])
    assert node.output_shape is not None
    groups = getattr(layer, "groups", shape[0])  # a depthwise convolution has as many groups as channels
    group, size = unit // (node.output_shape[0] // groups), shape[0] // groups
    return np.arange(group * size, (group + 1) * size)


def start(plan: Plan, node_id: str, name: str) -> Array:
    """The values that the plan's seed gives a parameter before the first step."""
    full_name = f"{node_id}.{name}"
    return plan.parameters[full_name].start(random_stream(plan.document.seed, "weights", full_name))


def kernel_shape(plan: Plan, node_id: str) -> tuple[int, int, int, int]:
    """The shape (units, channels, height, width) of `by_units`, of a card that `has_kernels`."""
    node = plan.nodes[node_id]
    assert node.output_shape is not None
    channels, height, width = seen_shape(plan, node_id)
    if isinstance(node.layer, Sliding):
        channels = len(channels_of(plan, node_id, 0))
        height, width = node.layer.kernel if len(node.layer.kernel) == 2 else (1, *node.layer.kernel)
    return node.output_shape[0], channels, height, width
