"""What the pictures of a window are fed with: asked for only while they can be seen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QSettings, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from playground.settings import Settings
from playground.window import MainWindow
from tests.windows import PATIENCE
from widgets.inspector import UNFOLDED


def asked(window: MainWindow) -> set[str]:
    return {type(probe).__name__ for probe in window.views.live._probes()}


def test_pre_activations_are_asked_for_while_their_picture_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    window.inspector.set_unfolded(UNFOLDED)
    assert "PreActivations" not in asked(window)
    window.controller.select(["dense_1"])
    assert "PreActivations" in asked(window)
    pane = window.inspector.layer_form.pane("activation")
    assert pane is not None

    def behind() -> bool:
        drawing = pane.picture.drawing()
        return drawing is not None and drawing.bars is not None

    qtbot.waitUntil(behind, timeout=PATIENCE)
    toggle: Any = window.inspector.layer_form.toggle("activation")
    window.inspector.ensureWidgetVisible(toggle)
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert "PreActivations" not in asked(window)
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert "PreActivations" in asked(window)
    window.panels["dock.inspector"].hide()
    assert "PreActivations" not in asked(window)
    window.panels["dock.inspector"].show()
    window.controller.select(["input_1"])
    assert "PreActivations" not in asked(window)


def test_metrics_are_asked_for_while_their_panel_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    assert window.panels["dock.metrics"].isHidden() and "Metrics" not in asked(window)
    window.actions_by_id["tools.metrics"].trigger()
    qtbot.waitUntil(window.metrics.isVisible)
    assert "Metrics" in asked(window)
    qtbot.waitUntil(lambda: window.metrics._stack.currentIndex() == 1, timeout=PATIENCE)
    window.panels["dock.metrics"].hide()
    assert "Metrics" not in asked(window)


def test_the_schedule_shows_where_the_run_stands(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.select([])
    window.inspector.set_unfolded({"training/schedule.picture"})
    pane = window.inspector.training_form.pane("schedule")
    assert pane is not None
    window.session.step("epoch")

    def here() -> list[float]:
        drawing = pane.picture.drawing()
        return [mark.x for mark in drawing.marks] if drawing is not None else []

    qtbot.waitUntil(lambda: here() == [1.0], timeout=PATIENCE)
    window.inspector.set_unfolded(UNFOLDED)


def test_an_activation_is_found_by_typing_and_taken(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.select(["dense_1"])
    combo: Any = window.inspector.layer_form.control("activation")
    qtbot.mouseClick(combo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: combo.chooser() is not None)
    QTest.keyClicks(combo.chooser().search, "mish")
    QTest.keyClick(combo.chooser().search, Qt.Key.Key_Return)
    assert window.controller.document.node("dense_1").layer.activation == entries("activations")["mish"]()
    window.controller.undo()
    assert window.controller.document.node("dense_1").layer.activation.name == "tanh"


def test_what_is_compared_can_be_used(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.select(["dense_1"])
    window.inspector.set_unfolded(UNFOLDED)
    pane = window.inspector.layer_form.pane("activation")
    assert pane is not None
    qtbot.waitUntil(pane.isVisible)
    pane.button.click()
    dialog: Any = window.findChild(QWidget, "compare")
    card = dialog.cards["relu"]
    qtbot.mouseClick(card.radio, Qt.MouseButton.LeftButton, pos=QPoint(8, card.radio.height() // 2))
    qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    assert window.controller.document.node("dense_1").layer.activation.name == "relu"


def test_what_is_open_and_the_size_of_the_comparison_are_remembered(tmp_path: Any) -> None:
    path = str(tmp_path / "settings.ini")
    settings = Settings(QSettings(path, QSettings.Format.IniFormat))
    assert settings.unfolded() is None and settings.compare_size() is None
    settings.set_unfolded({"layer/Learning", "training/optimizer.picture"})
    settings.set_compare_size(QSize(900, 600))
    again = Settings(QSettings(path, QSettings.Format.IniFormat))
    assert again.unfolded() == {"layer/Learning", "training/optimizer.picture"}
    assert again.compare_size() == QSize(900, 600)
    settings.set_unfolded(())
    assert Settings(QSettings(path, QSettings.Format.IniFormat)).unfolded() == frozenset()
