"""The loss of one sample over a run, as a small curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import theme
from widgets.controls import format_number

_LINE = 14
_INSET = 4
_TALLEST = 120
"""Taller, it would only be steeper."""


class LossCurve(QWidget):
    """Epochs to the right, loss upwards from zero. The pointer reads a point; without it the last one is told."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Loss of this sample over the run"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMaximumHeight(_TALLEST)
        self.setMouseTracking(True)
        self._points: NDArray[np.float64] = np.empty((0, 2))
        self._read: int | None = None

    def set_points(self, points: NDArray[np.float64]) -> None:
        """Show epoch and loss, (points, 2)."""
        self._points = points[np.isfinite(points).all(axis=1)]
        self._read = None if self._read is not None and self._read >= len(self._points) else self._read
        self.setAccessibleDescription(self.text())
        self.update()

    def text(self) -> str:
        """What the point that is read says; the last one without the pointer."""
        if not len(self._points):
            return ""
        if self._read is None:
            return self.tr("loss {loss}").format(loss=format_number(float(self._points[-1, 1])))
        epoch, loss = self._points[self._read].tolist()
        return self.tr("epoch {epoch}: {loss}").format(epoch=QLocale().toString(int(epoch)), loss=format_number(loss))

    def sizeHint(self) -> QSize:
        """Small."""
        return QSize(140, 64)

    def minimumSizeHint(self) -> QSize:
        """Still a curve."""
        return QSize(84, 40)

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(1, _LINE + 2, -_INSET, -_INSET)

    def _places(self) -> NDArray[np.float64]:
        """Where the points are, (points, 2), in pixels of the widget."""
        area, epochs, losses = self._area(), self._points[:, 0], self._points[:, 1]
        span = max(1.0, float(epochs[-1] - epochs[0]))
        x = area.left() + _INSET + (epochs - epochs[0]) / span * (area.width() - 2 * _INSET)
        y = area.bottom() - losses / max(float(losses.max()), 1e-9) * (area.height() - 2)
        return np.column_stack([x, y])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme.current()
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(QColor(current.muted))
        head = QRectF(1, 0, self.width() - 1, _LINE)
        text = self.text() if len(self._points) else self.tr("no loss kept")
        shown = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, head.width())
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        if not len(self._points):
            return
        area = self._area()
        painter.setPen(QPen(QColor(current.line), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places()
        painter.setPen(QPen(QColor(current.accent), 1.5))
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in places.tolist()]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current.accent))
        painter.drawEllipse(QPointF(*places[-1 if self._read is None else self._read].tolist()), 3, 3)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the point that is nearest to the pointer."""
        if len(self._points):
            self._show(int(np.abs(self._places()[:, 0] - event.position().x()).argmin()))

    def leaveEvent(self, event: QEvent) -> None:
        """Read the last one."""
        self._show(None)

    def _show(self, point: int | None) -> None:
        self._read = point
        self.setAccessibleDescription(self.text())
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Paint in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()


def _sample() -> QWidget:
    curve = LossCurve("sample.loss")
    epochs = np.arange(40.0)
    curve.set_points(np.column_stack([epochs, 2.3 * np.exp(-epochs / 9) + 0.2 * np.sin(epochs) ** 2]))
    curve.resize(220, 90)
    return curve


if __name__ == "__main__":
    theme.demo(_sample)
