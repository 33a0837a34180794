"""One declaration per thing: a class, its fields with types, ranges and defaults, its one-line description.

Palette, form, tooltip, project file, documentation and tests are derived by iterating what is registered here.

>>> class Activation(Entry, kind="activations"): ...
>>> @register
... class Relu(Activation):
...     "Passes what is positive, blocks the rest."
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import inspect
import pkgutil
import re
import reprlib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    ClassVar,
    TypeVar,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
)

from engine.catalog.fields import Choice as Choice
from engine.catalog.fields import Constraint as Constraint
from engine.catalog.fields import Group as Group
from engine.catalog.fields import Hidden as Hidden
from engine.catalog.fields import Range as Range
from engine.catalog.fields import Text as Text
from engine.document.errors import InvalidValueError
from engine.document.frozen import frozen

EntryType = TypeVar("EntryType", bound="type[Entry]")


@dataclass(frozen=True)
class Field:
    """One field of an entry, as a form, a file or a test needs it."""

    name: str
    kind: type
    constraint: Constraint | None
    default: Any
    group: str = ""

    @property
    def label(self) -> str:
        """`kernel_size` -> `kernel size`."""
        return self.name.replace("_", " ")

    @property
    def chooses(self) -> str | None:
        """The kind of entry this field holds (`"activations"`), or None when it holds a plain value."""
        return self.kind.kind if isinstance(self.kind, type) and issubclass(self.kind, Entry) else None


class Entry:
    """Base of everything a user can choose. A subclass with `kind=` opens a registry; `@register` fills it."""

    kind: ClassVar[str] = ""
    """The registry this entry belongs to: "layers", "activations", …"""
    name: ClassVar[str] = ""
    """What files and the command line call it; derived from the class name by `spelling` unless given."""
    label: ClassVar[str] = ""
    """What the window calls it; derived from the name unless given."""
    description: ClassVar[str] = ""
    """First paragraph of the docstring: the tooltip."""
    formula: ClassVar[str] = ""
    """What it computes, in plain mathematical text."""
    reference: ClassVar[str] = ""
    """Where it comes from."""
    category: ClassVar[str] = ""
    """Heading under which the library lists it."""
    order: ClassVar[int] = 100
    """Place within its kind: the simplest first; equal places are sorted by label."""
    field_names: ClassVar[tuple[str, ...]] = ()
    """Its fields, in the order in which they are declared."""
    former_names: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What older files call a field, and its name today."""

    def __init_subclass__(cls, kind: str | None = None, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if kind is not None:
            cls.kind = kind
            _ENTRIES.setdefault(kind, {})

    @classmethod
    def spelling(cls, class_name: str) -> str:
        """The registered name for a class name; `LeakyRelu` -> `leaky_relu`. Layers keep theirs."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()

    def __post_init__(self) -> None:
        check_fields(self)

    def as_json(self) -> dict[str, Any]:
        """What `to_json` gives."""
        return {"type": self.name} | fields_to_json(self)

    def replace(self, **changes: Any) -> Any:
        """A copy with some fields changed; refuses what the constraints refuse."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]


# The one registry of the program: filled while modules are imported, read-only afterwards.
_ENTRIES: dict[str, dict[str, type[Entry]]] = {}


@dataclass_transform(frozen_default=True)
def register(cls: EntryType) -> EntryType:
    """Make `cls` a frozen dataclass and file it under its kind and name.

    Raises ValueError for a name that is taken, a missing kind or a missing docstring (it is the tooltip).
    """
    if not cls.__dict__.get("__doc__"):
        raise ValueError(f"{cls.__name__} needs a docstring: its first paragraph is its tooltip")
    made: Any = frozen(cls)
    cls = made
    cls.field_names = tuple(field.name for field in dataclasses.fields(made))
    if cls.kind not in _ENTRIES:
        raise ValueError(f"{cls.__name__} must inherit from a class declared with kind=…")
    if "name" not in cls.__dict__:
        cls.name = cls.spelling(cls.__name__)
    if "label" not in cls.__dict__:
        cls.label = cls.name.replace("_", " ")
    cls.description = " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())
    if cls.name in _ENTRIES[cls.kind]:
        raise ValueError(f"{cls.kind} has two entries named {cls.name!r}")
    _ENTRIES[cls.kind][cls.name] = cls
    return cls


@dataclass_transform(frozen_default=True, kw_only_default=True)
def shared(cls: EntryType) -> EntryType:
    """Make `cls` a base whose fields its entries share, by keyword only; `register` makes the entries."""
    return frozen(kw_only=True)(cls)


def unregister(cls: type[Entry]) -> None:
    """Take an entry out again: for tests that add one at run time."""
    del _ENTRIES[cls.kind][cls.name]


@lru_cache(maxsize=1)
def _load() -> None:
    """Import every module of the catalogue, so that a new file is found without being listed anywhere."""
    for name in ("engine.catalog", "engine.probes", "engine.export.formats"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)


def kinds() -> tuple[str, ...]:
    """The kinds of entry there are: activations, datasets, layers, …"""
    _load()
    return tuple(sorted(_ENTRIES))


def entries(kind: str) -> Mapping[str, type[Any]]:
    """The entries of a kind by name, in the order they are offered. Raises KeyError for an unknown kind."""
    _load()
    found = sorted(_ENTRIES[kind].items(), key=lambda item: (item[1].order, item[1].label))
    return MappingProxyType(dict(found))


def entry(kind: str, name: str) -> type[Any]:
    """The entry of that name. Raises InvalidValueError naming the closest spelling that exists."""
    import difflib

    known = entries(kind)
    if isinstance(name, str) and name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, 1) if isinstance(name, str) else []
    raise InvalidValueError(
        "there is no {name} among the {kind}; " + ("did you mean {close}?" if close else "known are {close}"),
        name=reprlib.repr(name),
        kind=kind,
        close=close[0] if close else ", ".join(known),
    )


