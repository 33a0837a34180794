"""Images are kept as bytes while they are learnt from: both backends see the same ones, changed in the same way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Relu, Sigmoid, Softmax
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.images import CHANNEL, PIXEL, UNIT
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.optimizers import Adam
from engine.document.graph import Data, Document, Training
from engine.plan.data import random_stream, split
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.agreement import both, check_agreement, numba
from tests.engine.training.networks import chain, same

ALL: dict[str, Any] = {"flip": True, "shift": 1, "rotation": 10.0, "zoom": 5.0, "noise": 5.0, "cut_out": 2}
LEARNING = Training(CategoricalCrossEntropy(), optimizer=Adam(learning_rate=0.003), batch_size=16)


def digits(*layers: Any, share: float = 0.2, **fields: Any) -> Document:
    """A network behind 1,797 images of 8 × 8."""
    return chain(*layers, Dense(10, Softmax()), data=Data(Digits(**fields), train_share=share), training=LEARNING)


def dense(**fields: Any) -> Document:
    return digits(Flatten(), Dense(12, Sigmoid()), **fields)


@pytest.mark.parametrize("normalization", [UNIT, CHANNEL, PIXEL])
@pytest.mark.parametrize("changes", [{}, ALL], ids=["as they are", "changed at random"])
def test_the_backends_agree(normalization: str, changes: dict[str, Any]) -> None:
    check_agreement(dense(normalization=normalization, **changes), steps=60)


@pytest.mark.parametrize("changes", [{}, ALL], ids=["as they are", "changed at random"])
def test_a_run_repeats_bit_for_bit_with_dropout(changes: dict[str, Any]) -> None:
    document = digits(Flatten(), Dense(12, Relu()), Dropout(0.3), normalization=PIXEL, **changes)
    for one, other in zip(both(document), both(document), strict=True):
        for run in (one, other):
            run.train_epochs(1)
            run.step("batch")
            run.step("sample")
            run.step("epoch")
        assert one.epoch == 2
        for name, values in one.snapshot().weights.items():
            np.testing.assert_array_equal(values, other.parameter(name))
        np.testing.assert_array_equal(one.curves(), other.curves())


def test_a_run_that_is_taken_up_again_sees_the_same_changes() -> None:
    document = digits(Conv2d(3), Flatten(), Dropout(0.3), **ALL)
    run, other = TorchTrainer(resolve(document)), TorchTrainer(resolve(document))
    run.step("batch")
    other.restore(run.snapshot())
    for trainer in (run, other):
        trainer.train_epochs(1)
    assert same(run, other)


def test_slices_of_time_make_no_difference() -> None:
    document = dense(**ALL)
    whole, parts = numba(document), numba(document)
    whole.train_epochs(2)
    while parts.epoch < 2:
        parts.step("batch")
    for name, values in whole.snapshot().weights.items():
        np.testing.assert_array_equal(values, parts.parameter(name))


def test_what_is_learnt_from_is_the_bytes_scaled() -> None:
    """One step by hand: the gradient of a single layer is the mean of (answer − wanted) times the scaled pixels."""
    document = digits(Flatten(), normalization=PIXEL, rotation=10.0, noise=5.0)
    data = split(document.data)
    assert data.train.values.dtype == np.uint8 and data.scaling is not None
    for run in both(document):
        start = {name: values.astype(np.float64) for name, values in run.snapshot().weights.items()}
        run.step("batch")
        weight = next(name for name in start if name.endswith("weight"))
        order = np.asarray(_order(document, len(data.train)))[:16]
        seen = document.data.dataset.augmented(data.train.values[order], random_stream(document.seed, "augment", 0))
        inputs = ((seen.astype(np.float64) - data.scaling.offset) * data.scaling.factor).reshape(16, -1)
        scores = inputs @ start[weight].T + start[weight.replace("weight", "bias")]
        answers = np.exp(scores - scores.max(1, keepdims=True))
        answers /= answers.sum(1, keepdims=True)
        wanted = np.eye(10)[data.train.targets[order]]
        gradient = run.gradient(weight)
        assert gradient is not None
        np.testing.assert_allclose(gradient, (answers - wanted).T @ inputs / 16, rtol=1e-4, atol=1e-6)


def _order(document: Document, size: int) -> Any:
    from engine.plan.data import epoch_order

    return epoch_order(document.seed, 0, size)


def test_what_is_tested_is_never_changed() -> None:
    """The answers of a run do not depend on how its data are changed while it learns."""
    plain, changed = TorchTrainer(resolve(dense())), TorchTrainer(resolve(dense(**ALL)))
    assert plain.evaluate() == changed.evaluate()
    plain.step("batch")
    changed.step("batch")
    assert plain.evaluate() != changed.evaluate()
