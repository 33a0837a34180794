"""Which cards a new link may join."""

from __future__ import annotations

from engine.document.graph import Network
from engine.plan.plan import Plan


def legal_ends(plan: Plan, node_id: str, forward: bool) -> frozenset[str]:
    """The other ends of a link from a card's output (`forward`), or to its input, that close no circle."""
    network = plan.document.network_of(node_id)
    forbidden = _connected(network, node_id, backward=forward)
    return frozenset(
        node.id for node in network.nodes if node.id not in forbidden and (not forward or node.layer.takes[1] > 0)
    )


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
