"""Every optimizer in a run: states that resume bit for bit, backends that take over from each other, full batches."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.optimizers import (
    LBFGS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    GradientDescent,
    NAdam,
    Objective,
    Optimizer,
    RandomSearch,
    RMSprop,
    Rprop,
)
from engine.catalog.registry import defaults, register, unregister
from engine.catalog.regularizers import L1, L2
from engine.catalog.schedules import Cosine
from engine.document.errors import InvalidValueError
from engine.document.graph import Data, Document, Training
from engine.plan.data import split
from engine.plan.resolve import resolve
from engine.training.backends import choose
from engine.training.numba_plans import refuses
from engine.training.numba_trainer import NumbaTrainer
from engine.training.run import Run
from engine.training.torch_optimizer import FlatOptimizer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain, equal, same, small

VARIED: list[Optimizer] = [
    *defaults("optimizers"),
    SGD(momentum=0.9, dampening=0.5),
    SGD(momentum=0.9, nesterov=True),
    Adagrad(initial_sum=0.1),
    RMSprop(centered=True, momentum=0.5),
    Adadelta(decay=0.5),
    Adam(amsgrad=True),
    AdamW(amsgrad=True, weight_decay=0.5),
    NAdam(momentum_decay=0.5),
    LBFGS(learning_rate=0.1, line_search=False),
    LBFGS(history=2, iterations=3),
]
STEPPING = [optimizer for optimizer in VARIED if not optimizer.closure_based]
BOTH = [(kind, optimizer) for optimizer in VARIED for kind in (NumbaTrainer, TorchTrainer)]
RUNNING = [(kind, optimizer) for kind, optimizer in BOTH if kind is TorchTrainer or not optimizer.closure_based]


def run_of(kind: type[Run], document: Document) -> Any:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    return kind(plan)


def random_document(optimizer: Optimizer) -> Document:
    return chain(Dense(6), Dropout(0.3), Dense(1), training=Training(optimizer=optimizer, schedule=Cosine(), epochs=9))


# --- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "optimizer"), RUNNING, ids=repr)
def test_a_restored_run_goes_on_bit_for_bit(kind: type[Run], optimizer: Optimizer) -> None:
    document = random_document(optimizer)
    straight, resumed = run_of(kind, document), run_of(kind, document)
    resumed.restore(straight.snapshot())
    assert same(straight, resumed)
    for unit in ("epoch", "batch", "sample", "sample", "epoch", "batch"):
        straight.step(unit)
    assert (straight.step_count == 6) == optimizer.full_batch
    resumed = run_of(kind, document)
    resumed.restore(straight.snapshot())
    assert same(straight, resumed)
    for run in (straight, resumed):
        for unit in ("sample", "batch", "epoch", "epoch"):
            run.step(unit)
    assert same(straight, resumed)


@pytest.mark.parametrize(("kind", "optimizer"), RUNNING, ids=repr)
def test_starting_over_forgets_the_state(kind: type[Run], optimizer: Optimizer) -> None:
    document = small(training=Training(optimizer=optimizer))
    used, fresh = run_of(kind, document), run_of(kind, document.replace(seed=7))
    used.step("epoch")
    used.start_over(7)
    for run in (used, fresh):
        run.step("epoch")
        run.step("batch")
    assert same(used, fresh)


@pytest.mark.parametrize(("kind", "optimizer"), RUNNING, ids=repr)
def test_another_optimizer_starts_with_a_state_of_its_own(kind: type[Run], optimizer: Optimizer) -> None:
    document = small(training=Training(optimizer=optimizer))
    other = SGD(momentum=0.9) if not isinstance(optimizer, SGD) else Adam()
    run = run_of(kind, small(training=Training(optimizer=other)))
    run.step("epoch")
    fresh = run_of(kind, document)
    snapshot = run.snapshot()
    fresh.restore(type(snapshot)(1, snapshot.step, 0, snapshot.weights, {}, snapshot.curves))
    assert run.edit(resolve(document))
    for trainer in (run, fresh):
        trainer.step("epoch")
        trainer.step("batch")
    assert equal(run.snapshot().weights, fresh.snapshot().weights)
    assert equal(run.snapshot().optimizer, fresh.snapshot().optimizer)


def test_an_empty_state_is_that_of_the_start() -> None:
    flat = torch.ones(3)
    optimizer = FlatOptimizer(Adagrad(initial_sum=0.25), flat)
    assert torch.equal(optimizer.copy()["sum"], torch.full((3,), 0.25))
    flat.grad = torch.ones(3)
    with torch.no_grad():
        optimizer.step()
    assert torch.equal(optimizer.copy()["sum"], torch.full((3,), 1.25))
    optimizer.put({})
    assert torch.equal(optimizer.copy()["sum"], torch.full((3,), 0.25))


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.5), RMSprop(momentum=0.5), Adam(), NAdam(), Rprop()], ids=repr)
def test_the_momentum_can_be_moved(optimizer: Optimizer) -> None:
    named = optimizer.momentum_name
    flat, other = torch.ones(3), torch.ones(3)
    run = FlatOptimizer(optimizer, flat)
    assert run.momentum == (getattr(optimizer, named) if named else 0.0)
    run.momentum = 0.25
    assert run.momentum == (0.25 if named else 0.0)
    peer = FlatOptimizer(optimizer.replace(**{named: 0.25}) if named else optimizer, other)
    for step in range(3):
        flat.grad = other.grad = torch.full((3,), float(step + 1))
        with torch.no_grad():
            run.step()
            peer.step()
    assert torch.equal(flat, other)


@pytest.mark.parametrize("optimizer", STEPPING, ids=repr)
@pytest.mark.parametrize("back", [False, True])
def test_a_run_can_change_its_backend(optimizer: Optimizer, back: bool) -> None:
    document = small(training=Training(optimizer=optimizer))
    kinds = (TorchTrainer, NumbaTrainer)[:: -1 if back else 1]
    run, moved = (run_of(kind, document) for kind in kinds)
    for _ in range(5):
        run.step("batch")
    moved.restore(run.snapshot())
    taken, left = (set(trainer.snapshot().optimizer) - {"step"} for trainer in (moved, run))
    assert taken == left
    for _ in range(20):
        run.step("batch")
        moved.step("batch")
    for name, wanted in run.snapshot().weights.items():
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(moved.parameter(name), wanted, rtol=0, atol=1e-5 * scale, err_msg=name)


def test_the_state_of_a_search_belongs_to_its_network() -> None:
    training = Training(optimizer=LBFGS())
    run, other = (run_of(TorchTrainer, chain(Dense(units), Dense(1), training=training)) for units in (4, 5))
    other.step("epoch")
    state, snapshot = other.snapshot().optimizer, run.snapshot()
    assert set(state) == set(LBFGS.search_state)
    with pytest.raises(InvalidValueError, match=r"does not fit this network"):
        run.restore(type(snapshot)(0, 0, 0, snapshot.weights, state))


# --- full batches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [NumbaTrainer, TorchTrainer])
def test_gradient_descent_is_sgd_with_one_batch_of_all_samples(kind: type[Run]) -> None:
    document = small(training=Training(optimizer=GradientDescent(learning_rate=0.2), batch_size=7))
    whole = document.set_training(optimizer=SGD(learning_rate=0.2), batch_size=50)
    run, peer = run_of(kind, document), run_of(kind, whole)
    assert len(split(document.data).train) == 50
    losses = []
    for _ in range(40):
        for trainer in (run, peer):
            trainer.step("epoch")
        losses.append(run.evaluate().train_loss)
    assert run.step_count == run.epoch == 40
    assert same(run, peer)
    assert (np.diff(losses) < 0).all()


@pytest.mark.parametrize("kind", [NumbaTrainer, TorchTrainer])
@pytest.mark.parametrize("unit", ["sample", "batch", "epoch"])
def test_every_unit_of_a_full_batch_is_an_epoch(kind: type[Run], unit: str) -> None:
    run = run_of(kind, small(training=Training(optimizer=GradientDescent())))
    for _ in range(3):
        run.step(unit)
    assert (run.epoch, run.position, run.step_count) == (3, 0, 3)
    taken = run.advance(0.0)
    assert (run.epoch, run.step_count) == (3 + taken, 3 + taken)


@pytest.mark.parametrize("kind", [NumbaTrainer, TorchTrainer])
def test_a_full_batch_that_takes_over_within_an_epoch_takes_all_samples(kind: type[Run]) -> None:
    run = run_of(kind, small(training=Training(optimizer=SGD())))
    run.step("batch")
    assert run.position == 10
    document = small(training=Training(optimizer=GradientDescent()))
    fresh = run_of(kind, document)
    fresh.restore(type(run.snapshot())(weights=run.snapshot().weights))
    assert run.edit(resolve(document)) and run.position == 0
    run.step("batch")
    fresh.step("batch")
    assert equal(run.snapshot().weights, fresh.snapshot().weights)


# --- searching -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [RandomSearch(), LBFGS()], ids=repr)
def test_the_kernels_refuse_a_search_and_say_why(optimizer: Optimizer) -> None:
    plan = resolve(small(training=Training(optimizer=optimizer)))
    reason = refuses(plan)
    assert reason is not None and "asks for the loss several times" in str(reason)
    assert choose(plan) == (choose(plan, "torch")[0], reason)


def penalised_loss(run: Any, document: Document) -> float:
    total = run.evaluate().train_loss
    for name in ("dense_1", "dense_2"):
        regularizer = document.node(name).layer.weight_regularizer
        total += float(regularizer.penalty(np, run.parameter(f"{name}.weight").astype(np.float64)))
    return total


def penalised(optimizer: Optimizer) -> Document:
    layers = Dense(5, weight_regularizer=L2(rate=0.05)), Dense(1, weight_regularizer=L1(rate=0.01))
    return chain(*layers, training=Training(optimizer=optimizer))


@pytest.mark.parametrize("optimizer", [RandomSearch(learning_rate=0.3), LBFGS()], ids=repr)
def test_a_search_never_raises_the_loss_with_its_penalties(optimizer: Optimizer) -> None:
    document = penalised(optimizer)
    run = run_of(TorchTrainer, document)
    losses = [penalised_loss(run, document)]
    for _ in range(60):
        run.step("epoch")
        losses.append(penalised_loss(run, document))
    assert (np.diff(losses) <= 1e-6).all()
    assert losses[-1] < 0.8 * losses[0]


def test_random_search_keeps_the_weights_when_the_loss_would_rise() -> None:
    run = run_of(TorchTrainer, small(training=Training(optimizer=RandomSearch(learning_rate=0.5))))
    kept = 0
    for _ in range(40):
        before, loss = run.snapshot().weights, run.evaluate().train_loss
        run.step("epoch")
        if equal(before, run.snapshot().weights):
            kept += 1
        else:
            assert run.evaluate().train_loss < loss
    assert 0 < kept < 40


def test_lbfgs_takes_pytorchs_steps_in_a_network() -> None:
    optimizer = LBFGS(iterations=3)
    document = small(training=Training(optimizer=optimizer))
    run = run_of(TorchTrainer, document)
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1), torch.nn.Tanh())
    with torch.no_grad():
        for layer, node in ((model[0], "dense_1"), (model[2], "dense_2")):
            layer.weight.copy_(torch.from_numpy(run.parameter(f"{node}.weight")))
            layer.bias.copy_(torch.from_numpy(run.parameter(f"{node}.bias")))
    peer = optimizer.build(torch.optim, model.parameters())
    samples = split(document.data).train
    x = torch.from_numpy(samples.values.astype(np.float32))
    y = torch.from_numpy(np.where(samples.targets == 1, 1, -1).astype(np.float32))[:, None]

    def closure() -> Any:
        peer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    for _ in range(2):  # six iterations: the samples are summed in another order, and rounding grows with each
        peer.step(closure)
        run.step("epoch")
    found = run.parameter("dense_1.weight")
    np.testing.assert_allclose(found, model[0].weight.detach().numpy(), rtol=1e-3, atol=1e-3)


def test_lbfgs_solves_the_circle_in_few_steps() -> None:
    run = run_of(TorchTrainer, small(training=Training(optimizer=LBFGS()), data=Data(Circle(samples=200), seed=3)))
    start = run.evaluate().train_loss
    for _ in range(100):
        run.step("epoch")
    assert run.evaluate().train_loss < start / 20


@register
class Asking(Optimizer):
    """Asks for the loss where it stands, several times, and stays there."""

    learning_rate: float = 1.0
    closure_based = True
    full_batch = True

    asked: ClassVar[list[float]] = []

    def search(self, weight: Any, objective: Objective, state: Any, rate: float, random: Any) -> None:
        before = weight.copy()
        self.asked.extend((objective.value(weight), objective.slope(weight)[0], objective.value(weight)))
        objective.value(weight + 1)
        assert np.array_equal(weight, before)


unregister(Asking)


def test_the_noise_of_a_step_stays_while_it_is_searched() -> None:
    document = chain(Dense(8), Dropout(0.5), Dense(1), training=Training(optimizer=Asking()))
    run = run_of(TorchTrainer, document)
    before = run.snapshot().weights
    Asking.asked.clear()
    for _ in range(2):
        run.step("epoch")
    assert equal(before, run.snapshot().weights)
    first, second = Asking.asked[:3], Asking.asked[3:]
    assert len(set(first)) == len(set(second)) == 1
    assert first[0] != second[0]


def test_rprop_takes_its_first_step_from_the_rate_of_that_step() -> None:
    for kind in (NumbaTrainer, TorchTrainer):
        training = Training(optimizer=Rprop(learning_rate=0.2), schedule=Cosine(final_share=0.5), epochs=1)
        run = run_of(kind, small(training=training))
        run.epoch = 1  # the schedule has come to its end: half the rate
        before = run.parameter("dense_1.weight")
        run.step("batch")
        moved = np.abs(run.parameter("dense_1.weight") - before)
        np.testing.assert_allclose(moved, 0.1, rtol=1e-5)
