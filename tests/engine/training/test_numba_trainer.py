"""The compiled backend against PyTorch, from the same weights over the same batches; and what any run promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import (
    Activation,
    Linear,
    Relu,
    Sigmoid,
    Softmax,
    Tanh,
)
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.initializers import Constant, Uniform
from engine.catalog.layers.dense import Activation as ActivationCard
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.merging import Add, Concatenate
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import (
    BinaryCrossEntropy,
    BinaryFocal,
    CategoricalCrossEntropy,
    CategoricalFocal,
    KullbackLeibler,
    Loss,
    MeanSquaredError,
    MultiClassHinge,
)
from engine.catalog.optimizers import SGD, Adam, Optimizer
from engine.catalog.registry import entries, entry
from engine.catalog.regularizers import L2
from engine.catalog.schedules import Cosine
from engine.document.errors import InvalidValueError
from engine.document.graph import Data, Document, Network, Training
from engine.plan.resolve import resolve
from engine.training.backends import choose
from engine.training.numba_plans import refuses
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from engine.training.trainer import Diverged
from tests.engine.training.agreement import (
    BOUND,
    COMPILED,
    PAIRS,
    both,
    check_agreement,
    distance,
    hidden_cards,
    last_layer,
    numba,
)
from tests.engine.training.networks import OPTIMIZERS, around, chain, equal, small

# --- agreement over the registries -----------------------------------------------------------------------------------

RATE = 0.005
"""Small enough that no run swings: rounding errors then stay as small as they are. `test_precision.py` shows, with
formulas in float64, that where a larger rate lets them grow (linear cards with mse), PyTorch's grow as much."""


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_every_activation_and_every_loss(activation: str, loss: str) -> None:
    of: Loss = entry("losses", loss)()
    last, classes = last_layer(of)
    hidden: Activation = entry("activations", activation)()
    data = Data(Rings(samples=100, classes=classes), seed=3)
    training = Training(of, SGD(learning_rate=RATE), batch_size=10)
    check_agreement(chain(*hidden_cards(hidden), last, data=data, training=training))


@pytest.mark.parametrize(
    "loss",
    [
        BinaryCrossEntropy(label_smoothing=0.1, positive_weight=3.0),
        BinaryFocal(gamma=0.5, positive_share=0.7),
        CategoricalCrossEntropy(label_smoothing=0.1, class_weights="1, 0, 5"),
        CategoricalFocal(gamma=0.5, class_weights="1, 2, 0.5"),
        KullbackLeibler(label_smoothing=0.2),
        MultiClassHinge(margin=0.3, squared=True),
    ],
    ids=repr,
)
def test_losses_with_other_settings(loss: Loss) -> None:
    last, classes = last_layer(loss)
    training = Training(loss, SGD(learning_rate=0.05), batch_size=10)
    check_agreement(chain(Dense(5), last, data=Data(Rings(samples=100, classes=classes), seed=3), training=training))


@pytest.mark.parametrize("activation", COMPILED)
def test_every_activation_at_the_output(activation: str) -> None:
    function: Activation = entry("activations", activation)()
    data = Data(Rings(samples=90, classes=3), seed=2)
    training = Training(MeanSquaredError(), SGD(learning_rate=0.1), batch_size=8)
    moves = activation not in ("step", "sign")  # through these comes no gradient
    check_agreement(chain(Dense(5), Dense(3, function), data=data, training=training), moves=moves)


STEPPING = [cls() for cls in entries("optimizers").values() if not cls.closure_based]
"""The optimizers that the kernels take."""


@pytest.mark.parametrize("optimizer", [*STEPPING, *OPTIMIZERS], ids=repr)
def test_every_optimizer(optimizer: Optimizer) -> None:
    check_agreement(small(training=Training(MeanSquaredError(), optimizer, batch_size=10)))


