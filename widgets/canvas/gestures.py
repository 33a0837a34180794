"""What a pressed mouse button does until it is released: pan, drag cards, draw a frame, draw a link, click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

from engine.document.graph import Edge
from widgets.canvas.board import Hit, Part
from widgets.canvas.link import wire
from widgets.canvas.reach import legal_ends
from widgets.canvas.style import SNAP

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas

_TOGGLE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Gesture:
    """Begins with a press; `move`, then `finish` or `cancel`. Points are of the scene, pixels of the viewport."""

    cursor: Qt.CursorShape | None = None

    def __init__(self, canvas: Canvas, point: QPointF, pixel: QPoint) -> None:
        self.canvas, self.start, self.start_pixel = canvas, point, pixel
        if self.cursor is not None:
            canvas.viewport().setCursor(self.cursor)

    def move(self, point: QPointF, pixel: QPoint) -> None:
        """The pointer moved."""

    def finish(self, point: QPointF, pixel: QPoint) -> None:
        """The button was released."""

    def cancel(self) -> None:
        """Escape, or the pointer was lost: nothing shall have happened."""

    def abandon(self) -> None:
        """The plan changed under it: stop showing, say nothing."""

    def paint(self, painter: QPainter) -> None:
        """Draw on top of the scene."""

    def is_far(self, pixel: QPoint) -> bool:
        """Whether the pointer moved far enough to mean it."""
        return (pixel - self.start_pixel).manhattanLength() >= QApplication.startDragDistance()


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


class Connect(Gesture):
    """Draws a link from a port. `fixed` is the card it starts at; `forward` whether that is its source.

    `detached` is the link that was picked up at its far end: dropped on empty space it is gone, elsewhere it moves.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(
        self,
        canvas: Canvas,
        point: QPointF,
        pixel: QPoint,
        fixed: tuple[str, int],
        forward: bool,
        detached: Edge | None = None,
    ) -> None:
        super().__init__(canvas, point, pixel)
        self._node, self._port = fixed
        self._forward, self._detached, self._end = forward, detached, point
        card = canvas.board.cards[self._node]
        self._anchor = card.position + (card.layout.out_port if forward else card.layout.in_ports[self._port])
        plan = canvas.board.plan
        self._legal = legal_ends(plan, self._node, forward) if plan is not None else frozenset()
        canvas.board.show_targets(self._legal, self._node, forward, None)
        if detached is not None:
            canvas.board.links[detached].setVisible(False)

    def move(self, point: QPointF, pixel: QPoint) -> None:
        self._end = point
        hit = self.canvas.hit(point)
        target = hit.node if hit.node in self._legal else None
        self.canvas.board.show_targets(self._legal, self._node, self._forward, target)
        if target is not None:
            self._end = self._snapped(hit)
        self.canvas.viewport().update()

    def _snapped(self, hit: Hit) -> QPointF:
        card = self.canvas.board.cards[hit.node]
        if not self._forward:
            return card.position + card.layout.out_port
        port = hit.index if hit.part is Part.IN_PORT else self.canvas.board.free_port(hit.node)
        return card.position + card.layout.in_ports[port]

    def finish(self, point: QPointF, pixel: QPoint) -> None:
        hit = self.canvas.hit(point)
        self._end_show()
        if hit.node in self._legal:
            self._connect(hit)
        elif self._detached is not None and hit.part in (Part.NOTHING, Part.LINK, Part.WEIGHT) and self.is_far(pixel):
            self.canvas.disconnect_requested.emit(self._detached)

    def _connect(self, hit: Hit) -> None:
        if not self._forward:
            self.canvas.connect_requested.emit(hit.node, self._node, self._port)
            return
        port = hit.index if hit.part is Part.IN_PORT else -1
        if self._detached is not None:
            same_port = port in (-1, self._detached.port)
            if hit.node == self._detached.target and same_port:
                return
            self.canvas.disconnect_requested.emit(self._detached)
        self.canvas.connect_requested.emit(self._node, hit.node, port)

    def cancel(self) -> None:
        self._end_show()

    def abandon(self) -> None:
        self._end_show()

    def _end_show(self) -> None:
        link = self.canvas.board.links.get(self._detached) if self._detached is not None else None
        if link is not None:
            link.setVisible(True)
        self.canvas.board.hide_targets()
        self.canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        start, end = (self._anchor, self._end) if self._forward else (self._end, self._anchor)
        painter.setPen(self.canvas.board.style_.wire_selected_pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(wire(start, end))


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
        canvas.keyboard.set_node(None)
        return RubberBand(canvas, point, pixel, canvas.selected if adding else frozenset())
    if hit.part is Part.OUT_PORT:
        return Connect(canvas, point, pixel, (hit.node, 0), True)
    if hit.part is Part.IN_PORT:
        return _from_input(canvas, point, pixel, hit)
    if hit.part in (Part.CARD, Part.NEURON):
        canvas.keyboard.set_node(hit.node)
        if adding:
            canvas.select(canvas.selected ^ {hit.node}, None)
        elif hit.node not in canvas.selected:
            canvas.select(frozenset([hit.node]), None)
        return DragCards(canvas, point, pixel, hit)
    if hit.edge is not None:
        canvas.select(frozenset(), hit.edge)
    return Press(canvas, point, pixel, hit) if hit.part is not Part.BOX else None


def _from_input(canvas: Canvas, point: QPointF, pixel: QPoint, hit: Hit) -> Gesture:
    """A connected input lets its link be picked up; a free one draws a new link backwards."""
    linked = [edge for edge in canvas.board.links if (edge.target, edge.port) == (hit.node, hit.index)]
    if linked:
        return Connect(canvas, point, pixel, (linked[0].source, 0), True, linked[0])
    return Connect(canvas, point, pixel, (hit.node, hit.index), False)
