"""A project as link text: copied to the clipboard, and opened from there or from what is typed or pasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout

from engine.document.errors import PlaygroundError
from engine.document.link_text import LONGEST, from_text, is_link_text, to_text
from playground.controller import Controller
from playground.words import sentence
from widgets import theme

if TYPE_CHECKING:
    from playground.files import Files
    from playground.window import MainWindow

_SIZE = QSize(520, 280)


class Links(QObject):
    """Copies the project of one window as text, and opens such texts."""

    def __init__(self, files: Files, controller: Controller, window: MainWindow) -> None:
        super().__init__(window)
        self._files = files
        self._controller = controller
        self._window = window

    def copy(self) -> None:
        """Put the project, without its weights, on the clipboard as link text."""
        try:
            text = to_text(self._controller.document)
        except PlaygroundError as error:
            self._window.message("error", sentence(error.sentence))
            return
        QGuiApplication.clipboard().setText(text)
        said = self.tr("Copied as link text; it opens with Edit > Paste, or with File > Open from link text")
        self._window.message("info", said)

    def open(self) -> None:
        """Ask for a link text, with what the clipboard holds of one, and open it."""
        dialog = LinkDialog(clipboard_link(), self._window)
        chosen = dialog.exec() == QDialog.DialogCode.Accepted
        text = dialog.text.toPlainText()
        dialog.deleteLater()
        if chosen:
            self.open_text(text)

    def open_text(self, text: str) -> bool:
        """Open a link text after the question about unsaved changes; says so where it cannot be read."""
        try:
            document = from_text(text)
        except PlaygroundError as error:
            self._window.message("error", sentence(error.sentence))
            return False
        self._files.open_document(document)
        return True


def clipboard_link() -> str:
    """The link text that the clipboard holds, "" if it holds something else."""
    text = QGuiApplication.clipboard().text()
    return text.strip() if len(text) <= 2 * LONGEST and is_link_text(text) else ""


class LinkDialog(QDialog):
    """A field for a link text. It says at once whether the text can be opened."""

    def __init__(self, text: str, parent: MainWindow) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.link")
        self.setWindowTitle(self.tr("Open from link text"))
        words = QLabel(self.tr("Paste a link text, which begins with “playground:”"))
        words.setObjectName("dialog.link.words")
        self.text = QPlainTextEdit()
        self.text.setObjectName("dialog.link.text")
        self.text.setAccessibleName(self.tr("Link text"))
        self.text.setTabChangesFocus(True)
        words.setBuddy(self.text)
        self.problem = QLabel()
        self.problem.setObjectName("dialog.link.problem")
        self.problem.setAccessibleName(self.tr("What is wrong with it"))
        self.problem.setProperty("class", "error")
        self.problem.setWordWrap(True)
        button = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(button.Open | button.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.SPACING)
        column.addWidget(words)
        column.addWidget(self.text, 1)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)
        self.resize(_SIZE)
        self.text.textChanged.connect(self._check)
        self.text.setPlainText(text)
        self._check()

    def _check(self) -> None:
        text, problem = self.text.toPlainText(), ""
        if text.strip():
            try:
                from_text(text)
            except PlaygroundError as error:
                problem = sentence(error.sentence)
        self.problem.setText(problem)
        self.buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(bool(text.strip()) and not problem)
