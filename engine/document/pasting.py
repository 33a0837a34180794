"""Cards as text: what the clipboard and the user's own blocks hold."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from engine.catalog.registry import fields_to_json
from engine.document.errors import FileError, GraphError
from engine.document.graph import Document, Edge, Network, Node
from engine.document.serialization import FORMAT, MOST_NODES, VERSION, cards_to_json, document_from_json, parse_json

CARDS = "neural-playground-cards"
"""The format's name, which tells cards from any other text."""
LONGEST = 64 * 1024 * 1024
"""Characters that are read at most; weights of another run travel inside."""
OFFSET = 40.0
"""How far a copy lies from its original."""


def copy_cards(document: Document, node_ids: Iterable[str]) -> str:
    """Some cards and the links between them as JSON text. Raises GraphError if there are none."""
    chosen = set(node_ids)
    if not chosen:
        raise GraphError("choose the cards that are to be copied")
    nodes = [node for node in document.nodes if node.id in chosen]
    edges = [edge for network in document.networks for edge in network.edges]
    within = [edge for edge in edges if edge.source in chosen and edge.target in chosen]
    content = {"format": CARDS, "version": VERSION, **cards_to_json(nodes, within)}
    return json.dumps(content, ensure_ascii=False)


def holds_cards(text: str) -> bool:
    """Whether a text looks like one of `copy_cards`; `paste_cards` may still find it damaged."""
    return len(text) <= LONGEST and text.lstrip()[:1] == "{" and f'"{CARDS}"' in text[:200]


def read_cards(document: Document, text: str) -> Network:
    """The cards and links that a text of `copy_cards` holds. Raises GraphError, and no other exception."""
    if not holds_cards(text):
        raise GraphError("the clipboard holds no cards; select some and copy them first")
    try:
        found = parse_json(text.encode("utf-8", "replace"), "the copied text")
        return _network(document, found)
    except FileError as error:
        raise GraphError("the copied cards cannot be read: {reason}", reason=error.sentence) from error


def paste_cards(
    document: Document, text: str, at: tuple[float, float] | None = None
) -> tuple[Document, tuple[str, ...]]:
    """With the cards of a text, and their ids: around a point, or beside the place that they were copied from.

    They move on until none lies on another card. Raises GraphError where the text holds no cards.
    """
    pasted = read_cards(document, text)
    network = document.networks[0]
    if len(document.nodes) + len(pasted.nodes) > MOST_NODES:
        raise GraphError(
            "{count} cards are too many; a document holds {most}", count=len(pasted.nodes), most=MOST_NODES
        )
    dx, dy = _away(document, pasted, at)
    ids: dict[str, str] = {}
    grown = document
    for node in pasted.nodes:
        ids[node.id] = grown.free_id(node.layer)
        grown = grown.add(node.layer, node.x + dx, node.y + dy, network=network.name)
    changed = grown.networks[0]
    links = tuple(Edge(ids[edge.source], ids[edge.target], edge.port) for edge in pasted.edges)
    grown = grown.with_network(dataclasses.replace(changed, edges=(*changed.edges, *links)))
    return grown, tuple(ids.values())


def open_ends(document: Document, node_ids: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of some cards, those that wait for an input, and those whose answer nobody among them reads."""
    chosen = list(node_ids)
    network = document.network_of(chosen[0])
    waiting = [each for each in chosen if len(network.inputs_of(each)) < document.node(each).layer.takes[0]]
    ends = [each for each in chosen if not network.outputs_of(each)]
    return tuple(waiting), tuple(ends)


def _network(document: Document, found: Any) -> Network:
    if not isinstance(found, dict) or found.get("format") != CARDS:
        raise FileError("it is no list of cards")
    content = {
        "format": FORMAT,
        "version": found.get("version"),
        "data": fields_to_json(document.data),
        "networks": [{"name": "pasted", "nodes": found.get("nodes", []), "edges": found.get("edges", [])}],
    }
    network = document_from_json(content, "the copied text").networks[0]
    if not network.nodes:
        raise FileError("there are none")
    return network


def _away(document: Document, pasted: Network, at: tuple[float, float] | None) -> tuple[float, float]:
    """How far the cards move from the places in the text."""
    if at is None:
        dx = dy = OFFSET
    else:
        xs, ys = [node.x for node in pasted.nodes], [node.y for node in pasted.nodes]
        dx, dy = at[0] - (min(xs) + max(xs)) / 2, at[1] - (min(ys) + max(ys)) / 2
    taken = {_place(node) for node in document.nodes}
    while any((round(node.x + dx), round(node.y + dy)) in taken for node in pasted.nodes):
        dx, dy = dx + OFFSET, dy + OFFSET
    return dx, dy


def _place(node: Node) -> tuple[int, int]:
    return round(node.x), round(node.y)