@pytest.mark.parametrize("regularizer", list(entries("regularizers")))
def test_every_regularizer(regularizer: str) -> None:
    of = entry("regularizers", regularizer)()
    training = Training(optimizer=SGD(learning_rate=0.1))
    check_agreement(
        chain(Dense(5, weight_regularizer=of), Dense(3), Dense(1, weight_regularizer=of), training=training)
    )


@pytest.mark.parametrize("schedule", list(entries("schedules")))
def test_every_schedule(schedule: str) -> None:
    training = Training(optimizer=SGD(learning_rate=0.1), schedule=entry("schedules", schedule)(), epochs=12)
    check_agreement(small(training=training))


@pytest.mark.parametrize("inputs", [3, 15, 16, 17, 31, 32, 47])
@pytest.mark.parametrize("outputs", [1, 3, 4, 5, 16])
def test_layers_of_any_width(inputs: int, outputs: int) -> None:
    biases = Constant(0.3)  # of those that begin at 0 little is left but rounding
    cards = [Dense(units, Tanh(), bias_initializer=biases) for units in (inputs, outputs, 1)]
    check_agreement(chain(*cards), steps=12)


@pytest.mark.parametrize("batch_size", [1, 7, 10, 16, 17, 33, 50, 1000])
def test_every_size_of_batch(batch_size: int) -> None:
    check_agreement(small(training=Training(optimizer=SGD(learning_rate=0.05), batch_size=batch_size)))


@pytest.mark.parametrize("layer", [name for name, cls in entries("layers").items() if cls.takes[1] > 0])
def test_every_layer_agrees_or_is_refused(layer: str) -> None:
    cls = entry("layers", layer)
    document = around(cls(rate=0.0) if cls is Dropout else cls())
    plan = resolve(document)
    if refuses(plan) is None:
        check_agreement(document, steps=20)
    else:
        assert choose(plan)[0].name == "torch"


def branching() -> Document:
    """Two inputs, skip links into Add and Concatenate, a card that feeds three others, one that is fed by one twice."""
    document = Document((Network(),), Data(Circle(samples=90), seed=2), Training(batch_size=8), seed=5)
    document = document.add(Input(columns=("x1", "x2"))).add(Input(columns=("x1_x2", "x1_squared", "sin_x1")))
    document = document.add(Dense(5, Tanh(), weight_regularizer=L2(rate=0.01))).add(Dense(5, Sigmoid(), use_bias=False))
    document = document.add(Add()).add(ActivationCard(Tanh())).add(Concatenate()).add(Flatten())
    document = document.add(Dense(4, Linear())).add(Concatenate()).add(Dense(1, Tanh()))
    for source, target in (
        ("input_1", "dense_1"),
        ("input_2", "dense_2"),
        ("dense_1", "add_1"),
        ("dense_2", "add_1"),
        ("dense_1", "activation_1"),
        ("add_1", "concatenate_1"),
        ("activation_1", "concatenate_1"),
        ("input_2", "concatenate_1"),
        ("concatenate_1", "flatten_1"),
        ("flatten_1", "dense_3"),
        ("dense_3", "concatenate_2"),
        ("dense_1", "concatenate_2"),
        ("input_1", "concatenate_2"),
        ("concatenate_2", "dense_4"),
    ):
        document = document.connect(source, target)
    return document


def test_branches_skip_links_and_several_inputs() -> None:
    check_agreement(branching().set_training(optimizer=SGD(learning_rate=0.01, momentum=0.5)))


def test_every_card_answers_the_same_in_both() -> None:
    compiled, torch = both(branching())
    points = np.random.default_rng(0).uniform(-6, 6, (1003, 2))
    nodes = compiled.plan.order
    one, other = compiled.outputs(points, nodes), torch.outputs(points, nodes)
    for name in nodes:
        assert one[name].shape == other[name].shape and one[name].dtype == np.float32
        np.testing.assert_allclose(one[name], other[name], rtol=1e-5, atol=2e-6, err_msg=name)


