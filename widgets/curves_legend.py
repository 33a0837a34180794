"""The line over a plot that names its curves and says their values; painted by itself because it changes each frame."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import theme

_SWATCH = 12.0


class Legend(QWidget):
    """Swatch, name and value of each curve on the left; what the values belong to on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curves.legend")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._entries: list[tuple[str, str, QColor]] = []
        self._place = ""

    def set_entries(self, entries: Sequence[tuple[str, str, QColor]], place: str) -> None:
        """Show curves as (name, value text, colour), and the place the values belong to."""
        self._entries, self._place = list(entries), place
        self.setAccessibleName(self.text())
        self.update()

    def text(self) -> str:
        """All it says, in reading order."""
        return "  ".join([self._place, *(f"{name} {value}" for name, value, _ in self._entries)]).strip()

    def sizeHint(self) -> QSize:
        """One line of small text."""
        return QSize(200, round(QFontMetricsF(theme.font(theme.SMALL)).height()))

    def changeEvent(self, event: QEvent) -> None:
        """Draw again in another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the entries, then as much of the place as there is room for."""
        colors = theme.current()
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        metrics = painter.fontMetrics()
        baseline = float(metrics.ascent())
        x = 0.0
        for name, value, color in self._entries:
            painter.fillRect(QRectF(x, baseline - metrics.xHeight() / 2 - 1, _SWATCH, 2), color)
            x += _SWATCH + theme.UNIT
            for text, ink in ((f"{name} ", colors.muted), (value, colors.text)):
                painter.setPen(QColor(ink))
                painter.drawText(QPointF(x, baseline), text)
                x += metrics.horizontalAdvance(text)
            x += theme.MARGIN
        painter.setPen(QColor(colors.muted))
        width = metrics.horizontalAdvance(self._place)
        painter.drawText(QPointF(max(x, self.width() - width), baseline), self._place)