def form(cls: type[Any]) -> tuple[Field, ...]:
    """Every field of an entry, or of another dataclass: its type, constraint, default: all that a panel needs."""
    return _form(cast(Hashable, cls))


_own_hints = cache(partial(inspect.get_annotations, eval_str=True))  # those of bases, which many share, once


@cache
def _form(cls: Any) -> tuple[Field, ...]:
    bases: tuple[type, ...] = cls.__mro__
    if not dataclasses.is_dataclass(cls):
        return ()
    hints: dict[str, Any] = {}
    for base in reversed(bases):
        hints |= _own_hints(base)
    found = []
    # What is inherited by keyword only is shared by many entries: an entry's own fields come before it.
    for field in sorted(dataclasses.fields(cls), key=lambda field: bool(field.kw_only)):
        hint = hints[field.name]
        kind, *extra = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        constraint = next((item for item in extra if isinstance(item, Constraint)), None)
        factory: Any = field.default_factory
        default = field.default if factory is dataclasses.MISSING else factory()
        default = None if default is dataclasses.MISSING else default
        group = next((item.title for item in extra if isinstance(item, Group)), "")
        found.append(Field(field.name, kind, constraint, default, group))
    return tuple(found)


def check_fields(item: Any) -> None:
    """Bring every field of a frozen dataclass to the type it declares; raises InvalidValueError as `checked` does."""
    for field in form(type(item)):
        object.__setattr__(item, field.name, checked(field, getattr(item, field.name)))


def checked(field: Field, value: Any) -> Any:
    """The value in the type that the field declares; raises InvalidValueError with argument, value and remedy."""
    kind = get_origin(field.kind) or field.kind
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            value = float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if kind is tuple and isinstance(value, list):
        value = tuple(tuple(item) if isinstance(item, list) else item for item in value)
    if not isinstance(value, kind) or (kind in (int, float) and isinstance(value, bool)):
        raise InvalidValueError(
            "{argument} (={value}) must be {kind}",
            argument=field.name,
            value=reprlib.repr(value),
            kind=_TYPE_WORDS.get(kind, f"one of the {field.chooses}" if field.chooses else kind.__name__),
        )
    if field.constraint is not None:
        field.constraint.check(field.name, value)
    return value


_TYPE_WORDS: Mapping[type, str] = MappingProxyType(
    {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "text",
        tuple: "a list",
    }
)


def to_json(item: Entry) -> dict[str, Any]:
    """The entry as plain JSON data: `{"type": name, field: value, …}`, nested entries likewise."""
    return item.as_json()


def fields_to_json(item: Any) -> dict[str, Any]:
    """The fields of an entry, or of another dataclass that holds such fields, as plain JSON data."""
    values = {field.name: getattr(item, field.name) for field in form(type(item))}
    return {name: to_json(value) if isinstance(value, Entry) else _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def from_json(kind: str, data: Any) -> Any:
    """The entry that `to_json` wrote. Fields left out take their defaults.

    Raises InvalidValueError for an unknown type, an unknown field, or a value out of range. Names only
    ever index the registry: nothing is imported because a file says so.
    """
    if not isinstance(data, Mapping):
        raise InvalidValueError(
            "an entry of the {kind} must be an object, not {value}",
            kind=kind,
            value=reprlib.repr(data),
        )
    cls = entry(kind, data.get("type", ""))
    fields = {cls.former_names.get(key, key): value for key, value in data.items() if key != "type"}
    return fields_from_json(cls, fields, cls.name)


def fields_from_json(cls: type[Any], data: Mapping[str, Any], what: str) -> Any:
    """The entry, or another dataclass that `fields_to_json` wrote. Fields left out take their defaults.

    Raises InvalidValueError for a field unknown to `what`, or a value out of range.
    """
    known = {field.name: field for field in form(cls)}
    values = {}
    for key, value in data.items():
        if key not in known:
            raise InvalidValueError(
                "{type} has no field {field}; it has {known}",
                type=what,
                field=reprlib.repr(key),
                known=", ".join(known) or "none",
            )
        chooses = known[key].chooses
        values[key] = from_json(chooses, value) if chooses else value
    for field in dataclasses.fields(cls):
        if field.name not in values and field.default is field.default_factory is dataclasses.MISSING:
            raise InvalidValueError("{type} needs a {field}, and has none", type=what, field=field.name)
    return cls(**values)


def defaults(kind: str) -> Iterator[Any]:
    """One instance of every entry of a kind, with its default fields."""
    return (cls() for cls in entries(kind).values())
