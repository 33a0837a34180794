"""A network that starts from another's weights: where they go, what is left out, and that it trains the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Tanh
from engine.catalog.datasets.plane import Circle
from engine.catalog.initializers import FromRun, HeNormal, Zeros
from engine.catalog.layers.dense import Dense, Input
from engine.document.errors import FileError, InvalidValueError
from engine.document.graph import Data, Document, Network
from engine.document.project import Project, load, save
from engine.export.runs import weights_of
from engine.export.weights import encode
from engine.plan import copying
from engine.plan.copying import initial_weights, start_from
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer


def document(*units: int, **fields: Any) -> Document:
    made = Document((Network(),), Data(Circle(samples=40)))
    for layer in (Input(), *(Dense(count, Tanh(), **fields) for count in units)):
        made = made.append(layer)
    return made


def test_the_initial_weights_are_those_that_training_starts_from() -> None:
    plan = resolve(document(4, 1, weight_initializer=HeNormal()))
    found = initial_weights(plan)
    run = TorchTrainer(plan)
    assert list(found) == list(plan.parameters)
    for name, values in found.items():
        np.testing.assert_array_equal(values, run.parameter(name))


def test_learned_weights_become_initial_ones_to_the_bit() -> None:
    run = TorchTrainer(resolve(document(4, 1)))
    run.train_epochs(3)
    learned = dict(run.snapshot().weights)
    made, left = start_from(document(4, 1, bias_initializer=Zeros()).replace(seed=77), learned, "circle, epoch 3")
    assert left == ()
    again = TorchTrainer(resolve(made))
    for name, values in learned.items():
        np.testing.assert_array_equal(again.parameter(name), values)
    initializer = made.node("dense_1").layer.bias_initializer
    assert isinstance(initializer, FromRun)
    assert (initializer.source, initializer.otherwise) == ("circle, epoch 3", Zeros())


def test_what_finds_no_place_is_named() -> None:
    learned = initial_weights(resolve(document(4, 1)))
    made, left = start_from(document(5, 1, use_bias=False), learned | {"gone.weight": np.zeros(3)}, "there")
    assert left == ("dense_1.weight", "dense_1.bias", "dense_2.weight", "dense_2.bias", "gone.weight")
    assert made == document(5, 1, use_bias=False)
    made, left = start_from(document(4, 2), learned, "there")
    assert left == ("dense_2.weight", "dense_2.bias")
    assert made.node("dense_1").layer.weight_initializer.name == "from_run"
    assert made.node("dense_2").layer.weight_initializer.name == "glorot_uniform"


def test_a_card_that_changes_its_shape_is_drawn_as_before() -> None:
    learned = initial_weights(resolve(document(4, 1)))
    made, _ = start_from(document(4, 1, weight_initializer=HeNormal()), learned, "there")
    twice, _ = start_from(made, learned, "there once more")
    assert twice.node("dense_1").layer.weight_initializer.otherwise == HeNormal()
    found = initial_weights(resolve(twice.set_field("dense_1", "units", 6)))
    drawn = initial_weights(resolve(document(6, 1, weight_initializer=HeNormal())))
    np.testing.assert_array_equal(found["dense_1.weight"], drawn["dense_1.weight"])
    np.testing.assert_array_equal(found["dense_2.bias"], learned["dense_2.bias"])


def test_what_a_document_cannot_carry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = initial_weights(resolve(document(4, 1)))
    with pytest.raises(InvalidValueError, match="finite"):
        start_from(document(4, 1), learned | {"dense_1.bias": np.full(4, np.nan)}, "there")
    monkeypatch.setattr(copying, "MOST_COPIED", 16)
    with pytest.raises(InvalidValueError, match=r"17 values.*at most 16"):
        start_from(document(4, 1), learned, "there")


def test_a_project_gives_its_initial_and_its_final_weights(tmp_path: Path) -> None:
    path = tmp_path / "other.nnp"
    run = TorchTrainer(resolve(document(4, 1)))
    started = dict(run.snapshot().weights)
    run.train_epochs(2)
    learned = dict(run.snapshot().weights)
    save(path, Project(document(4, 1), encode(learned), {"epoch": 2, "step": 1, "position": 0}))
    for initial, expected in ((True, started), (False, learned)):
        found = weights_of(path, initial=initial)
        assert list(found) == list(expected)
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values)
    made, _ = start_from(document(4, 1), learned, "other.nnp, epoch 2")
    save(path, Project(made))  # and what was copied survives in a file of its own
    assert load(path).document == made
    with pytest.raises(FileError, match=r"other.nnp holds no weights"):
        weights_of(path)


def test_a_project_that_is_not_ready_has_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "empty.nnp"
    save(path, Project(Document((Network(),), Data(Circle()))))
    with pytest.raises(FileError, match=r"empty.nnp holds a network that cannot be trained"):
        weights_of(path)
    with pytest.raises(FileError, match="cannot be read"):
        weights_of(tmp_path / "missing.nnp")
