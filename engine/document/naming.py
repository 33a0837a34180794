"""Giving a card another name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from engine.catalog.registry import entries
from engine.document.errors import GraphError
from engine.document.graph import Document, Network

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
    return document.with_network(_named(network, {node_id: name}))


def renamed_since(before: Document, after: Document) -> dict[str, str]:
    """Old and new names of the cards that were renamed, if nothing else but places was changed; empty otherwise."""
    called = {old.id: new.id for old, new in zip(before.nodes, after.nodes, strict=False)}
    if len(before.nodes) != len(after.nodes) or all(old == new for old, new in called.items()):
        return {}
    named = dataclasses.replace(before, networks=tuple(_named(network, called) for network in before.networks))
    if after.moved_since(named) is None:
        return {}
    return {old: new for old, new in called.items() if old != new}


def _named(network: Network, called: Mapping[str, str]) -> Network:
    """A network with cards called otherwise, its links with them."""
    nodes = tuple(dataclasses.replace(node, id=called.get(node.id, node.id)) for node in network.nodes)
    edges = tuple(
        dataclasses.replace(
            edge, source=called.get(edge.source, edge.source), target=called.get(edge.target, edge.target)
        )
        for edge in network.edges
    )
    return dataclasses.replace(network, nodes=nodes, edges=edges)


def is_own_name(node_id: str) -> bool:
    """Whether a user chose the name; the program's are those of a layer with a number: dense_1."""
    layer, _, number = node_id.rpartition("_")
    return not (number.isdigit() and layer in {name.lower() for name in entries("layers")})
