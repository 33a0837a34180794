"""ONNX operators that work number by number, and other activations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.catalog.activations import (
    Activation,
    Celu,
    Elu,
    Gelu,
    HardSigmoid,
    LeakyRelu,
    LogSoftmax,
    PRelu,
    Softmax,
)
from engine.catalog.layers.regularizing import Dropout
from engine.importing.building import (
    Array,
    Building,
    Flow,
    Unknown,
    choice,
    number_of,
    per_channel,
    small,
)
from engine.importing.functions import number, put_in
from engine.importing.onnx_file import NodeRead

ONE: Mapping[str, str] = MappingProxyType(
    {
        "Abs": "abs({a})",
        "Cos": "cos({a})",
        "Cosh": "cosh({a})",
        "Erf": "erf({a})",
        "Exp": "exp({a})",
        "HardSwish": "{a}*min(max({a}/6+0.5,0),1)",
        "Log": "log({a})",
        "Mish": "{a}*tanh(softplus({a}))",
        "Neg": "-{a}",
        "Not": "1-{a}",
        "Reciprocal": "1/{a}",
        "Relu": "relu({a})",
        "Sigmoid": "sigmoid({a})",
        "Sign": "sign({a})",
        "Sin": "sin({a})",
        "Sinh": "sinh({a})",
        "Softplus": "softplus({a})",
        "Softsign": "{a}/(1+abs({a}))",
        "Sqrt": "sqrt({a})",
        "Tan": "tan({a})",
        "Tanh": "tanh({a})",
    }
)
"""Operators of one number as typed formulas."""
TWO: Mapping[str, str] = MappingProxyType(
    {
        "Add": "{a}+{b}",
        "Sub": "{a}-{b}",
        "Mul": "{a}*{b}",
        "Div": "{a}/{b}",
        "Pow": "{a}**{b}",
        "Max": "max({a},{b})",
        "Min": "min({a},{b})",
        "Less": "{a}<{b}",
        "LessOrEqual": "{a}<={b}",
        "Greater": "{a}>{b}",
        "GreaterOrEqual": "{a}>={b}",
        "Equal": "{a}=={b}",
        "And": "{a}*{b}",
        "Or": "max({a},{b})",
    }
)
"""Operators of two numbers as typed formulas."""
PARAMETRIC = ("LeakyRelu", "ThresholdedRelu", "Elu", "Celu", "Selu", "HardSigmoid", "Gelu")
"""Operators of one number that have numbers of their own."""
ARRAYS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "Add": np.add,
        "Sub": np.subtract,
        "Mul": np.multiply,
        "Div": lambda a, b: a // b if a.dtype.kind == "i" else a / b,
        "Neg": np.negative,
        "Sqrt": np.sqrt,
        "Reciprocal": lambda a: 1 / a,
    }
)
"""What is computed with arrays that the file holds."""


def parametric(node: NodeRead) -> tuple[str, Activation | None] | None:
    """The formula of an operator that has numbers of its own, and the activation it is, if the catalogue has it."""
    alpha = float(node.attributes.get("alpha", {"HardSigmoid": 0.2, "LeakyRelu": 0.01}.get(node.operator, 1.0)))
    a = number(alpha)
    if node.operator == "LeakyRelu":
        return f"where({{a}}>0,{{a}},{a}*{{a}})", choice(LeakyRelu, negative_slope=_plain(alpha))
    if node.operator == "ThresholdedRelu":
        return f"where({{a}}>{a},{{a}},0)", None
    if node.operator == "Elu":
        return f"where({{a}}>0,{{a}},{a}*expm1(min({{a}},0)))", choice(Elu, alpha=_plain(alpha))
    if node.operator == "Celu":
        return f"where({{a}}>0,{{a}},{a}*expm1(min({{a}},0)/{a}))", choice(Celu, alpha=_plain(alpha))
    if node.operator == "Selu":
        alpha, gamma = node.attributes.get("alpha", 1.67326319), node.attributes.get("gamma", 1.05070102)
        return f"{number(gamma)}*where({{a}}>0,{{a}},{number(alpha)}*expm1(min({{a}},0)))", None
    if node.operator == "HardSigmoid":
        beta = float(node.attributes.get("beta", 0.5))
        # a sixth in float32 is the sixth that the catalogue's activation starts from
        slope = 1 / 6 if np.float32(alpha) == np.float32(1 / 6) else _plain(alpha)
        known = choice(HardSigmoid, slope=slope) if beta == 0.5 else None
        return f"min(max({a}*{{a}}+{number(beta)},0),1)", known
    if node.operator == "Gelu":
        if node.attributes.get("approximate", "none") == "tanh":
            return "{a}/2*(1+tanh(sqrt(2/pi)*({a}+0.044715*{a}**3)))", Gelu("tanh")
        return "{a}/2*(1+erf({a}/sqrt(2)))", Gelu()
    return None


def _plain(value: float) -> float:
    """A float32 number as somebody would have typed it."""
    return float(str(np.float32(value)))


def one_number(building: Building, node: NodeRead) -> Flow | Array:
    """An operator of a single number."""
    value = building.value(node.inputs[0])
    if not isinstance(value, Flow):
        if node.operator not in ARRAYS:
            raise Unknown("it computes a constant in a way that is not known here")
        return np.asarray(ARRAYS[node.operator](small(value)))
    found = parametric(node)
    formula, activation = found if found is not None else (ONE[node.operator], None)
    return function(building, value, formula, activation)


def clip(building: Building, node: NodeRead) -> Flow:
    """Numbers kept between two others."""
    formula, least, most = "{a}", _limit(building, node, "min", 1), _limit(building, node, "max", 2)
    if least is not None:
        formula = f"max({formula},{number(least)})"
    if most is not None:
        formula = f"min({formula},{number(most)})"
    return function(building, building.flow(node), formula, None)


def _limit(building: Building, node: NodeRead, attribute: str, place: int) -> float | None:
    if attribute in node.attributes:
        value = float(node.attributes[attribute])
    else:
        array = building.array(node, place)
        if array is None:
            return None
        value = float(array.ravel()[0]) if array.size == 1 else float("nan")
    if np.isnan(value):
        raise Unknown("its limits must be single numbers")
    return None if abs(value) > 3e38 else value


def function(building: Building, flow: Flow, formula: str, activation: Activation | None) -> Flow:
    """The value behind a function of each number."""
    if flow.pads:
        flow = building.padded(flow)
    found = put_in(formula, a=flow.function)
    if found is None:
        flow = building.applied(flow)
        found = put_in(formula, a="x")
    if found is None:
        raise Unknown("its function is too long for a formula")
    return dataclasses.replace(flow, function=found, activation=None if flow.pending else activation)


def where(building: Building, node: NodeRead) -> Flow:
    """One of two functions, whichever a condition says."""
    values = [building.value(name) for name in node.inputs]
    flows = [value for value in values if isinstance(value, Flow)]
    places = {dataclasses.replace(flow, function="x", activation=None) for flow in flows}
    parts = [value.function if isinstance(value, Flow) else number(number_of(value)) for value in values]
    found = put_in("where({c},{a},{b})", c=parts[0], a=parts[1], b=parts[2])
    if len(places) != 1 or found is None or flows[0].pads:
        raise Unknown("it chooses between values of different cards")
    return dataclasses.replace(flows[0], function=found, activation=None)


def together(building: Building, node: NodeRead) -> Flow:
    """Softmax and its logarithm, over the units or channels."""
    flow = building.flow(node)
    rank, old = len(flow.seen), building.model.opset < 13
    axis = node.attributes.get("axis", 1 if old else -1) % (rank + 1)
    channel = 0 if flow.axes is None else flow.axes.index(0)
    if axis != channel + 1 or (old and rank > 1):
        raise Unknown("its axis is not that of the channels")
    return building.activated(flow, Softmax() if node.operator == "Softmax" else LogSoftmax(), node)


def prelu(building: Building, node: NodeRead) -> Flow:
    """A leaky ReLU whose slope was learned: one for all, or one for each channel."""
    flow, slope = building.flow(node), building.needed(node, 1)
    values = slope.ravel() if slope.size == 1 else per_channel(flow, slope)
    own = slope.size > 1
    return building.activated(flow, PRelu(slope_per_unit=own), node, slope=values)


def dropout(building: Building, node: NodeRead) -> Flow:
    """What is silenced in training alone."""
    flow, given = building.flow(node), building.array(node, 1)
    rate = float(node.attributes.get("ratio", 0.5)) if given is None else number_of(given)
    layer = choice(Dropout, rate=_plain(rate))
    if layer is None:
        raise Unknown("its ratio (={rate}) is not between 0 and 0.95", rate=rate)
    base = building.applied(flow)
    bare = dataclasses.replace(base, axes=None, ones=0)
    made = building.add(layer, [bare], node)
    return dataclasses.replace(made, axes=base.axes, ones=base.ones)
