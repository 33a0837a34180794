"""A document as plain JSON data, and back: everything that comes from a file is checked here."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import reprlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from engine.catalog.registry import fields_from_json, fields_to_json, to_json
from engine.document.errors import FileError, PlaygroundError
from engine.document.graph import MOST_NODES as MOST_NODES
from engine.document.graph import Data, Document, Edge, Network, Node, Training
from engine.document.notes import MOST_NOTES, Note
from engine.document.placeholder import MOST_INPUTS, Placeholder, read_layer
from engine.document.places import FARTHEST

FORMAT = "neural-playground"
VERSION = 2
"""Grows when an older program could no longer read what this one writes.

1: the first. 2: notes on the canvas, output cards with a loss and weight of their own, tables as data.
"""

MOST_NETWORKS = 16
MOST_EDGES = 20_000

_ID = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


def document_to_json(document: Document) -> dict[str, Any]:
    """The document as JSON data, with the format's name and version."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "seed": document.seed,
        "scheme": document.scheme,
        "data": fields_to_json(document.data),
        "training": fields_to_json(document.training),
        "networks": [
            {
                "name": network.name,
                **cards_to_json(network.nodes, network.edges),
                "notes": [dataclasses.asdict(note) for note in network.notes],
            }
            for network in document.networks
        ],
    }


def parse_json(content: bytes, file: str) -> Any:
    """The data that JSON text stands for. Raises FileError, also for numbers that are none and for endless nesting."""
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FileError("{file} is damaged: it holds text that is not JSON", file=file) from error


def document_from_json(data: Any, file: str = "the document") -> Document:
    """The document that `document_to_json` wrote; what is left out takes its default.

    `file` is what a sentence calls it. Raises FileError, and no other exception, whatever the data is.
    """
    try:
        return _document(data)
    except PlaygroundError as error:
        if isinstance(error, _NewerVersionError):
            template, values = error.sentence.template, dict(error.sentence.values)
            raise FileError(template, **{**values, "file": file}) from error
        raise FileError("{file} cannot be read: {reason}", file=file, reason=error.sentence) from error


def cards_to_json(nodes: Iterable[Node], edges: Iterable[Edge]) -> dict[str, Any]:
    """Cards and links as JSON data, under "nodes" and "edges".

    The ports of a card of an unknown layer are those that links lead to; only where it has more is their number said.
    """
    links = [{"source": edge.source, "target": edge.target, "port": edge.port} for edge in edges]
    ports, cards = _ports(links), []
    for node in nodes:
        card = {"id": node.id, "x": node.x, "y": node.y, "layer": to_json(node.layer)}
        if isinstance(node.layer, Placeholder) and node.layer.inputs > ports.get(node.id, 1):
            card["inputs"] = node.layer.inputs
        cards.append(card)
    return {"nodes": cards, "edges": links}


def _from_1(data: dict[str, Any]) -> dict[str, Any]:
    """Version 1 wrote no notes; everything else of it is read as it is."""
    return data | {"version": 2}


_MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MappingProxyType({1: _from_1})
"""What makes data of one version data of the next; it must bear whatever a damaged file may hold."""


