"""Where cards lie: aligned, evenly spread, or laid out in layers from left to right.

Places are centres of cards. Sizes (width, height) come from whoever draws the cards; one without counts as a point.
"""

from __future__ import annotations

import dataclasses
import math
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from engine.document.errors import GraphError
from engine.document.graph import CARD_GAP, Document, Network, Node

Sizes = Mapping[str, tuple[float, float]]

SIDES = ("left", "center", "right", "top", "middle", "bottom")
"""What cards can be aligned at."""
_GRID = 8.0
_COLUMN_GAP, _ROW_GAP = 56.0, 32.0
"""Free space between neighbouring cards, scene units."""
_LANE = 24.0
"""Height that a link takes which passes a layer by."""
_MOST_LANES = 2_000
_SWEEPS = 4
_STEPS = 16.0
"""Parts of a scene unit that places are given in."""
_POINT = (0.0, 0.0)


def align(document: Document, node_ids: Iterable[str], side: str, sizes: Sizes | None = None) -> Document:
    """With cards whose left edges, centres, … lie on one line: where the outermost of them is, or their middle.

    Raises GraphError for fewer than two cards.
    """
    chosen, known = _chosen(document, node_ids, 2), sizes or {}
    axis = 0 if side in ("left", "center", "right") else 1
    share = {"left": -0.5, "top": -0.5, "right": 0.5, "bottom": 0.5}.get(side, 0.0)
    lines = [_at(node)[axis] + share * known.get(node.id, _POINT)[axis] for node in chosen]
    line = min(lines) if share < 0 else max(lines) if share > 0 else (min(lines) + max(lines)) / 2
    return document.move(_shifted(node, axis, line - old) for node, old in zip(chosen, lines, strict=True))


def distribute(document: Document, node_ids: Iterable[str], across: bool, sizes: Sizes | None = None) -> Document:
    """With equal gaps between cards, from left to right (`across`) or from top to bottom; the outermost stay.

    Raises GraphError for fewer than three cards.
    """
    known, axis = sizes or {}, 0 if across else 1
    chosen = sorted(_chosen(document, node_ids, 3), key=lambda node: (_at(node)[axis], node.id))
    lengths = [known.get(node.id, _POINT)[axis] for node in chosen]
    at = _at(chosen[0])[axis] - lengths[0] / 2
    gap = (_at(chosen[-1])[axis] + lengths[-1] / 2 - at - sum(lengths)) / (len(chosen) - 1)
    places = []
    for node, length in zip(chosen, lengths, strict=True):
        places.append(_shifted(node, axis, at + length / 2 - _at(node)[axis]))
        at += length + gap
    return document.move(places)


def arrange(document: Document, sizes: Sizes | None = None) -> Document:
    """With every network laid out in layers from left to right, each card behind all that it reads.

    Within a layer the cards keep their order from top to bottom where that costs no crossing, and the first card keeps
    its place: after a small edit little moves, and what was laid out stays where it is. Cards on a circle are laid out
    as if one of its links were cut.
    """
    for network in document.networks:
        if network.nodes:
            document = document.move(_laid_out(network, sizes or {}))
    return document


def arrange_behind(document: Document, anchor: str, node_ids: Sequence[str], sizes: Sizes | None = None) -> Document:
    """With some cards laid out behind another, and whatever lay further right moved on so far that there is room.

    All other cards keep their places among each other.
    """
    known, network = sizes or {}, document.network_of(anchor)
    inside = {anchor, *node_ids}
    part = dataclasses.replace(
        network,
        nodes=tuple(node for node in network.nodes if node.id in inside),
        edges=tuple(edge for edge in network.edges if edge.source in inside and edge.target in inside),
    )
    places = _laid_out(part, known)
    x, y = _at(document.node(anchor))
    dx, dy = next((x - at_x, y - at_y) for node_id, at_x, at_y in places if node_id == anchor)
    document = document.move([(node_id, at_x + dx, at_y + dy) for node_id, at_x, at_y in places])
    half = {node.id: known.get(node.id, _POINT)[0] / 2 for node in network.nodes}
    behind = [node for node in network.nodes if node.id not in inside and node.x > x]
    end = max(document.node(node_id).x + half[node_id] for node_id in inside)
    missing = end + _COLUMN_GAP - min((node.x - half[node.id] for node in behind), default=math.inf)
    return document.move(_shifted(node, 0, _snapped(missing)) for node in behind) if missing > 0 else document


