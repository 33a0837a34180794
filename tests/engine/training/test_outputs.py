"""Several outputs: their losses add up, each times its weight, on both backends, as a loop written by hand has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.activations import Linear, Sigmoid, Softmax, Tanh
from engine.catalog.constraints import MaxNorm, NonNegative, UnitNorm
from engine.catalog.datasets.functions import Plane
from engine.catalog.datasets.plane import Rings
from engine.catalog.layers.convolution import Conv2d, ConvTranspose2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.output import Output
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Huber, Loss, MeanSquaredError
from engine.catalog.optimizers import SGD, Adam
from engine.catalog.regularizers import L2
from engine.document.graph import Data, Document, Training
from engine.plan.copying import initial_weights
from engine.plan.data import epoch_order, split
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.backends import choose
from engine.training.numba_plans import refuses
from engine.training.numba_trainer import NumbaTrainer
from engine.training.run import Run
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.agreement import check_agreement
from tests.engine.training.networks import chain, equal

BACKENDS = pytest.mark.parametrize("backend", [NumbaTrainer, TorchTrainer])
THREE = Data(Rings(samples=90, classes=3), seed=3)


def heads(*outputs: tuple[Dense, Output], main: Dense | None = None, **arguments: Any) -> Document:
    """input_1 → dense_1 → dense_2 → dense_3, and dense_1 → dense_4 → output_1, dense_1 → dense_5 → output_2, …"""
    document = chain(Dense(4), Dense(3), main or Dense(1), **arguments)
    for number, (dense, output) in enumerate(outputs, 1):
        document = document.add(dense).connect("dense_1", f"dense_{number + 3}")
        document = document.add(output).connect(f"dense_{number + 3}", f"output_{number}")
    return document


TWO = heads((Dense(1, Tanh()), Output(0.3)))
DIFFERENT = heads(
    (Dense(1, Sigmoid()), Output(0.7, True, BinaryCrossEntropy())),
    (Dense(3, Linear()), Output(2.0, True, MeanSquaredError())),
    main=Dense(3, Softmax()),
    data=THREE,
    training=Training(loss=CategoricalCrossEntropy()),
).set_field("dense_4", "units", 3)
NUMBERS = heads(
    (Dense(1, Linear()), Output(0.5, True, Huber())), main=Dense(1, Linear()), data=Data(Plane(samples=80), seed=2)
)
MIDDLE = chain(Dense(1, Sigmoid()), Output(0.4, True, BinaryCrossEntropy()), Dense(4), Dense(1), Output(1.5))
"""The answer in the middle is computed together with its activation, which the cards behind it read."""
TWICE = chain(Dense(4), Dense(1, Sigmoid())).add(Output(0.5, True, BinaryCrossEntropy())).add(Output(2.0))
TWICE = TWICE.connect("dense_2", "output_1").connect("dense_2", "output_2")
"""One card answers twice: before its activation for one loss, after it for the other."""
PENALISED = heads(
    (Dense(1, Sigmoid(), activity_regularizer=L2(0.1)), Output(0.5, True, BinaryCrossEntropy())),
    main=Dense(1, activity_regularizer=L2(0.05)),
)
CASES = {
    "two": TWO,
    "different": DIFFERENT,
    "numbers": NUMBERS,
    "middle": MIDDLE,
    "twice": TWICE,
    "penalised": PENALISED,
}
EACH = pytest.mark.parametrize("document", list(CASES.values()), ids=list(CASES))


def ready(document: Document) -> Plan:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    return plan


class Handmade:
    """The same network in plain PyTorch; what each card computes is written here once more."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.learned = {name: torch.tensor(values) for name, values in initial_weights(plan).items()}
        for value in self.learned.values():
            value.requires_grad_()

    def loss(self, values: np.ndarray, targets: np.ndarray) -> torch.Tensor:
        raw: dict[str, torch.Tensor] = {}
        out: dict[str, torch.Tensor] = {}
        total = torch.zeros(())
        for name in self.plan.order:
            node = self.plan.nodes[name]
            if not node.sources:
                out[name] = torch.tensor(self.plan.document.data.dataset.inputs(values, ()))
                continue
            x = out[node.sources[0]]
            if isinstance(node.layer, Dense):
                raw[name] = x @ self.learned[f"{name}.weight"].T + self.learned[f"{name}.bias"]
                activation: Any = node.layer.activation
                out[name] = activation.build(torch.nn)(raw[name])
                if isinstance(node.layer.activity_regularizer, L2):
                    total = total + node.layer.activity_regularizer.penalty(torch, out[name]) / len(x)
            else:
                out[name] = x
        for output in self.plan.outputs:
            seen = raw[output.node] if output.loss.fuses else out[output.node]
            target = torch.tensor(output.target.encode(targets))
            total = total + output.weight * output.loss.compute(torch.nn, seen, target)
        return total


