"""A layer dragged over from the library: a link that it would be inserted in lights up."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from engine.document.graph import Edge
from widgets.canvas.board import Board
from widgets.canvas.style import DROP_TYPE


class Dropping:
    """The drag that is over the canvas, if any."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._edge: Edge | None = None

    def over(self, edge: Edge | None) -> None:
        """Light up the link under the pointer, and only that."""
        if edge == self._edge:
            return
        for changed, lit in ((self._edge, False), (edge, True)):
            link = self._board.links.get(changed) if changed is not None else None
            if link is not None:
                link.hovered = lit
                link.update()
        self._edge = edge


def dropped_layer(data: QMimeData) -> str | None:
    """The name of the layer that is dragged; None if it is something else."""
    if not data.hasFormat(DROP_TYPE):
        return None
    return bytes(data.data(DROP_TYPE).data()).decode("utf-8", "replace")
