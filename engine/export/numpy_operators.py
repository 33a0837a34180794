"""How NumPy computes what PyTorch's operators do: a table of operators, and functions for those that take a few lines.

A writer gets the step and the source of its arguments, and returns the source of the result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.export.operations import Step

Sources = Mapping[str, Any]
Writer = Callable[[Step, Sources], str]

HELPERS: dict[str, str] = {
    "sigmoid": '''
def sigmoid(x):
    """1 / (1 + exp(-x)), for numbers of any size."""
    return 0.5 + 0.5 * np.tanh(0.5 * x)
''',
    "softmax": '''
def softmax(x, axis):
    """Probabilities along an axis."""
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)
''',
    "log_softmax": '''
def log_softmax(x, axis):
    """The logarithms of probabilities along an axis."""
    x = x - x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))
''',
    "elu": '''
def elu(x, alpha, scale, slope):
    """The number itself above zero, an exponential below."""
    return scale * np.where(x > 0, x, alpha * np.expm1(slope * np.minimum(x, 0)))
''',
    "erf": '''
def erf(x):
    """The error function."""
    return np.vectorize(math.erf, otypes=[x.dtype])(x)
''',
    "windows": '''
def windows(x, size, stride, dilation):
    """Every window over (samples, channels, ...): (samples, channels, *places, *size)."""
    reach = [(length - 1) * step + 1 for length, step in zip(size, dilation)]
    found = np.lib.stride_tricks.sliding_window_view(x, reach, axis=tuple(range(2, x.ndim)))
    steps = [slice(None, None, step) for step in (1, 1, *stride, *dilation)]
    return found[tuple(steps)]
''',
    "convolve": '''
def convolve(x, kernel, stride, padding, dilation, groups=1):
    """(samples, channels, ...) seen through the windows of (filters, channels, *size)."""
    x = np.pad(x, [(0, 0), (0, 0), *((zeros, zeros) for zeros in padding)])
    seen = windows(x, kernel.shape[2:], stride, dilation)
    axes = [1, *range(2 + len(stride), seen.ndim)], range(1, kernel.ndim)
    parts = zip(np.split(seen, groups, axis=1), np.split(kernel, groups))
    found = np.concatenate([np.tensordot(part, own, axes) for part, own in parts], axis=-1)
    return np.moveaxis(found, -1, 1)
''',
    "convolve_transposed": '''
def convolve_transposed(x, kernel, stride, more, dilation, groups=1):
    """The way back from a convolution: every value is spread over a window."""
    sizes = zip(x.shape[2:], stride, more)
    lengths = [(length - 1) * step + 1 + end for length, step, end in sizes]
    spread = np.zeros((*x.shape[:2], *lengths), x.dtype)
    ends = [length - end for length, end in zip(lengths, more)]
    spread[(..., *(slice(0, end, step) for end, step in zip(ends, stride)))] = x
    turned = np.flip(kernel, range(2, kernel.ndim))
    turned = np.concatenate([own.swapaxes(0, 1) for own in np.split(turned, groups)])
    borders = [(length - 1) * step for length, step in zip(kernel.shape[2:], dilation)]
    return convolve(spread, turned, (1,) * len(stride), borders, dilation, groups)
''',
    "batch_norm": '''
def batch_norm(x, mean, variance, epsilon):
    """Each channel of (samples, channels, ...) moved and scaled as measured in training."""
    shape = -1, *(1,) * (x.ndim - 2)
    return (x - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + epsilon)
''',
    "scale_channels": '''
def scale_channels(x, weight, bias):
    """weight * x + bias, with one of each for each channel of (samples, channels, ...)."""
    shape = -1, *(1,) * (x.ndim - 2)
    return weight.reshape(shape) * x + bias.reshape(shape)
''',
    "normalize": '''
def normalize(x, axes, epsilon):
    """Mean 0 and variance 1 along axes."""
    x = x - x.mean(axes, keepdims=True)
    return x / np.sqrt((x * x).mean(axes, keepdims=True) + epsilon)
''',
    "normalize_groups": '''
def normalize_groups(x, groups, epsilon):
    """Mean 0 and variance 1 in each group of channels."""
    return normalize(x.reshape(len(x), groups, -1), 2, epsilon).reshape(x.shape)
''',
    "enlarge": '''
def enlarge(x, axis, length, scale):
    """An axis drawn longer, with straight lines between the middles of its values."""
    places = np.maximum((np.arange(length) + 0.5) / scale - 0.5, 0)
    first = np.floor(places).astype(int)
    behind = np.minimum(first + 1, x.shape[axis] - 1)
    share = (places - first).astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    return x.take(first, axis) * (1 - share) + x.take(behind, axis) * share
''',
}
"""Functions that a written program defines where it needs them; an earlier one may be needed by a later one."""


def atom(source: Any) -> str:
    """A source as an operand of anything."""
    text = str(source)
    return text if _closed(text) else f"({text})"


def _closed(text: str) -> bool:
    """Whether nothing outside of its brackets would be taken apart by what stands around it."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if not depth and (sign in " +-*/@<>=" and text[max(0, place - 1)] != "e"):
            return False
    return True


