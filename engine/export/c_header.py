"""The network of a plan as a C99 header: its weights, and a function that computes what it answers for one sample.

Only what works on flat numbers can be written so: Dense, and what is done number by number or over all of a sample.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import PlaygroundError
from engine.export.format import Subject
from engine.export.operations import Operations, Step, Value, operations
from engine.plan.plan import Plan

_PER_LINE = 8
"""Numbers in a line of an array."""

Element = Callable[[Mapping[str, str]], str]


def _of(pattern: str) -> Element:
    return lambda of: pattern.format(**{**of, "x": of.get("self", "")})


ELEMENTWISE: Mapping[str, Element] = {
    **{name: _of(f"{name}f({{x}})") for name in ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan")},
    **{name: _of(f"{name}f({{x}})") for name in ("sinh", "cosh", "tanh", "erf", "floor", "ceil")},
    "abs": _of("fabsf({x})"),
    "round": _of("rintf({x})"),
    "neg": _of("-{x}"),
    "reciprocal": _of("1.0f / {x}"),
    "sign": _of("(float)(({x} > 0.0f) - ({x} < 0.0f))"),
    "relu": _of("fmaxf({x}, 0.0f)"),
    "sigmoid": _of("1.0f / (1.0f + expf(-{x}))"),
    "silu": _of("{x} / (1.0f + expf(-{x}))"),
    "softplus": _of("fmaxf({x}, 0.0f) + log1pf(expf(-fabsf({x})))"),
    "mish": _of("{x} * tanhf(fmaxf({x}, 0.0f) + log1pf(expf(-fabsf({x}))))"),
    "leaky_relu": _of("{x} > 0.0f ? {x} : {negative_slope} * {x}"),
    "elu": _of("{scale} * ({x} > 0.0f ? {x} : {alpha} * expm1f({input_scale} * {x}))"),
    "hardsigmoid": _of("fminf(fmaxf({x} / 6.0f + 0.5f, 0.0f), 1.0f)"),
    "hardswish": _of("{x} * fminf(fmaxf({x} / 6.0f + 0.5f, 0.0f), 1.0f)"),
    "hardtanh": _of("fminf(fmaxf({x}, {min_val}), {max_val})"),
    "clamp": lambda of: _clamped(of),
    "gelu": lambda of: _gelu(of),
    "pow": lambda of: _power(of),
    "add": _of("{self} + {other}"),
    "sub": _of("{self} - {other}"),
    "mul": _of("{self} * {other}"),
    "div": _of("{self} / {other}"),
    "maximum": _of("fmaxf({self}, {other})"),
    "minimum": _of("fminf({self}, {other})"),
    "logaddexp": _of("fmaxf({self}, {other}) + log1pf(expf(-fabsf({self} - {other})))"),
    **{name: _of(f"(float)({{self}} {sign} {{other}})")
       for name, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="), ("eq", "=="), ("ne", "!="))},
    "logical_not": _of("(float)({x} == 0.0f)"),
    "logical_and": _of("(float)({self} != 0.0f && {other} != 0.0f)"),
    "logical_or": _of("(float)({self} != 0.0f || {other} != 0.0f)"),
    "isinf": _of("(float)(isinf({x}) != 0)"),
    "isnan": _of("(float)(isnan({x}) != 0)"),
    "where": _of("{condition} != 0.0f ? {self} : {other}"),
    "_to_copy": _of("{x}"),
}  # fmt: skip
"""What each number of a result is, from the numbers of its arguments at the same place."""

_JOINING = ("linear", "softmax", "log_softmax", "cat", "batch_norm", "layer_norm", "reshape", "expand")
"""What is more than that."""


def c_files(subject: Subject, name: str) -> dict[str, bytes]:
    """The header. Raises PlaygroundError, naming the card, for a network that does not work on flat numbers."""
    return {name: c_header(operations(subject), subject.plan, subject.title, prefix_of(name)).encode()}


def prefix_of(name: str) -> str:
    """What the functions and arrays of a file are called after.

    >>> prefix_of("my net.h"), prefix_of("2.h")
    ('my_net', 'network_2')
    """
    found = re.sub(r"[^A-Za-z0-9_]", "_", name.removesuffix(".h")) or "network"
    return found if found[0].isalpha() else f"network_{found}"


def c_header(found: Operations, plan: Plan, title: str, prefix: str) -> str:
    """The source of the header."""
    return _Writer(found, plan, title, prefix).source()


class _Writer:
    def __init__(self, found: Operations, plan: Plan, title: str, prefix: str) -> None:
        self._found, self._plan, self._title, self._prefix = found, plan, title, prefix
        self._shapes: dict[str, tuple[int | None, ...]] = {given.name: (None, *given.shape) for given in found.inputs}
        self._shapes |= {name: array.shape for name, array in found.constants.items()}
        self._shapes |= {step.name: step.shape for step in found.steps}
        self._names: dict[str, str] = {}
        for name in found.constants:
            called = f"{prefix}_{_plain(name.replace('.', '_'))}"
            while called in self._names.values():
                called += "_"
            self._names[name] = called

    def source(self) -> str:
        """The whole header."""
        if len(self._found.inputs) > 1:
            raise PlaygroundError(
                "a C header takes one Input card, but this network has {count}; export NumPy code instead",
                count=len(self._found.inputs),
            )
        (given,) = self._found.inputs
        answer = self._found.outputs[0]
        if len(given.shape) != 1:
            raise _refused(given.card, "takes images or sequences")
        body: list[str] = []
        card = ""
        for step in self._needed(answer.name):
            if step.card != card:
                card = step.card
                body.append(f"/* {_plain(card)}: {self._plan.nodes[card].layer.label} */")
            body += self._step(step)
        guard = f"{self._prefix.upper()}_H"
        inputs, outputs = given.shape[0], self._size(answer.name)
        lines = [
            f"/* {self._title.replace('*/', '* /')}, exported by Neural Playground: what the network answers, in C99.",
            " *",
            f" *     float x[{self._prefix.upper()}_INPUTS], y[{self._prefix.upper()}_OUTPUTS];",
            f" *     {self._prefix}_predict(x, y);",
            " */",
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            "#include <math.h>",
            "",
            f"#define {self._prefix.upper()}_INPUTS {inputs}",
            f"#define {self._prefix.upper()}_OUTPUTS {outputs}",
            "",
        ]
        text = "\n".join(body)
        for name, array in self._found.constants.items():
            if re.search(rf"\b{self._names[name]}\b", text):
                lines += [*_array(self._names[name], _plain(name, r"[^\w.]"), array), ""]
        lines += [
            f"/* The answer to one sample: reads x[{inputs}], writes y[{outputs}]. */",
            f"static inline void {self._prefix}_predict(const float *x, float *y)",
            "{",
            *(f"    {line}" for line in body),
            f"    for (int i = 0; i < {outputs}; i++) y[i] = {self._at(answer.name, 'i')};",
            "}",
            "",
            f"#endif /* {guard} */",
        ]
        return "".join(f"{line}\n" for line in lines)

    def _needed(self, name: str) -> list[Step]:
        """The steps that an answer is computed from."""
        read, found = {name}, []
        for step in reversed(self._found.steps):
            if step.name in read:
                found.append(step)
                read |= {value.name for value in _values(step.arguments)}
        return found[::-1]

    def _size(self, name: str) -> int:
        """How many numbers stand for one sample, or in an array of weights."""
        return math.prod(length for length in self._shapes[name] if length is not None)

    def _variable(self, name: str) -> str:
        if name in self._names:
            return self._names[name]
        return "x" if name == self._found.inputs[0].name else f"v_{_plain(name)}"

    def _at(self, value: str, place: str) -> str:
        """A number of a value at a place of the result; a value of one number stands at all of them."""
        return f"{self._variable(value)}[{'0' if self._size(value) == 1 else place}]"

    def _operand(self, value: Any, place: str) -> str:
        if isinstance(value, Value):
            return self._at(value.name, place)
        return _number(float(value)) if isinstance(value, int | float) else str(value)

    def _step(self, step: Step) -> list[str]:
        """The lines that compute one step."""
        size, name = self._size(step.name), self._variable(step.name)
        flat = len(step.shape) <= 2 or None not in step.shape
        if not flat or (step.operator not in ELEMENTWISE and step.operator not in _JOINING):
            raise _refused(step.card, f"computes {step.operator}")
        head = f"float {name}[{size}];"
        if step.operator in ELEMENTWISE:
            for value in _values(step.arguments):
                if self._size(value.name) not in (1, size):
                    raise _refused(step.card, "joins values of different sizes")
            given = {own: self._operand(value, "i") for own, value in step.arguments.items()}
            if step.arguments.get("alpha", 1) != 1 and step.operator in ("add", "sub"):
                given["other"] = f"{given['alpha']} * {given['other']}"
            return [head, f"for (int i = 0; i < {size}; i++) {name}[i] = {ELEMENTWISE[step.operator](given)};"]
        return [head, *getattr(self, f"_{step.operator}")(step, name, size)]

    def _linear(self, step: Step, name: str, size: int) -> list[str]:
        given = step.arguments
        inputs = self._size(given["input"].name)
        start = "0.0" if given["bias"] is None else self._at(given["bias"].name, "i")
        weight = f"{self._variable(given['weight'].name)}[i * {inputs} + j]"
        return [
            f"for (int i = 0; i < {size}; i++) {{",
            f"    double sum = {start};",
            f"    for (int j = 0; j < {inputs}; j++) sum += (double){weight} * {self._at(given['input'].name, 'j')};",
            f"    {name}[i] = (float)sum;",
            "}",
        ]

    def _softmax(self, step: Step, name: str, size: int) -> list[str]:
        value, largest, total = self._operand(step.arguments["self"], "i"), f"{name}_largest", f"{name}_total"
        return [
            *self._largest(step, largest, size),
            f"float {total} = 0.0f;",
            f"for (int i = 0; i < {size}; i++) {total} += {name}[i] = expf({value} - {largest});",
            f"for (int i = 0; i < {size}; i++) {name}[i] /= {total};",
        ]

    def _log_softmax(self, step: Step, name: str, size: int) -> list[str]:
        value, largest, total = self._operand(step.arguments["self"], "i"), f"{name}_largest", f"{name}_total"
        return [
            *self._largest(step, largest, size),
            f"float {total} = 0.0f;",
            f"for (int i = 0; i < {size}; i++) {total} += expf({value} - {largest});",
            f"for (int i = 0; i < {size}; i++) {name}[i] = {value} - {largest} - logf({total});",
        ]

    def _largest(self, step: Step, largest: str, size: int) -> list[str]:
        value = step.arguments["self"]
        return [
            f"float {largest} = {self._operand(value, '0')};",
            f"for (int i = 1; i < {size}; i++) {largest} = fmaxf({largest}, {self._operand(value, 'i')});",
        ]

    def _cat(self, step: Step, name: str, size: int) -> list[str]:
        lines, start = [], 0
        for part in step.arguments["tensors"]:
            count = self._size(part.name)
            place = f"i + {start}" if start else "i"
            lines.append(f"for (int i = 0; i < {count}; i++) {name}[{place}] = {self._at(part.name, 'i')};")
            start += count
        return lines

    def _batch_norm(self, step: Step, name: str, size: int) -> list[str]:
        of = {own: self._operand(value, "i") for own, value in step.arguments.items()}
        value = f"({of['input']} - {of['running_mean']}) / sqrtf({of['running_var']} + {of['eps']})"
        return [f"for (int i = 0; i < {size}; i++) {name}[i] = {self._affine(step, value)};"]

    def _layer_norm(self, step: Step, name: str, size: int) -> list[str]:
        value = self._operand(step.arguments["input"], "i")
        mean, variance = f"{name}_mean", f"{name}_variance"
        scaled = f"({value} - {mean}) / sqrtf({variance} + {_number(step.arguments['eps'])})"
        square = f"({value} - {mean}) * ({value} - {mean})"
        return [
            f"float {mean} = 0.0f, {variance} = 0.0f;",
            f"for (int i = 0; i < {size}; i++) {mean} += {value} / {size};",
            f"for (int i = 0; i < {size}; i++) {variance} += {square} / {size};",
            f"for (int i = 0; i < {size}; i++) {name}[i] = {self._affine(step, scaled)};",
        ]

    def _affine(self, step: Step, value: str) -> str:
        weight, bias = step.arguments["weight"], step.arguments["bias"]
        found = value if weight is None else f"{self._operand(weight, 'i')} * ({value})"
        return found if bias is None else f"{found} + {self._operand(bias, 'i')}"

    def _reshape(self, step: Step, name: str, size: int) -> list[str]:
        return [f"for (int i = 0; i < {size}; i++) {name}[i] = {self._operand(step.arguments['self'], 'i')};"]

    _expand = _reshape


def _clamped(of: Mapping[str, str]) -> str:
    found = of["self"] if of["min"] == "None" else f"fmaxf({of['self']}, {of['min']})"
    return found if of["max"] == "None" else f"fminf({found}, {of['max']})"


def _gelu(of: Mapping[str, str]) -> str:
    x = of["self"]
    if of["approximate"] == "tanh":
        return f"0.5f * {x} * (1.0f + tanhf({_number(math.sqrt(2 / math.pi))} * ({x} + 0.044715f * {x} * {x} * {x})))"
    return f"0.5f * {x} * (1.0f + erff({x} * {_number(math.sqrt(0.5))}))"


def _power(of: Mapping[str, str]) -> str:
    return f"{of['self']} * {of['self']}" if of["exponent"] == "2.0f" else f"powf({of['self']}, {of['exponent']})"


def _plain(name: str, other: str = r"\W") -> str:
    """A name in the letters, digits and underscores that every compiler takes."""
    return re.sub(other, lambda found: f"u{ord(found[0]):04x}", name, flags=re.ASCII)


def _number(value: float) -> str:
    """A number as C writes it, exact in float32.

    >>> _number(0.1), _number(2.0), _number(-math.inf)
    ('0.1f', '2.0f', '-INFINITY')
    """
    if not math.isfinite(value):
        return "NAN" if math.isnan(value) else ("INFINITY" if value > 0 else "-INFINITY")
    shown = str(np.float32(value))
    return f"{shown}f" if "." in shown or "e" in shown else f"{shown}.0f"


def _array(name: str, called: str, array: NDArray[Any]) -> list[str]:
    """An array of weights, a few numbers a line."""
    numbers = [_number(float(value)) for value in array.ravel()]
    rows = [", ".join(numbers[place : place + _PER_LINE]) for place in range(0, len(numbers), _PER_LINE)]
    shape = " x ".join(map(str, array.shape)) or "1"
    return [
        f"/* {called}: {shape} */",
        f"static const float {name}[{max(1, len(numbers))}] = {{",
        *(f"    {row}," for row in rows),
        "};",
    ]


def _values(arguments: Any) -> list[Value]:
    if isinstance(arguments, Mapping):
        arguments = tuple(arguments.values())
    if isinstance(arguments, tuple):
        return [value for each in arguments for value in _values(each)]
    return [arguments] if isinstance(arguments, Value) else []


def _refused(card: str, what: str) -> PlaygroundError:
    return PlaygroundError(
        "{card} {what}, and a C header is for networks of flat numbers; export NumPy code instead", card=card, what=what
    )
