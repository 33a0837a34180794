from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from engine.document.graph import Edge
from playground.app import create_window
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch, step, weights


def output_picture(window: MainWindow) -> bytes:
    picture = window.output.map.grab().toImage()
    return bytes(picture.constBits())


def press_space(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Space)


def test_space_trains_and_the_boundary_bends(window: MainWindow, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    qtbot.waitUntil(lambda: window.output.map._pixels is not None, timeout=PATIENCE)
    before = output_picture(window)
    assert window.session.status is not None
    loss = window.session.status.evaluation.test_loss
    press_space(window, qtbot)
    assert window.session.running
    assert window.transport.play.text() == "Pause"
    qtbot.waitUntil(lambda: epoch(window) >= 80, timeout=PATIENCE)
    press_space(window, qtbot)
    assert not window.session.running
    qtbot.waitUntil(lambda: window.session.status is not None and not window.session.status.running, timeout=PATIENCE)
    assert window.session.status.evaluation.test_loss < 0.6 * loss
    assert output_picture(window) != before
    stands_at = step(window)
    qtbot.wait(60)
    assert step(window) == stands_at


def test_space_plays_from_a_list_but_not_from_a_text_field(window: MainWindow, qtbot: QtBot) -> None:
    window.find_layer()
    search = QApplication.focusWidget()
    assert isinstance(search, QLineEdit)
    press_space(window, qtbot)
    assert not window.session.running
    search.clear()
    window.library.list.setFocus()
    press_space(window, qtbot)
    assert window.session.running


def test_a_button_reached_with_the_keyboard_keeps_its_space_bar(window: MainWindow, qtbot: QtBot) -> None:
    chip = window.output.discrete_chip
    window.output.test_chip.setFocus()
    qtbot.keyClick(window.output.test_chip, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is chip
    press_space(window, qtbot)
    assert chip.isChecked()
    assert not window.session.running
    chip.setChecked(False)


def test_single_steps(window: MainWindow, qtbot: QtBot) -> None:
    window.canvas.setFocus()
    start = weights(window, qtbot)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: step(window) == 1, timeout=PATIENCE)
    assert not np.array_equal(weights(window, qtbot).weights["dense_1.weight"], start.weights["dense_1.weight"])
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    assert step(window) == 25  # 250 training points in batches of 10


def test_reset_returns_the_same_weights_and_reroll_others(window: MainWindow, qtbot: QtBot) -> None:
    start = weights(window, qtbot)
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    qtbot.mouseClick(window.transport.reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: step(window) == 0, timeout=PATIENCE)
    again = weights(window, qtbot)
    for name, array in start.weights.items():
        np.testing.assert_array_equal(array, again.weights[name])
    qtbot.mouseClick(window.transport.reroll, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: step(window) == 0, timeout=PATIENCE)
    others = weights(window, qtbot)
    assert not np.array_equal(start.weights["dense_1.weight"], others.weights["dense_1.weight"])
    assert window.transport.seed.number() == 2


def test_the_rate_changes_while_it_trains(window: MainWindow, qtbot: QtBot) -> None:
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) >= 3, timeout=PATIENCE)
    window.controller.set_training_field("optimizer", ("learning_rate",), 0.1, True)
    qtbot.waitUntil(
        lambda: window.session.status is not None and window.session.status.learning_rate == pytest.approx(0.1),
        timeout=PATIENCE,
    )
    assert epoch(window) >= 3
    assert window.session.running


def test_a_card_appended_from_the_library_begins_a_new_run(window: MainWindow, qtbot: QtBot) -> None:
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) >= 3, timeout=PATIENCE)
    window.controller.insert_layer("Dense", Edge("dense_1", "dense_2"))
    qtbot.waitUntil(lambda: step(window) >= 0 and "dense_4" in window.canvas.board.cards, timeout=PATIENCE)
    assert window.session.running
    assert "began again" in window.status.currentMessage()


