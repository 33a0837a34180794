"""Many samples as small pictures, each with what it was taken for; only those in sight are asked for and painted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

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
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from widgets import theme
from widgets.controls import format_number
from widgets.image_pixels import fitted, paint, picture
from widgets.samples_order import SampleTable, sample_name

KEPT = 1000
"""Most pictures that are kept, as long as not more are in sight."""
_SIDE, _LARGEST = 56, 64
_CAPTION, _GAP, _ROOM = 16, 3, 4
_NARROWEST = 66
"""The least width of a tile, for what is written under it."""
_BADGE = 12


class SampleGallery(QAbstractScrollArea):
    """Tiles in rows. Arrow keys, Home, End and the page keys choose another one."""

    chosen = Signal(int)
    """The place, among all samples, of the one that the user chose."""
    in_sight = Signal()
    """Other samples can be seen: see `wanted`."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Samples"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._table: SampleTable | None = None
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)
        self._names: tuple[str, ...] = ()
        self._shape = (28, 28)
        self._sample = -1
        self._place_chosen: int | None = None
        self._empty_text = ""
        self._pictures: OrderedDict[int, QImage] = OrderedDict()
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_samples(self, table: SampleTable | None, rows: NDArray[np.int64]) -> None:
        """Show rows of a table, in this order."""
        self._table = table
        self._rows = rows
        self._find_chosen()
        self._measure()
        self._describe()
        self.viewport().update()

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called, in their order."""
        self._names = tuple(names)
        self._describe()
        self.viewport().update()

    def set_image_shape(self, height: int, width: int) -> None:
        """How large the pictures are, in pixels of their own."""
        if (height, width) != self._shape:
            self._shape = (height, width)
            self._measure()
            self.viewport().update()

    def set_pictures(self, samples: Iterable[int], images: NDArray[np.uint8]) -> None:
        """Take pictures (pictures, channels, height, width) of the samples at these places."""
        for sample, image in zip(samples, images, strict=True):
            self._pictures[int(sample)] = _small(picture(image))
            self._pictures.move_to_end(int(sample))
        most = max(KEPT, 2 * len(self._numbers_in_sight()))
        while len(self._pictures) > most:
            self._pictures.popitem(last=False)
        self.viewport().update()

    def forget_pictures(self) -> None:
        """The samples are others now."""
        self._pictures.clear()
        self.viewport().update()

    def set_chosen(self, sample: int) -> None:
        """Mark the sample at a place among all samples, and bring it into sight if it is shown; emits nothing."""
        if sample != self._sample:
            self._sample = sample
            self._find_chosen()
            if self._place_chosen is not None:
                self._reveal(self._place_chosen)
            self._describe()
            self.viewport().update()

    def set_empty_text(self, text: str) -> None:
        """What is said while there is nothing to show."""
        self._empty_text = text
        self.viewport().update()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def count(self) -> int:
        """How many samples it goes through."""
        return len(self._rows)

    def sample_at(self, number: int) -> int:
        """The place, among all samples, of a tile. Raises IndexError."""
        assert self._table is not None
        return self._table.place(int(self._rows[number]))

    def tile(self, number: int) -> QRectF:
        """Where a tile is, in pixels of the viewport."""
        size, columns = self._tile_size(), self.columns()
        row, column = divmod(number, columns)
        top = row * size.height() - self.verticalScrollBar().value()
        width = self.viewport().width() / columns
        return QRectF(column * width, top, width, size.height())

    def columns(self) -> int:
        """How many tiles stand side by side."""
        return max(1, self.viewport().width() // self._tile_size().width())

    def wanted(self) -> tuple[int, ...]:
        """The places of the samples in sight whose pictures are not known."""
        found = (self.sample_at(number) for number in self._numbers_in_sight())
        return tuple(sample for sample in found if sample not in self._pictures)

    def text_of(self, number: int) -> str:
        """What a tile says, in words."""
        table = self._table
        assert table is not None
        row = int(self._rows[number])
        answer, truth = int(table.answer[row]), int(table.truth[row])
        text = (
            self.tr("{sample}: answered {answer} ({confidence}), which is right; loss {loss}")
            if answer == truth
            else self.tr("{sample}: answered {answer} ({confidence}), but it is {truth}; loss {loss}")
        )
        return text.format(
            sample=sample_name(table.place(row), table.size),
            answer=self._name(answer),
            truth=self._name(truth),
            confidence=self._confidence(row),
            loss=format_number(float(table.loss[row])),
        )

    def _name(self, number: int) -> str:
        return self._names[number] if 0 <= number < len(self._names) else str(number)

    def _confidence(self, row: int) -> str:
        assert self._table is not None
        value = float(self._table.confidence[row])
        if self._table.shares and np.isfinite(value):
            return self.tr("{share} %").format(share=QLocale().toString(100 * value, "f", 0))
        return format_number(value)

    # --- geometry --------------------------------------------------------------------------------------------------

    def _side(self) -> int:
        largest = max(self._shape)
        return largest * max(1, round(_SIDE / largest)) if largest <= _LARGEST else _LARGEST

    def _tile_size(self) -> QSize:
        side = self._side()
        return QSize(max(side, _NARROWEST) + 2 * _ROOM, side + _CAPTION + _GAP + 2 * _ROOM)

    def _measure(self) -> None:
        bar, height = self.verticalScrollBar(), self._tile_size().height()
        lines = -(-len(self._rows) // self.columns())
        bar.setSingleStep(height)
        bar.setPageStep(max(1, self.viewport().height()))
        bar.setRange(0, max(0, lines * height - self.viewport().height()))
        self.in_sight.emit()

    def _numbers_in_sight(self) -> range:
        if self._table is None:
            return range(0)
        height, columns = self._tile_size().height(), self.columns()
        first = self.verticalScrollBar().value() // height
        last = -(-(self.verticalScrollBar().value() + self.viewport().height()) // height)
        return range(min(len(self._rows), first * columns), min(len(self._rows), last * columns))

    def _find_chosen(self) -> None:
        row = self._table.row(self._sample) if self._table is not None else None
        found = np.flatnonzero(self._rows == (-1 if row is None else row))
        self._place_chosen = int(found[0]) if len(found) else None

    def _reveal(self, number: int) -> None:
        bar, height = self.verticalScrollBar(), self._tile_size().height()
        top = number // self.columns() * height
        if top < bar.value():
            bar.setValue(top)
        elif top + height > bar.value() + self.viewport().height():
            bar.setValue(top + height - self.viewport().height())

    def sizeHint(self) -> QSize:
        """Room for some tiles."""
        size = self._tile_size()
        return QSize(4 * size.width() + self.verticalScrollBar().sizeHint().width(), 2 * size.height())

    def minimumSizeHint(self) -> QSize:
        """Room for two tiles."""
        size = self._tile_size()
        return QSize(2 * size.width() + self.verticalScrollBar().sizeHint().width(), size.height())

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setFont(theme.font(theme.SMALL))
        if not len(self._rows):
            painter.setFont(theme.font())
            painter.setPen(QColor(theme.current().muted))
            area = QRectF(self.viewport().rect()).adjusted(8, 8, -8, -8)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty_text)
            return
        metrics = QFontMetricsF(painter.font())
        for number in self._numbers_in_sight():
            self._paint_tile(painter, metrics, number)

    def _paint_tile(self, painter: QPainter, metrics: QFontMetricsF, number: int) -> None:
        table, current = self._table, theme.current()
        assert table is not None
        row = int(self._rows[number])
        tile, side = self.tile(number), self._side()
        wrong = table.answer[row] != table.truth[row]
        area = QRectF(tile.center().x() - side / 2, tile.top() + _ROOM, side, side)
        if number == self._place_chosen:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(current.accent), 2 if self.hasFocus() else 1.5))
            painter.setBrush(QColor(current.raised))
            painter.drawRoundedRect(tile.adjusted(1, 1, -1, -1), theme.RADIUS, theme.RADIUS)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        image = self._pictures.get(table.place(row))
        painter.fillRect(area, QColor(current.raised))
        if image is not None:
            paint(painter, image, fitted(image, area))
        self._paint_confidence(painter, QRectF(area.left(), area.bottom() + 1, side, 2), row, bool(wrong))
        if wrong:
            self._paint_cross(painter, QPointF(area.right() - _BADGE / 2 + 2, area.top() + _BADGE / 2 - 2))
        below = QRectF(tile.left() + 2, area.bottom() + _GAP, tile.width() - 4, _CAPTION)
        painter.setPen(QColor(current.warning if wrong else current.text))
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._caption(metrics, row, bool(wrong), below.width()))

    def _paint_confidence(self, painter: QPainter, track: QRectF, row: int, wrong: bool) -> None:
        """How sure the network is, as a line under the picture."""
        assert self._table is not None
        if not self._table.shares:
            return
        current, value = theme.current(), float(self._table.confidence[row])
        painter.fillRect(track, QColor(current.line))
        if np.isfinite(value):
            track.setWidth(track.width() * min(max(value, 0.0), 1.0))
            painter.fillRect(track, QColor(current.warning if wrong else current.accent))

    def _paint_cross(self, painter: QPainter, center: QPointF) -> None:
        """A sign for a wrong answer that does without colour."""
        current, half = theme.current(), _BADGE / 4 - 0.5
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(current.surface), 1))
        painter.setBrush(QColor(current.warning))
        painter.drawEllipse(center, _BADGE / 2, _BADGE / 2)
        painter.setPen(QPen(QColor(current.surface), 1.6))
        for sign in (-1, 1):
            offset = QPointF(half, sign * half)
            painter.drawLine(center - offset, center + offset)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _caption(self, metrics: QFontMetricsF, row: int, wrong: bool, room: float) -> str:
        """What it was taken for, what it is if that is wrong, and how sure that was where there is room."""
        assert self._table is not None
        answer = self._name(int(self._table.answer[row]))
        text = (
            answer
            if not wrong
            else self.tr("{answer} ≠ {truth}").format(answer=answer, truth=self._name(int(self._table.truth[row])))
        )
        whole = f"{text}  {self._confidence(row)}"
        if metrics.horizontalAdvance(whole) <= room:
            return whole
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)

    # --- events ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the chosen tile in sight."""
        super().resizeEvent(event)
        self._measure()
        if self._place_chosen is not None:
            self._reveal(self._place_chosen)

    def _on_scrolled(self) -> None:
        self.viewport().update()
        self.in_sight.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the tile under the pointer."""
        number = self.number_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and number is not None:
            self._choose(number)

    def number_at(self, place: QPointF) -> int | None:
        """The number of the tile at a place of the viewport."""
        size = self._tile_size()
        column = int(place.x() * self.columns() // max(1, self.viewport().width()))
        number = int((place.y() + self.verticalScrollBar().value()) // size.height()) * self.columns() + column
        return number if 0 <= column < self.columns() and 0 <= number < len(self._rows) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose another tile."""
        columns, lines = self.columns(), max(1, self.viewport().height() // self._tile_size().height())
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -columns * lines,
            Qt.Key.Key_PageDown: columns * lines,
            Qt.Key.Key_Home: -len(self._rows),
            Qt.Key.Key_End: len(self._rows),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not len(self._rows):
            event.ignore()
            return
        start = self._place_chosen
        number = 0 if start is None else start + step
        if start is not None and abs(step) == columns and not 0 <= number < len(self._rows):
            return
        self._choose(min(max(number, 0), len(self._rows) - 1))

    def _choose(self, number: int) -> None:
        sample = self.sample_at(number)
        self.set_chosen(sample)
        self._reveal(number)
        self.chosen.emit(sample)

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what the tile under the pointer holds."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self.number_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if number is None else self.text_of(number), self)
            return True
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """Paint in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.viewport().update()

    def _describe(self) -> None:
        number = self._place_chosen
        self.setAccessibleDescription("" if number is None else self.text_of(number))


def _small(image: QImage) -> QImage:
    """Not larger than is shown, in the format of the screen: any other would be changed at each painting."""
    if max(image.width(), image.height()) > 2 * _LARGEST:
        image = image.scaled(
            2 * _LARGEST,
            2 * _LARGEST,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    return image.convertToFormat(QImage.Format.Format_RGB32)
