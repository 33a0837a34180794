from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from engine.document.project import Project, load, save
from engine.document.serialization import document_from_json, document_to_json
from engine.export.states import snapshot_of
from playground import files
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


def test_long_training_is_not_given_up_without_a_question(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def cancel() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        box.button(QMessageBox.StandardButton.Cancel).click()

    def train() -> None:
        window.session.play()
        reached = epoch(window)
        qtbot.waitUntil(lambda: epoch(window) > reached, timeout=PATIENCE)
        window.session.pause()
        weights(window, qtbot)

    train()
    assert window.files.may_go_on()  # a moment of it is not worth a question
    monkeypatch.setattr(files, "LONG", 0.0)
    QTimer.singleShot(0, cancel)
    assert not window.files.may_go_on()
    assert asked.pop() == "Save the training of “circle”? No file holds 0 min of it."
    assert not window.isWindowModified()  # the star is about edits
    window.files.set_place(tmp_path / "mine.nnp", "mine")
    assert window.files.save() and window.files.may_go_on()
    train()
    window.controller.move([("dense_1", 400.0, 80.0)], True)
    QTimer.singleShot(0, cancel)
    assert not window.files.may_go_on()
    assert asked.pop() == "Save the changes to “mine” and its training? No file holds 0 min of it."
    window.session.reset()
    window.controller.undo()
    assert window.files.may_go_on() and not asked


def test_only_training_since_it_began_or_was_kept_counts(window: MainWindow, qtbot: QtBot) -> None:
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) > 5, timeout=PATIENCE)
    window.session.pause()
    spent = window.session.trained_seconds
    assert spent > 0.0 and window.session.trained_seconds == spent
    window.controller.reroll()
    assert window.session.trained_seconds == 0.0


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
    save(path, Project(load_example("xor").document))
    window.files.copy_weights(path)
    assert "other.nnp holds no weights" in window.messages.messages()[0].text


def test_what_was_done_a_moment_ago_is_in_the_file(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    """Saved before the training process had any time to answer."""
    path = tmp_path / "now.nnp"
    window.files.set_place(path, "now")
    for number in range(1, 4):
        window.actions_by_id["train.step_batch"].trigger()
        assert window.files.save()
        assert load(path).progress["step"] == number
    name = next(iter(window.controller.plan.parameters))
    window.session.set_parameter(name, (0, 0), 0.625)
    assert window.files.save()
    saved = snapshot_of(load(path))
    assert saved is not None and saved.weights[name][0, 0] == 0.625


def test_a_file_with_a_layer_of_tomorrow_is_shown_and_saved_as_it_came(window: MainWindow, tmp_path: Path) -> None:
    data = document_to_json(load_example("skip").document)
    tomorrow = {"type": "CrossAttention", "heads": 8, "inner": {"type": "rope", "base": 1e4}}
    card = data["networks"][0]["nodes"][4]
    card["layer"] = tomorrow
    path = tmp_path / "tomorrow.nnp"
    save(path, Project(document_from_json(data)))
    window.files.open_path(path)
    window.controller.select([card["id"]])
    QApplication.processEvents()
    assert "does not know the layer CrossAttention" in window.actions_by_id["train.play"].toolTip()
    window.controller.move([(card["id"], 1.0, 2.0)], finished=True)
    assert window.files.save()
    found = document_to_json(load(path).document)
    assert found["networks"][0]["nodes"][4]["layer"] == tomorrow
    assert found["networks"][0]["edges"] == data["networks"][0]["edges"]
    window.controller.mend()
    assert card["id"] not in window.controller.plan.nodes
    window.controller.undo()
    assert document_to_json(window.controller.document) == found


def test_a_file_named_at_the_start_is_opened(qapp: QApplication, tmp_path: Path) -> None:
    path = tmp_path / "named.nnp"
    save(path, Project(load_example("xor").document))
    made = create_window(path, theme="dark")
    assert made.files.path() == path and made.controller.document == load_example("xor").document
    assert made.windowTitle() == "named[*] — Neural Playground" and not made.isWindowModified()
    made.close_without_asking()
    made.deleteLater()


def test_the_title_has_a_star_while_there_are_unsaved_changes(window: MainWindow, tmp_path: Path) -> None:
    window.files.set_place(tmp_path / "star.nnp", "star")
    assert not window.isWindowModified()
    window.controller.reroll()
    assert window.isWindowModified()
    window.controller.undo()
    assert not window.isWindowModified()
    window.controller.reroll()
    assert window.files.save() and not window.isWindowModified()
    window.controller.undo()
    assert window.isWindowModified()


def test_recent_files_are_offered_and_opened(qapp: QApplication, tmp_path: Path) -> None:
    settings = Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    made = create_window("circle", settings=settings, theme="dark")
    for name in ("one", "two", "gone"):
        save(tmp_path / f"{name}.nnp", Project(load_example("xor").document))
        made.files.open_path(tmp_path / f"{name}.nnp")
    (tmp_path / "gone.nnp").unlink()
    menu = made.findChild(QMenu, "menu.file.open_recent")
    assert menu is not None
    made.menus["File"].aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["two.nnp", "one.nnp"]
    menu.actions()[1].trigger()
    assert made.files.path() == tmp_path / "one.nnp"
    made.menus["File"].aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["one.nnp", "two.nnp"]
    made.close_without_asking()
    made.deleteLater()


def test_a_place_that_cannot_be_written_is_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    """As a folder that only others may write to, and a disk that is full, which the tests of project files stage."""
    (tmp_path / "file").write_text("no folder")
    window.files.set_place(tmp_path / "file" / "mine.nnp", "mine")
    window.controller.reroll()
    window.messages.clear()
    assert not window.files.save()
    [message] = window.messages.messages()
    assert "cannot be saved" in message.text and "\n" not in message.text
    assert window.isWindowModified()
    window.reset_layout()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a device that is always full")
def test_a_full_disk_is_one_sentence_and_the_old_file_stays(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.nnp"
    window.files.set_place(path, "mine")
    assert window.files.save()
    before = path.read_bytes()
    window.controller.reroll()
    window.messages.clear()

    def full(descriptor: int) -> None:
        with open("/dev/full", "wb", buffering=0) as device:
            device.write(b"x")

    monkeypatch.setattr("os.fsync", full)
    assert not window.files.save()
    assert "No space left" in window.messages.messages()[0].text
    assert path.read_bytes() == before and window.isWindowModified()
    assert [entry.name for entry in tmp_path.glob("*mine*")] == ["mine.nnp"]
    window.reset_layout()


def test_a_project_that_cannot_train_shows_no_numbers_of_the_one_before(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    document = window.controller.document
    window.controller.open(document.disconnect(document.networks[0].edges[0]))
    assert window.session.status is None and not window.controller.plan.ready
    window.session.settle()  # the last frames of the run before arrive
    assert window.session.status is None