def _at(node: Node) -> tuple[float, float]:
    return node.x, node.y


def _shifted(node: Node, axis: int, away: float) -> tuple[str, float, float]:
    return node.id, node.x + (away if axis == 0 else 0.0), node.y + (away if axis == 1 else 0.0)


def _chosen(document: Document, node_ids: Iterable[str], least: int) -> list[Node]:
    found = [document.node(node_id) for node_id in dict.fromkeys(node_ids)]
    if len(found) < least:
        raise GraphError("select at least {least} cards", least=least)
    return found


# --- layers from left to right -----------------------------------------------------------------------------------


@dataclass(eq=False)
class _Place:
    """A card, or the lane of a link that passes a layer by (no `node`)."""

    node: str
    height: float
    y: float = 0.0
    """The height at which it will lie."""
    before: list[_Place] = field(default_factory=list)
    behind: list[_Place] = field(default_factory=list)


def _laid_out(network: Network, sizes: Sizes) -> list[tuple[str, float, float]]:
    links = _forward(network)
    depths = _depths(network, links)
    first = min(network.nodes, key=lambda node: (depths[node.id], node.y, node.x))
    layers = _ordered(_layers(network, links, depths, sizes))
    _level(layers)
    places: dict[str, tuple[float, float]] = {}
    at = half = 0.0
    for number, layer in enumerate(layers):
        before, half = half, max(sizes.get(each.node, _POINT)[0] for each in layer) / 2
        if number:
            at += _snapped(max(CARD_GAP, before + _COLUMN_GAP + half))
        places |= {each.node: (at, _snapped(each.y)) for each in layer if each.node}
    # in steps that no sum rounds: the same again must be the same
    dx, dy = (round((there - here) * _STEPS) / _STEPS for there, here in zip(_at(first), places[first.id], strict=True))
    return [(node_id, x + dx, y + dy) for node_id, (x, y) in places.items()]


def _snapped(value: float) -> float:
    return round(value / _GRID) * _GRID


def _forward(network: Network) -> list[tuple[str, str]]:
    """The links without those that close a circle, each pair of cards once."""
    kept: list[tuple[str, str]] = []
    done: set[str] = set()
    for start in [node.id for node in network.nodes]:
        if start in done:
            continue
        path, open_ = [(start, iter(network.outputs_of(start)))], {start}
        while path:
            node_id, rest = path[-1]
            edge = next(rest, None)
            if edge is None:
                done.add(node_id)
                open_.discard(node_id)
                path.pop()
            elif edge.target not in open_:
                kept.append((edge.source, edge.target))
                if edge.target not in done:
                    open_.add(edge.target)
                    path.append((edge.target, iter(network.outputs_of(edge.target))))
    return list(dict.fromkeys(kept))


