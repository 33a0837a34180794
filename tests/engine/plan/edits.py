"""Random edits of a document, as a user might make them; the tests draw from them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from engine.catalog.registry import Choice, Entry, Field, Hidden, Range, entries, form
from engine.document.errors import PlaygroundError
from engine.document.graph import Document
from engine.plan.resolve import resolve

Edit = Callable[[random.Random, Document], Document]


def some_value(rng: random.Random, field: Field) -> Any:
    """Mostly a value that the field takes, sometimes one that it refuses."""
    if field.chooses:
        return some_entry(rng, field.chooses)
    if rng.random() < 0.05:
        return rng.choice([None, -1, 1e9, "text", float("nan"), ()])
    if isinstance(field.constraint, Range):
        low, high = field.constraint.low, field.constraint.high
        if field.kind is int:
            return rng.choice([int(low), int(high), rng.randint(int(low), min(int(high), int(low) + 8))])
        return rng.choice([low, high, rng.uniform(low, high), field.default])
    if isinstance(field.constraint, Choice):
        return rng.choice(field.constraint.options)
    if isinstance(field.constraint, Hidden):
        return rng.choice([field.default, ("x1",), ("x1_x2", "sin_x1", "x2"), ("no_such_column",), ()])
    return rng.choice([True, False]) if field.kind is bool else field.default


def some_entry(rng: random.Random, kind: str) -> Any:
    """An entry of the kind, with one field changed half of the time."""
    cls: type[Entry] = rng.choice(list(entries(kind).values()))
    made = cls()
    fields = form(cls)
    if fields and rng.random() < 0.5:
        field = rng.choice(fields)
        return made.replace(**{field.name: some_value(rng, field)})
    return made


def _node(rng: random.Random, document: Document) -> str:
    return rng.choice(document.nodes).id if document.nodes else "nobody"


def add(rng: random.Random, document: Document) -> Document:
    return document.add(some_entry(rng, "layers"), rng.uniform(-500, 500), rng.uniform(-500, 500))


def append(rng: random.Random, document: Document) -> Document:
    return document.append(some_entry(rng, "layers"))


def remove(rng: random.Random, document: Document) -> Document:
    return document.remove([_node(rng, document)])


def connect(rng: random.Random, document: Document) -> Document:
    port = None if rng.random() < 0.7 else rng.randrange(-1, 4)
    return document.connect(_node(rng, document), _node(rng, document), port)


def disconnect(rng: random.Random, document: Document) -> Document:
    edges = document.networks[0].edges
    return document.disconnect(rng.choice(edges)) if edges else document


def set_field(rng: random.Random, document: Document) -> Document:
    node_id = _node(rng, document)
    fields = form(type(document.node(node_id).layer))
    if not fields:
        return document
    field = rng.choice(fields)
    return document.set_field(node_id, field.name, some_value(rng, field))


def move(rng: random.Random, document: Document) -> Document:
    return document.move([(_node(rng, document), rng.uniform(-1e4, 1e4), rng.uniform(-1e4, 1e4))])


def set_data(rng: random.Random, document: Document) -> Document:
    change = rng.choice(["dataset", "train_share", "seed"])
    values = {
        "dataset": lambda: some_entry(rng, "datasets"),
        "train_share": lambda: rng.uniform(0, 1),
        "seed": lambda: rng.randrange(10),
    }
    return document.set_data(**{change: values[change]()})


def set_training(rng: random.Random, document: Document) -> Document:
    kinds = {"loss": "losses", "optimizer": "optimizers", "schedule": "schedules"}
    change = rng.choice([*kinds, "batch_size", "epochs"])
    value = some_entry(rng, kinds[change]) if change in kinds else rng.choice([0, 1, 30, 65_536])
    return document.set_training(**{change: value})


def insert_before(rng: random.Random, document: Document) -> Document:
    return document.insert_before(_node(rng, document), rng.choice(list(entries("layers"))))


def replace_layer(rng: random.Random, document: Document) -> Document:
    return document.replace_layer(_node(rng, document), rng.choice(list(entries("layers"))))


def toggle_column(rng: random.Random, document: Document) -> Document:
    inputs = [node.id for node in document.nodes if node.layer.name == "Input"]
    return document.toggle_column(rng.choice(inputs), rng.choice(list(entries("features")))) if inputs else document


def take_remedy(rng: random.Random, document: Document) -> Document:
    offered = [remedy for problem in resolve(document).problems for remedy in problem.remedies]
    return rng.choice(offered).edit(document) if offered else document


def fold(rng: random.Random, document: Document) -> Document:
    """A card and perhaps one that it feeds."""
    chosen = [_node(rng, document)]
    chosen += [edge.target for edge in document.network_of(chosen[0]).outputs_of(chosen[0])][: rng.randrange(3)]
    return document.fold(chosen)


def unfold(rng: random.Random, document: Document) -> Document:
    blocks = [node.id for node in document.nodes if node.layer.name == "Block"]
    return document.unfold(rng.choice(blocks)) if blocks else document


def reroll(rng: random.Random, document: Document) -> Document:
    return document.replace(seed=document.seed + 1)


EDITS: tuple[Edit, ...] = (
    add, append, append, remove, connect, connect, connect, disconnect, set_field, set_field, move, set_data,
    set_training, set_training, insert_before, replace_layer, toggle_column, reroll, fold, unfold, *[take_remedy] * 8,
)  # fmt: skip
"""Every way to change a document; remedies are taken often, so that graphs grow together and reach deeper problems."""

MOST_NODES = 14


def some_edit(rng: random.Random, document: Document) -> Document:
    """The document after one random edit; the same one where the edit is refused."""
    edit = rng.choice(EDITS)
    if len(document.nodes) > MOST_NODES:
        edit = remove
    try:
        return edit(rng, document)
    except PlaygroundError:
        return document
