"""PyTorch's operators that layers are made of as ONNX's: windows, normalization, shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.export.onnx_nodes import Graph, between, lengths, missing, out
from engine.export.operations import Step

Writer = Callable[[Graph, Step], None]
_SAMPLE_AXES = 2
"""Axes before those that windows slide along: samples and channels."""


def _border(graph: Graph, value: Any, number: float) -> tuple[Any, tuple[int, ...], tuple[int, ...]] | None:
    """What lies within a border of this number, and its width before and behind each axis that windows slide along."""
    step = graph.maker(value, "constant_pad_nd")
    if step is None or float(step.arguments["value"]) != number or min(step.arguments["pad"]) < 0:
        return None
    pads, axes = step.arguments["pad"], len(step.shape) - _SAMPLE_AXES
    if len(pads) > 2 * axes:
        return None
    filled = (*pads, *(0,) * (2 * axes - len(pads)))
    return step.arguments["self"], filled[::2][::-1], filled[1::2][::-1]


def _windowed(graph: Graph, value: Any, own: Sequence[int], number: float) -> tuple[Any, list[int]]:
    """What windows slide over, and ONNX's pads: those of the operator, and of a border put there before it."""
    within = _border(graph, value, number)
    if within is None:
        return value, [*own, *own]
    inner, before, behind = within
    pairs = [[zeros + more for zeros, more in zip(own, side, strict=True)] for side in (before, behind)]
    return inner, [*pairs[0], *pairs[1]]


def convolution(graph: Graph, step: Step) -> None:
    """A convolution, forwards or on its way back, with the zeros around it."""
    given = step.arguments
    axes = len(step.shape) - _SAMPLE_AXES
    weight, attributes = graph.shape(given["weight"]), {}
    if given["transposed"]:
        x, pads = given["input"], [*given["padding"], *given["padding"]]
        attributes["output_padding"] = list(given["output_padding"])
    else:
        x, pads = _windowed(graph, given["input"], given["padding"], 0.0)
    inputs = [graph.operand(x, step), graph.operand(given["weight"], step)]
    if given["bias"] is not None:
        inputs.append(graph.operand(given["bias"], step))
    out(
        graph,
        step,
        "ConvTranspose" if given["transposed"] else "Conv",
        *inputs,
        kernel_shape=list(weight[-axes:]),
        strides=list(given["stride"]),
        pads=pads,
        dilations=list(given["dilation"]),
        group=int(given["groups"]),
        **attributes,
    )


def max_pool(graph: Graph, step: Step) -> None:
    """The largest of each window."""
    given = step.arguments
    if given["ceil_mode"]:
        raise missing(step)
    x, pads = _windowed(graph, given["self"], given["padding"], -math.inf)
    stride, gaps = list(given["stride"] or given["kernel_size"]), list(given["dilation"])
    attributes = {"dilations": gaps} if set(gaps) != {1} else {}
    size = list(given["kernel_size"])
    out(graph, step, "MaxPool", graph.operand(x, step), kernel_shape=size, strides=stride, pads=pads, **attributes)


def average_pool(graph: Graph, step: Step) -> None:
    """The mean of each window."""
    given = step.arguments
    if given["ceil_mode"] or given.get("divisor_override") is not None:
        raise missing(step)
    x, pads = given["self"], [*given["padding"], *given["padding"]]
    if given["count_include_pad"]:
        x, pads = _windowed(graph, x, given["padding"], 0.0)
    out(
        graph,
        step,
        "AveragePool",
        graph.operand(x, step),
        kernel_shape=list(given["kernel_size"]),
        strides=list(given["stride"] or given["kernel_size"]),
        pads=pads,
        count_include_pad=int(given["count_include_pad"]),
    )


def reduced(operator: str, whole: str) -> Writer:
    """The writer of a mean or maximum over axes; `whole` is the operator for all places of an image or a sequence."""

    def writer(graph: Graph, step: Step) -> None:
        given = step.arguments
        axes = [int(axis) % len(graph.shape(given["self"])) for axis in given["dim"]]
        rows = graph.maker(given["self"], "reshape")
        inner = rows.arguments["self"] if rows is not None else given["self"]
        shape = graph.shape(inner)
        if (
            len(shape) > _SAMPLE_AXES
            and axes == [2]
            and not given["keepdim"]
            and len(step.shape) == 2
            and shape[:2] == step.shape
        ):
            pooled = between(graph, step, whole, "pooled", graph.operand(inner, step))
            out(graph, step, "Flatten", pooled, axis=1)
            return
        x = graph.operand(given["self"], step)
        out(graph, step, operator, x, axes=axes, keepdims=int(given["keepdim"]))

    return writer


