"""PyTorch's backend where several processes share every batch: each takes its rows, the gradients are summed.

Every process holds all samples, the same weights and the same optimizer, and takes the same steps. What is random
(dropout, noise, augmentation) is drawn for the whole batch by each, of which it keeps its rows, and what looks at the
whole batch (BatchNorm) is given all rows: so several processes give the weights of one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, distributed

from engine.catalog.layers.block import Block
from engine.document.errors import Sentence
from engine.plan.plan import Plan
from engine.training.torch_trainer import TorchTrainer
from engine.training.trainer import Evaluation

_Own = Callable[..., Tensor]


class DistributedTrainer(TorchTrainer):
    """A `TorchTrainer` for one of the processes of a group, which has to be joined before.

    Every process takes the same calls in the same order.
    """

    _rows = slice(0, 1)
    """The rows of the running batch that this process runs."""
    _whole = 1
    """How many rows the running batch has."""
    _share = 0.0
    """Which part of the batch its rows are; 0 where there are fewer rows than processes, and none is left for it."""
    _learns = False
    """Whether the network is run to be learned from, and not to be looked at."""

    # --- building ----------------------------------------------------------------------------------------------------

    def _build(self, plan: Plan) -> None:
        self._rank, self._processes = distributed.get_rank(), distributed.get_world_size()
        super()._build(plan)
        network = self._network
        distributed.broadcast(network.flat, 0)  # machines may differ in the last bit of what they draw
        self._sum = torch.zeros(len(network.flat) + 1, device=network.flat.device)
        for place, node_id in enumerate(plan.order):
            layer, card = plan.nodes[node_id].layer, network.cards[place]
            own, activation = card.own, card.activation
            looks = bool(layer.buffers(*plan.nodes[node_id].input_shapes)) or (isinstance(layer, Block) and layer.draws)
            if own is not None and looks:
                own = self._with_all(own)
            elif own is not None and layer.stochastic:
                own = self._as_wide(own)
            if activation is not None and layer.output_activation.stochastic:
                activation = self._with_all(activation)  # how many numbers it draws depends on the values
            network.train_with(place, card._replace(own=own, activation=activation))

    def _prepare(self) -> None:
        super()._prepare()
        here = os.environ.get("LOCAL_WORLD_SIZE", "")
        neighbours = int(here) if here.isdecimal() else 1
        torch.set_num_threads(max(1, torch.get_num_threads() // max(1, neighbours)))

    def _as_wide(self, own: _Own) -> _Own:
        """The function on as many rows as the whole batch has, so that all processes draw the same random numbers."""

        def widened(*inputs: Tensor) -> Tensor:
            if not self._learns:
                return own(*inputs)
            # Its own rows at their places; elsewhere any of them, for results that are not read.
            places = torch.arange(self._whole, device=inputs[0].device) - self._rows.start
            places = places.clamp(0, len(inputs[0]) - 1)
            return own(*(x[places] for x in inputs))[self._rows]

        return widened

    def _with_all(self, own: _Own) -> _Own:
        """The function on the rows of all processes, of whose results this one keeps its own."""

        def gathered(*inputs: Tensor) -> Tensor:
            if not self._learns:
                return own(*inputs)
            rows = self._rows if self._share else slice(0, 0)
            return own(*(_gathered(x, rows, self._whole) for x in inputs))[self._rows]

        return gathered

    # --- training ----------------------------------------------------------------------------------------------------

    def _batch(self, end: int) -> tuple[list[Tensor | None], Tensor]:
        """This process's part of the batch: the parts are as equal as can be."""
        inputs, targets = super()._batch(end)
        self._whole = whole = len(targets)
        first, last = (whole * rank // self._processes for rank in (self._rank, self._rank + 1))
        self._share = (last - first) / whole
        self._rows = slice(first, last) if last > first else slice(0, 1)
        return [None if x is None else x[self._rows] for x in inputs], targets[self._rows]

    def _slope(self, inputs: list[Tensor | None], targets: Tensor) -> Tensor:
        """The loss of the whole batch; its gradient is left in `flat_gradient`, in every process the same."""
        network = self._network
        loss = self._part_of_loss(inputs, targets)
        network.flat_gradient.zero_()
        if self._optimizer is not None:
            torch.autograd.backward(loss)
        self._sum[:-1].copy_(network.flat_gradient)
        found = self._summed(loss.detach())
        network.flat_gradient.copy_(self._sum[:-1])
        if self._optimizer is not None:
            with torch.no_grad():
                network.rules.complete_gradient()
            self._has_gradient = True
        return found

    def _objective(self, kept: list[Tensor], inputs: list[Tensor | None], targets: Tensor, slope: bool) -> Tensor:
        """The loss of the whole batch with penalties; a search asks for the same ones in every process."""
        self._network.rules.hold(kept)
        with torch.set_grad_enabled(slope):
            loss = self._slope(inputs, targets) if slope else self._summed(self._part_of_loss(inputs, targets))
        with torch.no_grad():
            return loss + self._network.rules.penalty()

    def _part_of_loss(self, inputs: list[Tensor | None], targets: Tensor) -> Tensor:
        """What this process's rows add to the mean over the batch."""
        self._learns = True
        try:
            return self._batch_loss(inputs, targets) * self._share
        finally:
            self._learns = False

    def _summed(self, loss: Tensor) -> Tensor:
        """Sum over all processes what lies in `_sum`, with a loss as its last number; returns that."""
        self._sum[-1] = loss
        distributed.all_reduce(self._sum)
        return self._sum[-1].clone()

    # --- looking -----------------------------------------------------------------------------------------------------

    def _look(self, epoch: int, found: Evaluation) -> Sentence | None:
        """What schedule and stopping rule see, and the time that they count, is the first process's."""
        if not self._is_looked_at(epoch):
            return None
        seen = torch.tensor([found.train_loss, found.test_loss], dtype=torch.float64, device=self._sum.device)
        distributed.broadcast(seen, 0)
        losses = seen.tolist()
        reason = super()._look(epoch, Evaluation(losses[0], losses[1], found.train_metric, found.test_metric))
        ends = torch.tensor(float(reason is not None), device=self._sum.device)
        distributed.broadcast(ends, 0)
        return (reason or Sentence("The first process has stopped")) if ends else None


def _gathered(x: Tensor, rows: slice, whole: int) -> Tensor:
    found: Tensor = _Gathered.apply(x, rows, whole)  # type: ignore[no-untyped-call]
    return found


class _Gathered(torch.autograd.Function):
    """The rows of all processes, (whole batch, …), from each one's own; so does the gradient come back from all."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: slice, whole: int) -> Tensor:
        ctx.rows, ctx.rows_given = rows, len(x)
        found = x.new_zeros(whole, *x.shape[1:])
        found[rows] = x[: rows.stop - rows.start]
        distributed.all_reduce(found)
        return found

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None]:
        slope = slopes[0].contiguous().clone()
        distributed.all_reduce(slope)
        found = slope.new_zeros(ctx.rows_given, *slope.shape[1:])
        found[: ctx.rows.stop - ctx.rows.start] = slope[ctx.rows]
        return found, None, None
