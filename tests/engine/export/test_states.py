"""A run in a project file: opened again it goes on as if it had never been closed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.optimizers import Adam, Optimizer
from engine.catalog.registry import entries
from engine.catalog.schedules import Cosine, ReduceOnPlateau
from engine.catalog.stopping import EarlyStopping
from engine.document.errors import FileError, PlaygroundError
from engine.document.graph import Document, Training
from engine.document.project import Project, load, save
from engine.export.states import _pack, fits, project_of, snapshot_of
from engine.export.weights import encode
from engine.plan.resolve import resolve
from engine.training.backends import BACKENDS, choose
from engine.training.trainer import Snapshot, Trainer
from tests.engine.training.networks import chain, equal, small

ENGINES = tuple(backend.name for backend in BACKENDS)


def run_of(document: Document, engine: str) -> Trainer:
    plan = resolve(document)
    try:
        backend, _ = choose(plan, engine, "cpu")
    except PlaygroundError:
        pytest.skip(f"{engine} does not train this")
    return backend.make(plan, device="cpu")


def through_a_file(document: Document, snapshot: Snapshot, path: Path) -> tuple[Document, Snapshot]:
    save(path, project_of(document, snapshot))
    project = load(path)
    found = snapshot_of(project)
    assert found is not None
    return project.document, found


def same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two states are bit-equal, but for the seconds spent."""
    watches = [{name: array for name, array in item.watch.items() if name != "seconds"} for item in (one, other)]
    return (
        (one.epoch, one.step, one.position) == (other.epoch, other.step, other.position)
        and one.curves.tobytes() == other.curves.tobytes()
        and equal(one.weights, other.weights)
        and equal(one.optimizer, other.optimizer)
        and equal(*watches)
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", [cls() for cls in entries("optimizers").values()], ids=lambda item: item.name)
def test_a_run_closed_in_the_middle_ends_like_one_never_closed(
    optimizer: Optimizer, engine: str, tmp_path: Path
) -> None:
    training = Training(optimizer=optimizer, schedule=Cosine(), stopping=EarlyStopping(patience=500), epochs=60)
    document = chain(Dense(4), Dropout(0.2), Dense(1), training=training)
    straight = run_of(document, engine)
    straight.train_epochs(7)
    straight.step("batch")
    straight.step("sample")
    opened, snapshot = through_a_file(document, straight.snapshot(), tmp_path / "closed.nnp")
    assert opened == document
    assert same(snapshot, straight.snapshot())
    resumed = run_of(opened, engine)
    resumed.restore(snapshot)
    for run in (straight, resumed):
        run.train_epochs(5)
    assert same(straight.snapshot(), resumed.snapshot())


@pytest.mark.parametrize("engine", ENGINES)
def test_what_schedule_and_stopping_rule_remember_is_kept(engine: str, tmp_path: Path) -> None:
    """Early stopping ends both runs at the same epoch, with the best weights, which may be older than the file."""
    training = Training(
        optimizer=Adam(learning_rate=0.3), schedule=ReduceOnPlateau(patience=4), stopping=EarlyStopping(patience=15)
    )
    document = small(training=training)
    straight = run_of(document, engine)
    straight.train_epochs(10)
    opened, snapshot = through_a_file(document, straight.snapshot(), tmp_path / "plateau.nnp")
    assert {"schedule.", "stopping.", "best."} <= {
        name[: name.index(".") + 1] for name in snapshot.watch if "." in name
    }
    resumed = run_of(opened, engine)
    resumed.restore(snapshot)
    for run in (straight, resumed):
        run.train_epochs(300)
    assert straight.stopped is not None and straight.epoch < 300
    assert straight.stopped == resumed.stopped
    assert same(straight.snapshot(), resumed.snapshot())
    forgetful = run_of(opened, engine)
    forgetful.restore(dataclasses.replace(snapshot, optimizer={}))
    forgetful.train_epochs(300)
    assert not same(forgetful.snapshot(), straight.snapshot()), "the optimizer's state makes no difference here"


def test_averages_of_a_normalization_are_kept(tmp_path: Path) -> None:
    document = chain(Dense(4), BatchNorm(), Dense(1), training=Training(optimizer=Adam()))
    straight = run_of(document, "torch")
    straight.train_epochs(3)
    opened, snapshot = through_a_file(document, straight.snapshot(), tmp_path / "norm.nnp")
    resumed = run_of(opened, "torch")
    resumed.restore(snapshot)
    for run in (straight, resumed):
        run.train_epochs(3)
    assert same(straight.snapshot(), resumed.snapshot())


def test_points_within_an_epoch_that_took_long_are_kept(tmp_path: Path) -> None:
    run = run_of(small(), "torch")
    run.train_epochs(2)
    before = run.snapshot()
    within = np.insert(before.curves, [1, 1, 3], [[0.25] * 6, [0.75] * 6, [2.5] * 6], axis=0)
    document, found = through_a_file(small(), dataclasses.replace(before, curves=within), tmp_path / "long.nnp")
    assert document == small() and found.curves.tobytes() == within.tobytes()
    assert found.curves[:, 0].tolist() == [0, 0.25, 0.75, 1, 2, 2.5]


def test_a_file_without_state_gives_the_weights_alone() -> None:
    run = run_of(small(), "numba")
    run.train_epochs(2)
    state = run.snapshot()
    found = snapshot_of(Project(small(), encode(state.weights), {"epoch": 2, "step": 10}))
    assert found is not None and equal(found.weights, state.weights)
    assert (found.epoch, dict(found.optimizer), dict(found.watch), len(found.curves)) == (2, {}, {}, 0)
    assert snapshot_of(Project(small())) is None
    assert project_of(small(), None) == Project(small())


def test_runs_of_version_2_go_on_for_ever() -> None:
    project = load(Path(__file__).resolve().parents[2] / "data" / "version_2.nnp")
    snapshot = snapshot_of(project)
    assert snapshot is not None
    assert (snapshot.epoch, snapshot.step, snapshot.position, len(snapshot.curves)) == (3, 76, 10, 4)
    assert [note.text for note in project.document.networks[0].notes] == ["Two units\nare too few"]
    run = run_of(project.document, "numba")
    run.restore(snapshot)
    assert float(run.snapshot().optimizer["step"]) == 76
    assert set(run.snapshot().watch) == set(snapshot.watch)
    run.train_epochs(1)
    assert run.epoch == 4


def test_weights_of_the_network_before_an_edit_do_not_fit() -> None:
    snapshot = run_of(small(), "numba").snapshot()
    assert fits(snapshot, resolve(small()))
    assert not fits(snapshot, resolve(small().set_field("dense_1", "units", 9)))
    assert not fits(snapshot, resolve(small().remove(["input_1"])))


def with_member(project: Project, member: str, content: bytes) -> Project:
    if member == "state":
        return dataclasses.replace(project, state=content)
    return dataclasses.replace(project, history=content)


SHAPE = (4, 2)
Change = Callable[[dict[str, Any]], Any]
REFUSED: list[tuple[str, str, Change]] = [
    ("state", "does not fit", lambda found: found.update({"optimizer/dense_1.weight.m": np.zeros((3, 2), np.float32)})),
    ("state", "does not fit", lambda found: found.update({"optimizer/dense_9.weight.m": np.zeros(SHAPE, np.float32)})),
    ("state", "not finite", lambda found: found.update({"optimizer/dense_1.weight.m": np.full(SHAPE, np.inf)})),
    ("state", "does not fit", lambda found: found.update({"watch/schedule.seen": np.zeros(3)})),
    ("state", "not a number", lambda found: found.update({"watch/schedule.seen": np.array(np.nan)})),
    ("state", "does not fit", lambda found: found.update({"watch/best.dense_1.bias": np.zeros(7)})),
    ("state", "does not fit", lambda found: found.update({"optimizer/step": np.array(True)})),
    ("state", "larger than", lambda found: found.update({"optimizer/moves": np.zeros(200_000)})),
    ("history", "damaged", lambda found: found.update(curves=np.zeros((3, 5)))),
    ("history", "damaged", lambda found: found.update(curves=np.zeros((3, 6)))),
    ("history", "damaged", lambda found: found.update(curves=np.full((1, 6), 9.0))),
    ("history", "damaged", lambda found: found.update(curves=np.full((1, 6), np.nan))),
    ("history", "damaged", lambda found: found.update(curves=np.zeros((1, 6), np.float32))),
    ("history", "damaged", lambda found: found.update(curves=np.linspace(0, 3, 6 * 4001).reshape(-1, 6))),
    ("history", "damaged", lambda found: found.clear()),
]


@pytest.mark.parametrize(("member", "sentence", "change"), REFUSED)
def test_state_that_does_not_fit_is_refused_in_one_sentence(member: str, sentence: str, change: Change) -> None:
    document = small(training=Training(optimizer=Adam()))
    run = run_of(document, "numba")
    run.train_epochs(3)
    snapshot = run.snapshot()
    project = project_of(document, snapshot)
    state: dict[str, Any] = {f"optimizer/{name}": array for name, array in snapshot.optimizer.items()}
    held = state if member == "state" else {"curves": snapshot.curves}
    change(held)
    with pytest.raises(FileError, match=sentence) as caught:
        snapshot_of(with_member(project, member, _pack(held)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("member", ["state", "history"])
def test_bytes_that_are_no_arrays_are_refused(member: str) -> None:
    run = run_of(small(), "numba")
    project = project_of(small(), run.snapshot())
    for content in (b"", b"{}", b"\xff" * 100, b"\x08\0\0\0\0\0\0\0nonsense"):
        with pytest.raises(FileError, match="damaged"):
            snapshot_of(with_member(project, member, content))
