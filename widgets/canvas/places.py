"""Where units and activation are written on a card, so that both can be changed there; and how large cards are."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QRectF

from engine.catalog.registry import Range, form
from engine.plan.plan import Plan
from widgets import theme
from widgets.canvas.card import Card
from widgets.canvas.layout import lay_out
from widgets.canvas.style import PADDING, Style

COUNTED = ("units", "filters")
"""Fields whose number stands behind the title."""


def counted_field(card: Card) -> tuple[str, Range] | None:
    """The field of a card that says how many units it has, and its range."""
    for field in form(type(card.node.layer)):
        if field.name in COUNTED and isinstance(field.constraint, Range):
            return field.name, field.constraint
    return None


def units_area(card: Card) -> QRectF | None:
    """Where the number of units is written, around the card's centre; None if it is not."""
    found = counted_field(card)
    if found is None:
        return None
    title, number = card.layout.title, QLocale().toString(int(getattr(card.node.layer, found[0])))
    if not title.endswith(number):
        return None
    metrics, frame = card.style.title_metrics, card.layout.frame
    left = frame.left() + PADDING + theme.ICON + 5 + metrics.horizontalAdvance(title.removesuffix(number))
    return QRectF(left - 3, frame.top() + 7, metrics.horizontalAdvance(number) + 6, 18)


def activation_area(card: Card) -> QRectF | None:
    """Where the activation's name is written; None if it is not."""
    activation = getattr(card.node.layer, "activation", None)
    if activation is None:
        return None
    words = card.layout.subtitle.split(" · ")
    name = theme.translate_catalog(activation.label)
    if name not in words:
        return None
    before = "".join(f"{word} · " for word in words[: words.index(name)])
    metrics, frame = card.style.small_metrics, card.layout.frame
    left = frame.left() + PADDING + metrics.horizontalAdvance(before)
    return QRectF(left - 3, frame.top() + 26, metrics.horizontalAdvance(name) + 6, 16)


def card_sizes(plan: Plan) -> dict[str, tuple[float, float]]:
    """Width and height of every card of a plan, shown or not, scene units."""
    style, links_in = Style(), dict.fromkeys(plan.nodes, 0)
    for network in plan.document.networks:
        for edge in network.edges:
            links_in[edge.target] += 1
    frames = {node_id: lay_out(node, plan, links_in[node_id], style).frame for node_id, node in plan.nodes.items()}
    return {node_id: (frame.width(), frame.height()) for node_id, frame in frames.items()}
