"""Drawing a link from a port: where it may end lights up, elsewhere is said why not, and empty space offers layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter

from engine.document.graph import Edge
from widgets.canvas.gesture import Gesture
from widgets.canvas.hits import Hit, Part
from widgets.canvas.link import wire
from widgets.canvas.reach import circle_links, legal_ends, refusal
from widgets.canvas.search import Spot

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas


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
        self._circle: tuple[Edge, ...] = ()
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
        self._explain(hit, pixel)
        self.canvas.viewport().update()

    def _explain(self, hit: Hit, pixel: QPoint) -> None:
        """Say beside the pointer why a link cannot end here, and light up the circle that it would close."""
        plan = self.canvas.board.plan
        if hit.node and hit.node not in self._legal and plan is not None and hit.node in plan.nodes:
            self.canvas.value_label.show_at(refusal(plan, self._node, hit.node, self._forward), pixel)
            self._light(circle_links(plan, self._node, hit.node, self._forward))
        else:
            self.canvas.value_label.hide()
            self._light(())

    def _light(self, circle: tuple[Edge, ...]) -> None:
        for edge in {*self._circle, *circle}:
            link = self.canvas.board.links.get(edge)
            if link is not None:
                link.hovered = edge in circle
                link.update()
        self._circle = circle

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
        elif hit.part not in (Part.NOTHING, Part.LINK, Part.WEIGHT, Part.NOTE) or not self.is_far(pixel):
            return
        elif self._detached is not None:
            self.canvas.disconnect_requested.emit(self._detached)
        elif hit.part in (Part.NOTHING, Part.NOTE):
            self.canvas.offers.search_at(Spot(point.x(), point.y(), self._node, self._forward, self._port))

    def _connect(self, hit: Hit) -> None:
        if not self._forward:
            self.canvas.connect_requested.emit(hit.node, self._node, self._port)
            return
        port = hit.index if hit.part is Part.IN_PORT else -1
        if self._detached is not None:
            same_port = port in (-1, self._detached.port)
            if hit.node == self._detached.target and same_port:
                return
        elif (taken := self._taken(hit)) is not None:
            self.canvas.offers.offer_merging(self._node, taken)
            return
        else:
            self.canvas.connect_requested.emit(self._node, hit.node, port)
            return
        self.canvas.disconnect_requested.emit(self._detached)
        self.canvas.connect_requested.emit(self._node, hit.node, port)

    def _taken(self, hit: Hit) -> Edge | None:
        """The link that already reads the only port that this one could take; None if there is room."""
        links = [edge for edge in self.canvas.board.links if edge.target == hit.node]
        if any(edge.source == self._node for edge in links):
            return None
        port = hit.index if hit.part is Part.IN_PORT else self.canvas.board.free_port(hit.node)
        return next((edge for edge in links if edge.port == port), None)

    def cancel(self) -> None:
        self._end_show()

    def abandon(self) -> None:
        self._end_show()

    def _end_show(self) -> None:
        link = self.canvas.board.links.get(self._detached) if self._detached is not None else None
        if link is not None:
            link.setVisible(True)
        self._light(())
        self.canvas.value_label.hide()
        self.canvas.board.hide_targets()
        self.canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        start, end = (self._anchor, self._end) if self._forward else (self._end, self._anchor)
        painter.setPen(self.canvas.board.style_.wire_selected_pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(wire(start, end))


def from_input(canvas: Canvas, point: QPointF, pixel: QPoint, hit: Hit) -> Gesture:
    """A connected input lets its link be picked up; a free one draws a new link backwards."""
    linked = [edge for edge in canvas.board.links if (edge.target, edge.port) == (hit.node, hit.index)]
    if linked:
        return Connect(canvas, point, pixel, (linked[0].source, 0), True, linked[0])
    return Connect(canvas, point, pixel, (hit.node, hit.index), False)
