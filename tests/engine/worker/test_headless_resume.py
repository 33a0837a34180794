"""A training that is kept while it goes on, interrupted, and resumed as if it had never been."""

from __future__ import annotations

import dataclasses
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.optimizers import Adam
from engine.document.errors import InvalidValueError
from engine.document.examples import load_example
from engine.document.project import load
from engine.export.states import snapshot_of
from engine.training.trainer import Snapshot
from engine.worker import headless
from engine.worker.checkpoints import Checkpoints, Every, every
from engine.worker.headless import Result, train

CIRCLE = load_example("circle").document.set_training(optimizer=Adam(), epochs=12)


def kept(path: Path) -> Snapshot:
    found = snapshot_of(load(path))
    assert found is not None
    return found


def same(one: Result, other: Result) -> bool:
    """Whether all that a run leaves behind is equal bit for bit; the seconds it took are its own."""
    first, second = one.snapshot, other.snapshot
    arrays = [{**snapshot.weights, **snapshot.optimizer, "curves": snapshot.curves} for snapshot in (first, second)]
    return (
        one.weights_sha256 == other.weights_sha256
        and (first.epoch, first.step, first.position) == (second.epoch, second.step, second.position)
        and arrays[0].keys() == arrays[1].keys()
        and all(np.array_equal(arrays[0][name], arrays[1][name], equal_nan=True) for name in arrays[0])
    )


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_a_run_resumed_from_its_checkpoint_ends_as_one_never_interrupted(engine: str, tmp_path: Path) -> None:
    whole = train(CIRCLE, engine=engine)
    file, asked = tmp_path / "checkpoint.nnp", count()
    broken = train(
        CIRCLE, engine=engine, checkpoints=Checkpoints(file, Every(epochs=2)), interrupted=lambda: next(asked) == 3
    )
    assert broken.interrupted and 0 < broken.epochs < 12 and not whole.interrupted
    standing = kept(file)
    assert standing.epoch % 2 == 0 and 0 < standing.epoch <= broken.epochs
    document = load(file).document
    assert same(train(document, engine=engine, resume=standing), whole)
    assert same(train(document, engine=engine, resume=broken.snapshot), whole)


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_a_long_epoch_is_left_after_any_step(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headless, "_LONG_EPOCH", 0)
    asked = count()
    broken = train(CIRCLE, engine=engine, interrupted=lambda: next(asked) == 40)
    assert (broken.steps, broken.epochs) == (40, 1) and broken.snapshot.position > 0
    assert same(train(CIRCLE, engine=engine, resume=broken.snapshot), train(CIRCLE, engine=engine))


def test_checkpoints_come_by_epochs_whatever_the_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    checkpoints = Checkpoints(tmp_path / "c.nnp", Every(epochs=5))
    monkeypatch.setattr(checkpoints, "write", lambda document, snapshot: written.append(snapshot.epoch))
    train(CIRCLE, epochs=12, checkpoints=checkpoints)
    assert written == [5, 10]
    train(CIRCLE, epochs=12, checkpoints=checkpoints, resume=train(CIRCLE, epochs=7).snapshot)
    assert written == [5, 10, 10]


def test_a_checkpoint_that_cannot_be_written_is_said_once_and_ends_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    nowhere = tmp_path / "no" / "c.nnp"
    result = train(CIRCLE, checkpoints=Checkpoints(nowhere, Every(epochs=1), said.append))
    assert result.epochs == 12 and len(said) == 1 and "cannot be saved" in said[0]


@pytest.mark.parametrize("text", ["", "0", "5m", "-3", "s", "1.5", "9999999"])
def test_how_often_is_said_in_epochs_or_seconds(text: str) -> None:
    with pytest.raises(InvalidValueError, match="must be a number of epochs such as 5"):
        every(text)


def test_a_run_that_is_over_is_not_resumed() -> None:
    over = train(CIRCLE, epochs=3).snapshot
    with pytest.raises(InvalidValueError, match=r"epochs \(=3\) must be more than the 3"):
        train(CIRCLE, epochs=3, resume=over)
    stranger = dataclasses.replace(over, weights={"dense_9.weight": np.zeros((2, 2), np.float32)})
    with pytest.raises(InvalidValueError, match="missing in the saved weights"):
        train(CIRCLE, resume=stranger)
