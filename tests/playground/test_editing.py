"""Clipboard, templates, blocks of one's own, order, names and notes in the whole window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu
from pytestqt.qtbot import QtBot

from engine.document.graph import Document
from engine.document.templates import templates
from playground.files import empty_document
from playground.user_blocks import UserBlocks
from playground.window import MainWindow
from tests.windows import PATIENCE, step, weights
from widgets.canvas.search import LayerSearch, Spot
from widgets.library import OWN
from widgets.templates import TemplateDialog

CTRL = Qt.KeyboardModifier.ControlModifier


def document(window: MainWindow) -> Document:
    return window.controller.document


def links(window: MainWindow) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in document(window).networks[0].edges}


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = CTRL) -> None:
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, key, modifiers)


@pytest.fixture
def own_blocks(window: MainWindow, tmp_path: object) -> UserBlocks:
    """A folder of this test's own; the window's was made before."""
    from pathlib import Path

    blocks = UserBlocks(Path(str(tmp_path)) / "blocks")
    window.editing.blocks = blocks
    return blocks


# --- the clipboard ---------------------------------------------------------------------------------------------------


def test_cards_are_copied_and_pasted_several_times(window: MainWindow) -> None:
    window.controller.select(["dense_1", "dense_2"])
    press(window, Qt.Key.Key_C)
    press(window, Qt.Key.Key_V)
    assert window.controller.selection == {"dense_4", "dense_5"}
    press(window, Qt.Key.Key_V)
    assert window.controller.selection == {"dense_6", "dense_7"}
    assert {("dense_4", "dense_5"), ("dense_6", "dense_7")} <= links(window)
    assert len({(node.x, node.y) for node in document(window).nodes}) == len(document(window).nodes)
    press(window, Qt.Key.Key_Z)
    press(window, Qt.Key.Key_Z)
    assert len(document(window).nodes) == 4


def test_cut_removes_and_paste_brings_back(window: MainWindow) -> None:
    layer = document(window).node("dense_2").layer
    window.controller.select(["dense_2"])
    press(window, Qt.Key.Key_X)
    assert "dense_2" not in window.canvas.board.cards
    press(window, Qt.Key.Key_V)
    assert document(window).node("dense_2").layer == layer


def test_text_that_is_no_card_changes_nothing_and_says_so(window: MainWindow) -> None:
    before = document(window)
    QGuiApplication.clipboard().setText("hello")
    press(window, Qt.Key.Key_V)
    assert document(window) == before
    assert "no cards" in window.status.currentMessage()


def test_another_reader_may_take_a_text(window: MainWindow) -> None:
    taken: list[str] = []
    others = list(window.editing.readers)
    window.editing.readers[:] = [lambda text: not taken.append(text)]
    try:
        QGuiApplication.clipboard().setText("a link")
        press(window, Qt.Key.Key_V)
    finally:
        window.editing.readers[:] = others
    assert taken == ["a link"]


# --- adding ----------------------------------------------------------------------------------------------------------


def test_slash_on_the_canvas_adds_a_linked_card_and_undo_takes_it_back(window: MainWindow) -> None:
    window.controller.select(["dense_1"])
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, "/")
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, LayerSearch)
    QTest.keyClicks(popup.search, "dropout")
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert window.controller.selection == {"dropout_1"} and ("dense_1", "dropout_1") in links(window)
    press(window, Qt.Key.Key_Z)
    assert "dropout_1" not in window.canvas.board.cards


def test_slash_elsewhere_searches_the_library(window: MainWindow) -> None:
    window.output.setFocus()
    window.editing.search()
    assert QApplication.focusWidget() is window.library.search


def test_what_a_backward_search_finds_feeds_the_port(window: MainWindow) -> None:
    window.controller.delete_selection()
    window.controller.apply("cut", lambda edited: edited.disconnect(edited.networks[0].inputs_of("dense_2")[0]))
    window.editing.add_at("Dense", Spot(10.0, 300.0, "dense_2", False, 0))
    assert ("dense_4", "dense_2") in links(window)


def test_a_second_link_is_concatenated(window: MainWindow) -> None:
    window.canvas.merge_requested.emit("input_1", "dense_3", 0, "Concatenate")
    assert {("dense_2", "concatenate_1"), ("input_1", "concatenate_1"), ("concatenate_1", "dense_3")} <= links(window)
    assert window.controller.plan.ready


# --- templates -------------------------------------------------------------------------------------------------------


def test_a_template_is_chosen_from_the_dialog_and_takes_an_empty_place(window: MainWindow) -> None:
    window.controller.open(empty_document())
    press(window, Qt.Key.Key_T)
    dialog = window.findChild(TemplateDialog)
    assert dialog is not None
    dialog.sizes.selectAll()
    QTest.keyClicks(dialog.sizes, "5, 3")
    QTest.mouseClick(dialog.insert, Qt.MouseButton.LeftButton)
    assert [getattr(node.layer, "units", None) for node in document(window).nodes] == [None, 5, 3, 1]
    assert window.controller.plan.ready
    assert window.controller.history.undo_label == "Insert Multilayer perceptron"


def test_a_template_trains_in_the_window(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.select([])
    window.actions_by_id["network.template.wide_and_deep"].trigger()
    assert window.controller.plan.ready
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: step(window) > 0, timeout=PATIENCE)


def test_a_part_goes_behind_the_selected_card(window: MainWindow) -> None:
    window.controller.select(["dense_1"])
    window.actions_by_id["network.template.residual_block"].trigger()
    assert ("dense_1", "add_1") in links(window) and ("activation_1", "dense_2") in links(window)
    assert window.controller.plan.ready
    xs = {node.id: node.x for node in document(window).nodes}
    assert all(xs[source] < xs[target] for source, target in links(window))


def test_what_does_not_suit_the_data_is_said_in_the_dialog(window: MainWindow) -> None:
    dialog = window.editing.open_templates()
    dialog.list.setCurrentRow(list(templates()).index("lenet_5"))
    assert not dialog.insert.isEnabled() and "images" in dialog.note.text()
    dialog.list.setCurrentRow(0)
    assert dialog.insert.isEnabled() and dialog.preview.cards() == 5
    dialog.sizes.selectAll()
    QTest.keyClicks(dialog.sizes, "8, many")
    assert not dialog.insert.isEnabled() and "'many'" in dialog.note.text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


# --- blocks of one's own ---------------------------------------------------------------------------------------------


def test_a_selection_is_kept_as_a_block_and_used_again(window: MainWindow, own_blocks: UserBlocks) -> None:
    window.controller.select(["dense_1", "dense_2"])
    window.actions_by_id["network.save_block"].trigger()
    dialog = window.findChild(QInputDialog, "dialog.block")
    assert dialog is not None
    dialog.setTextValue("two dense")
    dialog.accept()
    assert own_blocks.names() == ["two dense"] and OWN + "two dense" in window.library.names()
    window.library.layer_chosen.emit(OWN + "two dense")
    assert window.controller.selection == {"dense_4", "dense_5"}
    assert {("dense_3", "dense_4"), ("dense_4", "dense_5")} <= links(window)


def test_a_block_is_inserted_in_a_link_renamed_and_deleted(window: MainWindow, own_blocks: UserBlocks) -> None:
    window.controller.select(["dense_1", "dense_2"])
    window.editing._save_block("pair", window.controller.selection)
    (edge,) = document(window).networks[0].inputs_of("dense_3")
    window.canvas.layer_dropped_on_link.emit(OWN + "pair", edge)
    assert {("dense_2", "dense_4"), ("dense_5", "dense_3")} <= links(window)
    item = window.library.list.item_of(OWN + "pair")
    window.library.list.setCurrentItem(item)
    QTest.keyClick(window.library.list, Qt.Key.Key_F2)
    dialog = window.findChild(QInputDialog, "dialog.block")
    assert dialog is not None and dialog.textValue() == "pair"
    dialog.setTextValue("twins")
    dialog.accept()
    assert own_blocks.names() == ["twins"]
    window.library.list.setCurrentItem(window.library.list.item_of(OWN + "twins"))
    QTest.keyClick(window.library.list, Qt.Key.Key_Delete)
    assert own_blocks.names() == [] and not [name for name in window.library.names() if name.startswith(OWN)]


# --- order, names, notes ---------------------------------------------------------------------------------------------


def test_selected_cards_are_aligned_and_arranged(window: MainWindow) -> None:
    window.controller.move([("dense_1", 100.0, 300.0), ("dense_2", 90.0, -200.0)], True)
    window.controller.select(["dense_1", "dense_2"])
    window.actions_by_id["network.align.center"].trigger()
    assert document(window).node("dense_1").x == document(window).node("dense_2").x == 95.0
    press(window, Qt.Key.Key_L)
    xs = [document(window).node(each).x for each in ("input_1", "dense_1", "dense_2", "dense_3")]
    assert xs == sorted(xs) and len(set(xs)) == 4
    press(window, Qt.Key.Key_Z)
    assert document(window).node("dense_1").x == 95.0


def test_f2_renames_the_selected_card_and_its_weights(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.select(["dense_1"])
    press(window, Qt.Key.Key_F2, Qt.KeyboardModifier.NoModifier)
    QTest.keyClicks(window.canvas.in_place.name, "hidden")
    QTest.keyClick(window.canvas.in_place.name, Qt.Key.Key_Return)
    assert window.controller.selection == {"hidden"} and "hidden.weight" in window.controller.plan.parameters
    qtbot.waitUntil(lambda: step(window) == 0, timeout=PATIENCE)
    window.editing.rename_card("hidden", "dense_2")
    assert "choose a name" in window.status.currentMessage()


def test_a_new_name_costs_no_training(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: step(window) > 0, timeout=PATIENCE)
    reached, before = step(window), weights(window, qtbot)
    window.editing.rename_card("dense_1", "hidden")
    assert "Reset" in window.status.currentMessage()
    after = weights(window, qtbot)
    assert after.step == reached
    assert np.array_equal(after.weights["hidden.weight"], before.weights["dense_1.weight"])
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: step(window) > reached, timeout=PATIENCE)
    further = weights(window, qtbot)
    window.controller.undo()
    assert weights(window, qtbot).step == further.step
    assert np.array_equal(weights(window, qtbot).weights["dense_1.weight"], further.weights["hidden.weight"])


def test_a_card_is_renamed_while_it_is_trained(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_id["train.play"].trigger()
    qtbot.waitUntil(lambda: step(window) > 100, timeout=PATIENCE)
    reached = step(window)
    window.editing.rename_card("dense_1", "hidden")
    assert window.session.running
    qtbot.waitUntil(lambda: step(window) > reached + 100, timeout=PATIENCE)
    window.session.pause()
    assert "hidden.weight" in weights(window, qtbot).weights


def test_the_wheel_over_the_units_is_one_edit(window: MainWindow) -> None:
    for value, finished in ((5, False), (6, False), (6, True)):
        window.canvas.field_changed.emit("dense_1", ("units",), value, finished)
    assert document(window).node("dense_1").layer.units == 6  # type: ignore[attr-defined]
    press(window, Qt.Key.Key_Z)
    assert document(window).node("dense_1").layer.units == 4  # type: ignore[attr-defined]


def test_a_note_is_added_written_and_undone_and_training_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: step(window) > 0, timeout=PATIENCE)
    reached = step(window)
    window.actions_by_id["network.add_note"].trigger()
    editor = window.canvas.notes.editor
    assert editor.isVisible()
    QTest.keyClicks(editor, "watch this")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert [note.text for note in document(window).networks[0].notes] == ["watch this"]
    assert step(window) == reached
    press(window, Qt.Key.Key_Z)
    press(window, Qt.Key.Key_Z)
    assert document(window).networks[0].notes == ()


def test_the_menu_of_the_canvas_offers_what_there_is(window: MainWindow) -> None:
    window.editing.open_menu(QPoint(10, 10))
    menu = window.findChild(QMenu, "menu.canvas")
    assert menu is not None
    names = {action.objectName() for action in menu.actions()}
    assert {"edit.paste", "network.template", "network.save_block", "network.arrange"} <= names
    menu.close()


def test_a_field_of_several_selected_cards_is_one_edit(window: MainWindow) -> None:
    window.controller.select(["dense_1", "dense_2"])
    window.inspector.layer_form.offer(("units",), 5)
    nodes = [document(window).node(each).layer for each in ("dense_1", "dense_2")]
    assert [layer.units for layer in nodes] == [5, 5]  # type: ignore[attr-defined]
    press(window, Qt.Key.Key_Z)
    nodes = [document(window).node(each).layer for each in ("dense_1", "dense_2")]
    assert [layer.units for layer in nodes] == [4, 2]  # type: ignore[attr-defined]
