"""Weights and models that are brought in: real files, read by the real training process, taken with mouse and keys."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from engine.document.examples import load_example
from engine.document.project import save
from engine.export.states import project_of
from engine.importing.begin import begun, with_trainable
from engine.plan.resolve import resolve
from engine.training.trainer import Snapshot
from playground.app import create_window
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch, step, weights
from widgets.weights_import import WeightsImport

pytestmark = pytest.mark.usefixtures("small")
Arrays = Mapping[str, NDArray[Any]]
RNG = np.random.default_rng(3)


@pytest.fixture
def small(window: MainWindow, qtbot: QtBot) -> None:
    """A network of two layers: dense_1 with four units, dense_3 with one."""
    whole = window.controller.document.remove(["dense_2"]).connect("dense_1", "dense_3")
    window.controller.open(whole)
    qtbot.waitUntil(lambda: step(window) == 0, timeout=PATIENCE)


def arrays(window: MainWindow) -> dict[str, NDArray[np.float32]]:
    """Other values for all that the present network learns."""
    shapes = window.controller.plan.saved_shapes
    return {name: RNG.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def written(path: Path, values: Arrays) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **values)  # type: ignore[arg-type]
    else:
        save_file(dict(values), path)
    return path


def dialog(window: MainWindow, qtbot: QtBot, path: Path) -> WeightsImport:
    """What is shown of a file."""
    window.files.importing.open_path(path)
    qtbot.waitUntil(lambda: window.files.importing.dialog is not None, timeout=PATIENCE)
    found = window.files.importing.dialog
    assert found is not None
    qtbot.waitUntil(found.isVisible)
    return found


def text(shown: WeightsImport, row: int, column: int) -> str:
    item = shown.table.item(row, column)
    assert item is not None
    return item.text()


def note(shown: WeightsImport, row: int) -> str:
    return text(shown, row, 3)


def use(shown: WeightsImport, qtbot: QtBot) -> None:
    qtbot.mouseClick(shown.use, Qt.MouseButton.LeftButton)


def choose(combo: QComboBox, qtbot: QtBot, keys: list[Qt.Key]) -> None:
    combo.setFocus()
    for key in keys:
        qtbot.keyClick(combo, key)


def begins_with(window: MainWindow, qtbot: QtBot, wanted: Arrays) -> Snapshot:
    """Wait until the run stands at epoch 0 with these weights among its own."""

    def does() -> bool:
        found = window.session.snapshot()
        return (
            found is not None
            and found.step == step(window) == 0
            and all(np.array_equal(found.weights.get(name, np.empty(0)), each) for name, each in wanted.items())
        )

    qtbot.waitUntil(does, timeout=PATIENCE)
    found = window.session.snapshot()
    assert found is not None
    return found


def trained(window: MainWindow, qtbot: QtBot) -> Snapshot:
    before = epoch(window)
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == before + 1, timeout=PATIENCE)
    return weights(window, qtbot)


def same(found: Snapshot, wanted: Arrays) -> bool:
    return all(np.array_equal(found.weights[name], values) for name, values in wanted.items())


def said(window: MainWindow, qtbot: QtBot, words: str) -> None:
    qtbot.waitUntil(lambda: any(words in text for text in texts(window)), timeout=PATIENCE)


def texts(window: MainWindow) -> list[str]:
    return [message.text for message in window.messages.messages()]


def test_weights_are_matched_by_name_undone_and_returned_to(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    before = trained(window, qtbot)
    values = arrays(window)
    shown = dialog(window, qtbot, written(tmp_path / "mine.safetensors", values))
    assert [shown.table.place_combo(row).currentData() for row in range(4)] == sorted(values)
    assert shown.summary.text().startswith("4 of 4 arrays")
    use(shown, qtbot)
    begins_with(window, qtbot, values)
    after = trained(window, qtbot)
    assert not same(after, values)
    window.actions_by_id["train.reset"].trigger()
    begins_with(window, qtbot, values)
    window.actions_by_id["edit.undo"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    again = weights(window, qtbot)
    assert same(again, before.weights)
    window.actions_by_id["edit.redo"].trigger()
    begins_with(window, qtbot, values)


def test_arrays_of_other_names_are_matched_by_shape_corrected_and_left_out(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    values = {
        "a/kernel": RNG.normal(size=(2, 4)),  # of Keras: the axes are turned
        "a/bias": RNG.normal(size=4),
        "b/bias": RNG.normal(size=1),
        "c/kernel": RNG.normal(size=(9, 9)),
        "d/bias": np.full(4, np.inf),
    }
    shown = dialog(window, qtbot, written(tmp_path / "other.npz", values))
    assert [shown.table.place_combo(row).currentData() for row in range(5)] == [
        "dense_1.weight",
        "dense_1.bias",
        "dense_3.bias",
        "",
        "",
    ]
    assert note(shown, 0) == "Keras kernel, axes turned" and note(shown, 1) == "as it is"
    assert "nothing in this network has shape (9, 9)" in note(shown, 3)
    assert "not finite" in note(shown, 4)
    assert not shown.table.place_combo(3).isEnabled() and not shown.table.place_combo(4).isEnabled()
    assert "dense_3.weight begin" in shown.summary.text()
    choose(shown.table.place_combo(2), qtbot, [Qt.Key.Key_Up])
    assert note(shown, 2) == "left out" and shown.summary.text().startswith("2 of 5")
    use(shown, qtbot)
    wanted = {"dense_1.weight": values["a/kernel"].T.astype("f4"), "dense_1.bias": values["a/bias"].astype("f4")}
    before = window.controller.plan.nodes["dense_3"].layer
    found = begins_with(window, qtbot, wanted)
    assert window.controller.plan.nodes["dense_3"].layer == before
    assert found.weights["dense_3.bias"] == np.float32(0.1)  # as the example has it


def test_a_kernel_that_fits_both_ways_is_asked_about(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.controller.open(window.controller.document.set_field("dense_1", "units", 2))
    kernel = np.array([[1, 2], [3, 4]], np.float32)
    shown = dialog(window, qtbot, written(tmp_path / "square.npz", {"dense_1/kernel": kernel}))
    assert "1 fit both ways" in shown.summary.text()
    way = shown.table.way_combo(0)
    assert way.currentText() == "as it is"
    choose(way, qtbot, [Qt.Key.Key_Down])
    assert shown.table.way_combo(0) is way and way.currentText() == "Keras kernel, axes turned"
    use(shown, qtbot)
    begins_with(window, qtbot, {"dense_1.weight": kernel.T})


def test_lower_layers_of_another_project_are_frozen_and_learn_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    other = load_example("circle").document  # it has a layer more, so the last one has another shape
    values = {name: RNG.normal(size=shape).astype("f4") for name, shape in resolve(other).saved_shapes.items()}
    path = tmp_path / "other.nnp"
    save(path, project_of(other, Snapshot(weights=values)))
    shown = dialog(window, qtbot, path)
    rows = {text(shown, row, 0): row for row in range(shown.table.rowCount())}
    assert "dense_3.weight has shape (1, 4) in this network" in note(shown, rows["dense_3.weight"])
    assert "nothing in this network has shape (2, 4)" in note(shown, rows["dense_2.weight"])
    qtbot.mouseClick(shown.freeze, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert shown.freeze.isChecked()
    use(shown, qtbot)
    lower = {name: each for name, each in values.items() if name.startswith("dense_1.")}
    first = begins_with(window, qtbot, lower)
    frozen = {node.id: getattr(node.layer, "trainable", None) for node in window.controller.document.nodes}
    assert frozen == {"input_1": None, "dense_1": False, "dense_3": True}  # of the last one, the bias alone was given
    after = trained(window, qtbot)
    assert same(after, lower)
    assert not np.array_equal(after.weights["dense_3.weight"], first.weights["dense_3.weight"])
    window.controller.select(["dense_1"])
    window.actions_by_id["network.unfreeze"].trigger()
    free = trained(window, qtbot)
    assert free.epoch == 2 and not same(free, lower)
    window.actions_by_id["network.freeze"].trigger()
    kept = trained(window, qtbot)
    assert same(kept, {name: free.weights[name] for name in lower})


def test_freezing_what_learns_nothing_is_said(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.select(["input_1"])
    before = window.controller.document
    window.actions_by_id["network.freeze"].trigger()
    said(window, qtbot, "these cards learn nothing")
    assert window.controller.document is before


def test_averages_go_into_the_run_and_reset_returns_to_them(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.controller.open(window.controller.document.insert_before("dense_3", "BatchNorm"))
    values = arrays(window) | {"batchnorm_1.running_var": np.full(4, 2, np.float32)}
    shown = dialog(window, qtbot, written(tmp_path / "norm.safetensors", values))
    window.session.play()
    use(shown, qtbot)
    assert not window.session.running
    begins_with(window, qtbot, values)
    trained(window, qtbot)
    window.actions_by_id["train.reset"].trigger()
    begins_with(window, qtbot, values)
    window.actions_by_id["edit.undo"].trigger()
    window.actions_by_id["train.reset"].trigger()
    begins_with(window, qtbot, {"batchnorm_1.running_mean": np.zeros(4, np.float32)})


@pytest.mark.parametrize("name", ["bad.safetensors", "bad.npz", "bad.pt", "bad.nnp", "bad.onnx", "gone.npz"])
def test_a_bad_file_is_one_sentence_and_the_window_goes_on(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, name: str
) -> None:
    before, count = window.controller.document, len(texts(window))
    path = tmp_path / name
    if not name.startswith("gone"):
        path.write_bytes(b"\xff" * 8 + RNG.bytes(1000))
    if path.suffix == ".onnx":
        window.files.open_path(path)
    else:
        window.files.importing.open_path(path)
    qtbot.waitUntil(lambda: len(texts(window)) > count, timeout=PATIENCE)
    new = texts(window)[: len(texts(window)) - count]
    assert len(new) == 1 and name in new[0] and "\n" not in new[0]
    assert window.controller.document is before
    trained(window, qtbot)


@pytest.fixture
def own(qtbot: QtBot) -> Iterator[MainWindow]:
    """A window whose process may be ended."""
    made = create_window("circle", theme="dark")
    made.show()
    qtbot.waitUntil(lambda: made.session.status is not None, timeout=PATIENCE)
    yield made
    made.close_without_asking()
    made.deleteLater()


def test_an_engine_that_is_lost_while_it_reads_is_said(own: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = own
    path = written(tmp_path / "mine.safetensors", arrays(window))
    process = window.session._client.process_id
    os.kill(process, signal.SIGSTOP)
    window.files.importing.open_path(path)
    os.kill(process, signal.SIGKILL)
    said(window, qtbot, "The engine ended while it read mine.safetensors")
    qtbot.waitUntil(lambda: window.session.engine == "ready", timeout=PATIENCE)
    shown = dialog(window, qtbot, path)
    qtbot.keyClick(shown, Qt.Key.Key_Escape)
    assert window.files.importing.dialog is None


def test_reading_can_be_cancelled(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = written(tmp_path / "mine.safetensors", arrays(window))
    window.files.importing.open_path(path)
    assert window.status.cancel.isVisible()
    qtbot.mouseClick(window.status.cancel, Qt.MouseButton.LeftButton)
    assert not window.status.cancel.isVisible()
    trained(window, qtbot)
    assert window.files.importing.dialog is None


@pytest.mark.long
def test_more_than_a_document_holds_goes_into_the_run(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    wide = window.controller.document.set_field("dense_1", "units", 1100).insert_before("dense_3", "Dense")
    window.controller.open(wide.set_field("dense_2", "units", 1000))
    values = arrays(window)
    shown = dialog(window, qtbot, written(tmp_path / "large.safetensors", values))
    assert "go into the run alone" in shown.hint.text()
    before = window.controller.document
    use(shown, qtbot)
    begins_with(window, qtbot, values)
    assert window.controller.document is before


def test_blocks_are_frozen_inside_those_that_share_together() -> None:
    document = load_example("circle").document.fold(["dense_1"])
    block = next(node.id for node in document.nodes if node.layer.name == "Block")
    shared = document.set_field(block, "weights", "shared")
    frozen = with_trainable(shared, [block], trainable=False)
    assert "trainable" in frozen.node(block).layer.cards  # type: ignore[attr-defined]
    parameters = resolve(frozen).parameters
    assert all(each.rate_factor == 0 for name, each in parameters.items() if name.startswith(block))
    assert with_trainable(frozen, [block], trainable=True) == shared
    values = {name: np.ones(each.shape, np.float32) for name, each in resolve(shared).parameters.items()}
    start = begun(resolve(shared), values, "there")
    assert start.snapshot is not None and set(start.snapshot.weights) == set(values)
