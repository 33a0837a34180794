"""The whole network small in a corner of the canvas, while it is larger than the view; a click goes there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from widgets import theme

if TYPE_CHECKING:
    from widgets.canvas.surface import Surface

SIZE = QSize(168, 112)
_INSET = 6.0
_PAUSE = 80
"""Milliseconds between two pictures while cards are dragged."""
_SMALLEST = 2.0
"""Sides that a card has at least, pixels."""


class MiniMap(QWidget):
    """Cards and links without their words, and the part of them that the view shows."""

    def __init__(self, surface: Surface) -> None:
        # A child of the view, not of its viewport: that would take it along when it scrolls.
        super().__init__(surface)
        self.setObjectName("canvas.minimap")
        self.setAccessibleName(self.tr("Overview of the network"))
        self.setToolTip(self.tr("The whole network; click or drag to go there"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(SIZE)
        self._surface = surface
        self._area = QRectF()
        self._later = QTimer(self, singleShot=True, interval=_PAUSE)
        self._later.timeout.connect(self.follow)
        self.hide()

    def follow_later(self) -> None:
        """Show what is there now, a few times a second: while cards are dragged, they need the time."""
        if not self._later.isActive():
            self._later.start()

    def follow(self) -> None:
        """Show what is there now, or hide where the view shows all of it."""
        surface = self._surface
        content, seen = surface.board.content(), surface.camera.visible()
        room = surface.viewport().rect()
        small = room.width() < 3 * SIZE.width() or room.height() < 3 * SIZE.height()
        wanted = not content.isEmpty() and not seen.contains(content) and not small
        if wanted:
            self._area = content.united(seen.intersected(content.adjusted(-400, -400, 400, 400)))
            margin = theme.SPACING
            self.move(room.right() - SIZE.width() - margin + 1, room.bottom() - SIZE.height() - margin + 1)
            self.update()
        if wanted == self.isHidden():  # it may not be visible yet because its window is not
            self.setVisible(wanted)
            self.raise_()

    def place(self, point: QPointF) -> QPointF:
        """Where a point of the scene lies on it."""
        zoom, corner = self._zoom()
        return (point - self._area.topLeft()) * zoom + corner

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to what was pressed."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along with the pointer."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The view stays where it was brought."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Nothing more than the first click did."""
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, links as lines, cards as rectangles, the view as a frame."""
        style, board = self._surface.board.style_, self._surface.board
        zoom, corner = self._zoom()
        painter = QPainter(self)
        painter.fillRect(self.rect(), style.surface)
        painter.setPen(QPen(style.line, 1.0))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(style.wire, 1.0))
        for link in board.links.values():
            source, target = link.source.scene_frame, link.target.scene_frame
            start, end = QPointF(source.right(), source.center().y()), QPointF(target.left(), target.center().y())
            painter.drawLine(self.place(start), self.place(end))
        painter.setPen(Qt.PenStyle.NoPen)
        for frame, color in self._blocks():
            size = frame.size() * zoom
            at = (frame.topLeft() - self._area.topLeft()) * zoom + corner
            painter.fillRect(QRectF(at.x(), at.y(), max(size.width(), _SMALLEST), max(size.height(), _SMALLEST)), color)
        seen = self._surface.camera.visible()
        frame = QRectF(self.place(seen.topLeft()), self.place(seen.bottomRight()))
        painter.setPen(style.accent_pen)
        painter.setBrush(style.band_brush)
        painter.drawRoundedRect(frame.intersected(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)), 2, 2)

    def _blocks(self) -> Iterable[tuple[QRectF, QColor]]:
        board = self._surface.board
        for note in board.notes:
            yield note.sceneBoundingRect(), board.style_.line
        for card in board.cards.values():
            style = board.style_
            yield card.scene_frame, style.error if card.wrong else style.accent if card.selected else style.muted

    def _zoom(self) -> tuple[float, QPointF]:
        """Pixels per unit of the scene, and where the scene's corner lies."""
        room = QRectF(self.rect()).adjusted(_INSET, _INSET, -_INSET, -_INSET)
        zoom = min(room.width() / max(self._area.width(), 1.0), room.height() / max(self._area.height(), 1.0))
        free = room.size() - self._area.size() * zoom
        return zoom, room.topLeft() + QPointF(free.width() / 2, free.height() / 2)

    def _go(self, pixel: QPointF) -> None:
        zoom, corner = self._zoom()
        self._surface.look_at(self._area.topLeft() + (pixel - corner) / zoom)
