"""Schedules that go by the loss, stopping rules, and a momentum that moves: in runs of both backends."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear
from engine.catalog.layers.dense import Dense
from engine.catalog.optimizers import SGD, Adam, Optimizer
from engine.catalog.registry import entries
from engine.catalog.schedules import Cosine, OneCycle, ReduceOnPlateau
from engine.catalog.stopping import EarlyStopping, NeverStop, StopAfterTime, StopAtEpoch, StopAtLoss
from engine.document.graph import Document, Training
from engine.plan.data import epoch_order, split
from engine.plan.resolve import resolve
from engine.training import watch
from engine.training.backends import choose
from engine.training.numba_plans import refuses
from engine.training.run import Run
from engine.training.seeds import run_seeds
from engine.training.trainer import Diverged, Snapshot
from engine.training.watch import begins_with, moves_momentum
from tests.engine.training.networks import chain, equal, small

BOTH = pytest.mark.parametrize("engine", ["numba", "torch"])
PLATEAU = ReduceOnPlateau(patience=2, smallest_improvement=0.002)
EARLY = EarlyStopping(patience=4)


def run_of(engine: str, document: Document | None = None, **training: Any) -> Run:
    plan = resolve((document or small()).set_training(**training))
    return choose(plan, engine)[0].make(plan)


def same(one: Snapshot, other: Snapshot) -> bool:
    """Whether they are equal bit for bit, but for the seconds that training took."""
    seen = [{name: x for name, x in found.watch.items() if name != "seconds"} for found in (one, other)]
    return (
        (one.epoch, one.step, one.position) == (other.epoch, other.step, other.position)
        and one.curves.tobytes() == other.curves.tobytes()
        and equal(one.weights, other.weights)
        and equal(one.optimizer, other.optimizer)
        and equal(*seen)
    )


def losses(run: Run) -> list[float]:
    return run.curves()[:, 2].tolist()


# --- a schedule that adapts ------------------------------------------------------------------------------------------


@BOTH
def test_a_plateau_lowers_the_rate_of_the_steps_that_follow(engine: str) -> None:
    run = run_of(engine, optimizer=SGD(learning_rate=0.4), schedule=PLATEAU)
    run.train_epochs(60)
    state: dict[str, float] = {}
    expected = [0.4]
    for epoch, loss in enumerate(losses(run)[1:], 1):
        PLATEAU.look(epoch, loss, state)
        expected.append(0.4 * PLATEAU.adapted(state))
    assert run.curves()[:, 5].tolist() == expected and expected[-1] < 0.1
    assert run.rate() == expected[-1]


def test_both_backends_lower_it_alike() -> None:
    one, other = (run_of(engine, optimizer=SGD(learning_rate=0.2), schedule=PLATEAU) for engine in ("numba", "torch"))
    for run in (one, other):
        run.train_epochs(25)
    assert one.curves()[:, 5].tolist() == other.curves()[:, 5].tolist() and one.rate() < 0.2
    np.testing.assert_allclose(one.parameter("dense_1.weight"), other.parameter("dense_1.weight"), atol=2e-5)


@BOTH
@pytest.mark.parametrize("stopping", [NeverStop(), EARLY, StopAtEpoch(epoch=21)], ids=repr)
@pytest.mark.parametrize("schedule", [PLATEAU, Cosine(), PLATEAU.replace(warmup_epochs=3)], ids=repr)
def test_it_does_not_matter_how_the_steps_are_asked_for(engine: str, schedule: Any, stopping: Any) -> None:
    training = {"optimizer": SGD(learning_rate=0.5), "schedule": schedule, "stopping": stopping, "epochs": 40}
    whole, by_epoch, by_batch, by_time = (run_of(engine, **training) for _ in range(4))
    while by_time.epoch < 40:
        by_time.advance(0.002)
    end, steps = by_time.epoch, by_time.step_count
    while whole.epoch < end:
        whole.train_epochs(end - whole.epoch)
    while by_epoch.epoch < end:
        by_epoch.step("epoch")
    while by_batch.step_count < steps:
        by_batch.step("batch")
    assert same(whole.snapshot(), by_epoch.snapshot())
    assert same(by_batch.snapshot(), by_time.snapshot())
    while whole.step_count < steps:
        whole.step("batch")
    assert same(whole.snapshot(), by_time.snapshot())


@BOTH
@pytest.mark.parametrize("epochs", [7, 13, 22])
def test_a_resumed_run_goes_on_bit_for_bit(engine: str, epochs: int) -> None:
    training = {"optimizer": SGD(learning_rate=0.5, momentum=0.5), "schedule": PLATEAU, "stopping": EARLY}
    straight, resumed = run_of(engine, **training), run_of(engine, **training)
    while straight.epoch < epochs:
        straight.train_epochs(epochs - straight.epoch)
    straight.step("batch")
    resumed.restore(straight.snapshot())
    assert same(straight.snapshot(), resumed.snapshot())
    stops = []
    for run in (straight, resumed):
        found = []
        for _ in range(30):
            run.step("epoch")
            if run.stopped is not None:
                found.append((run.epoch, str(run.stopped)))
        stops.append(found)
    assert same(straight.snapshot(), resumed.snapshot()) and stops[0] == stops[1] != []


@BOTH
def test_a_run_that_starts_over_remembers_nothing(engine: str) -> None:
    run, fresh = (run_of(engine, optimizer=SGD(learning_rate=0.5), schedule=PLATEAU, stopping=EARLY) for _ in "ab")
    run.train_epochs(30)
    assert run.rate() < 0.5
    run.start_over(1)
    assert run.rate() == 0.5 and run.stopped is None
    for each in (run, fresh):
        each.train_epochs(12)
    assert same(run.snapshot(), fresh.snapshot())


@BOTH
def test_an_edit_keeps_what_still_holds(engine: str) -> None:
    run = run_of(engine, optimizer=SGD(learning_rate=0.5), schedule=PLATEAU, stopping=EARLY.replace(patience=1000))
    run.train_epochs(30)
    lowered = run.rate()
    document = run.plan.document
    assert lowered < 0.5 and run.edit(resolve(document.set_training(batch_size=7)))
    assert run.rate() == lowered and "stopping.best" in run.snapshot().watch
    assert run.edit(resolve(document.set_training(stopping=NeverStop())))
    assert run.rate() == lowered and not any(name.startswith(("stop", "best")) for name in run.snapshot().watch)
    assert run.edit(resolve(document.set_training(schedule=PLATEAU.replace(patience=9))))
    assert run.rate() == 0.5


# --- where a run ends ------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("epoch", [1, 7, 2501])
def test_it_stops_at_the_epoch_and_goes_on_past_it(engine: str, epoch: int) -> None:
    document = small() if epoch < 100 else small().set_data(train_share=0.1).set_training(batch_size=50)
    run = run_of(engine, document, stopping=StopAtEpoch(epoch=epoch))
    while run.stopped is None and run.epoch < 5000:
        run.advance(0.05)
    assert (run.epoch, run.position) == (epoch, 0) and str(epoch) in str(run.stopped)
    assert (epoch in run.curves()[:, 0]) == (epoch < 2000)
    run.train_epochs(5)
    assert run.epoch == epoch + 5 and run.stopped is None


@BOTH
def test_nothing_is_seen_of_a_rule_in_the_curves(engine: str) -> None:
    one, other = (run_of(engine, stopping=rule) for rule in (NeverStop(), EARLY.replace(patience=1000)))
    for run in (one, other):
        run.train_epochs(30)
    assert one.curves().tobytes() == other.curves().tobytes()
    assert equal(one.snapshot().weights, other.snapshot().weights)


@BOTH
@pytest.mark.parametrize("restore", [True, False])
def test_early_stopping_returns_to_the_best_weights(engine: str, restore: bool) -> None:
    rule = EARLY.replace(restore_best_weights=restore)
    run, free = (run_of(engine, optimizer=SGD(learning_rate=1.0), stopping=each) for each in (rule, NeverStop()))
    run.train_epochs(500)
    assert run.stopped is not None
    seen = losses(run)[1:]
    best = int(np.argmin(seen)) + 1
    assert run.epoch == best + 4 == len(seen) and f"since epoch {best} " in str(run.stopped)
    free.train_epochs(best if restore else run.epoch)
    assert equal(run.snapshot().weights, free.snapshot().weights)
    assert run.evaluate() == free.evaluate()
    run.train_epochs(1)
    assert run.stopped is None


def test_it_stops_at_a_loss() -> None:
    run = run_of("numba", optimizer=SGD(learning_rate=0.3), stopping=StopAtLoss(loss=0.3))
    run.train_epochs(1000)
    assert run.stopped is not None and losses(run)[-1] <= 0.3 < min(losses(run)[:-1])
    end = run.epoch
    run.train_epochs(3)
    assert run.epoch > end


@BOTH
def test_only_seconds_of_training_count(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0.0, 1.0)  # each look at the clock takes a second
    monkeypatch.setattr(watch, "perf_counter", lambda: next(clock))
    run = run_of(engine, stopping=StopAfterTime(seconds=10.0))
    for _ in range(100):
        next(clock)  # time that passes between calls
    run.train_epochs(100)
    assert run.epoch == 10 and "10 seconds" in str(run.stopped)
    run.train_epochs(100)
    assert run.epoch == 19 and run.stopped is not None  # one of the seconds went by when the first call ended
    resumed = run_of(engine, stopping=StopAfterTime(seconds=10.0))
    resumed.restore(run.snapshot())
    assert resumed.snapshot().watch["seconds"] == run.snapshot().watch["seconds"] >= 20


@BOTH
def test_a_run_that_diverges_remembers_what_it_knew_then(engine: str) -> None:
    training = {"optimizer": SGD(learning_rate=0.02), "schedule": PLATEAU, "stopping": EARLY}
    document = chain(*(Dense(4, Linear()) for _ in range(3)), Dense(1, Linear()))
    run, other = run_of(engine, document, **training), run_of(engine, document, **training)
    fast = resolve(run.plan.document.set_training(optimizer=SGD(learning_rate=5.0)))
    for each in (run, other):
        each.train_epochs(6)
        assert each.edit(fast)
    with pytest.raises(Diverged):
        run.train_epochs(200)
    other.train_epochs(run.epoch - 6)
    assert run.epoch >= 6 and "schedule.best" in run.snapshot().watch
    assert same(run.snapshot(), other.snapshot())


def test_a_study_stops_each_run_where_its_rule_says() -> None:
    document = small().set_training(stopping=StopAtEpoch(epoch=5))
    outcomes = list(run_seeds(resolve(document), [1, 2, 3], 50))
    for outcome in outcomes:
        alone = run_of("numba", document.replace(seed=outcome.seed), stopping=NeverStop())
        alone.train_epochs(5)
        assert outcome.evaluation == alone.evaluate()


# --- a momentum that moves -------------------------------------------------------------------------------------------

MOVED = [cls() for cls in entries("optimizers").values() if cls.momentum_name] + [
    SGD(momentum=0.5, nesterov=True),
    SGD(momentum=0.5, dampening=0.3),
]


@pytest.mark.parametrize("optimizer", MOVED, ids=repr)
def test_both_backends_move_the_momentum_as_the_formula_does(optimizer: Optimizer) -> None:
    """The formula of the catalogue, with the momentum of each step put in, on the gradients that the run sees."""
    schedule = OneCycle(momentum_at_peak=0.2)
    optimizer = optimizer.replace(learning_rate=min(0.02, optimizer.learning_rate))
    training = Training(optimizer=optimizer, schedule=schedule, epochs=4)
    document = chain(Dense(1, Linear(), use_bias=False), training=training)
    plan = resolve(document)
    assert refuses(plan) is None
    runs = {engine: run_of(engine, document) for engine in ("numba", "torch")}
    samples, target = split(document.data).train, plan.target
    assert target is not None
    inputs = document.data.dataset.inputs(samples.values, document.node("input_1").layer.columns)
    targets, weight = target.encode(samples.targets), runs["torch"].parameter("dense_1.weight").astype(np.float64)
    state: dict[str, Any] = {}
    places = itertools.product(range(4), range(0, len(inputs), 10))
    for step, (epoch, start) in enumerate(places, 1):
        chosen = epoch_order(document.seed, epoch, len(inputs))[start : start + 10]
        x, now = inputs[chosen].astype(np.float64), epoch + start / len(inputs)
        gradient = document.training.loss.gradient(x @ weight.T, targets[chosen]).T @ x / len(x)
        momentum = float(np.asarray(schedule.momentum(now, 4)))
        moved = optimizer.replace(**{optimizer.momentum_name: momentum})
        moved.update(weight, gradient, state, optimizer.learning_rate * float(schedule.factor(now, 4)), step)
    for engine, run in runs.items():
        run.train_epochs(4)
        np.testing.assert_allclose(run.parameter("dense_1.weight"), weight, rtol=1e-4, atol=2e-5, err_msg=engine)


@BOTH
def test_a_momentum_that_stays_gives_another_run(engine: str) -> None:
    optimizer = SGD(learning_rate=0.1, momentum=0.9)
    moved, still = (
        run_of(engine, optimizer=optimizer, schedule=OneCycle(cycle_momentum=cycles), epochs=4)
        for cycles in (True, False)
    )
    for run in (moved, still):
        run.train_epochs(4)
    assert not np.allclose(moved.parameter("dense_1.weight"), still.parameter("dense_1.weight"), atol=1e-3)
    assert moved.curves()[:, 5].tolist() == still.curves()[:, 5].tolist()


@BOTH
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.1), Adam()], ids=repr)
def test_a_cycle_resumes_bit_for_bit_and_survives_edits(engine: str, optimizer: Optimizer) -> None:
    training = {"optimizer": optimizer, "schedule": OneCycle(), "epochs": 10}
    straight, resumed = run_of(engine, **training), run_of(engine, **training)
    straight.train_epochs(3)
    straight.step("sample")
    resumed.restore(straight.snapshot())
    for run in (straight, resumed):
        run.train_epochs(9)
    assert same(straight.snapshot(), resumed.snapshot())
    assert straight.edit(resolve(straight.plan.document.set_training(schedule=Cosine())))
    straight.train_epochs(2)


def test_what_has_no_momentum_is_left_alone() -> None:
    for cls in entries("optimizers").values():
        training = Training(optimizer=cls(), schedule=OneCycle())
        assert moves_momentum(training) == bool(cls.momentum_name)
        changed = begins_with(training)
        assert (changed == training.optimizer) == (not cls.momentum_name)
        assert not cls.momentum_name or getattr(changed, cls.momentum_name) == 0.95
        assert begins_with(Training(optimizer=cls(), schedule=Cosine())) == cls()
