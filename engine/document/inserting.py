"""Edits that put a card beside or between others and make the room that it needs."""

from __future__ import annotations

import dataclasses

from engine.catalog.layers.layer import Layer
from engine.catalog.registry import entry
from engine.document.errors import GraphError
from engine.document.graph import CARD_GAP, Document, Edge

MERGING = ("Concatenate", "Add")
"""The layers that are offered where a second link reaches a taken port."""


def appended(document: Document, after: str, layer: Layer) -> Document:
    """With a layer to the right of a card, linked to it if it takes an input."""
    node, new_id = document.node(after), document.free_id(layer)
    document = document.add(layer, node.x + CARD_GAP, node.y, network=document.network_of(after).name)
    return document.connect(after, new_id) if layer.takes[1] else document


def inserted(document: Document, edge: Edge, layer: Layer) -> Document:
    """With a layer in a link, and the cards from the target on moved right until each gap is wide enough.

    Raises GraphError for a layer that takes no input.
    """
    if layer.takes[1] == 0:
        raise GraphError(
            "Samples enter the network at an Input card, so it cannot stand between {source} and {target}",
            source=edge.source,
            target=edge.target,
        )
    new_id = document.free_id(layer)
    source, target = document.node(edge.source), document.node(edge.target)
    nodes = document.network_of(edge.target).nodes
    document = document.insert_between(edge, layer)
    missing = 2 * CARD_GAP - (target.x - source.x)
    if 0 < missing < 2 * CARD_GAP:
        moved = [(node.id, node.x + missing, node.y) for node in nodes if node.x >= target.x]
        document = document.move(moved).move([(new_id, source.x + CARD_GAP, (source.y + target.y) / 2)])
    return document


def joined(document: Document, source: str, target: str, port: int, merging: str) -> Document:
    """With a merging card at a taken port: it reads the card that was there, then `source`.

    Raises GraphError where the port is free, and where the link would close a circle.
    """
    network = document.network_of(target)
    taken = next((edge for edge in network.inputs_of(target) if edge.port == port), None)
    if taken is None:
        raise GraphError("port (={port}) of {target} is free: link it without a merging card", port=port, target=target)
    if circle := circle_of(document, source, target):
        raise circle_error(circle)
    layer: Layer = entry("layers", merging)()
    new_id = document.free_id(layer)
    return inserted(document, taken, layer).connect(source, new_id, 1)


def circle_of(document: Document, source: str, target: str) -> tuple[str, ...]:
    """The cards that a link from `source` to `target` would join in a circle, from `target` back to it.

    Empty if the link closes none. Of several circles it is a shortest.
    """
    network = document.network_of(target)
    came: dict[str, str] = {target: target}
    waiting = [target]
    for node_id in waiting:
        if node_id == source:
            path = [node_id]
            while path[-1] != target:
                path.append(came[path[-1]])
            return (*reversed(path), target)
        for edge in network.outputs_of(node_id):
            if edge.target not in came:
                came[edge.target] = node_id
                waiting.append(edge.target)
    return ()


def circle_error(circle: tuple[str, ...]) -> GraphError:
    """What is said of a link that would close this circle."""
    return GraphError(
        "This link would close a circle: {path}; samples flow one way, from the Input on", path=" → ".join(circle)
    )


def copied_beside(document: Document, chosen: frozenset[str], offset: float) -> tuple[Document, list[str]]:
    """With copies of cards and of the links between them, so far right and down; and the ids of the copies."""
    originals = [node for node in document.nodes if node.id in chosen]
    copies: dict[str, str] = {}
    for node in originals:
        copies[node.id] = document.free_id(node.layer)
        network = document.network_of(node.id)
        document = document.add(node.layer, node.x + offset, node.y + offset, network=network.name)
    for network in document.networks:
        links = [
            Edge(copies[edge.source], copies[edge.target], edge.port)
            for edge in network.edges
            if edge.source in copies and edge.target in copies
        ]
        if links:
            document = document.with_network(dataclasses.replace(network, edges=(*network.edges, *links)))
    return document, list(copies.values())
