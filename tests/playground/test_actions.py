from __future__ import annotations

from collections import Counter
from operator import attrgetter

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QTableWidget
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from engine.document.examples import examples
from engine.document.graph import Edge
from playground.actions import table
from playground.palette import Palette
from playground.window import MainWindow
from widgets import icons, theme

DESIGNED = {
    *("file.new", "file.open", "file.save", "file.save_as", "edit.undo", "edit.redo", "edit.delete", "edit.duplicate"),
    *("edit.select_all", "network.add_layer", "network.delete_link", "view.fit", "view.theme", "view.reset_layout"),
    *("train.play", "train.pause", "train.step_sample", "train.step_batch", "train.step_epoch", "train.reset"),
    *("train.reroll", "tools.palette", "help.about", "help.shortcuts"),
}


def test_every_id_is_there_once() -> None:
    counts = Counter(row.id for row in table())
    assert set(counts) >= DESIGNED
    assert counts.most_common(1)[0][1] == 1


def test_the_table_grows_with_catalogue_and_gallery() -> None:
    ids = {row.id for row in table()}
    assert {f"network.add_layer.{name}" for name in entries("layers")} <= ids
    assert {f"file.open_example.{name}" for name in examples()} <= ids


def test_a_key_does_one_thing() -> None:
    keys = Counter(QKeySequence(key).toString() for row in table() for key in row.shortcuts)
    assert "" not in keys
    # Space plays or pauses: one of the two is always impossible.
    assert {key for key, count in keys.items() if count > 1} == {"Space"}


@pytest.mark.parametrize("row", table(), ids=lambda row: row.id)
def test_every_action_is_whole(row, shared_window: MainWindow) -> None:  # type: ignore[no-untyped-def]
    action = shared_window.actions_by_id[row.id]
    assert action.objectName() == row.id
    assert action.text() and action.toolTip()
    assert callable(attrgetter(row.handler)(shared_window))
    assert not row.icon or row.icon in icons.names()


def test_menus_come_in_the_usual_order(window: MainWindow) -> None:
    titles = [action.text() for action in window.menuBar().actions()]
    assert titles == ["File", "Edit", "View", "Network", "Train", "Tools", "Help"]


def test_what_is_impossible_says_why(window: MainWindow) -> None:
    actions = window.actions_by_id
    assert not actions["edit.undo"].isEnabled()
    assert actions["edit.undo"].toolTip() == "There is nothing to undo"
    assert not actions["network.delete_link"].isEnabled()
    window.controller.select([], Edge("dense_1", "dense_2"))
    assert actions["network.delete_link"].isEnabled()
    assert actions["network.delete_link"].toolTip() == "Cuts the selected link"
    actions["network.delete_link"].trigger()
    assert not actions["train.play"].isEnabled()
    assert actions["train.play"].toolTip() == "Nothing is connected to this card's input"
    assert actions["edit.undo"].isEnabled()


def test_choosing_a_theme_dresses_the_window(window: MainWindow) -> None:
    window.actions_by_id["view.theme.light"].trigger()
    assert theme.current().name == "light"
    assert window.actions_by_id["view.theme.light"].isChecked()
    window.actions_by_id["view.theme"].trigger()
    assert theme.current().name == "dark"
    assert window.actions_by_id["view.theme.dark"].isChecked()


def test_adding_a_layer_from_the_menu(window: MainWindow) -> None:
    window.actions_by_id["network.add_layer.Dropout"].trigger()
    assert Edge("dense_3", "dropout_1") in window.controller.document.networks[0].edges


def test_the_palette_finds_and_runs_an_action(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), Palette))
    palette = QApplication.activePopupWidget()
    assert isinstance(palette, Palette)
    qtbot.keyClicks(palette.search, "re-roll")
    shown = [row for row in range(palette.list.count()) if not palette.list.item(row).isHidden()]
    assert len(shown) == 1
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert window.controller.document.seed == 2


def test_the_palette_does_not_run_what_is_impossible(window: MainWindow, qtbot: QtBot) -> None:
    palette = Palette(window.palette_actions(), window)
    palette.open_over(window)
    qtbot.keyClicks(palette.search, "redo")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.close()


def test_the_list_of_keys_tells_those_of_canvas_and_outline_too(window: MainWindow) -> None:
    seen: dict[str, str] = {}

    def read() -> None:
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        grid = dialog.findChild(QTableWidget, "dialog.shortcuts.table")
        assert grid is not None
        for row in range(grid.rowCount()):
            keys = grid.item(row, 1)
            seen[grid.item(row, 0).text()] = keys.text() if keys is not None else ""
        dialog.close()

    QTimer.singleShot(0, read)
    window.actions_by_id["help.shortcuts"].trigger()
    assert seen["Save"] == "Ctrl+S"
    assert seen["Move the selected cards"].startswith("Ctrl+Left")
    assert seen["Link two cards"] == "drag from port to port"
    assert seen["Connect another card to this one"] == "Shift+C, Shift+L"
    assert seen["In the outline"] == ""
