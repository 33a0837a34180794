"""What a network begins with when weights were brought in: held by its document where possible, else by its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.initializers import FromRun, Initializer
from engine.catalog.layers.block import Block, pack, same_inside
from engine.catalog.layers.layer import Layer
from engine.document.errors import InvalidValueError
from engine.document.graph import Document
from engine.plan.copying import MOST_COPIED, initial_weights
from engine.plan.plan import Plan
from engine.plan.resolve import resolve_after
from engine.training.trainer import Snapshot

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Begun:
    """A document whose run begins with the weights: where `snapshot` stands, or, where that is None, by itself."""

    document: Document
    snapshot: Snapshot | None = None


def begun(plan: Plan, weights: Weights, source: str, *, freeze: bool = False) -> Begun:
    """The plan's document with these weights, by "node.array", as what its network begins with.

    They become initial values, which travel in the document; `source` says where they come from. What has no
    initializer (averages that are kept, arrays within blocks), or is more than a document holds, is put into the run.
    With `freeze` the cards that were given all that they learn and keep stay as they are in training.

    Raises InvalidValueError for numbers that are not finite.
    """
    document = plan.document
    held = in_document(document, weights)
    for name in held:
        card, _, array = name.partition(".")
        field = f"{array}_initializer"
        before: Initializer = getattr(document.node(card).layer, field)
        otherwise = before.otherwise if isinstance(before, FromRun) else before
        document = document.set_field(card, field, FromRun.of(weights[name], source, otherwise))
    whole_cards = given_whole(plan, weights)
    if freeze and whole_cards:
        document = with_trainable(document, whole_cards, trainable=False)
    after = resolve_after(plan, document, plan.seen)
    shapes = after.saved_shapes
    left = {name: each for name, each in weights.items() if name not in held and shapes.get(name) == each.shape}
    return Begun(document, whole(after, left) if left and after.ready else None)


def whole(plan: Plan, weights: Weights) -> Snapshot:
    """A run at its very beginning, with these weights in the place of those that it would begin with."""
    kept = {name: np.full(buffer.shape, buffer.start, np.float32) for name, buffer in plan.buffers.items()}
    given = {name: np.asarray(values, np.float32) for name, values in weights.items()}
    return Snapshot(weights={**initial_weights(plan), **kept, **given})


def given_whole(plan: Plan, weights: Iterable[str]) -> tuple[str, ...]:
    """The cards of which these arrays, by "node.array", are all that they learn and keep."""
    given = set(weights)
    lacking = {name.partition(".")[0] for name in plan.saved_shapes if name not in given}
    cards = dict.fromkeys(name.partition(".")[0] for name in plan.saved_shapes)
    return tuple(card for card in cards if card not in lacking)


def in_document(document: Document, weights: Weights) -> tuple[str, ...]:
    """The weights that a document can hold as initial values: none of them where they are too many."""
    names = tuple(name for name in weights if _has_initializer(document, name))
    return names if sum(weights[name].size for name in names) <= MOST_COPIED else ()


def with_trainable(document: Document, cards: Iterable[str], *, trainable: bool) -> Document:
    """With cards that stay as they are in training, or learn again; in blocks, the cards inside.

    Blocks that share their weights go together. Raises InvalidValueError if none of the cards learns anything.
    """
    chosen = {card: document.node(card).layer for card in cards}
    shared = [layer for layer in chosen.values() if isinstance(layer, Block) and layer.weights == "shared"]
    for node in document.nodes:
        if any(same_inside(node.layer, layer) for layer in shared):
            chosen[node.id] = node.layer
    learning = {card: layer for card, layer in chosen.items() if _learns(layer)}
    if not learning:
        raise InvalidValueError("these cards learn nothing: there is nothing to freeze")
    for card, layer in learning.items():
        document = document.set_layer(card, _set_trainable(layer, trainable))
    return document


def _learns(layer: Layer) -> bool:
    if isinstance(layer, Block):
        return any(_learns(part.layer) for part in layer.parts)
    return "trainable" in type(layer).field_names


def _set_trainable(layer: Layer, trainable: bool) -> Layer:
    if isinstance(layer, Block):
        parts = [(_set_trainable(part.layer, trainable), part.sources) for part in layer.parts]
        return layer.replace(cards=pack(parts))
    return layer.replace(trainable=trainable) if _learns(layer) else layer


def _has_initializer(document: Document, name: str) -> bool:
    card, _, array = name.partition(".")
    return isinstance(getattr(document.node(card).layer, f"{array}_initializer", None), Initializer)