def _filled(graph: Graph, step: Step, value: Any, like: int, number: float) -> str:
    """The name of an argument that ONNX cannot leave out."""
    if value is not None:
        return graph.operand(value, step)
    return graph.stored(np.full(like, number, np.float32), f"{step.card}.all_{number:.0f}")


def batch_norm(graph: Graph, step: Step) -> None:
    """By averages that were kept."""
    given, channels = step.arguments, int(step.shape[1] or 1)
    parts = (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0))
    arrays = [_filled(graph, step, given[name], channels, number) for name, number in parts]
    momentum = 1.0 - float(given["momentum"])
    x = graph.operand(given["input"], step)
    out(graph, step, "BatchNormalization", x, *arrays, epsilon=float(given["eps"]), momentum=momentum)


def layer_norm(graph: Graph, step: Step) -> None:
    """Over the last axes."""
    given, shape = step.arguments, step.arguments["normalized_shape"]
    weight = given["weight"]
    scale = (
        graph.operand(weight, step)
        if weight is not None
        else graph.stored(np.ones(shape, np.float32), f"{step.card}.all_1")
    )
    inputs = [graph.operand(given["input"], step), scale]
    inputs += [] if given["bias"] is None else [graph.operand(given["bias"], step)]
    out(graph, step, "LayerNormalization", *inputs, axis=len(step.shape) - len(shape), epsilon=float(given["eps"]))


def instance_norm(graph: Graph, step: Step) -> None:
    """Each channel of a sample by itself."""
    given, channels = step.arguments, int(step.shape[1] or 1)
    arrays = [_filled(graph, step, given[name], channels, number) for name, number in (("weight", 1.0), ("bias", 0.0))]
    x = graph.operand(given["input"], step)
    out(graph, step, "InstanceNormalization", x, *arrays, epsilon=float(given["eps"]))


def group_norm(graph: Graph, step: Step) -> None:
    """Each group as if it were a channel, since the operator of its own is younger than version 17."""
    given, groups = step.arguments, int(step.arguments["num_groups"])
    rest = [int(length or 1) for length in step.shape[1:]]
    shape = graph.stored(np.array([0, groups, -1]), f"{step.name}_groups")
    rows = between(graph, step, "Reshape", "rows", graph.operand(given["input"], step), shape)
    arrays = [_filled(graph, step, None, groups, number) for number in (1.0, 0.0)]
    normal = between(graph, step, "InstanceNormalization", "normal", rows, *arrays, epsilon=float(given["eps"]))
    back = graph.stored(np.array([0, *rest]), f"{step.name}_shape")
    if given["weight"] is None:
        out(graph, step, "Reshape", normal, back)
        return
    found = between(graph, step, "Reshape", "back", normal, back)
    along = (-1, *(1,) * (len(rest) - 1))
    for operator, name in (("Mul", "weight"), ("Add", "bias")):
        array = graph.constant(given[name])
        if array is None:
            raise missing(step)
        each = graph.stored(array.reshape(along), given[name].name if len(rest) == 1 else f"{given[name].name}_each")
        if operator == "Mul":
            found = between(graph, step, operator, "scaled", found, each)
        else:
            out(graph, step, operator, found, each)


# --- shapes -----------------------------------------------------------------------------------------------------------


def reshape(graph: Graph, step: Step) -> None:
    """The same values in another shape; behind the batch in one row."""
    sizes = lengths(step, step.arguments["shape"])
    x = graph.operand(step.arguments["self"], step)
    if len(sizes) == 2 and step.shape[0] is None and graph.shape(step.arguments["self"])[0] is None:
        out(graph, step, "Flatten", x, axis=1)
        return
    out(graph, step, "Reshape", x, graph.stored(np.array(sizes), f"{step.name}_shape"))