def test_the_inspector_of_a_new_card_lets_the_run_go_first(window: MainWindow, qtbot: QtBot) -> None:
    """Its form takes longer to draw than a run to begin again; what is removed or merely chosen does not wait."""
    window.controller.select(["dense_1"])
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) >= 3, timeout=PATIENCE)
    window.controller.insert_layer("Dense", Edge("dense_1", "dense_2"))
    assert window.inspector.selection() == {"dense_1"}
    qtbot.waitUntil(lambda: window.inspector.selection() == {"dense_4"}, timeout=PATIENCE)
    assert window.panels["dock.inspector"].note() == "dense_4"
    window.controller.select(["dense_2"])
    assert window.inspector.selection() == {"dense_2"}
    window.controller.delete_selection()
    assert window.inspector.selection() == window.controller.selection


def test_a_broken_network_says_why_and_a_click_mends_it(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.select([], Edge("dense_1", "dense_2"))
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Delete)
    assert not window.controller.plan.ready
    assert not window.transport.play.isEnabled()
    assert window.transport.play.toolTip() == "Nothing is connected to this card's input"
    press_space(window, qtbot)
    assert not window.session.running
    assert window.status.currentMessage() == "Nothing is connected to this card's input"
    window.controller.select(["dense_2"])
    remedy = next(
        button for button in window.inspector.findChildren(QPushButton) if button.text() == "Connect dense_1 to dense_2"
    )
    qtbot.mouseClick(remedy, Qt.MouseButton.LeftButton)
    assert window.controller.plan.ready
    assert window.transport.play.isEnabled()


def test_undo_and_redo_with_the_keys(window: MainWindow, qtbot: QtBot) -> None:
    start = window.controller.document
    window.canvas.setFocus()
    window.controller.select(["dense_2"])
    qtbot.keyClick(window.canvas, Qt.Key.Key_Delete)
    changed = window.controller.document
    assert "dense_2" not in window.canvas.board.cards
    assert window.isWindowModified()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.controller.document == start
    assert "dense_2" in window.canvas.board.cards
    assert not window.isWindowModified()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert window.controller.document == changed


def test_data_and_columns_are_switched_in_the_panel(window: MainWindow, qtbot: QtBot) -> None:
    window.data.chip("x1_squared").click()
    assert window.controller.document.node("input_1").layer.columns == ("x1", "x2", "x1_squared")  # type: ignore[attr-defined]
    window.data.dataset_chosen.emit("xor")
    assert window.controller.document.data.dataset.name == "xor"
    assert window.panels["dock.data"].note() == window.data.note() != ""


def test_other_data_gets_an_output_that_fits_it(window: MainWindow, qtbot: QtBot) -> None:
    start = window.controller.document
    for name in ("blobs", "plane", "rings", "circle"):
        window.data.dataset_chosen.emit(name)
        assert window.controller.document.data.dataset.name == name
        assert window.controller.plan.ready, name
    for _ in range(4):
        window.controller.undo()
    assert window.controller.document == start


def test_a_network_with_a_mistake_is_left_alone_when_other_data_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    output = window.controller.plan.output
    assert output is not None
    window.controller.apply("units", lambda document: document.set_field(output, "units", 3))
    window.data.dataset_chosen.emit("blobs")
    assert window.controller.document.node(output).layer.units == 3  # type: ignore[attr-defined]
    assert not window.controller.plan.ready


def test_drawn_points_are_one_undo_a_stroke(window: MainWindow, qtbot: QtBot) -> None:
    window.data.dataset_chosen.emit("drawn")
    for x in (0.0, 1.0, 2.0):
        window.output.points_drawn.emit([(x, 0.5)], 1)
    window.output.stroke_finished.emit()
    window.output.points_drawn.emit([(-2.0, 0.5)], 0)
    window.output.stroke_finished.emit()
    assert len(window.controller.document.data.dataset.points) == 4  # type: ignore[attr-defined]
    window.controller.undo()
    assert len(window.controller.document.data.dataset.points) == 3  # type: ignore[attr-defined]
    window.controller.undo()
    assert window.controller.document.data.dataset.points == ()  # type: ignore[attr-defined]


