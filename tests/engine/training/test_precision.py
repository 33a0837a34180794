"""Both backends against the formulas of the catalogue in float64: what differs must be the rounding of float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.catalog.activations import Activation
from engine.catalog.datasets.plane import Rings
from engine.catalog.losses import Loss
from engine.catalog.optimizers import SGD
from engine.catalog.registry import entry
from engine.document.graph import Data, Document, Training
from engine.plan.data import epoch_order, split
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.numba_trainer import NumbaTrainer
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.agreement import PAIRS, hidden_cards, last_layer
from tests.engine.training.networks import chain

STEPS = 100
RATE = 0.02
"""Four times that of the agreement tests: a difference may grow here where it does in exact sums (linear with mse)."""

Array = NDArray[np.float64]


class Exact:
    """A chain of Dense cards trained with plain gradient descent, in float64, by the catalogue's own formulas."""

    def __init__(self, plan: Plan, start: dict[str, Any]) -> None:
        document = plan.document
        assert plan.target is not None
        self._plan, self._cards = plan, [name for name in plan.order if plan.nodes[name].parameters]
        self.weights = {name: np.array(values, np.float64) for name, values in start.items()}
        train = split(document.data).train
        self._inputs = document.data.dataset.inputs(train.values, ()).astype(np.float64)
        self._targets = plan.target.encode(train.targets).astype(np.float64)

    def parameter(self, name: str) -> Array:
        """A parameter by its name, as of a run."""
        return self.weights[name]

    def train(self, steps: int) -> None:
        """Take steps over the epochs' batches."""
        document, size = self._plan.document, len(self._inputs)
        batch, epoch, position = document.training.batch_size, 0, 0
        for _ in range(steps):
            chosen = epoch_order(document.seed, epoch, size)[position : position + batch]
            self._step(self._inputs[chosen], self._targets[chosen])
            position += batch
            if position >= size:
                epoch, position = epoch + 1, 0

    def _step(self, x: Array, target: Array) -> None:
        loss: Loss = self._plan.document.training.loss
        answers, sums = [x], []
        for card in self._cards:
            sums.append(answers[-1] @ self.weights[f"{card}.weight"].T + self.weights[f"{card}.bias"])
            answers.append(self._activation(card).learned_value(self._learned(card), sums[-1]))
        fused = bool(loss.fuses)
        delta = loss.gradient(sums[-1] if fused else answers[-1], target) / len(x)
        for place in reversed(range(len(self._cards))):
            card = self._cards[place]
            if not (fused and place == len(self._cards) - 1):
                delta, changes = self._activation(card).learned_pullback(self._learned(card), sums[place], delta)
                for name, change in changes.items():
                    self.weights[f"{card}.{name}"] -= RATE * change.sum(axis=0)
            weight = self.weights[f"{card}.weight"]
            back = delta @ weight
            weight -= RATE * delta.T @ answers[place]
            self.weights[f"{card}.bias"] -= RATE * delta.sum(axis=0)
            delta = back

    def _learned(self, card: str) -> dict[str, Array]:
        """What the card's activation has learned."""
        names = self._activation(card).parameters((1,))
        return {name: self.weights[f"{card}.{name}"].copy() for name in names}

    def _activation(self, card: str) -> Activation:
        return self._plan.nodes[card].layer.output_activation


def error(run: Any, exact: Exact) -> float:
    """The largest difference from the exact weights, as a share of the largest weight of the parameter."""
    return max(
        float(np.abs(run.parameter(name) - wanted).max() / (np.abs(wanted).max() or 1.0))
        for name, wanted in exact.weights.items()
    )


def network(activation: str, loss: str) -> Document:
    of: Loss = entry("losses", loss)()
    hidden: Activation = entry("activations", activation)()
    last, classes = last_layer(of)
    data = Data(Rings(samples=100, classes=classes), seed=3)
    training = Training(of, SGD(learning_rate=RATE), batch_size=10)
    return chain(*hidden_cards(hidden), last, data=data, training=training)


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_the_kernels_are_as_exact_as_pytorch(activation: str, loss: str) -> None:
    plan = resolve(network(activation, loss))
    compiled, torch = NumbaTrainer(plan), TorchTrainer(plan)
    start = dict(compiled.snapshot().weights)
    exact = Exact(plan, start)
    with np.errstate(all="ignore"):
        exact.train(STEPS)
    for run in (compiled, torch):
        for _ in range(STEPS):
            run.step("batch")
    found, peer = error(compiled, exact), error(torch, exact)
    # Four times PyTorch's own error, or what one rounding of the weights at the start grows to: which of two roundings
    # is luckier changes from network to network and from processor to processor.
    assert found <= max(1e-5, 4 * peer) or found <= 4 * grown(plan, start, exact)
    assert max(found, peer) < 0.01  # it is the same training, not one that went elsewhere


def grown(plan: Plan, start: dict[str, Any], exact: Exact) -> float:
    """How far exact training goes elsewhere at most when it starts from weights whose last bit is another."""
    errors = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        moved = {name: values * (1 + 2.0**-24 * rng.choice([-1, 1], values.shape)) for name, values in start.items()}
        other = Exact(plan, moved)
        with np.errstate(all="ignore"):
            other.train(STEPS)
        errors.append(error(other, exact))
    return max(errors)
