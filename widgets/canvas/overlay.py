"""Small windows on top of the canvas: the value under the pointer, and the field that changes it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QWidget

from engine.catalog.layers.layer import Parameter
from engine.catalog.registry import Range
from widgets import theme
from widgets.controls import NumberField

_LIMIT = 1e6
_NAME_WIDTH = 136
_WIDEST = 300
"""Width of a text beside the pointer, pixels, before it is broken into lines."""
_ANY = Range(-_LIMIT, _LIMIT, step=0.1)


class ValueLabel(QLabel):
    """A line of text that follows the pointer and takes no events."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvas.value")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.restyle()
        self.hide()

    def restyle(self) -> None:
        """Wear the theme of now."""
        now = theme.current()
        self.setFont(theme.font(theme.SMALL))
        self.setStyleSheet(
            f"background: {now.raised}; color: {now.text}; border: 1px solid {now.line}; "
            f"border-radius: 4px; padding: 2px 6px; font-size: {theme.SMALL}px;"
        )

    def show_at(self, text: str, pixel: QPoint) -> None:
        """Say something beside a point of the canvas, within its bounds."""
        self.setText(text)
        wide = self.fontMetrics().horizontalAdvance(text) > _WIDEST
        self.setWordWrap(wide)
        self.setMinimumWidth(_WIDEST if wide else 0)
        self.adjustSize()
        room = _room(self)
        x = pixel.x() + 14 if pixel.x() + 14 + self.width() <= room.right() else pixel.x() - 10 - self.width()
        x = max(x, 4)
        y = pixel.y() + 14 if pixel.y() + 14 + self.height() <= room.bottom() else pixel.y() - 8 - self.height()
        self.move(x, y)
        self.show()
        self.raise_()


class ValueEditor(QFrame):
    """A label and a number field for one value of a card; Enter, Escape or a click elsewhere closes it."""

    edited = Signal(str, tuple, float)
    """Parameter name, index, new value."""

    def __init__(self, parent: QWidget, constraint: Range = _ANY, name: str = "canvas.editor") -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("class", "panel")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._name = ""
        self._index: tuple[int, ...] = ()
        self._label = QLabel()
        self._label.setProperty("class", "muted")
        self.field = NumberField(constraint, f"{name}.value", integer=constraint.step == 1)
        self.field.setFixedWidth(112)
        self.field.value_committed.connect(lambda value: self.edited.emit(self._name, self._index, float(value)))
        self.field.installEventFilter(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACING, theme.UNIT, theme.UNIT, theme.UNIT)
        row.setSpacing(theme.SPACING)
        row.addWidget(self._label)
        row.addWidget(self.field)
        self.hide()

    def open_at(self, label: str, name: str, index: tuple[int, ...], value: float, pixel: QPoint) -> None:
        """Offer a value beside a point of the canvas."""
        self._name, self._index = name, index
        self._label.setText(label)
        self.field.setAccessibleName(label)
        self.field.set_value(float(f"{value:.6g}"))
        self.adjustSize()
        room = _room(self)
        x = min(max(pixel.x() - self.width() // 2, 4), max(4, room.width() - self.width() - 4))
        y = pixel.y() + 12
        if y + self.height() > room.height():
            y = pixel.y() - 12 - self.height()
        self.move(x, y)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)
        self.field.selectAll()

    @property
    def name(self) -> str:
        """What the value belongs to."""
        return self._name

    def check(self, parameters: Mapping[str, Parameter]) -> None:
        """Put it away, saying nothing, when its value is no longer among these."""
        parameter = parameters.get(self._name)
        fits = parameter is not None and all(
            place < size for place, size in zip(self._index, parameter.shape, strict=False)
        )
        if self.isVisible() and not fits:
            self.discard()

    def discard(self) -> None:
        """Put it away; what was typed and not committed is lost."""
        self.field.lineEdit().setText(self.field.textFromValue(self.field.value()))
        self.close_editor()

    def close_editor(self) -> None:
        """Put it away; what was typed is taken."""
        if self.isVisible():
            parent = self.parentWidget()
            if self.field.hasFocus() and parent is not None:
                parent.setFocus()  # first, for Qt passes the focus of what is hidden on to the next in the tab order
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close on Enter (after the field took the value), Escape and loss of focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.discard()
                event.accept()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.field.interpretText()
                self.close_editor()
                event.accept()
                return True
        elif event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.field.interpretText()
            self.hide()
        return super().eventFilter(watched, event)


class NameField(QLineEdit):
    """The field over a card's title; Enter and a click elsewhere give the name, Escape does not."""

    given = Signal(str, str)
    """The name that the card had, and what was typed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("canvas.name")
        self.setAccessibleName(self.tr("Name of the card"))
        self.setFixedWidth(_NAME_WIDTH)
        self.named = ""
        self.editingFinished.connect(self._give)
        self.hide()

    def open_at(self, name: str, pixel: QPoint) -> None:
        """Offer a name at a point of the canvas."""
        self.named = name
        self.setText(name)
        self.move(max(0, pixel.x()), max(0, pixel.y()))
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)
        self.selectAll()

    def close_field(self) -> None:
        """Put it away; what was typed is lost."""
        self.setText(self.named)
        self._give()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_field()
        else:
            super().keyPressEvent(event)

    def _give(self) -> None:
        if self.isHidden():
            return
        name, typed = self.named, self.text().strip().replace(" ", "_")
        parent = self.parentWidget()
        if self.hasFocus() and parent is not None:
            parent.setFocus()  # editingFinished comes again with the loss of the focus, and finds it hidden
        self.hide()
        if typed and typed != name:
            self.given.emit(name, typed)


def _room(widget: QWidget) -> QRect:
    """The rectangle that a widget may lie in: its parent's."""
    parent = widget.parentWidget()
    assert parent is not None
    return parent.rect()
