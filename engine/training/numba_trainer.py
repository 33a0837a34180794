"""The backend for small networks: compiled kernels that take thousands of steps without returning to Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import NamedTuple

import numpy as np

from engine.document.errors import InvalidValueError, Sentence
from engine.plan.data import block_epochs, epoch_order, epoch_orders, random_stream
from engine.plan.plan import Plan
from engine.training.instructions import LANES
from engine.training.numba_cache import load_kernels
from engine.training.numba_network import NumbaNetwork
from engine.training.numba_plans import refuses
from engine.training.numba_tables import once, padded, side_by_side, table
from engine.training.run import Run
from engine.training.trainer import Array

_REMEMBERED = 4
"""Grids whose inputs are kept."""
_ENOUGH = 0.75
"""Part of a slice after which it may end: a call of the kernels for the little that is left would cost more than it."""
_BLOCKS = 4
"""Most blocks of orders that one call of the kernels goes through."""
_PART = 1_000_000
"""Numbers that samples are made at once, where those of all would take too much memory: at least a batch of them."""
_LOOKED_AT = 2**18
"""Bytes of answers that are kept for recording, so that they stay in the processor's cache."""


def prepare() -> Sentence | None:
    """Load the kernels, or compile them the first time; returns what there is to say about their cache."""
    return load_kernels().note


class _State(NamedTuple):
    learned: Array
    optimizer_steps: int


