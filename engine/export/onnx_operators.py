"""PyTorch's operators as ONNX's, of version 17: one function each, found by the operator's name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from engine.export import onnx_layers as layers
from engine.export.onnx_nodes import Graph, between, missing, out
from engine.export.operations import Step, Value

Writer = Callable[[Graph, Step], None]
_KINDS: Mapping[str, int] = MappingProxyType({"float32": 1, "int64": 7, "int32": 6, "bool": 9})


def write(graph: Graph, step: Step) -> None:
    """Write one step. Raises PlaygroundError, naming the card, for an operator that ONNX lacks."""
    if _folded(graph, step):
        return
    writer = _WRITERS.get(step.operator)
    if writer is None:
        raise missing(step)
    writer(graph, step)


def _folded(graph: Graph, step: Step) -> bool:
    """Whether a step only lays a stored array out in another way, which is done here and now."""
    array = graph.constant(step.arguments.get("self"))
    if array is None or step.operator not in ("reshape", "permute", "unsqueeze", "expand"):
        return False
    turned = array.transpose(step.arguments["dims"]) if step.operator == "permute" else array
    if None in step.shape or math.prod(length or 1 for length in step.shape) != array.size:
        return False
    shape = tuple(length or 1 for length in step.shape)
    graph.renamed[step.name] = graph.stored(turned.reshape(shape), step.name)
    return True


def _one(operator: str, **attributes: Any) -> Writer:
    """The writer of an operator of one value."""
    return lambda graph, step: out(
        graph, step, operator, graph.operand(next(iter(step.arguments.values())), step), **attributes
    )


def _two(operator: str) -> Writer:
    """The writer of an operator of two values, either of which may be a number."""

    def writer(graph: Graph, step: Step) -> None:
        if step.arguments.get("alpha", 1) != 1:
            raise missing(step)
        names = [graph.operand(value, step) for value in list(step.arguments.values())[:2]]
        if operator not in ("And", "Or"):
            names = [_as_number(graph, step, name) for name in names]
        out(graph, step, operator, *names)
        if operator in _TESTS:
            graph.tests.add(step.name)

    return writer


_TESTS = ("And", "Or", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
"""Operators that give true or false."""


def _as_number(graph: Graph, step: Step, name: str) -> str:
    """A value as a number: 1 for true, 0 for false, as PyTorch counts with them."""
    return between(graph, step, "Cast", f"of_{name}", name, to=_KINDS["float32"]) if name in graph.tests else name


def _reversed(operator: str) -> Writer:
    """The writer of an operator whose second value comes first."""

    def writer(graph: Graph, step: Step) -> None:
        first, second = list(step.arguments.values())[:2]
        names = [_as_number(graph, step, graph.operand(value, step)) for value in (second, first)]
        out(graph, step, operator, *names)

    return writer


def _linear(graph: Graph, step: Step) -> None:
    given, bias = step.arguments, step.arguments["bias"]
    inputs = [graph.operand(given["input"], step), graph.operand(given["weight"], step)]
    if len(graph.shape(given["input"])) != 2:
        raise missing(step)
    out(graph, step, "Gemm", *inputs, *([] if bias is None else [graph.operand(bias, step)]), transB=1)


def _elu(graph: Graph, step: Step) -> None:
    given = step.arguments
    alpha, scale, inner = (float(given[name]) for name in ("alpha", "scale", "input_scale"))
    x = graph.operand(given["self"], step)
    if scale == 1.0 and inner == 1.0:
        out(graph, step, "Elu", x, alpha=alpha)
    elif scale == 1.0 and math.isclose(inner * alpha, 1.0):
        out(graph, step, "Celu", x, alpha=alpha)
    elif inner == 1.0:
        out(graph, step, "Selu", x, alpha=alpha, gamma=scale)
    else:
        raise missing(step)


def _silu(graph: Graph, step: Step) -> None:
    x = graph.operand(step.arguments["self"], step)
    out(graph, step, "Mul", x, between(graph, step, "Sigmoid", "sigmoid", x))


def _mish(graph: Graph, step: Step) -> None:
    x = graph.operand(step.arguments["self"], step)
    inner = between(graph, step, "Softplus", "softplus", x)
    out(graph, step, "Mul", x, between(graph, step, "Tanh", "tanh", inner))


def _gelu(graph: Graph, step: Step) -> None:
    x = graph.operand(step.arguments["self"], step)

    def number(value: float) -> str:
        return graph.operand(value, step)

    half = between(graph, step, "Mul", "half", x, number(0.5))
    if step.arguments["approximate"] == "tanh":
        cube = between(graph, step, "Pow", "cube", x, number(3.0))
        bent = between(graph, step, "Mul", "bent", cube, number(0.044715))
        inner = between(graph, step, "Add", "sum", x, bent)
        inner = between(graph, step, "Mul", "scaled", inner, number(math.sqrt(2 / math.pi)))
        share = between(graph, step, "Tanh", "tanh", inner)
    else:
        inner = between(graph, step, "Mul", "scaled", x, number(math.sqrt(0.5)))
        share = between(graph, step, "Erf", "erf", inner)
    out(graph, step, "Mul", half, between(graph, step, "Add", "share", share, number(1.0)))


def _softplus(graph: Graph, step: Step) -> None:
    if step.arguments["beta"] != 1:
        raise missing(step)
    out(graph, step, "Softplus", graph.operand(step.arguments["self"], step))


def _clamped(low: str, high: str) -> Writer:
    """The writer of a function that keeps values between two numbers."""

    def writer(graph: Graph, step: Step) -> None:
        given = step.arguments
        limits = ["" if given[name] is None else graph.operand(float(given[name]), step) for name in (low, high)]
        out(graph, step, "Clip", graph.operand(given["self"], step), *limits)

    return writer


def _hard_sigmoid(graph: Graph, step: Step) -> None:
    out(graph, step, "HardSigmoid", graph.operand(step.arguments["self"], step), alpha=1 / 6, beta=0.5)


def _softmax(operator: str) -> Writer:
    def writer(graph: Graph, step: Step) -> None:
        given = step.arguments
        axis = int(given["dim"]) % len(step.shape)
        out(graph, step, operator, graph.operand(given["self"], step), axis=axis)

    return writer


def _less_one(graph: Graph, step: Step) -> None:
    grown = between(graph, step, "Exp", "exp", graph.operand(step.arguments["self"], step))
    out(graph, step, "Sub", grown, graph.operand(1.0, step))


def _log_of_more(graph: Graph, step: Step) -> None:
    more = between(graph, step, "Add", "more", graph.operand(step.arguments["self"], step), graph.operand(1.0, step))
    out(graph, step, "Log", more)


def _not(graph: Graph, step: Step) -> None:
    name = graph.operand(step.arguments["self"], step)
    if name in graph.tests:
        out(graph, step, "Not", name)
    else:
        out(graph, step, "Equal", name, graph.operand(0.0, step))
    graph.tests.add(step.name)


def _different(graph: Graph, step: Step) -> None:
    first, second = list(step.arguments.values())[:2]
    same = between(graph, step, "Equal", "equal", graph.operand(first, step), graph.operand(second, step))
    out(graph, step, "Not", same)
    graph.tests.add(step.name)


def _where(graph: Graph, step: Step) -> None:
    given = step.arguments
    slope = _learned_slope(graph, given)
    if slope is not None:
        out(graph, step, "PRelu", graph.operand(given["self"], step), slope)
        return
    out(graph, step, "Where", *(graph.operand(given[name], step) for name in ("condition", "self", "other")))


def _learned_slope(graph: Graph, given: Mapping[str, Any]) -> str | None:
    """The slope, where what is chosen is x above zero and slope · x elsewhere."""
    test, product, x = graph.maker(given["condition"], "gt"), graph.maker(given["other"], "mul"), given["self"]
    if test is None or product is None or test.arguments["self"] != x or test.arguments["other"] != 0:
        return None
    factors = [value for value in list(product.arguments.values())[:2] if value != x]
    slope = graph.constant(factors[0]) if len(factors) == 1 else None
    if slope is None or not isinstance(factors[0], Value):
        return None
    rank = len(graph.shape(x)) - 1
    shape = (1,) * rank if slope.size == 1 else (slope.size, *(1,) * (rank - 1))
    if slope.shape == shape or slope.size == 1:
        name = graph.renamed.get(factors[0].name, factors[0].name)
        return name if slope.shape == shape else graph.stored(slope.reshape(shape), f"{name}_each")
    return graph.stored(slope.reshape(shape), f"{factors[0].name}_each")


def _cast(graph: Graph, step: Step) -> None:
    kind = _KINDS.get(step.arguments["dtype"])
    if kind is None:
        raise missing(step)
    out(graph, step, "Cast", graph.operand(step.arguments["self"], step), to=kind)


_WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "_to_copy": _cast,
        "abs": _one("Abs"),
        "add": _two("Add"),
        "amax": layers.reduced("ReduceMax", "GlobalMaxPool"),
        "avg_pool1d": layers.average_pool,
        "avg_pool2d": layers.average_pool,
        "avg_pool3d": layers.average_pool,
        "batch_norm": layers.batch_norm,
        "bitwise_not": _one("Not"),
        "cat": layers.cat,
        "clamp": _clamped("min", "max"),
        "constant_pad_nd": layers.pad,
        "convolution": layers.convolution,
        "cos": _one("Cos"),
        "cosh": _one("Cosh"),
        "div": _two("Div"),
        "elu": _elu,
        "embedding": layers.embedding,
        "eq": _two("Equal"),
        "erf": _one("Erf"),
        "exp": _one("Exp"),
        "expand": layers.expand,
        "expm1": _less_one,
        "ge": _two("GreaterOrEqual"),
        "gelu": _gelu,
        "group_norm": layers.group_norm,
        "gt": _two("Greater"),
        "hardsigmoid": _hard_sigmoid,
        "hardswish": _one("HardSwish"),
        "hardtanh": _clamped("min_val", "max_val"),
        "instance_norm": layers.instance_norm,
        "layer_norm": layers.layer_norm,
        "le": _two("LessOrEqual"),
        "leaky_relu": lambda graph, step: _one("LeakyRelu", alpha=float(step.arguments["negative_slope"]))(graph, step),
        "linear": _linear,
        "log": _one("Log"),
        "log1p": _log_of_more,
        "log_softmax": _softmax("LogSoftmax"),
        "logical_and": _two("And"),
        "logical_not": _not,
        "logical_or": _two("Or"),
        "lt": _two("Less"),
        "max_pool1d": layers.max_pool,
        "max_pool2d": layers.max_pool,
        "maximum": _two("Max"),
        "mean": layers.reduced("ReduceMean", "GlobalAveragePool"),
        "minimum": _two("Min"),
        "mish": _mish,
        "mul": _two("Mul"),
        "ne": _different,
        "neg": _one("Neg"),
        "permute": layers.permute,
        "pow": _two("Pow"),
        "reciprocal": _one("Reciprocal"),
        "relu": _one("Relu"),
        "reshape": layers.reshape,
        "round": _one("Round"),
        "rsub": _reversed("Sub"),
        "sigmoid": _one("Sigmoid"),
        "sign": _one("Sign"),
        "silu": _silu,
        "sin": _one("Sin"),
        "sinh": _one("Sinh"),
        "slice": layers.cut,
        "softmax": _softmax("Softmax"),
        "softplus": _softplus,
        "sqrt": _one("Sqrt"),
        "squeeze": layers.squeeze,
        "sub": _two("Sub"),
        "tan": _one("Tan"),
        "tanh": _one("Tanh"),
        "unsqueeze": layers.unsqueeze,
        "upsample_bilinear2d": layers.upsample("linear"),
        "upsample_linear1d": layers.upsample("linear"),
        "upsample_nearest1d": layers.upsample("nearest"),
        "upsample_nearest2d": layers.upsample("nearest"),
        "where": _where,
    }
)
"""What writes each of PyTorch's operators."""
