"""The PyTorch backend against the NumPy formulas of the catalogue, and what a run promises: same seed, same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Relu, Sigmoid, Softmax, Tanh
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.initializers import Constant, Normal, Uniform
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.merging import Concatenate
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.losses import CategoricalCrossEntropy, Loss, MeanSquaredError
from engine.catalog.optimizers import SGD, Adam, Optimizer, RMSprop
from engine.catalog.registry import entries, entry
from engine.catalog.regularizers import L1, L2
from engine.catalog.schedules import Cosine
from engine.document.errors import InvalidValueError, PlaygroundError
from engine.document.graph import Data, Document, Network, Training
from engine.plan.data import random_stream, split
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from engine.training.trainer import Diverged

DATA = Data(Circle(samples=100), seed=3)  # 50 to train on: 5 batches of 10


def chain(*layers: Any, training: Training | None = None, data: Data = DATA, seed: int = 1) -> Document:
    document = Document((Network(),), data, training or Training(), seed=seed)
    for layer in (Input(), *layers):
        document = document.append(layer)
    return document


def small(**arguments: Any) -> Document:
    return chain(Dense(4), Dense(1), **arguments)


def trainer(document: Document) -> TorchTrainer:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    return TorchTrainer(plan)


def same(one: TorchTrainer, other: TorchTrainer) -> bool:
    """Whether two runs stand at bit-equal states."""
    a, b = one.snapshot(), other.snapshot()
    return (
        (a.epoch, a.step, a.position) == (b.epoch, b.step, b.position)
        and a.curves.tobytes() == b.curves.tobytes()
        and all(_equal(x, y) for x, y in ((a.weights, b.weights), (a.optimizer, b.optimizer)))
    )


def _equal(one: Any, other: Any) -> bool:
    return set(one) == set(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


# --- the NumPy oracle ------------------------------------------------------------------------------------------------


class Oracle:
    """Dense and Concatenate cards in NumPy, with the formulas of the catalogue alone; float64."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.weights = {
            name: p.initializer.draw(
                random_stream(plan.document.seed, "weights", name), p.shape, p.fan_in, p.fan_out
            ).astype(np.float64)
            for name, p in plan.parameters.items()
        }
        self.states: dict[str, dict[str, Any]] = {name: {} for name in self.weights}

    def step(self, number: int, values: Any, targets: Any, rate: float) -> None:
        document = self.plan.document
        pre: dict[str, Any] = {}
        out: dict[str, Any] = {}
        for name in self.plan.order:
            node = self.plan.nodes[name]
            if isinstance(node.layer, Input):
                pre[name] = document.data.dataset.inputs(values, node.layer.columns).astype(np.float64)
            elif isinstance(node.layer, Concatenate):
                pre[name] = np.concatenate([out[source] for source in node.sources], axis=1)
            else:
                pre[name] = out[node.sources[0]] @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
            out[name] = node.layer.output_activation.value(pre[name])
        loss, last = document.training.loss, self.plan.output
        assert last is not None and self.plan.target is not None
        truth = self.plan.target.encode(targets).astype(np.float64)
        seen = pre[last] if loss.fuses else out[last]
        back = {name: np.zeros_like(value) for name, value in out.items()}
        gradients = {}
        for name in reversed(self.plan.order):
            node = self.plan.nodes[name]
            if name == last:
                d = loss.gradient(seen, truth) / len(values)
                d = d if loss.fuses else node.layer.output_activation.pullback(pre[name], d)
            else:
                d = node.layer.output_activation.pullback(pre[name], back[name])
            if isinstance(node.layer, Concatenate):
                start = 0
                for source in node.sources:
                    width = out[source].shape[1]
                    back[source] += d[:, start : start + width]
                    start += width
            elif isinstance(node.layer, Dense):
                source = node.sources[0]
                weight = self.weights[f"{name}.weight"]
                gradients[f"{name}.weight"] = d.T @ out[source] + node.layer.regularizer.gradient(np, weight)
                gradients[f"{name}.bias"] = d.sum(axis=0)
                back[source] += d @ weight
        for name, gradient in gradients.items():
            document.training.optimizer.update(self.weights[name], gradient, self.states[name], rate, number)


