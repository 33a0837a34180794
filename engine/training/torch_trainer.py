"""The backend that runs everything, in PyTorch."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Mapping
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from engine.document.errors import Sentence
from engine.plan.data import epoch_order, random_stream
from engine.plan.plan import Plan
from engine.training.devices import choose_device
from engine.training.kept_memory import keep_memory
from engine.training.run import Run
from engine.training.torch_network import TorchNetwork
from engine.training.torch_optimizer import FlatOptimizer, SearchOptimizer
from engine.training.trainer import Array
from engine.training.watch import begins_with

_THREADED = 20_000_000
"""Multiply-adds of one batch from which several threads pay."""
_CHUNK = 16_384
"""Most samples that are evaluated at once."""
_CHUNK_VALUES = 4_000_000
"""Most numbers that the cards give for samples that are evaluated at once: what fits a processor's cache is faster."""
_RUNNING = 50
"""Batches that the running loss is about; no more than a quarter of an epoch, in which a small set is soon learnt."""
_REMEMBERED = 4
"""Grids whose inputs are kept."""


def prepare() -> Sentence | None:
    """PyTorch is loaded with this module; there is nothing else, and nothing to say."""
    return None


class _State(NamedTuple):
    weights: Tensor
    buffers: Tensor
    optimizer: Mapping[str, Any]


