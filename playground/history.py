"""Edit > History: the list of edits in a window of its own, which follows every edit while it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout

from widgets import theme
from widgets.history import HistoryView

if TYPE_CHECKING:
    from playground.window import MainWindow

_SIZE = QSize(300, 420)


class EditList(QObject):
    """The list of edits of one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._controller = window.controller
        self.dialog = QDialog(window)
        self.dialog.setObjectName("dialog.history")
        self.dialog.setWindowTitle(self.tr("History"))
        self.dialog.resize(_SIZE)
        hint = QLabel(self.tr("Click an edit, or press Enter on it, to go back or forward to it."))
        hint.setObjectName("history.hint")
        hint.setProperty("class", "muted")
        hint.setWordWrap(True)
        self.view = HistoryView()
        self.view.chosen.connect(self._controller.go_to)
        column = QVBoxLayout(self.dialog)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.SPACING)
        column.addWidget(hint)
        column.addWidget(self.view, 1)
        self._controller.changed.connect(self._follow)
        self._controller.opened.connect(self._follow)

    def open(self) -> None:
        """Show the list and put the cursor into it; edits go on beside it."""
        self.dialog.show()
        self._follow()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow(self) -> None:
        if self.dialog.isVisible():
            history = self._controller.history
            self.view.set_entries([entry.label for entry in history.entries], history.index)