def skip_document(optimizer: Optimizer, loss: Loss, classes: int = 2) -> Document:
    """Two inputs, a skip link into a Concatenate, penalties on two layers."""
    data = Data(Rings(samples=90, classes=classes), seed=2)
    document = Document((Network(),), data, Training(loss, optimizer, Cosine(), batch_size=8, epochs=10), seed=5)
    document = document.add(Input(columns=("x1", "x2"))).add(Input(columns=("x1_x2",)))
    document = document.add(Dense(5, Tanh(), regularizer=L2(rate=0.01))).add(Concatenate()).add(Dense(4, Sigmoid()))
    document = document.add(Concatenate())
    softmax = loss.fuses == "softmax"
    last = Softmax() if softmax else Sigmoid() if loss.fuses == "sigmoid" else Tanh()
    document = document.add(Dense(classes if softmax or classes > 2 else 1, last, regularizer=L1(rate=0.005)))
    for source, target in (
        ("input_1", "dense_1"),
        ("dense_1", "concatenate_1"),
        ("input_2", "concatenate_1"),
        ("concatenate_1", "dense_2"),
        ("dense_2", "concatenate_2"),
        ("input_1", "concatenate_2"),
        ("concatenate_2", "dense_3"),
    ):
        document = document.connect(source, target)
    return document


OPTIMIZERS = (
    SGD(learning_rate=0.1),
    SGD(learning_rate=0.05, momentum=0.9),
    SGD(learning_rate=0.05, momentum=0.9, nesterov=True),
    Adam(learning_rate=0.02),
    RMSprop(learning_rate=0.005),
    RMSprop(learning_rate=0.005, momentum=0.5),
)


def _agrees_with_oracle(document: Document) -> None:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    run, oracle = TorchTrainer(plan), Oracle(plan)
    samples, size = split(document.data).train, document.training.batch_size
    for number in range(1, 21):
        order = random_stream(document.seed, "shuffle", run.epoch).permutation(len(samples))
        batch = samples.take(order[run.position : run.position + size])
        oracle.step(number, batch.values, batch.targets, run.rate())
        run.step("batch")
    assert run.epoch == 3  # 45 samples are 6 batches, the last of 5
    for name, expected in oracle.weights.items():
        np.testing.assert_allclose(run.parameter(name), expected, rtol=2e-4, atol=2e-5, err_msg=name)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_graph_with_a_skip_link_trains_as_the_formulas_say(optimizer: Optimizer) -> None:
    _agrees_with_oracle(skip_document(optimizer, MeanSquaredError()))


@pytest.mark.parametrize("loss", list(entries("losses").values()), ids=lambda loss: loss.name)
def test_every_loss_trains_as_the_formulas_say(loss: type[Loss]) -> None:
    _agrees_with_oracle(skip_document(SGD(learning_rate=0.1), loss(), classes=3 if loss.fuses == "softmax" else 2))


def test_the_weights_are_those_of_a_plain_loop_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    document = small(training=Training(MeanSquaredError(halved=True), Adam(), batch_size=10))
    run = trainer(document)
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1), torch.nn.Tanh())
    with torch.no_grad():
        for layer, node in ((model[0], "dense_1"), (model[2], "dense_2")):
            layer.weight.copy_(torch.from_numpy(run.parameter(f"{node}.weight")))
            layer.bias.copy_(torch.from_numpy(run.parameter(f"{node}.bias")))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    samples = split(document.data).train
    for epoch in range(4):
        order = random_stream(1, "shuffle", epoch).permutation(50)
        for start in range(0, 50, 10):
            batch = samples.take(order[start : start + 10])
            x = torch.from_numpy(batch.values.astype(np.float32))
            y = torch.from_numpy(np.where(batch.targets == 1, 1, -1).astype(np.float32))[:, None]
            optimizer.zero_grad()
            (0.5 * torch.nn.functional.mse_loss(model(x), y)).backward()
            optimizer.step()
        run.step("epoch")
    np.testing.assert_allclose(run.parameter("dense_1.weight"), model[0].weight.detach().numpy(), rtol=1e-5, atol=1e-6)


# --- every entry -----------------------------------------------------------------------------------------------------


