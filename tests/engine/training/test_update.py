"""What surrounds the optimizer's step, in both backends: penalties, clipping, constraints, learning-rate factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.catalog.activations import Linear, Sigmoid, Softmax, Tanh
from engine.catalog.clipping import ClipByNorm, ClipByValue, NoClipping
from engine.catalog.constraints import MaxNorm, NoConstraint, NonNegative, UnitNorm
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.initializers import Uniform
from engine.catalog.layers.convolution import Conv2d, ConvTranspose2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Loss, MeanSquaredError
from engine.catalog.optimizers import SGD, Optimizer
from engine.catalog.registry import defaults
from engine.catalog.regularizers import L1, L2, ElasticNet, NoRegularizer
from engine.document.graph import Data, Document, Training
from engine.plan.data import epoch_order, split
from engine.plan.resolve import resolve
from engine.training.numba_plans import refuses
from engine.training.numba_trainer import NumbaTrainer
from engine.training.run import Run
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.agreement import BOUND, check_agreement, distance
from tests.engine.training.networks import OPTIMIZERS, chain

RATE = 0.1
WIDE = {"weight_initializer": Uniform(-2.0, 2.0), "bias_initializer": Uniform(-2.0, 2.0)}
"""Weights so large that every constraint and every penalty acts at once."""
BACKENDS = pytest.mark.parametrize("backend", [NumbaTrainer, TorchTrainer])
CONSTRAINTS = pytest.mark.parametrize("constraint", [*defaults("constraints"), MaxNorm(limit=0.7)], ids=repr)
CLIPPINGS = pytest.mark.parametrize(
    "clipping", [*defaults("clippings"), ClipByValue(limit=0.01), ClipByNorm(limit=0.01)], ids=repr
)
REGULARIZERS = pytest.mark.parametrize(
    "regularizer", [*defaults("regularizers"), L1(rate=0.1), L2(rate=0.3), ElasticNet(rate=0.2)], ids=repr
)
COMPILED = [optimizer for optimizer in (*defaults("optimizers"), *OPTIMIZERS) if not optimizer.closure_based]
"""The optimizers that the kernels take."""
EVERY_OPTIMIZER = pytest.mark.parametrize(
    ("backend", "optimizer"),
    [(TorchTrainer, each) for each in (*defaults("optimizers"), *OPTIMIZERS)] + [(NumbaTrainer, o) for o in COMPILED],
    ids=lambda value: value.__name__ if isinstance(value, type) else repr(value),
)


def network(
    loss: Loss | None = None,
    first: dict[str, Any] | None = None,
    last: dict[str, Any] | None = None,
    **training: Any,
) -> Document:
    """2 → 19 → 1, or 3 where classes are told apart by a softmax: more units than lanes, and not a whole row."""
    loss = loss or MeanSquaredError()
    softmax = loss.fuses == "softmax"
    end = Softmax() if softmax else Sigmoid() if loss.fuses else Tanh()
    settings = Training(loss, **{"optimizer": SGD(learning_rate=RATE), "batch_size": 20} | training)
    data = Data(Rings(samples=100, classes=3) if softmax else Circle(samples=100), seed=3)
    hidden = Dense(19, Tanh(), **WIDE | (first or {}))
    return chain(hidden, Dense(3 if softmax else 1, end, **WIDE | (last or {})), training=settings, data=data)


def started(backend: type[Run], document: Document) -> Run:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    if backend is NumbaTrainer:
        assert refuses(plan) is None
    return backend(plan)


def weights(run: Run) -> dict[str, np.ndarray]:
    return dict(run.snapshot().weights)


def after(backend: type[Run], document: Document, steps: int = 1) -> dict[str, np.ndarray]:
    """The weights after steps of a run."""
    run = started(backend, document)
    for _ in range(steps):
        run.step("batch")
    return weights(run)


def by_hand(document: Document) -> dict[str, np.ndarray]:
    """The weights after one step of gradient descent, in float64, by autograd over a network written out here."""
    plan = resolve(document)
    learned = {
        name: torch.tensor(values, dtype=torch.float64, requires_grad=True)
        for name, values in weights(TorchTrainer(plan)).items()
    }
    assert plan.target is not None
    training, train = document.training, split(document.data).train
    chosen = epoch_order(document.seed, 0, len(train))[: training.batch_size]
    x = torch.tensor(document.data.dataset.inputs(train.values, ())[chosen], dtype=torch.float64)
    target = torch.tensor(plan.target.encode(train.targets)[chosen], dtype=torch.float64)
    total = torch.zeros((), dtype=torch.float64)
    for name in ("dense_1", "dense_2"):
        layer: Any = plan.nodes[name].layer
        raw = x @ learned[f"{name}.weight"].T + learned[f"{name}.bias"]
        x = layer.activation.build(torch.nn)(raw)
        total = total + layer.activity_regularizer.penalty(torch, x) / len(x)
        if layer.trainable:
            total = total + layer.weight_regularizer.penalty(torch, learned[f"{name}.weight"])
            total = total + layer.bias_regularizer.penalty(torch, learned[f"{name}.bias"])
    total = total + training.loss.compute(torch.nn, raw if training.loss.fuses else x, target)
    total.backward()
    trained = {name: plan.parameters[name].rate_factor > 0 for name in learned}
    gradients = {name: value.grad for name, value in learned.items() if trained[name]}
    together = torch.cat([gradient.reshape(-1) for gradient in gradients.values() if gradient is not None])
    clipping = training.clipping
    if isinstance(clipping, ClipByValue):
        together = together.clamp(-clipping.limit, clipping.limit)
    elif isinstance(clipping, ClipByNorm):
        together = together * min(1.0, clipping.limit / float(torch.linalg.vector_norm(together)))
    found, start = {}, 0
    for name, value in learned.items():
        found[name] = value.detach().numpy().copy()
        if not trained[name]:
            continue
        step = RATE * plan.parameters[name].rate_factor * together[start : start + value.numel()].reshape(value.shape)
        start += value.numel()
        found[name] = _allowed(plan.parameters[name].constraint, found[name] - step.numpy())
    return found


def _allowed(constraint: Any, weight: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(weight, axis=-1, keepdims=True)
    match constraint:
        case NoConstraint():
            return weight
        case MaxNorm(limit=limit):
            return np.where(length > limit, weight * limit / length, weight)
        case UnitNorm():
            return weight / length
        case NonNegative():
            return np.maximum(weight, 0)
    raise AssertionError(f"no independent formula for {constraint}")


def check_step(backend: type[Run], document: Document) -> None:
    for name, wanted in by_hand(document).items():
        np.testing.assert_allclose(after(backend, document)[name], wanted, rtol=2e-6, atol=2e-6, err_msg=name)


# --- one step, by hand -----------------------------------------------------------------------------------------------


@BACKENDS
@CONSTRAINTS
def test_a_step_ends_at_allowed_weights(backend: type[Run], constraint: Any) -> None:
    document = network(first={"constraint": constraint}, last={"constraint": constraint})
    check_step(backend, document)
    moved = after(backend, document)["dense_1.weight"] != after(backend, network())["dense_1.weight"]
    assert moved.any() == (not isinstance(constraint, NoConstraint))


@BACKENDS
@CLIPPINGS
def test_a_step_is_taken_with_the_clipped_gradient(backend: type[Run], clipping: Any) -> None:
    check_step(backend, network(clipping=clipping))


@BACKENDS
@REGULARIZERS
@pytest.mark.parametrize("where", ["weight_regularizer", "bias_regularizer", "activity_regularizer"])
@pytest.mark.parametrize("loss", [MeanSquaredError(), BinaryCrossEntropy(), CategoricalCrossEntropy()], ids=repr)
def test_a_step_goes_down_the_loss_with_its_penalties(
    backend: type[Run], regularizer: Any, where: str, loss: Loss
) -> None:
    document = network(loss, first={where: regularizer}, last={where: regularizer})
    check_step(backend, document)
    plain, penalised = after(backend, network(loss)), after(backend, document)
    name = "dense_1.bias" if where == "bias_regularizer" else "dense_1.weight"
    assert np.array_equal(plain[name], penalised[name]) == isinstance(regularizer, NoRegularizer)


@BACKENDS
def test_a_step_with_everything_at_once(backend: type[Run]) -> None:
    every = {"weight_regularizer": L2(rate=0.1), "bias_regularizer": L1(rate=0.2), "activity_regularizer": L2(rate=0.1)}
    first = {**every, "constraint": MaxNorm(limit=1.5), "rate_factor": 0.5}
    check_step(backend, network(first=first, last=every, clipping=ClipByNorm(limit=0.3)))


@BACKENDS
@pytest.mark.parametrize(("still", "moving"), [("first", "dense_2"), ("last", "dense_1")])
def test_what_is_not_trained_counts_for_nothing(backend: type[Run], still: str, moving: str) -> None:
    """Neither its penalties nor its gradient: clipping by norm would otherwise shorten what the others get."""
    frozen = {"trainable": False, "weight_regularizer": L2(rate=5.0), "constraint": MaxNorm(limit=0.1)}
    document = network(**{still: frozen}, clipping=ClipByNorm(limit=0.05))
    check_step(backend, document)
    name = f"{moving}.weight"
    assert (after(backend, document)[name] != weights(started(backend, document))[name]).any()


# --- learning-rate factors -------------------------------------------------------------------------------------------


@EVERY_OPTIMIZER
@pytest.mark.parametrize("frozen", ["dense_1", "dense_2"])
def test_a_frozen_layer_stays_as_it_is(backend: type[Run], optimizer: Optimizer, frozen: str) -> None:
    document = network(first={"constraint": UnitNorm()}, optimizer=optimizer).set_field(frozen, "trainable", False)
    run = started(backend, document)
    start = weights(run)
    for _ in range(20):
        run.step("batch")
    end = weights(run)
    for name, values in start.items():
        assert (values.tobytes() == end[name].tobytes()) == name.startswith(frozen), name


@EVERY_OPTIMIZER
@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_a_factor_lengthens_the_step_of_its_layer(backend: type[Run], optimizer: Optimizer, factor: float) -> None:
    document = network(optimizer=optimizer)
    start, plain = weights(started(backend, document)), after(backend, document)
    found = after(backend, document.set_field("dense_2", "rate_factor", factor))
    for name, values in start.items():
        share = factor if name.startswith("dense_2") else 1.0
        wanted = values + share * (plain[name] - values)
        np.testing.assert_allclose(found[name], wanted, rtol=1e-6, atol=1e-6 * factor, err_msg=name)


@BACKENDS
def test_a_network_that_is_not_trained_only_counts(backend: type[Run]) -> None:
    still = {"trainable": False, "activity_regularizer": L2()}
    document = network(first=still, last=still)
    run = started(backend, document)
    start = weights(run)
    run.step("epoch")
    assert run.epoch == 1 and run.step_count == 3
    assert all(np.array_equal(values, weights(run)[name]) for name, values in start.items())


@BACKENDS
def test_a_layer_can_be_frozen_and_released_while_the_run_goes_on(backend: type[Run]) -> None:
    document = network(optimizer=SGD(learning_rate=0.05, momentum=0.9))
    run = started(backend, document)
    run.step("epoch")
    held = weights(run)["dense_1.weight"]
    assert run.edit(resolve(document.set_field("dense_1", "trainable", False)))
    run.step("epoch")
    assert np.array_equal(weights(run)["dense_1.weight"], held)
    assert run.edit(resolve(document))
    run.step("epoch")
    assert not np.array_equal(weights(run)["dense_1.weight"], held)


# --- both backends over many steps -----------------------------------------------------------------------------------


@CONSTRAINTS
def test_both_backends_agree_on_constraints(constraint: Any) -> None:
    check_agreement(network(first={"constraint": constraint}, last={"constraint": constraint}))


@CLIPPINGS
def test_both_backends_agree_on_clipping(clipping: Any) -> None:
    check_agreement(network(clipping=clipping))


@REGULARIZERS
@pytest.mark.parametrize("where", ["weight_regularizer", "bias_regularizer", "activity_regularizer"])
def test_both_backends_agree_on_penalties(regularizer: Any, where: str) -> None:
    check_agreement(network(first={where: regularizer}, last={where: regularizer}))


@pytest.mark.parametrize("optimizer", COMPILED, ids=repr)
def test_both_backends_agree_on_factors(optimizer: Optimizer) -> None:
    document = network(optimizer=optimizer, first={"rate_factor": 0.3}, last={"rate_factor": 1.5})
    # RMSprop divides a gradient by its own size: where it is all rounding, so is the step.
    check_agreement(document, bound=4e-5 if optimizer.name == "RMSprop" else BOUND)


@pytest.mark.parametrize("units", [1, 2, 15, 16, 17, 32, 50])
def test_constraints_reach_every_unit(units: int) -> None:
    document = chain(Dense(units, constraint=UnitNorm()), Dense(1, constraint=UnitNorm(), activation=Linear()))
    run, torch_run = started(NumbaTrainer, document), started(TorchTrainer, document)
    for each in (run, torch_run):
        each.step("batch")
        for name in ("dense_1.weight", "dense_2.weight"):
            np.testing.assert_allclose(np.linalg.norm(weights(each)[name], axis=1), 1.0, rtol=1e-6)
    assert distance(run, torch_run) <= 1e-6


@pytest.mark.parametrize(
    ("layer", "units"),
    [
        (Conv2d(filters=4, kernel_size=3, constraint=UnitNorm()), lambda weight: weight),
        (ConvTranspose2d(filters=4, kernel_size=3, constraint=UnitNorm()), lambda weight: weight.swapaxes(0, 1)),
        # the inputs of a group with its units: 2 groups of 1 input and 2 units
        (
            ConvTranspose2d(filters=4, kernel_size=3, groups=2, constraint=UnitNorm()),
            lambda weight: weight.reshape(2, 1, 2, 3, 3).swapaxes(1, 2).reshape(4, -1),
        ),
    ],
    ids=["Conv2d", "ConvTranspose2d", "ConvTranspose2d in groups"],
)
def test_constraints_reach_the_kernels_of_convolutions(layer: Any, units: Any) -> None:
    document = chain(Dense(32), Reshape("image", channels=2, height=4, width=4), layer, Flatten(), Dense(1))
    run = started(TorchTrainer, document)
    run.step("batch")
    found = units(weights(run)[f"{layer.name.lower()}_1.weight"])
    assert len(found) == 4
    np.testing.assert_allclose(np.linalg.norm(found.reshape(4, -1), axis=1), 1.0, rtol=1e-6)


# --- what is reported ------------------------------------------------------------------------------------------------


@BACKENDS
def test_the_reported_loss_leaves_the_penalties_out(backend: type[Run]) -> None:
    every = {f"{name}_regularizer": L2(rate=0.5) for name in ("weight", "bias", "activity")}
    plain, penalised = started(backend, network()), started(backend, network(first=every, last=every))
    assert plain.evaluate() == penalised.evaluate()


@pytest.mark.parametrize("backend", [np, torch])
def test_known_answers_of_clipping(backend: Any) -> None:
    """Of the gradient (0.9, 100): by value its direction is lost, by norm it is kept."""
    gradient = np.array([0.9, 100.0]) if backend is np else torch.tensor([0.9, 100.0], dtype=torch.float64)
    assert NoClipping().clip(backend, gradient) is gradient
    np.testing.assert_allclose(ClipByValue(limit=1.0).clip(backend, gradient), [0.9, 1.0])
    np.testing.assert_allclose(ClipByNorm(limit=1.0).clip(backend, gradient), [0.00899964, 0.9999595], rtol=1e-6)
    np.testing.assert_allclose(ClipByNorm(limit=1.0).clip(backend, -gradient / 1000), -gradient / 1000, rtol=0)


def test_weights_within_the_limit_stay_bit_for_bit() -> None:
    weight = np.random.default_rng(1).normal(0, 0.01, (50, 7)).astype(np.float32)
    for _ in range(10):
        assert np.array_equal(MaxNorm(limit=3.7).project(np, weight), weight)
    gradient = weight.reshape(-1)
    assert np.array_equal(ClipByNorm(limit=3.7).clip(np, gradient), gradient)


def test_weights_of_no_length_have_no_direction() -> None:
    for namespace, weight in ((np, np.zeros((2, 3))), (torch, torch.zeros(2, 3))):
        for constraint in (MaxNorm(), UnitNorm(), NonNegative()):
            assert not np.asarray(constraint.project(namespace, weight)).any()
