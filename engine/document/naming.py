"""Giving a card another name."""

from __future__ import annotations

import dataclasses
import re

from engine.catalog.registry import entries
from engine.document.errors import GraphError
from engine.document.graph import Document

ALLOWED = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
"""What a card may be called; so its weights have a name in every file format."""


def rename(document: Document, node_id: str, name: str) -> Document:
    """With a card called otherwise, its links with it. Raises GraphError for a name that is taken or not allowed."""
    network = document.network_of(node_id)
    if name == node_id:
        return document
    if not ALLOWED.fullmatch(name):
        raise GraphError(
            "the name (={name}) must be letters, digits and underscores, at most 64; write spaces as underscores",
            name=repr(name),
        )
    if any(node.id == name for node in document.nodes):
        raise GraphError("another card is called {name}; choose a name that is free", name=repr(name))
    called = {node_id: name}
    nodes = tuple(dataclasses.replace(node, id=called.get(node.id, node.id)) for node in network.nodes)
    edges = tuple(
        dataclasses.replace(
            edge, source=called.get(edge.source, edge.source), target=called.get(edge.target, edge.target)
        )
        for edge in network.edges
    )
    return document.with_network(dataclasses.replace(network, nodes=nodes, edges=edges))


def is_own_name(node_id: str) -> bool:
    """Whether a user chose the name; the program's are those of a layer with a number: dense_1."""
    layer, _, number = node_id.rpartition("_")
    return not (number.isdigit() and layer in {name.lower() for name in entries("layers")})
