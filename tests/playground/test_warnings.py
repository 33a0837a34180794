"""Warnings in the real window: they stop nothing, and their button is an edit like any other."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entry
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch


def test_a_network_with_a_warning_trains_and_is_mended_by_the_button(window: MainWindow, qtbot: QtBot) -> None:
    controller, card = window.controller, window.canvas.board.cards["dense_1"]
    start = controller.document
    controller.set_layer_field("dense_1", ("activation",), entry("activations", "linear")(), True)
    assert [warning.kind for warning in card.warnings] == ["linear"]
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=PATIENCE)
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: epoch(window) >= 2, timeout=PATIENCE)
    before = controller.document
    controller.mend()  # which is for what keeps it from training
    assert controller.document == before
    controller.select(["dense_1"])
    qtbot.waitUntil(lambda: window.inspector.selection() == {"dense_1"}, timeout=PATIENCE)
    qtbot.mouseClick(window.inspector.problems.button(0, 0), Qt.MouseButton.LeftButton)
    assert controller.document == start
    assert card.warnings == () and window.session.running
    controller.undo()
    assert controller.document == before
    assert [warning.kind for warning in card.warnings] == ["linear"]


def test_a_batch_larger_than_the_data_is_said_beside_the_training(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.select([])
    window.controller.set_training_field("batch_size", (), 400, True)
    said = window.inspector.problems
    qtbot.waitUntil(lambda: len(said.sentences()) == 1, timeout=PATIENCE)
    assert "larger than the 250 training samples" in said.sentences()[0]
    assert window.controller.plan.ready
    qtbot.mouseClick(said.button(0, 0), Qt.MouseButton.LeftButton)
    assert window.controller.document.training.batch_size == 250
    qtbot.waitUntil(lambda: said.sentences() == [], timeout=PATIENCE)
