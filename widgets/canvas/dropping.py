"""What can be dragged onto the canvas: layers of the library. A link that one would be inserted in lights up."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from engine.document.graph import Edge
from widgets.canvas.style import DROP_TYPE, SNAP
from widgets.canvas.surface import Surface


class DropTarget(Surface):
    """A surface that takes layers."""

    layer_dropped = Signal(str, float, float)
    layer_dropped_on_link = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lit: Edge | None = None
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Layers of the library are welcome."""
        welcome(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show the link that the layer would be inserted in."""
        self._light(self.hit(self.mapToScene(event.position().toPoint())).edge)
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It went elsewhere."""
        self._light(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Insert the layer in the link under the pointer, or put it where it was dropped."""
        self._light(None)
        layer = dropped_layer(event.mimeData())
        if layer is None:
            return
        point = self.mapToScene(event.position().toPoint())
        edge = self.hit(point).edge
        if edge is not None:
            self.layer_dropped_on_link.emit(layer, edge)
        else:
            self.layer_dropped.emit(layer, round(point.x() / SNAP) * SNAP, round(point.y() / SNAP) * SNAP)
        event.acceptProposedAction()

    def _light(self, edge: Edge | None) -> None:
        """Light up the link under the pointer, and only that."""
        if edge == self._lit:
            return
        for changed, lit in ((self._lit, False), (edge, True)):
            link = self.board.links.get(changed) if changed is not None else None
            if link is not None:
                link.hovered = lit
                link.update()
        self._lit = edge


def welcome(event: QDragEnterEvent) -> None:
    """Let a layer of the library in, and nothing else."""
    event.setAccepted(dropped_layer(event.mimeData()) is not None)


def dropped_layer(data: QMimeData) -> str | None:
    """The name of the layer that is dragged; None if it is something else."""
    if not data.hasFormat(DROP_TYPE):
        return None
    return bytes(data.data(DROP_TYPE).data()).decode("utf-8", "replace")
