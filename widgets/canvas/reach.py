"""Which cards a new link may join, and why not the others."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QCoreApplication

from engine.document.graph import Edge, Network
from engine.document.inserting import circle_error, circle_of
from engine.plan.plan import Plan
from widgets.canvas.style import sentence_text


def legal_ends(plan: Plan, node_id: str, forward: bool) -> frozenset[str]:
    """The other ends of a link from a card's output (`forward`), or to its input, that close no circle."""
    network = plan.document.network_of(node_id)
    forbidden = _connected(network, node_id, backward=forward)
    return frozenset(
        node.id for node in network.nodes if node.id not in forbidden and (not forward or node.layer.takes[1] > 0)
    )


def refusal(plan: Plan, node_id: str, other: str, forward: bool) -> str:
    """Why a link from a card's output (`forward`), or to its input, cannot have its other end at a card."""
    source, target = (node_id, other) if forward else (other, node_id)
    if source == target:
        return QCoreApplication.translate("Canvas", "A card cannot read itself")
    if plan.nodes[target].layer.takes[1] == 0:
        text = QCoreApplication.translate("Canvas", "{card} takes no link: samples enter the network there")
        return text.format(card=target)
    circle = circle_of(plan.document, source, target)
    return sentence_text(circle_error(circle).sentence) if circle else ""


def circle_links(plan: Plan, node_id: str, other: str, forward: bool) -> tuple[Edge, ...]:
    """The links that are there already of the circle that such a link would close."""
    source, target = (node_id, other) if forward else (other, node_id)
    circle = circle_of(plan.document, source, target)
    steps = set(pairwise(circle))
    edges = plan.document.network_of(target).edges
    return tuple(edge for edge in edges if (edge.source, edge.target) in steps)


def _connected(network: Network, start: str, backward: bool) -> set[str]:
    """A card and all that lead to it, or all that it leads to."""
    found, waiting = {start}, [start]
    while waiting:
        node_id = waiting.pop()
        links = network.inputs_of(node_id) if backward else network.outputs_of(node_id)
        for edge in links:
            other = edge.source if backward else edge.target
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
