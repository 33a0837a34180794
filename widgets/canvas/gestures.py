"""What a pressed mouse button does until it is released: pan, drag cards, draw a frame, draw a link, click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from widgets.canvas.connecting import Connect, from_input
from widgets.canvas.gesture import Gesture
from widgets.canvas.hits import Hit, Part
from widgets.canvas.note_gesture import ChangeNote
from widgets.canvas.style import SNAP

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas

_TOGGLE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Pan(Gesture):
    """Drags the whole scene."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: Canvas, point: QPointF, pixel: QPoint) -> None:
        super().__init__(canvas, point, pixel)
        self._last = pixel

    def move(self, point: QPointF, pixel: QPoint) -> None:
        self.canvas.pan(self._last - pixel)
        self._last = pixel


class Press(Gesture):
    """A click on something that is no card to drag: a remedy, a "+", a bias, a link."""

    def __init__(self, canvas: Canvas, point: QPointF, pixel: QPoint, hit: Hit) -> None:
        super().__init__(canvas, point, pixel)
        self._hit = hit
        canvas.board.show_pressed(hit)

    def finish(self, point: QPointF, pixel: QPoint) -> None:
        self.canvas.board.show_pressed(None)
        # A remedy must be released where it was pressed; a thin curve may slip from under the pointer.
        if self._hit.part in (Part.REMEDY, Part.APPEND) and self.canvas.hit(point) != self._hit:
            return
        if not self.is_far(pixel):
            self.canvas.click(self._hit, pixel)

    def cancel(self) -> None:
        self.canvas.board.show_pressed(None)


class DragCards(Gesture):
    """Drags the selected cards; a press without movement is a click on what was hit."""

    def __init__(self, canvas: Canvas, point: QPointF, pixel: QPoint, hit: Hit) -> None:
        super().__init__(canvas, point, pixel)
        self._hit = hit
        self._places = {node_id: canvas.board.cards[node_id].position for node_id in canvas.selected}
        self._moved: list[tuple[str, float, float]] = []

    def move(self, point: QPointF, pixel: QPoint) -> None:
        if not self._moved and not self.is_far(pixel):
            return
        away = point - self.start
        # The card under the pointer comes to rest on the grid; the others keep their places around it.
        lead = self._places.get(self._hit.node) or next(iter(self._places.values()), QPointF())
        dx = round((lead.x() + away.x()) / SNAP) * SNAP - lead.x()
        dy = round((lead.y() + away.y()) / SNAP) * SNAP - lead.y()
        moved = [(node_id, place.x() + dx, place.y() + dy) for node_id, place in self._places.items()]
        if moved != self._moved:
            self._moved = moved
            self.canvas.move_cards(moved, False)

    def finish(self, point: QPointF, pixel: QPoint) -> None:
        if self._moved:
            self.canvas.move_cards(self._moved, True)
        else:
            self.canvas.click(self._hit, pixel)

    def cancel(self) -> None:
        if self._moved:
            self.canvas.move_cards([(node_id, at.x(), at.y()) for node_id, at in self._places.items()], True)


class RubberBand(Gesture):
    """Draws a frame on empty space; what it touches is selected, added to what was when Shift or Ctrl is held."""

    def __init__(self, canvas: Canvas, point: QPointF, pixel: QPoint, keep: frozenset[str]) -> None:
        super().__init__(canvas, point, pixel)
        self._keep, self._before, self._area = keep, canvas.selected, QRectF()
        canvas.select(keep, None)

    def move(self, point: QPointF, pixel: QPoint) -> None:
        self._area = QRectF(self.start, point).normalized()
        inside = {card.id for card in self.canvas.board.cards.values() if card.scene_frame.intersects(self._area)}
        self.canvas.select(self._keep | inside, None)
        self.canvas.viewport().update()

    def finish(self, point: QPointF, pixel: QPoint) -> None:
        self.canvas.viewport().update()

    def cancel(self) -> None:
        self.canvas.select(self._before, None)
        self.canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        style = self.canvas.board.style_
        painter.setPen(style.band_pen)
        painter.setBrush(style.band_brush)
        painter.drawRect(self._area)


def begin(
    canvas: Canvas, point: QPointF, pixel: QPoint, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier
) -> Gesture | None:
    """The gesture that a press begins, None if it begins none."""
    if button == Qt.MouseButton.MiddleButton:
        return Pan(canvas, point, pixel)
    if button != Qt.MouseButton.LeftButton:
        return None
    hit = canvas.hit(point)
    adding = bool(modifiers & _TOGGLE)
    if hit.part is Part.NOTHING:
        canvas.notes.select(None)
        canvas.keyboard.set_node(None)
        return RubberBand(canvas, point, pixel, canvas.selected if adding else frozenset())
    if hit.part is Part.OUT_PORT:
        return Connect(canvas, point, pixel, (hit.node, 0), True)
    if hit.part is Part.IN_PORT:
        return from_input(canvas, point, pixel, hit)
    canvas.notes.select(hit.index if hit.part in (Part.NOTE, Part.NOTE_CORNER) else None)
    if hit.part in (Part.NOTE, Part.NOTE_CORNER):
        canvas.select(frozenset(), None)
        return ChangeNote(canvas, point, pixel, hit)
    if hit.part in (Part.CARD, Part.NEURON, Part.UNITS, Part.ACTIVATION):
        canvas.keyboard.set_node(hit.node)
        if adding:
            canvas.select(canvas.selected ^ {hit.node}, None)
        elif hit.node not in canvas.selected:
            canvas.select(frozenset([hit.node]), None)
        return DragCards(canvas, point, pixel, hit)
    if hit.edge is not None:
        canvas.select(frozenset(), hit.edge)
    return Press(canvas, point, pixel, hit) if hit.part is not Part.BOX else None
