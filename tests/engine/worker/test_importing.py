"""Files from elsewhere, read from inside the training process: messages in, answers out, in a thread alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.document.errors import FileError
from engine.document.examples import load_example
from engine.export.states import snapshot_of
from engine.plan.resolve import resolve
from engine.worker.importing import Imports, project_of_model
from engine.worker.messages import Failure, Import, ModelRead, Starting, WeightsRead
from tests.engine.importing.model_files import model_file

CIRCLE = load_example("circle").document


def answers(path: Path) -> list[Any]:
    sent: list[Any] = []
    work = Imports(sent.append)
    work.take(Import(7, str(path), CIRCLE))
    work.join()
    return [each for each in sent if not isinstance(each, Starting)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers as another program would write them."""
    path = tmp_path_factory.mktemp("models") / "two.onnx"
    model_file(path)
    return path


def test_weights_come_with_the_values_that_can_be_used(tmp_path: Path) -> None:
    shape = resolve(CIRCLE).saved_shapes["dense_1.weight"]
    path = tmp_path / "some.npz"
    np.savez(path, **{"dense_1.weight": np.ones(shape), "huge": np.ones((77, 33))})
    (answer,) = answers(path)
    assert isinstance(answer, WeightsRead) and answer.run == 7 and answer.finished
    assert [(row.array, row.parameter) for row in answer.matching.rows] == [
        ("dense_1.weight", "dense_1.weight"),
        ("huge", None),
    ]
    assert list(answer.matching.arrays) == ["dense_1.weight"]


def test_a_model_comes_as_a_document_with_its_weights(model: Path) -> None:
    (answer,) = answers(model)
    assert isinstance(answer, ModelRead) and resolve(answer.document).ready
    assert answer.document.data == CIRCLE.data
    assert {name: each.shape for name, each in answer.weights.items()} == resolve(answer.document).saved_shapes


@pytest.mark.parametrize("name", ["gone.onnx", "gone.pt", "other.txt"])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    (answer,) = answers(tmp_path / name)
    assert isinstance(answer, Failure) and (answer.run, answer.kind) == (7, "import")
    assert name in str(answer.sentence)


def test_of_what_was_stopped_nothing_is_said(model: Path) -> None:
    sent: list[Any] = []
    work = Imports(sent.append)
    stop = threading.Event()
    read = work.prepare(Import(7, str(model), CIRCLE), None, stop)
    stop.set()
    read()
    assert not [each for each in sent if not isinstance(each, Starting)]


def test_a_model_is_a_project_that_stands_at_its_weights(model: Path) -> None:
    project = project_of_model(model)
    snapshot = snapshot_of(project)
    assert snapshot is not None and snapshot.step == 0
    assert {name: each.shape for name, each in snapshot.weights.items()} == resolve(project.document).saved_shapes
    with pytest.raises(FileError):
        project_of_model(model.with_name("gone.onnx"))