def _lengths(value: Sequence[int], count: int) -> tuple[int, ...]:
    """One length for each axis, where one may stand for all."""
    return tuple(value) * count if len(value) == 1 else tuple(value)


def _binary(sign: str) -> Writer:
    def write(step: Step, of: Sources) -> str:
        other = atom(of["other"])
        if step.arguments.get("alpha", 1) != 1:
            other = f"{of['alpha']} * {other}"
        return f"{atom(of['self'])} {sign} {other}"

    return write


def _call(function: str, *names: str) -> Writer:
    return lambda step, of: f"{function}({', '.join(str(of[name]) for name in names or ('self',))})"


def _linear(step: Step, of: Sources) -> str:
    bias = "" if step.arguments["bias"] is None else f" + {of['bias']}"
    return f"{atom(of['input'])} @ {of['weight']}.T{bias}"


def _convolution(step: Step, of: Sources) -> str:
    given = step.arguments
    axes = len(given["stride"])
    if given["transposed"]:
        if any(given["padding"]):
            raise KeyError
        name, fourth = "convolve_transposed", _lengths(given["output_padding"], axes)
    else:
        name, fourth = "convolve", _lengths(given["padding"], axes)
    groups = "" if given["groups"] == 1 else f", {given['groups']}"
    found = f"{name}({of['input']}, {of['weight']}, {of['stride']}, {fourth}, {of['dilation']}{groups})"
    return found if given["bias"] is None else f"{found} + {_over(of['bias'], axes)}"


def _over(values: str, axes: int) -> str:
    return values if not axes else f"{values}.reshape(-1, {', '.join('1' * axes)})"


def _pool(reduce: str) -> Writer:
    def write(step: Step, of: Sources) -> str:
        given, axes = step.arguments, len(step.shape) - 2
        if any(given["padding"]) or given["ceil_mode"] or given.get("divisor_override") is not None:
            raise KeyError
        size = _lengths(given["kernel_size"], axes)
        stride = _lengths(given["stride"] or size, axes)
        dilation = _lengths(given.get("dilation", (1,)), axes)
        inside = tuple(range(-axes, 0))
        return f"windows({of['self']}, {size}, {stride}, {dilation}).{reduce}({inside})"

    return write


def _batch_norm(step: Step, of: Sources) -> str:
    found = f"batch_norm({of['input']}, {of['running_mean']}, {of['running_var']}, {of['eps']})"
    return _scaled_channels(step, of, found)


def _scaled_channels(step: Step, of: Sources, found: str) -> str:
    """With a factor and a summand for each channel, where there are such."""
    if step.arguments["weight"] is None:
        return found
    return f"scale_channels({found}, {of['weight']}, {of['bias']})"


