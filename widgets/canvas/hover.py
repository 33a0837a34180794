"""What lights up under the pointer, and what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale, QPoint, Qt

from widgets.canvas.hits import Hit, Part

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas

_NOTHING = Hit(Part.NOTHING)
_HAND = {Part.REMEDY, Part.APPEND, Part.BIAS, Part.WEIGHT, Part.LINK, Part.NEURON, Part.UNITS, Part.ACTIVATION}
_PORTS = {Part.IN_PORT, Part.OUT_PORT}


class Hover:
    """Keeps the last hit and changes only what differs from it."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._last = _NOTHING
        self._pixel = QPoint()

    def refresh(self) -> None:
        """Newer values came while the pointer rests on one."""
        if self._canvas.value_label.isVisible():
            self._say(self._text(self._last))

    def leave(self) -> None:
        """The pointer is elsewhere."""
        self.show(_NOTHING, QPoint())

    @property
    def hit(self) -> Hit:
        """What lay under the pointer when it last moved."""
        return self._last

    def show(self, hit: Hit, pixel: QPoint) -> None:
        """Light up what was hit."""
        board, last = self._canvas.board, self._last
        self._pixel = pixel
        self._say(self._text(hit))
        if hit == last:
            return
        self._last = hit
        self._canvas.in_place.show_hovered(hit)
        if (last.node, last.part is Part.APPEND) != (hit.node, hit.part is Part.APPEND) or last.part != hit.part:
            for node_id in {last.node, hit.node} & board.cards.keys():
                card = board.cards[node_id]
                card.hovered = node_id == hit.node and hit.part not in (Part.BOX, Part.REMEDY)
                card.append_hovered = node_id == hit.node and hit.part is Part.APPEND
                card.update()
        self._show_unit(last, hit)
        for edge in {last.edge, hit.edge}:
            link = board.links.get(edge) if edge is not None else None
            if link is not None:
                link.hovered = edge == hit.edge and hit.part is Part.LINK
                link.hovered_weight = hit.weight if edge == hit.edge else None
                link.update()
        for node_id, box in board.boxes.items():
            over = hit.index if hit.part is Part.REMEDY and hit.node == node_id else None
            box.set_state(over, box.focused, box.pressed)
        self._show_cursor(hit)

    def _say(self, text: str) -> None:
        if text:
            self._canvas.value_label.show_at(text, self._pixel)
        else:
            self._canvas.value_label.hide()

    def _show_unit(self, last: Hit, hit: Hit) -> None:
        was, now = _unit(last), _unit(hit)
        if was == now:
            return
        for found in (was, now):
            card = self._canvas.board.cards.get(found[0]) if found is not None else None
            if card is not None:
                card.hovered_unit = now[1] if now is not None and now[0] == card.id else None
                card.face.update()
        if now is not None and not self._canvas.board.cards[now[0]].has_maps:
            self._canvas.neuron_hovered.emit(*now)
        else:
            self._canvas.neuron_left.emit()

    def _show_cursor(self, hit: Hit) -> None:
        viewport = self._canvas.viewport()
        if hit.part in _HAND:
            viewport.setCursor(Qt.CursorShape.PointingHandCursor)
        elif hit.part is Part.NOTE_CORNER:
            viewport.setCursor(Qt.CursorShape.SizeFDiagCursor)
        elif hit.part in _PORTS:
            viewport.setCursor(Qt.CursorShape.CrossCursor)
        else:
            viewport.unsetCursor()

    def _text(self, hit: Hit) -> str:
        """What is said beside the pointer: the value of a weight or bias, the shape that flows along a wire."""
        board = self._canvas.board
        if hit.part is Part.BIAS:
            card = board.cards.get(hit.node)
            bias = card.bias(hit.index) if card is not None else None
            text = QCoreApplication.translate("Canvas", "bias {value}")
            return "" if bias is None else text.format(value=number_text(bias))
        if hit.part is Part.UNITS:
            return QCoreApplication.translate("Canvas", "Turn the wheel, type or click to change the number")
        if hit.part is Part.ACTIVATION:
            return QCoreApplication.translate("Canvas", "Click to choose another activation")
        link = board.links.get(hit.edge) if hit.edge is not None else None
        if link is None:
            return ""
        if hit.weight is not None:
            value = link.weight(hit.weight)
            text = QCoreApplication.translate("Canvas", "weight {value}")
            return "" if value is None else text.format(value=number_text(value))
        return link.source.layout.shape


def number_text(value: float) -> str:
    """A weight with a fixed number of figures and a real minus sign, so that it does not jitter."""
    digits = QLocale().toString(abs(value), "f", 3) if abs(value) < 1000 else QLocale().toString(abs(value), "g", 4)
    return ("−" if value < 0 else " ") + digits


def _unit(hit: Hit) -> tuple[str, int] | None:
    return (hit.node, hit.index) if hit.part is Part.NEURON else None