class NumbaTrainer(Run):
    """Trains a plan with compiled kernels on one core; fulfils `Trainer`."""

    # --- building ----------------------------------------------------------------------------------------------------

    def _build(self, plan: Plan) -> None:
        self._kernels = load_kernels().kernels
        self._network = NumbaNetwork(plan)
        self._description = self._network.description()
        self._optimizer_steps = 0
        self._speed = 0.0

    def _prepare(self) -> None:
        self._stored = self._scaling is not None
        """Whether samples become numbers part by part: all of them as numbers would take too much memory."""
        self._train_targets = np.ascontiguousarray(self._targets, np.float32)
        network = self._network
        self._places = (*network.source_places["train"], network.target_place)
        self._part = max(1, _PART // max(1, self._values[:1].size))
        spare = max(self._part, self._batch_size, self._size) if self._stored else len(self._values)
        self._everything = np.arange(spare + LANES, dtype=np.int32)
        self._answers = [
            ((network.raw if output.loss.fuses else network.values)[output.node], output.target.units)
            for output in self.plan.outputs
        ]
        """Where what each loss is computed from lies, and how many units it has."""
        if not self._stored:
            self._all_inputs = self._inputs(self._values)
            self._sources = table([*self._all_inputs, self._train_targets], self._places)
            self._answer_sources = self._sources_of(self._all_inputs)
        self._answer_bytes = 4 * sum(units for _, units in self._answers) * padded(len(self._values))
        self._order: tuple[int, int, Array] | None = None
        self._grids: dict[int, tuple[Array, list[Array]]] = {}
        self._passes: dict[int, dict[str, Array]] = {}

    def _can_run(self, plan: Plan) -> bool:
        return refuses(plan) is None

    def _inputs(self, values: Array) -> list[Array]:
        """What the Input cards pass on for samples, (samples, numbers) each."""
        dataset = self.plan.document.data.dataset
        if self._scaling is not None:
            scaled = self._scaling.apply(values).reshape(len(values), -1)
            return [scaled for _ in self._network.sources]
        columns = (getattr(self.plan.nodes[name].layer, "columns", ()) for name in self._network.sources)
        found = (dataset.inputs(values, chosen).reshape(len(values), -1) for chosen in columns)
        return [np.ascontiguousarray(x, np.float32) for x in found]

    def _initialize(self, plan: Plan) -> None:
        self._network.initialize(plan)
        self._optimizer_steps = 0
        self._order = None

    # --- training ----------------------------------------------------------------------------------------------------

    def _advance(self, seconds: float) -> None:
        now = perf_counter()
        end, enough = now + seconds, now + _ENOUGH * seconds
        before = self.step_count
        batch = self._batch_size
        while self.stopped is None and (self.step_count == before or now < enough):
            wanted = max(1, int(self._speed * (end - now)))
            if self._evaluation is not None and before < self.step_count and not self._due(wanted, batch):
                break  # just recorded: whoever looks now need not evaluate again
            steps = self._take(wanted, batch)
            then, now = now, perf_counter()
            self._speed = steps / max(now - then, 1e-6)

    def _update(self, end: int) -> None:
        self._take(1, 1 if end == self.position + 1 else self._batch_size)

    def _train_to(self, end: int) -> None:
        batch = self._batch_size
        while self.epoch < end and self.stopped is None:
            self._take(self._steps_to(end, batch), batch)

    def _finish_epoch(self) -> None:
        batch, epoch = self._batch_size, self.epoch
        while self.epoch == epoch:
            self._take(self._steps_to(epoch + 1, batch), batch)

    def _steps_to(self, epoch: int, batch: int) -> int:
        """Steps until so many epochs are over."""
        each = -(-self._size // batch)
        return (epoch - self.epoch) * each - self.position // batch

    def _take(self, steps: int, batch: int) -> int:
        """Take at most so many steps of so many samples, and record the epochs that are due; returns the steps taken.

        It ends with the last epoch to record, if there is one on the way, and with the last block of orders at hand.
        """
        if self._stored:
            return self._take_part(steps, batch)
        block = block_epochs(self._size)
        steps = min(steps, self._steps_to((self.epoch // block + _BLOCKS) * block, batch))
        due = self._due(steps, batch)
        looks = np.array([self._steps_to(epoch, batch) for epoch in due], np.int64)
        if due:
            steps = int(looks[-1])
        before = self._standing() if len(due) > 1 else None
        raw = self._run(steps, batch, looks)
        if due and not self._record_all(due, raw):
            if before is None:
                self._fall_back()
            else:
                self._return_to(before)
                for epoch in due:  # one at a time, to stop at the first that is not finite
                    self._take(self._steps_to(epoch, batch), batch)
        return steps

    def _take_part(self, steps: int, batch: int) -> int:
        """As `_take`, within the running epoch: its next samples are made numbers, in their order, and gone through."""
        size, document, dataset = self._size, self.plan.document, self.plan.document.data.dataset
        begin, most = self.position // batch * batch, max(1, self._part // batch)
        if dataset.augments:
            most = 1  # what a step draws depends on its number alone
        end = min(size, begin + batch * min(steps, most))
        if dataset.augments:
            begin = self.position
        order = epoch_order(document.seed, self.epoch, size)[begin:end]
        values = self._values[order]
        if dataset.augments:
            values = dataset.augmented(values, random_stream(document.seed, "augment", self.step_count))
        inputs, targets = self._inputs(values), self._train_targets[order]
        steps = -(-(end - begin) // batch)
        places = np.arange(begin, end, batch)
        places[0] = self.position
        uniforms = self._uniforms(self.epoch + places / size, steps)
        sources = table([*inputs, targets], self._places)
        sources[:, 0] -= 4 * begin * sources[:, 1]  # numbered within the epoch: dropout goes by a sample's number
        self._call(
            sources, self._everything.ctypes.data, end, batch, self.position, steps, uniforms,
            np.empty(0, np.int64), self._sources_of(inputs), 0, [],
        )  # fmt: skip
        self._optimizer_steps += steps
        self._has_gradient = bool(self._network.gradients)
        self._stepped(end, steps)
        if self.position == 0 and self._is_due(self.epoch):
            self._record()
        return steps

    def _due(self, steps: int, batch: int) -> list[int]:
        """The epochs to record that end within so many steps, as many as are looked at in one go.

        One at whose end the schedule may change or the run may stop is the last of them.
        """
        most = max(1, _LOOKED_AT // self._answer_bytes)
        last = self.epoch + (self.position // batch + steps) // -(-self._size // batch)
        found: list[int] = []
        epoch = self.epoch
        while len(found) < most and not (found and self._is_looked_at(epoch)):
            epoch = min(self._curve.next_due(epoch), self._watch.next_look(epoch))
            if epoch > last:
                break
            found.append(epoch)
        return found

    def _run(self, steps: int, batch: int, looks: Array) -> Array:
        """Take steps; the raw answers after some of them, (looks, samples, units)."""
        size, network = self._size, self._network
        first = self.position // batch
        places = np.arange(first, first + steps)
        epochs, places = np.divmod(places, -(-size // batch))
        places *= batch
        places[0] = self.position
        moments = self.epoch + epochs + places / size
        uniforms = self._uniforms(moments, steps)
        order = self._orders(self.epoch + int(epochs[-1]))
        width = padded(len(self._values))
        answers = [np.empty((len(looks), units, width), np.float32) for _, units in self._answers]
        self._call(
            self._sources, order, size, batch, self.position, steps, uniforms, looks, self._answer_sources,
            len(self._values), answers,
        )  # fmt: skip
        self._optimizer_steps += steps
        self._has_gradient = bool(network.gradients)
        self._stepped(min(size, (int(places[-1]) // batch + 1) * batch), steps, int(epochs[-1]))
        return side_by_side([x[:, :, : len(self._values)].transpose(0, 2, 1) for x in answers])

    def _uniforms(self, moments: Array, steps: int) -> Array:
        """What depends on rate and step alone, of steps that are taken at these fractional epochs."""
        return self._network.uniforms(
            once(self._rates(moments)),
            self._optimizer_steps + np.arange(1.0, steps + 1),
            once(self._momenta(moments) if self._moves_momentum else 0.0),
        )

    def _call(
        self,
        sources: Array,
        order: int,
        size: int,
        batch: int,
        position: int,
        steps: int,
        uniforms: Array,
        looks: Array,
        answer_sources: Array,
        answered: int,
        answers: Sequence[Array],
    ) -> None:
        """Call the kernel: steps through `size` samples in an order from a position on, with looks at all answers."""
        self._kernels.train(
            self._description,
            sources,
            order,
            size,
            batch,
            position,
            steps,
            uniforms.ctypes.data,
            uniforms.strides[0] if len(uniforms) > 1 else 0,
            self.plan.document.seed,
            self.step_count,
            looks,
            answer_sources,
            self._everything.ctypes.data,
            answered,
            4 * padded(answered),
            np.array(
                [(x.ctypes.data, units, place) for x, (place, units) in zip(answers, self._answers, strict=False)],
                np.int64,
            ).reshape(-1, 3),
        )

    def _sources_of(self, inputs: Sequence[Array]) -> Array:
        """The table of what is gathered for a forward pass."""
        return table(inputs, self._network.source_places["forward"])

    def _orders(self, last: int) -> int:
        """The address of the orders of the running epoch and those up to `last`, with numbers for the kernels to spare.

        They are of whole blocks and kept, since most calls of the kernels need those of the call before.
        """
        size, epochs = self._size, block_epochs(self._size)
        first, end = self.epoch // epochs, last // epochs + 1
        if self._order is None or first < self._order[0] or end > self._order[1]:
            drawn = [epoch_orders(self.plan.document.seed, block, size).ravel() for block in range(first, end)]
            self._order = first, end, np.concatenate([*drawn, np.zeros(LANES, np.int32)])
        address: int = self._order[2].ctypes.data
        return address + 4 * size * (self.epoch - self._order[0] * epochs)

    # --- looking -----------------------------------------------------------------------------------------------------

    def _raw_answers(self, first: int, last: int) -> Array:
        if not self._stored:
            return side_by_side(self._forward([x[first:last] for x in self._all_inputs], self._answers))
        starts = range(first, last, self._part)
        parts = (self._inputs(self._values[start : min(start + self._part, last)]) for start in starts)
        return np.concatenate([side_by_side(self._forward(inputs, self._answers)) for inputs in parts])

    def outputs(self, values: Array, nodes: tuple[str, ...]) -> dict[str, Array]:
        """The outputs of some cards for samples as the data set made them, (samples, *shape) float32 each.

        For read-only `values` what the Input cards make of them is kept, and until the state changes all outputs too.
        Such answers are to be read only.
        """
        kept = not values.flags.writeable
        inputs = self._grid(values) if kept else self._inputs(values)
        known = self._passes.setdefault(id(values), {}) if kept else {}
        missing = [name for name in nodes if name not in known]
        if missing:
            shapes = {name: self.plan.nodes[name].output_shape or () for name in missing}
            wanted = [(self._network.values[name], math.prod(shape)) for name, shape in shapes.items()]
            for (name, shape), found in zip(shapes.items(), self._forward(inputs, wanted), strict=True):
                known[name] = found.reshape(len(values), *shape)
        return {name: known[name] for name in nodes}

    def _grid(self, values: Array) -> list[Array]:
        known = self._grids.get(id(values))
        if known is None:
            while len(self._grids) >= _REMEMBERED:
                oldest = next(iter(self._grids))
                del self._grids[oldest]
                self._passes.pop(oldest, None)
            known = self._grids[id(values)] = values, self._inputs(values)  # holding the array keeps its id its own
        return known[1]

    def _forward(self, inputs: Sequence[Array], wanted: Sequence[tuple[int, int]]) -> list[Array]:
        """Values of (place, units) for samples, (samples, units) each; unit by unit in memory."""
        size = len(inputs[0])
        width = padded(size)
        found = [np.empty((units, width), np.float32) for _, units in wanted]
        order = self._everything
        if len(order) < size + LANES:
            order = self._everything = np.arange(size + LANES, dtype=np.int32)
        self._kernels.forward(
            self._description,
            self._sources_of(inputs),
            order.ctypes.data,
            size,
            4 * width,
            np.array(
                [(x.ctypes.data, units, place) for x, (place, units) in zip(found, wanted, strict=True)], np.int64
            ).reshape(-1, 3),
        )
        return [x[:, :size].T for x in found]

    def _forget(self) -> None:
        super()._forget()
        self._passes.clear()

    # --- state -------------------------------------------------------------------------------------------------------

    def _parameter(self, name: str) -> Array:
        return self._network.parameters[name]

    def _gradient(self, name: str) -> Array:
        return self._network.gradients[name]

    def _put_parameter(self, name: str, values: Array) -> None:
        self._network.parameters[name][...] = values

    def _optimizer_arrays(self) -> Mapping[str, Array]:
        network = self._network
        if not network.states or not self._optimizer_steps:
            return {}
        found = {
            f"{name}.{state}": values.copy() for state, of in network.states.items() for name, values in of.items()
        }
        if network.counts_steps:
            found["step"] = np.array(self._optimizer_steps, np.float32)
        return found

    def _put_optimizer_arrays(self, arrays: Mapping[str, Array]) -> None:
        network = self._network
        wanted = {f"{name}.{state}": values for state, of in network.states.items() for name, values in of.items()}
        for full_name, values in arrays.items():
            name = full_name.rpartition(".")[0]
            if name and np.shape(values) != self._shapes.get(name):
                raise InvalidValueError(
                    "the optimizer state {name} of shape {shape} does not fit this network; start a new run",
                    name=repr(full_name),
                    shape=np.shape(values),
                )
        network.start_states()
        self._optimizer_steps = 0
        given = {name for name in arrays if "." in name}
        if not wanted or given != set(wanted) or (network.counts_steps and "step" not in arrays):
            return
        for full_name, view in wanted.items():
            view[...] = arrays[full_name]
        self._optimizer_steps = int(arrays.get("step", 1))

    def _state(self) -> _State:
        return _State(self._network.learned.copy(), self._optimizer_steps)

    def _put_state(self, state: _State) -> None:
        self._network.learned[...] = state.learned
        self._optimizer_steps = state.optimizer_steps

    def _is_finite(self) -> bool:
        # the sum is finite exactly if all weights are, long before it could overflow by itself
        with np.errstate(all="ignore"):
            return bool(np.isfinite(self._network.weights.sum()))
