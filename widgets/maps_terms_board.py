"""One value written out, as a widget: pointer and arrow keys choose which value, and which channel of what arrives."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from widgets.maps_board import BoardPainter
from widgets.maps_board_layout import BoardLayout, BoardView
from widgets.maps_terms import PRODUCTS, VALUE, Written, exact

_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
_UNITS = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


class TermsBoard(QWidget):
    """The picture of one value; pointer and arrow keys choose which."""

    pixel_moved = Signal()
    """Another value is to be written out: see `view.pixel`."""
    unit_stepped = Signal(int)
    """The next unit of the layer (1) is asked for, or the one before (-1)."""
    channel_moved = Signal()
    """Another channel of the input is written out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers_see.board")
        self.setAccessibleName(self.tr("One value written out; arrow keys choose which"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.view = BoardView()
        self._cell: tuple[int, int] | None = None
        self._layout: BoardLayout | None = None
        self._room = QSizeF(600, 160)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_room(self, room: QSizeF) -> None:
        """What can be seen of it at once."""
        if room != self._room:
            self._room = room
            self.renew()

    def renew(self) -> None:
        """Lay out and paint again what `view` says."""
        self._layout = None
        layout = self.board_layout()
        self.setMinimumSize(layout.size.toSize())
        self.update()

    def board_layout(self) -> BoardLayout:
        """Where the parts stand."""
        if self._layout is None:
            self._layout = BoardLayout(self.view, self._room, self.devicePixelRatioF())
        return self._layout

    # --- what it says ----------------------------------------------------------------------------------------------

    def sentence(self) -> str:
        """The value in words, for a screen reader."""
        written = self.view.written
        if written is None:
            return ""
        row, column = self.view.answered
        value = exact(written.value)
        if written.kind == PRODUCTS:
            text = self.tr("row {row}, column {column}: {sums} products + bias {bias} = {before}, answered {value}")
            total = exact(float(written.sums().sum()))
            before, bias = exact(written.before), exact(written.bias)
            return text.format(row=row + 1, column=column + 1, sums=total, bias=bias, before=before, value=value)
        return self.tr("row {row}, column {column}: {value}").format(row=row + 1, column=column + 1, value=value)

    def _tip(self, place: QPointF) -> str:
        layout, written = self.board_layout(), self.view.written
        if written is None:
            return ""
        cell = self._cell_at(place)
        if cell is not None:
            return self._cell_tip(written, *cell)
        for number, bar in enumerate(layout.bars):
            if bar.contains(place):
                text = self.tr("channel {number}: products add up to {sum}")
                return text.format(number=int(written.channels[number]) + 1, sum=exact(float(written.sums()[number])))
        if any(line.contains(place) for line in layout.lines):
            return "\n".join(f"{words} {exact(value)}" for words, value, _ in self.view.sum_lines())
        return ""

    def _cell_tip(self, written: Written, row: int, column: int) -> str:
        value = float(written.inputs[row, column])
        if np.isnan(value):
            return self.tr("beyond the border: does not count")
        lines = [self.tr("input {value}").format(value=exact(value))]
        if not written.inside[row, column]:
            lines = [self.tr("beyond the border: 0")]
        if written.kind == PRODUCTS:
            lines.append(self.tr("× weight {value}").format(value=exact(float(written.weights[row, column]))))
            lines.append(self.tr("= {value}").format(value=exact(float(written.products[row, column]))))
        return "\n".join(lines)

    def _cell_at(self, place: QPointF) -> tuple[int, int] | None:
        written = self.view.written
        if written is None or written.kind == VALUE:
            return None
        rows, columns = written.inputs.shape
        for area in self.board_layout().grids.values():
            if area.contains(place):
                row = int((place.y() - area.top()) / area.height() * rows)
                return min(row, rows - 1), min(int((place.x() - area.left()) / area.width() * columns), columns - 1)
        return None

    # --- painting --------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """All of it."""
        return self.board_layout().size.toSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        BoardPainter(QPainter(self), self.view, self.board_layout()).paint(self.hasFocus(), self._cell)

    # --- events ----------------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        """Draw again in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Tell the exact numbers under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Write out the value under the pointer; on the input, the one whose window lies there."""
        layout, place = self.board_layout(), event.position()
        for area in (layout.output, layout.input):
            if area is not None and area.contains(place) and len(self.view.layer.shape) > 1:
                self._move_to(area, place)
        cell = self._cell_at(place)
        if cell != self._cell:
            self._cell = cell
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Write out another channel, if its bar was clicked."""
        for number, bar in enumerate(self.board_layout().bars):
            if bar.contains(event.position()):
                self.set_channel(number)

    def leaveEvent(self, event: QEvent) -> None:
        """No cell is under the pointer."""
        self._cell = None
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys choose the value, with Ctrl the channel of the input; Page Up and Page Down the unit."""
        step, unit = _STEPS.get(Qt.Key(event.key())), _UNITS.get(Qt.Key(event.key()))
        if unit is not None:
            self.unit_stepped.emit(unit)
        elif step is None:
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_channel(self.view.channel + sum(step))
        else:
            row, column = self.view.pixel
            self.set_pixel(row + step[0], column + step[1])

    def set_channel(self, channel: int) -> None:
        """Write out another channel of the input: the user asked for it."""
        written = self.view.written
        if written is not None and written.kind == PRODUCTS and 0 <= channel < len(written.channels):
            self.view.channel = channel
            self.view.written = Written(written.answer, channel)
            self.renew()
            self.channel_moved.emit()

    def set_pixel(self, row: int, column: int) -> None:
        """Write out another value: the user asked for it."""
        height, width = self.view.layer.side
        pixel = min(max(row, 0), height - 1), min(max(column, 0), width - 1)
        if pixel != self.view.pixel:
            self.view.pixel = pixel
            self.update()
            self.pixel_moved.emit()

    def _move_to(self, area: QRectF, place: QPointF) -> None:
        height, width = self.view.layer.side
        row = int((place.y() - area.top()) / area.height() * height)
        self.set_pixel(row, int((place.x() - area.left()) / area.width() * width))
