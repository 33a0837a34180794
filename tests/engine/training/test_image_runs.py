"""Runs on images: kept as bytes, judged in part, and with points within an epoch where an epoch takes long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Relu, Softmax
from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.images import PIXEL
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.optimizers import Adam
from engine.document.graph import Data, Document, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.training import judging, numba_trainer, run
from engine.training.curve import LIMIT, PARTS_UNTIL, Curve
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain

TRAINING = Training(CategoricalCrossEntropy(), Adam(learning_rate=0.003), batch_size=32)


def dense(**fields: Any) -> Document:
    return chain(Flatten(), Dense(16, Relu()), Dense(10, Softmax()), data=Data(Digits(**fields)), training=TRAINING)


def convolution() -> Document:
    return chain(Conv2d(4, activation=Relu()), Flatten(), Dense(10, Softmax()), data=Data(Digits()), training=TRAINING)


@pytest.mark.parametrize("kind", [TorchTrainer, NumbaTrainer])
def test_the_samples_are_never_all_numbers_at_once(kind: type[TorchTrainer | NumbaTrainer]) -> None:
    trainer = kind(resolve(dense()))
    data = split(trainer.plan.document.data)
    assert data.values.dtype == np.uint8 and data.train.values.base is data.test.values.base is not None
    held = [value for value in vars(trainer).values() if isinstance(value, np.ndarray)]
    assert all(array.size < data.values.size for array in held if array.dtype == np.float32)
    trainer.train_epochs(20)
    assert trainer.evaluate().test_metric > 0.85


@pytest.mark.parametrize("fields", [{}, {"normalization": PIXEL, "shift": 1, "rotation": 10.0}], ids=["plain", "all"])
def test_both_backends_take_the_same_steps(fields: dict[str, Any]) -> None:
    plan = resolve(dense(**fields))
    one, other = NumbaTrainer(plan), TorchTrainer(plan)
    for trainer in (one, other):
        trainer.train_epochs(1)
        trainer.step("sample")  # then the rest of the batch, the next one, and the rest of the epoch
        trainer.step("batch")
        trainer.step("batch")
        trainer.step("epoch")
    assert one.step_count == other.step_count and one.epoch == other.epoch == 2
    for name in plan.parameters:
        wanted = other.parameter(name)
        assert np.abs(one.parameter(name) - wanted).max() <= 1e-5 * np.abs(wanted).max()
    assert one.evaluate().test_loss == pytest.approx(other.evaluate().test_loss, rel=1e-5)


def test_of_many_images_some_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = TorchTrainer(resolve(convolution()))
    monkeypatch.setattr(run, "JUDGED", 100)
    part = TorchTrainer(resolve(convolution()))
    for trainer in (whole, part):
        trainer.train_epochs(1)
    assert part.evaluate().test_loss == pytest.approx(whole.evaluate().test_loss, rel=1e-6)
    assert part.evaluate().train_loss == pytest.approx(part.training_loss(100), rel=1e-6)
    assert part.evaluate().train_loss != whole.evaluate().train_loss


def test_an_epoch_that_takes_long_has_points_within(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_LONG", 0)
    monkeypatch.setattr(run, "_LONG_EPOCH", 0)
    trainer = TorchTrainer(resolve(convolution()))
    trainer.train_epochs(1)
    rows = trainer.curves()
    within = rows[(rows[:, 0] > 0) & (rows[:, 0] < 1)]
    assert len(within) == 19 and np.isfinite(within[:, [1, 5]]).all() and np.isnan(within[:, 2:5]).all()
    assert within[-1, 1] < within[0, 1]
    assert np.isfinite(rows[[0, -1]]).all()
    trainer.step("batch")
    held = trainer.evaluate()  # the test samples are looked at when the epoch ends
    assert held.test_loss == rows[-1, 2] and held.train_loss != rows[-1, 1]
    snapshot = trainer.snapshot()
    trainer.step("epoch")
    after = trainer.curves()
    trainer.restore(snapshot)
    assert trainer.curves().tobytes() == snapshot.curves.tobytes()
    trainer.step("epoch")
    assert len(trainer.curves()) == len(after)


def test_the_running_loss_is_of_what_was_learnt_lately(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_LONG", 0)
    trainer = TorchTrainer(resolve(convolution()))
    before = trainer.training_loss(10_000)
    trainer.train_epochs(2)
    trainer.step("batch")
    now, shown = trainer.training_loss(10_000), trainer.evaluate().train_loss
    assert now < before / 2
    assert shown < now + 0.1 * (before - now)


@pytest.mark.parametrize("fields", [{}, {"shift": 1}], ids=["plain", "changed at random"])
def test_the_size_of_the_parts_that_samples_are_made_numbers_in_makes_no_difference(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = chain(
        Flatten(), Dense(16, Relu()), Dropout(0.2), Dense(10, Softmax()), data=Data(Digits(**fields)), training=TRAINING
    )
    whole = NumbaTrainer(resolve(document))
    monkeypatch.setattr(numba_trainer, "_PART", 64 * 70)  # two batches and a bit
    parts = NumbaTrainer(resolve(document))
    monkeypatch.setattr(numba_trainer, "_PART", 1)  # less than a batch
    least = NumbaTrainer(resolve(document))
    for run_ in (whole, parts, least):
        run_.train_epochs(2)
        run_.step("batch")
    for other in (parts, least):
        for name, values in whole.snapshot().weights.items():
            np.testing.assert_array_equal(values, other.parameter(name))
        np.testing.assert_allclose(whole.curves(), other.curves(), rtol=1e-6)


@pytest.mark.parametrize("kind", [TorchTrainer, NumbaTrainer])
def test_what_takes_long_is_judged_part_by_part_and_says_of_when_it_is(
    kind: type[TorchTrainer | NumbaTrainer], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = kind(resolve(dense()))
    monkeypatch.setattr(judging, "_LONG", 0)
    trainer = kind(resolve(dense()))
    monkeypatch.setattr(judging, "_PART", 500 * trainer.plan.cost.multiply_adds)
    assert trainer.tested_at is None and not trainer.judges_late
    for other in (whole, trainer):
        other.step("epoch")
        other.step("batch")
    before = trainer.evaluate()
    assert trainer.judges_late and trainer.tested_at == 1.0 and trainer.judged().moment == 1.0
    parts = 0
    while trainer.judges_late:
        trainer.judge_on()
        parts += 1
    assert parts == 4 and trainer.tested_at is None and trainer.judged().now
    after, wanted = trainer.evaluate(), whole.evaluate()
    assert after.test_loss != before.test_loss
    assert after.test_loss == pytest.approx(wanted.test_loss, rel=1e-6)
    assert after.train_loss == pytest.approx(wanted.train_loss, rel=1e-6)
    trainer.step("batch")
    trainer.judge_on()
    trainer.step("batch")  # what was begun is of another network
    moment = trainer.judged().moment
    while trainer.judges_late:
        trainer.judge_on()
    assert trainer.judged().moment > moment and len(trainer.judged().losses) == len(
        split(whole.plan.document.data).values
    )


@pytest.mark.parametrize("kind", [TorchTrainer, NumbaTrainer])
def test_a_look_into_a_run_follows_an_edit_and_one_of_a_moment_stays(
    kind: type[TorchTrainer | NumbaTrainer],
) -> None:
    trainer = kind(resolve(dense()))
    node, sample = trainer.plan.order[-1], split(trainer.plan.document.data).values[:1]
    inputs = trainer.inspection().scaled(sample)
    then = trainer.inspection(7).responses(inputs, node)
    assert trainer.edit(resolve(dense().set_training(optimizer=Adam(learning_rate=0.02))))
    trainer.step("epoch")
    wanted = trainer.outputs(np.array(sample), (node,))[node]
    np.testing.assert_allclose(trainer.inspection().responses(inputs, node), wanted, atol=1e-5)
    np.testing.assert_array_equal(trainer.inspection(7).responses(inputs, node), then)
    assert np.abs(then - wanted).max() > 0.01


def test_an_edit_does_not_wait_for_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_LONG", 0)
    trainer = TorchTrainer(resolve(dense()))
    trainer.step("epoch")
    before = trainer.evaluate()
    passes: list[int] = []
    monkeypatch.setattr(trainer, "_judged_answers", lambda: passes.append(1))
    assert trainer.edit(resolve(dense().set_training(optimizer=Adam(learning_rate=0.01))))
    assert trainer.evaluate().test_loss == before.test_loss and trainer.judges_late and not passes


def test_points_within_epochs_find_room_and_go_first() -> None:
    curve = Curve()
    for epoch in range(LIMIT + 1):
        if curve.due(epoch):
            curve.record(epoch, (1.0, 1.0, 1.0, 1.0, 0.1))
        if curve.takes_parts(epoch):
            for part in range(1, 20):
                curve.record(epoch + part / 20, (1.0, np.nan, np.nan, np.nan, 0.1))
        if epoch == LIMIT - 1:
            assert len(curve.rows) == LIMIT + 19 * PARTS_UNTIL
    assert curve.rows[:, 0].tolist() == list(range(0, LIMIT + 1, 2))
