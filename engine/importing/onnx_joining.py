"""ONNX operators that join values, or a value and an array that the file holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.catalog.layers.merging import Add, Average, Concatenate, Maximum, Multiply
from engine.catalog.layers.pooling import AveragePool1d, AveragePool2d
from engine.catalog.layers.scaling import Scale
from engine.catalog.layers.shapes import SAME, padding, reach
from engine.importing.building import (
    MOST_COMPUTED,
    Array,
    Building,
    Flow,
    Unknown,
    is_one_number,
    is_per_channel,
    number_of,
    per_channel,
    small,
    zeros_around,
)
from engine.importing.functions import number, put_in
from engine.importing.onnx_file import NodeRead
from engine.importing.onnx_functions import ARRAYS, TWO, function

_JOINED: Mapping[str, type] = MappingProxyType(
    {"Add": Add, "Sum": Add, "Mul": Multiply, "And": Multiply, "Max": Maximum, "Mean": Average}
)


def two_numbers(building: Building, node: NodeRead) -> Flow | Array:
    """An operator of two numbers or more: a function, a factor for each channel, a bias, or a card that joins."""
    values = [building.value(name) for name in node.inputs]
    if all(not isinstance(value, Flow) for value in values):
        if node.operator not in ARRAYS:
            raise Unknown("it computes a constant in a way that is not known here")
        total, *others = (small(np.asarray(value)) for value in values)
        for other in others:
            total = small(np.asarray(ARRAYS[node.operator](total, other)))
        return total
    first = values[0]
    if len(values) == 1:
        return first
    if len(values) > 2 or node.operator in ("Sum", "Mean"):
        return _joined(building, node, values)
    first, second = values
    if not isinstance(first, Flow):
        assert isinstance(second, Flow)
        return _with_array(building, node, second, first, swapped=True)
    if not isinstance(second, Flow):
        return _with_array(building, node, first, second, swapped=False)
    same = dataclasses.replace(first, function="x", activation=None) == dataclasses.replace(
        second, function="x", activation=None
    )
    if same and (first.pending or second.pending) and not first.pads:
        found = put_in(TWO[node.operator], a=first.function, b=second.function)
        if found is not None:
            return dataclasses.replace(first, function=found, activation=None)
    if node.operator == "Sub":
        away = building.add(Scale(-1.0, fixed=True), [second], node)
        return _joined(building, node, [first, dataclasses.replace(away, axes=None)], kind=Add)
    return _joined(building, node, values)


def _joined(building: Building, node: NodeRead, values: list[Any], kind: type | None = None) -> Flow:
    """A card that joins several values of one shape."""
    kind = kind or _JOINED.get(node.operator)
    if kind is None:
        raise Unknown("no card computes this of two values")
    if not all(isinstance(value, Flow) for value in values):
        raise Unknown("it joins values and constants")
    flows = [building.applied(value) for value in values]
    turned = {flow.axes for flow in flows}
    largest = max(len(flow.seen) for flow in flows)
    if len(turned) == 1 and turned != {None} and not any(flow.pads for flow in flows):
        straight = [dataclasses.replace(flow, axes=None) for flow in flows]
        if len({flow.seen for flow in straight}) > 1:
            raise Unknown("it joins values of different shapes")
        return dataclasses.replace(building.add(kind(), straight, node), axes=flows[0].axes)
    if len({len(flow.shape) for flow in flows}) == 1 and len({flow.ones for flow in flows}) == 1 and turned == {None}:
        ones = flows[0].ones
        plain = [dataclasses.replace(flow, ones=0) for flow in flows]
        if len({flow.seen for flow in plain}) > 1:
            raise Unknown("it joins values of different shapes")
        return dataclasses.replace(building.add(kind(), plain, node), ones=ones)
    if kind is Multiply and all(len(flow.seen) == largest for flow in flows):
        gates = [dataclasses.replace(flow, ones=0) if len(flow.shape) == 1 else flow for flow in flows]
        return building.add(kind(), gates, node)
    if len({flow.seen for flow in flows}) > 1:
        raise Unknown("it joins values of different shapes")
    return building.add(kind(), flows, node)


def _with_array(building: Building, node: NodeRead, flow: Flow, array: Array, *, swapped: bool) -> Flow:
    """A value and an array that the file holds: a number for all, or one for each channel."""
    if array.size == 1 and array.ndim <= 1 + len(flow.seen):
        parts = ("b", "a") if swapped else ("a", "b")
        formula = TWO.get(node.operator)
        if formula is None:
            raise Unknown("no card computes this of a value and a constant")
        shown = formula.format(**{parts[0]: "{a}", parts[1]: number(number_of(array))})
        return function(building, flow, shown, None)
    if node.operator == "Div" and not swapped and _takes_border_out(building, flow, array):
        return _same_average(building, flow)
    if not is_per_channel(flow, array) and is_one_number(flow, array):
        return _with_array(building, node, flow, array.ravel()[:1], swapped=swapped)
    vector = per_channel(flow, array)
    if node.operator == "Mul" or (node.operator == "Div" and not swapped):
        factors = vector if node.operator == "Mul" else 1 / vector
        return _scaled(building, node, flow, factors.astype(np.float32))
    if node.operator == "Add" or (node.operator == "Sub" and not swapped):
        return _shifted(building, node, flow, vector if node.operator == "Add" else -vector)
    raise Unknown("no card computes this of a value and a constant for each channel")


def _scaled(building: Building, node: NodeRead, flow: Flow, factors: Array) -> Flow:
    base = building.applied(flow if not flow.pads else building.padded(flow))
    bare = dataclasses.replace(base, axes=None, ones=0)
    made = building.add(Scale(), [bare], node, weight=factors)
    return dataclasses.replace(made, axes=base.axes, ones=base.ones)


def _shifted(building: Building, node: NodeRead, flow: Flow, shifts: Array) -> Flow:
    """A bias: of the card before it, if that has none yet and nothing else reads it."""
    card = building.cards[flow.card]
    takes = getattr(card.layer, "use_bias", True) is False and "weight" in card.arrays
    if takes and building.is_lone(flow):
        card.layer = card.layer.replace(use_bias=True)
        card.arrays["bias"] = shifts
        return flow
    base = building.applied(flow if not flow.pads else building.padded(flow))
    bare = dataclasses.replace(base, axes=None, ones=0)
    made = building.add(Scale(use_bias=True), [bare], node, weight=np.ones_like(shifts), bias=shifts)
    return dataclasses.replace(made, axes=base.axes, ones=base.ones)


def _takes_border_out(building: Building, flow: Flow, array: Array) -> bool:
    """Whether an array holds the shares of each window that lie inside an image padded as for "same"."""
    card = building.cards[flow.card]
    if not isinstance(card.layer, AveragePool1d | AveragePool2d) or not building.is_lone(flow):
        return False
    before = building.cards[card.sources[0]]
    sides = zeros_around(before)
    if sides is None:
        return False
    inner, layer = building.cards[before.sources[0]].shape, card.layer
    size, stride = layer.pool_size, layer.stride
    if sides != [padding(length, size, stride, 1, SAME) for length in inner[1:]]:
        return False
    shares: Any = np.ones(())
    for length, (zeros, _), places in zip(inner[1:], sides, card.shape[1:], strict=True):
        starts = np.arange(places) * stride - zeros
        inside = np.minimum(starts + reach(size), length) - np.maximum(starts, 0)
        shares = shares[..., None] * (inside / size)
    return array.size == shares.size and bool(np.allclose(array.ravel(), shares.ravel(), rtol=1e-6))


def _same_average(building: Building, flow: Flow) -> Flow:
    card = building.cards[flow.card]
    before = building.cards[card.sources[0]]
    card.layer, card.sources = card.layer.replace(padding=SAME), list(before.sources)
    return flow


def concatenate(building: Building, node: NodeRead) -> Flow | Array:
    """Values side by side along the channels; or whole numbers of a shape."""
    values = [building.value(name) for name in node.inputs]
    if all(not isinstance(value, Flow) for value in values):
        arrays = [small(np.asarray(value)) for value in values]
        if sum(array.size for array in arrays) > MOST_COMPUTED:
            raise Unknown("it computes more than {most} constants", most=f"{MOST_COMPUTED:,}")
        return np.concatenate(arrays, node.attributes.get("axis", 0))
    if not all(isinstance(value, Flow) for value in values):
        raise Unknown("it joins values and constants")
    flows = [building.applied(value) for value in values if isinstance(value, Flow)]
    turned, ones = {flow.axes for flow in flows}, {flow.ones for flow in flows}
    flat = len({len(flow.shape) for flow in flows}) == 1
    if len(turned) > 1 or len(ones) > 1 or not flat:
        flows = [building.standing(flow) for flow in flows]
    axes, rest = flows[0].axes, flows[0].ones
    channel = 0 if axes is None else axes.index(0)
    if node.attributes.get("axis", 1) % (len(flows[0].seen) + 1) != channel + 1:
        raise Unknown("it joins along an axis that is not that of the channels")
    if len(flows) == 1:
        return flows[0]
    made = building.add(Concatenate(), [dataclasses.replace(flow, axes=None, ones=0) for flow in flows], node)
    return dataclasses.replace(made, axes=axes, ones=rest)