def _layer_norm(step: Step, of: Sources) -> str:
    inside = tuple(range(-len(step.arguments["normalized_shape"]), 0))
    found = f"normalize({of['input']}, {inside}, {of['eps']})"
    return found if step.arguments["weight"] is None else f"{of['weight']} * {found} + {of['bias']}"


def _group_norm(step: Step, of: Sources) -> str:
    return _scaled_channels(step, of, f"normalize_groups({of['input']}, {of['num_groups']}, {of['eps']})")


def _instance_norm(step: Step, of: Sources) -> str:
    if not step.arguments["use_input_stats"]:
        raise KeyError
    inside = tuple(range(2, len(step.shape)))
    return _scaled_channels(step, of, f"normalize({of['input']}, {inside}, {of['eps']})")


def _factors(step: Step) -> tuple[float, ...]:
    factors = step.arguments["scale_factors"]
    if factors is None:
        raise KeyError
    return tuple(float(factor) for factor in factors)


def _nearest(step: Step, of: Sources) -> str:
    found = str(of["input"])
    for axis, factor in enumerate(_factors(step), 2):
        if factor != int(factor):
            raise KeyError
        found = f"np.repeat({found}, {int(factor)}, axis={axis})"
    return found


def _straight(step: Step, of: Sources) -> str:
    if step.arguments["align_corners"]:
        raise KeyError
    found = str(of["input"])
    for axis, factor in enumerate(_factors(step), 2):
        found = f"enlarge({found}, {axis}, {step.shape[axis]}, {factor!r})"
    return found


def _pad(step: Step, of: Sources) -> str:
    pad = step.arguments["pad"]
    sides = [(0, 0)] * (len(step.shape) - len(pad) // 2)
    sides += [(pad[place], pad[place + 1]) for place in range(len(pad) - 2, -1, -2)]
    found = str(of["self"])
    if any(side > 0 for pair in sides for side in pair):
        grown = [(max(0, before), max(0, behind)) for before, behind in sides]
        value = "" if step.arguments["value"] == 0 else f", constant_values={of['value']}"
        found = f"np.pad({found}, {grown}{value})"
    if any(side < 0 for pair in sides for side in pair):
        cuts = [f"{-before if before < 0 else ''}:{behind if behind < 0 else ''}" for before, behind in sides]
        found = f"{atom(found)}[{', '.join(cuts)}]"
    return found


def _slice(step: Step, of: Sources) -> str:
    given = step.arguments
    start, end = given["start"] or 0, given["end"]
    end = "" if end is None or end >= 2**62 else end
    pace = "" if given["step"] == 1 else f":{given['step']}"
    return f"{atom(of['self'])}[{':, ' * given['dim']}{start or ''}:{end}{pace}]"


def _reshape(step: Step, of: Sources) -> str:
    lengths = ["len({x})" if length is None else str(length) for length in step.shape]
    return f"{atom(of['self'])}.reshape({', '.join(lengths)})"


def _along(method: str) -> Writer:
    def write(step: Step, of: Sources) -> str:
        keep = ", keepdims=True" if step.arguments["keepdim"] else ""
        dims = step.arguments["dim"]
        axes = f"({dims[0]},)" if len(dims) == 1 else str(tuple(dims))
        return f"{atom(of['self'])}.{method}({axes[1:-2] if len(dims) == 1 else axes}{keep})"

    return write


def _gelu(step: Step, of: Sources) -> str:
    x = atom(of["self"])
    if step.arguments["approximate"] == "tanh":
        return f"0.5 * {x} * (1 + np.tanh({math.sqrt(2 / math.pi)!r} * ({x} + 0.044715 * {x}**3)))"
    return f"0.5 * {x} * (1 + erf({x} * {math.sqrt(0.5)!r}))"


def _x(pattern: str) -> Writer:
    """A pattern in which x stands for the operand and other arguments for themselves."""
    return lambda step, of: pattern.format(x=atom(of["self"]), **{**of, "self": of["self"]})


def _clamp(step: Step, of: Sources) -> str:
    return f"np.clip({of['self']}, {of['min']}, {of['max']})"


_COMPARED = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}
_NAMED = (
    "abs", "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sign", "floor", "ceil",
    "round", "isnan", "isinf", "logical_not", "square",
)  # fmt: skip
_OF_TWO = ("maximum", "minimum", "logical_and", "logical_or", "logaddexp")

