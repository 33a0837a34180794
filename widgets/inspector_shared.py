"""What several selected layers have in common: the fields that can be edited for all of them together."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.layers.layer import Layer
from engine.catalog.registry import Field, form
from widgets import theme


def shared_fields(layers: Sequence[Layer]) -> list[Field]:
    """The fields that every layer has, of one kind and with the same limits, in the order of the first."""
    others = [{field.name: field for field in form(type(layer))} for layer in layers[1:]]
    return [field for field in form(type(layers[0])) if all(_same(field, known.get(field.name)) for known in others)]


def not_shared(layers: Sequence[Layer]) -> list[str]:
    """The fields of the first layer that another does not have."""
    shared = {field.name for field in shared_fields(layers)}
    return [field.name for field in form(type(layers[0])) if field.name not in shared]


def differing_fields(layers: Sequence[Layer]) -> list[str]:
    """The words for the shared fields in which the layers hold different values."""
    return [
        theme.translate_catalog(field.label)
        for field in shared_fields(layers)
        if any(getattr(layer, field.name) != getattr(layers[0], field.name) for layer in layers[1:])
    ]


def _same(field: Field, other: Field | None) -> bool:
    return other is not None and (field.kind, field.constraint) == (other.kind, other.constraint)
