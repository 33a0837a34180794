"""Remedies: the edits that mend a problem, each with the words of its button."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from engine.catalog.activations import Activation
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.losses import Loss
from engine.catalog.registry import entries, entry
from engine.document.errors import Sentence, ShapeError
from engine.document.graph import CARD_GAP, Document, Edge, Node
from engine.plan.answers import Answer, append
from engine.plan.plan import NodePlan, Problem, Remedy

SMALL = 64
"""Units or filters that a card which is too large is cut to."""


def connect(source: str, target: str) -> Remedy:
    """Link two cards."""
    label = Sentence("Connect {source} to {target}", {"source": source, "target": target})
    return Remedy(label, lambda document: document.connect(source, target))


def remove(node_id: str) -> Remedy:
    """Take a card out."""
    return Remedy(
        Sentence("Remove {node}", {"node": node_id}),
        lambda document: document.remove([node_id]),
    )


def shrink(node: Node) -> tuple[Remedy, ...]:
    """Make a card that is too large small, or take it out."""
    name = next((name for name in ("units", "filters") if getattr(node.layer, name, 0) > SMALL), None)
    if name is None:
        return (remove(node.id),)
    label = Sentence("Set {field} of {node} to {units}", {"field": name, "node": node.id, "units": SMALL})
    return Remedy(label, lambda document: document.set_field(node.id, name, SMALL)), remove(node.id)


def add_input(node_id: str) -> Remedy:
    """Put an Input card before a card that has none to be connected to."""

    def edit(document: Document) -> Document:
        layer, node = entry("layers", "Input")(), document.node(node_id)
        new_id = document.free_id(layer)
        document = document.add(layer, node.x - CARD_GAP, node.y, network=document.network_of(node_id).name)
        return document.connect(new_id, node_id)

    return Remedy(Sentence("Add an input before it"), edit)


def cut(edges: Sequence[Edge]) -> Remedy:
    """Take out all links between two cards: several may lead to ports of the second."""
    source, target = edges[0].source, edges[0].target
    text = "Cut the link {source} → {target}" if len(edges) == 1 else "Cut the links {source} → {target}"

    def edit(document: Document) -> Document:
        for edge in sorted(edges, key=lambda edge: -edge.port):  # the ports above one that is cut move up
            document = document.disconnect(edge)
        return document

    return Remedy(Sentence(text, {"source": source, "target": target}), edit)


def use_default_columns(node_id: str) -> Remedy:
    """Let an Input card pass on what the data offers by itself."""
    label = Sentence("Use the columns this data has")
    return Remedy(label, lambda document: document.set_field(node_id, "columns", ()))


def from_error(error: ShapeError, node_id: str) -> tuple[Remedy, ...]:
    """The remedy that a layer named when it refused a shape: a method of Document applied to its card."""
    if not error.remedy:
        return ()
    label, method, *arguments = error.remedy

    def edit(document: Document) -> Document:
        mended: Document = getattr(document, method)(node_id, *arguments)
        return mended

    return (Remedy(Sentence(label), edit),)


def own_weights(node_id: str) -> Remedy:
    """Let a card learn weights of its own."""
    label = Sentence("Give {node} its own weights", {"node": node_id})
    return Remedy(label, lambda document: document.set_field(node_id, "weights", "own"))


def no_samples(trouble: Sentence, changed: bool) -> Problem:
    """There is nothing to learn from: offers to read a file again that has changed, and the catalogue's first data."""
    first = next(iter(entries("datasets").values()))()
    label = Sentence("Use {data} instead", {"data": first.label})
    offered = [Remedy(label, lambda document: document.set_data(dataset=first))]
    if changed:
        offered.insert(0, Remedy(Sentence("Read the file again"), _read_again, reads=True))
    return Problem("no_samples", trouble, None, tuple(offered))


def _read_again(document: Document) -> Document:
    return document.set_data(dataset=document.data.dataset.renewed())


