"""Models of other programs that are opened: in the window, and as projects of the commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from playground.__main__ import main
from playground.app import create_window
from playground.window import MainWindow
from tests.engine.importing.model_files import model_file
from tests.windows import PATIENCE, epoch, step, weights


def said(window: MainWindow, qtbot: QtBot, words: str) -> str:
    """The newest message, once it has these words in it."""
    qtbot.waitUntil(
        lambda: any(words in each.text for each in window.messages.messages()[:1]),
        timeout=PATIENCE,
    )
    return window.messages.messages()[0].text


def test_what_has_no_card_is_named_with_its_node(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    before = window.controller.document
    model_file(tmp_path / "odd.onnx", "Det")
    window.files.open_path(tmp_path / "odd.onnx")
    assert "Det" in said(window, qtbot, "between") and window.controller.document is before


def test_a_model_is_dropped_and_is_an_unsaved_project_with_its_weights(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "from elsewhere.onnx"
    values = model_file(path)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    button, modifier = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, button, modifier))
    qtbot.waitUntil(lambda: window.files.name() == "from elsewhere", timeout=PATIENCE)
    assert window.files.path() is None and window.controller.history.modified
    assert [node.layer.name for node in window.controller.document.nodes] == ["Input", "Dense", "Dense"]
    qtbot.waitUntil(lambda: step(window) == 0, timeout=PATIENCE)
    found = weights(window, qtbot).weights
    assert all(any(np.array_equal(array, each) for each in found.values()) for array in values)
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    assert any(not np.array_equal(weights(window, qtbot).weights[name], array) for name, array in found.items())
    window.actions_by_id["train.reset"].trigger()
    qtbot.waitUntil(lambda: step(window) == 0, timeout=PATIENCE)
    again = weights(window, qtbot).weights
    assert all(np.array_equal(again[name], array) for name, array in found.items())


def test_a_model_is_opened_from_the_command_line(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    values = model_file(path)
    made = create_window(path, theme="dark")
    try:
        made.show()
        qtbot.waitUntil(lambda: made.files.name() == "mine" and made.session.status is not None, timeout=PATIENCE)
        assert made.windowTitle().startswith("mine")
        found = weights(made, qtbot).weights.values()
        assert all(any(np.array_equal(array, each) for each in found) for array in values)
    finally:
        made.close_without_asking()
        made.deleteLater()


def test_a_model_is_a_project_of_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.onnx"
    model_file(path)
    samples = np.array([[1, -1], [0.5, 2]], np.float32)
    np.savez(tmp_path / "samples.npz", x=samples)
    assert main(["predict", str(path), str(tmp_path / "samples.npz"), "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    session = onnxruntime.InferenceSession(path)
    expected = session.run(None, {"x": samples})[0].ravel()
    signs = np.array([1 if answer["class"] == "1" else -1 for answer in answers])
    scores = np.array([answer["score"] for answer in answers])
    np.testing.assert_allclose(signs * scores, expected, atol=1e-5)
    assert main(["evaluate", str(path)]) == 0
    path.write_bytes(b"\xff" * 100)
    assert main(["evaluate", str(path)]) == 2
    assert "mine.onnx" in capsys.readouterr().err


def test_weights_wait_in_the_document_for_data_of_their_shape(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "wide.onnx"
    values = model_file(path, inputs=23)
    window.files.open_path(path)
    assert "No data set here has samples of shape (23,)" in said(window, qtbot, "No data set")
    held = window.controller.document.node("first").layer.weight_initializer  # type: ignore[attr-defined]
    np.testing.assert_array_equal(held.draw(np.random.default_rng(0), (4, 23), 23, 4), values[0])
