"""Which class is taken for which: a heat map of counts and shares, read with the pointer or the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets import colors, theme
from widgets.drawing import readable_on

_SWATCH, _LEADING = 9, 2
_BESIDE, _WIDEST = 24.0, 72.0
"""Room for the name of a class beside its row: at least, and at most; longer names are cut."""
_LINED = 6
"""The smallest side of cells between which lines are drawn."""


class ConfusionMap(QWidget):
    """How often each true class, a row, was answered as which, a column; the pointer or the arrow keys read a cell."""

    pointed = Signal()
    """Another cell is read, or none: see `cell_text`."""
    chosen_changed = Signal(object)
    """The user chose a cell, (row, column), or gave it up: None."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Confusion of the classes: true ones in rows, answered ones in columns"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._cell: tuple[int, int] | None = None
        self._names: tuple[str, ...] = ()
        self._choosable = False
        self._chosen: tuple[int, int] | None = None
        self._placed: tuple[object, QRectF] = None, QRectF()
        """Where the cells are, and what that follows from: names take long to be measured."""

    # --- values in -------------------------------------------------------------------------------------------------

    def set_counts(self, counts: NDArray[np.int64]) -> None:
        """Show counts (classes, classes): true ones in rows, answered ones in columns. Raises ValueError otherwise."""
        if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
            raise ValueError(f"counts (={counts.shape}) must have as many rows as columns")
        if np.array_equal(counts, self._counts):
            return
        if self._cell is not None and max(self._cell) >= len(counts):
            self._cell = None
        self._counts = counts
        self._announce()

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called; a class without a name shows its number."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self._announce()

    def set_choosable(self, choosable: bool) -> None:
        """Whether a cell can be chosen: by a click, the return key or the space bar, and given up in the same way."""
        self._choosable = choosable
        self.setCursor(Qt.CursorShape.PointingHandCursor if choosable else Qt.CursorShape.ArrowCursor)

    def set_chosen(self, cell: tuple[int, int] | None) -> None:
        """Mark a cell, or none; emits nothing."""
        self._chosen = cell
        self.update()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def cell(self) -> tuple[int, int] | None:
        """Row and column of the cell that is read, or None."""
        return self._cell

    def chosen(self) -> tuple[int, int] | None:
        """Row and column of the cell that is chosen, or None."""
        return self._chosen

    def cell_text(self) -> str:
        """What the cell that is read says, in words; nothing if there is none."""
        if self._cell is None:
            return ""
        row, column = self._cell
        count, of_class, total = self._counts[row, column], self._counts[row].sum(), self._counts.sum()
        locale = QLocale()
        text = self.tr("true {row}, answered {column}: {count} of {total} ({share} %), {of_class} % of class {row}")
        return text.format(
            row=self._name(row),
            column=self._name(column),
            count=locale.toString(int(count)),
            total=locale.toString(int(total)),
            share=locale.toString(100 * float(count / max(1, total)), "f", 1),
            of_class=locale.toString(100 * float(count / max(1, of_class)), "f", 0),
        )

    def rectangle(self, row: int, column: int) -> QRectF:
        """Where a cell is, in pixels of the widget."""
        area = self._area()
        side = max(1, len(self._counts))
        width, height = area.width() / side, area.height() / side
        return QRectF(area.left() + column * width, area.top() + row * height, width, height)

    def sizeHint(self) -> QSize:
        """Room for counts and shares of three classes."""
        return QSize(220, 150)

    def minimumSizeHint(self) -> QSize:
        """Small, but still a picture."""
        return QSize(120, 96)

    def _area(self) -> QRectF:
        """Where the cells are: under and beside the names of the classes, no cell wider than twice its height."""
        key = (self.width(), self.height(), self._names, len(self._counts))
        if self._placed[0] != key:
            self._placed = key, self._place()
        return self._placed[1]

    def _place(self) -> QRectF:
        line = self.fontMetrics().height()
        left, top = line + self._beside(), 2.0 * line
        width, height = max(1.0, self.width() - left - 2), max(1.0, self.height() - top - 2)
        return QRectF(left, top, min(width, 2 * height), min(height, width))

    def _name(self, number: int) -> str:
        return self._names[number] if number < len(self._names) else str(number)

    def _beside(self) -> float:
        """Width of the names beside the rows."""
        known = QFontMetricsF(theme.font(theme.SMALL))
        if (self.height() - 2 * self.fontMetrics().height()) / max(1, len(self._counts)) < known.ascent():
            return _LEADING  # no room for names
        widths = [known.horizontalAdvance(self._name(number)) for number in range(len(self._counts))]
        return min(max(_BESIDE, max(widths, default=0.0) + _SWATCH + 8), _WIDEST)

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._counts):
            return
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        self._paint_axes(painter)
        shares = self._counts / np.maximum(1, self._counts.sum(axis=1, keepdims=True))
        grounds = self._grounds(shares)
        self._paint_grounds(painter, grounds)
        if self.rectangle(0, 0).height() >= theme.SMALL + _LEADING:
            self._paint_numbers(painter, shares, grounds)
        if self._chosen is not None and max(self._chosen) < len(self._counts):
            self._paint_chosen(painter, self.rectangle(*self._chosen))
        if self._cell is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.current().accent if self.hasFocus() else theme.current().text), 2))
            painter.drawRect(self.rectangle(*self._cell).adjusted(1, 1, -1, -1))

    def _paint_chosen(self, painter: QPainter, place: QRectF) -> None:
        """A frame that stands out on any ground: a thin one in the colour of the text within a broad accent."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.current().accent), 3))
        painter.drawRect(place.adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.setPen(QPen(QColor(theme.current().surface), 1))
        painter.drawRect(place.adjusted(1, 1, -1, -1))

    def _grounds(self, shares: NDArray[np.float64]) -> NDArray[np.uint8]:
        """The colours of the cells, (classes, classes, 3): what is right in that of success, else in that of a warning.

        The stronger, the more it is; what is wrong by the root of its share, so that few errors are seen as well.
        """
        colours = theme.current()
        right = np.eye(len(shares), dtype=np.bool_)
        empty, success, warning = (
            np.array(QColor(name).getRgb()[:3], np.float64)  # type: ignore[index]
            for name in (colours.raised, colours.success, colours.warning)
        )
        ends = np.where(right[..., None], success, warning)
        strength = np.where(right, shares, np.sqrt(shares))[..., None]
        return np.rint(empty + (ends - empty) * strength).astype(np.uint8)

    def _paint_grounds(self, painter: QPainter, grounds: NDArray[np.uint8]) -> None:
        area, side = self._area(), len(grounds)
        pixels = np.ascontiguousarray(grounds)
        painter.drawImage(area, QImage(pixels.data, side, side, 3 * side, QImage.Format.Format_RGB888))
        cell = self.rectangle(0, 0)
        if min(cell.width(), cell.height()) >= _LINED:
            painter.setPen(QColor(theme.current().surface))
            for number in range(1, side):
                x, y = area.left() + number * cell.width(), area.top() + number * cell.height()
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
                painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _paint_numbers(self, painter: QPainter, shares: NDArray[np.float64], grounds: NDArray[np.uint8]) -> None:
        """Counts, and the shares of the true class under them where there is room for a second line."""
        cell, locale = self.rectangle(0, 0), QLocale()
        big, small = theme.NORMAL + _LEADING, theme.SMALL + _LEADING
        both = cell.height() >= big + small
        size = theme.NORMAL if cell.height() >= big else theme.SMALL
        inks = self._inks(grounds)
        counts = [locale.toString(count) for count in self._counts.ravel().tolist()]
        lines = [(theme.font(size), size + _LEADING, counts)]
        if both:
            template = self.tr("{share} %")
            texts = [template.format(share=locale.toString(100 * share, "f", 0)) for share in shares.ravel().tolist()]
            lines.append((theme.font(theme.SMALL), small, texts))
        down = (cell.height() - sum(height for _, height, _ in lines)) / 2
        for font, height, texts in lines:
            painter.setFont(font)
            metrics = QFontMetricsF(font)
            fits = {text: metrics.horizontalAdvance(text) <= cell.width() for text in set(texts)}
            for number, text in enumerate(texts):
                row, column = divmod(number, len(self._counts))
                if fits[text]:
                    painter.setPen(inks[number])
                    left, top = cell.left() + column * cell.width(), cell.top() + row * cell.height() + down
                    painter.drawText(QRectF(left, top, cell.width(), height), Qt.AlignmentFlag.AlignCenter, text)
            down += height

    def _inks(self, grounds: NDArray[np.uint8]) -> list[QColor]:
        """The colour of what is written in each cell, row by row."""
        muted, known = QColor(theme.current().muted), dict[tuple[int, ...], QColor]()
        found = []
        for count, ground in zip(self._counts.ravel().tolist(), grounds.reshape(-1, 3).tolist(), strict=True):
            key = tuple(ground)
            if count and key not in known:
                known[key] = readable_on(QColor(*ground))
            found.append(known[key] if count else muted)
        return found

    def _paint_axes(self, painter: QPainter) -> None:
        colours, area, line = theme.current(), self._area(), self.fontMetrics().height()
        painter.setPen(QColor(colours.muted))
        centre = Qt.AlignmentFlag.AlignCenter
        painter.drawText(QRectF(area.left(), 0, area.width(), line), centre, self.tr("answered"))
        painter.save()
        painter.translate(0, area.bottom())
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, area.height(), line), centre, self.tr("true"))
        painter.restore()
        room = self._beside()
        for number in range(len(self._counts)):
            cell = self.rectangle(number, number)
            above = QRectF(cell.left(), line, cell.width(), line)
            beside = QRectF(line, cell.top(), room, cell.height())
            for place in (above, beside):
                self._paint_class(painter, place, number)

    def _paint_class(self, painter: QPainter, place: QRectF, number: int) -> None:
        """The name of a class with a spot of its colour, where there is room."""
        room = max(0, int(place.width()) - _SWATCH - 6)
        text = painter.fontMetrics().elidedText(self._name(number), Qt.TextElideMode.ElideRight, room)
        text = text if len(text) > 1 else str(number)
        width = painter.fontMetrics().horizontalAdvance(text)
        if place.width() < width or place.height() < painter.fontMetrics().ascent():
            return
        x = place.center().x() - width / 2
        if place.width() >= width + _SWATCH + 3:
            x = place.center().x() - (width - _SWATCH - 3) / 2
            spot = QRectF(x - _SWATCH - 3, place.center().y() - _SWATCH / 2, _SWATCH, _SWATCH)
            painter.fillRect(spot, colors.class_color(theme.current(), number))
        painter.setPen(QColor(theme.current().muted))
        painter.drawText(QPointF(x, place.center().y() + painter.fontMetrics().ascent() / 2 - 1), text)

    # --- events ----------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the cell under the pointer."""
        self._read(self._cell_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the pointer."""
        super().mousePressEvent(event)
        cell = self._cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._choose(cell)

    def leaveEvent(self, event: QEvent) -> None:
        """Read no cell."""
        self._read(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin with the first cell, where somebody came with the keyboard."""
        super().focusInEvent(event)
        came = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.OtherFocusReason
        if self._cell is None and len(self._counts) and event.reason() in came:
            self._read((0, 0))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Read no cell."""
        super().focusOutEvent(event)
        self._read(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from cell to cell with the arrow keys; return and space choose one, escape none."""
        keys = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
        if self._choosable and event.key() in keys and self._cell is not None:
            self._choose(self._cell)
            return
        if self._chosen is not None and event.key() == Qt.Key.Key_Escape:
            self._choose(self._chosen)
            return
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not len(self._counts):
            super().keyPressEvent(event)
            return
        row, column = self._cell or (0, 0)
        last = len(self._counts) - 1
        self._read((min(max(row + step[0], 0), last), min(max(column + step[1], 0), last)))

    def event(self, event: QEvent) -> bool:
        """Say what the cell under the pointer holds."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._read(self._cell_at(QPointF(event.pos())))
            QToolTip.showText(event.globalPos(), self.cell_text(), self)
            return True
        return super().event(event)

    def _choose(self, cell: tuple[int, int]) -> None:
        """Choose a cell, or give it up if it is chosen already."""
        if self._choosable:
            self.set_chosen(None if cell == self._chosen else cell)
            self.chosen_changed.emit(self._chosen)

    def _cell_at(self, place: QPointF) -> tuple[int, int] | None:
        area, side = self._area(), len(self._counts)
        if not side or not area.contains(place):
            return None
        row = int((place.y() - area.top()) / area.height() * side)
        return min(row, side - 1), min(int((place.x() - area.left()) / area.width() * side), side - 1)

    def _read(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self._announce()

    def _announce(self) -> None:
        self.setAccessibleDescription(self.cell_text())
        self.pointed.emit()
        self.update()


def _sample() -> QWidget:
    widget = ConfusionMap("sample.confusion")
    widget.set_counts(np.array([[77, 0, 3], [1, 84, 2], [0, 14, 69]]))
    widget.resize(320, 200)
    return widget


if __name__ == "__main__":
    theme.demo(_sample)
