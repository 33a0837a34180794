"""Notes beside the cards: soft sheets of paper under everything else, and the field in which they are written."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QTextOption
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QPlainTextEdit, QStyleOptionGraphicsItem, QWidget

from engine.document.notes import LONGEST_NOTE, Note
from widgets import theme
from widgets.canvas.style import Style, mixed

_INSET = 8.0
_CORNER = 14.0


class NoteItem(QGraphicsRectItem):
    """A note; its origin is its upper left corner."""

    def __init__(self, note: Note, style: Style) -> None:
        super().__init__()
        self.note = note
        self.selected = False
        self._style = style
        self._option = QTextOption()
        self._option.setWrapMode(QTextOption.WrapMode.WordWrap)
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setZValue(-1)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.set_note(note)

    def set_note(self, note: Note) -> None:
        """Show another text, at its place."""
        self.note = note
        self.setRect(0.0, 0.0, note.width, note.height)
        self.setPos(note.x, note.y)
        self.update()

    def set_selected(self, selected: bool) -> None:
        """Outline it, or not."""
        if selected != self.selected:
            self.selected = selected
            self.update()

    def restyle(self, style: Style) -> None:
        """Wear another theme."""
        self._style = style
        self.update()

    def corner(self) -> QRectF:
        """The corner that it is made larger at, around its origin."""
        return QRectF(self.note.width - _CORNER, self.note.height - _CORNER, _CORNER, _CORNER)

    def boundingRect(self) -> QRectF:
        return self.rect().adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        style = self._style
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        warm = style.warning
        painter.setPen(style.accent_pen if self.selected else QPen(mixed(style.background, warm, 0.45), 1.0))
        painter.setBrush(mixed(style.background, warm, 0.14))
        painter.drawRoundedRect(self.rect(), theme.RADIUS, theme.RADIUS)
        painter.setPen(style.text)
        painter.setFont(style.small_font)
        painter.save()
        area = self.rect().adjusted(_INSET, _INSET, -_INSET, -_INSET)
        painter.setClipRect(area)
        painter.drawText(area, self.note.text, self._option)
        painter.restore()
        painter.setPen(QPen(mixed(style.background, warm, 0.6), 1.2))
        right, bottom = self.note.width - 4, self.note.height - 4
        for away in (4.0, 8.0):
            painter.drawLine(QPointF(right - away, bottom), QPointF(right, bottom - away))


class NoteEditor(QPlainTextEdit):
    """The field over a note. Escape and a click elsewhere take what was written."""

    written = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvas.note")
        self.setAccessibleName(self.tr("Note"))
        self.setPlaceholderText(self.tr("Write a note"))
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.installEventFilter(self)
        self.hide()

    def open_over(self, text: str, area: QRect) -> None:
        """Offer a text in a rectangle of the viewport."""
        self.setPlainText(text)
        self.setGeometry(area.adjusted(0, 0, max(0, 120 - area.width()), max(0, 56 - area.height())))
        self.show()
        self.raise_()
        self.selectAll()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def finish(self) -> None:
        """Put it away and say what was written."""
        if self.isVisible():
            text = self.toPlainText()[:LONGEST_NOTE]
            parent = self.parentWidget()
            if self.hasFocus() and parent is not None:
                parent.setFocus()
            self.hide()
            self.written.emit(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Finish with Escape, Ctrl+Enter and the loss of the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if event.key() == Qt.Key.Key_Escape or (
                entered and event.modifiers() & Qt.KeyboardModifier.ControlModifier
            ):
                self.finish()
                return True
        elif event.type() == QEvent.Type.FocusOut and self.isVisible() and not self._menu_open(event):
            self.finish()
        return super().eventFilter(watched, event)

    @staticmethod
    def _menu_open(event: QEvent) -> bool:
        reason = getattr(event, "reason", None)
        return reason is not None and reason() == Qt.FocusReason.PopupFocusReason
