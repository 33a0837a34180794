"""ONNX operators that are layers: products, convolutions, pooling, normalization."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from engine.catalog.activations import Linear
from engine.catalog.layers.convolution import Conv1d, Conv2d, ConvTranspose2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.embedding import Embedding
from engine.catalog.layers.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, LocalResponseNorm
from engine.catalog.layers.pooling import (
    AveragePool1d,
    AveragePool2d,
    GlobalAveragePool1d,
    GlobalAveragePool2d,
    GlobalMaxPool1d,
    GlobalMaxPool2d,
    MaxPool1d,
    MaxPool2d,
)
from engine.catalog.layers.shapes import SAME, VALID, padding, reach
from engine.importing.building import Array, Building, Flow, Unknown, per_channel
from engine.importing.onnx_file import NodeRead

_LOWEST = -3e38
Pads = tuple[tuple[int, int], ...]


def _flat(building: Building, node: NodeRead) -> Flow:
    """The first input, which must be one row of numbers a sample."""
    flow = building.flow(node)
    if len(flow.seen) != 1:
        raise Unknown("it multiplies a value of shape {shape}; a dense card takes flat ones", shape=flow.seen)
    return building.plain(flow)


def gemm(building: Building, node: NodeRead) -> Flow:
    """A dense card."""
    flow, weight, bias = _flat(building, node), building.needed(node, 1), building.weights(node, 2)
    if node.attributes.get("transA", 0):
        raise Unknown("it turns its input around")
    weight = weight if node.attributes.get("transB", 0) else weight.T
    alpha, beta = node.attributes.get("alpha", 1.0), node.attributes.get("beta", 1.0)
    weight = weight if alpha == 1.0 else weight * np.float32(alpha)
    if bias is not None:
        bias = _row(bias if beta == 1.0 else bias * np.float32(beta), weight.shape[0])
    return _dense(building, node, flow, weight, bias)


def matmul(building: Building, node: NodeRead) -> Flow:
    """A dense card without bias."""
    return _dense(building, node, _flat(building, node), building.needed(node, 1).T, None)


def _row(bias: Array, units: int) -> Array:
    if bias.size not in (1, units) or bias.ndim > 2 or bias.shape[-1:] not in ((), (1,), (units,)):
        raise Unknown("its bias has shape {shape}, but it has {units} units", shape=bias.shape, units=units)
    return np.broadcast_to(bias.ravel(), (units,))


def _dense(building: Building, node: NodeRead, flow: Flow, weight: Array, bias: Array | None) -> Flow:
    if weight.ndim != 2 or weight.shape[1:] != flow.shape:
        raise Unknown("its weights have shape {weights}, but {shape} arrives", weights=weight.shape, shape=flow.shape)
    layer = Dense(weight.shape[0], activation=Linear(), use_bias=bias is not None)
    return building.add(layer, [flow], node, weight=weight, bias=bias)


# --- windows ----------------------------------------------------------------------------------------------------------


def _all_equal(node: NodeRead, attribute: str, axes: int) -> int:
    """The one number that an attribute gives for every axis."""
    found = tuple(node.attributes.get(attribute, (1,) * axes))
    if len(set(found)) != 1 or len(found) != axes:
        raise Unknown("its {name} {values} differ from axis to axis", name=attribute.replace("_", " "), values=found)
    return int(found[0])


def _pads(node: NodeRead, flow: Flow, size: int, stride: int, dilation: int) -> Pads:
    """What lies before and behind each axis, of the operator itself and of one before it."""
    axes = len(flow.shape) - 1
    kind = node.attributes.get("auto_pad", "NOTSET")
    before = flow.pads or ((0, 0),) * axes
    lengths = [length + sum(pair) for length, pair in zip(flow.shape[1:], before, strict=True)]
    if kind == "NOTSET":
        given = tuple(node.attributes.get("pads", (0,) * 2 * axes))
        if len(given) != 2 * axes or min(given) < 0:
            raise Unknown("its pads {pads} do not fit", pads=given)
        own = list(zip(given[:axes], given[axes:], strict=True))
    else:
        mode = VALID if kind == "VALID" else SAME
        own = [padding(length, size, stride, dilation, mode) for length in lengths]
        own = [pair[::-1] for pair in own] if kind == "SAME_LOWER" else own
    return tuple((a + c, b + d) for (a, b), (c, d) in zip(before, own, strict=True))


def _mode(flow: Flow, pads: Pads, size: int, stride: int, dilation: int) -> str | None:
    """The catalogue's name for pads, if it has one."""
    if not any(map(any, pads)):
        return VALID
    same = tuple(padding(length, size, stride, dilation, SAME) for length in flow.shape[1:])
    return SAME if pads == same else None


