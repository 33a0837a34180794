"""A project saved in the middle of its run, closed, opened and trained on is the one that was never closed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.catalog.optimizers import Adam
from engine.catalog.schedules import Cosine
from engine.catalog.stopping import EarlyStopping
from engine.document.examples import load_example
from engine.document.graph import Document
from engine.document.project import Project, load, save
from engine.export.states import snapshot_of
from engine.plan.resolve import resolve
from engine.training.backends import choose
from engine.training.trainer import Snapshot
from playground.window import MainWindow
from tests.engine.training.networks import equal
from tests.windows import PATIENCE, epoch, weights


def made(engine: str) -> Document:
    """A network that this backend trains, with an optimizer, a schedule and a rule that remember much."""
    document = load_example("circle").document.set_training(
        optimizer=Adam(), schedule=Cosine(), stopping=EarlyStopping(patience=100_000), epochs=400
    )
    document = document if engine == "numba" else document.insert_before("dense_2", "BatchNorm")
    backend, _ = choose(resolve(document))
    assert backend.name == engine
    return document


def never_closed(document: Document, epochs: int) -> Snapshot:
    plan = resolve(document)
    trainer = choose(plan)[0].make(plan)
    trainer.train_epochs(epochs)
    return trainer.snapshot()


def assert_same(one: Snapshot, other: Snapshot) -> None:
    assert (one.epoch, one.step, one.position) == (other.epoch, other.step, other.position)
    assert equal(one.weights, other.weights) and equal(one.optimizer, other.optimizer)
    assert one.curves.tobytes() == other.curves.tobytes()
    forget = {"seconds"}
    assert equal(*({name: array for name, array in run.watch.items() if name not in forget} for run in (one, other)))


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_saved_in_the_window_while_it_trains(window: MainWindow, qtbot: QtBot, tmp_path: Path, engine: str) -> None:
    document, path = made(engine), tmp_path / "run.nnp"
    window.controller.open(document)
    window.files.set_place(path, "run")
    window.session.play()
    qtbot.waitUntil(lambda: (newest := window.session.snapshot()) is not None and newest.epoch >= 37, timeout=PATIENCE)
    assert window.session.running and window.files.save()
    window.session.pause()
    window.controller.open(load_example("xor").document)
    saved = snapshot_of(load(path))
    assert saved is not None and saved.epoch >= 37
    window.files.open_path(path)
    assert window.controller.document == document
    end = saved.epoch + 3
    qtbot.waitUntil(lambda: epoch(window) == saved.epoch, timeout=PATIENCE)
    for _ in range(3):
        before = epoch(window)
        window.actions_by_id["train.step_epoch"].trigger()
        qtbot.waitUntil(lambda before=before: epoch(window) == before + 1, timeout=PATIENCE)
    assert_same(weights(window, qtbot), never_closed(document, end))


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_trained_by_the_command_line_and_on_in_the_window(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, engine: str
) -> None:
    document, start, end = made(engine).set_training(epochs=37), tmp_path / "start.nnp", tmp_path / "end.nnp"
    save(start, Project(document))
    command = [sys.executable, "-m", "playground", "train", str(start), "--out", str(end)]
    subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=Path(__file__).resolve().parents[2])
    window.files.open_path(end)
    qtbot.waitUntil(lambda: epoch(window) == 37, timeout=PATIENCE)
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 38, timeout=PATIENCE)
    assert_same(weights(window, qtbot), never_closed(document, 38))