OPERATORS: dict[str, Writer] = {
    **{name: _call(f"np.{name}") for name in _NAMED},
    **{name: _call(f"np.{name}", "self", "other") for name in _OF_TWO},
    **{name: _binary(sign) for name, sign in _COMPARED.items()},
    "add": _binary("+"),
    "sub": _binary("-"),
    "mul": _binary("*"),
    "div": _binary("/"),
    "bitwise_and": _binary("&"),
    "bitwise_or": _binary("|"),
    "bitwise_not": _x("~{x}"),
    "pow": lambda step, of: f"{atom(of['self'])} ** {atom(of['exponent'])}",
    "neg": _x("-{x}"),
    "reciprocal": _x("1 / {x}"),
    "rsqrt": _x("1 / np.sqrt({self})"),
    "where": _call("np.where", "condition", "self", "other"),
    "erf": _call("erf"),
    "linear": _linear,
    "convolution": _convolution,
    "max_pool1d": _pool("max"),
    "max_pool2d": _pool("max"),
    "avg_pool1d": _pool("mean"),
    "avg_pool2d": _pool("mean"),
    "avg_pool3d": _pool("mean"),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "upsample_nearest1d": _nearest,
    "upsample_nearest2d": _nearest,
    "upsample_linear1d": _straight,
    "upsample_bilinear2d": _straight,
    "constant_pad_nd": _pad,
    "slice": _slice,
    "reshape": _reshape,
    "permute": lambda step, of: f"{atom(of['self'])}.transpose({', '.join(map(str, step.arguments['dims']))})",
    "unsqueeze": lambda step, of: f"np.expand_dims({of['self']}, {of['dim']})",
    "squeeze": lambda step, of: f"np.squeeze({of['self']}, {of['dim']})",
    "expand": lambda step, of: f"np.broadcast_to({of['self']}, {_sizes(step)})",
    "cat": lambda step, of: f"np.concatenate([{', '.join(of['tensors'])}], axis={of['dim']})",
    "amax": _along("max"),
    "mean": _along("mean"),
    "sum": _along("sum"),
    "embedding": lambda step, of: f"{of['weight']}[{of['indices']}]",
    "_to_copy": lambda step, of: f"{atom(of['self'])}.astype(np.{step.arguments['dtype']})",
    "relu": _x("np.maximum({self}, 0)"),
    "sigmoid": _call("sigmoid"),
    "softmax": _call("softmax", "self", "dim"),
    "log_softmax": _call("log_softmax", "self", "dim"),
    "leaky_relu": _x("np.where({x} > 0, {x}, {negative_slope} * {x})"),
    "elu": _call("elu", "self", "alpha", "scale", "input_scale"),
    "silu": _x("{x} * sigmoid({self})"),
    "softplus": _x("np.logaddexp({self}, 0)"),
    "mish": _x("{x} * np.tanh(np.logaddexp({self}, 0))"),
    "hardsigmoid": _x("np.clip({x} / 6 + 0.5, 0, 1)"),
    "hardswish": _x("{x} * np.clip({x} / 6 + 0.5, 0, 1)"),
    "hardtanh": _x("np.clip({self}, {min_val}, {max_val})"),
    "clamp": _clamp,
    "gelu": _gelu,
}
"""The source of each operator; a writer raises KeyError for a form of it that no card uses."""


def _sizes(step: Step) -> str:
    lengths = ["len({x})" if length is None else str(length) for length in step.shape]
    return f"({', '.join(lengths)})"