def _spatial(building: Building, node: NodeRead, pad_value: float) -> Flow:
    """The first input, an image or a sequence, with what is to be put around it still pending if it is that value."""
    flow = building.standing(building.flow(node))
    if flow.pads and flow.pad_value != pad_value:
        flow = building.padded(flow)
    if len(flow.seen) not in (2, 3):
        raise Unknown("a value of shape {shape} arrives; it needs an image or a sequence", shape=flow.seen)
    return flow


def convolution(building: Building, node: NodeRead) -> Flow:
    """A convolution over a sequence or an image; zeros that no padding of ours puts there are a card of their own."""
    flow, weight, bias = _spatial(building, node, 0.0), building.needed(node, 1), building.weights(node, 2)
    axes = len(flow.shape) - 1
    if weight.ndim != axes + 2 or len(set(weight.shape[2:])) != 1:
        raise Unknown("its kernel {shape} is not of one length along all axes", shape=weight.shape[2:])
    size, stride, dilation = weight.shape[2], _all_equal(node, "strides", axes), _all_equal(node, "dilations", axes)
    pads = _pads(node, flow, size, stride, dilation)
    mode = _mode(flow, pads, size, stride, dilation)
    if mode is None and axes == 1 and pads == ((reach(size, dilation) - 1, 0),):
        mode = "causal"
    flow = dataclasses.replace(flow, pads=pads if mode is None else ())
    layer = (Conv1d if axes == 1 else Conv2d)(
        filters=weight.shape[0],
        kernel_size=size,
        stride=stride,
        padding=mode or VALID,
        dilation=dilation,
        groups=node.attributes.get("group", 1),
        use_bias=bias is not None,
        activation=Linear(),
    )
    return building.add(layer, [flow], node, weight=weight, bias=bias)


