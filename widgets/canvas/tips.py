"""What a card says when the pointer rests on it: what it costs, and what it is warned of."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGraphicsSceneHelpEvent, QToolTip

from engine.plan.plan import NodePlan, Plan, Problem
from widgets.form_texts import say
from widgets.inspector_facts import card_facts

if TYPE_CHECKING:
    from widgets.canvas.board import Board


def card_tip(plan: Plan, node: NodePlan, warnings: Sequence[Problem]) -> str:
    """Rich text: the card's id, its warnings, and its facts in two columns."""
    said = "".join(f"<p>{escape(say(warning.sentence))}</p>" for warning in warnings)
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td align='right' style='padding-left: 12px'>{escape(value)}</td></tr>"
        for name, value in card_facts(plan, node)
    )
    return f"<p><b>{escape(node.node.id)}</b></p>{said}<table style='margin-top: 6px'>{rows}</table>"


def show_tip(board: Board, event: QGraphicsSceneHelpEvent) -> None:
    """Show the tip of the card under the pointer; on its neurons none, for these show what they compute elsewhere."""
    point = event.scenePos()
    card = next((card for card in reversed(board.cards.values()) if card.scene_frame.contains(point)), None)
    covered = any(box.frame.contains(point - box.pos()) for box in board.boxes.values())
    on_neuron = card is not None and any(tile.contains(point - card.position) for tile in card.layout.tiles)
    if card is None or board.plan is None or covered or on_neuron:
        QToolTip.hideText()
    else:
        QToolTip.showText(event.screenPos(), card_tip(board.plan, card.node, card.warnings), event.widget())