class TorchTrainer(Run):
    """Trains a plan with PyTorch, on the processor or a graphics card; fulfils `Trainer`."""

    # --- building ----------------------------------------------------------------------------------------------------

    def _build(self, plan: Plan) -> None:
        keep_memory()
        self.device = choose_device(plan, self._wanted_device)
        self._network = TorchNetwork(plan, self.device)
        training = plan.document.training
        made = SearchOptimizer if training.optimizer.closure_based else FlatOptimizer
        self._optimizer = made(begins_with(training), self._network.flat) if self._network.rules.trains else None
        self._last_loss: Tensor | None = None
        self._running: Tensor | None = None

    def _prepare(self) -> None:
        busy = 3 * self.plan.cost.multiply_adds * self._batch_size
        torch.set_num_threads(1 if busy < _THREADED else max(1, (os.cpu_count() or 1) - 1))
        self._scales = None
        if self._scaling is not None:
            self._scales = self._tensor(self._scaling.offset), self._tensor(self._scaling.factor)
        self._all_inputs = self._inputs(self._values)
        outputs = self.plan.outputs
        # The loss of a class's number is one operator, that of ones and zeros several: felt in every small step.
        of_classes = len(outputs) == 1 and outputs[0].loss.takes_classes
        self._all_targets = self._tensor(self._targets.argmax(axis=1) if of_classes else self._targets)
        self._share = max(1 / _RUNNING, min(1.0, 4 * self._batch_size / self._size))
        given = sum(math.prod(node.output_shape or ()) for node in self.plan.nodes.values())
        self._chunk = max(64, min(_CHUNK, _CHUNK_VALUES // max(1, given)))
        self._grids: dict[int, tuple[Array, list[Tensor | None]]] = {}
        self._passes: dict[int, list[Tensor | None]] = {}
        self._shuffled: tuple[int, list[Tensor | None], Tensor, Tensor] | None = None

    def _tensor(self, values: Array) -> Tensor:
        return torch.from_numpy(values).to(self.device)

    def _inputs(self, values: Array) -> list[Tensor | None]:
        """What the Input cards pass on for samples, by place; None at every other card. Not scaled yet."""
        dataset = self.plan.document.data.dataset
        found: list[Tensor | None] = [None] * len(self.plan.order)
        for place, node_id in enumerate(self.plan.order):
            layer = self.plan.nodes[node_id].layer
            if layer.takes[1] == 0:
                taken = values if self._scales else dataset.inputs(values, getattr(layer, "columns", ()))
                found[place] = self._tensor(taken)
        return found

    def _scaled(self, inputs: list[Tensor | None], chosen: slice) -> list[Tensor | None]:
        """Some of the inputs, as numbers that the network gets."""
        if self._scales is None:
            return [None if x is None else x[chosen] for x in inputs]
        offset, factor = self._scales
        copied = [None if x is None else x[chosen].to(torch.float32, copy=True) for x in inputs]
        return [None if x is None else x.sub_(offset).mul_(factor) for x in copied]

    def _initialize(self, plan: Plan) -> None:
        self._build(plan)
        self._shuffled = None

    # --- training ----------------------------------------------------------------------------------------------------

    def _advance(self, seconds: float) -> None:
        deadline = perf_counter() + seconds
        while True:
            self._update(self._batch_end())
            if self.stopped is not None or perf_counter() >= deadline:
                break

    def _update(self, end: int) -> None:
        chosen, targets = self._batch(end)
        network, position = self._network, self.position
        if network.has_modes:
            network.train(True)
        optimizer = self._optimizer
        if optimizer is not None:
            rate = self.rate()
            if rate != optimizer.rate:
                optimizer.rate = rate
            if self._moves_momentum and isinstance(optimizer, FlatOptimizer):
                optimizer.momentum = float(self._momenta(self.moment))
        kept = network.rules.before_step()
        if isinstance(optimizer, SearchOptimizer):
            random = random_stream(self.plan.document.seed, "search", self.step_count)
            self._last_loss = optimizer.step(partial(self._objective, kept, chosen, targets), random)
        else:
            self._last_loss = self._slope(chosen, targets)
            if optimizer is not None:
                with torch.no_grad():
                    optimizer.step()
        network.rules.after_step(kept)
        self._stepped(end)
        if self._takes_long:
            last = self._last_loss
            self._running = last if self._running is None else torch.lerp(self._running, last, self._share)
        if self.position:
            if self._parts > 1:
                self._record_part(position)
        elif self._is_due(self.epoch):
            self._record()

    def _slope(self, inputs: list[Tensor | None], targets: Tensor) -> Tensor:
        """The loss of a batch without penalties on weights; what the optimizer is given is left in `flat_gradient`."""
        network = self._network
        loss = self._batch_loss(inputs, targets)
        if self._optimizer is not None:
            network.flat_gradient.zero_()
            torch.autograd.backward(loss)
            with torch.no_grad():
                network.rules.complete_gradient()
            self._has_gradient = True
        return loss.detach()

    def _objective(self, kept: list[Tensor], inputs: list[Tensor | None], targets: Tensor, slope: bool) -> Tensor:
        """The loss of a batch with penalties; with `slope`, the gradient is left in `flat_gradient`."""
        self._network.rules.hold(kept)
        with torch.set_grad_enabled(slope):
            loss = self._slope(inputs, targets) if slope else self._batch_loss(inputs, targets)
        with torch.no_grad():
            return loss + self._network.rules.penalty()

    def _batch_loss(self, inputs: list[Tensor | None], targets: Tensor) -> Tensor:
        """The loss of a batch and what its cards' outputs add; within a step the noise is the same each time."""
        if self._network.stochastic:
            torch.manual_seed(zlib.crc32(f"{self.plan.document.seed} {self.step_count}".encode()))
        answers, penalty = self._network.answers_and_penalty(inputs)
        loss = self._loss(answers, targets)
        return loss if penalty is None else loss + penalty

    def _loss(self, answers: list[Tensor], targets: Tensor) -> Tensor:
        """The sum of the outputs' losses, each times its weight."""
        outputs = self.plan.outputs
        if len(outputs) == 1:
            return _weighted(outputs[0].weight, outputs[0].loss.compute(nn, answers[0], targets))
        parts = torch.split(targets, [output.target.units for output in outputs], 1)
        losses = [
            _weighted(output.weight, output.loss.compute(nn, answer, part))
            for output, answer, part in zip(outputs, answers, parts, strict=True)
        ]
        return torch.stack(losses).sum()

    def _batch(self, end: int) -> tuple[list[Tensor | None], Tensor]:
        """Inputs and targets of the samples of the running epoch from `position` up to `end`, in its order."""
        if self._shuffled is None or self._shuffled[0] != self.epoch:
            order = self._tensor(epoch_order(self.plan.document.seed, self.epoch, self._size).astype(np.int64))
            inputs = self._all_inputs
            if self._scales is None:
                inputs = [None if values is None else values[order] for values in inputs]
            self._shuffled = self.epoch, inputs, self._all_targets[order], order
        _, inputs, targets, order = self._shuffled
        batch = slice(self.position, end)
        if self._scales is None:
            return self._scaled(inputs, batch), targets[batch]
        values = self._drawn(order[batch])
        return self._scaled([None if x is None else values for x in inputs], slice(None)), targets[batch]

    def _drawn(self, order: Tensor) -> Tensor:
        """Samples that are kept as they are stored, changed at random if the data set says so."""
        dataset = self.plan.document.data.dataset
        if not dataset.augments:
            stored = next(x for x in self._all_inputs if x is not None)
            return stored.index_select(0, order)
        random = random_stream(self.plan.document.seed, "augment", self.step_count)
        return self._tensor(dataset.augmented(self._values[order.cpu().numpy()], random))

    # --- looking -----------------------------------------------------------------------------------------------------

    def _raw_answers(self, first: int, last: int) -> Array:
        network = self._network
        network.train(False)
        parts = []
        with torch.inference_mode():
            for start in range(first, last, self._chunk):
                chunk = slice(start, min(start + self._chunk, last))
                answers = network.answers(self._scaled(self._all_inputs, chunk))
                parts.append((answers[0] if len(answers) == 1 else torch.cat(answers, 1)).cpu().numpy())
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def outputs(self, values: Array, nodes: tuple[str, ...]) -> dict[str, Array]:
        """The outputs of some cards for samples as the data set made them, (samples, *shape) float32 each.

        For read-only `values` what the Input cards make of them is kept, and until the state changes all outputs too:
        views of one grid share a single pass through the network. Such answers are to be read only.
        """
        self._network.train(False)
        if len(values) > self._chunk:
            starts = range(0, len(values), self._chunk)
            found = [self.outputs(np.array(values[start : start + self._chunk]), nodes) for start in starts]
            return {name: np.concatenate([part[name] for part in found]) for name in nodes}
        known = None if values.flags.writeable else self._passes.get(id(values))
        if known is None:
            known = list(self._grid(values))
            if not values.flags.writeable:
                self._passes[id(values)] = known
        with torch.inference_mode():
            return {name: value.cpu().numpy() for name, value in self._network.outputs(known, nodes).items()}

    def _grid(self, values: Array) -> list[Tensor | None]:
        if values.flags.writeable:
            return self._scaled(self._inputs(values), slice(None))
        known = self._grids.get(id(values))
        if known is None:
            while len(self._grids) >= _REMEMBERED:
                oldest = next(iter(self._grids))
                del self._grids[oldest]
                self._passes.pop(oldest, None)
            inputs = [None if x is None else _by_units(x) for x in self._scaled(self._inputs(values), slice(None))]
            known = self._grids[id(values)] = values, inputs  # holding the array keeps its id its own
        return known[1]

    def _forget(self) -> None:
        super()._forget()
        self._passes.clear()

    def _running_loss(self) -> float | None:
        return None if self._running is None else float(self._running)

    # --- state -------------------------------------------------------------------------------------------------------

    def _parameter(self, name: str) -> Array:
        values: Array = self._array(name).cpu().numpy()
        return values

    def _gradient(self, name: str) -> Array:
        network = self._network
        values: Array = network.flat_gradient[network.slices[name]].view(self._shapes[name]).cpu().numpy()
        return values

    def _torch_network(self) -> TorchNetwork:
        return self._network

    def _array(self, name: str) -> Tensor:
        network = self._network
        return network.parameters[name] if name in network.parameters else network.buffers[name]

    def _put_parameter(self, name: str, values: Array) -> None:
        self._array(name).copy_(torch.from_numpy(np.array(values, np.float32)))

    def _optimizer_arrays(self) -> Mapping[str, Array]:
        return self._optimizer.arrays(self._network.slices, self._shapes) if self._optimizer else {}

    def _put_optimizer_arrays(self, arrays: Mapping[str, Array]) -> None:
        self._last_loss = None
        if self._optimizer is not None:
            self._optimizer.put_arrays(arrays, self._network.slices, self._shapes)

    def _state(self) -> _State:
        network, optimizer = self._network, self._optimizer
        return _State(network.flat.clone(), network.flat_buffers.clone(), optimizer.copy() if optimizer else {})

    def _put_state(self, state: _State) -> None:
        self._last_loss = None
        self._network.flat.copy_(state.weights)
        self._network.flat_buffers.copy_(state.buffers)
        if self._optimizer is not None:
            self._optimizer.put(state.optimizer)

    def _is_finite(self) -> bool:
        # the sum of the weights is finite exactly if all of them are, long before it could overflow by itself
        sums = [values.sum() for values in (self._network.flat, self._network.flat_buffers) if values.numel()]
        sums += [] if self._last_loss is None else [self._last_loss]
        return math.isfinite(sum(map(float, sums)))


def _weighted(weight: float, loss: Tensor) -> Tensor:
    return loss if weight == 1 else weight * loss


def _by_units(x: Tensor) -> Tensor:
    """Samples with their numbers laid out unit by unit where they are flat; the same values and shape."""
    return x.t().contiguous().t() if x.dim() == 2 else x
