"""The loss of a run whose learning rate rises: one curve over a logarithmic axis, with marks and a read-out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import theme
from widgets.controls import format_number
from widgets.curves_data import linear_range, linear_ticks, log_ticks

_LEFT, _BOTTOM, _RIGHT = 44, 18, 12
_DOT = 4.0
_MOST = 2.0
"""Times the highest loss before the lowest one up to which losses are shown; what lies above is cut off."""
_STRIDE = 10
"""Steps that the pointer of the keyboard goes with Shift."""


@dataclass(frozen=True)
class Mark:
    """A rate that is marked on the curve, and whether it is the one that would be taken."""

    rate: float
    text: str
    chosen: bool = False


class RateCurve(QWidget):
    """Loss against rate. The pointer, or the arrow keys, read values off; a click or Enter picks a rate."""

    picked = Signal(float)
    """The rate the user pointed at."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Loss over learning rate"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._rates = self._losses = self._smoothed = np.empty(0)
        self._ends = (-5.0, 1.0)
        self._range = (0.0, 1.0)
        self._marks: tuple[Mark, ...] = ()
        self._present = math.nan
        self._index: int | None = None

    # --- values in -------------------------------------------------------------------------------------------------

    def set_ends(self, low: float, high: float) -> None:
        """Show the rates from `low` to `high`, both positive."""
        self._ends = (math.log10(low), math.log10(high))
        self.update()

    def set_curve(self, rates: NDArray[np.float32], losses: NDArray[np.float32], smoothed: NDArray[np.float32]) -> None:
        """Show the loss after the step with each rate, and that curve without its wobbles, (steps,) each.

        Raises ValueError for arrays of different length.
        """
        if not rates.shape == losses.shape == smoothed.shape or rates.ndim != 1:
            raise ValueError(
                f"rates (={rates.shape}), losses (={losses.shape}) and smoothed (={smoothed.shape}) must have one and "
                "the same length"
            )
        self._rates, self._losses, self._smoothed = (np.asarray(x, np.float64) for x in (rates, losses, smoothed))
        if self._index is not None and self._index >= len(rates):
            self._index = None
        if smoothed.size:
            lowest = int(self._smoothed.argmin())
            high = min(float(self._smoothed.max()), _MOST * float(self._smoothed[: lowest + 1].max()))
            self._range = linear_range(float(self._smoothed[lowest]), high)
        self._describe()
        self.update()

    def set_marks(self, marks: Sequence[Mark], present: float) -> None:
        """Mark rates, and the one the run has at present (NaN: none)."""
        self._marks, self._present = tuple(marks), present
        self._describe()
        self.update()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def read_out(self) -> str:
        """The rate and the loss under the pointer; without one, those of the rate that would be taken."""
        index = self._index
        if index is None:
            chosen = next((mark for mark in self._marks if mark.chosen), None)
            index = None if chosen is None or not self._rates.size else self._nearest(chosen.rate)
        if index is None:
            return ""
        return self.tr("rate {rate} · loss {loss}").format(
            rate=format_number(float(self._rates[index])), loss=format_number(float(self._smoothed[index]))
        )

    def place(self, rate: float, loss: float) -> QPointF:
        """Where a rate and a loss lie, in pixels of the widget."""
        area, (left, right), (bottom, top) = self._area(), self._ends, self._range
        x = area.left() + (math.log10(rate) - left) / (right - left) * area.width()
        return QPointF(x, area.bottom() - (loss - bottom) / (top - bottom) * area.height())

    def sizeHint(self) -> QSize:
        """Room for a curve."""
        return QSize(360, 160)

    def minimumSizeHint(self) -> QSize:
        """Small, but still a picture."""
        return QSize(160, 84)

    def _area(self) -> QRectF:
        top = 2 * self.fontMetrics().height()
        return QRectF(_LEFT, top, max(1, self.width() - _LEFT - _RIGHT), max(1, self.height() - top - _BOTTOM))

    def _nearest(self, rate: float) -> int:
        return int(np.abs(np.log(self._rates) - math.log(rate)).argmin())

    def _describe(self) -> None:
        self.setAccessibleDescription(self.read_out())

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        area = self._area()
        self._paint_axes(painter, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(area.adjusted(-1, -1, 1, 1))
        faint, line = QColor(theme.current().accent), QColor(theme.current().accent)
        faint.setAlphaF(0.35)
        for values, pen in ((self._losses, QPen(faint, 1)), (self._smoothed, QPen(line, 2))):
            painter.setPen(pen)
            painter.drawPolyline(self._polygon(values))
        painter.restore()
        self._paint_marks(painter, area)
        self._paint_pointer(painter, area)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.current().accent), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.UNIT, theme.UNIT)

    def _polygon(self, values: NDArray[np.float64]) -> QPolygonF:
        top = self._range[1] + (self._range[1] - self._range[0])  # far above is far enough
        return QPolygonF(
            [self.place(rate, min(loss, top)) for rate, loss in zip(self._rates, values.tolist(), strict=True)]
        )

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        colours = theme.current()
        line, muted = QColor(colours.line), QColor(colours.muted)
        painter.setPen(line)
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.drawLine(area.topLeft(), area.bottomLeft())
        bottom, top = self._range
        ticks = linear_ticks(bottom, top)
        room = max(1, int(area.height() / (1.6 * painter.fontMetrics().height())))
        for loss, text in ticks[:: -(-len(ticks) // room)]:
            y = area.bottom() - (loss - bottom) / (top - bottom) * area.height()
            painter.setPen(muted)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), right, text)
            painter.setPen(line)
            painter.drawLine(QPointF(area.left() - 3, y), QPointF(area.left(), y))
        left, right_end = self._ends
        for place, text in log_ticks(left, right_end):
            x = area.left() + (place - left) / (right_end - left) * area.width()
            painter.setPen(line)
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
            painter.setPen(muted)
            below = QRectF(x - 30, area.bottom() + 3, 60, _BOTTOM - 4)
            below.moveRight(min(below.right(), self.width() + 24.0))
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        """The marked rates: a dashed line each, its name above, a dot on the curve; the present rate dotted."""
        colours, metrics = theme.current(), painter.fontMetrics()
        rows = [area.top() - 4.0, area.top() - 4.0 - metrics.height()]
        taken: list[list[QRectF]] = [[], []]
        marks = [(mark, Qt.PenStyle.DashLine) for mark in sorted(self._marks, key=lambda mark: not mark.chosen)]
        marks.append((Mark(self._present, self.tr("now")), Qt.PenStyle.DotLine))
        for mark, style in marks:
            if not self._ends[0] <= _log(mark.rate) <= self._ends[1]:
                continue
            x = self.place(mark.rate, self._range[0]).x()
            colour = QColor(colours.text if mark.chosen else colours.muted)
            painter.setPen(QPen(colour, 1, style))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            if self._rates.size and style is Qt.PenStyle.DashLine:
                loss = min(float(self._smoothed[self._nearest(mark.rate)]), self._range[1])
                painter.setPen(QPen(QColor(colours.surface), 1.5))
                painter.setBrush(colour)
                painter.drawEllipse(self.place(mark.rate, loss), _DOT, _DOT)
            self._paint_name(painter, area, mark.text, x, rows, taken, colour)

    def _paint_name(
        self,
        painter: QPainter,
        area: QRectF,
        text: str,
        x: float,
        rows: list[float],
        taken: list[list[QRectF]],
        colour: QColor,
    ) -> None:
        """Write a name above the area, in the first of two rows that has room; nowhere if none has."""
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(text)
        left = min(max(area.left(), x - width / 2), area.right() - width)
        for row, others in zip(rows, taken, strict=True):
            place = QRectF(left - theme.UNIT, row - metrics.ascent(), width + 2 * theme.UNIT, metrics.height())
            if not any(place.intersects(other) for other in others):
                others.append(place)
                painter.setPen(colour)
                painter.drawText(QPointF(left, row), text)
                return

    def _paint_pointer(self, painter: QPainter, area: QRectF) -> None:
        if self._index is None:
            return
        colours = theme.current()
        where = self.place(float(self._rates[self._index]), min(float(self._smoothed[self._index]), self._range[1]))
        painter.setPen(QPen(QColor(colours.muted), 1))
        painter.drawLine(QPointF(where.x(), area.top()), QPointF(where.x(), area.bottom()))
        painter.setPen(QPen(QColor(colours.surface), 1.5))
        painter.setBrush(QColor(colours.accent))
        painter.drawEllipse(where, _DOT, _DOT)
        text, metrics = self.read_out(), painter.fontMetrics()
        width = metrics.horizontalAdvance(text) + 2 * theme.UNIT
        box = QRectF(where.x() + theme.SPACING, area.top() + theme.UNIT, width, metrics.height() + theme.UNIT)
        if box.right() > area.right():
            box.moveRight(where.x() - theme.SPACING)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(box, theme.UNIT, theme.UNIT)
        painter.setPen(QColor(colours.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    # --- events ----------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read off what lies under the pointer."""
        self._point_at(event.position().x())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick the rate under the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._point_at(event.position().x())
            self._pick()
        else:
            super().mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Read off nothing."""
        super().leaveEvent(event)
        self._go(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Read off nothing."""
        super().focusOutEvent(event)
        self._go(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End move along the curve; Enter picks the rate there."""
        last = self._rates.size - 1
        stride = _STRIDE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        here = self._here()
        places = {
            Qt.Key.Key_Left: here - stride,
            Qt.Key.Key_Right: here + stride,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(event.key())
        if last >= 0 and key in places:
            self._go(min(max(0, places[key]), last))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._index is not None:
            self._pick()
        else:
            super().keyPressEvent(event)

    def _here(self) -> int:
        """Where the keyboard begins: where the pointer is, or at the rate that would be taken."""
        if self._index is not None or not self._rates.size:
            return self._index or 0
        chosen = next((mark.rate for mark in self._marks if mark.chosen), None)
        return 0 if chosen is None else self._nearest(chosen)

    def _point_at(self, x: float) -> None:
        area, (left, right) = self._area(), self._ends
        if not self._rates.size or not area.left() - _DOT <= x <= area.right() + _DOT:
            self._go(None)
            return
        place = left + (x - area.left()) / area.width() * (right - left)
        self._go(self._nearest(10.0 ** min(max(place, left), right)))

    def _go(self, index: int | None) -> None:
        if index != self._index:
            self._index = index
            self._describe()
            self.update()

    def _pick(self) -> None:
        if self._index is not None:
            self.picked.emit(float(self._rates[self._index]))


def _log(rate: float) -> float:
    """Its decimal logarithm; NaN for what has none."""
    return math.log10(rate) if rate > 0 else math.nan


def _sample() -> QWidget:
    rates = np.geomspace(1e-5, 10.0, 500)
    place = np.log10(rates)
    smooth = 0.1 + 0.5 / (1 + np.exp(3 * (place + 2))) + np.exp(3 * (place - 0.2))
    noise = np.random.default_rng(0).standard_normal(500)
    view = RateCurve("sample")
    view.set_ends(1e-5, 10.0)
    view.set_curve(*(x.astype(np.float32) for x in (rates, smooth * (1 + 0.05 * noise), smooth)))
    view.set_marks([Mark(0.03, "tenth of lowest", True), Mark(0.01, "steepest")], 0.003)
    view.resize(560, 240)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