def test_units_of_time_may_be_mixed() -> None:
    compiled, torch = both(small(data=Data(Circle(samples=90), seed=3)))
    for unit in ("sample", "batch", "batch", "sample", "sample", "epoch", "batch", "epoch", "epoch"):
        compiled.step(unit)  # type: ignore[arg-type]
        torch.step(unit)  # type: ignore[arg-type]
        assert (compiled.epoch, compiled.position, compiled.step_count) == (
            torch.epoch,
            torch.position,
            torch.step_count,
        )
    assert distance(compiled, torch) <= BOUND


def test_a_regression_agrees() -> None:
    dataset = next(found for cls in entries("datasets").values() if (found := cls()).task == "regression")
    data = Data(dataset, seed=4)
    training = Training(MeanSquaredError(), SGD(learning_rate=0.02), batch_size=10)
    check_agreement(chain(Dense(6), Dense(1, Linear()), data=data, training=training))


# --- what any run promises -------------------------------------------------------------------------------------------


def same(one: NumbaTrainer, other: NumbaTrainer) -> bool:
    a, b = one.snapshot(), other.snapshot()
    return (
        (a.epoch, a.step, a.position) == (b.epoch, b.step, b.position)
        and a.curves.tobytes() == b.curves.tobytes()
        and equal(a.weights, b.weights)
        and equal(a.optimizer, b.optimizer)
    )


def random_document() -> Document:
    return chain(Dense(6), Dropout(0.3), Dense(1), training=Training(optimizer=Adam(), schedule=Cosine(), epochs=6))


def test_advancing_takes_the_same_steps_as_stepping() -> None:
    run, stepped = numba(random_document()), numba(random_document())
    taken = run.advance(0.02) + run.advance(0.0)
    assert taken == run.step_count >= 2
    for _ in range(taken):
        stepped.step("batch")
    assert same(run, stepped)


def test_the_same_seed_gives_bit_equal_runs_and_another_seed_does_not() -> None:
    one, other, third = (numba(d) for d in (random_document(), random_document(), random_document().replace(seed=2)))
    for run in (one, other, third):
        run.step("epoch")
    assert same(one, other)
    assert not np.array_equal(one.parameter("dense_1.weight"), third.parameter("dense_1.weight"))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_restored_run_goes_on_bit_for_bit(optimizer: Optimizer) -> None:
    document = random_document().set_training(optimizer=optimizer)
    straight = numba(document)
    for unit in ("epoch", "batch", "sample", "sample"):
        straight.step(unit)  # type: ignore[arg-type]
    resumed = numba(document)
    resumed.restore(straight.snapshot())
    assert same(straight, resumed)
    for run in (straight, resumed):
        for unit in ("sample", "batch", "epoch", "epoch"):
            run.step(unit)  # type: ignore[arg-type]
    assert same(straight, resumed)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("back", [False, True])
def test_a_run_can_change_its_backend(optimizer: Optimizer, back: bool) -> None:
    document = small(training=Training(optimizer=optimizer))
    straight, other = (TorchTrainer, NumbaTrainer)[:: -1 if back else 1]
    run, moved = straight(resolve(document)), other(resolve(document))
    run.step("epoch")
    moved.restore(run.snapshot())
    for _ in range(20):
        run.step("batch")
        moved.step("batch")
    assert distance(run, moved) <= BOUND


def test_a_snapshot_of_another_optimizer_starts_its_state_anew() -> None:
    document = small(training=Training(optimizer=SGD(momentum=0.9)))
    old = numba(document)
    old.step("epoch")
    run = numba(document.set_training(optimizer=Adam()))
    run.restore(old.snapshot())
    run.step("epoch")
    assert run.epoch == 2 and float(run.snapshot().optimizer["step"]) == 5


def test_a_state_of_another_network_is_refused() -> None:
    snapshot = numba(small(training=Training(optimizer=Adam()))).snapshot()
    run = numba(small(training=Training(optimizer=Adam())))
    broken = {"dense_1.bias.mean": np.zeros(7, np.float32)}
    with pytest.raises(InvalidValueError, match=r"'dense_1\.bias\.mean' of shape \(7,\) does not fit"):
        run.restore(type(snapshot)(0, 0, 0, snapshot.weights, broken))


