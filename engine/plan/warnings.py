"""Warnings: what a network trains with, though not as well as it could. One sentence each, and an edit where one helps.

Those about the cards are here, those about the data in `data_warnings`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache, partial

import numpy as np

from engine.catalog.activations import Activation, Linear, Relu
from engine.catalog.initializers import FromRun, HeNormal, Initializer
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.weighted import Weighted
from engine.catalog.registry import entry, form
from engine.document.errors import Sentence
from engine.document.graph import Document, Network
from engine.plan import data_warnings
from engine.plan.plan import NodePlan, Plan, Problem, Remedy

MANY = 10
"""Layers in a row whose activation saturates that make the gradient vanish."""

_FLAT = 0.05
"""Slope below which an activation counts as flat, and..."""
_AWAY = 5.0
"""...where it is looked at: pre-activations of a unit that has learned something."""
_SAME_MAPS = ("Dense", "Conv1d", "Conv2d")
"""Layers of which two without an activation between them are one."""
_HANDS_ON = frozenset({"Flatten", "Reshape", "Permute", "Dropout", "GaussianNoise", "GaussianDropout"})
"""Layers that leave what is linear linear."""


def find(plan: Plan) -> tuple[Problem, ...]:
    """All warnings of a plan; none while something keeps it from training, for that comes first."""
    if not plan.ready:
        return ()
    network = plan.document.networks[0]
    found = [*_linear(plan, network), *_fading(plan, network), *_copies(plan), *_lone_units(plan)]
    return (*found, *data_warnings.find(plan))


def answering(plan: Plan) -> frozenset[str]:
    """The cards that give the answers, each back to the first before it that learns."""
    found = set()
    for output in plan.outputs:
        node = plan.nodes[output.node]
        found.add(node.node.id)
        while not node.parameters and len(node.sources) == 1:
            node = plan.nodes[node.sources[0]]
            found.add(node.node.id)
    return frozenset(found)


def _warning(kind: str, sentence: Sentence, node_id: str, *remedies: Remedy) -> Problem:
    return Problem(kind, sentence, node_id, remedies, "warning")


def _set_activation(node_id: str, activation: Activation) -> Remedy:
    label = Sentence("Set the activation of {node} to {activation}", {"node": node_id, "activation": activation.label})
    return Remedy(label, lambda document: document.set_field(node_id, "activation", activation))


def _default(layer: Layer, name: str) -> object:
    """What a field of a layer is when nobody sets it."""
    return next(field.default for field in form(type(layer)) if field.name == name)


# --- linear layers in a row ------------------------------------------------------------------------------------------


def _linear(plan: Plan, network: Network) -> Iterator[Problem]:
    """Two layers that are one: nothing bends what the first gives before the second weighs it."""
    for node_id in plan.order:
        node = plan.nodes[node_id]
        if node_id not in network.by_id or not _is_linear_map(node.layer):
            continue
        second = _next_map(plan, network, node)
        if second is None or second.layer.name != node.layer.name or _is_bottleneck(node, second):
            continue
        sentence = Sentence(
            "Without an activation between them, {first} and {second} can compute no more than a single layer",
            {"first": node_id, "second": second.node.id},
        )
        yield _warning("linear", sentence, node_id, _set_activation(node_id, _usual(plan, network, node.layer)))


def _is_linear_map(layer: Layer) -> bool:
    ungrouped = getattr(layer, "groups", 1) == 1
    return layer.name in _SAME_MAPS and ungrouped and isinstance(layer.output_activation, Linear)


def _next_map(plan: Plan, network: Network, node: NodePlan) -> NodePlan | None:
    """The only card that weighs what a card gives, with nothing between that bends it."""
    while True:
        links = network.outputs_of(node.node.id)
        if len(links) != 1:
            return None
        node = plan.nodes[links[0].target]
        if len(node.sources) != 1:
            return None
        bare = node.layer.name == "Activation" and isinstance(node.layer.output_activation, Linear)
        if not bare and node.layer.name not in _HANDS_ON:
            return node


def _is_bottleneck(first: NodePlan, second: NodePlan) -> bool:
    """Whether a narrow layer on purpose holds what passes to few numbers, which a single layer would not."""
    assert first.output_shape is not None and second.output_shape is not None
    return first.output_shape[0] < min(first.input_shapes[0][0], second.output_shape[0])


def _usual(plan: Plan, network: Network, layer: Layer) -> Activation:
    """The activation that most cards before an answer have, else the one that the layer has from the start."""
    hidden = [plan.nodes[node_id].layer for node_id in plan.order if network.outputs_of(node_id)]
    counts = Counter(
        each.output_activation
        for each in hidden
        if each.output_activation.elementwise and not isinstance(each.output_activation, Linear)
    )
    if counts:
        return counts.most_common(1)[0][0]
    default = _default(layer, "activation")
    assert isinstance(default, Activation)
    return default


# --- gradients that fade ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def saturates(activation: Activation) -> bool:
    """Whether it is flat on both sides of 0, so that it weakens the gradients that pass it."""
    if not activation.elementwise:
        return False
    with np.errstate(all="ignore"):
        slopes = np.abs(activation.derivative(np.array([-_AWAY, _AWAY])))
    return bool((slopes < _FLAT).all())


def _fading(plan: Plan, network: Network) -> Iterator[Problem]:
    """Many saturating layers in a row; a skip link or a normalization in between lets the gradient through."""
    answers = answering(plan)
    length: dict[str, int] = {}
    """Saturating cards that the gradient passes on its shortest way to each card, that card included."""
    behind: dict[str, str | None] = {}
    for node_id in reversed(plan.order):
        if node_id not in network.by_id:
            continue
        layer = plan.nodes[node_id].layer
        followers = (edge.target for edge in network.outputs_of(node_id))
        nearest = min(followers, key=lambda follower: length[follower], default=None)
        behind[node_id] = nearest
        length[node_id] = length[nearest] if nearest is not None else 0
        if node_id in answers or layer.category == "Normalization" or layer.name == "Block":
            length[node_id] = 0
        elif saturates(layer.output_activation):
            length[node_id] += 1
        elif not isinstance(layer.output_activation, Linear):
            length[node_id] = 0
    said = set()
    for node_id, count in length.items():
        if count < MANY or any(length[source] >= count for source in plan.nodes[node_id].sources):
            continue
        row: list[str] = []
        card: str | None = node_id
        while card is not None and length[card]:
            following = behind[card]
            if length[card] > (length[following] if following is not None else 0):
                row.append(card)
            card = following
        if row[0] in said:  # another Input card leads there, too
            continue
        said.add(row[0])
        names = dict.fromkeys(plan.nodes[card].layer.output_activation.label for card in row)
        sentence = Sentence(
            "From here on {count} layers in a row have {activation}, each of which weakens the gradient on its way "
            "back: here it all but vanishes",
            {"count": count, "activation": ", ".join(names)},
        )
        yield _warning("fading", sentence, row[0], _rectify(plan, row))


def _rectify(plan: Plan, cards: list[str]) -> Remedy:
    """ReLU on these cards, and weights that start as it needs them."""
    weighing = []
    for card in cards:
        node = plan.nodes[card]
        if not isinstance(node.layer, Weighted) and node.sources:
            node = plan.nodes[node.sources[0]]
        held = getattr(node.layer, "weight_initializer", None)
        if held is not None and not isinstance(held, FromRun):
            weighing.append(node.node.id)

    def edit(document: Document) -> Document:
        for card in cards:
            document = document.set_field(card, "activation", Relu())
        for card in weighing:
            document = document.set_field(card, "weight_initializer", HeNormal())
        return document

    values = {"activation": Relu.label, "initializer": HeNormal.label}
    return Remedy(Sentence("Give them {activation} and {initializer}", values), edit)


# --- units that are copies, and single ones --------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _starts_alike(initializer: Initializer) -> bool:
    """Whether all weights get the same value."""
    if isinstance(initializer, FromRun):
        return False
    return initializer.spread((16, 16), 16, 16).standard_deviation == 0


def _copies(plan: Plan) -> Iterator[Problem]:
    """Hidden layers whose units start alike, get the same gradient, and so stay alike."""
    answers = answering(plan)
    for node_id in plan.order:
        layer = plan.nodes[node_id].layer
        width = getattr(layer, "units", 0) or getattr(layer, "filters", 0)
        if width < 2 or node_id in answers or not isinstance(layer, Weighted):
            continue
        if not _starts_alike(layer.weight_initializer):
            continue
        sentence = Sentence(
            "All weights of {node} start with the same value, so its {count} units learn the same and stay copies of "
            "each other",
            {"node": node_id, "count": width},
        )
        fresh = _default(layer, "weight_initializer")
        assert isinstance(fresh, Initializer)
        label = Sentence("Start them with {initializer}", {"initializer": fresh.label})
        yield _warning("copies", sentence, node_id, Remedy(label, partial(_start, node_id, fresh)))


def _start(node_id: str, initializer: Initializer, document: Document) -> Document:
    return document.set_field(node_id, "weight_initializer", initializer)


def _lone_units(plan: Plan) -> Iterator[Problem]:
    """An activation that shares something out among units, over a single one."""
    for node_id in plan.order:
        node = plan.nodes[node_id]
        activation = node.layer.output_activation
        if activation.elementwise or node.output_shape != (1,):
            continue
        value = activation.value(np.zeros((1, 1)))[0, 0]
        sentence = Sentence(
            "{activation} over a single unit is always {value}, whatever comes in",
            {"activation": activation.label, "value": f"{value:g}"},
        )
        remedies = [_set_activation(node_id, entry("activations", "sigmoid")())] * hasattr(node.layer, "activation")
        yield _warning("lone_unit", sentence, node_id, *remedies)
