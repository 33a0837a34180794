"""Looks into a network by slopes: PyTorch computes them, whatever backend trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.plan.data import split
from engine.plan.plan import Plan
from engine.training.torch_network import TorchNetwork
from engine.training.trainer import Array


class TorchInspection:
    """One network to look into; fulfils `Inspection`."""

    def __init__(self, plan: Plan, network: TorchNetwork) -> None:
        self.notes: dict[str, Any] = {}
        self.network = network
        self._data = plan.document.data
        inputs = (plan.nodes[node_id].layer for node_id in plan.order)
        self._columns: tuple[str, ...] = next(
            (getattr(layer, "columns", ()) for layer in inputs if layer.takes[1] == 0), ()
        )

    def scaled(self, values: Array) -> Array:
        """Samples as the data set holds them, as the network gets them."""
        scaling = split(self._data).scaling
        return self._data.dataset.inputs(values, self._columns) if scaling is None else scaling.apply(values)

    def responses(self, inputs: Array, node: str, *, raw: bool = False) -> Array:
        """What a card gives, (samples, *output shape) float32."""
        with torch.inference_mode():
            return _array(self._run(self._tensor(inputs), node)[raw])

    def input_gradient(self, inputs: Array, node: str, weights: Array, *, raw: bool = False) -> Array:
        """The slope of the weighted sum with respect to the inputs, of their shape."""
        x = self._tensor(inputs).requires_grad_()
        return _array(_slope(self._run(x, node)[raw], weights, x))

    def gradient_at(
        self, inputs: Array, at: str, node: str, weights: Array, *, raw: bool = False
    ) -> tuple[Array, Array]:
        """What the card `at` gives, and the slope of the weighted sum of `node` with respect to that."""
        x = self._tensor(inputs).requires_grad_()
        seen: dict[int, Tensor] = {}
        value = self._run(x, node, seen)[raw]
        inner = seen.get(self.network.place[at])
        if inner is None:  # it comes behind: nothing that it gives is asked about
            found = self.responses(inputs, at)
            return found, np.zeros_like(found)
        return _array(inner), _array(_slope(value, weights, inner))

    def _tensor(self, inputs: Array) -> Tensor:
        return torch.tensor(np.asarray(inputs, np.float32), device=self.network.flat.device)

    def _run(self, x: Tensor, node: str, seen: dict[int, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """A card's value after its activation and before; `seen` takes those of all cards up to it, by place."""
        network = self.network
        network.train(False)
        values = {} if seen is None else seen
        before = after = x
        for place, card in enumerate(network.cards[: network.place[node] + 1]):
            if not card.sources:
                before = after = x
            else:
                arriving = [values[source] for source in card.sources]
                before = arriving[0] if card.own is None else card.own(*arriving)
                after = before if card.activation is None else card.activation(before)
            values[place] = after
        return after, before


class Inspector:
    """Keeps the looks into a run's network that were asked for: as it is, and as it was at one moment."""

    def __init__(self, plan: Plan, network: TorchNetwork | None) -> None:
        """`network` is the run's own where PyTorch trains it; else one is made, and has its weights put in."""
        self._past: tuple[int, TorchInspection] | None = None
        self.follow(plan, network)

    def follow(self, plan: Plan, network: TorchNetwork | None) -> None:
        """The run goes on under another plan, with another network; how it was at a moment stays."""
        self.plan = plan
        self._own = network is None
        self._present = TorchInspection(plan, network or self._made())

    def _made(self) -> TorchNetwork:
        torch.set_num_threads(1)  # the kernels train on one core, and looking at them takes no other
        return TorchNetwork(self.plan)

    def look(self, moment: int, array: Callable[[str], Array]) -> TorchInspection:
        """The network now (moment 0), or as it was when that number was first asked for; `array` gives its weights."""
        if moment == 0:
            if self._own:
                _put(self._present, array)
            return self._present
        if self._past is None or self._past[0] != moment:
            past = TorchInspection(self.plan, TorchNetwork(self.plan))
            _put(past, array)
            self._past = moment, past
        return self._past[1]


def _put(inspection: TorchInspection, array: Callable[[str], Array]) -> None:
    network = inspection.network
    for name, values in (*network.parameters.items(), *network.buffers.items()):
        values.copy_(torch.from_numpy(np.ascontiguousarray(array(name))))


def _slope(value: Tensor, weights: Array, x: Tensor) -> Tensor:
    total = (value * torch.from_numpy(np.asarray(weights, np.float32)).to(value.device)).sum()
    (found,) = torch.autograd.grad(total, x, allow_unused=True) if total.requires_grad else (None,)
    return torch.zeros_like(x) if found is None else found


def _array(values: Tensor) -> Array:
    found: Array = values.detach().cpu().numpy()
    return found
