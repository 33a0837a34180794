"""The dialog "Export" in the whole window, with its training process, by clicking."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file

from engine.document.errors import Sentence
from engine.worker.messages import ExportProgress
from playground.exporting import Exporting
from playground.settings import Settings
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch, rest, weights
from widgets.export_dialog import ExportDialog

READ = 4 * PATIENCE
"""The training process may have to import PyTorch, and the reader starts a Python of its own."""


@pytest.fixture
def exporting(window: MainWindow, tmp_path: Path) -> Iterator[Exporting]:
    window.actions_by_id["file.export"].trigger()
    found = window.files.exporting
    assert found.dialog is not None
    found.dialog.set_stem(str(tmp_path / "circle"))
    yield found
    if found.dialog is not None:
        found.dialog.reject()


def dialog_of(exporting: Exporting) -> ExportDialog:
    assert exporting.dialog is not None
    return exporting.dialog


def click(qtbot: QtBot, button: QPushButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def look(qtbot: QtBot, dialog: ExportDialog, form: str) -> None:
    """Choose a form and wait until its files are shown."""
    dialog.choose_form(form)
    qtbot.waitUntil(lambda: dialog.files.text() != "" and not dialog.bar.isVisible(), timeout=READ)


def grabbed(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def written(qtbot: QtBot, dialog: ExportDialog) -> str:
    """Export, and what is said in the end."""
    click(qtbot, dialog.export)
    qtbot.waitUntil(lambda: dialog.open_folder.isVisible(), timeout=READ)
    return dialog.outcome.text()


def test_weights_are_taken_away_while_it_trains_and_are_proven(
    window: MainWindow, exporting: Exporting, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = dialog_of(exporting)
    look(qtbot, dialog, "safetensors")
    assert "dense_1.weight" in dialog.source.toPlainText()
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) >= 3, timeout=PATIENCE)
    said = written(qtbot, dialog)
    assert "same answers" in said and "256 samples" in said
    assert window.session.running, "the run goes on beside it"
    proof = json.loads((tmp_path / "circle.safetensors.proof.json").read_text("utf-8"))
    assert proof["passed"] and proof["largest_relative_difference"] <= 1e-5
    arrays = load_file(tmp_path / "circle.safetensors")
    assert arrays["dense_1.weight"].shape == (4, 2)
    rest(window, qtbot)


def test_code_is_shown_and_runs_elsewhere(
    window: MainWindow, exporting: Exporting, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = dialog_of(exporting)
    look(qtbot, dialog, "numpy")
    assert "def predict(" in dialog.source.toPlainText()
    assert "same answers" in written(qtbot, dialog)
    program = "import circle, numpy, sys; print(circle.predict(numpy.zeros((3, 2), 'float32')).shape)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout.strip(), done.stderr) == ("(3, 1)", "")


def test_a_file_that_is_there_is_replaced_only_when_the_user_says_so(
    window: MainWindow, exporting: Exporting, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = dialog_of(exporting)
    look(qtbot, dialog, "npz")
    place = tmp_path / "circle.npz"
    place.write_text("mine")

    def answer(name: QMessageBox.StandardButton) -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox) and "circle.npz" in box.text()
        click(qtbot, box.button(name))  # type: ignore[arg-type]

    QTimer.singleShot(0, lambda: answer(QMessageBox.StandardButton.No))
    click(qtbot, dialog.export)
    assert place.read_text() == "mine" and dialog.export.text() == "Export"
    QTimer.singleShot(0, lambda: answer(QMessageBox.StandardButton.Yes))
    assert "same answers" in written(qtbot, dialog)
    with np.load(place, allow_pickle=False) as content:
        assert content["dense_1.bias"].shape == (4,)


def test_a_folder_that_is_not_there_is_said(exporting: Exporting, qtbot: QtBot) -> None:
    dialog = dialog_of(exporting)
    look(qtbot, dialog, "npz")
    dialog.path.setText("/nowhere/at/all/circle.npz")
    click(qtbot, dialog.export)
    assert "/nowhere/at/all" in dialog.outcome.text()
    assert dialog.export.text() == "Export"


def test_an_export_is_given_up_by_escape(exporting: Exporting, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_of(exporting)
    look(qtbot, dialog, "safetensors")
    click(qtbot, dialog.export)
    assert dialog.export.text() == "Cancel"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible() and "nothing was written" in dialog.outcome.text()
    look(qtbot, dialog, "npz")  # the next piece of work is answered: the one before is over
    assert not list(tmp_path.iterdir())
    assert "same answers" in written(qtbot, dialog)


def test_a_failed_proof_is_said_in_red(exporting: Exporting, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = dialog_of(exporting)
    look(qtbot, dialog, "npz")
    assert "same answers" in written(qtbot, dialog)
    before = grabbed(dialog.sign)
    done = ExportProgress(0, "done", proof=Sentence("it differs"), passed=False, finished=True)
    exporting._session.exports.progressed.emit(done)
    assert dialog.outcome.text() == "it differs" and grabbed(dialog.sign) != before


def test_what_was_chosen_is_remembered(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    monkeypatch.setattr(window, "settings", Settings(store))
    action, exporting = window.actions_by_id["file.export"], window.files.exporting
    action.trigger()
    dialog = dialog_of(exporting)
    look(qtbot, dialog, "json_weights")
    dialog.set_stem(str(tmp_path / "circle"))
    dialog.reject()
    assert exporting.dialog is None
    action.trigger()
    again = dialog_of(exporting)
    assert (again.form_name(), Path(again.path.text()).parent) == ("json_weights", tmp_path)
    again.reject()


def test_the_run_that_is_exported_is_the_one_that_is_shown(
    window: MainWindow, exporting: Exporting, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = dialog_of(exporting)
    before = epoch(window)
    window.session.step("epoch")
    qtbot.waitUntil(lambda: epoch(window) == before + 1, timeout=PATIENCE)
    expected = weights(window, qtbot).weights["dense_1.weight"]
    look(qtbot, dialog, "safetensors")
    written(qtbot, dialog)
    assert np.array_equal(load_file(tmp_path / "circle.safetensors")["dense_1.weight"], expected)
