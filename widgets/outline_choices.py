"""What a card may be linked with, as choices of a list: those that are impossible say why."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from engine.catalog.registry import entries
from engine.document.inserting import MERGING
from engine.plan.plan import Plan
from widgets import icons, theme
from widgets.canvas import reach
from widgets.outline_popup import Choice
from widgets.outline_rows import details


def target_choices(plan: Plan, source: str) -> list[Choice]:
    """The other cards as ends of a link from a card, the possible ones first."""
    network, legal = plan.document.network_of(source), reach.legal_ends(plan, source, True)
    linked = {edge.target for edge in network.outputs_of(source)}
    found = []
    for node_id in _others(plan, source):
        links, most = network.inputs_of(node_id), network.node(node_id).layer.takes[1]
        refusal = "" if node_id in legal else reach.refusal(plan, source, node_id, True)
        if not refusal and node_id in linked:
            refusal = _say("It is linked to this card already")
        note = _say("joins or replaces {card}").format(card=links[-1].source) if len(links) >= most and links else ""
        found.append(_choice(plan, node_id, note, refusal))
    return _sorted(found)


def source_choices(plan: Plan, target: str, port: int) -> list[Choice]:
    """The other cards as beginnings of a link to an input of a card, the possible ones first; -1 is any input."""
    network, legal = plan.document.network_of(target), reach.legal_ends(plan, target, False)
    linked = {edge.source for edge in network.inputs_of(target) if port < 0 or edge.port == port}
    found = []
    for node_id in _others(plan, target):
        refusal = "" if node_id in legal else reach.refusal(plan, target, node_id, False)
        if not refusal and node_id in linked:
            refusal = _say("It is linked to this card already")
        found.append(_choice(plan, node_id, "", refusal))
    return _sorted(found)


def taken_choices(source: str) -> list[Choice]:
    """What may become of the link that holds an input to which another card is to be linked."""
    found = []
    for name in MERGING:
        layer = entries("layers")[name]
        label = _say("{layer} both").format(layer=theme.translate_catalog(layer.label))
        found.append(Choice(name, label, theme.translate_catalog(layer.description), icons.of_layer(name)))
    instead = _say("Read {source} instead").format(source=source)
    return [*found, Choice("", instead, _say("The link that is there is cut"), "refresh")]


def _say(text: str) -> str:
    return QCoreApplication.translate("outline", text)


def _others(plan: Plan, node_id: str) -> list[str]:
    network = plan.document.network_of(node_id)
    return [other for other in dict.fromkeys((*plan.order, *plan.nodes)) if other in network.by_id]


def _choice(plan: Plan, node_id: str, note: str, refusal: str) -> Choice:
    layer = plan.nodes[node_id].layer
    said = " · ".join([theme.translate_catalog(layer.label), *details(layer)])
    return Choice(node_id, node_id, note or said, icons.of_layer(layer.name), refusal, f"{node_id} {said}")


def _sorted(choices: Iterable[Choice]) -> list[Choice]:
    return sorted(choices, key=lambda choice: bool(choice.refusal))
