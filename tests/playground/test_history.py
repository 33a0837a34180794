"""Edit > History: the list of edits, live, and a way to any of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from playground.history import EditList
from playground.window import MainWindow


@pytest.fixture
def edits(window: MainWindow) -> Iterator[EditList]:
    window.actions_by_id["edit.history"].trigger()
    yield window.views.history
    window.views.history.dialog.close()


def test_it_lists_every_edit_while_it_is_open(window: MainWindow, edits: EditList) -> None:
    assert edits.dialog.isVisible() and not edits.dialog.isModal()
    assert edits.view.labels() == ["The beginning"]
    window.controller.append_layer("Dense")
    window.controller.set_seed(7)
    assert edits.view.labels() == ["The beginning", "Add Dense", "Change seed"]
    window.controller.undo()
    assert edits.view.index() == 1 and len(edits.view.labels()) == 3
    node = window.controller.document.nodes[0].id
    for place in range(5):
        window.controller.move([(node, float(place), 0.0)], finished=place == 4)
    assert edits.view.labels() == ["The beginning", "Add Dense", "Move"]
    window.controller.open(load_example("xor").document)
    assert edits.view.labels() == ["The beginning"]


def test_a_click_goes_back_and_enter_forward(window: MainWindow, edits: EditList, qtbot: QtBot) -> None:
    documents = [window.controller.document]
    for seed in (7, 8, 9):
        window.controller.set_seed(seed)
        documents.append(window.controller.document)
    view = edits.view
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualItemRect(view.item(1)).center())
    assert window.controller.document == documents[1]
    assert view.index() == 1 and window.actions_by_id["edit.redo"].isEnabled()
    qtbot.keyClick(view, Qt.Key.Key_End)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.controller.document == documents[3]
    assert not window.actions_by_id["edit.redo"].isEnabled()
    qtbot.keyClick(view, Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.controller.document == documents[0] and not window.isWindowModified()


def test_it_costs_nothing_while_it_is_closed(window: MainWindow, edits: EditList, qtbot: QtBot) -> None:
    qtbot.keyClick(edits.dialog, Qt.Key.Key_Escape)
    assert not edits.dialog.isVisible()
    window.controller.set_seed(7)
    assert edits.view.labels() == ["The beginning"]
    window.actions_by_id["edit.history"].trigger()
    assert edits.view.labels() == ["The beginning", "Change seed"]
    assert QApplication.focusWidget() is edits.view or edits.dialog.focusWidget() is edits.view