@EACH
@BACKENDS
def test_fifty_steps_are_those_of_a_loop_written_by_hand(backend: type[Run], document: Document) -> None:
    plan = ready(document)
    run, by_hand = backend(plan), Handmade(plan)
    samples, size = split(document.data).train, document.training.batch_size
    optimizer = torch.optim.SGD(by_hand.learned.values(), lr=document.training.optimizer.learning_rate)
    steps = 0
    while steps < 50:
        order = epoch_order(document.seed, run.epoch, len(samples))
        for start in range(0, len(samples), size):
            chosen = order[start : start + size]
            optimizer.zero_grad()
            by_hand.loss(samples.values[chosen], samples.targets[chosen]).backward()
            optimizer.step()
            run.step("batch")
            steps += 1
    for name, wanted in by_hand.learned.items():
        np.testing.assert_allclose(run.parameter(name), wanted.detach().numpy(), atol=1e-5, err_msg=name)
    if document is not PENALISED:
        wanted_loss = by_hand.loss(samples.values, samples.targets).item()
        assert run.evaluate().train_loss == pytest.approx(wanted_loss, rel=1e-5)


@EACH
@pytest.mark.parametrize("optimizer", [SGD(), Adam()], ids=repr)
def test_both_backends_agree(document: Document, optimizer: Any) -> None:
    document = document.set_training(optimizer=optimizer)
    assert choose(ready(document))[0].name == "numba"
    check_agreement(document)


@EACH
@BACKENDS
def test_the_gradient_is_the_slope_of_the_loss(backend: type[Run], document: Document) -> None:
    if document is PENALISED:
        document = TWO  # what is evaluated knows no penalties
    document = document.set_training(batch_size=1000)
    run = backend(ready(document))
    start = run.snapshot()
    run.step("batch")
    gradients = {name: run.gradient(name) for name in run.plan.parameters}
    run.restore(start)
    for name, gradient in gradients.items():
        assert gradient is not None
        for index in np.ndindex(*gradient.shape):
            value, step = float(start.weights[name][index]), 1e-2
            losses = []
            for moved in (value + step, value - step):
                run.set_parameter(name, index, moved)
                losses.append(run.evaluate().train_loss)
            run.set_parameter(name, index, value)
            slope = (losses[0] - losses[1]) / (2 * step)
            assert gradient[index] == pytest.approx(slope, rel=2e-2, abs=2e-4), (name, index)


@BACKENDS
def test_an_answer_of_weight_zero_teaches_nothing(backend: type[Run]) -> None:
    run, alone = backend(ready(heads((Dense(1), Output(0.0))))), backend(ready(chain(Dense(4), Dense(3), Dense(1))))
    before = run.snapshot().weights
    for _ in range(20):
        run.step("batch")
        alone.step("batch")
    for name in ("dense_4.weight", "dense_4.bias"):
        assert np.array_equal(run.parameter(name), before[name])
        gradient = run.gradient(name)
        assert gradient is not None and not gradient.any()
    for name in alone.plan.parameters:
        np.testing.assert_allclose(run.parameter(name), alone.parameter(name), atol=1e-7)
    assert run.evaluate() == pytest.approx(alone.evaluate())