def empty() -> Problem:
    """There is nothing to train: offers the smallest network that can be."""
    sentence = Sentence("The network has no layer yet; add a Dense layer from the library")
    return Problem(
        "empty",
        sentence,
        None,
        (Remedy(Sentence("Add an input and a Dense layer"), _start_network),),
    )


def _start_network(document: Document) -> Document:
    nodes = document.networks[0].nodes
    if not any(node.layer.takes[1] == 0 for node in nodes):
        document = document.add(entry("layers", "Input")())
    inputs = next(node for node in document.networks[0].nodes if node.layer.takes[1] == 0)
    units = document.data.dataset.class_count
    return append(document, inputs.id, entry("layers", "Dense")(units=units if units > 2 else 1))


def make_output(node_id: str) -> Remedy:
    """Let a card that leads nowhere be an answer, too."""
    return Remedy(
        Sentence("Make it an output"), lambda document: append(document, node_id, entry("layers", "Output")())
    )


def append_dense(answer: Answer, units: int, *, flatten: bool = False) -> Remedy:
    """Put a Dense card (after a Flatten card, for images) behind the one that answers."""

    def edit(document: Document) -> Document:
        last = answer
        if flatten:
            layer = entry("layers", "Flatten")()
            new_id = document.free_id(layer)
            document = answer.append(document, layer)
            last = dataclasses.replace(answer, plan=NodePlan(document.node(new_id)))
        return last.append(document, entry("layers", "Dense")(units=units))

    return Remedy(Sentence("Add a Dense layer with {units} units", {"units": units}), edit)


def set_output_units(document: Document, answer: Answer, units: int) -> Remedy:
    """Set the units of the card that answers, or of the one before it that decides how many there are."""
    plan = answer.plan
    network, node = document.network_of(plan.node.id), plan.node
    seen = {node.id}
    while not hasattr(node.layer, "units"):
        links = network.inputs_of(node.id)
        if len(links) != 1 or links[0].source in seen or not _keeps(node.layer, plan.output_shape):
            return append_dense(answer, units)
        node = network.node(links[0].source)
        seen.add(node.id)
    target = node.id
    label = Sentence("Set units of {node} to {units}", {"node": target, "units": units})
    return Remedy(label, lambda document: document.set_field(target, "units", units))


def _keeps(layer: Layer, shape: Shape | None) -> bool:
    """Whether a layer that this flat shape reaches hands it on, so that the card before it decides the units."""
    if shape is None:
        return False
    wider = (shape[0] + 1, *shape[1:])  # a Block may give as many as it gets by chance
    try:
        return layer.output_shape(shape) == shape and layer.output_shape(wider) == wider
    except ShapeError:
        return False


def set_loss(answer: Answer, loss: Loss) -> Remedy:
    """Compare an answer with the targets by another loss."""
    return Remedy(
        Sentence("Use {loss}", {"loss": loss.label}),
        lambda document: answer.with_loss(document, loss),
    )


def _with_activation(answer: Answer, activation: Activation, document: Document) -> Document:
    """Set the activation of the card that answers; put an Activation card behind it when it has none."""
    if hasattr(answer.plan.layer, "activation"):
        return document.set_field(answer.plan.node.id, "activation", activation)
    return answer.append(document, entry("layers", "Activation")(activation=activation))


def set_activation(answer: Answer, name: str) -> Remedy:
    """Give the card that answers another activation."""
    activation = entry("activations", name)()
    label = Sentence("Set the activation to {activation}", {"activation": activation.label})
    return Remedy(label, lambda document: _with_activation(answer, activation, document))


def set_loss_and_activation(answer: Answer, loss: Loss, name: str) -> Remedy:
    """Set both at once, where changing one alone would only move the problem."""
    activation = entry("activations", name)()
    label = Sentence(
        "Use {activation} with {loss}",
        {"activation": activation.label, "loss": loss.label},
    )

    def edit(document: Document) -> Document:
        return _with_activation(answer, activation, answer.with_loss(document, loss))

    return Remedy(label, edit)
