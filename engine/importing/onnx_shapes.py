"""ONNX operators that move values around, and those that compute shapes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.catalog.layers.layer import Shape
from engine.catalog.layers.reshaping import Crop, Flatten, RepeatVector, Upsample
from engine.importing.building import BATCH, MOST_COMPUTED, Array, Building, Flow, Unknown, small
from engine.importing.onnx_file import NodeRead

_WHOLE = (6, 7)
_TO = {1: np.float32, 10: np.float32, 11: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_}


def constant(building: Building, node: NodeRead) -> Array:
    """An array that stands in the graph."""
    attributes = node.attributes
    if attributes.get("value") is not None:
        return building.tensor(node, "value")
    for name in ("value_float", "value_floats", "value_int", "value_ints"):
        if attributes.get(name) is not None:
            return np.array(attributes[name], np.int64 if "int" in name else np.float32)
    raise Unknown("it holds a constant of a kind that is not known here")


def constant_of_shape(building: Building, node: NodeRead) -> Array:
    """One number many times."""
    shape = building.whole(node, "shape", 0) or ()
    if len(shape) > 8 or min(shape, default=0) < 0 or math.prod(shape) > MOST_COMPUTED:
        raise Unknown("it makes more than {most} constants", most=f"{MOST_COMPUTED:,}")
    value: Array = np.zeros(1, np.float32)
    if node.attributes.get("value") is not None:
        value = building.tensor(node, "value")
    if value.size != 1:
        raise Unknown("it repeats {count} values", count=value.size)
    return np.full(shape, value.ravel()[0], value.dtype)


def shape_of(building: Building, node: NodeRead) -> Array:
    """The lengths of a value's axes, that of the batch first."""
    value = building.value(node.inputs[0])
    found = np.array((BATCH, *value.seen) if isinstance(value, Flow) else value.shape, np.int64)
    return found[slice(node.attributes.get("start"), node.attributes.get("end"))].copy()


def same(building: Building, node: NodeRead) -> Flow | Array:
    """What arrives."""
    return building.value(node.inputs[0])


def cast(building: Building, node: NodeRead) -> Flow | Array:
    """Another kind of number. Of what arrives, only what stands for rows of a table becomes whole."""
    value, to = building.value(node.inputs[0]), node.attributes.get("to")
    if isinstance(value, Flow):
        if to in _WHOLE and set(building.readers(node)) != {"Gather"}:
            raise Unknown("it makes whole numbers of what arrives")
        return value
    if to not in _TO:
        raise Unknown("it makes numbers of a kind that is not known here")
    return small(value).astype(_TO[to])


def rounded(building: Building, node: NodeRead) -> Flow:
    """Whole numbers, as an embedding rounds them itself."""
    if set(building.readers(node)) != {"Cast"}:
        raise Unknown("it rounds what arrives")
    return building.flow(node)


# --- axes ------------------------------------------------------------------------------------------------------------


def transpose(building: Building, node: NodeRead) -> Flow | Array:
    """Axes in another order."""
    value = building.value(node.inputs[0])
    rank = 1 + len(value.seen) if isinstance(value, Flow) else value.ndim
    order = tuple(node.attributes.get("perm", range(rank)[::-1]))
    if sorted(order) != list(range(rank)):
        raise Unknown("its axes {axes} are not those of what arrives", axes=order)
    if not isinstance(value, Flow):
        return value.transpose(order)
    if order[0] != 0:
        raise Unknown("it moves the axis of the batch")
    flow = value
    if flow.ones:
        if order == tuple(range(rank)):
            return flow
        flow = building.standing(flow)
    if flow.pads:
        flow = building.padded(flow)
    now = flow.axes or tuple(range(rank - 1))
    axes: Shape | None = tuple(now[axis - 1] for axis in order[1:])
    return dataclasses.replace(flow, axes=None if axes == tuple(range(rank - 1)) else axes)


def flatten(building: Building, node: NodeRead) -> Flow:
    """All values of a sample in one row."""
    flow = building.flow(node)
    rank = 1 + len(flow.seen)
    if node.attributes.get("axis", 1) % rank != 1 % rank:
        raise Unknown("its axis is not the one behind the batch")
    return _flat(building, flow)


def _flat(building: Building, flow: Flow) -> Flow:
    if flow.axes is None and len(flow.shape) == 1:
        return dataclasses.replace(flow, ones=0)
    plain = building.plain(flow)
    return plain if len(plain.shape) == 1 else building.add(Flatten(), [plain], None)


def reshape(building: Building, node: NodeRead) -> Flow | Array:
    """The same values in another shape."""
    value, wanted = building.value(node.inputs[0]), building.whole(node, "shape", 1)
    if wanted is None:
        raise Unknown("it does not say which shape")
    if not isinstance(value, Flow):
        return _array_reshaped(value, wanted)
    return reshaped(building, value, wanted, bool(node.attributes.get("allowzero", 0)))