@BACKENDS
@pytest.mark.parametrize("loss", [MeanSquaredError(), BinaryCrossEntropy()], ids=repr)
def test_one_output_card_at_the_end_changes_no_number(backend: type[Run], loss: Loss) -> None:
    training = Training(loss=loss, optimizer=Adam())
    plain = chain(Dense(4), Dense(1, Sigmoid()), training=training)
    runs = [backend(ready(document)) for document in (plain, plain.append(Output()))]
    assert refuses(runs[1].plan) is None
    for run in runs:
        run.train_epochs(5)
        run.step("batch")
    one, other = (run.snapshot() for run in runs)
    assert equal(one.weights, other.weights) and equal(one.optimizer, other.optimizer)
    assert one.curves.tobytes() == other.curves.tobytes()
    assert runs[0].evaluate() == runs[1].evaluate()
    values = split(plain.data).train.values
    answers = runs[1].outputs(values, ("dense_2", "output_1"))
    assert np.array_equal(answers["dense_2"], answers["output_1"])


@BACKENDS
def test_loss_is_the_weighted_sum_and_the_metric_the_main_answers(backend: type[Run]) -> None:
    plan = ready(DIFFERENT)
    run = backend(plan)
    run.train_epochs(3)
    samples = split(DIFFERENT.data).test
    answers = run.outputs(samples.values, tuple(output.node for output in plan.outputs))
    total = 0.0
    for output in plan.outputs:
        answer = answers[output.node].astype(np.float64)
        if isinstance(output.loss, CategoricalCrossEntropy):
            answer = np.log(answer)
        elif isinstance(output.loss, BinaryCrossEntropy):
            answer = np.log(answer) - np.log1p(-answer)
        total += output.weight * float(output.loss.value(answer, output.target.encode(samples.targets)).mean())
    found = run.evaluate()
    assert found.test_loss == pytest.approx(total, rel=1e-4)
    right = answers["dense_3"].argmax(axis=1) == samples.targets
    assert found.test_metric == pytest.approx(right.mean())
    assert run.curves()[-1, 2] == pytest.approx(found.test_loss)
    assert run.training_loss(10**6) == pytest.approx(found.train_loss, rel=1e-6)


@BACKENDS
def test_weights_and_losses_are_changed_while_it_runs(backend: type[Run]) -> None:
    run = backend(ready(TWO))
    run.train_epochs(2)
    before = run.snapshot().weights
    changed = ready(TWO.set_layer("output_1", Output(5.0, True, Huber())))
    assert run.edit(changed)
    assert equal(run.snapshot().weights, before) and run.epoch == 2
    fresh = backend(changed)
    fresh.restore(run.snapshot())
    for each in (run, fresh):
        each.train_epochs(2)
    assert equal(run.snapshot().weights, fresh.snapshot().weights)


# --- constraints hold from the start ---------------------------------------------------------------------------------


@BACKENDS
@pytest.mark.parametrize("constraint", [MaxNorm(0.5), UnitNorm(), NonNegative()], ids=repr)
def test_initial_weights_are_allowed(backend: type[Run], constraint: Any) -> None:
    document = chain(Dense(5, constraint=constraint), Dense(1))
    run, free = backend(ready(document)), backend(ready(chain(Dense(5), Dense(1))))
    found = run.parameter("dense_1.weight")
    allowed = constraint.project(np, free.parameter("dense_1.weight"))
    np.testing.assert_allclose(found, allowed, rtol=1e-6)
    assert not np.array_equal(found, free.parameter("dense_1.weight"))
    assert np.array_equal(initial_weights(run.plan)["dense_1.weight"], found)
    frozen = backend(ready(chain(Dense(5, constraint=constraint, trainable=False), Dense(1))))
    assert np.array_equal(frozen.parameter("dense_1.weight"), free.parameter("dense_1.weight"))


@pytest.mark.parametrize("layer", [Conv2d, ConvTranspose2d])
def test_kernels_start_with_allowed_weights(layer: Any) -> None:
    card = layer(filters=4, kernel_size=2, groups=2, constraint=UnitNorm())
    document = chain(Dense(36), Reshape("image", channels=4, width=3, height=3), card, Flatten(), Dense(1))
    run = TorchTrainer(ready(document))
    name = f"{document.nodes[3].id}.weight"
    start = run.parameter(name)
    run.step("batch")
    step = run.parameter(name)
    by_units = [start, step]
    if layer is ConvTranspose2d:
        by_units = [values.reshape(2, 2, 2, 2, 2).swapaxes(1, 2) for values in by_units]
    for values in by_units:
        np.testing.assert_allclose(np.linalg.norm(values.reshape(4, -1), axis=1), 1.0, rtol=1e-5)
