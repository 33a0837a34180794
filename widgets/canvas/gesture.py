"""What every gesture is: begun by a press, moved, then finished or cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas


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