def test_a_value_set_by_hand_changes_the_answer_at_once() -> None:
    run = numba(small())
    points = np.ones((3, 2))
    points.flags.writeable = False
    before, loss = run.outputs(points, ("dense_2",))["dense_2"].copy(), run.evaluate().train_loss
    run.set_parameter("dense_2.bias", (0,), 3.0)
    assert (run.outputs(points, ("dense_2",))["dense_2"] > before).all()
    assert run.evaluate().train_loss != loss


def test_a_network_without_parameters_only_counts() -> None:
    document = chain(Add()).connect("input_1", "add_1", 1).set_data(dataset=Circle(samples=20))
    run = numba(document)
    run.step("epoch")
    assert (run.epoch, run.step_count, dict(run.snapshot().weights)) == (1, 1, {})


@pytest.mark.parametrize("activation", [Relu(), Softmax()], ids=lambda activation: activation.name)
def test_a_run_that_diverges_stops_at_its_last_finite_state(activation: Activation) -> None:
    layers = [Dense(4, Relu(), weight_initializer=Uniform(), bias_initializer=Constant()) for _ in range(3)]
    document = chain(*layers, Dense(1, Linear()), training=Training(optimizer=SGD(learning_rate=10.0)))
    if activation.name == "softmax":
        training = Training(CategoricalCrossEntropy(), SGD(learning_rate=10.0, momentum=0.99999))
        document = chain(*layers, Dense(2, activation), training=training).set_field(
            "dense_4", "weight_regularizer", L2(rate=10.0)
        )
    run = numba(document)
    with pytest.raises(Diverged) as caught:
        for _ in range(1000):
            run.advance(0.0)
    assert caught.value.step > 0 and caught.value.node in run.plan.order
    assert all(np.isfinite(values).all() for values in run.snapshot().weights.values())
    assert np.isfinite(run.curves()).all() and run.epoch == run.curves()[-1, 0]
    assert run.edit(resolve(document.set_training(optimizer=SGD(learning_rate=1e-4))))
    epoch = run.epoch
    run.step("epoch")
    assert run.epoch == epoch + 1


@pytest.mark.parametrize(
    ("dataset", "last"),
    [(Circle(samples=60), Dense(1, Sigmoid())), (Rings(samples=60), Dense(3, Softmax()))],
    ids=["one unit", "three units"],
)
def test_epochs_recorded_in_one_go_are_those_recorded_one_by_one(dataset: Any, last: Dense) -> None:
    document = chain(Dense(4), last).set_data(dataset=dataset)
    loss = CategoricalCrossEntropy() if last.units > 1 else MeanSquaredError()
    document = document.set_training(loss=loss, schedule=Cosine(), batch_size=7)
    at_once, singly = numba(document), numba(document)
    at_once.train_epochs(50)
    singly.step("batch")
    while singly.epoch < 50:
        singly.step("epoch")
    assert len(at_once.curves()) == 51
    assert equal({"rows": at_once.curves()}, {"rows": singly.curves()})
    assert at_once.evaluate() == singly.evaluate()


def test_a_run_that_diverges_within_many_epochs_stops_where_single_epochs_stop() -> None:
    document = chain(Dense(1, Linear()), training=Training(optimizer=SGD(learning_rate=0.25)))
    at_once, singly = numba(document), numba(document)
    steps = []
    for run, unit in ((at_once, 500), (singly, 1)):
        with pytest.raises(Diverged) as caught:
            for _ in range(500):
                run.train_epochs(unit)
        steps.append((caught.value.step, caught.value.node, run.epoch, run.step_count))
    assert steps[0] == steps[1] and 10 < at_once.epoch < 50
    assert equal({"rows": at_once.curves()}, {"rows": singly.curves()})
    assert equal(at_once.snapshot().weights, singly.snapshot().weights)
