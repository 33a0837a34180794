"""A bar for what needs an answer now: a sentence, buttons that do something about it, and a way to close it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from widgets import icons, theme


class Notice(QFrame):
    """Hidden until `show_notice`; hides itself when a button is chosen or it is closed."""

    chosen = Signal(int)
    """Number of the button that was clicked."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setAccessibleName(self.tr("Notice"))
        self.setProperty("class", "panel")
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.SPACING)
        self._answers = QHBoxLayout()
        self._answers.setContentsMargins(theme.ICON + theme.SPACING, 0, 0, 0)
        self._answers.setSpacing(theme.SPACING)
        self._answers.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.SPACING, theme.SPACING, theme.SPACING)
        column.setSpacing(theme.SPACING)
        column.addLayout(self._row)
        column.addLayout(self._answers)
        self._sign: QLabel = icons.label("error", "error")
        self._text = QLabel()
        self._text.setObjectName("notice.text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._buttons: list[QPushButton] = []
        self._close = QToolButton()
        self._close.setObjectName("notice.close")
        self._close.setAccessibleName(self.tr("Close the notice"))
        self._close.setToolTip(self.tr("Close"))
        self._close.setProperty("class", "flat")
        icons.assign(self._close, "close", "muted")
        self._close.clicked.connect(self._dismiss)
        self._row.addWidget(self._sign)
        self._row.addWidget(self._text, 1)
        self._row.addWidget(self._close)
        self.hide()

    def show_notice(self, severity: str, text: str, buttons: Sequence[str] = ()) -> None:
        """Show a sentence of severity "info", "warning" or "error" with buttons."""
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(number, words) for number, words in enumerate(buttons)]
        sign = icons.label(severity, "muted" if severity == "info" else severity)
        self._row.replaceWidget(self._sign, sign)
        self._sign.hide()
        self._sign.deleteLater()
        self._sign = sign
        self._text.setText(text)
        self.setAccessibleDescription(text)
        self.show()

    def text(self) -> str:
        """The sentence shown; "" while hidden."""
        return "" if self.isHidden() else self._text.text()

    def buttons(self) -> tuple[QPushButton, ...]:
        """The buttons, in their order."""
        return tuple(self._buttons)

    def _button(self, number: int, words: str) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(f"notice.button_{number}")
        button.setAccessibleName(words)
        button.clicked.connect(lambda: self._choose(number))
        self._answers.insertWidget(self._answers.count() - 1, button)
        return button

    def _choose(self, number: int) -> None:
        self.hide()
        self.chosen.emit(number)

    def _dismiss(self) -> None:
        self.hide()
        self.closed.emit()


def _sample() -> QWidget:
    view = Notice()
    view.show_notice(
        "error", "The loss became infinite at step 412; dense_2 was first.", ["Lower the rate × 0.3", "Reset"]
    )
    view.resize(720, 48)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