def transposed_convolution(building: Building, node: NodeRead) -> Flow:
    """A convolution on its way back."""
    flow, weight, bias = building.plain(building.flow(node)), building.needed(node, 1), building.weights(node, 2)
    attributes = node.attributes
    if weight.ndim != 4 or len(flow.shape) != 3 or weight.shape[2] != weight.shape[3]:
        raise Unknown("only images and square kernels have a card for it")
    size, stride, dilation = weight.shape[2], _all_equal(node, "strides", 2), _all_equal(node, "dilations", 2)
    surplus = reach(size, dilation) - stride
    pads, further = tuple(attributes.get("pads", (0,) * 4)), tuple(attributes.get("output_padding", (0, 0)))
    cut = max(0, surplus)
    same = ((cut // 2,) * 2 + (cut - cut // 2,) * 2, (max(0, -surplus),) * 2)
    if attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or "output_shape" in attributes:
        raise Unknown("its padding is left to the program that runs it")
    if (pads, further) not in (((0,) * 4, (0, 0)), same):
        raise Unknown("its pads {pads} are not those of a card", pads=pads)
    groups = attributes.get("group", 1)
    layer = ConvTranspose2d(
        filters=weight.shape[1] * groups,
        kernel_size=size,
        stride=stride,
        padding=SAME if (pads, further) == same else VALID,
        dilation=dilation,
        groups=groups,
        use_bias=bias is not None,
        activation=Linear(),
    )
    return building.add(layer, [flow], node, weight=weight, bias=bias)


def pooling(building: Building, node: NodeRead) -> Flow:
    """The largest or the mean of each window."""
    largest = node.operator == "MaxPool"
    flow = _spatial(building, node, -np.inf if largest else 0.0)
    if flow.pads and not largest:  # its zeros count
        flow = building.padded(flow)
    axes = len(flow.shape) - 1
    size, stride = _all_equal(node, "kernel_shape", axes), _all_equal(node, "strides", axes)
    if _all_equal(node, "dilations", axes) != 1:
        raise Unknown("its windows have gaps")
    pads = _pads(node, flow, size, stride, 1)
    mode = _mode(flow, pads, size, stride, 1)
    if node.attributes.get("ceil_mode", 0) and mode != SAME:
        rests = {(length + sum(pair) - size) % stride for length, pair in zip(flow.shape[1:], pads, strict=True)}
        if rests != {0}:
            raise Unknown("its last windows reach beyond the border")
    counted = node.attributes.get("count_include_pad", 0)
    if mode is None or (mode == SAME and counted and not largest):
        if largest or not counted:
            raise Unknown("its pads {pads} are not those of a card", pads=pads)
        flow, mode = dataclasses.replace(flow, pads=pads), VALID
    else:
        flow = dataclasses.replace(flow, pads=())
    kinds = (MaxPool1d, MaxPool2d) if largest else (AveragePool1d, AveragePool2d)
    return building.add(kinds[axes - 1](pool_size=size, stride=stride, padding=mode), [flow], node)


def global_pooling(building: Building, node: NodeRead) -> Flow:
    """One number for each channel."""
    largest = node.operator in ("GlobalMaxPool", "ReduceMax")
    flow = building.plain(building.flow(node))
    rank = len(flow.shape)
    if rank not in (2, 3):
        raise Unknown("a value of shape {shape} arrives; it needs an image or a sequence", shape=flow.shape)
    kept = True
    if node.operator.startswith("Reduce"):
        axes = building.whole(node, "axes", 1)
        kept = bool(node.attributes.get("keepdims", 1))
        if axes is None or sorted(axis % (rank + 1) for axis in axes) != list(range(2, rank + 1)):
            raise Unknown("it goes over axes that no card joins")
    averages, maxima = (GlobalAveragePool1d, GlobalAveragePool2d), (GlobalMaxPool1d, GlobalMaxPool2d)
    made = building.add((maxima if largest else averages)[rank - 2](), [flow], node)
    return dataclasses.replace(made, ones=rank - 1 if kept else 0)


# --- normalization ----------------------------------------------------------------------------------------------------


def batch_normalization(building: Building, node: NodeRead) -> Flow:
    """By the averages kept while training."""
    flow = building.flow(node)
    flow = building.plain(flow) if flow.axes is not None or flow.pads else building.applied(flow)
    weight, bias, mean, variance = (building.needed(node, place) for place in range(1, 5))
    if node.attributes.get("training_mode", 0):
        raise Unknown("it is set to training")
    _check_channels(flow, weight, bias, mean, variance)
    if variance.min() < 0:
        raise Unknown("a variance (={variance}) is below 0", variance=float(variance.min()))
    rate = min(max(1 - node.attributes.get("momentum", 0.9), 0.0), 1.0)
    layer = BatchNorm(epsilon=_epsilon(node), update_rate=_short(rate))
    arrays = {"weight": weight, "bias": bias, "running_mean": mean, "running_var": variance}
    made = building.add(layer, [dataclasses.replace(flow, ones=0)], node, **arrays)
    return dataclasses.replace(made, ones=flow.ones)


def _epsilon(node: NodeRead) -> float:
    return _short(node.attributes.get("epsilon", 1e-5))


def _short(value: Any) -> float:
    """A float32 number with the digits that tell it from others."""
    return float(str(np.float32(value)))


def _check_channels(flow: Flow, *arrays: Array) -> None:
    if any(array.shape != flow.shape[:1] for array in arrays):
        raise Unknown("its arrays do not fit the {count} channels that arrive", count=flow.shape[0])


def instance_normalization(building: Building, node: NodeRead) -> Flow:
    """Each channel of a sample by itself."""
    flow, weight, bias = building.plain(building.flow(node)), building.needed(node, 1), building.needed(node, 2)
    _check_channels(flow, weight, bias)
    return building.add(InstanceNorm(epsilon=_epsilon(node)), [flow], node, weight=weight, bias=bias)


def group_normalization(building: Building, node: NodeRead) -> Flow:
    """Groups of channels of a sample."""
    flow, weight, bias = building.plain(building.flow(node)), building.needed(node, 1), building.needed(node, 2)
    groups = node.attributes.get("num_groups", 1)
    if building.model.opset < 21 and weight.shape == bias.shape == (groups,) and flow.shape[0] % groups == 0:
        weight, bias = (np.repeat(array, flow.shape[0] // groups) for array in (weight, bias))
    _check_channels(flow, weight, bias)
    return building.add(GroupNorm(groups=groups, epsilon=_epsilon(node)), [flow], node, weight=weight, bias=bias)


def found_group_normalization(building: Building, node: NodeRead) -> Flow:
    """Groups of channels of a sample, found in several operators; its arrays have a number for each channel."""
    flow, groups = building.plain(building.flow(node)), node.attributes["num_groups"]
    arrays = [per_channel(flow, building.needed(node, place)) for place in range(1, len(node.inputs))]
    layer = GroupNorm(groups=groups, epsilon=_epsilon(node), affine=bool(arrays))
    return building.add(layer, [flow], node, **dict(zip(("weight", "bias"), arrays, strict=False)))


def layer_normalization(building: Building, node: NodeRead) -> Flow:
    """Each sample by itself: over all its values, or over the channels at each place."""
    flow = building.applied(building.flow(node))
    weight, bias = building.needed(node, 1), building.weights(node, 2)
    bias = np.zeros_like(weight) if bias is None else bias
    rank = len(flow.seen)
    axis = node.attributes.get("axis", -1) % (rank + 1)
    if flow.ones or flow.pads:
        flow = building.plain(flow)
    channels = flow.axes is not None and axis == rank and flow.axes[-1] == 0
    if not channels and flow.axes is not None:
        flow = building.plain(flow)
    over = "channels" if channels else "all values"
    wanted = flow.shape[:1] if channels else flow.shape
    if (axis != 1 and not channels) or weight.shape != wanted or bias.shape != wanted:
        raise Unknown("it goes over axes that no card normalizes")
    layer = LayerNorm(epsilon=_epsilon(node), over=over)
    made = building.add(layer, [dataclasses.replace(flow, axes=None)], node, weight=weight, bias=bias)
    return dataclasses.replace(made, axes=flow.axes if channels else None)


def response_normalization(building: Building, node: NodeRead) -> Flow:
    """Channels damped by their neighbours."""
    size, attributes = int(node.attributes.get("size", 0)), node.attributes
    if size % 2 == 0:
        raise Unknown("its size (={size}) must be odd", size=size)
    flow = building.flow(node)
    if attributes.get("channels", 0) not in (0, flow.seen[0]):
        raise Unknown("it goes over axes that no card normalizes")
    layer = LocalResponseNorm(
        size=size,
        alpha=_short(attributes.get("alpha", 1e-4)) / size,
        beta=_short(attributes.get("beta", 0.75)),
        offset=_short(attributes.get("bias", 1.0)),
    )
    return building.add(layer, [flow], node)


def lookup(building: Building, node: NodeRead) -> Flow | Array:
    """Rows of a table by their numbers: an embedding, or part of a shape."""
    data = building.value(node.inputs[0])
    if isinstance(data, Flow):
        raise Unknown("it picks single values out of what arrives")
    places, axis = building.value(node.inputs[1]), node.attributes.get("axis", 0)
    if not isinstance(places, Flow):
        if data.ndim != 1 or places.dtype.kind != "i" or places.size > data.size:
            raise Unknown("it computes a constant in a way that is not known here")
        if places.size and not -data.size <= places.min() <= places.max() < data.size:
            raise Unknown("it reads beyond the end of a constant")
        return np.asarray(data[places])
    flow, weight = building.plain(places), building.needed(node, 0)
    if axis or weight.ndim != 2 or len(flow.shape) != 1:
        raise Unknown("only a table with a row for each number has a card")
    layer = Embedding(vocabulary_size=weight.shape[0], dimensions=weight.shape[1])
    made = building.add(layer, [flow], node, weight=weight)
    return dataclasses.replace(made, axes=(1, 0))
