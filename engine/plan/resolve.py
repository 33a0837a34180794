"""The one pure function from what the user made to what it means: `resolve(document) -> Plan`.

It runs on every edit, never raises for a well-formed document, and says for each card what is wrong and how to mend it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from engine.catalog.datasets.dataset import PlaneDataset
from engine.catalog.layers.block import same_inside
from engine.catalog.layers.layer import Buffer, Layer, Shape
from engine.catalog.layers.output import Output
from engine.catalog.parameters import Parameter
from engine.document.errors import PlaygroundError, Sentence, ShapeError
from engine.document.graph import Document, Network, Node
from engine.document.placeholder import Placeholder
from engine.plan import remedies
from engine.plan.answers import Answer, find_answers
from engine.plan.cost import MEMORY_LIMIT, MOST_VALUES, cost_of
from engine.plan.cycles import plan_cycles, topological
from engine.plan.data import split
from engine.plan.looks import Look, look
from engine.plan.memory import too_large
from engine.plan.output import check_answer
from engine.plan.plan import NodePlan, OutputPlan, Plan, Problem, Remedy
from engine.plan.widths import equal_widths


def resolve(document: Document, seen: Look | None = None) -> Plan:
    """Order, shapes, costs and problems of a document; `seen` is what is known of its data (None: look now)."""
    seen = look(document.data.dataset) if seen is None else seen
    nodes: dict[str, NodePlan] = {}
    order: list[str] = []
    problems: list[Problem] = []
    for network in document.networks:
        network_order, left = topological(network)
        order += network_order
        for node_id in network_order:
            nodes[node_id] = _resolve_node(document, network, network.node(node_id), nodes, seen)
        nodes.update(plan_cycles(network, left))
        _flag_unconnected(network, network_order, nodes)
    network = document.networks[0]
    answers = find_answers(network, order, nodes)
    checked: list[Problem | OutputPlan] = []
    # while a card lacks input or shapes clash, it is not known yet which card will give the answer, or what answer
    if answers and not any(plan.problems for plan in nodes.values()):
        _flag_dead_ends(network, answers[0], nodes)
        checked = [check_answer(document, answer) for answer in answers]
        for answer, found in zip(answers, checked, strict=True):
            if isinstance(found, Problem):
                nodes[answer.marked] = dataclasses.replace(nodes[answer.marked], problems=(found,))
    output = answers[0].plan.node.id if answers else None
    cost = cost_of(document, [nodes[node_id] for node_id in order])
    if cost.memory_bytes > MEMORY_LIMIT:
        problems.append(too_large(document, [nodes[node_id] for node_id in order]))
    if seen.trouble is not None:
        problems.append(remedies.no_samples(seen.trouble, seen.changed))
    if not network.nodes or (output is None and not any(plan.problems for plan in nodes.values())):
        problems.append(remedies.empty())
    for plan in nodes.values():
        problems += plan.problems
    return Plan(
        document,
        MappingProxyType(nodes),
        tuple(order),
        output,
        next((found.target for found in checked[:1] if isinstance(found, OutputPlan)), None),
        cost,
        tuple(problems),
        tuple(found for found in checked if isinstance(found, OutputPlan)),
        seen,
    )


def resolve_after(before: Plan, document: Document, seen: Look | None = None) -> Plan:
    """What `resolve` gives; at once if nothing but places has changed since another plan, as in a drag."""
    seen = look(document.data.dataset) if seen is None else seen
    moved = document.moved_since(before.document) if seen == before.seen else None
    # Which card is offered to one that lacks an input depends on where they are.
    if moved is None or any(problem.kind == "unconnected" for problem in before.problems):
        return resolve(document, seen)
    nodes = dict(before.nodes)
    for node in moved:
        nodes[node.id] = dataclasses.replace(nodes[node.id], node=node)
    after = dataclasses.replace(before, document=document, nodes=MappingProxyType(nodes))
    if "warnings" in vars(before):  # they do not depend on places
        vars(after)["warnings"] = before.warnings
    return after


class _Facts(NamedTuple):
    """What follows from a layer and the shapes that arrive."""

    output_shape: Shape
    parameters: Mapping[str, Parameter]
    multiply_adds: int
    buffers: Mapping[str, Buffer]


@lru_cache(maxsize=4096)
def _facts(layer: Layer, shapes: tuple[Shape, ...]) -> _Facts:
    """Remembered, since an edit leaves most cards as they were. Raises ShapeError as `output_shape` does."""
    output_shape = layer.output_shape(*shapes)
    return _Facts(output_shape, layer.learned(*shapes), layer.multiply_adds(*shapes), layer.buffers(*shapes))


def _resolve_node(
    document: Document, network: Network, node: Node, nodes: Mapping[str, NodePlan], seen: Look
) -> NodePlan:
    layer = node.layer
    sources = tuple(edge.source for edge in network.inputs_of(node.id))
    if isinstance(layer, Placeholder):
        sentence = Sentence("This version does not know the layer {layer}", {"layer": layer.type_name})
        return NodePlan(node, sources, problems=(Problem("unknown", sentence, node.id, (remedies.remove(node.id),)),))
    if layer.takes[1] == 0:
        return _resolve_input(document, node)
    if len(sources) < layer.takes[0]:
        return NodePlan(node, sources)  # said once the shapes of all other cards are known
    shapes = tuple(nodes[source].output_shape for source in sources)
    known = tuple(shape for shape in shapes if shape is not None)
    if len(known) < len(shapes):  # a card before it has the problem; this one has none of its own
        return NodePlan(node, sources)
    try:
        facts = _facts(layer, known)
    except ShapeError as error:
        offered = (*remedies.from_error(error, node.id), *equal_widths(sources, nodes))
        problem = Problem("shape", error.sentence, node.id, offered)
        return NodePlan(node, sources, known, problems=(problem,))
    checks = layer.checks_values and seen.at_hand
    if checks and (problem_of_values := _values_problem(document, node, sources, nodes)) is not None:
        return NodePlan(node, sources, known, problems=(problem_of_values,))
    if math.prod(facts.output_shape) > MOST_VALUES:
        sentence = Sentence(
            "This card would give more than {most} values for every sample", {"most": f"{MOST_VALUES:,}"}
        )
        problem = Problem("shape", sentence, node.id, remedies.shrink(node))
        return NodePlan(node, sources, known, problems=(problem,))
    plan = NodePlan(
        node,
        sources,
        known,
        facts.output_shape,
        facts.parameters,
        facts.multiply_adds,
        buffers=facts.buffers,
    )
    return _sharing(plan, nodes) if layer.shares_weights else plan


def _values_problem(
    document: Document, node: Node, sources: tuple[str, ...], nodes: Mapping[str, NodePlan]
) -> Problem | None:
    """The problem of a layer with the numbers of the data set that reach it straight from an Input card."""
    dataset = document.data.dataset
    layer = nodes[sources[0]].layer
    if layer.takes[1] > 0 or not dataset.sample_count or dataset.pictures:
        return None
    values = [split(document.data).values]
    if dataset.plane:  # its pictures are drawn up to the corners
        values.append(np.array([(x1, x2) for x1 in PlaneDataset.view for x2 in PlaneDataset.view]))
    try:
        node.layer.check_values(dataset.inputs(np.concatenate(values), getattr(layer, "columns", ())))
    except ShapeError as error:
        return Problem("values", error.sentence, node.id, remedies.from_error(error, node.id))
    return None


def _sharing(plan: NodePlan, nodes: Mapping[str, NodePlan]) -> NodePlan:
    """The plan of a card that uses the weights of an equal one before it, if there is one."""
    equal = (known for known in nodes.values() if known.output_shape and same_inside(known.layer, plan.layer))
    owner = next((known for known in equal if known.weights_of is None), None)
    if owner is None:
        return plan
    if (owner.parameters, owner.buffers) != (plan.parameters, plan.buffers):
        sentence = Sentence(
            "Its weights are those of {owner}, which do not fit what arrives: {found} there, {shape} here",
            {
                "owner": owner.node.id,
                "found": " and ".join(map(str, owner.input_shapes)),
                "shape": " and ".join(map(str, plan.input_shapes)),
            },
        )
        problem = Problem("shape", sentence, plan.node.id, (remedies.own_weights(plan.node.id),))
        return NodePlan(plan.node, plan.sources, plan.input_shapes, problems=(problem,))
    return dataclasses.replace(plan, parameters={}, buffers={}, weights_of=owner.node.id)


def _resolve_input(document: Document, node: Node) -> NodePlan:
    columns = getattr(node.layer, "columns", ())
    try:
        shape = document.data.dataset.input_shape(columns)
    except PlaygroundError as error:
        remedy = remedies.use_default_columns(node.id)
        return NodePlan(node, problems=(Problem("columns", error.sentence, node.id, (remedy,)),))
    return NodePlan(node, (), (shape,), shape)


def _flag_unconnected(network: Network, order: list[str], nodes: dict[str, NodePlan]) -> None:
    """Mark cards that lack an input."""
    lacking = [node_id for node_id in order if len(nodes[node_id].sources) < nodes[node_id].layer.takes[0]]
    if not lacking:
        return
    # a card behind one that lacks an input has no shape yet, so none of these can close a circle
    answering = [nodes[node_id].node for node_id in order if nodes[node_id].output_shape is not None]
    free = [node for node in answering if not network.outputs_of(node.id)]
    for node_id in lacking:
        plan = nodes[node_id]
        problem = _unconnected(plan.node, plan.sources, free, answering)
        nodes[node_id] = dataclasses.replace(plan, problems=(problem,))


def _unconnected(node: Node, sources: tuple[str, ...], free: list[Node], answering: list[Node]) -> Problem:
    """Says that a card lacks input, and offers the nearest card to its left, if possible one without a follower."""
    candidates = [card for card in free if card.id not in sources]
    candidates = candidates or [card for card in answering if card.id not in sources]
    if candidates:
        near = min(candidates, key=lambda card: (card.x >= node.x, abs(card.x - node.x) + abs(card.y - node.y)))
        offered = [remedies.connect(near.id, node.id), remedies.remove(node.id)]
    else:
        offered = [remedies.add_input(node.id), remedies.remove(node.id)]
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


def _flag_dead_ends(network: Network, main: Answer, nodes: dict[str, NodePlan]) -> None:
    """Mark cards that lead nowhere, so that nobody waits for them to learn."""
    output = main.plan.node.id
    for node in network.nodes:
        plan = nodes[node.id]
        if network.outputs_of(node.id) or node.id == output or isinstance(node.layer, Output) or plan.problems:
            continue
        sentence = Sentence(
            "Nothing uses this card's output; the network's answer is {output}",
            {"output": output},
        )
        offered: list[Remedy] = []
        if nodes[output].layer.takes[1] > len(nodes[output].sources):
            offered.append(remedies.connect(node.id, output))
        if node.layer.takes[1] > 0:
            offered.append(remedies.make_output(node.id))
        offered.append(remedies.remove(node.id))
        problem = Problem("dead_end", sentence, node.id, tuple(offered))
        nodes[node.id] = dataclasses.replace(plan, problems=(problem,))
