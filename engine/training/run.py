"""What every backend's trainer has in common: progress, evaluation, history, states, and how a run stays finite."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from engine.document.errors import Sentence
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.training.curve import Curve, NoCurve
from engine.training.judge import Judge
from engine.training.judging import JUDGED, Judging
from engine.training.moments import Moments
from engine.training.parameters import check_fits, put_value
from engine.training.trainer import Array, Diverged, Evaluation, Snapshot, Unit
from engine.training.watch import Watch, moves_momentum

_LONG_EPOCH = 20_000_000_000
"""Multiply-adds of an epoch from which it takes seconds."""
_PARTS = 20
"""How many points of the history an epoch gets that takes long."""

_Standing = tuple[int, int, int, Any]
"""Epoch, steps, position and state."""


class Run(Judging):
    """A trainer without the arithmetic; a backend adds how a step is taken and how the network answers."""

    plan: Plan
    epoch: int
    step_count: int
    position: int

    device = "cpu"
    """Where it computes."""
    stopped: Sentence | None = None
    """Why the stopping rule ended the last call that trained; None if it did not. The next call goes on past it."""

    def __init__(self, plan: Plan, *, recorded: bool = True, device: str = "auto") -> None:
        """Stand at epoch 0 with the weights that the seed fixes.

        A run that is not `recorded` keeps no history, and so spends nothing on it. Raises PlaygroundError if the plan
        is not ready, or the device ("auto": the run's own choice) is not there.
        """
        self._recorded, self._wanted_device = recorded, device
        self._begin(plan)
        self._start()

    def _start(self) -> None:
        self._curve = Curve() if self._recorded else NoCurve()
        self._watch = Watch(self._training)
        self.moments = Moments()
        self.stopped = None
        self.epoch = 0
        self.step_count = 0
        self.position = 0
        self._has_gradient = False
        self._begin_looking()
        self._forget()
        self._keep_finite()
        if self._recorded:
            self._record()

    def start_over(self, seed: int) -> None:
        """Stand at epoch 0 again, with the weights that another seed fixes; the data stay."""
        self.plan = dataclasses.replace(self.plan, document=self.plan.document.replace(seed=seed))
        self._initialize(self.plan)
        self._start()

    def _begin(self, plan: Plan) -> None:
        """Take up a plan, with the initial weights of its seed."""
        self._build(plan)
        document = plan.document
        assert plan.target is not None
        self.plan = plan
        self._training = document.training
        self._watch = Watch(document.training)
        self._found_for: tuple[int, float] | None = None
        self._moves_momentum = moves_momentum(document.training)
        self._target = plan.target
        self._shapes = plan.saved_shapes
        samples = split(document.data)
        self._size, self._held_back = len(samples.train), len(samples.test)
        self._batch_size = document.batch_size
        self._values, self._scaling = samples.values, samples.scaling
        self._judged = self._size if self._scaling is None else min(self._size, JUDGED)
        judge = Judge(plan, samples.train, samples.test, self._judged)
        self._begin_judging(plan, judge, self._held_back, self._scaling is not None)
        works = 3 * plan.cost.multiply_adds * self._size
        self._parts = _PARTS if self._scaling is not None and works > _LONG_EPOCH else 1
        self._targets = judge.targets
        self._prepare()

    # --- training ----------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> int:
        """Train for about that long, at least one step; returns the optimizer steps taken. Raises Diverged."""
        before = self.step_count
        with self._in_training():
            if self._updates.wanted:
                self._measured_update(self._batch_end())
            if self.stopped is None:
                self._advance(seconds)
            self._check_finite()
        return self.step_count - before

    def step(self, unit: Unit) -> None:
        """Train on the next sample, on the rest of the running batch, or to the end of the running epoch.

        An optimizer that always takes all samples takes them for a "sample" too.
        """
        with self._in_training():
            if unit == "epoch":
                self._finish_epoch()
            elif unit == "sample" and not self._training.optimizer.full_batch:
                self._update(self.position + 1)
            else:
                self._measured_update(self._batch_end())
            self._check_finite()

    def train_epochs(self, count: int) -> None:
        """Train to the end of so many epochs, the running one included, or until it is `stopped`. Raises Diverged."""
        with self._in_training():
            self._train_to(self.epoch + count)
            self._check_finite()

    @contextmanager
    def _in_training(self) -> Iterator[None]:
        self.stopped = None
        self._watch.begin()
        try:
            yield
        finally:
            self._watch.pause()

    def _train_to(self, end: int) -> None:
        """Train until so many epochs are over, or until it is `stopped`."""
        while self.epoch < end and self.stopped is None:
            self._finish_epoch()

    def _finish_epoch(self) -> None:
        epoch = self.epoch
        while self.epoch == epoch:
            self._update(self._batch_end())

    def _batch_end(self) -> int:
        size = self._batch_size
        return min(self._size, (self.position // size + 1) * size)

    def _stepped(self, end: int, steps: int = 1, epochs: int = 0) -> None:
        """Steps were taken: so many epochs are over, and of the one that follows the samples up to `end` are used."""
        self._forget()
        self.step_count += steps
        self.epoch += epochs
        self.position = end
        if end == self._size:
            self.epoch += 1
            self.position = 0

    def rate(self) -> float:
        """The learning rate of the next step.

        Those of an epoch are found at once: asked for a single number between two steps, a schedule's formula takes a
        tenth of a millisecond.
        """
        place, within = divmod(self.position, self._batch_size)
        if within:  # single samples have been trained by hand
            return float(self._rates(self.moment))
        found_for = self.epoch, self._watch.adapted
        if found_for != self._found_for:
            starts = np.arange(0, self._size, self._batch_size)
            self._found_for = found_for
            self._epoch_rates: list[float] = self._rates(self.epoch + starts / self._size).tolist()
        return self._epoch_rates[place]

    def _rates(self, epochs: Any) -> Any:
        """The learning rate at fractional epochs, one or an array of them."""
        training = self._training
        rate = training.optimizer.learning_rate * self._watch.adapted
        return rate * training.schedule.factor(epochs, training.epochs)

    def _momenta(self, epochs: Any) -> Any:
        """The momentum at fractional epochs that the schedule wants, one or an array; None: the optimizer's own."""
        return self._training.schedule.momentum(epochs, self._training.epochs) if self._moves_momentum else None

    # --- looking -----------------------------------------------------------------------------------------------------

    # --- state -------------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """A copy of the state."""
        weights = {name: self._parameter(name).copy() for name in self._shapes}
        state = dict(self._optimizer_arrays())
        rows, watch = self._curve.rows, self._watch.arrays()
        return Snapshot(self.epoch, self.step_count, self.position, weights, state, rows, watch)

    def restore(self, snapshot: Snapshot) -> None:
        """Take up a state. Raises InvalidValueError when names or shapes do not fit the plan."""
        check_fits(snapshot.weights, self._shapes)
        self._put_optimizer_arrays(snapshot.optimizer)
        for name, values in snapshot.weights.items():
            self._put_parameter(name, np.asarray(values, np.float32))
        self.epoch, self.step_count = snapshot.epoch, snapshot.step
        goes_on = snapshot.position < self._size and not self._training.optimizer.full_batch
        self.position = snapshot.position if goes_on else 0
        self._has_gradient = False
        self._forget()
        self._forget_after(-1)
        self._curve.replace(snapshot.curves)
        self._watch.put_arrays(snapshot.watch)
        self.stopped = None
        self._keep_finite()

    def edit(self, plan: Plan) -> bool:
        """Go on under another plan, keeping weights and progress; False (and nothing changed) if it cannot."""
        old, new = self.plan.document, plan.document
        if plan.problems or old.seed != new.seed or _starts(self.plan) != _starts(plan) or not self._can_run(plan):
            return False
        snapshot = self.snapshot()
        optimizer = new.training.optimizer.replace(learning_rate=old.training.optimizer.learning_rate)
        kept = snapshot.optimizer if optimizer == old.training.optimizer else {}
        position = snapshot.position if new.data == old.data else 0
        watch, history = self._watch.kept_by(new.training), self._history
        known = self._newest, self._recorded_evaluation
        same_answers = new.data == old.data and self.plan.outputs == plan.outputs
        self._begin(plan)
        self.restore(dataclasses.replace(snapshot, position=position, optimizer=kept, watch=watch))
        if new.data == old.data:
            self._history = history
        if self._inspector is not None:
            self._inspector.follow(plan, self._torch_network())
        if same_answers:  # what takes long is not judged before the edit is done, but as the run goes on or rests
            self._newest, self._recorded_evaluation = known
            self._forget()
        return True

    def _can_run(self, plan: Plan) -> bool:
        """Whether this backend can go on with a plan."""
        return True

    def set_parameter(self, name: str, index: tuple[int, ...], value: float) -> None:
        """Set one value of "node.parameter" by hand. Raises InvalidValueError for a place or value it cannot take."""
        values = self.parameter(name)
        put_value(name, values, index, value)
        self._put_parameter(name, values)
        self._forget()

    # --- staying finite ----------------------------------------------------------------------------------------------

    def _record(self) -> None:
        """Write the row of the epoch that ended, if its losses are finite; else fall back and raise Diverged."""
        if not self._record_all([self.epoch], self._judged_answers()[None]):
            self._fall_back()

    def _record_all(self, epochs: Sequence[int], raw: Array) -> bool:
        """Write the rows of epochs, the last of which ends here, from the raw answers after each of them.

        False, and nothing written, if a loss is not finite.
        """
        found, outputs, losses = self._judge.look(raw)
        if not np.isfinite(found[:, : 2 if self._held_back else 1]).all():
            return False
        self._evaluation = self._recorded_evaluation = Evaluation(*found[-1].tolist())
        self._keep(epochs[-1], outputs[-1], losses[-1], recorded=True)
        stopped = self._look(epochs[-1], self._evaluation)
        rates = np.broadcast_to(self._rates(np.asarray(epochs, np.float64)), len(epochs))
        for epoch, row, rate in zip(epochs, found.tolist(), rates.tolist(), strict=True):
            if self._curve.due(epoch):
                self._curve.record(epoch, (*row, rate))
        if stopped is not None:
            self._end(stopped)
        self._keep_finite()
        return True

    def _record_part(self, before: int) -> None:
        """Within an epoch that takes long, write down the loss of the last batches, some times in every epoch.

        `before` is the position before the last step.
        """
        if before * self._parts // self._size == self.position * self._parts // self._size:
            return
        moment = self.moment
        running = self._running_loss() if self._curve.takes_parts(self.epoch) else None
        if running is not None and math.isfinite(running):
            self._curve.record(moment, (running, math.nan, math.nan, math.nan, self.rate()))

    def _is_due(self, epoch: int) -> bool:
        """Whether the end of an epoch is to be recorded or looked at."""
        return self._curve.due(epoch) or self._is_looked_at(epoch)

    def _is_looked_at(self, epoch: int) -> bool:
        """Whether schedule or stopping rule want to see the end of an epoch before the run goes on."""
        return epoch > 0 and self._watch.next_look(epoch - 1) == epoch

    def _look(self, epoch: int, found: Evaluation) -> Sentence | None:
        """Let schedule and stopping rule look at the end of an epoch, if they want to; why the run ends here."""
        if not self._is_looked_at(epoch):
            return None
        loss = found.test_loss if self._held_back else found.train_loss
        return self._watch.look(epoch, loss, lambda: {name: self._parameter(name).copy() for name in self._shapes})

    def _end(self, reason: Sentence) -> None:
        """Stop here, with the best weights where the rule has kept them."""
        self.stopped = reason
        best = self._watch.take_best()
        for name, values in best.items():
            self._put_parameter(name, values)
        if best:
            self._forget()
            self._newest = self._recorded_evaluation = None  # they were of the weights before

    def _keep_finite(self) -> None:
        """Remember the newest state known to be finite: what a run that diverges falls back to."""
        self._finite = self._standing()

    def _standing(self) -> _Standing:
        """Progress and a copy of the state, for `_return_to`."""
        return self.epoch, self.step_count, self.position, self._state()

    def _return_to(self, standing: _Standing) -> None:
        self.epoch, self.step_count, self.position, state = standing
        self._put_state(state)
        self._curve.truncate(self.moment)
        self._forget_after(self.moment)
        self._has_gradient = False
        self._forget()

    def _check_finite(self) -> None:
        if not self._is_finite():
            self._fall_back()

    def _fall_back(self) -> None:
        """Return to the newest finite state and raise Diverged."""
        step, node = self.step_count, self._first_bad_node()
        self._return_to(self._finite)
        raise Diverged(step, node)

    def _first_bad_node(self) -> str | None:
        """The first card, in order, whose output for some sample is not finite; the last card if none is."""
        outputs = self.outputs(self._values[:JUDGED] if self._scaling else self._values, self.plan.order)
        bad = (node_id for node_id in self.plan.order if not np.isfinite(outputs[node_id]).all())
        return next(bad, self.plan.output)


def _starts(plan: Plan) -> dict[str, object]:
    """What fixes the initial weights: a change of it means a new run."""
    learned = {name: (parameter.shape, parameter.initializer) for name, parameter in plan.parameters.items()}
    return {**learned, **plan.buffers}
