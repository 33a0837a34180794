"""A project as text: copied, pasted into the window, or into the field that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from engine.document.link_text import to_text
from playground.links import LinkDialog
from playground.window import MainWindow

XOR = load_example("xor").document


@pytest.fixture(autouse=True)
def clipboard() -> Iterator[None]:
    QGuiApplication.clipboard().clear()
    yield
    QGuiApplication.clipboard().clear()


def in_dialog(act: Callable[[LinkDialog], None]) -> None:
    """Do something in the dialog that opens next."""

    def found() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, LinkDialog)
        act(dialog)

    QTimer.singleShot(0, found)


def test_what_is_copied_here_is_opened_there(window: MainWindow, qtbot: QtBot) -> None:
    document = window.controller.document
    window.actions_by_id["file.copy_link"].trigger()
    text = QGuiApplication.clipboard().text()
    assert text == to_text(document)
    window.controller.open(XOR)

    def accept(dialog: LinkDialog) -> None:
        assert dialog.text.toPlainText() == text, "what the clipboard holds is proposed"
        button = dialog.buttons.button(QDialogButtonBox.StandardButton.Open)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    in_dialog(accept)
    window.actions_by_id["file.open_link"].trigger()
    assert window.controller.document == document
    assert window.files.path() is None and window.isWindowModified()


def test_the_field_says_at_once_what_is_wrong(window: MainWindow, qtbot: QtBot) -> None:
    before = window.controller.document
    QGuiApplication.clipboard().setText("something else")

    def type_in(dialog: LinkDialog) -> None:
        button = dialog.buttons.button(QDialogButtonBox.StandardButton.Open)
        assert dialog.text.toPlainText() == "" and not button.isEnabled() and not dialog.problem.text()
        qtbot.keyClicks(dialog.text, "hello")
        assert "no link text" in dialog.problem.text() and not button.isEnabled()
        dialog.text.setPlainText(to_text(XOR)[:-4])
        assert "damaged" in dialog.problem.text() and not button.isEnabled()
        dialog.text.setPlainText(to_text(XOR))
        assert not dialog.problem.text() and button.isEnabled()
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)

    in_dialog(type_in)
    window.actions_by_id["file.open_link"].trigger()
    assert window.controller.document == before


def test_pasting_opens_it_after_the_question(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText(f"  {to_text(XOR)}\n")
    window.controller.reroll()
    before = window.controller.document

    def answer(role: QMessageBox.StandardButton) -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.button(role).click()

    QTimer.singleShot(0, lambda: answer(QMessageBox.StandardButton.Cancel))
    window.actions_by_id["edit.paste"].trigger()
    assert window.controller.document == before
    QTimer.singleShot(0, lambda: answer(QMessageBox.StandardButton.Discard))
    window.actions_by_id["edit.paste"].trigger()
    assert window.controller.document == XOR


def test_a_damaged_text_is_one_sentence(window: MainWindow) -> None:
    before = window.controller.document
    window.messages.clear()
    assert window.files.read_pasted("playground:1:nonsense")
    assert window.controller.document is before
    assert "damaged" in window.messages.messages()[0].text
    assert not window.files.read_pasted("cards")
    window.reset_layout()
