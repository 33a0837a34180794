"""What a card says when the pointer rests on it: what it costs, and what it is warned of."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QGraphicsSceneHelpEvent, QToolTip

from engine.catalog.layers.block import Block
from engine.plan.plan import NodePlan, Plan, Problem
from widgets.canvas.layout import layer_title
from widgets.form_texts import say
from widgets.inspector_facts import card_facts

_LISTED = 12
"""Cards of a block that are named."""

if TYPE_CHECKING:
    from widgets.canvas.board import Board


def card_tip(plan: Plan, node: NodePlan, warnings: Sequence[Problem]) -> str:
    """Rich text: the card's id, its warnings, its facts in two columns, and of a block the cards inside."""
    said = "".join(f"<p>{escape(say(warning.sentence))}</p>" for warning in warnings)
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td align='right' style='padding-left: 12px'>{escape(value)}</td></tr>"
        for name, value in card_facts(plan, node)
    )
    inside = _inside(node.layer) if isinstance(node.layer, Block) else ""
    return f"<p><b>{escape(node.node.id)}</b></p>{said}<table style='margin-top: 6px'>{rows}</table>{inside}"


def _inside(block: Block) -> str:
    """The cards that a block holds, one a line, and how to see them."""
    names = [each.name for each in block.stood] or [part.name for part in block.parts]
    shown = [
        f"{escape(name)}: {escape(layer_title(part.layer))}"
        for name, part in zip(names[:_LISTED], block.parts[:_LISTED], strict=True)
    ]
    if len(names) > _LISTED:
        shown.append("…")
    hint = QCoreApplication.translate("Canvas", "Double-click opens the block; Undo closes it again.")
    return f"<p style='margin-top: 6px'>{'<br>'.join(shown)}</p><p>{escape(hint)}</p>"


def show_tip(board: Board, event: QGraphicsSceneHelpEvent) -> None:
    """Show the tip of the card under the pointer; on its neurons none, for these show what they compute elsewhere."""
    point = event.scenePos()
    card = next((card for card in reversed(board.cards.values()) if card.scene_frame.contains(point)), None)
    covered = any(box.frame.contains(box.mapFromScene(point)) for box in board.boxes.values())
    on_neuron = card is not None and any(tile.contains(point - card.position) for tile in card.layout.tiles)
    if card is None or board.plan is None or covered or on_neuron:
        QToolTip.hideText()
    else:
        QToolTip.showText(event.screenPos(), card_tip(board.plan, card.node, card.warnings), event.widget())
