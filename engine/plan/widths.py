"""Branches that meet with different widths: the edit that makes them equally wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.catalog.layers.layer import Layer, Shape
from engine.document.errors import InvalidValueError, Sentence, ShapeError
from engine.document.graph import Document
from engine.plan.plan import NodePlan, Remedy

_WIDTHS = ("units", "filters")
"""Fields that decide how wide a layer's output is."""


def equal_widths(sources: Sequence[str], nodes: Mapping[str, NodePlan]) -> tuple[Remedy, ...]:
    """Give the cards that decide about the width of some branches the units, or filters, of the widest.

    Of a narrower branch, where those of the widest cannot be given to all. Nothing, where more than widths differ or
    no card decides about them.
    """
    shapes = [nodes[source].output_shape or () for source in sources]
    if len({shape[1:] for shape in shapes}) > 1 or not all(shapes):
        return ()
    for wanted in sorted({shape[0] for shape in shapes}, reverse=True):
        deciding = [
            _deciding(source, nodes) for source, shape in zip(sources, shapes, strict=True) if shape[0] != wanted
        ]
        found = [card for card in deciding if card is not None and _allows(nodes[card[0]].layer, card[1], wanted)]
        if found and len(found) == len(deciding):
            return (_set(dict.fromkeys(found), wanted),)
    return ()


def _deciding(node_id: str, nodes: Mapping[str, NodePlan]) -> tuple[str, str] | None:
    """The card that decides how wide a branch is, and its field; None if there is none."""
    node = nodes[node_id]
    while True:
        field = next((name for name in _WIDTHS if hasattr(node.layer, name)), None)
        if field is not None:
            return (node.node.id, field) if getattr(node.layer, field) == (node.output_shape or (0,))[0] else None
        if len(node.sources) != 1 or not _keeps_width(node):
            return None
        node = nodes[node.sources[0]]


def _allows(layer: Layer, field: str, width: int) -> bool:
    """Whether a layer can be so wide: joined branches may be wider than any card."""
    try:
        layer.replace(**{field: width})
    except InvalidValueError:
        return False
    return True


def _keeps_width(node: NodePlan) -> bool:
    """Whether a layer hands on as many units or channels as it gets, however many they are."""
    (shape,) = node.input_shapes
    wider: Shape = (shape[0] + 1, *shape[1:])
    try:
        return node.layer.output_shape(shape)[0] == shape[0] and node.layer.output_shape(wider)[0] == wider[0]
    except ShapeError:
        return False


def _set(cards: Mapping[tuple[str, str], None], width: int) -> Remedy:
    field = next(iter(cards))[1]
    label = Sentence(
        "Set {field} of {nodes} to {units}",
        {"field": field, "nodes": ", ".join(node_id for node_id, _ in cards), "units": width},
    )

    def edit(document: Document) -> Document:
        for node_id, name in cards:
            document = document.set_field(node_id, name, width)
        return document

    return Remedy(label, edit)
