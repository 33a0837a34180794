"""The recorder: what is passed to the catalogue in PyTorch's place, to write down the source of what is called.

A `Recorded` is a real value of PyTorch together with the source that gives it. Whatever is done with it is done with
the value too, so shapes are known, and what PyTorch refuses is refused here. The source cannot say something else than
what is trained, because both come from the same `build`, `forward` and `compute`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn


class Binding(IntEnum):
    """How tightly the outermost operation of a piece of source binds, as in Python's grammar."""

    CONDITIONAL, COMPARISON, OR, AND, SUM, PRODUCT, UNARY, POWER, ATOM = range(9)


class Length(int):
    """A length that is not the same for every batch, with its source."""

    source: str

    def __new__(cls, value: int, source: str) -> Length:
        found = super().__new__(cls, value)
        found.source = source
        return found


class Recorded:
    """A value of PyTorch and the source that gives it."""

    def __init__(self, source: str, value: Any, binding: Binding = Binding.ATOM) -> None:
        self._source = source
        self._value = value
        self._binding = binding

    # --- operators -------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        return _binary(self, "+", other, Binding.SUM, lambda a, b: a + b)

    def __radd__(self, other: Any) -> Any:
        return _binary(other, "+", self, Binding.SUM, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Any:
        return _binary(self, "-", other, Binding.SUM, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return _binary(other, "-", self, Binding.SUM, lambda a, b: a - b)

    def __mul__(self, other: Any) -> Any:
        return _binary(self, "*", other, Binding.PRODUCT, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> Any:
        return _binary(other, "*", self, Binding.PRODUCT, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Any:
        return _binary(self, "/", other, Binding.PRODUCT, lambda a, b: a / b)

    def __rtruediv__(self, other: Any) -> Any:
        return _binary(other, "/", self, Binding.PRODUCT, lambda a, b: a / b)

    def __pow__(self, other: Any) -> Any:
        return _binary(self, "**", other, Binding.POWER, lambda a, b: a**b)

    def __rpow__(self, other: Any) -> Any:
        return _binary(other, "**", self, Binding.POWER, lambda a, b: a**b)

    def __and__(self, other: Any) -> Any:
        return _binary(self, "&", other, Binding.AND, lambda a, b: a & b)

    def __or__(self, other: Any) -> Any:
        return _binary(self, "|", other, Binding.OR, lambda a, b: a | b)

    def __gt__(self, other: Any) -> Any:
        return _binary(self, ">", other, Binding.COMPARISON, lambda a, b: a > b)

    def __ge__(self, other: Any) -> Any:
        return _binary(self, ">=", other, Binding.COMPARISON, lambda a, b: a >= b)

    def __lt__(self, other: Any) -> Any:
        return _binary(self, "<", other, Binding.COMPARISON, lambda a, b: a < b)

    def __le__(self, other: Any) -> Any:
        return _binary(self, "<=", other, Binding.COMPARISON, lambda a, b: a <= b)

    def __eq__(self, other: object) -> Any:
        if not isinstance(self._value, Tensor):
            return self is other
        return _binary(self, "==", other, Binding.COMPARISON, lambda a, b: a == b)

    def __ne__(self, other: object) -> Any:
        if not isinstance(self._value, Tensor):
            return self is not other
        return _binary(self, "!=", other, Binding.COMPARISON, lambda a, b: a != b)

    def __hash__(self) -> int:
        return id(self)

    def __neg__(self) -> Recorded:
        return Recorded(f"-{within(self, Binding.UNARY)}", -self._value, Binding.UNARY)

    def __invert__(self) -> Recorded:
        return Recorded(f"~{within(self, Binding.UNARY)}", ~self._value, Binding.UNARY)

    def __getitem__(self, key: Any) -> Any:
        places = key if isinstance(key, tuple) else (key,)
        written = ", ".join(_slice(place) for place in places)
        return _kept(f"{within(self, Binding.ATOM)}[{written}]", self._value[bare(key)])

    def __contains__(self, key: Any) -> bool:
        return key in self._value

    def __len__(self) -> int:
        return len(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __float__(self) -> float:
        return float(self._value)

    def __iter__(self) -> Iterator[Any]:
        for place in range(len(self._value)):
            yield self[place]

    # --- attributes and calls --------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._value, name)
        written = f"{within(self, Binding.ATOM)}.{name}"
        if name == "shape":
            first, *others = found
            return Length(first, f"{written}[0]"), *others
        if callable(found) and not isinstance(found, nn.Module):
            return Call(written, found)
        return _kept(written, found) if isinstance(found, Tensor | nn.Module) else found

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return Call(within(self, Binding.ATOM), self._value)(*arguments, **named)


class Call:
    """A function of PyTorch: called, it writes itself down."""

    def __init__(self, source: str, function: Callable[..., Any]) -> None:
        self._source = source
        self._function = function

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        written = [text(argument) for argument in arguments]
        usual = _defaults(self._function)
        written += [f"{name}={text(value)}" for name, value in named.items() if not _same(value, usual.get(name))]
        value = self._function(*map(bare, arguments), **{name: bare(value) for name, value in named.items()})
        return _kept(f"{self._source}({', '.join(written)})", value)


@cache
def _defaults(function: Callable[..., Any]) -> Mapping[str, Any]:
    """What a layer of PyTorch takes where nothing is said; nothing of functions and optimizers: settings are shown."""
    if not (isinstance(function, type) and issubclass(function, nn.Module)):
        return {}
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


class Namespace:
    """A module of PyTorch by the name that the source knows it by."""

    def __init__(self, source: str, module: Any) -> None:
        self._source = source
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if found is nn.Module:  # to be inherited from
            return found
        written = f"{self._source}.{name}"
        if found is nn:
            return NN
        return Call(written, found) if callable(found) else Namespace(written, found)


TORCH, NN = Namespace("torch", torch), Namespace("nn", nn)
"""What is passed to the catalogue in the place of `torch` and `torch.nn`."""


def text(value: Any) -> str:
    """The source of a value: what was recorded, or how Python writes it."""
    if isinstance(value, Recorded):
        return value._source
    if isinstance(value, Length):
        return value.source
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{text(key)}: {text(each)}' for key, each in value.items())}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(text, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value)


def bare(value: Any) -> Any:
    """The value alone, as PyTorch is to see it."""
    if isinstance(value, Recorded):
        return value._value
    if isinstance(value, Mapping):
        return {key: bare(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(map(bare, value))
    if isinstance(value, slice):
        return slice(bare(value.start), bare(value.stop), bare(value.step))
    return value


def within(value: Any, binding: Binding) -> str:
    """The source of a value as an operand of something that binds so tightly, in parentheses where it must be."""
    if isinstance(value, Recorded):
        return value._source if value._binding >= binding else f"({value._source})"
    written = text(value)
    return f"({written})" if written.startswith("-") and binding >= Binding.POWER else written


def _binary(left: Any, sign: str, right: Any, binding: Binding, compute: Callable[[Any, Any], Any]) -> Recorded:
    # The operand on the other side of an operator that is not associative needs parentheses at the same level.
    first, second = (Binding(binding + 1), binding) if sign == "**" else (binding, Binding(binding + 1))
    return Recorded(f"{within(left, first)} {sign} {within(right, second)}", compute(bare(left), bare(right)), binding)


def _slice(place: Any) -> str:
    if isinstance(place, slice):
        start, stop = ("" if end is None else text(end) for end in (place.start, place.stop))
        return f"{start}:{stop}" + ("" if place.step is None else f":{text(place.step)}")
    return text(place)


def _kept(source: str, value: Any) -> Any:
    """What a call gave: with its source if it is something of PyTorch, as it is if it is a number."""
    if isinstance(value, Tensor | nn.Module | torch.optim.Optimizer):
        return Recorded(source, value)
    if isinstance(value, tuple):
        return tuple(_kept(f"{source}[{place}]", each) for place, each in enumerate(value))
    return value
