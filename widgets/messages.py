"""The list of what the program had to say: newest first, with time and severity."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLocale, Qt, QTime, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets import icons, theme
from widgets.controls import EmptyState

SEVERITIES = ("info", "warning", "error")
_KEPT = 200
"""Older messages are dropped."""


@dataclass(frozen=True)
class Message:
    """One message; `time` is local time of day."""

    time: QTime
    severity: str
    text: str
    detail: str = ""

    def __str__(self) -> str:
        head = f"{self.time.toString('HH:mm:ss')} {self.severity} {self.text}"
        return f"{head}\n{self.detail}" if self.detail else head


class MessagesView(QWidget):
    """Messages, newest first. Those that come while the view is hidden are unread."""

    unread_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self.setAccessibleName(self.tr("Messages"))
        self._messages: list[Message] = []
        self._unread = 0
        self.copy_button = self._head_button("messages.copy", "duplicate", self.tr("Copy all"))
        self.copy_button.clicked.connect(self._copy)
        self.clear_button = self._head_button("messages.clear", "trash", self.tr("Clear"))
        self.clear_button.clicked.connect(self.clear)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACING)
        head.addStretch(1)
        head.addWidget(self.copy_button)
        head.addWidget(self.clear_button)
        self._list = QWidget()
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, 0, theme.UNIT, 0)
        self._rows.setSpacing(0)
        self._rows.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("messages.list")
        scroll.setAccessibleName(self.tr("Messages, newest first"))
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._list)
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState(self.tr("Nothing to report.")))
        self._stack.addWidget(scroll)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self._show_state()

    def add(self, severity: str, text: str, detail: str = "") -> None:
        """Put a message on top. Raises ValueError for a severity other than info, warning, error."""
        if severity not in SEVERITIES:
            raise ValueError(f"severity (={severity!r}) must be one of {', '.join(SEVERITIES)}")
        message = Message(QTime.currentTime(), severity, text, detail)
        self._messages.insert(0, message)
        self._rows.insertWidget(0, _Row(message))
        if len(self._messages) > _KEPT:
            self._messages.pop()
            oldest = self._rows.takeAt(_KEPT)
            if oldest is not None and (row := oldest.widget()) is not None:
                row.deleteLater()
        if not self.isVisible():
            self._set_unread(self._unread + 1)
        self._show_state()

    def clear(self) -> None:
        """Forget all messages."""
        self._messages.clear()
        while self._rows.count() > 1:
            item = self._rows.takeAt(0)
            if item is not None and (row := item.widget()) is not None:
                row.hide()
                row.deleteLater()
        self._set_unread(0)
        self._show_state()

    def messages(self) -> tuple[Message, ...]:
        """The messages, newest first."""
        return tuple(self._messages)

    def unread(self) -> int:
        """How many came since the view was last seen."""
        return self._unread

    def showEvent(self, event: QShowEvent) -> None:
        """What is seen is read."""
        super().showEvent(event)
        self._set_unread(0)

    def _head_button(self, name: str, icon: str, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setProperty("class", "flat")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(button, icon, "muted")
        return button

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(str(message) for message in self._messages))

    def _set_unread(self, count: int) -> None:
        if count != self._unread:
            self._unread = count
            self.unread_changed.emit(count)

    def _show_state(self) -> None:
        self._stack.setCurrentIndex(1 if self._messages else 0)
        self.copy_button.setEnabled(bool(self._messages))
        self.clear_button.setEnabled(bool(self._messages))


class _Row(QFrame):
    """Icon, time, text; the detail unfolds under them."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        words = {"info": self.tr("Information"), "warning": self.tr("Warning"), "error": self.tr("Error")}
        role = "muted" if message.severity == "info" else message.severity
        sign = icons.label(message.severity, role)
        sign.setAccessibleName(words[message.severity])
        sign.setToolTip(words[message.severity])
        time = QLabel(QLocale().toString(message.time, "HH:mm:ss"))
        time.setProperty("class", "muted")
        text = QLabel(message.text)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        row = QHBoxLayout()
        row.setSpacing(theme.SPACING)
        for widget, stretch in ((sign, 0), (time, 0), (text, 1)):
            row.addWidget(widget, stretch, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.UNIT, 0, theme.UNIT)
        column.setSpacing(theme.UNIT)
        column.addLayout(row)
        if not message.detail:
            return
        self._detail = QLabel(message.detail)
        self._detail.setTextFormat(Qt.TextFormat.PlainText)
        self._detail.setWordWrap(True)
        self._detail.setProperty("class", "muted")
        self._detail.setTextInteractionFlags(text.textInteractionFlags())
        self._detail.setContentsMargins(theme.ICON + theme.SPACING, 0, 0, 0)
        self._detail.hide()
        self._fold = QToolButton()
        self._fold.setObjectName("messages.detail")
        self._fold.setAccessibleName(self.tr("Show details"))
        self._fold.setToolTip(self.tr("Show details"))
        self._fold.setProperty("class", "flat")
        self._fold.setCheckable(True)
        self._fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(self._fold, "chevron-right", "muted")
        self._fold.toggled.connect(self._unfold)
        row.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._detail)

    def _unfold(self, open_: bool) -> None:
        self._detail.setVisible(open_)
        icons.assign(self._fold, "chevron-down" if open_ else "chevron-right", "muted")


def _sample() -> QWidget:
    view = MessagesView()
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.add("info", "Opened “spiral”.")
    view.add("warning", "The batch size (25) does not divide 243 training samples: the last batch is smaller.")
    view.add("error", "The loss became infinite at epoch 12: dense_2 was first.", "Rewound to epoch 11.")
    view.resize(460, 200)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
