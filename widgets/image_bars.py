"""How strongly each class is answered, as bars; the true class and the answer have signs, not colours alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets import icons, theme
from widgets.controls import format_number

_LEAST, _MOST = 12, 24
"""Height of a row where there is little and much room."""
_EDGE = 2
"""Room above the first row and below the last, so that no letter is cut."""
_SIGN = 12
_NAME = 0.4
"""The most of the width that names take."""


class ClassBars(QWidget):
    """A row for each class; where more than fit, for the true one and those that are answered most strongly."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("How strongly each class is answered"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._names: tuple[str, ...] = ()
        self._scores: NDArray[np.float64] = np.zeros(0)
        self._range = (0.0, 1.0)
        self._shares = True
        self._answer = 0
        self._truth: int | None = None

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called, in their order."""
        self._names = tuple(names)
        self.updateGeometry()
        self.update()

    def set_scores(
        self,
        scores: NDArray[np.float32],
        ends: tuple[float, float],
        shares: bool,
        answer: int,
        truth: int | None,
    ) -> None:
        """Show the score of each class on a scale between two ends; `shares` are probabilities, from 0 to 1."""
        self._scores, self._range, self._shares = np.asarray(scores, np.float64), ends, shares
        self._answer, self._truth = answer, truth
        self.setAccessibleDescription("; ".join(f"{self._name(row)} {self.text(row)}" for row in self.rows()))
        self.update()

    def rows(self) -> list[int]:
        """The classes that are shown, from top to bottom."""
        fitting = max(1, (self.height() - 2 * _EDGE) // _LEAST)
        count = len(self._scores)
        if count <= fitting:
            return list(range(count))
        order = np.argsort(-self._scores, kind="stable").tolist()
        if self._truth is not None and self._truth not in order[:fitting]:
            return [*order[: fitting - 1], self._truth]
        return list(order[:fitting])

    def bar(self, number: int) -> QRectF:
        """Where the bar of a class ends when its score is the highest there can be. Raises ValueError if not shown."""
        rows = self.rows()
        return self._track(rows.index(number), len(rows), self._left(rows), self._right())

    def _track(self, place: int, count: int, left: float, right: float) -> QRectF:
        height = self._height(count)
        thick = min(height - 6, 10.0)
        middle = _EDGE + (place + 0.5) * height
        return QRectF(left, middle - thick / 2, max(4.0, self.width() - right - left), thick)

    def sign(self, number: int) -> str:
        """The sign before a class: "check" for the true one, "close" for a wrong answer, nothing for others."""
        if number == self._truth:
            return "check"
        return "close" if number == self._answer and self._truth is not None else ""

    def text(self, number: int) -> str:
        """The score of a class as it is written."""
        score = float(self._scores[number])
        if not np.isfinite(score) or not self._shares:
            return format_number(score, 2).replace("-", "−")
        return QLocale().toString(100 * score, "f", 1) + " %"

    def sizeHint(self) -> QSize:
        """Room for all rows, as far as there are not too many."""
        return QSize(150, min(len(self._names), 12) * 18)

    def minimumSizeHint(self) -> QSize:
        """Room for some rows."""
        return QSize(110, min(len(self._names), 5) * _LEAST + 2 * _EDGE)

    def event(self, event: QEvent) -> bool:
        """Say the whole name and score of the class under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            rows = self.rows()
            number = max(0, int((event.pos().y() - _EDGE) // self._height(len(rows))))
            known = f"{self._name(rows[number])}: {self.text(rows[number])}" if number < len(rows) else ""
            QToolTip.showText(event.globalPos(), known, self)
            return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """Paint in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows = self.rows()
        left, right = self._left(rows), self._right()
        for place, row in enumerate(rows):
            self._paint_row(painter, row, self._track(place, len(rows), left, right), self._height(len(rows)))

    def _paint_row(self, painter: QPainter, number: int, track: QRectF, height: float) -> None:
        current = theme.current()
        top = track.center().y() - height / 2
        sign, answered = self.sign(number), number == self._answer
        role = {"check": current.success, "close": current.error}.get(sign, current.muted)
        if sign:
            ratio = self.devicePixelRatioF()
            icon = icons.pixmap(sign, QColor(role), _SIGN, ratio)
            painter.drawPixmap(QPointF(0, round(track.center().y() - _SIGN / 2)), icon)
        painter.setFont(self._font(bool(sign) or answered))
        painter.setPen(QColor(current.text if sign or answered else current.muted))
        name = QRectF(_SIGN + theme.UNIT, top, track.left() - _SIGN - 2 * theme.UNIT, height)
        shown = QFontMetricsF(painter.font(), self).elidedText(
            self._name(number), Qt.TextElideMode.ElideRight, name.width()
        )
        painter.drawText(name, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
        value = QRectF(track.right(), top, self.width() - track.right(), height)
        painter.drawText(value, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.text(number))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current.raised))
        painter.drawRoundedRect(track, 3, 3)
        painter.setBrush(QColor(current.accent if answered else current.muted))
        painter.drawRoundedRect(self._filled(track, float(self._scores[number])), 3, 3)

    def _filled(self, track: QRectF, score: float) -> QRectF:
        """The part of a track from zero, or from the low end where that is above it, to a score."""
        low, high = self._range
        if not np.isfinite(score) or high <= low:
            return QRectF()
        zero = min(max(0.0, low), high)
        start, end = sorted(((zero - low) / (high - low), (min(max(score, low), high) - low) / (high - low)))
        return QRectF(track.left() + start * track.width(), track.top(), (end - start) * track.width(), track.height())

    def _name(self, number: int) -> str:
        return self._names[number] if number < len(self._names) else str(number)

    def _height(self, count: int) -> float:
        return min(max((self.height() - 2 * _EDGE) / max(1, count), float(_LEAST)), float(_MOST))

    def _left(self, rows: list[int]) -> float:
        metrics = QFontMetricsF(self._font(True), self)
        widest = max((metrics.horizontalAdvance(self._name(row)) for row in rows), default=0.0)
        return _SIGN + 2 * theme.UNIT + min(widest + 1, _NAME * self.width())

    def _right(self) -> float:
        metrics = QFontMetricsF(self._font(True), self)
        longest = "100.0 %" if self._shares else "−0.000"
        return metrics.horizontalAdvance(longest) + theme.UNIT

    def _font(self, strong: bool) -> QFont:
        return theme.font(theme.SMALL, QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
