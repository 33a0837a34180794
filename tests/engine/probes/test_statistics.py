"""Sizes of outputs, silent units and gradients, on both backends, against NumPy and central differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Relu, Tanh
from engine.catalog.clipping import ClipByValue
from engine.catalog.datasets.plane import Circle
from engine.catalog.initializers import Constant
from engine.catalog.layers.dense import Dense
from engine.catalog.optimizers import SGD, RandomSearch
from engine.catalog.regularizers import L2
from engine.document.errors import InvalidValueError
from engine.document.graph import Data, Document, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.probes.statistics import Statistics
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain

BACKENDS = pytest.mark.parametrize("backend", [NumbaTrainer, TorchTrainer])
RATE = 0.01


def document(**changes: Any) -> Document:
    """One step takes all training samples."""
    training = Training(optimizer=SGD(learning_rate=RATE), batch_size=40, **changes)
    return chain(
        Dense(4, Tanh(), weight_regularizer=L2(rate=0.1)),
        Dense(1, Linear()),
        training=training,
        data=Data(Circle(samples=80)),
    )


@BACKENDS
def test_outputs_are_those_of_the_training_samples(backend: Any) -> None:
    run = backend(resolve(document()))
    found = Statistics(("dense_1",)).measure(run)
    outputs = run.outputs(split(run.plan.document.data).train.values, ("dense_1",))["dense_1"]
    wanted = [outputs.mean(), outputs.std(), outputs.min(), outputs.max()]
    np.testing.assert_allclose(found["dense_1.outputs"], wanted, rtol=1e-5)
    assert found["dense_1.silent"].tolist() == [0, 4]
    assert "dense_1.gradient" not in found


@BACKENDS
def test_units_that_answer_nothing_are_silent(backend: Any) -> None:
    layer = Dense(3, Relu(), weight_initializer=Constant(value=0.01), bias_initializer=Constant(value=-1.0))
    run = backend(resolve(chain(layer, Dense(1))))
    run.set_parameter("dense_1.bias", (1,), 2.0)
    assert Statistics(("dense_1",)).measure(run)["dense_1.silent"].tolist() == [2, 3]


@BACKENDS
def test_the_gradient_is_what_the_optimizer_was_given(backend: Any) -> None:
    run = backend(resolve(document()))
    assert run.gradient("dense_1.weight") is None
    before = {name: run.parameter(name) for name in run.plan.parameters}
    run.step("batch")
    for name, start in before.items():
        np.testing.assert_allclose(run.gradient(name), (start - run.parameter(name)) / RATE, rtol=1e-3, atol=1e-5)
    both = np.concatenate([run.gradient("dense_1.weight").ravel(), run.gradient("dense_1.bias").ravel()])
    found = Statistics(("dense_1",)).measure(run)["dense_1.gradient"]
    np.testing.assert_allclose(found, [np.sqrt(np.mean(both**2))], rtol=1e-6)
    with pytest.raises(InvalidValueError, match="dense_9"):
        run.gradient("dense_9.weight")
    run.restore(run.snapshot())
    assert run.gradient("dense_1.weight") is None


@BACKENDS
def test_it_is_clipped(backend: Any) -> None:
    run = backend(resolve(document(clipping=ClipByValue(limit=1e-3))))
    run.step("batch")
    assert np.abs(run.gradient("dense_1.weight")).max() == pytest.approx(1e-3)


def test_random_search_has_none() -> None:
    run = TorchTrainer(resolve(document().set_training(optimizer=RandomSearch())))
    run.step("epoch")
    assert "dense_1.gradient" not in Statistics(("dense_1",)).measure(run)