def _depths(network: Network, links: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Which layer each card is in: one behind the last that it reads; without any, right before its first reader."""
    sources: dict[str, list[str]] = {node.id: [] for node in network.nodes}
    targets: dict[str, list[str]] = {node.id: [] for node in network.nodes}
    for source, target in links:
        sources[target].append(source)
        targets[source].append(target)
    depths = {node_id: 0 for node_id, read in sources.items() if not read}
    waiting, missing = list(depths), {node_id: len(read) for node_id, read in sources.items()}
    for node_id in waiting:
        for target in targets[node_id]:
            depths[target] = max(depths.get(target, 0), depths[node_id] + 1)
            missing[target] -= 1
            if not missing[target]:
                waiting.append(target)
    for node in network.nodes:
        if not sources[node.id] and node.layer.takes[1] and targets[node.id]:
            depths[node.id] = max(0, min(depths[target] for target in targets[node.id]) - 1)
    return depths


def _layers(
    network: Network, links: Sequence[tuple[str, str]], depths: Mapping[str, int], sizes: Sizes
) -> list[list[_Place]]:
    """The cards of each layer from top to bottom, then the lanes of the links that pass it by."""
    layers: list[list[_Place]] = [[] for _ in range(max(depths.values()) + 1)]
    places: dict[str, _Place] = {}
    for node in sorted(network.nodes, key=lambda node: node.y):
        places[node.id] = _Place(node.id, sizes.get(node.id, _POINT)[1])
        layers[depths[node.id]].append(places[node.id])
    lanes = 0
    for source, target in links:
        last, end = places[source], places[target]
        for depth in range(depths[source] + 1, depths[target]):
            lanes += 1
            if lanes > _MOST_LANES:
                break
            lane = _Place("", _LANE)
            layers[depth].append(lane)
            last.behind.append(lane)
            lane.before.append(last)
            last = lane
        last.behind.append(end)
        end.before.append(last)
    return [layer for layer in layers if layer]


def _ordered(layers: list[list[_Place]]) -> list[list[_Place]]:
    """The layers with cards in another order where links then cross less, and lanes among them.

    Where lanes run depends on the order of the cards alone, so that an order that was found is found again.
    """
    lanes = [[each for each in layer if not each.node] for layer in layers]
    best = _threaded(layers, lanes)
    crossings = _crossings(best)
    improved = True
    while crossings and improved:
        improved = False
        for forward in (True, False):
            tried = _threaded(_swept(best, forward), lanes)
            found = _crossings(tried)
            if found < crossings:
                best, crossings, improved = tried, found, True
    return best


def _swept(layers: Sequence[Sequence[_Place]], forward: bool) -> list[list[_Place]]:
    """Each layer in the order of the middles of what it is linked with in the layer before, or behind."""
    swept = [list(layer) for layer in layers]
    rows = {id(each): row for layer in swept for row, each in enumerate(layer)}
    for layer in swept if forward else reversed(swept):
        middles = {id(each): _middle(each.before if forward else each.behind, rows, rows[id(each)]) for each in layer}
        layer.sort(key=lambda each: middles[id(each)])
        rows |= {id(each): row for row, each in enumerate(layer)}
    return swept


def _middle(near: Sequence[_Place], rows: Mapping[int, int], otherwise: float) -> float:
    return sum(rows[id(other)] for other in near) / len(near) if near else otherwise


def _threaded(layers: Sequence[Sequence[_Place]], lanes: Sequence[Sequence[_Place]]) -> list[list[_Place]]:
    """The layers with their cards in the order that they have, and lanes between them at the height they come from."""
    threaded: list[list[_Place]] = []
    rows: dict[int, int] = {}
    for layer, passing in zip(layers, lanes, strict=True):
        keyed: list[tuple[float, int, _Place]] = []
        lowest = -1.0
        for card in layer:
            if card.node:
                lowest = max(lowest, _middle(card.before, rows, lowest))
                keyed.append((lowest, 0, card))
        keyed += [(float(rows[id(lane.before[0])]), 1, lane) for lane in passing]
        threaded.append([each for *_, each in sorted(keyed, key=lambda item: item[:2])])
        rows |= {id(each): row for row, each in enumerate(threaded[-1])}
    return threaded


def _crossings(layers: Sequence[Sequence[_Place]]) -> int:
    """How often links cross between neighbouring layers."""
    count = 0
    for layer, following in pairwise(layers):
        rows = {id(each): row for row, each in enumerate(following)}
        ends: list[int] = []
        for each in layer:
            reached = sorted(rows[id(other)] for other in each.behind if id(other) in rows)
            for row in reached:
                count += len(ends) - bisect_right(ends, row)
            for row in reached:
                insort(ends, row)
    return count


def _level(layers: Sequence[Sequence[_Place]]) -> None:
    """Give each place a height: near the middle of its neighbours, in the order of its layer, none on another."""
    for layer in layers:
        _stack(layer, [0.0 for _ in layer])
    for sweep in range(2 * _SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            wanted = []
            for each in layer:
                near = each.before if forward else each.behind
                wanted.append(sum(other.y for other in near) / len(near) if near else each.y)
            _stack(layer, wanted)


def _stack(layer: Sequence[_Place], wanted: Sequence[float]) -> None:
    """The heights nearest to those wanted at which places keep their order and distance (pool adjacent violators)."""
    offsets, offset = [0.0], 0.0
    for above, below in pairwise(layer):
        offset += (above.height + below.height) / 2 + _ROW_GAP
        offsets.append(offset)
    pools: list[tuple[float, int]] = []
    for want, shift in zip(wanted, offsets, strict=True):
        total, count = want - shift, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            other, more = pools.pop()
            total, count = total + other, count + more
        pools.append((total, count))
    heights = [total / count for total, count in pools for _ in range(count)]
    for each, height, shift in zip(layer, heights, offsets, strict=True):
        each.y = height + shift
