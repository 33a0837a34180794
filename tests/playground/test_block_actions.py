"""Cards grouped into a block, named, opened, changed and taken back, as a newcomer would."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.document.graph import Document
from playground.window import MainWindow
from tests.widgets.canvas.driving import pixel


def laid_out(document: Document) -> set[tuple[str, float, float]]:
    return {(node.id, node.x, node.y) for node in document.nodes}


def test_a_group_is_made_named_opened_changed_and_taken_back(window: MainWindow, qtbot: QtBot) -> None:
    controller, canvas = window.controller, window.canvas
    for _ in range(2):
        controller.append_layer("Dense")
    controller.move([("dense_2", 420.0, 96.0)], True)
    before = controller.document
    window.activateWindow()
    canvas.setFocus()
    canvas.select(frozenset(["dense_2", "dense_3"]), None)
    QTest.keyClick(canvas, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert controller.selection == {"block_1"}
    assert "F2 names the block" in window.messages.messages()[0].text
    QTest.keyClick(canvas, Qt.Key.Key_F2)
    QTest.keyClicks(canvas.in_place.name, "head")
    QTest.keyClick(canvas.in_place.name, Qt.Key.Key_Return)
    assert canvas.board.cards["head"].layout.title == "head"
    assert canvas.board.cards["head"].layout.subtitle.startswith("2 cards")
    window.fit()
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=pixel(canvas, "head"))
    assert laid_out(controller.document) == laid_out(before)
    assert controller.selection == {"dense_2", "dense_3"}
    controller.set_layer_field("dense_2", ("units",), 5, True)
    for label in ("Change units", "Take the block apart", "Rename", "Make a block"):
        assert controller.history.undo_label == label
        controller.undo()
    assert controller.document == before