def _array_reshaped(value: Array, wanted: Sequence[int]) -> Array:
    if len(wanted) > 8 or min(wanted, default=1) < -1:
        raise Unknown("a constant cannot have the shape {shape}", shape=tuple(wanted))
    lengths = [value.shape[place] if not each and place < value.ndim else each for place, each in enumerate(wanted)]
    try:
        return value.reshape(lengths)
    except ValueError as error:
        raise Unknown("a constant cannot have the shape {shape}", shape=tuple(wanted)) from error


def reshaped(building: Building, flow: Flow, wanted: Sequence[int], zero_is_zero: bool = False) -> Flow:
    """A value in a shape whose first axis is that of the batch."""
    seen, count = flow.seen, math.prod(flow.seen)
    lengths = list(wanted)
    if not zero_is_zero:
        lengths = [seen[at - 1] if not each and 0 < at <= len(seen) else each for at, each in enumerate(lengths)]
    if not 2 <= len(lengths) <= 4 or any(each < 1 and each != -1 for each in lengths[1:]):
        raise Unknown("it gives the shape {shape}", shape=tuple(wanted))
    rest = lengths[1:]
    if rest.count(-1) == 1:
        known = -math.prod(rest)
        rest = [count // known if each == -1 else each for each in rest]
    shape, first = tuple(rest), lengths[0]
    batch = first in (0, BATCH, building.model.batch) or (first == -1 and -1 not in lengths[1:])
    if not batch or -1 in shape or math.prod(shape) != count:
        raise Unknown("it mixes samples: {seen} becomes {shape}", seen=seen, shape=tuple(wanted))
    if shape == seen:
        return flow
    if len(shape) == 1:
        return _flat(building, flow)
    if flow.axes is None and not flow.pads and shape == (*flow.shape, *(1,) * (len(shape) - len(flow.shape))):
        return dataclasses.replace(flow, ones=len(shape) - len(flow.shape))
    return building.laid_out(flow, shape)


def squeeze(building: Building, node: NodeRead) -> Flow | Array:
    """Without axes of length 1."""
    value, axes = building.value(node.inputs[0]), building.whole(node, "axes", 1)
    if not isinstance(value, Flow):
        kept = [
            length for place, length in enumerate(value.shape) if length != 1 or not _named(axes, place, value.ndim)
        ]
        return small(value).reshape(kept)
    rank = 1 + len(value.seen)
    if axes is None or any(axis % rank == 0 for axis in axes):
        raise Unknown("it does not say which axes")
    kept = [length for place, length in enumerate(value.seen, 1) if not _named(axes, place, rank)]
    return reshaped(building, value, (0, *(kept or (1,))))


def _named(axes: Sequence[int] | None, place: int, rank: int) -> bool:
    return axes is None or place in [axis % rank for axis in axes]


def unsqueeze(building: Building, node: NodeRead) -> Flow | Array:
    """With further axes of length 1."""
    value, axes = building.value(node.inputs[0]), building.whole(node, "axes", 1) or ()
    rank = len(axes) + (1 + len(value.seen) if isinstance(value, Flow) else value.ndim)
    if rank > 8 or any(not -rank <= axis < rank for axis in axes) or len({axis % rank for axis in axes}) < len(axes):
        raise Unknown("its axes {axes} do not fit", axes=axes)
    places = [axis % rank for axis in axes]
    if isinstance(value, Flow) and 0 in places:
        raise Unknown("it puts an axis before that of the batch")
    old = iter((BATCH, *value.seen) if isinstance(value, Flow) else value.shape)
    lengths = [1 if place in places else next(old) for place in range(rank)]
    return reshaped(building, value, (0, *lengths[1:])) if isinstance(value, Flow) else value.reshape(lengths)


# --- larger and smaller ----------------------------------------------------------------------------------------------


def pad(building: Building, node: NodeRead) -> Flow:
    """A border of one number."""
    flow = building.plain(building.flow(node))
    given, rank = building.whole(node, "pads", 1), 1 + len(flow.shape)
    if node.attributes.get("mode", "constant") != "constant" or len(node.inputs) > 3:
        raise Unknown("it does not pad with a constant along all axes")
    value = building.array(node, 2)
    number = (
        node.attributes.get("value", 0.0) if value is None else float(value.ravel()[0]) if value.size == 1 else np.nan
    )
    if (
        given is None
        or len(given) != 2 * rank
        or min(given) < 0
        or any((*given[:2], *given[rank : rank + 2]))
        or rank > 4
    ):
        return _cropped(building, flow, given, rank)
    pairs = tuple(zip(given[2:rank], given[rank + 2 :], strict=True))
    if not pairs or math.isnan(number):
        raise Unknown("only the sides of an image or a sequence can be padded")
    return dataclasses.replace(flow, pads=pairs, pad_value=-np.inf if number < -3e38 else number)


def _cropped(building: Building, flow: Flow, given: Sequence[int] | None, rank: int) -> Flow:
    """A border that is taken away."""
    if (
        given is None
        or len(given) != 2 * rank
        or max(given) > 0
        or any((*given[:2], *given[rank : rank + 2]))
        or rank < 3
    ):
        raise Unknown("only the sides of an image or a sequence can be padded")
    return _cut(building, flow, [(-a, -b) for a, b in zip(given[2:rank], given[rank + 2 :], strict=True)])


def _cut(building: Building, flow: Flow, sides: list[tuple[int, int]]) -> Flow:
    if not any(map(any, sides)):
        return flow
    (top, bottom), (left, right) = sides if len(sides) == 2 else ((0, 0), *sides)
    return building.add(Crop(top, bottom, left, right), [flow], None)


def cut(building: Building, node: NodeRead) -> Flow | Array:
    """A part of each axis: the sides of an image cut off, or part of a shape."""
    value = building.value(node.inputs[0])
    starts, ends = building.whole(node, "starts", 1), building.whole(node, "ends", 2)
    axes, steps = building.whole(node, "axes", 3), building.whole(node, "steps", 4)
    rank = 1 + len(value.seen) if isinstance(value, Flow) else value.ndim
    axes = tuple(range(len(starts or ()))) if axes is None else axes
    if (
        starts is None
        or ends is None
        or not len(starts) == len(ends) == len(axes)
        or any(not -rank <= a < rank for a in axes)
    ):
        raise Unknown("it does not say what to cut off")
    if steps is not None and set(steps) - {1}:
        raise Unknown("it skips values")
    parts = {axis % rank: slice(start, end) for axis, start, end in zip(axes, starts, ends, strict=True)}
    if not isinstance(value, Flow):
        return small(value)[tuple(parts.get(axis, slice(None)) for axis in range(rank))].copy()
    flow = building.plain(value)
    sides = []
    for axis, length in enumerate((BATCH, *flow.shape)):
        part = parts.get(axis, slice(None))
        first, last, _ = part.indices(length if axis else 2**62)
        whole = (
            (first, last) == (0, length) if axis else part in (slice(None), slice(0, part.stop)) and last >= 2**31 - 1
        )
        if (axis < 2 and not whole) or (axis >= 2 and first >= last):
            raise Unknown("only the sides of an image or a sequence can be cut off")
        sides += [(first, length - last)] if axis >= 2 else []
    return _cut(building, flow, sides) if sides else flow


def enlarge(building: Building, node: NodeRead) -> Flow:
    """An image or a sequence larger by a whole factor."""
    flow = building.plain(building.flow(node))
    rank, attributes = 1 + len(flow.shape), node.attributes
    factors = _factors(building, node, flow)
    mode, place = attributes.get("mode", "nearest"), attributes.get("coordinate_transformation_mode", "half_pixel")
    if node.operator == "Upsample":
        place = "asymmetric"
    nearest = attributes.get("nearest_mode", "round_prefer_floor")
    if len(factors) != rank - 2 or len(set(factors)) != 1 or factors[0] != int(factors[0]):
        raise Unknown("it enlarges by {factors}; a card has one whole factor", factors=factors)
    if mode == "nearest":
        fits = (place == "asymmetric" and nearest == "floor") or (place == "half_pixel" and "prefer" in nearest)
        fits = fits or node.operator == "Upsample"
    else:
        fits = mode == "linear" and place in ("half_pixel", "pytorch_half_pixel")
    if not fits:
        raise Unknown("it draws values between others in a way that no card has")
    return building.add(Upsample(int(factors[0]), "nearest" if mode == "nearest" else "bilinear"), [flow], node)


def _factors(building: Building, node: NodeRead, flow: Flow) -> tuple[float, ...]:
    """How much larger each axis behind the channels becomes."""
    place = 1 if node.operator == "Upsample" or building.model.opset < 11 else 2
    scales: Any = node.attributes.get("scales")
    if scales is None:
        scales = building.array(node, place)
    if scales is not None and np.size(scales):
        found = tuple(float(each) for each in np.ravel(scales))
        if not np.isfinite(found).all() or found[:2] != (1.0, 1.0):
            raise Unknown("it enlarges the channels")
        return found[2:]
    sizes = building.whole(node, "sizes", 3)
    if sizes is None or len(sizes) != 1 + len(flow.shape) or sizes[1] != flow.shape[0]:
        raise Unknown("it does not say how large the result is")
    return tuple(size / length for size, length in zip(sizes[2:], flow.shape[1:], strict=True))


def expand(building: Building, node: NodeRead) -> Flow | Array:
    """One value at every place of a sequence."""
    value, wanted = building.value(node.inputs[0]), building.whole(node, "shape", 1)
    if not isinstance(value, Flow) or wanted is None:
        raise Unknown("it computes a constant in a way that is not known here")
    rest = tuple(wanted[1:])
    if all(each in (1, length) for each, length in zip(rest, value.seen, strict=False)) and len(rest) == len(
        value.seen
    ):
        return value
    if value.axes is None and len(value.shape) == 1 and value.ones == 1 and rest[:-1] in ((value.shape[0],), (1,)):
        return building.add(RepeatVector(rest[-1]), [dataclasses.replace(value, ones=0)], node)
    raise Unknown("it repeats values in a way that no card has")
