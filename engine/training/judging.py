"""How a run judges its network: loss and metric, the answers that they are made from, each sample's loss over time."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any

import numpy as np

from engine.plan.plan import Plan
from engine.training.judge import Judge
from engine.training.looking import Looking
from engine.training.loss_history import LossHistory
from engine.training.trainer import Array, Evaluation, Judged

JUDGED = 2000
"""Most samples to learn from that are judged, where there are images: all would take as long as learning from them."""
_PART = 50_000_000
"""Multiply-adds of one part of what is judged part by part: about 10 ms."""
_LONG = 30_000_000
"""Multiply-adds from which an evaluation takes milliseconds: of images, only the ends of epochs get one then."""


class Judging(Looking):
    """The part of a run that looks at answers."""

    epoch: int
    position: int
    known: dict[Hashable, Any]
    """What probes that work part by part have found out about the network as it is; forgotten with its next step."""

    _size: int
    """How many samples there are to learn from."""
    _judged: int
    """How many of them, the first ones, are judged."""
    _values: Array
    _judge: Judge
    _takes_long: bool

    def _begin_judging(self, plan: Plan, judge: Judge, tested: int, pictures: bool) -> None:
        """Look at the answers of another network, or to other samples."""
        self._judge = judge
        self._takes_long = pictures and plan.cost.multiply_adds * (self._judged + tested) > _LONG
        self._evaluation: Evaluation | None = None
        self._recorded_evaluation: Evaluation | None = None
        self._newest: Judged | None = None
        self._parts_judged: list[Array] = []
        self._history = LossHistory() if pictures else None
        self.known = {}

    def evaluate(self) -> Evaluation:
        """Loss and metric on the training and the test samples, as at test time.

        Of many images, `JUDGED` to learn from are looked at. Where that takes long, within an epoch the answer is that
        of the last epoch's end, but for the loss of the last batches where the backend knows it.
        """
        if self._evaluation is None:
            if self._takes_long and self._recorded_evaluation is not None:
                running, last = self._running_loss(), self._recorded_evaluation
                self._evaluation = last if running is None else dataclasses.replace(last, train_loss=running)
            else:
                self._judge_now()
        assert self._evaluation is not None
        return self._evaluation

    @property
    def judges_late(self) -> bool:
        """Whether metrics and test losses are of the network as it was, and `judge_on` would bring those of now."""
        return self._takes_long and self._newest is not None and not self._newest.now

    @property
    def tested_at(self) -> float | None:
        """When metrics and test losses of `evaluate` were measured, in epochs; None: they are of the network now."""
        return self._newest.moment if self._newest is not None and self.judges_late else None

    def judge_on(self) -> None:
        """Judge the network as it is, the next part of what takes long: until `judges_late` no more."""
        if not self.judges_late:
            return
        begin = sum(len(part) for part in self._parts_judged)
        most = max(1, _PART // max(1, self.plan.cost.multiply_adds))
        if begin < self._judged:
            first, last = begin, min(begin + most, self._judged)
        else:
            first = self._size + begin - self._judged
            last = min(first + most, len(self._values))
        self._parts_judged.append(self._raw_answers(first, last))
        if begin + last - first == self._judged + len(self._values) - self._size:
            raw, self._parts_judged = np.concatenate(self._parts_judged), []
            self._take_answers(raw)

    def judged(self) -> Judged:
        """The answers to all that is judged, as they are now.

        Where that takes long they are those of the last epoch's end, so that looking again and again costs nothing.
        """
        newest = self._newest
        if newest is None or not (newest.now or self._takes_long):
            newest = self._judge_now()
        return newest

    def loss_history(self, sample: int) -> Array:
        """The loss of one sample over the run, (points, 2) float64: epoch, loss. Empty for one that is not judged."""
        there = 0 <= sample < self._judged or self._size <= sample < len(self._values)
        if self._history is None or not there:
            return np.empty((0, 2))
        return self._history.of(sample if sample < self._size else self._judged + sample - self._size)

    def training_loss(self, most: int) -> float:
        """The mean loss of the training samples, or of so many of them where there are more, as at test time."""
        return self._judge.loss_of_first(self._raw_answers(0, min(most, self._size)))

    @property
    def moment(self) -> float:
        """Where the run stands, in epochs."""
        return self.epoch + self.position / self._size

    def _judge_now(self) -> Judged:
        """Look at the answers, for all who want to know: the status of a frame asks, too."""
        return self._take_answers(self._judged_answers())

    def _take_answers(self, raw: Array) -> Judged:
        """Judge the answers of now to all that is judged."""
        found, outputs, losses = self._judge.look(raw[None])
        self._evaluation = Evaluation(*found[0].tolist())
        if self._takes_long:
            self._recorded_evaluation = self._evaluation  # until the epoch ends
        return self._keep(self.moment, outputs[0], losses[0], recorded=self.position == 0)

    def _judged_answers(self) -> Array:
        """The raw answers to all that is judged: the first samples to learn from, and those to test on."""
        if self._judged == self._size:
            return self._raw_answers(0, len(self._values))
        parts = self._raw_answers(0, self._judged), self._raw_answers(self._size, len(self._values))
        return np.concatenate(parts)

    def _keep(self, moment: float, outputs: Array, losses: Array, *, recorded: bool = False) -> Judged:
        """Remember answers; those that are `recorded` at the end of an epoch in the history, too."""
        self._newest = Judged(moment, True, outputs, losses, self._judged, self._size)
        if recorded and self._history is not None:
            self._history.record(int(moment), losses)
        return self._newest

    def _forget(self) -> None:
        """The state has changed: what was computed from it no longer holds."""
        self._evaluation = None
        self._parts_judged = []
        self.known.clear()
        if self._newest is not None and self._newest.now:
            self._newest = dataclasses.replace(self._newest, now=False)

    def _forget_after(self, epoch: float) -> None:
        """The run has gone back: what came after that moment is not its own any more."""
        self._newest = self._recorded_evaluation = None
        if self._history is not None:
            self._history.truncate(epoch)
