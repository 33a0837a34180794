"""Folding cards into a Block, and taking it apart."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable

from engine.catalog.layers.block import Block, pack
from engine.document.errors import GraphError
from engine.document.graph import CARD_GAP, Document, Edge, Network, Node
from engine.document.naming import rename


def fold(document: Document, node_ids: Iterable[str]) -> Document:
    """The document with some cards folded into one Block, in the place of their middle.

    Raises GraphError unless they are cards of one network with one card before them and one that gives their answer.
    """
    chosen = set(node_ids)
    if not chosen:
        raise GraphError("choose the cards that the block is to be made of")
    network = document.network_of(min(chosen))
    for node_id in chosen:
        if network.node(node_id).layer.takes[1] == 0:
            raise GraphError("{node} is where samples enter; a block cannot hold it", node=node_id)
    source, last = _entry(network, chosen), _exit(network, chosen)
    order = _ordered(network, chosen)
    place = {node_id: number for number, node_id in enumerate(order)}
    cards = [
        (network.node(node_id).layer, tuple(place.get(edge.source, -1) for edge in network.inputs_of(node_id)))
        for node_id in order
    ]
    nodes = [network.node(node_id) for node_id in order]
    middle = (sum(node.x for node in nodes) / len(nodes), sum(node.y for node in nodes) / len(nodes))
    places = json.dumps([[node.id, node.x - middle[0], node.y - middle[1]] for node in nodes], separators=(",", ":"))
    block = Block(cards=pack(cards), places=places)
    folded = Node(document.free_id(block), block, *middle)
    leaving = [Edge(folded.id, edge.target, edge.port) for edge in network.outputs_of(last)]
    outside = [edge for edge in network.edges if not {edge.source, edge.target} & chosen]
    return _with(
        document,
        network,
        (*(node for node in network.nodes if node.id not in chosen), folded),
        (*outside, Edge(source, folded.id), *leaving),
    )


def unfold(document: Document, node_id: str) -> Document:
    """The document with the cards of a Block in its place, as they stood before, else side by side.

    They get the names back that they had, where these are free. Raises GraphError for another card.
    """
    network, node = document.network_of(node_id), document.node(node_id)
    if not isinstance(node.layer, Block):
        raise GraphError("{node} is no block", node=node_id)
    parts = node.layer.parts
    # a link from the block to itself, which is a mistake, has no place among its cards
    before = [edge.source for edge in network.inputs_of(node_id) if edge.source != node_id]
    behind = [edge for edge in network.outputs_of(node_id) if edge.target != node_id]
    ids: list[str] = []
    grown = document.remove([node_id])
    for number, part in enumerate(parts):
        new_id = grown.free_id(part.layer)
        x, y = node.x + (number - (len(parts) - 1) / 2) * CARD_GAP, node.y
        called = new_id
        if node.layer.stood:
            called, dx, dy = node.layer.stood[number]
            x, y = round(node.x + dx, 6), round(node.y + dy, 6)  # what is added and taken off leaves crumbs
        grown = grown.add(part.layer, x, y, network=network.name)
        if called != new_id and all(other.id != called for other in grown.nodes):
            grown, new_id = rename(grown, new_id, called), called
        ids.append(new_id)
    edges = [
        Edge(origin, name, port)
        for name, part in zip(ids, parts, strict=True)
        for port, number in enumerate(part.sources)
        for origin in ([ids[number]] if number >= 0 else before)
    ]
    last = ids[-1:] or before
    edges += [Edge(origin, edge.target, edge.port) for edge in behind for origin in last]
    bare = grown.network_of(ids[0]) if ids else next(each for each in grown.networks if each.name == network.name)
    return _with(grown, bare, bare.nodes, (*bare.edges, *edges))


def _with(document: Document, network: Network, nodes: tuple[Node, ...], edges: tuple[Edge, ...]) -> Document:
    changed = dataclasses.replace(network, nodes=nodes, edges=edges)
    return document.replace(
        networks=tuple(changed if each.name == network.name else each for each in document.networks)
    )


def _entry(network: Network, chosen: set[str]) -> str:
    """The one card outside that they read."""
    sources = {edge.source for edge in network.edges if edge.target in chosen and edge.source not in chosen}
    if len(sources) != 1:
        raise GraphError(
            "a block has one input, but the chosen cards read {sources}; choose others, or join these first",
            sources=" and ".join(sorted(sources)) or "none",
        )
    return sources.pop()


def _exit(network: Network, chosen: set[str]) -> str:
    """The one card among them whose answer is used outside, or by nobody."""
    inside = {edge.source for edge in network.edges if edge.target in chosen}
    leaving = {edge.source for edge in network.edges if edge.source in chosen and edge.target not in chosen}
    ends = sorted(leaving | (chosen - inside))
    if len(ends) != 1:
        raise GraphError(
            "a block gives one answer, but the chosen cards give those of {ends}; choose others, or join these first",
            ends=" and ".join(ends) or "none",
        )
    return ends[0]


def _ordered(network: Network, chosen: set[str]) -> list[str]:
    """The cards so that each follows those that it reads."""
    order: list[str] = []
    waiting = [node.id for node in network.nodes if node.id in chosen]
    while waiting:
        ready = [
            node_id
            for node_id in waiting
            if all(edge.source in order or edge.source not in chosen for edge in network.inputs_of(node_id))
        ]
        if not ready:
            raise GraphError("the chosen cards feed each other in a circle; cut it before making a block of them")
        order += ready
        waiting = [node_id for node_id in waiting if node_id not in ready]
    return order
