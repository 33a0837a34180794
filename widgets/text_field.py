"""A field for text that is typed by rules: checked at every key, never taken away, given on when it holds."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from widgets import theme


class TextField(QLineEdit):
    """A line of text. What cannot be read stays as it was typed, with a red border, and is not given on."""

    typed = Signal(str, str)
    """The text as it is now, and what is wrong with it; "" if nothing."""
    value_committed = Signal(str)
    """A new text that holds, after Enter or loss of focus."""

    def __init__(
        self, check: Callable[[str], str], example: str, object_name: str, parent: QWidget | None = None
    ) -> None:
        """`check(text)` says in a sentence what is wrong with a text; "" if it holds."""
        super().__init__(parent)
        self._check = check
        self._value = ""
        self.setObjectName(object_name)
        self.setPlaceholderText(example)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textEdited.connect(self._look)
        self.editingFinished.connect(self._commit)

    def value(self) -> str:
        """The text that was last given on or set."""
        return self._value

    def set_value(self, text: str) -> None:
        """Show a text; emits nothing. The same as before leaves alone what is being typed."""
        if text != self._value:
            self._value = text
            with QSignalBlocker(self):
                self.setText(text)
            self._show_invalid(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape brings back the text that holds."""
        if event.key() == Qt.Key.Key_Escape and self.text() != self._value:
            self.setText(self._value)
            self._look(self._value)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say again what is wrong with what was left."""
        super().focusInEvent(event)
        if self.text() != self._value:
            self._look(self.text())

    def _look(self, text: str) -> None:
        wrong = self._check(text)
        self._show_invalid(bool(wrong))
        self.typed.emit(text, wrong)

    def _commit(self) -> None:
        text = self.text()
        if text != self._value and not self._check(text):
            self._value = text
            self.value_committed.emit(text)

    def _show_invalid(self, invalid: bool) -> None:
        if bool(self.property("invalid")) != invalid:
            self.setProperty("invalid", invalid)
            self.style().unpolish(self)
            self.style().polish(self)


def _sample() -> QWidget:
    field = TextField(lambda text: "" if text.count("(") == text.count(")") else "…", "x * sigmoid(x)", "sample.text")
    field.set_value("x * tanh(x)")
    field.resize(240, 32)
    return field


if __name__ == "__main__":
    theme.demo(_sample)
