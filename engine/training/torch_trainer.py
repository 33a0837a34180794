"""The backend that runs everything, in PyTorch."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn

from engine.catalog.metrics import metric_for
from engine.document.errors import InvalidValueError
from engine.plan.data import random_stream, split
from engine.plan.plan import Plan
from engine.training.curve import Curve
from engine.training.torch_network import TorchNetwork
from engine.training.torch_optimizer import FlatOptimizer
from engine.training.trainer import Array, Diverged, Evaluation, Snapshot, Unit

_THREADED = 20_000_000
"""Multiply-adds of one batch from which several threads pay."""
_CHUNK = 16_384
"""Samples that are evaluated at once."""
_REMEMBERED = 4
"""Grids whose inputs are kept."""


@dataclass(frozen=True, eq=False)
class _Finite:
    """The newest state known to be finite: what a run that diverges falls back to."""

    epoch: int
    step: int
    position: int
    weights: Tensor
    optimizer: dict[str, Tensor]


class TorchTrainer:
    """Trains a plan with PyTorch on the CPU; fulfils `Trainer`."""

    def __init__(self, plan: Plan) -> None:
        """Stand at epoch 0 with the weights that the seed fixes. Raises PlaygroundError if the plan is not ready."""
        self._curve = Curve()
        self.epoch = 0
        self.step_count = 0
        self.position = 0
        self._build(plan)
        self._record()

    # --- building ------------------------------------------------------------------------------------------------

    def _build(self, plan: Plan) -> None:
        document = plan.document
        self._network = TorchNetwork(plan)
        assert plan.target is not None
        self.plan = plan
        self._training = document.training
        self._target = plan.target
        self._metric = metric_for(plan.target.task)
        self._shapes = {name: parameter.shape for name, parameter in plan.parameters.items()}
        self._optimizer = FlatOptimizer(self._training.optimizer, self._network.flat) if self._shapes else None
        samples = split(document.data)
        self._train, self._test = samples.train, samples.test
        self._size = len(samples.train)
        values = np.concatenate([samples.train.values, samples.test.values])
        targets = np.concatenate([samples.train.targets, samples.test.targets])
        self._all_inputs = self._inputs(values)
        self._all_targets = torch.from_numpy(self._target.encode(targets))
        self._grids: dict[int, tuple[Array, list[Tensor | None]]] = {}
        self._passes: dict[int, list[Tensor | None]] = {}
        self._shuffled: tuple[int, list[Tensor | None], Tensor] | None = None
        self._evaluation: Evaluation | None = None
        self._last_loss: Tensor | None = None
        busy = 3 * plan.cost.multiply_adds * self._training.batch_size
        torch.set_num_threads(1 if busy < _THREADED else max(1, (os.cpu_count() or 1) - 1))

    def _inputs(self, values: Array) -> list[Tensor | None]:
        """What the Input cards pass on for samples, by place; None at every other card."""
        dataset = self.plan.document.data.dataset
        found: list[Tensor | None] = [None] * len(self.plan.order)
        for place, node_id in enumerate(self.plan.order):
            layer = self.plan.nodes[node_id].layer
            if layer.takes[1] == 0:
                found[place] = torch.from_numpy(dataset.inputs(values, getattr(layer, "columns", ())))
        return found

    # --- training ------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> int:
        """Train for about that long, at least one step; returns the optimizer steps taken. Raises Diverged."""
        deadline = perf_counter() + seconds
        before = self.step_count
        while True:
            self._update(self._batch_end())
            if perf_counter() >= deadline:
                break
        self._check_finite()
        return self.step_count - before

    def step(self, unit: Unit) -> None:
        """Train on the next sample, on the rest of the running batch, or to the end of the running epoch."""
        if unit == "sample":
            self._update(self.position + 1)
        elif unit == "batch":
            self._update(self._batch_end())
        else:
            epoch = self.epoch
            while self.epoch == epoch:
                self._update(self._batch_end())
        self._check_finite()

    def _batch_end(self) -> int:
        size = self._training.batch_size
        return min(self._size, (self.position // size + 1) * size)

    def _update(self, end: int) -> None:
        """One optimizer step on the samples of the epoch from `position` up to `end`."""
        inputs, targets = self._epoch_samples()
        network, batch = self._network, slice(self.position, end)
        if network.stochastic:
            network.train(True)
            torch.default_generator.manual_seed(zlib.crc32(f"{self.plan.document.seed} {self.step_count}".encode()))
        raw = network.raw_output([None if values is None else values[batch] for values in inputs])
        loss = self._loss(raw, targets[batch])
        if self._optimizer is not None:
            network.flat_gradient.zero_()
            torch.autograd.backward(loss)
            rate = self.rate()
            if rate != self._optimizer.rate:
                self._optimizer.rate = rate
            with torch.no_grad():
                for regularizer, weight, gradient in network.penalties:
                    gradient += regularizer.gradient(torch, weight)
                self._optimizer.step()
        self._last_loss = loss.detach()
        self._forget()
        self.step_count += 1
        self.position = end
        if end == self._size:
            self.epoch += 1
            self.position = 0
            if self._curve.due(self.epoch):
                self._record()

    def _loss(self, raw: Tensor, targets: Tensor) -> Tensor:
        loss = self._training.loss
        result: Tensor = loss.compute(nn, raw if loss.fuses else self._network.activate(raw), targets)
        return result

    def _epoch_samples(self) -> tuple[list[Tensor | None], Tensor]:
        """Inputs and targets of the training samples in the order of the running epoch."""
        if self._shuffled is None or self._shuffled[0] != self.epoch:
            stream = random_stream(self.plan.document.seed, "shuffle", self.epoch)
            order = torch.from_numpy(stream.permutation(self._size))
            inputs = [None if values is None else values[order] for values in self._all_inputs]
            self._shuffled = self.epoch, inputs, self._all_targets[order]
        return self._shuffled[1], self._shuffled[2]

    def rate(self) -> float:
        """The learning rate of the next step."""
        factor = self._training.schedule.factor(self.epoch + self.position / self._size, self._training.epochs)
        return self._training.optimizer.learning_rate * factor

    # --- looking -------------------------------------------------------------------------------------------------

    def evaluate(self) -> Evaluation:
        """Loss and metric on the training and the test samples, as at test time."""
        if self._evaluation is None:
            network, size = self._network, self._size
            network.train(False)
            with torch.inference_mode():
                parts = [
                    network.raw_output(
                        [None if values is None else values[start : start + _CHUNK] for values in self._all_inputs]
                    )
                    for start in range(0, len(self._all_targets), _CHUNK)
                ]
                raw = parts[0] if len(parts) == 1 else torch.cat(parts)
                train_loss = float(self._loss(raw[:size], self._all_targets[:size]))
                test_loss = float(self._loss(raw[size:], self._all_targets[size:])) if len(self._test) else math.nan
                answers = self._target.decide(network.activate(raw).numpy())
            self._evaluation = Evaluation(
                train_loss,
                test_loss,
                self._metric.value(answers[:size], self._train.targets),
                self._metric.value(answers[size:], self._test.targets),
            )
        return self._evaluation

    def curves(self) -> Array:
        """The history, (points, 6) float64: epoch, train loss, test loss, train metric, test metric, learning rate."""
        return self._curve.rows

    def parameter(self, name: str) -> Array:
        """A copy of "node.parameter". Raises InvalidValueError for an unknown name."""
        return self._parameter(name).numpy().copy()

    def outputs(self, values: Array, nodes: tuple[str, ...]) -> dict[str, Array]:
        """The outputs of some cards for samples as the data set made them, (samples, *shape) float32 each.

        For read-only `values` what the Input cards make of them is kept, and until the state changes all outputs too:
        views of one grid share a single pass through the network. Such answers are to be read only.
        """
        self._network.train(False)
        known = None if values.flags.writeable else self._passes.get(id(values))
        if known is None:
            known = list(self._grid(values))
            if not values.flags.writeable:
                self._passes[id(values)] = known
        with torch.inference_mode():
            return {name: value.numpy() for name, value in self._network.outputs(known, nodes).items()}

    def _grid(self, values: Array) -> list[Tensor | None]:
        if values.flags.writeable:
            return self._inputs(values)
        known = self._grids.get(id(values))
        if known is None:
            while len(self._grids) >= _REMEMBERED:
                oldest = next(iter(self._grids))
                del self._grids[oldest]
                self._passes.pop(oldest, None)
            inputs = [None if x is None else _by_units(x) for x in self._inputs(values)]
            known = self._grids[id(values)] = values, inputs  # holding the array keeps its id its own
        return known[1]

    def _parameter(self, name: str) -> Tensor:
        found = self._network.parameters.get(name)
        if found is None:
            raise InvalidValueError(
                "this network has no parameter {name}; it has {known}",
                name=repr(name),
                known=", ".join(self._shapes) or "none",
            )
        return found

    def _forget(self) -> None:
        """The state has changed: what was computed from it no longer holds."""
        self._evaluation = None
        self._passes.clear()

    # --- state ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """A copy of the state."""
        weights = {name: value.numpy().copy() for name, value in self._network.parameters.items()}
        state = self._optimizer.arrays(self._network.slices, self._shapes) if self._optimizer else {}
        return Snapshot(self.epoch, self.step_count, self.position, weights, state, self._curve.rows)

    def restore(self, snapshot: Snapshot) -> None:
        """Take up a state. Raises InvalidValueError when names or shapes do not fit the plan."""
        self._check_fits(snapshot.weights)
        if self._optimizer is not None:
            self._optimizer.put_arrays(snapshot.optimizer, self._network.slices, self._shapes)
        for name, values in snapshot.weights.items():
            self._network.parameters[name].copy_(torch.from_numpy(np.array(values, np.float32)))
        self.epoch, self.step_count = snapshot.epoch, snapshot.step
        self.position = snapshot.position if snapshot.position < self._size else 0
        self._last_loss = None
        self._forget()
        self._curve.replace(snapshot.curves)
        self._keep_finite()

    def _check_fits(self, weights: Mapping[str, Array]) -> None:
        shapes = {name: np.shape(values) for name, values in weights.items()}
        for name in sorted(set(shapes) | set(self._shapes)):
            if shapes.get(name) != self._shapes.get(name):
                raise InvalidValueError(
                    "{name} is {found} in the saved weights but {wanted} in this network; start a new run",
                    name=name,
                    found=shapes.get(name, "missing"),
                    wanted=self._shapes.get(name, "missing"),
                )

    def edit(self, plan: Plan) -> bool:
        """Go on under another plan, keeping weights and progress; False (and nothing changed) if it cannot."""
        old, new = self.plan.document, plan.document
        if plan.problems or old.seed != new.seed or _starts(self.plan) != _starts(plan):
            return False
        snapshot = self.snapshot()
        optimizer = new.training.optimizer.replace(learning_rate=old.training.optimizer.learning_rate)
        kept = snapshot.optimizer if optimizer == old.training.optimizer else {}
        position = snapshot.position if new.data == old.data else 0
        self._build(plan)
        self.restore(Snapshot(snapshot.epoch, snapshot.step, position, snapshot.weights, kept, snapshot.curves))
        return True

    def set_parameter(self, name: str, index: tuple[int, ...], value: float) -> None:
        """Set one value of "node.parameter" by hand. Raises InvalidValueError for a place or value it cannot take."""
        values = self._parameter(name)
        inside = len(index) == values.dim() and all(0 <= i < n for i, n in zip(index, values.shape, strict=True))
        if not inside:
            raise InvalidValueError(
                "{name} has the shape {shape}, so there is no value at {index}",
                name=name,
                shape=tuple(values.shape),
                index=index,
            )
        if not abs(value) <= torch.finfo(values.dtype).max:
            raise InvalidValueError("{name} (={value}) must be a finite number", name=name, value=value)
        values[index] = value
        self._forget()

    # --- staying finite ------------------------------------------------------------------------------------------

    def _record(self) -> None:
        """Write the row of the epoch that ended, if its losses are finite; else fall back and raise Diverged."""
        evaluation = self.evaluate()
        losses = [evaluation.train_loss, *([evaluation.test_loss] if len(self._test) else [])]
        if not all(map(math.isfinite, losses)):
            self._fall_back()
        self._curve.record(self.epoch, evaluation, self.rate())
        self._keep_finite()

    def _keep_finite(self) -> None:
        optimizer = self._optimizer.copy() if self._optimizer else {}
        self._finite = _Finite(self.epoch, self.step_count, self.position, self._network.flat.clone(), optimizer)

    def _check_finite(self) -> None:
        # the sum of the weights is finite exactly if all of them are, long before it could overflow by itself
        sums = [self._network.flat.sum(), *([] if self._last_loss is None else [self._last_loss])]
        if not all(math.isfinite(float(value)) for value in sums):
            self._fall_back()

    def _fall_back(self) -> None:
        """Return to the newest finite state and raise Diverged."""
        step, node, finite = self.step_count, self._first_bad_node(), self._finite
        self._network.flat.copy_(finite.weights)
        if self._optimizer is not None:
            self._optimizer.put(finite.optimizer)
        self.epoch, self.step_count, self.position = finite.epoch, finite.step, finite.position
        self._curve.truncate(finite.epoch)
        self._last_loss = None
        self._forget()
        raise Diverged(step, node)

    def _first_bad_node(self) -> str | None:
        """The first card, in order, whose output for some sample is not finite; the last card if none is."""
        with torch.inference_mode():
            outputs = self._network.outputs(list(self._all_inputs), self.plan.order)
        bad = (node_id for node_id in self.plan.order if not outputs[node_id].isfinite().all())
        return next(bad, self.plan.output)


def _by_units(x: Tensor) -> Tensor:
    """Samples with their numbers laid out unit by unit where they are flat; the same values and shape."""
    return x.t().contiguous().t() if x.dim() == 2 else x


def _starts(plan: Plan) -> dict[str, object]:
    """What fixes the initial weights: a change of it means a new run."""
    return {name: (parameter.shape, parameter.initializer) for name, parameter in plan.parameters.items()}
