"""The keyboard on the canvas: focus goes from card to card, and to the remedies of a card that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from widgets.canvas.style import SNAP, sentence_text

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_COMMAND = Qt.KeyboardModifier.ControlModifier
_PLAIN = Qt.KeyboardModifier.NoModifier


class Keyboard:
    """Which card, and which of its remedies, has the keyboard."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.node: str | None = None
        self.remedy: int | None = None

    def press(self, event: QKeyEvent) -> bool:
        """Handle a key; returns whether it was one of ours."""
        key = Qt.Key(event.key())
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in _ARROWS and modifiers == _COMMAND:
            return self._nudge(*_ARROWS[key])
        if key in _ARROWS and modifiers == _PLAIN:
            return self._go(*_ARROWS[key])
        if key in _ENTER and self.node is not None:
            return self._activate(self.node)
        if key in _ENTER and self._canvas.notes.selected is not None:
            self._canvas.notes.write(self._canvas.notes.selected)
            return True
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            if self._canvas.selected or self._canvas.selected_edge is not None:
                self._canvas.delete_requested.emit()
            else:
                self._canvas.notes.remove_selected()
            return True
        if key == Qt.Key.Key_Escape:
            return self._canvas.cancel()
        if key == Qt.Key.Key_A and modifiers == _COMMAND:
            self._canvas.select(frozenset(self._canvas.board.cards), None)
            return True
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._canvas.zoom_by(1 / 1.25 if key == Qt.Key.Key_Minus else 1.25)
            return True
        if key == Qt.Key.Key_Slash:
            self._canvas.offers.search_here()
            return True
        if event.text().isdigit() and modifiers == _PLAIN:
            return self._canvas.in_place.type_units(event.text())
        return False

    def step(self, forward: bool) -> bool:
        """Tab: to the next remedy, card or note; False at the end, so that the focus leaves the canvas."""
        stops, notes = self._stops(), self._canvas.notes
        if notes.selected is not None and (forward or notes.selected > 0):
            return notes.go_to(notes.selected + (1 if forward else -1))
        if not stops:
            return forward and notes.go_to(0)
        if notes.selected is not None:
            notes.select(None)
            return self._set(*stops[-1])
        here = (self.node, self.remedy)
        if here not in stops:
            return self._set(*(stops[0] if forward else stops[-1]))
        index = stops.index(here) + (1 if forward else -1)
        if not 0 <= index < len(stops):
            self.set_node(None)
            return index > 0 and notes.go_to(0)
        return self._set(*stops[index])

    def set_node(self, node_id: str | None) -> None:
        """Give the keyboard to a card without showing a ring: it was clicked."""
        self._show(node_id, None, ring=False)

    def hide_ring(self) -> None:
        """The canvas lost the focus; the place is kept."""
        self._show(self.node, None, ring=False)

    def forget_missing(self) -> None:
        """After a change of the plan: let go of a card or remedy that is gone."""
        if self.node is not None and (self.node, self.remedy) not in self._stops():
            self._show(self.node if self.node in self._canvas.board.cards else None, None, ring=False)

    def description(self) -> str:
        """What a screen reader says about the card that has the keyboard."""
        card = self._canvas.board.cards.get(self.node or "")
        if card is None:
            return ""
        box = self._canvas.board.boxes.get(card.id)
        if box is not None and self.remedy is not None:
            return box.label(self.remedy)
        layout = card.layout
        parts = [layout.title, layout.subtitle, layout.shape]
        said = (*(box.problems if box is not None else ()), *card.warnings)
        parts += [sentence_text(problem.sentence) for problem in said]
        return ", ".join(part for part in parts if part)

    def _stops(self) -> list[tuple[str | None, int | None]]:
        """Cards from left to right, each followed by its remedies."""
        cards = sorted(self._canvas.board.cards.values(), key=lambda card: (card.position.x(), card.position.y()))
        stops: list[tuple[str | None, int | None]] = []
        for card in cards:
            stops.append((card.id, None))
            box = self._canvas.board.boxes.get(card.id)
            stops += [(card.id, number) for number in range(len(box.buttons))] if box is not None else []
        return stops

    def _set(self, node_id: str | None, remedy: int | None) -> bool:
        self._show(node_id, remedy, ring=True)
        if node_id is not None:
            self._canvas.select(frozenset([node_id]), None)
            self._canvas.reveal(node_id)
        self._canvas.describe(self.description())
        return True

    def _show(self, node_id: str | None, remedy: int | None, ring: bool) -> None:
        self.node, self.remedy = node_id, remedy
        for card in self._canvas.board.cards.values():
            focused = ring and card.id == node_id and remedy is None
            if focused != card.focused:
                card.focused = focused
                card.update()
        for owner, box in self._canvas.board.boxes.items():
            box.set_state(box.hovered, remedy if owner == node_id else None, box.pressed)

    def _go(self, dx: int, dy: int) -> bool:
        """The nearest card in a direction; straight ahead counts more than aside."""
        cards = self._canvas.board.cards
        here = cards.get(self.node or next(iter(self._canvas.selected), ""))
        if here is None:
            stops = self._stops()
            return self._set(*stops[0]) if stops else True

        def cost(away: QPointF) -> float:
            ahead = away.x() * dx + away.y() * dy
            aside = abs(away.x() * dy) + abs(away.y() * dx)
            return ahead + 2 * aside if ahead > 0 else float("inf")

        others = [card for card in cards.values() if card is not here]
        best = min(others, key=lambda card: cost(card.position - here.position), default=None)
        if best is not None and cost(best.position - here.position) < float("inf"):
            self._set(best.id, None)
        return True

    def _nudge(self, dx: int, dy: int) -> bool:
        self._canvas.notes.nudge(dx * SNAP, dy * SNAP)
        places = [
            (node_id, at.x() + dx * SNAP, at.y() + dy * SNAP)
            for node_id, at in ((id_, self._canvas.board.cards[id_].position) for id_ in self._canvas.selected)
        ]
        if places:
            self._canvas.move_cards(places, True)
        return True

    def _activate(self, node_id: str) -> bool:
        box = self._canvas.board.boxes.get(node_id)
        if self.remedy is not None and box is not None:
            _, problem, index = box.buttons[self.remedy]
            self._canvas.remedy_chosen.emit(problem, index)
        else:
            self._canvas.card_activated.emit(node_id)
        return True