def permute(graph: Graph, step: Step) -> None:
    """Axes in another order."""
    order = [int(axis) % len(step.shape) for axis in step.arguments["dims"]]
    x = graph.operand(step.arguments["self"], step)
    if order == sorted(order) and step.arguments["self"].name in graph.made_by:
        graph.renamed[step.name] = x
        return
    out(graph, step, "Transpose", x, perm=order)


def unsqueeze(graph: Graph, step: Step) -> None:
    """One more axis of length 1."""
    axis = int(step.arguments["dim"]) % len(step.shape)
    out(
        graph,
        step,
        "Unsqueeze",
        graph.operand(step.arguments["self"], step),
        graph.stored(np.array([axis]), f"{step.name}_axes"),
    )


def squeeze(graph: Graph, step: Step) -> None:
    """Without axes of length 1."""
    rank = len(graph.shape(step.arguments["self"]))
    axes = np.array([int(axis) % rank for axis in step.arguments["dim"]])
    out(graph, step, "Squeeze", graph.operand(step.arguments["self"], step), graph.stored(axes, f"{step.name}_axes"))


def expand(graph: Graph, step: Step) -> None:
    """Axes of length 1 repeated."""
    sizes = [1 if length is None else length for length in step.shape]
    out(
        graph,
        step,
        "Expand",
        graph.operand(step.arguments["self"], step),
        graph.stored(np.array(sizes), f"{step.name}_shape"),
    )


def cat(graph: Graph, step: Step) -> None:
    """Values side by side."""
    names = [graph.operand(value, step) for value in step.arguments["tensors"]]
    out(graph, step, "Concat", *names, axis=int(step.arguments["dim"]) % len(step.shape))


def pad(graph: Graph, step: Step) -> None:
    """A border of one number, or one that is taken away."""
    pads, rank = step.arguments["pad"], len(step.shape)
    filled = (*pads, *(0,) * (2 * rank - len(pads)))
    before, behind = filled[::2][::-1], filled[1::2][::-1]
    x = graph.operand(step.arguments["self"], step)
    if max(filled) <= 0:
        shape = graph.shape(step.arguments["self"])
        axes = [axis for axis in range(rank) if before[axis] or behind[axis]]
        ends = [int(shape[axis] or 0) + behind[axis] for axis in axes]
        _sliced(graph, step, x, [-before[axis] for axis in axes], ends, axes)
        return
    sides = graph.stored(np.array([*before, *behind]), f"{step.name}_pads")
    out(graph, step, "Pad", x, sides, graph.operand(float(step.arguments["value"]), step), mode="constant")


def cut(graph: Graph, step: Step) -> None:
    """A part of one axis."""
    given = step.arguments
    axis = int(given["dim"]) % len(step.shape)
    start = given["start"] or 0
    length = step.shape[axis]
    if given["step"] != 1 or length is None or not isinstance(start, int) or start < 0:
        raise missing(step)
    _sliced(graph, step, graph.operand(given["self"], step), [start], [start + length], [axis])


def _sliced(graph: Graph, step: Step, x: str, starts: list[int], ends: list[int], axes: list[int]) -> None:
    parts = (("starts", starts), ("ends", ends), ("axes", axes))
    names = [graph.stored(np.array(values, np.int64), f"{step.name}_{what}") for what, values in parts]
    out(graph, step, "Slice", x, *names)


def embedding(graph: Graph, step: Step) -> None:
    """Rows of a table."""
    given = step.arguments
    out(graph, step, "Gather", graph.operand(given["weight"], step), graph.operand(given["indices"], step), axis=0)


def upsample(mode: str) -> Writer:
    """The writer of an enlargement by a factor."""

    def writer(graph: Graph, step: Step) -> None:
        given = step.arguments
        factors = given["scale_factors"]
        if factors is None or given.get("align_corners"):
            raise missing(step)
        x = graph.operand(given["input"], step)
        scales = graph.stored(np.array([1.0, 1.0, *factors], np.float32), f"{step.name}_scales")
        if mode == "nearest":
            way = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        else:
            way = {"coordinate_transformation_mode": "half_pixel"}
        out(graph, step, "Resize", x, "", scales, mode=mode, **way)

    return writer
