"""How the final losses of many runs are spread: bars over a logarithmic axis, those that succeeded at the bottom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets import theme
from widgets.controls import format_number
from widgets.curves_data import log_range, log_ticks

BINS = 30
_TINIEST = 1e-12
"""Losses below count as this, so that a loss of zero has a place on a logarithmic axis."""
_LEFT, _BOTTOM, _TOP, _RIGHT = 28, 18, 4, 12
_SWATCH = 9


class LossHistogram(QWidget):
    """Final losses as bars; the part of each that did not succeed stands on top, hatched and in another colour."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Histogram of the final losses"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._range = (-2.0, 0.0)
        self._solved = np.zeros(BINS, np.int64)
        self._others = np.zeros(BINS, np.int64)
        self._goal = ""

    # --- values in -------------------------------------------------------------------------------------------------

    def set_losses(self, losses: NDArray[np.float32], solved: NDArray[np.bool_], goal: str) -> None:
        """Show final losses (runs,), NaN where a run diverged, and which of the runs reached the goal, named in words.

        Raises ValueError for arrays of different length.
        """
        if losses.shape != solved.shape or losses.ndim != 1:
            raise ValueError(f"losses (={losses.shape}) and solved (={solved.shape}) must have one and the same length")
        self._goal = goal
        known = np.isfinite(losses)
        # Rounded, so that 0.1 in single precision does not lie beyond a range that ends at 0.1.
        places = np.log10(np.maximum(losses[known].astype(np.float64), _TINIEST)).round(6)
        if places.size:
            self._range = log_range(10.0 ** float(places.min()), 10.0 ** float(places.max()))
        edges = np.linspace(*self._range, BINS + 1)
        numbers = np.clip(np.searchsorted(edges, places, "right") - 1, 0, BINS - 1)
        reached = solved[known]
        self._solved = np.bincount(numbers[reached], minlength=BINS)
        self._others = np.bincount(numbers[~reached], minlength=BINS)
        self.update()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def counts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Runs in each bar that succeeded and that did not."""
        return self._solved, self._others

    def bar(self, number: int) -> QRectF:
        """Where a bar stands, both of its parts together, in pixels of the widget."""
        area = self._area()
        width = area.width() / BINS
        height = area.height() * int(self._solved[number] + self._others[number]) / self._highest()
        return QRectF(area.left() + number * width, area.bottom() - height, width, height)

    def sizeHint(self) -> QSize:
        """Room for some thirty bars."""
        return QSize(320, 140)

    def minimumSizeHint(self) -> QSize:
        """Small, but still a picture."""
        return QSize(160, 72)

    def _area(self) -> QRectF:
        top = _TOP + self.fontMetrics().height()
        return QRectF(_LEFT, top, max(1, self.width() - _LEFT - _RIGHT), max(1, self.height() - top - _BOTTOM))

    def _highest(self) -> int:
        return max(1, int((self._solved + self._others).max()))

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, area = theme.current(), self._area()
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        self._paint_axes(painter, area)
        self._paint_legend(painter, area)
        for number in range(BINS):
            solved, others = int(self._solved[number]), int(self._others[number])
            if solved + others:
                bar = self.bar(number).adjusted(0.5, 0, -0.5, 0)
                upper = QRectF(bar.left(), bar.top(), bar.width(), bar.height() * others / (solved + others))
                lower = QRectF(bar.left(), upper.bottom(), bar.width(), bar.height() - upper.height())
                painter.fillRect(lower, QColor(colours.accent))
                _fill_hatched(painter, upper)

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        colours = theme.current()
        painter.setPen(QColor(colours.line))
        painter.drawLine(area.topLeft(), area.topRight())
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        beside = QRectF(0, area.top() - 8, _LEFT - 5, 16)
        low, high = self._range
        painter.setPen(QColor(colours.muted))
        if self._solved.any() or self._others.any():
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(beside, right, self.locale().toString(self._highest()))
        for place, text in log_ticks(low, high):
            x = area.left() + (place - low) / (high - low) * area.width()
            painter.setPen(QColor(colours.line))
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))
            painter.setPen(QColor(colours.muted))
            below = QRectF(x - 30, area.bottom() + 3, 60, _BOTTOM - 4)
            below.moveRight(min(below.right(), self.width() + 24.0))
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_legend(self, painter: QPainter, area: QRectF) -> None:
        """Which part of a bar is which, and what the axis counts, in the line above the bars."""
        colours, metrics = theme.current(), painter.fontMetrics()
        x, middle = area.left(), area.top() - 4 - metrics.height() / 2
        parts = ((self.tr("reached it"), False), (self.tr("did not"), True)) if self._goal else ()
        for text, hatched in parts:
            swatch = QRectF(x, middle - _SWATCH / 2, _SWATCH, _SWATCH)
            if hatched:
                _fill_hatched(painter, swatch)
            else:
                painter.fillRect(swatch, QColor(colours.accent))
            painter.setPen(QColor(colours.muted))
            x += _SWATCH + theme.UNIT
            painter.drawText(QPointF(x, middle + metrics.ascent() / 2 - 1), text)
            x += metrics.horizontalAdvance(text) + theme.MARGIN
        caption = self.tr("runs by final test loss")
        width = metrics.horizontalAdvance(caption)
        if area.right() - width > x:
            painter.setPen(QColor(colours.muted))
            painter.drawText(QPointF(area.right() - width, middle + metrics.ascent() / 2 - 1), caption)

    # --- events ----------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Say what the bar under the pointer holds."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos().x()), self)
            return True
        return super().event(event)

    def tip_at(self, x: float) -> str:
        """What the bar above a place of the axis, in pixels of the widget, holds; nothing where there is none."""
        area = self._area()
        number = int((x - area.left()) / area.width() * BINS)
        if not (area.left() <= x < area.right() and self._solved[number] + self._others[number]):
            return ""
        edges = 10.0 ** np.linspace(*self._range, BINS + 1)
        text = self.tr("Runs with a loss of {low} to {high}: {count}; {solved} of them reached {goal}")
        return text.format(
            count=self.locale().toString(int(self._solved[number] + self._others[number])),
            low=format_number(float(edges[number]), 2),
            high=format_number(float(edges[number + 1]), 2),
            solved=self.locale().toString(int(self._solved[number])),
            goal=self._goal,
        )


def _fill_hatched(painter: QPainter, area: QRectF) -> None:
    """Fill with the colour of a warning, and hatch it: the two parts differ by more than their colour."""
    colours = theme.current()
    painter.fillRect(area, QColor(colours.warning))
    painter.fillRect(area, QBrush(QColor(colours.surface), Qt.BrushStyle.BDiagPattern))
