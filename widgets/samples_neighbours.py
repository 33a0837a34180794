"""A row of pictures: the samples nearest to one, with their classes and how far they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
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

from widgets import theme
from widgets.controls import format_number
from widgets.image_pixels import fitted, paint, picture
from widgets.samples_order import sample_name

_SMALLEST, _LARGEST = 32, 56
_CAPTION, _GAP = 15, 6


class NeighbourStrip(QWidget):
    """Pictures from the nearest on, in as many rows as fit. Arrow keys point at one; return or a click chooses it."""

    chosen = Signal(int)
    """The place, among all samples, of the one that the user chose."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Nearest samples"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._samples: list[int] = []
        self._distances: list[float] = []
        self._truths: list[int] = []
        self._pictures: list[QImage] = []
        self._names: tuple[str, ...] = ()
        self._own, self._learnt = -1, 0
        self._pointed = 0

    def set_neighbours(
        self,
        samples: NDArray[np.int64],
        distances: NDArray[np.float32],
        truths: NDArray[np.int64],
        images: NDArray[np.uint8],
        own: int,
        learnt: int,
    ) -> None:
        """Show samples (neighbours,) with distances, classes and images; `own` is that of the chosen one, or −1.

        `learnt`: how many samples there are to learn from.
        """
        if samples.tolist() != self._samples:
            self._pictures = [picture(image) for image in images]
        self._samples, self._distances = samples.tolist(), distances.tolist()
        self._truths, self._own, self._learnt = truths.tolist(), own, learnt
        self._pointed = min(self._pointed, max(0, len(self._samples) - 1))
        self._describe()
        self.update()

    def clear(self) -> None:
        """Show none."""
        nothing = np.empty(0, np.int64)
        self.set_neighbours(nothing, nothing.astype(np.float32), nothing, np.empty((0, 1, 1, 1), np.uint8), -1, 0)

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called, in their order."""
        self._names = tuple(names)
        self.update()

    def count(self) -> int:
        """How many there are; fewer may have room."""
        return len(self._samples)

    def sample(self, number: int) -> int:
        """The place, among all samples, of the n-th nearest. Raises IndexError."""
        return self._samples[number]

    def text_of(self, number: int) -> str:
        """What a picture says, in words."""
        text = self.tr("{sample}: {truth}, at distance {distance}")
        return text.format(
            sample=sample_name(self._samples[number], self._learnt),
            truth=self._name(self._truths[number]),
            distance=format_number(self._distances[number]),
        )

    def place(self, number: int) -> QRectF:
        """Where a picture is."""
        side, columns = self._side(), self._columns()
        row, column = divmod(number, columns)
        return QRectF(1 + column * (side + _GAP), 1 + row * (side + _CAPTION + 2), side, side)

    def _name(self, number: int) -> str:
        return self._names[number] if 0 <= number < len(self._names) else str(number)

    def _side(self) -> float:
        rows = 1 if self.height() < 2 * (_SMALLEST + _CAPTION) + 2 else 2
        return float(min(max(self.height() // rows - _CAPTION - 3, _SMALLEST), _LARGEST))

    def _columns(self) -> int:
        return max(1, int((self.width() - 2 + _GAP) // (self._side() + _GAP)))

    def _shown(self) -> int:
        """How many have room."""
        rows = max(1, int((self.height() + 2) // (self._side() + _CAPTION + 2)))
        return min(len(self._samples), rows * self._columns())

    def sizeHint(self) -> QSize:
        """A row of some."""
        return QSize(5 * (40 + _GAP), 40 + _CAPTION + 3)

    def minimumSizeHint(self) -> QSize:
        """A row of a few."""
        return QSize(3 * (_SMALLEST + _GAP), _SMALLEST + _CAPTION + 3)

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme.current()
        painter.setFont(theme.font(theme.SMALL))
        metrics = QFontMetricsF(painter.font())
        for number in range(self._shown()):
            area = self.place(number)
            painter.fillRect(area, QColor(current.raised))
            paint(painter, self._pictures[number], fitted(self._pictures[number], area))
            if self.hasFocus() and number == self._pointed:
                painter.setPen(QPen(QColor(current.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(area)
            other = self._own >= 0 and self._truths[number] != self._own
            painter.setPen(QColor(current.warning if other else current.muted))
            below = QRectF(area.left() - _GAP / 2, area.bottom() + 1, area.width() + _GAP, _CAPTION)
            text = ("≠ " if other else "") + self._name(self._truths[number])
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, below.width())
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, shown)

    # --- events ----------------------------------------------------------------------------------------------------

    def _at(self, place: QPointF) -> int | None:
        found = (number for number in range(self._shown()) if self.place(number).contains(place))
        return next(found, None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the one under the pointer."""
        number = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and number is not None:
            self._pointed = number
            self.chosen.emit(self._samples[number])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Point at another one, or choose it."""
        columns, count = self._columns(), self._shown()
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
        }
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and count:
            self.chosen.emit(self._samples[self._pointed])
            return
        step = steps.get(Qt.Key(event.key()))
        if step is None or not count:
            event.ignore()
            return
        self._pointed = min(max(self._pointed + step, 0), count - 1)
        self._describe()
        self.update()

    def event(self, event: QEvent) -> bool:
        """Say what the picture under the pointer is."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if number is None else self.text_of(number), self)
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Paint in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription(self.text_of(self._pointed) if self._samples else "")


def _sample() -> QWidget:
    strip = NeighbourStrip("sample.neighbours")
    random = np.random.default_rng(1)
    count = 8
    strip.set_neighbours(
        np.arange(count),
        np.linspace(0.4, 2.0, count).astype(np.float32),
        np.array([7, 7, 1, 7, 9, 7, 7, 1]),
        random.integers(0, 255, (count, 1, 8, 8), np.uint8),
        7,
        4,
    )
    strip.resize(360, 64)
    return strip


if __name__ == "__main__":
    theme.demo(_sample)
