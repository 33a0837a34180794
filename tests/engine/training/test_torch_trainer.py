"""What a run promises: same seed, same numbers; edits that go on; a loss that stays finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Relu, Softmax
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.initializers import Constant, Normal, Uniform
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.losses import CategoricalCrossEntropy, MeanSquaredError
from engine.catalog.optimizers import SGD, Adam, Optimizer
from engine.catalog.registry import entries
from engine.catalog.regularizers import L2
from engine.catalog.schedules import Cosine, Schedule
from engine.document.errors import InvalidValueError, PlaygroundError
from engine.document.graph import Data, Document, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.training.numba_trainer import NumbaTrainer
from engine.training.run import Run
from engine.training.torch_trainer import TorchTrainer
from engine.training.trainer import Diverged, Unit
from tests.engine.training.networks import OPTIMIZERS, chain, equal, same, small, trainer

# --- the same numbers ------------------------------------------------------------------------------------------------


def random_document() -> Document:
    return chain(Dense(6), Dropout(0.3), Dense(1), training=Training(optimizer=Adam(), schedule=Cosine(), epochs=6))


def test_the_same_seed_gives_bit_equal_runs_and_another_seed_does_not() -> None:
    one, other, third = (
        trainer(random_document()),
        trainer(random_document()),
        trainer(random_document().replace(seed=2)),
    )
    for run in (one, other, third):
        for _ in range(3):
            run.step("epoch")
    assert same(one, other)
    assert not np.array_equal(one.parameter("dense_1.weight"), third.parameter("dense_1.weight"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_restored_run_goes_on_bit_for_bit(optimizer: Optimizer) -> None:
    document = random_document().set_training(optimizer=optimizer)
    straight = trainer(document)
    for unit in ("epoch", "batch", "sample", "sample"):
        straight.step(unit)  # type: ignore[arg-type]
    assert straight.position == 12
    resumed = trainer(document)
    resumed.restore(straight.snapshot())
    assert same(straight, resumed)
    for run in (straight, resumed):
        for unit in ("sample", "batch", "epoch", "epoch"):
            run.step(unit)
    assert same(straight, resumed)


def test_a_snapshot_is_a_copy() -> None:
    run = trainer(small(training=Training(optimizer=Adam())))
    run.step("batch")
    kept = run.snapshot()
    weights, mean = kept.weights["dense_1.weight"].copy(), kept.optimizer["dense_1.weight.mean"].copy()
    run.step("epoch")
    assert np.array_equal(kept.weights["dense_1.weight"], weights)
    assert np.array_equal(kept.optimizer["dense_1.weight.mean"], mean)
    assert not np.array_equal(run.parameter("dense_1.weight"), weights)


def test_advancing_takes_the_same_steps_as_stepping() -> None:
    run, stepped = trainer(small()), trainer(small())
    taken = run.advance(0.02) + run.advance(0.0)
    assert taken == run.step_count >= 2
    for _ in range(taken):
        stepped.step("batch")
    assert same(run, stepped)


def test_steps_end_where_their_unit_ends() -> None:
    run = trainer(small(data=Data(Circle(samples=90), seed=3)))  # 45: four batches of 10 and one of 5
    places = []
    for unit in ("sample", "batch", "batch", "sample", "epoch", "batch"):
        run.step(unit)  # type: ignore[arg-type]
        places.append((run.epoch, run.position, run.step_count))
    assert places == [(0, 1, 1), (0, 10, 2), (0, 20, 3), (0, 21, 4), (1, 0, 7), (1, 10, 8)]


def test_weights_that_do_not_fit_are_refused() -> None:
    snapshot = trainer(chain(Dense(5), Dense(1))).snapshot()
    run = trainer(small())
    before = run.snapshot()
    with pytest.raises(InvalidValueError, match=r"dense_1\.bias is \(5,\) in the saved weights but \(4,\)"):
        run.restore(snapshot)
    assert equal(before.weights, run.snapshot().weights)


def test_a_plan_with_a_problem_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="cannot be trained"):
        TorchTrainer(resolve(small().disconnect(small().networks[0].edges[0])))


# --- edits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [TorchTrainer, NumbaTrainer])
@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.set_training(batch_size=7),
        lambda d: d.set_training(loss=MeanSquaredError(halved=True)),
        lambda d: d.set_training(optimizer=Adam(learning_rate=0.5)),
        lambda d: d.set_data(dataset=Circle(samples=60, noise=20.0)),
        lambda d: d.set_field("dense_1", "activation", Relu()),
        lambda d: d.set_field("dense_1", "weight_regularizer", L2()),
        lambda d: d.insert_before("dense_2", "Dropout"),
    ],
)
def test_a_change_that_keeps_the_parameters_goes_on(change: Any, kind: type[Run]) -> None:
    document = small(training=Training(optimizer=Adam()))
    run = kind(resolve(document))
    run.step("epoch")
    before = run.snapshot()
    assert run.edit(resolve(change(document)))
    after = run.snapshot()
    assert (after.epoch, after.step) == (1, 5)
    assert equal(before.weights, after.weights) and equal(before.optimizer, after.optimizer)
    run.step("epoch")
    assert run.epoch == 2 and not equal(before.weights, run.snapshot().weights)


def test_another_rate_keeps_the_momentum_and_another_momentum_drops_it() -> None:
    document = small(training=Training(optimizer=SGD(learning_rate=0.03, momentum=0.9)))
    run = trainer(document)
    run.step("epoch")
    state = run.snapshot().optimizer
    assert set(state) == {f"{name}.velocity" for name in run.snapshot().weights}
    assert run.edit(resolve(document.set_training(optimizer=SGD(learning_rate=0.5, momentum=0.9))))
    assert run.rate() == 0.5 and equal(state, run.snapshot().optimizer)
    assert run.edit(resolve(document.set_training(optimizer=SGD(learning_rate=0.5, momentum=0.5))))
    assert run.snapshot().optimizer == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.set_field("dense_1", "units", 5),
        lambda d: d.set_field("dense_1", "weight_initializer", Normal()),
        lambda d: d.set_field("dense_1", "use_bias", False),
        lambda d: d.toggle_column("input_1", "x1_x2"),
        lambda d: d.replace(seed=2),
        lambda d: d.disconnect(d.networks[0].edges[0]),
    ],
)
def test_a_change_of_what_the_seed_fixes_needs_a_new_run(change: Any) -> None:
    run = trainer(small())
    run.step("batch")
    plan, before = run.plan, run.snapshot()
    assert not run.edit(resolve(change(small())))
    assert run.plan is plan and equal(before.weights, run.snapshot().weights)


def test_a_snapshot_of_another_optimizer_starts_its_state_anew() -> None:
    document = small(training=Training(optimizer=SGD(momentum=0.9)))
    old = trainer(document)
    old.step("epoch")
    run = trainer(document.set_training(optimizer=Adam()))
    run.restore(old.snapshot())
    run.step("epoch")
    assert run.epoch == 2 and float(run.snapshot().optimizer["step"]) == 5


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_a_value_set_by_hand_changes_the_answer_at_once() -> None:
    run = trainer(small())
    loss = run.evaluate().train_loss
    run.set_parameter("dense_2.bias", (0,), 3.0)
    assert run.parameter("dense_2.bias")[0] == 3.0
    assert run.evaluate().train_loss != loss


@pytest.mark.parametrize(
    ("name", "index", "value", "words"),
    [
        ("dense_9.bias", (0,), 1.0, "no parameter 'dense_9.bias'"),
        ("dense_2.bias", (1,), 1.0, r"no value at \(1,\)"),
        ("dense_2.bias", (-1,), 1.0, r"no value at \(-1,\)"),
        ("dense_1.weight", (0,), 1.0, r"shape \(4, 2\)"),
        ("dense_2.bias", (0,), float("nan"), "finite"),
        ("dense_2.bias", (0,), 1e39, "finite"),
    ],
)
def test_a_value_that_cannot_be_set_is_refused(name: str, index: tuple[int, ...], value: float, words: str) -> None:
    run = trainer(small())
    before = run.snapshot()
    with pytest.raises(InvalidValueError, match=words):
        run.set_parameter(name, index, value)
    assert equal(before.weights, run.snapshot().weights)


# --- what it answers -------------------------------------------------------------------------------------------------


def test_outputs_are_those_of_the_formulas() -> None:
    document = chain(
        Dense(3), Dropout(0.5), Dense(3, Softmax()), training=Training(CategoricalCrossEntropy())
    ).set_data(dataset=Rings(samples=60, classes=3))
    run = trainer(document)
    points = np.random.default_rng(0).uniform(-6, 6, (500, 2))
    points.flags.writeable = False
    for _ in range(2):  # the second time from what was kept
        found = run.outputs(points, ("input_1", "dense_1", "dense_2"))
        hidden = np.tanh(points @ run.parameter("dense_1.weight").T + run.parameter("dense_1.bias"))
        logits = hidden @ run.parameter("dense_2.weight").T + run.parameter("dense_2.bias")
        np.testing.assert_allclose(found["input_1"], points, atol=1e-6)
        np.testing.assert_allclose(found["dense_1"], hidden, atol=1e-5)
        np.testing.assert_allclose(found["dense_2"], Softmax().value(logits), atol=1e-5)
        run.step("epoch")


def test_answers_over_several_grids_are_never_mixed_up() -> None:
    run = trainer(small())
    for number in range(12):
        points = np.full((3, 2), number / 2.0)
        points.flags.writeable = False
        hidden = np.tanh(points @ run.parameter("dense_1.weight").T + run.parameter("dense_1.bias"))
        np.testing.assert_allclose(run.outputs(points, ("dense_1",))["dense_1"], hidden, atol=1e-5)
        del points
    points = np.ones((3, 2))
    points.flags.writeable = False
    before = run.outputs(points, ("dense_2",))["dense_2"].copy()
    run.set_parameter("dense_2.bias", (0,), 9.0)
    assert (run.outputs(points, ("dense_2",))["dense_2"] > before).all()


def test_evaluation_uses_both_parts_of_the_data_and_no_dropout() -> None:
    document = random_document()
    run = trainer(document)
    run.step("batch")
    samples, target = split(document.data), run.plan.target
    assert target is not None
    evaluation = run.evaluate()
    for part, loss, metric in (
        (samples.train, evaluation.train_loss, evaluation.train_metric),
        (samples.test, evaluation.test_loss, evaluation.test_metric),
    ):
        answer = run.outputs(part.values, ("dense_2",))["dense_2"]
        assert loss == pytest.approx(
            float(MeanSquaredError().value(answer, target.encode(part.targets)).mean()), rel=1e-5
        )
        assert metric == pytest.approx(float(np.mean((answer[:, 0] > 0) == (part.targets == 1))))
    assert run.evaluate() == evaluation


def test_the_rate_follows_the_schedule_step_by_step() -> None:
    run = trainer(small(training=Training(optimizer=SGD(learning_rate=0.4), schedule=Cosine(), epochs=2)))
    rates = []
    while run.epoch < 3:
        rates.append(run.rate())
        run.step("batch")
    expected = [0.4 * 0.5 * (1 + np.cos(np.pi * min(1, step / 10))) for step in range(15)]
    np.testing.assert_allclose(rates, expected, atol=1e-12)


@pytest.mark.parametrize("name", entries("schedules"))
def test_the_rate_is_that_of_the_schedule_wherever_the_run_stands(name: str) -> None:
    schedule: Schedule = entries("schedules")[name]()
    document = small(training=Training(optimizer=SGD(learning_rate=0.4), schedule=schedule, epochs=4))
    run, size = trainer(document), len(split(document.data).train)
    units: list[Unit] = ["batch", "sample", "batch", "sample", "sample", "batch", "epoch"]
    for unit in (*units, *units):
        if run.epoch == 2:  # another one, in the middle of the run
            schedule = Cosine(warmup_epochs=1)
            assert run.edit(resolve(document.set_training(schedule=schedule)))
        wanted = 0.4 * run._watch.adapted * float(schedule.factor(run.epoch + run.position / size, 4))
        assert run.rate() == pytest.approx(wanted, rel=1e-12)
        run.step(unit)


def test_the_history_starts_before_the_training() -> None:
    run = trainer(small())
    run.step("epoch")
    run.step("batch")
    rows = run.curves()
    assert rows.shape == (2, 6) and list(rows[:, 0]) == [0, 1]
    assert list(rows[:, 5]) == [0.03, 0.03]
    assert rows[0, 1] != rows[1, 1]


# --- staying finite --------------------------------------------------------------------------------------------------


def exploding() -> Document:
    layers = [Dense(4, Relu(), weight_initializer=Uniform(), bias_initializer=Constant()) for _ in range(3)]
    return chain(*layers, Dense(1, Linear()), training=Training(optimizer=SGD(learning_rate=10.0)))


def test_a_run_that_diverges_stops_at_its_last_finite_state() -> None:
    run = trainer(exploding())
    start = run.snapshot()
    with pytest.raises(Diverged) as caught:
        for _ in range(50):
            run.step("epoch")
    assert caught.value.step > 0
    assert caught.value.node in {"dense_1", "dense_2", "dense_3", "dense_4"}
    snapshot = run.snapshot()
    assert all(np.isfinite(values).all() for values in snapshot.weights.values())
    assert np.isfinite(run.curves()).all() and run.epoch == run.curves()[-1, 0]
    assert run.epoch > 0 or equal(start.weights, snapshot.weights)
    assert np.isfinite(run.evaluate().train_loss)


def test_advancing_notices_within_the_epoch() -> None:
    run = trainer(exploding())
    with pytest.raises(Diverged):
        for _ in range(1000):
            run.advance(0.0)
    assert all(np.isfinite(values).all() for values in run.snapshot().weights.values())


def test_a_run_can_go_on_after_it_diverged() -> None:
    document = exploding()
    run = trainer(document)
    with pytest.raises(Diverged):
        for _ in range(50):
            run.step("epoch")
    assert run.edit(resolve(document.set_training(optimizer=SGD(learning_rate=0.001))))
    epoch = run.epoch
    run.step("epoch")
    assert run.epoch == epoch + 1
