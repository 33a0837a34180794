"""Looks into a run: moments that are kept, steps that are measured, some values of many."""

from __future__ import annotations

import numpy as np
import pytest

from engine.catalog.activations import Relu, Softmax, Tanh
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.optimizers import SGD
from engine.document.errors import InvalidValueError
from engine.document.graph import Data, Document, Training
from engine.plan.resolve import resolve
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from engine.training.updates import stride
from tests.engine.training.networks import chain

Kind = type[TorchTrainer] | type[NumbaTrainer]
BACKENDS = pytest.mark.parametrize("kind", [TorchTrainer, NumbaTrainer])


def plane() -> Document:
    return chain(Dense(4, Tanh()), Dense(1, Tanh()), data=Data(Circle(samples=60)), training=Training(optimizer=SGD()))


@BACKENDS
def test_what_a_card_gives_is_what_the_run_says(kind: Kind) -> None:
    run = kind(resolve(plane()))
    run.train_epochs(2)
    values = np.random.default_rng(1).uniform(-6, 6, (9, 2))
    look = run.inspection()
    found = look.responses(look.scaled(values), "dense_1")
    np.testing.assert_allclose(found, run.outputs(values, ("dense_1",))["dense_1"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.tanh(look.responses(look.scaled(values), "dense_1", raw=True)), found, atol=1e-5)


@BACKENDS
def test_a_slope_is_what_a_small_change_makes(kind: Kind) -> None:
    look = kind(resolve(plane())).inspection()
    x = np.random.default_rng(2).uniform(-1, 1, (3, 2)).astype(np.float32)
    slope = look.input_gradient(x, "dense_2", np.ones(1))
    for column in range(2):
        change = np.zeros(2, np.float32)
        change[column] = 1e-2
        rise = look.responses(x + change, "dense_2") - look.responses(x - change, "dense_2")
        np.testing.assert_allclose(slope[:, column], rise[:, 0] / 2e-2, rtol=0.02, atol=1e-3)


def test_what_comes_behind_a_card_is_not_asked_about() -> None:
    look = TorchTrainer(resolve(plane())).inspection()
    values, slope = look.gradient_at(np.ones((2, 2), np.float32), "dense_2", "dense_1", np.ones(4))
    assert values.shape == slope.shape == (2, 1) and not slope.any()


@BACKENDS
def test_a_moment_is_kept_while_the_run_goes_on(kind: Kind) -> None:
    run = kind(resolve(plane()))
    x = np.ones((1, 2), np.float32)
    kept = run.inspection(1).responses(x, "dense_2")
    run.train_epochs(3)
    assert np.array_equal(run.inspection(1).responses(x, "dense_2"), kept)
    now = run.inspection().responses(x, "dense_2")
    assert not np.array_equal(now, kept)
    assert np.array_equal(run.inspection(2).responses(x, "dense_2"), now)


@BACKENDS
def test_a_run_that_starts_over_is_looked_at_afresh(kind: Kind) -> None:
    run = kind(resolve(plane()))
    x = np.ones((1, 2), np.float32)
    before = run.inspection().responses(x, "dense_2")
    run.inspection().notes["something"] = 1
    run.start_over(7)
    assert not np.array_equal(run.inspection().responses(x, "dense_2"), before)
    assert not run.inspection().notes


def test_it_looks_as_at_test_time_and_leaves_training_alone() -> None:
    cards = Conv2d(3, activation=Relu()), BatchNorm(), Flatten(), Dense(10, Softmax())
    document = chain(*cards, data=Data(Digits()), training=Training(CategoricalCrossEntropy(), batch_size=500))
    runs = [TorchTrainer(resolve(document)) for _ in range(2)]
    for _ in range(3):
        for run in runs:
            run.step("batch")
        look = runs[0].inspection()
        look.input_gradient(np.ones((4, 1, 8, 8), np.float32), "dense_1", np.ones(10))
    for name in runs[0].plan.saved_shapes:
        assert np.array_equal(runs[0].parameter(name), runs[1].parameter(name)), name
    assert np.array_equal(
        look.responses(np.ones((1, 1, 8, 8)), "dense_1"), look.responses(np.ones((1, 1, 8, 8)), "dense_1")
    )


@BACKENDS
def test_a_step_is_measured_when_somebody_wants_to_know(kind: Kind) -> None:
    run, other = kind(resolve(plane())), kind(resolve(plane()))
    assert not run.updates()
    before = run.parameter("dense_1.weight").astype(float)
    run.step("batch")
    length = np.linalg.norm(run.parameter("dense_1.weight") - before)
    found = run.updates()
    assert found["dense_1.weight"] == pytest.approx(length / np.linalg.norm(before), rel=1e-5)
    assert set(found) == set(run.plan.parameters)
    other.step("batch")
    run.train_epochs(2)
    other.train_epochs(2)
    assert np.array_equal(run.parameter("dense_1.weight"), other.parameter("dense_1.weight"))


@BACKENDS
def test_one_step_of_a_slice_is_measured(kind: Kind) -> None:
    run = kind(resolve(plane()))
    run.updates()
    run.advance(0.001)
    found = run.updates()
    assert all(0 < found[name] < 1 for name in ("dense_1.weight", "dense_2.weight"))
    assert np.isnan(found["dense_1.bias"])  # it began with zeros


@BACKENDS
def test_some_values_are_a_part_of_all(kind: Kind) -> None:
    run = kind(resolve(plane()))
    assert run.some_values("dense_1.weight", 100) is not None
    some = run.some_values("dense_1.weight", 3)
    assert some is not None and some.tolist() == run.parameter("dense_1.weight").ravel()[::3].tolist()
    assert run.some_values("dense_1.weight", 3, slope=True) is None
    run.step("batch")
    slope = run.some_values("dense_1.weight", 3, slope=True)
    assert slope is not None and np.array_equal(slope, run.gradient("dense_1.weight").ravel()[::3])  # type: ignore[union-attr]
    with pytest.raises(InvalidValueError, match="dense_9"):
        run.some_values("dense_9.weight", 3)


def test_strides_meet_every_column() -> None:
    for size, most in ((64 * 64, 100), (1000, 999), (784 * 50, 4096)):
        step = stride(size, most)
        assert len(range(0, size, step)) <= most
        assert {place % 8 for place in range(0, size, step)} == set(range(8)) or size % 8
