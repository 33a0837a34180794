"""A caption over a number that changes often: painted by itself and of fixed width, so that nothing around it moves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets import theme


class Readout(QWidget):
    """Small muted caption, large figures under it. `widest` is a text as wide as any that will be shown."""

    def __init__(self, caption: str, widest: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._caption = caption
        self._widest = widest
        self._text = self._note = ""
        self._longest_note = ""
        self._leading = 0
        self._measure()

    def caption(self) -> str:
        """What the number is."""
        return self._caption

    def text(self) -> str:
        """The number, as shown."""
        return self._text

    def note(self) -> str:
        """What is said of an older number; empty for one of now."""
        return self._note

    def set_note(self, note: str) -> bool:
        """Say, after the caption, that the number is not of now; it is muted then. Whether the width has changed.

        There stays room for the longest note there was, so that nothing moves when the run rests or goes on.
        """
        if note == self._note:
            return False
        self._note = note
        self._longest_note = max(note, self._longest_note, key=len)
        width = self._size.width()
        self._measure()
        self._name()
        self.update()
        return self._size.width() != width

    def set_caption(self, caption: str) -> None:
        """Rename the number; the width may change."""
        self._caption, self._longest_note = caption, self._note
        self._measure()
        self._name()
        self.update()

    def set_value(self, text: str, leading: int = 0) -> None:
        """Show a number; its first `leading` characters are faint (zeros that only keep the place)."""
        if text == self._text:
            return
        self._text, self._leading = text, leading
        self._name()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the widest text."""
        return self._size

    def minimumSizeHint(self) -> QSize:
        """Room for the widest text."""
        return self._size

    def changeEvent(self, event: QEvent) -> None:
        """Measure and draw again in another font or theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._measure()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw caption and number."""
        colors = theme.current()
        painter = QPainter(self)
        painter.setFont(self._small)
        painter.setPen(QColor(colors.muted))
        painter.drawText(QPointF(0.0, self._caption_line), self._heading(self._note))
        painter.setFont(self._large)
        offset = 0.0
        if self._leading:
            zeros = self._text[: self._leading]
            faint = QColor(colors.muted)
            faint.setAlphaF(0.55)
            painter.setPen(faint)
            painter.drawText(QPointF(0.0, self._number_line), zeros)
            offset = QFontMetricsF(self._large).horizontalAdvance(zeros)
        painter.setPen(QColor(colors.muted if self._note else colors.text))
        painter.drawText(QPointF(offset, self._number_line), self._text[self._leading :])

    def _heading(self, note: str) -> str:
        return f"{self._caption} · {note}" if note else self._caption

    def _name(self) -> None:
        self.setAccessibleName(f"{self._heading(self._note)} {self._text[self._leading :]}")

    def _measure(self) -> None:
        self._small = theme.font(theme.SMALL)
        self._large = theme.font(theme.LARGE, QFont.Weight.DemiBold)
        small, large = QFontMetricsF(self._small), QFontMetricsF(self._large)
        width = max(small.horizontalAdvance(self._heading(self._longest_note)), large.horizontalAdvance(self._widest))
        self._caption_line = small.ascent()
        self._number_line = small.height() + large.ascent() + 1
        self._size = QSize(round(width) + theme.SPACING, round(small.height() + large.height()) + 2)
        self.updateGeometry()
