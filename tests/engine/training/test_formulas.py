"""The PyTorch backend against the NumPy formulas of the catalogue, and every entry of the catalogue in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Linear, Sigmoid, Softmax, Tanh
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.merging import Concatenate
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy, Loss, MeanSquaredError
from engine.catalog.optimizers import SGD, Adam, Optimizer
from engine.catalog.registry import entries, entry
from engine.catalog.regularizers import L1, L2
from engine.catalog.schedules import Cosine
from engine.document.graph import Data, Document, Network, Training
from engine.plan.data import epoch_order, random_stream, split
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import OPTIMIZERS, around, chain, small, trainer

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
                gradients[f"{name}.weight"] = d.T @ out[source] + node.layer.weight_regularizer.gradient(np, weight)
                gradients[f"{name}.bias"] = d.sum(axis=0)
                back[source] += d @ weight
        for name, gradient in gradients.items():
            document.training.optimizer.update(self.weights[name], gradient, self.states[name], rate, number)


def skip_document(optimizer: Optimizer, loss: Loss, classes: int = 2) -> Document:
    """Two inputs, a skip link into a Concatenate, penalties on two layers."""
    data = Data(Rings(samples=90, classes=classes), seed=2)
    document = Document((Network(),), data, Training(loss, optimizer, Cosine(), batch_size=8, epochs=10), seed=5)
    document = document.add(Input(columns=("x1", "x2"))).add(Input(columns=("x1_x2",)))
    document = (
        document.add(Dense(5, Tanh(), weight_regularizer=L2(rate=0.01))).add(Concatenate()).add(Dense(4, Sigmoid()))
    )
    document = document.add(Concatenate())
    last = next(a for a in (Tanh(), Sigmoid(), Softmax()) if loss.accepts(a))
    units = classes if loss.per_class or classes > 2 else 1
    document = document.add(Dense(units, last, weight_regularizer=L1(rate=0.005)))
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


def _agrees_with_oracle(document: Document) -> None:
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    run, oracle = TorchTrainer(plan), Oracle(plan)
    samples, size = split(document.data).train, document.training.batch_size
    for number in range(1, 21):
        order = epoch_order(document.seed, run.epoch, len(samples))
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
    _agrees_with_oracle(skip_document(SGD(learning_rate=0.1), loss(), classes=3 if loss.per_class else 2))


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
        order = epoch_order(1, epoch, 50)
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


def _learns_an_epoch(document: Document, epochs: int = 1) -> None:
    run = trainer(document)
    before = run.snapshot().weights
    for _ in range(epochs):
        run.step("epoch")
    after = run.snapshot().weights
    assert run.epoch == epochs and np.isfinite(run.evaluate().train_loss)
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
    chosen = entry("optimizers", optimizer)()
    _learns_an_epoch(small(training=Training(optimizer=chosen)), 20 if chosen.full_batch else 1)


@pytest.mark.parametrize("regularizer", list(entries("regularizers")))
def test_every_regularizer_trains(regularizer: str) -> None:
    _learns_an_epoch(chain(Dense(4, weight_regularizer=entry("regularizers", regularizer)()), Dense(1)))


@pytest.mark.parametrize("layer", [name for name, cls in entries("layers").items() if cls.takes[1] > 0])
def test_every_layer_trains(layer: str) -> None:
    _learns_an_epoch(around(entry("layers", layer)()))


@pytest.mark.parametrize("dataset", [name for name, cls in entries("datasets").items() if cls().trouble() is None])
def test_every_dataset_trains(dataset: str) -> None:
    data = Data(entry("datasets", dataset)())
    regression, classes = data.dataset.task == "regression", data.dataset.class_count
    last = Dense(1, Linear()) if regression else Dense(classes, Softmax())
    training = Training(MeanSquaredError() if regression else CategoricalCrossEntropy())
    flat = [Flatten()] if data.dataset.pictures else []
    _learns_an_epoch(chain(*flat, Dense(4), last, data=data, training=training))


def test_a_network_without_parameters_only_counts() -> None:
    run = trainer(chain(entry("layers", "Add")()).connect("input_1", "add_1", 1).set_data(dataset=Circle(samples=20)))
    run.step("epoch")
    assert (run.epoch, run.step_count, dict(run.snapshot().weights)) == (1, 1, {})
