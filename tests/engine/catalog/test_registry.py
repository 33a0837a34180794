"""What every entry of every kind must keep, whichever file it comes from."""

from __future__ import annotations

import copy
import itertools
import json
import math
import pickle
from typing import Annotated, Any

import pytest

from engine.catalog.registry import (
    Choice,
    Entry,
    Hidden,
    Range,
    checked,
    entries,
    entry,
    form,
    from_json,
    kinds,
    register,
    to_json,
    unregister,
)
from engine.document.errors import InvalidValueError

KINDS = kinds()
ALL = [(kind, name) for kind in KINDS for name in entries(kind)]
FIELDS = [(kind, name, field.name) for kind, name in ALL for field in form(entry(kind, name))]
EVERY_ENTRY = pytest.mark.parametrize(("kind", "name"), ALL)


def field_of(kind: str, name: str, field_name: str) -> Any:
    return next(field for field in form(entry(kind, name)) if field.name == field_name)


def test_the_issue_gets_the_entries_it_asks_for() -> None:
    assert {"Input", "Dense", "Activation", "Dropout", "Flatten", "Add", "Concatenate"} <= set(entries("layers"))
    assert len(entries("activations")) >= 8
    assert len(entries("initializers")) >= 6
    assert {"SGD", "Adam", "RMSprop"} <= set(entries("optimizers"))
    assert {"mse", "mae", "huber", "binary_cross_entropy", "categorical_cross_entropy", "hinge"} <= set(
        entries("losses")
    )
    assert [name for name, cls in entries("datasets").items() if not cls.pictures] == [
        *("circle", "xor", "gauss", "spiral", "moons", "rings", "blobs", "spirals", "checkerboard"),
        *("plane", "gauss-regression", "waves", "saddle", "drawn", "formula", "table"),
    ]
    assert list(entries("features")) == [
        *("x1", "x2", "x1_squared", "x2_squared", "x1_x2", "sin_x1", "sin_x2", "cos_x1", "cos_x2")
    ]


@EVERY_ENTRY
def test_every_entry_says_what_it_is(kind: str, name: str) -> None:
    cls = entry(kind, name)
    assert cls.kind == kind
    assert cls.name == name
    assert cls.label
    assert len(cls.description) > 10 and "\n" not in cls.description
    if kind != "probes":
        assert cls.reference, "the tooltip shows where it comes from"
    if kind not in ("probes", "formats"):
        assert cls.formula, "the tooltip shows what it computes"


@EVERY_ENTRY
def test_every_entry_survives_json_and_pickle(kind: str, name: str) -> None:
    item = entry(kind, name)()
    data = json.loads(json.dumps(to_json(item)))
    assert data["type"] == name
    assert from_json(kind, data) == item
    assert from_json(kind, {"type": name}) == item
    assert pickle.loads(pickle.dumps(item)) == item
    assert hash(item) == hash(from_json(kind, data))


@EVERY_ENTRY
def test_every_form_has_defaults_within_its_constraints(kind: str, name: str) -> None:
    for field in form(entry(kind, name)):
        assert checked(field, field.default) == field.default
        assert field.label
        if field.kind in (int, float) and not isinstance(field.constraint, Hidden):
            assert isinstance(field.constraint, Range), f"{field.name} must say which numbers it takes"
            assert field.constraint.low < field.constraint.high


@EVERY_ENTRY
def test_no_entry_takes_a_field_it_does_not_have(kind: str, name: str) -> None:
    with pytest.raises(InvalidValueError, match="has no field"):
        from_json(kind, {"type": name, "no_such_field": 1})


@pytest.mark.parametrize(("kind", "name", "field_name"), FIELDS)
def test_every_field_refuses_what_it_cannot_hold(kind: str, name: str, field_name: str) -> None:
    field = field_of(kind, name, field_name)
    refused: list[Any] = [object(), None]
    if field.kind is not str:
        refused.append("text")
    if isinstance(field.constraint, Range):
        low, high = field.constraint.low, field.constraint.high
        refused += [low - 1, high + 1, math.nan, math.inf, -math.inf, True, 10**400, [low]]
        if field.kind is int:
            refused.append(low + 0.5)
    if isinstance(field.constraint, Choice):
        refused.append("no such choice")
    if field.chooses:
        refused += [1, True, []]
    for value in refused:
        with pytest.raises(InvalidValueError) as caught:
            checked(field, value)
        assert field_name in str(caught.value)
        assert len(str(caught.value)) < 300
        with pytest.raises(InvalidValueError):
            entry(kind, name)().replace(**{field_name: value})


@EVERY_ENTRY
def test_the_ends_of_every_range_are_allowed(kind: str, name: str) -> None:
    ranged = [field for field in form(entry(kind, name)) if isinstance(field.constraint, Range)]
    for field, end in itertools.product(ranged, ("low", "high")):
        value = getattr(field.constraint, end)
        kept = checked(field, value)
        assert kept == value
        assert type(kept) is field.kind


def test_an_unknown_name_names_the_closest_one() -> None:
    with pytest.raises(InvalidValueError, match="did you mean tanh"):
        entry("activations", "tahn")
    with pytest.raises(InvalidValueError, match="known are linear, tanh"):
        entry("activations", "zzzzzz")
    with pytest.raises(InvalidValueError):
        from_json("activations", {"type": ["tanh"]})
    with pytest.raises(InvalidValueError, match="must be an object"):
        from_json("activations", "tanh")


def test_an_entry_of_one_kind_is_no_entry_of_another() -> None:
    dense = entry("layers", "Dense")
    with pytest.raises(InvalidValueError, match="one of the activations"):
        dense(activation=entry("losses", "mse")())


def test_a_new_entry_is_found_everywhere_by_declaring_it() -> None:
    base = entry("activations", "relu").__mro__[1]

    @register
    class ThrownIn(base):  # type: ignore[misc, valid-type]
        """Added while the test runs."""

        steepness: Annotated[int, Range(1, 3)] = 2

    try:
        assert ThrownIn.name == "thrown_in"
        assert ThrownIn.label == "thrown in"
        assert entries("activations")["thrown_in"] is ThrownIn
        assert from_json("activations", {"type": "thrown_in", "steepness": 3.0}) == ThrownIn(steepness=3)
    finally:
        unregister(ThrownIn)
    assert "thrown_in" not in entries("activations")


def test_a_declaration_that_lacks_something_is_refused() -> None:
    base = entry("activations", "relu").__mro__[1]
    with pytest.raises(ValueError, match="docstring"):
        register(type("Silent", (base,), {}))
    with pytest.raises(ValueError, match="two entries named 'relu'"):
        register(type("Relu", (base,), {"__doc__": "Again."}))
    with pytest.raises(ValueError, match="kind="):
        register(type("Homeless", (Entry,), {"__doc__": "Of no kind."}))


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in kinds() for name in entries(kind)])
def test_entries_differ_by_each_of_their_fields(kind: str, name: str) -> None:
    entry_of = entry(kind, name)()
    assert entry_of == entry(kind, name)() and hash(entry_of) == hash(entry(kind, name)())
    for field in form(type(entry_of)):
        other = object()
        changed = copy.copy(entry_of)
        object.__setattr__(changed, field.name, other)
        assert changed != entry_of, field.name
        assert f"{field.name}=" in repr(entry_of)
