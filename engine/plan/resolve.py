"""The one pure function from what the user made to what it means: `resolve(document) -> Plan`.

It runs on every edit, never raises for a well-formed document, and says for each card what is wrong and how to mend it.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from engine.document.errors import PlaygroundError, Sentence, ShapeError
from engine.document.graph import Document, Edge, Network, Node
from engine.plan import remedies
from engine.plan.cost import MEMORY_LIMIT, cost_of, readable
from engine.plan.output import check_output
from engine.plan.plan import Cost, NodePlan, Plan, Problem, Remedy


def resolve(document: Document) -> Plan:
    """Order, shapes, costs and problems of a document."""
    nodes: dict[str, NodePlan] = {}
    order: list[str] = []
    problems: list[Problem] = []
    for network in document.networks:
        network_order, on_cycle = _topological(network)
        order += network_order
        for node_id in network_order:
            nodes[node_id] = _resolve_node(document, network, network.node(node_id), nodes)
        for node_id in on_cycle:
            nodes[node_id] = _on_cycle(network, network.node(node_id))
    network = document.networks[0]
    output = _output(network, order, nodes)
    _flag_dead_ends(network, output, nodes)
    target = None
    cyclic = len(order) < len(nodes)
    if output is not None and not cyclic and nodes[output].output_shape is not None and not nodes[output].problems:
        nodes[output], target = check_output(document, nodes[output])
    cost = cost_of(document, [nodes[node_id] for node_id in order])
    if cost.memory_bytes > MEMORY_LIMIT:
        problems.append(_too_large(cost, nodes))
    if not network.nodes or output is None and not any(plan.problems for plan in nodes.values()):
        problems.append(remedies.empty())
    for plan in nodes.values():
        problems += plan.problems
    return Plan(
        document,
        MappingProxyType(nodes),
        tuple(order),
        output,
        target,
        cost,
        tuple(problems),
    )


def _topological(network: Network) -> tuple[list[str], list[str]]:
    """Nodes in an order in which each follows its sources (Kahn), and those on or behind a cycle."""
    waiting = {node.id: 0 for node in network.nodes}
    following: dict[str, list[str]] = {node.id: [] for node in network.nodes}
    for edge in network.edges:
        waiting[edge.target] += 1
        following[edge.source].append(edge.target)
    ready = deque(node_id for node_id, count in waiting.items() if not count)
    order = []
    while ready:
        node_id = ready.popleft()
        order.append(node_id)
        for target in following[node_id]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    placed = set(order)
    return order, [node.id for node in network.nodes if node.id not in placed]


def _resolve_node(document: Document, network: Network, node: Node, nodes: Mapping[str, NodePlan]) -> NodePlan:
    layer = node.layer
    sources = tuple(edge.source for edge in network.inputs_of(node.id))
    if layer.takes[1] == 0:
        return _resolve_input(document, node)
    if len(sources) < layer.takes[0]:
        return NodePlan(node, sources, problems=(_unconnected(network, node, sources, nodes),))
    shapes = tuple(nodes[source].output_shape for source in sources)
    known = tuple(shape for shape in shapes if shape is not None)
    if len(known) < len(shapes):  # a card before it has the problem; this one has none of its own
        return NodePlan(node, sources)
    try:
        output_shape = layer.output_shape(*known)
    except ShapeError as error:
        problem = Problem("shape", error.sentence, node.id, remedies.from_error(error, node.id))
        return NodePlan(node, sources, known, problems=(problem,))
    return NodePlan(
        node,
        sources,
        known,
        output_shape,
        layer.parameters(*known),
        layer.multiply_adds(*known),
    )


def _resolve_input(document: Document, node: Node) -> NodePlan:
    columns = getattr(node.layer, "columns", ())
    try:
        shape = document.data.dataset.input_shape(columns)
    except PlaygroundError as error:
        remedy = remedies.use_default_columns(node.id)
        return NodePlan(node, problems=(Problem("columns", error.sentence, node.id, (remedy,)),))
    return NodePlan(node, (), (shape,), shape)


def _unconnected(
    network: Network,
    node: Node,
    sources: tuple[str, ...],
    nodes: Mapping[str, NodePlan],
) -> Problem:
    """Says that a card lacks input, and offers the nearest card to its left that leads to no other."""
    resolved = [
        candidate
        for candidate in network.nodes
        if candidate.id in nodes and candidate.id != node.id and candidate.id not in sources
    ]
    free = [candidate for candidate in resolved if not network.outputs_of(candidate.id)] or resolved
    offered = []
    if free:
        near = min(free, key=lambda c: (c.x >= node.x, abs(c.x - node.x) + abs(c.y - node.y)))
        offered.append(remedies.connect(near.id, node.id))
    offered.append(remedies.remove(node.id))
    if sources:
        sentence = Sentence(
            "{layer} joins at least {needed} inputs and has {count}; connect another card to it",
            {
                "layer": node.layer.label,
                "needed": node.layer.takes[0],
                "count": len(sources),
            },
        )
    else:
        sentence = Sentence("Nothing is connected to this card's input", {})
    return Problem("unconnected", sentence, node.id, tuple(offered))


def _on_cycle(network: Network, node: Node) -> NodePlan:
    """A card on, or fed by, a cycle: names the path and offers to cut the link that closes it."""
    sources = tuple(edge.source for edge in network.inputs_of(node.id))
    path = _cycle_through(network, node.id)
    if path is None:
        return NodePlan(node, sources)
    closing = _closing_edge(network, path)
    sentence = Sentence(
        "These cards feed each other in a circle: {path}; a network needs a direction",
        {"path": " → ".join(path)},
    )
    problem = Problem("cycle", sentence, node.id, (remedies.cut(closing),))
    return NodePlan(node, sources, problems=(problem,))


def _cycle_through(network: Network, start: str) -> list[str] | None:
    """A shortest path from a node back to itself, ends included; None if there is none."""
    came_from: dict[str, str] = {}
    frontier = deque([start])
    while frontier:
        current = frontier.popleft()
        for edge in network.outputs_of(current):
            if edge.target == start:
                path = [current]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return [*path[::-1], start]
            if edge.target not in came_from:
                came_from[edge.target] = current
                frontier.append(edge.target)
    return None


def _closing_edge(network: Network, path: list[str]) -> Edge:
    """The link of the cycle that was drawn last: most likely the mistake."""
    pairs = set(pairwise(path))
    return [edge for edge in network.edges if (edge.source, edge.target) in pairs][-1]


def _output(network: Network, order: list[str], nodes: Mapping[str, NodePlan]) -> str | None:
    """The card whose answer counts: the end of the longest chain of cards."""
    depth: dict[str, int] = {}
    for node_id in order:
        if node_id in network.by_id:
            depth[node_id] = 1 + max((depth[source] for source in nodes[node_id].sources), default=0)
    ends = [
        node_id
        for node_id in depth
        if not network.outputs_of(node_id) and nodes[node_id].layer.takes[1] > 0 and nodes[node_id].sources
    ]
    return max(ends, key=lambda node_id: depth[node_id]) if ends else None


def _flag_dead_ends(network: Network, output: str | None, nodes: dict[str, NodePlan]) -> None:
    """Mark cards that lead nowhere, so that nobody waits for them to learn."""
    for node in network.nodes:
        plan = nodes[node.id]
        if network.outputs_of(node.id) or node.id == output or plan.problems or output is None:
            continue
        sentence = Sentence(
            "Nothing uses this card's output; the network's answer is {output}",
            {"output": output},
        )
        offered: list[Remedy] = []
        if nodes[output].layer.takes[1] > len(nodes[output].sources):
            offered.append(remedies.connect(node.id, output))
        offered.append(remedies.remove(node.id))
        problem = Problem("dead_end", sentence, node.id, tuple(offered))
        nodes[node.id] = dataclasses.replace(plan, problems=(problem,))


def _too_large(cost: Cost, nodes: Mapping[str, NodePlan]) -> Problem:
    largest = max(nodes.values(), key=lambda plan: plan.parameter_count)
    sentence = Sentence(
        "This network needs {memory} of memory to train ({parameters} parameters with gradients and optimizer state, "
        "and a batch of activations); the limit is {limit}. The largest card is {node} with {largest} parameters",
        {
            "memory": readable(cost.memory_bytes),
            "parameters": f"{cost.parameters:,}",
            "limit": readable(MEMORY_LIMIT),
            "node": largest.node.id,
            "largest": f"{largest.parameter_count:,}",
        },
    )
    return Problem("too_large", sentence, largest.node.id, (remedies.remove(largest.node.id),))