class _NewerVersionError(FileError):
    """The file is whole, and from a program to come."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _fail(template: str, **values: Any) -> NoReturn:
    raise FileError(template, **values)


def _object(value: Any, what: str, allowed: tuple[str, ...] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict):
        _fail("{what} must be an object", what=what)
    for key in value:
        if allowed is not None and key not in allowed:
            _fail("{what} has an unknown field {field}", what=what, field=reprlib.repr(key))
    return value


def _list(value: Any, what: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        _fail("{what} must be a list", what=what)
    if len(value) > most:
        _fail("{what} must be at most {most}, but there are {count}", what=what, most=most, count=len(value))
    return value


def _whole(value: Any, what: str) -> int:
    if type(value) is not int:
        _fail("{what} (={value}) must be a whole number", what=what, value=reprlib.repr(value))
    if abs(value) >= 2**63:
        _fail("{what} (={value}) is too large", what=what, value=reprlib.repr(value))
    return value


def _number(value: Any, what: str, farthest: float = math.inf) -> float:
    if type(value) not in (int, float):
        _fail("{what} (={value}) must be a number", what=what, value=reprlib.repr(value))
    if not abs(value) <= farthest or abs(value) > 1e300:
        _fail("{what} (={value}) is too large", what=what, value=reprlib.repr(value))
    return float(value)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 200 or not value.isprintable():
        _fail("{what} (={value}) must be a line of text", what=what, value=reprlib.repr(value))
    return value


def _document(value: Any) -> Document:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        _fail("it is not a document of this program")
    version = _whole(value.get("version"), "version")
    if version > VERSION:
        raise _NewerVersionError(
            "{file} was made by a newer version ({version}); this one reads up to {most}",
            file="it",
            version=version,
            most=VERSION,
        )
    if version < 1:
        _fail("version (={version}) must be at least 1", version=version)
    for older in range(version, VERSION):
        value = _MIGRATIONS[older](value)
    found = _object(value, "document", ("format", "version", "seed", "scheme", "data", "training", "networks"))
    changes: dict[str, Any] = {}
    if "seed" in found:
        changes["seed"] = _whole(found["seed"], "seed")
    if "scheme" in found:
        changes["scheme"] = _text(found["scheme"], "scheme")
    if "training" in found:
        changes["training"] = _training(found["training"])
    return Document(_networks(found.get("networks")), _data(found.get("data")), **changes)


def _data(value: Any) -> Data:
    found: Data = fields_from_json(Data, _object(value, "data"), "data")
    return found


def _training(value: Any) -> Training:
    found: Training = fields_from_json(Training, _object(value, "training"), "training")
    return found


def _networks(value: Any) -> tuple[Network, ...]:
    networks = tuple(_network(part) for part in _list(value, "networks", MOST_NETWORKS))
    ids = [node.id for network in networks for node in network.nodes]
    names = [network.name for network in networks]
    for what, taken in (("cards", ids), ("networks", names)):
        name, count = Counter(taken).most_common(1)[0] if taken else ("", 0)
        if count > 1:
            _fail("{count} {what} are called {name}", count=count, what=what, name=name)
    return networks


def _network(value: Any) -> Network:
    found = _object(value, "network", ("name", "nodes", "edges", "notes"))
    links = _list(found.get("edges", []), "links", MOST_EDGES)
    ports = _ports(links)
    nodes = tuple(_node(part, ports) for part in _list(found.get("nodes", []), "cards", MOST_NODES))
    by_id = {node.id: node for node in nodes}
    edges = tuple(_edge(part, by_id) for part in links)
    taken = [(edge.target, edge.port) for edge in edges]
    if len(set(taken)) < len(taken):
        _fail("two links lead to one port")
    notes = tuple(_note(part) for part in _list(found.get("notes", []), "notes", MOST_NOTES))
    return Network(_text(found.get("name", "network"), "name"), nodes, edges, notes)


def _ports(links: list[Any]) -> dict[str, int]:
    """How many input ports the links ask of each card: what a card of an unknown layer has."""
    found: dict[str, int] = {}
    for link in links:
        if isinstance(link, dict) and isinstance(link.get("target"), str) and type(link.get("port", 0)) is int:
            port = min(link.get("port", 0), MOST_INPUTS)
            found[link["target"]] = max(found.get(link["target"], 0), port + 1)
    return found


def _note(value: Any) -> Note:
    found = _object(value, "note", ("text", "x", "y", "width", "height"))
    text = found.get("text")
    if not isinstance(text, str) or any("\ud800" <= letter <= "\udfff" for letter in text):
        _fail("the text of a note (={text}) must be text", text=ascii(text)[:30])
    places = {name: _number(number, name, FARTHEST) for name, number in found.items() if name != "text"}
    return Note(text, **places)


def _node(value: Any, ports: Mapping[str, int]) -> Node:
    found = _object(value, "card", ("id", "x", "y", "layer", "inputs"))
    node_id = found.get("id")
    if not isinstance(node_id, str) or not _ID.fullmatch(node_id):
        _fail("id (={id}) must be letters, digits and underscores, at most 64", id=reprlib.repr(node_id))
    inputs = max(ports.get(node_id, 1), _whole(found.get("inputs", 1), "inputs"))
    try:
        layer = read_layer(found.get("layer"), inputs)
    except PlaygroundError as error:
        raise FileError("card {node}: {reason}", node=node_id, reason=error.sentence) from error
    return Node(node_id, layer, _number(found.get("x", 0), "x", FARTHEST), _number(found.get("y", 0), "y", FARTHEST))


def _edge(value: Any, nodes: dict[str, Node]) -> Edge:
    found = _object(value, "link", ("source", "target", "port"))
    source, target, port = found.get("source"), found.get("target"), _whole(found.get("port", 0), "port")
    for end in (source, target):
        if not isinstance(end, str) or end not in nodes:
            _fail("a link leads to {node}, which is no card of its network", node=reprlib.repr(end))
    assert isinstance(source, str) and isinstance(target, str)
    most = nodes[target].layer.takes[1]
    if not 0 <= port < most:
        _fail("port (={port}) of {node} must be at least 0 and below {most}", port=port, node=target, most=most)
    return Edge(source, target, port)
