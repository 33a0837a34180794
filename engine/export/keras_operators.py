"""PyTorch's operators in Keras: a table of functions that write a call of `keras.layers` or `keras.ops`.

Images stay channels first, as they are here: every layer and function that has to know is told so. What reads learned
arrays becomes a layer of Keras, whose kernels have other axes; the arrays are turned, not the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from engine.export.operations import Step

Array = NDArray[Any]
FIRST = 'data_format="channels_first"'


class Writer(Protocol):
    """What a row of the table may ask of who writes the source."""

    def text(self, value: Any) -> str:
        """The source of an argument."""

    def constant(self, value: Any) -> Array | None:
        """A learned or kept array; None where the argument is none."""

    def shape(self, value: Any) -> tuple[int | None, ...]:
        """The shape of an argument."""

    def layer(self, step: Step, call: str, arrays: Mapping[str, Array | None], on: Any, key: Any) -> str:
        """A layer with its arrays by Keras's names, called on an argument; layers of one `key` are one layer."""


class NoCounterpart(Exception):
    """Keras has nothing like this operator."""


def written(writer: Writer, step: Step) -> str:
    """The expression for a step. Raises NoCounterpart."""
    if step.operator in _UNARY:
        return f"ops.{_UNARY[step.operator]}({writer.text(step.arguments['self'])})"
    if step.operator in _BINARY:
        return _binary(writer, step)
    made = _TABLE.get(step.operator)
    if made is None:
        raise NoCounterpart
    return made(writer, step)


