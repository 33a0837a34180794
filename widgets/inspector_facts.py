"""What is known about cards, links and the whole network: shapes, and what they cost, as names with their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLocale

from engine.catalog.layers.layer import Shape
from engine.document.graph import Edge
from engine.plan.cost import fixed_count, memory_of, readable
from engine.plan.plan import NodePlan, Plan
from widgets.controls import format_number
from widgets.facts import Fact

if TYPE_CHECKING:
    from engine.plan.receptive import Field


def card_facts(plan: Plan, node: NodePlan) -> list[Fact]:
    """Shape, receptive field and cost of a card, as far as they are known and not nothing."""
    facts = []
    if node.output_shape is not None:
        arriving = " + ".join(shape_text(shape) for shape in node.input_shapes)
        shown = f"{arriving} → {shape_text(node.output_shape)}" if node.sources else shape_text(node.output_shape)
        facts.append((_tr("shape"), shown))
        seen = _receptive_field(plan, node) if len(node.output_shape) > 1 else None
        if seen is not None and max(seen.size) > 1:
            of = _tr("{size} of {whole}").format(size=_sides(seen.size), whole=_sides(seen.whole))
            facts.append((_tr("receptive field"), of))
    facts += _parameters([node])
    if node.weights_of is not None:
        facts.append((_tr("weights of"), node.weights_of))
    if node.multiply_adds:
        facts.append((_tr("multiply-adds"), count_text(node.multiply_adds)))
    if node.output_shape is not None:
        facts.append((_tr("memory"), readable(memory_of(node, plan.document.batch_size))))
    return facts


def _receptive_field(plan: Plan, node: NodePlan) -> Field | None:
    from engine.plan.receptive import receptive_fields  # most windows show no image and start sooner without it

    return receptive_fields(plan).get(node.node.id)


def cards_facts(plan: Plan, nodes: Sequence[NodePlan]) -> list[Fact]:
    """What several cards cost together."""
    memory = sum(memory_of(node, plan.document.batch_size) for node in nodes)
    return [
        *(_parameters(nodes) or [(_tr("parameters"), count_text(0))]),
        (_tr("multiply-adds"), count_text(sum(node.multiply_adds for node in nodes))),
        (_tr("memory"), readable(memory)),
    ]


def network_facts(plan: Plan) -> list[Fact]:
    """What the whole network costs."""
    return cards_facts(plan, [plan.nodes[node_id] for node_id in plan.order])


def link_facts(plan: Plan, edge: Edge, values: NDArray[Any] | None) -> list[Fact]:
    """The shape that flows along a link, and the weights that it meets, with their values if they are known."""
    source, target = plan.nodes.get(edge.source), plan.nodes.get(edge.target)
    facts = []
    if source is not None and source.output_shape is not None:
        facts.append((_tr("shape"), shape_text(source.output_shape)))
    weight = target.parameters.get("weight") if target is not None else None
    if weight is None:
        return facts
    sides = " × ".join(count_text(length) for length in weight.shape)
    facts.append((_tr("weights"), f"{sides} = {count_text(weight.size)}"))
    if values is not None and values.size:
        facts.append((_tr("mean"), format_number(float(values.mean()))))
        facts.append((_tr("spread"), format_number(float(values.std()))))
        facts.append((_tr("largest"), format_number(float(np.abs(values).max()))))
    return facts


def shape_text(shape: Shape) -> str:
    """A shape as Python writes it: (8,)."""
    return f"({', '.join(str(length) for length in shape)}{',' if len(shape) == 1 else ''})"


def count_text(number: int) -> str:
    """A number with the separators of the locale."""
    return QLocale().toString(number) if number < 2**31 else f"{number:,}"


def _parameters(nodes: Sequence[NodePlan]) -> list[Fact]:
    """How many values are learned, and how many are not: running means, and all that is frozen."""
    fixed = sum(fixed_count(node) for node in nodes)
    learned = sum(node.parameter_count + node.buffer_count for node in nodes) - fixed
    facts = [(_tr("parameters"), learned), (_tr("not trainable"), fixed)]
    return [(name, count_text(number)) for name, number in facts if number]


def _sides(lengths: Sequence[int]) -> str:
    return " × ".join(map(count_text, lengths))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Inspector", text)
