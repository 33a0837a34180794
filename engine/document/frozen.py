"""Frozen dataclasses whose methods are made when they are first needed.

Python's `dataclass` compiles six methods for every class as it is declared. With some hundred entries in the catalogue
that is an eighth of the time in which the window opens, for methods of which most are never called. Here the fields
are collected as always, and `dataclass` makes the methods at the first call of one of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

Class = TypeVar("Class", bound=type)

_MADE_LATER = ("__init__", "__repr__", "__eq__", "__hash__")


@overload
def frozen(cls: Class) -> Class: ...


@overload
def frozen(*, eq: bool = True, kw_only: bool = False) -> Callable[[Class], Class]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(cls: type | None = None, *, eq: bool = True, kw_only: bool = False) -> Any:
    """Make `cls` what `dataclass(frozen=True, eq=eq, kw_only=kw_only)` makes of it.

    Its bases may be such classes, but no other dataclasses. Without `eq` an object equals only itself.
    """
    return partial(_frozen, eq=eq, kw_only=kw_only) if cls is None else _frozen(cls, eq, kw_only)


def _frozen(cls: Class, eq: bool, kw_only: bool) -> Class:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    for name in _MADE_LATER if eq else _MADE_LATER[:2]:
        if made.__dict__.get(name) is None:  # an `__eq__` of its own leaves None as `__hash__`
            setattr(made, name, _later(made, name))
    made.__setattr__ = _refuse_to_set
    made.__delattr__ = _refuse_to_delete
    return made


def _later(cls: Any, name: str) -> Callable[..., Any]:
    def first(self: Any, *arguments: Any, **named: Any) -> Any:
        _make(cls)
        return getattr(cls, name)(self, *arguments, **named)

    first.__name__ = name
    first.__qualname__ = f"{cls.__qualname__}.{name}"
    first.is_made_later = True  # type: ignore[attr-defined]
    return first


def _make(cls: Any) -> None:
    """Let `dataclass` make the methods for a twin with the same fields, and take them over."""
    fields = []
    for field in dataclasses.fields(cls):
        given = {name: getattr(field, name) for name in ("init", "repr", "hash", "compare", "kw_only")}
        if field.default_factory is not dataclasses.MISSING:
            given["default_factory"] = field.default_factory
        elif field.default is not dataclasses.MISSING:
            given["default"] = field.default
        fields.append((field.name, object, dataclasses.field(**given)))
    hook = {"__post_init__": None} if hasattr(cls, "__post_init__") else {}  # called on the object, not on the twin
    twin = dataclasses.make_dataclass(cls.__name__, fields, namespace=hook, frozen=True)
    for name in _MADE_LATER:
        if hasattr(cls.__dict__.get(name), "is_made_later"):
            method = twin.__dict__[name]
            method.__qualname__ = f"{cls.__qualname__}.{name}"
            setattr(cls, name, method)


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