def _learns_an_epoch(document: Document) -> None:
    run = trainer(document)
    before = run.snapshot().weights
    run.step("epoch")
    after = run.snapshot().weights
    assert run.epoch == 1 and np.isfinite(run.evaluate().train_loss)
    assert any(not np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("activation", list(entries("activations")))
def test_every_activation_trains(activation: str) -> None:
    _learns_an_epoch(chain(Dense(4, entry("activations", activation)()), Dense(1)))


@pytest.mark.parametrize("kind", list(entries("initializers")))
def test_every_initializer_trains(kind: str) -> None:
    initializer = entry("initializers", kind)()
    _learns_an_epoch(chain(Dense(4, weight_initializer=initializer, bias_initializer=initializer), Dense(1)))


@pytest.mark.parametrize("optimizer", list(entries("optimizers")))
def test_every_optimizer_trains(optimizer: str) -> None:
    _learns_an_epoch(small(training=Training(optimizer=entry("optimizers", optimizer)())))


@pytest.mark.parametrize("regularizer", list(entries("regularizers")))
def test_every_regularizer_trains(regularizer: str) -> None:
    _learns_an_epoch(chain(Dense(4, regularizer=entry("regularizers", regularizer)()), Dense(1)))


@pytest.mark.parametrize("layer", [name for name, cls in entries("layers").items() if cls.takes[1] > 0])
def test_every_layer_trains(layer: str) -> None:
    cls = entry("layers", layer)
    document = chain(Dense(4), cls())
    if cls.takes[0] > 1:
        document = document.add(Dense(4)).connect("input_1", "dense_2").connect("dense_2", f"{layer.lower()}_1")
    end = document.networks[0].nodes[-1].id if cls.takes[0] == 1 else f"{layer.lower()}_1"
    document = document.add(Dense(1))
    _learns_an_epoch(document.connect(end, document.networks[0].nodes[-1].id))


@pytest.mark.parametrize("dataset", [name for name in entries("datasets") if name != "drawn"])
def test_every_dataset_trains(dataset: str) -> None:
    data = Data(entry("datasets", dataset)())
    regression, classes = data.dataset.task == "regression", data.dataset.class_count
    last = Dense(1, Linear()) if regression else Dense(classes, Softmax())
    training = Training(MeanSquaredError() if regression else CategoricalCrossEntropy())
    _learns_an_epoch(chain(Dense(4), last, data=data, training=training))


def test_a_network_without_parameters_only_counts() -> None:
    run = trainer(chain(entry("layers", "Add")()).connect("input_1", "add_1", 1).set_data(dataset=Circle(samples=20)))
    run.step("epoch")
    assert (run.epoch, run.step_count, dict(run.snapshot().weights)) == (1, 1, {})


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
    assert _equal(before.weights, run.snapshot().weights)


def test_a_plan_with_a_problem_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="cannot be trained"):
        TorchTrainer(resolve(small().disconnect(small().networks[0].edges[0])))


# --- edits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.set_training(batch_size=7),
        lambda d: d.set_training(loss=MeanSquaredError(halved=True)),
        lambda d: d.set_training(optimizer=Adam(learning_rate=0.5)),
        lambda d: d.set_data(dataset=Circle(samples=60, noise=20.0)),
        lambda d: d.set_field("dense_1", "activation", Relu()),
        lambda d: d.set_field("dense_1", "regularizer", L2()),
        lambda d: d.insert_before("dense_2", "Dropout"),
    ],
)
def test_a_change_that_keeps_the_parameters_goes_on(change: Any) -> None:
    document = small(training=Training(optimizer=Adam()))
    run = trainer(document)
    run.step("epoch")
    before = run.snapshot()
    assert run.edit(resolve(change(document)))
    after = run.snapshot()
    assert (after.epoch, after.step) == (1, 5)
    assert _equal(before.weights, after.weights) and _equal(before.optimizer, after.optimizer)
    run.step("epoch")
    assert run.epoch == 2 and not _equal(before.weights, run.snapshot().weights)


def test_another_rate_keeps_the_momentum_and_another_momentum_drops_it() -> None:
    document = small(training=Training(optimizer=SGD(learning_rate=0.03, momentum=0.9)))
    run = trainer(document)
    run.step("epoch")
    state = run.snapshot().optimizer
    assert set(state) == {f"{name}.velocity" for name in run.snapshot().weights}
    assert run.edit(resolve(document.set_training(optimizer=SGD(learning_rate=0.5, momentum=0.9))))
    assert run.rate() == 0.5 and _equal(state, run.snapshot().optimizer)
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
    assert run.plan is plan and _equal(before.weights, run.snapshot().weights)


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
    assert _equal(before.weights, run.snapshot().weights)


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


def test_the_history_starts_before_the_training() -> None:
    run = trainer(small())
    run.step("epoch")
    run.step("batch")
    rows = run.curves()
    assert rows.shape == (2, 6) and list(rows[:, 0]) == [0, 1]
    assert list(rows[:, 5]) == [0.03, 0.03]
    assert rows[0, 1] != rows[1, 1]


# --- staying finite --------------------------------------------------------------------------------------------------


def exploding(epochs_per_row: int = 1) -> Document:
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
    assert run.epoch > 0 or _equal(start.weights, snapshot.weights)
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