_UNARY = {
    **{name: name for name in ("abs", "exp", "expm1", "log", "log1p", "sqrt", "sign", "sin", "cos", "tan", "sinh")},
    **{name: name for name in ("cosh", "tanh", "sigmoid", "relu", "erf", "round", "floor", "ceil", "silu", "square")},
    **{"neg": "negative", "hardsigmoid": "hard_sigmoid", "hardswish": "hard_swish", "rsqrt": "rsqrt"},
    **{"reciprocal": "reciprocal", "logical_not": "logical_not", "softplus": "softplus", "relu6": "relu6"},
}
_BINARY = {
    **{"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "pow": "power", "maximum": "maximum"},
    **{"minimum": "minimum", "gt": "greater", "ge": "greater_equal", "lt": "less", "le": "less_equal", "eq": "equal"},
    **{"ne": "not_equal", "logical_and": "logical_and", "logical_or": "logical_or", "where": "where"},
}


def _binary(writer: Writer, step: Step) -> str:
    arguments = dict(step.arguments)
    if arguments.pop("alpha", 1) != 1 or arguments.pop("rounding_mode", None) is not None:
        raise NoCounterpart
    return f"ops.{_BINARY[step.operator]}({', '.join(map(writer.text, arguments.values()))})"


def _linear(writer: Writer, step: Step) -> str:
    weight, bias = writer.constant(step.arguments["weight"]), writer.constant(step.arguments["bias"])
    if weight is None:
        raise NoCounterpart
    call = f"layers.Dense({len(weight)}, use_bias={bias is not None}"
    return writer.layer(
        step, call, {"kernel": weight.T, "bias": bias}, step.arguments["input"], step.arguments["weight"]
    )


def _convolution(writer: Writer, step: Step) -> str:
    given = step.arguments
    weight, bias = writer.constant(given["weight"]), writer.constant(given["bias"])
    strides, dilation, zeros = (tuple(given[name]) for name in ("stride", "dilation", "padding"))
    if weight is None or (max(strides) > 1 and max(dilation) > 1):
        raise NoCounterpart
    axes = weight.ndim - 2
    settings = f"{tuple(weight.shape[2:])}, strides={strides}, {FIRST}, dilation_rate={dilation}"
    kernel = weight.transpose(*range(2, weight.ndim), 1, 0)
    arrays = {"kernel": kernel, "bias": bias}
    if given["transposed"]:
        if given["groups"] != 1 or any(zeros):
            raise NoCounterpart
        extra = f", output_padding={tuple(given['output_padding'])}" if any(given["output_padding"]) else ""
        call = f"layers.Conv{axes}DTranspose({weight.shape[1]}, {settings}{extra}"
    else:
        call = f"layers.Conv{axes}D({len(weight)}, {settings}, groups={given['groups']}"
    call += f", use_bias={bias is not None}"
    on = writer.text(given["input"])
    if any(zeros):
        sides = zeros[0] if axes == 1 else zeros
        on = f"layers.ZeroPadding{axes}D({sides}, {FIRST})({on})"
    return writer.layer(step, call, arrays, on, given["weight"])


def _batch_norm(writer: Writer, step: Step) -> str:
    given = step.arguments
    arrays = {
        "gamma": writer.constant(given["weight"]),
        "beta": writer.constant(given["bias"]),
        "moving_mean": writer.constant(given["running_mean"]),
        "moving_variance": writer.constant(given["running_var"]),
    }
    affine = arrays["gamma"] is not None
    momentum = round(1 - given["momentum"], 12)
    call = f"layers.BatchNormalization(axis=1, momentum={momentum!r}, epsilon={given['eps']!r}, "
    call += f"center={affine}, scale={affine}"
    return writer.layer(step, call, arrays, given["input"], given["running_mean"])


def _layer_norm(writer: Writer, step: Step) -> str:
    given = step.arguments
    arrays = {"gamma": writer.constant(given["weight"]), "beta": writer.constant(given["bias"])}
    affine, axes = arrays["gamma"] is not None, len(given["normalized_shape"])
    along = -1 if axes == 1 else list(range(-axes, 0))
    call = f"layers.LayerNormalization(axis={along}, epsilon={given['eps']!r}, center={affine}, scale={affine}"
    return writer.layer(step, call, arrays, given["input"], given["weight"] or step.name)


def _group_norm(writer: Writer, step: Step) -> str:
    given = step.arguments
    arrays = {"gamma": writer.constant(given["weight"]), "beta": writer.constant(given["bias"])}
    affine, groups = arrays["gamma"] is not None, given.get("num_groups", -1)
    call = f"layers.GroupNormalization({groups}, axis=1, epsilon={given['eps']!r}, center={affine}, scale={affine}"
    return writer.layer(step, call, arrays, given["input"], given["weight"] or step.name)


def _embedding(writer: Writer, step: Step) -> str:
    weight = writer.constant(step.arguments["weight"])
    if weight is None:
        raise NoCounterpart
    call = f"layers.Embedding({weight.shape[0]}, {weight.shape[1]}"
    return writer.layer(step, call, {"embeddings": weight}, step.arguments["indices"], step.arguments["weight"])


def _pool(kind: str) -> Callable[[Writer, Step], str]:
    def write(writer: Writer, step: Step) -> str:
        given = step.arguments
        if any(given["padding"]) or given["ceil_mode"] or set(given.get("dilation", (1,))) != {1}:
            raise NoCounterpart
        sizes = f"{tuple(given['kernel_size'])}, strides={tuple(given['stride'])}"
        return f'ops.{kind}_pool({writer.text(given["self"])}, {sizes}, padding="valid", {FIRST})'

    return write


def _padded(writer: Writer, step: Step) -> str:
    x, axes = writer.text(step.arguments["self"]), len(writer.shape(step.arguments["self"]))
    flat = list(step.arguments["pad"])
    pads = [(0, 0)] * (axes - len(flat) // 2) + [*zip(flat[::2], flat[1::2], strict=True)][::-1]
    cuts = [f"{-before if before < 0 else ''}:{behind if behind < 0 else ''}" for before, behind in pads]
    if any(cut != ":" for cut in cuts):
        x = f"{x}[{', '.join(cuts)}]"
    added = tuple((max(before, 0), max(behind, 0)) for before, behind in pads)
    if not any(map(any, added)):
        return x
    value = step.arguments["value"]
    # Keras takes float(…) for the least of all numbers, too
    return f"ops.pad({x}, {added}, constant_values={writer.text(float(value))})"


def _elu(writer: Writer, step: Step) -> str:
    x, alpha = writer.text(step.arguments["self"]), step.arguments["alpha"]
    scale, inner = step.arguments["scale"], step.arguments["input_scale"]
    if inner != 1:
        if scale != 1 or abs(inner * alpha - 1) > 1e-12:
            raise NoCounterpart
        return f"ops.celu({x}, alpha={alpha!r})"
    return f"ops.elu({x}, alpha={alpha!r})" if scale == 1 else f"{scale!r} * ops.elu({x}, alpha={alpha!r})"


def _reduced(kind: str) -> Callable[[Writer, Step], str]:
    def write(writer: Writer, step: Step) -> str:
        given = step.arguments
        return f"ops.{kind}({writer.text(given['self'])}, axis={given['dim']}, keepdims={given['keepdim']})"

    return write


def _expanded(writer: Writer, step: Step) -> str:
    x, before = writer.text(step.arguments["self"]), writer.shape(step.arguments["self"])
    for axis, (old, new) in enumerate(zip(before, step.shape, strict=True)):
        if old != new:
            x = f"ops.repeat({x}, {new}, axis={axis})"
    return x


def _sliced(writer: Writer, step: Step) -> str:
    given = step.arguments
    cut = f"{given['start'] or 0}:{step_end(writer, step)}" + (f":{given['step']}" if given["step"] != 1 else "")
    return f"{writer.text(given['self'])}[{':, ' * given['dim']}{cut}]"


def step_end(writer: Writer, step: Step) -> int:
    """Where a slice ends."""
    length = writer.shape(step.arguments["self"])[step.arguments["dim"]]
    end = step.arguments["end"]
    return int(length if end is None or (length is not None and end > length) else end)


def _nearest(writer: Writer, step: Step) -> str:
    x = writer.text(step.arguments["input"])
    for axis, factor in enumerate(step.arguments["scale_factors"], 2):
        x = f"ops.repeat({x}, {int(factor)}, axis={axis})"
    return x


def _straight(writer: Writer, step: Step) -> str:
    x, sides = writer.text(step.arguments["input"]), step.shape[2:]
    if step.arguments["align_corners"]:
        raise NoCounterpart
    if len(sides) == 1:
        resized = f'ops.image.resize(ops.expand_dims({x}, 2), (1, {sides[0]}), interpolation="bilinear", {FIRST})'
        return f"ops.squeeze({resized}, 2)"
    return f'ops.image.resize({x}, {sides}, interpolation="bilinear", {FIRST})'


def _first(function: str, **named: str) -> Callable[[Writer, Step], str]:
    """A function of one tensor, and arguments by Keras's names from PyTorch's."""

    def write(writer: Writer, step: Step) -> str:
        more = [f"{name}={writer.text(step.arguments[source])}" for name, source in named.items()]
        return f"{function}({', '.join([writer.text(step.arguments['self']), *more])})"

    return write


def _gelu(writer: Writer, step: Step) -> str:
    return f"ops.gelu({writer.text(step.arguments['self'])}, approximate={step.arguments['approximate'] == 'tanh'})"


def _mish(writer: Writer, step: Step) -> str:
    x = writer.text(step.arguments["self"])
    return f"{x} * ops.tanh(ops.softplus({x}))"


def _joined(writer: Writer, step: Step) -> str:
    return f"ops.concatenate({writer.text(list(step.arguments['tensors']))}, axis={step.arguments.get('dim', 0)})"


_TABLE: Mapping[str, Callable[[Writer, Step], str]] = {
    "linear": _linear,
    "convolution": _convolution,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _group_norm,
    "embedding": _embedding,
    **{f"max_pool{axes}d": _pool("max") for axes in (1, 2)},
    **{f"avg_pool{axes}d": _pool("average") for axes in (1, 2, 3)},
    "constant_pad_nd": _padded,
    "elu": _elu,
    "amax": _reduced("max"),
    "amin": _reduced("min"),
    "mean": _reduced("mean"),
    "sum": _reduced("sum"),
    "expand": _expanded,
    "slice": _sliced,
    "upsample_nearest1d": _nearest,
    "upsample_nearest2d": _nearest,
    "upsample_linear1d": _straight,
    "upsample_bilinear2d": _straight,
    "gelu": _gelu,
    "cat": _joined,
    "hardtanh": _first("ops.clip", x_min="min_val", x_max="max_val"),
    "leaky_relu": _first("ops.leaky_relu", negative_slope="negative_slope"),
    "mish": _mish,
    "softmax": _first("ops.softmax", axis="dim"),
    "log_softmax": _first("ops.log_softmax", axis="dim"),
    "permute": _first("ops.transpose", axes="dims"),
    "reshape": _first("ops.reshape", newshape="shape"),
    "squeeze": _first("ops.squeeze", axis="dim"),
    "unsqueeze": _first("ops.expand_dims", axis="dim"),
    "_to_copy": _first("ops.cast", dtype="dtype"),
}
