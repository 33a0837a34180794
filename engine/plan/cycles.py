"""The order of the cards, and the circles that leave some of them without one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import pairwise

from engine.document.errors import Sentence
from engine.document.graph import Edge, Network
from engine.plan import remedies
from engine.plan.plan import NodePlan, Problem

_LONGEST_NAMED = 6
"""Cards of a circle that are named; of a longer one, the first ones and the last."""


def topological(network: Network) -> tuple[list[str], list[str]]:
    """Nodes in an order in which each follows its sources (Kahn), and those on or behind a cycle."""
    waiting = {node.id: 0 for node in network.nodes}
    for edge in network.edges:
        waiting[edge.target] += 1
    ready, lacking = deque[str](), deque[str]()
    for node in network.nodes:
        if not waiting[node.id]:
            (lacking if node.layer.takes[0] else ready).append(node.id)
    order = []
    while ready or lacking:
        # Cards that lack an input come last: whatever could feed them is known by then, and can be offered.
        node_id = (ready or lacking).popleft()
        order.append(node_id)
        for edge in network.outputs_of(node_id):
            waiting[edge.target] -= 1
            if not waiting[edge.target]:
                ready.append(edge.target)
    placed = set(order)
    return order, [node.id for node in network.nodes if node.id not in placed]


def plan_cycles(network: Network, left: list[str]) -> dict[str, NodePlan]:
    """The plans of the cards that have no place in the order.

    A card on a cycle gets the cycle's path, from itself back to itself, and the offer to cut the link that closes it; a
    card that is only fed by one has no problem of its own.
    """
    problems: dict[str, Problem] = {}
    for path in _cycles(network, left):
        remedy = remedies.cut(_closing_edges(network, path))
        for number, node_id in enumerate(path):
            if node_id not in problems:
                sentence = Sentence(
                    "These cards feed each other in a circle: {path}; a network needs a direction",
                    {"path": _named([*path[number:], *path[:number], node_id])},
                )
                problems[node_id] = Problem("cycle", sentence, node_id, (remedy,))
    plans = {}
    for node_id in left:
        sources = tuple(edge.source for edge in network.inputs_of(node_id))
        problem = problems.get(node_id)
        plans[node_id] = NodePlan(network.node(node_id), sources, problems=(problem,) if problem else ())
    return plans


def _cycles(network: Network, left: Iterable[str]) -> Iterator[list[str]]:
    """Cycles that together hold every node that is on any; a search per cycle rather than per node."""
    waiting = _without_ends(network, left)
    seen: set[str] = set()
    for node_id in waiting:
        if node_id not in seen:
            path = _cycle_through(network, node_id, waiting)
            if path is not None:
                seen.update(path)
                yield path


def _without_ends(network: Network, left: Iterable[str]) -> dict[str, int]:
    """The nodes of `left`, in order, without those from which no path leads to a cycle."""
    waiting = {node_id: len(network.outputs_of(node_id)) for node_id in left}
    ends = deque(node_id for node_id, count in waiting.items() if not count)
    while ends:
        node_id = ends.popleft()
        del waiting[node_id]
        for edge in network.inputs_of(node_id):
            if edge.source in waiting:
                waiting[edge.source] -= 1
                if not waiting[edge.source]:
                    ends.append(edge.source)
    return waiting


def _cycle_through(network: Network, start: str, allowed: Iterable[str]) -> list[str] | None:
    """A shortest cycle through a node, which stands first; None if there is none."""
    unseen = set(allowed)
    came_from: dict[str, str] = {}
    frontier = deque([start])
    while frontier:
        current = frontier.popleft()
        for edge in network.outputs_of(current):
            if edge.target == start:
                path = [current]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if edge.target in unseen:
                unseen.discard(edge.target)
                came_from[edge.target] = current
                frontier.append(edge.target)
    return None


def _closing_edges(network: Network, path: list[str]) -> list[Edge]:
    """The link of the cycle that was drawn last, most likely the mistake, and those beside it."""
    pairs = set(pairwise([*path, path[0]]))
    last = [edge for edge in network.edges if (edge.source, edge.target) in pairs][-1]
    return [edge for edge in network.edges if (edge.source, edge.target) == (last.source, last.target)]


def _named(path: list[str]) -> str:
    if len(path) > _LONGEST_NAMED:
        path = [*path[: _LONGEST_NAMED - 2], "…", path[-1]]
    return " → ".join(path)
