"""Which cards give an answer that is compared with the targets: the end of the longest chain, and every Output card's.

An Output card hands on what arrives, so the card before it is the one that answers: its activation is known there, and
a loss that is computed together with it gets the numbers before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.catalog.layers.layer import Layer
from engine.catalog.layers.output import Output
from engine.catalog.losses import Loss
from engine.document.graph import CARD_GAP, Document, Network
from engine.plan.plan import NodePlan


@dataclass(frozen=True)
class Answer:
    """A card that answers, and the Output card that says so; None for the end of the longest chain without one."""

    plan: NodePlan
    card: str | None = None
    main: bool = True
    shared: bool = False
    """Whether any but Output cards read the same numbers, too."""

    @property
    def marked(self) -> str:
        """The card on which its problems are shown."""
        return self.card or self.plan.node.id

    def _layer(self, document: Document) -> Output | None:
        layer = None if self.card is None else document.node(self.card).layer
        return layer if isinstance(layer, Output) else None

    def loss(self, document: Document) -> Loss:
        """The loss that compares it with the targets."""
        layer = self._layer(document)
        return layer.loss if layer is not None and layer.own_loss else document.training.loss

    def weight(self, document: Document) -> float:
        """What its loss is multiplied by."""
        layer = self._layer(document)
        return 1.0 if layer is None else layer.weight

    def with_loss(self, document: Document, loss: Loss) -> Document:
        """With another loss: that of the training settings for the main answer, unless it has its own."""
        layer = self._layer(document)
        if self.card is None or layer is None or (self.main and not layer.own_loss):
            return document.set_training(loss=loss)
        return document.set_layer(self.card, layer.replace(own_loss=True, loss=loss))

    def append(self, document: Document, layer: Layer) -> Document:
        """With a fresh card behind the one that answers, before its Output card if there is one.

        What other cards read through the Output card they read before it then, and both move down out of the way.
        """
        new_id = document.free_id(layer)
        if self.card is None:
            return append(document, self.plan.node.id, layer)
        card, network = document.node(self.card), document.network_of(self.card)
        (edge,) = network.inputs_of(self.card)
        behind = network.outputs_of(self.card)
        document = document.insert_between(edge, layer)
        for link in behind:
            document = document.connect(edge.source, link.target, link.port)
        y = card.y + CARD_GAP if behind else card.y
        return document.move([(new_id, card.x, y), (self.card, card.x + CARD_GAP, y)])


def append(document: Document, node_id: str, layer: Layer) -> Document:
    """With a fresh card to the right of another, linked to it."""
    node, new_id = document.node(node_id), document.free_id(layer)
    document = document.add(layer, node.x + CARD_GAP, node.y, network=document.network_of(node_id).name)
    return document.connect(node_id, new_id)


def find_answers(network: Network, order: Iterable[str], nodes: Mapping[str, NodePlan]) -> tuple[Answer, ...]:
    """The answers of a network, that of the longest chain first, the others in order; none if no chain has an end.

    Output cards do not make a chain longer, so that one behind a branch does not make that the main one.
    """
    place: dict[str, int] = {}
    depth: dict[str, int] = {}
    for number, node_id in enumerate(order):
        if node_id in network.by_id:
            plan = nodes[node_id]
            place[node_id] = number
            depth[node_id] = max((depth[source] for source in plan.sources), default=0) + (not _is_output(plan))
    ends = [
        node_id
        for node_id in depth
        if not network.outputs_of(node_id) and nodes[node_id].layer.takes[1] > 0 and nodes[node_id].sources
    ]
    if not ends:
        return ()
    # of ends that are as far, one without a card is the main answer: it would lead nowhere otherwise
    end = max(
        ends,
        key=lambda node_id: (depth[node_id], not _is_output(nodes[node_id]), -place[_answering(node_id, nodes)]),
    )
    further = [node_id for node_id in depth if node_id != end and _is_output(nodes[node_id]) and nodes[node_id].sources]
    found = [_answer(network, node_id, nodes, main=node_id == end) for node_id in (end, *further)]
    return tuple(found)


def _answer(network: Network, node_id: str, nodes: Mapping[str, NodePlan], *, main: bool) -> Answer:
    source = _answering(node_id, nodes)
    shared = _is_read(network, source)
    return Answer(nodes[source], node_id if _is_output(nodes[node_id]) else None, main, shared)


def _is_read(network: Network, node_id: str) -> bool:
    """Whether any but Output cards read what a card gives, as it is or through Output cards."""
    readers = [network.by_id[edge.target] for edge in network.outputs_of(node_id)]
    return any(not isinstance(reader.layer, Output) or _is_read(network, reader.id) for reader in readers)


def _answering(node_id: str, nodes: Mapping[str, NodePlan]) -> str:
    """The card whose numbers a card answers with; behind an Input card an Output card has to answer itself."""
    while _is_output(nodes[node_id]) and nodes[node_id].sources:
        source = nodes[node_id].sources[0]
        if nodes[source].layer.takes[1] == 0:
            break
        node_id = source
    return node_id


def _is_output(plan: NodePlan) -> bool:
    return isinstance(plan.layer, Output)