def test_a_stroke_with_the_mouse_draws_along_the_way(window: MainWindow, qtbot: QtBot) -> None:
    window.data.dataset_chosen.emit("drawn")
    qtbot.mouseClick(window.data.tools.swatch(1), Qt.MouseButton.LeftButton)
    area = window.output.map
    start, end = area.to_pixels(-3.0, 0.0).toPoint(), area.to_pixels(3.0, 0.0).toPoint()
    qtbot.mousePress(area, Qt.MouseButton.LeftButton, pos=start)
    for place in (QPoint((start.x() + end.x()) // 2, start.y()), end):
        QTest.mouseMove(area, place)
    qtbot.mouseRelease(area, Qt.MouseButton.LeftButton, pos=end)
    points = window.controller.document.data.dataset.points  # type: ignore[attr-defined]
    assert len(points) > 10
    assert {number for _, _, number in points} == {1}
    window.controller.undo()
    assert window.controller.document.data.dataset.points == ()  # type: ignore[attr-defined]


def test_the_menu_of_the_canvas_offers_the_actions(window: MainWindow) -> None:
    window.canvas.context_menu_requested.emit(QPoint(400, 300))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert window.actions_by_id["edit.delete"] in menu.actions()
    menu.close()


def test_a_neuron_under_the_pointer_is_shown_large(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.output.map._pixels is not None, timeout=PATIENCE)
    whole = window.output.map._pixels
    window.canvas.neuron_hovered.emit("dense_1", 2)
    assert window.output.map._title == "dense_1 · unit 3"
    qtbot.waitUntil(lambda: not np.array_equal(window.output.map._pixels, whole), timeout=PATIENCE)
    window.canvas.neuron_left.emit()
    qtbot.waitUntil(lambda: np.array_equal(window.output.map._pixels, whole), timeout=PATIENCE)
    assert window.output.map._title == ""


def test_a_weight_set_by_hand(window: MainWindow, qtbot: QtBot) -> None:
    window.canvas.parameter_edited.emit("dense_1.weight", (0, 1), 1.5)
    qtbot.waitUntil(
        lambda: (
            (newest := window.session.snapshot()) is not None
            and newest.weights["dense_1.weight"][0, 1] == np.float32(1.5)
        ),
        timeout=PATIENCE,
    )


def test_a_loss_that_is_not_finite_is_explained(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.open(load_example("plane").document)
    window.controller.set_training_field("optimizer", ("learning_rate",), 9.0, True)
    window.session.play()
    qtbot.waitUntil(lambda: window.notice.isVisible(), timeout=PATIENCE)
    assert not window.session.running
    assert window.notice.text().startswith("The loss stopped being a finite number")
    qtbot.mouseClick(window.notice.buttons()[0], Qt.MouseButton.LeftButton)
    assert window.controller.document.training.optimizer.learning_rate == pytest.approx(2.7)
    assert window.session.running
    assert not window.notice.isVisible()


def test_a_killed_process_is_replaced_and_the_window_stays(qapp: QApplication, qtbot: QtBot) -> None:
    window = create_window("circle", theme="dark")
    window.show()
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) >= 3, timeout=PATIENCE)
    ready = window.session.ready
    assert ready is not None
    os.kill(ready.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: window.session.ready is not None and window.session.ready is not ready, timeout=PATIENCE)
    assert window.isVisible()
    assert window.session.ready is not None and window.session.ready.process_id != ready.process_id
    reached = step(window)
    qtbot.waitUntil(lambda: step(window) > reached, timeout=PATIENCE)
    assert any("again" in message.text for message in window.messages.messages())
    window.close()
    window.deleteLater()
