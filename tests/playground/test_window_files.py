from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from engine.document.project import load
from playground.app import create_window
from playground.settings import Settings
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch, weights


def test_a_project_is_saved_with_its_weights_and_opened_where_it_stood(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    saved = weights(window, qtbot)
    window.controller.set_seed(1)
    path = tmp_path / "mine.nnp"
    window.files.set_place(path, "mine")
    assert window.files.save()
    assert window.windowTitle() == "mine[*] — Neural Playground"
    assert load(path).progress == {"epoch": 1, "step": 25, "position": 0}
    window.controller.open(load_example("xor").document)
    window.files.open_path(path)
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    again = weights(window, qtbot)
    for name, array in saved.weights.items():
        np.testing.assert_array_equal(array, again.weights[name])


def test_running_averages_are_saved_and_come_back(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    document = window.controller.document
    window.controller.open(document.insert_before("dense_2", "BatchNorm"))
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    saved = weights(window, qtbot)
    assert saved.weights["batchnorm_1.running_mean"].any()
    path = tmp_path / "norm.nnp"
    window.files.set_place(path, "norm")
    assert window.files.save()
    window.controller.open(document)
    window.files.open_path(path)
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    again = weights(window, qtbot)
    assert set(again.weights) == set(saved.weights)
    for name, array in saved.weights.items():
        np.testing.assert_array_equal(array, again.weights[name])


def test_a_damaged_file_is_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "broken.nnp"
    path.write_bytes(b"PK not a zip")
    before = window.controller.document
    window.files.open_path(path)
    assert window.controller.document is before
    assert "broken.nnp" in window.messages.messages()[0].text
    assert window.panels["dock.messages"].isVisible()
    window.reset_layout()


def test_a_file_dropped_on_the_window_is_opened(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "dropped.nnp"
    window.files.set_place(path, "dropped")
    assert window.files.save()
    window.controller.open(load_example("xor").document)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), action, data, button, key)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), action, data, button, key))
    assert window.controller.document.data.dataset.name == "circle"
    assert window.files.path() == path


def test_unsaved_changes_are_asked_about(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.reroll()

    def answer(role: QMessageBox.StandardButton) -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.button(role).click()

    QTimer.singleShot(0, lambda: answer(QMessageBox.StandardButton.Cancel))
    assert not window.close()
    assert window.isVisible()
    QTimer.singleShot(0, lambda: answer(QMessageBox.StandardButton.Discard))
    window.actions_by_id["file.new"].trigger()
    assert window.controller.document.nodes == ()
    assert not window.actions_by_id["train.play"].isEnabled()


def test_panels_can_be_closed_and_come_back(window: MainWindow) -> None:
    window.panels["dock.curves"].close()
    assert window.panels["dock.curves"].isHidden()
    window.reset_layout()
    assert window.panels["dock.curves"].isVisible()
    assert window.panels["dock.messages"].isHidden()


def test_only_what_can_be_seen_is_asked_for(window: MainWindow) -> None:
    names = [type(probe).__name__ for probe in window.views.live._probes()]
    assert names == ["Decision", "NeuronMaps", "Parameters", "Curves"]
    window.panels["dock.output"].close()
    window.panels["dock.curves"].close()
    names = [type(probe).__name__ for probe in window.views.live._probes()]
    assert names == ["NeuronMaps", "Parameters"]
    window.reset_layout()


def test_the_layout_is_found_again_at_the_next_start(qapp: QApplication, tmp_path: Path) -> None:
    def settings() -> Settings:
        return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))

    first = create_window("xor", settings=settings(), theme="dark")
    first.show()
    first.panels["dock.curves"].close()
    first.close()
    first.deleteLater()
    second = create_window("xor", settings=settings(), theme="dark")
    second.show()
    assert second.panels["dock.curves"].isHidden()
    assert second.panels["dock.output"].isVisible()
    second.close()
    second.deleteLater()


def test_a_run_starts_from_the_weights_of_another(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    reached = weights(window, qtbot).weights
    path = tmp_path / "taught.nnp"
    window.files.set_place(path, "taught")
    assert window.files.save()
    window.controller.set_seed(7)
    document = window.controller.document
    window.files.copy_weights(path)
    qtbot.waitUntil(lambda: epoch(window) == 0, timeout=PATIENCE)
    start = weights(window, qtbot).weights
    assert start.keys() == reached.keys()
    for name, array in reached.items():
        np.testing.assert_array_equal(array, start[name])
    window.files.copy_weights(path, initial=True)
    assert window.controller.document.seed == 7
    first = window.controller.document.nodes[1].layer.weight_initializer
    assert first.name == "from_run" and first != document.nodes[1].layer.weight_initializer
    window.controller.undo()
    window.controller.undo()
    assert window.controller.document == document


def test_weights_that_fit_nowhere_are_refused_in_words(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "other.nnp"
    window.files.set_place(path, "other")
    window.controller.open(load_example("xor").document)
    assert window.files.save()
    window.files.copy_weights(path)
    assert "other.nnp holds no weights" in window.messages.messages()[0].text
