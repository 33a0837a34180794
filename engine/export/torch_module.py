"""The network of a plan at test time as one module of PyTorch, and as the program that `torch.export` makes of it.

Nothing here knows a layer: the cards' own `build` and `forward` are called.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from engine.document.errors import PlaygroundError
from engine.export.pytorch_code import identifier
from engine.plan.plan import NodePlan, Plan

_SAMPLES = 3
"""Samples of the batch that is run through the network while it is written down; PyTorch takes 0 and 1 for special."""


class _Card(nn.Module):
    """One card: what it computes, under the name by which PyTorch's records tell whose operator is whose."""

    def __init__(self, layer: Any, module: nn.Module | None, activation: nn.Module) -> None:
        super().__init__()
        self._run: Callable[..., Tensor] = lambda *arriving: activation(layer.forward(torch, module, *arriving))

    def forward(self, *arriving: Tensor) -> Tensor:
        return self._run(*arriving)


class Network(nn.Module):
    """The network of a ready plan at test time, with the weights of a run, as a module of PyTorch.

    Takes one batch per Input card, in the plan's order; gives the answers, the main one first. Modules are named after
    the cards: `dense_1.weight`, `dense_1_activation.weight`.
    """

    def __init__(self, plan: Plan, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Raises PlaygroundError for a plan that is not ready."""
        if plan.problems:
            raise PlaygroundError("this network cannot be exported: {problem}", problem=plan.problems[0].sentence)
        super().__init__()
        self.names = names(plan)
        self._plan = plan
        self._inputs = inputs(plan)
        self._answers = [output.node for output in plan.outputs]
        self._order = _needed(plan)
        built: dict[str, tuple[nn.Module | None, nn.Module]] = {}
        cards: dict[str, nn.Module] = {}
        for node_id in self._order:
            node = plan.nodes[node_id]
            if node.weights_of not in built:
                built[node_id] = self._built(node, weights)
            cards[self.names[node_id]] = _Card(node.layer, *built[node.weights_of or node_id])
        self.cards_ = nn.ModuleDict({f"card_{name}": card for name, card in cards.items()})
        self.requires_grad_(False)
        self.eval()

    def _built(self, node: NodePlan, weights: Mapping[str, NDArray[np.float32]]) -> tuple[nn.Module | None, nn.Module]:
        """The module and the activation of a card, with its weights, as parts of this module."""
        layer, name = node.layer, self.names[node.node.id]
        module, activation = layer.build(nn, *node.input_shapes), layer.output_activation.build(nn)
        arrays = {} if module is None else {**dict(module.named_parameters()), **dict(module.named_buffers())}
        arrays |= zip(layer.output_activation.parameters(node.output_shape or ()), activation.parameters(), strict=True)
        for own in (*node.parameters, *node.buffers):
            arrays[own].data = torch.from_numpy(np.array(weights[f"{node.node.id}.{own}"], np.float32))
        for attribute, part in ((name, module), (f"{name}_activation", activation)):
            if part is not None:
                self.add_module(attribute, part)
        return module, activation

    def forward(self, *batches: Tensor) -> tuple[Tensor, ...]:
        values = dict(zip(self._inputs, batches, strict=True))
        for node_id in self._order:
            arriving = [values[source] for source in self._plan.nodes[node_id].sources]
            values[node_id] = self.cards_[f"card_{self.names[node_id]}"](*arriving)
        return tuple(values[node_id] for node_id in self._answers)


def inputs(plan: Plan) -> list[str]:
    """The Input cards, in the plan's order."""
    return [node_id for node_id in plan.order if plan.nodes[node_id].layer.takes[1] == 0]


def names(plan: Plan) -> dict[str, str]:
    """A name for each card that any language takes for a variable, and no other card has, by the card's id."""
    found: dict[str, str] = {}
    taken = {"cards_", "names", "training"}
    for node_id in plan.order:
        name = identifier(node_id)
        while name in taken or f"{name}_activation" in taken or hasattr(nn.Module, name):
            name += "_"
        taken |= {name, f"{name}_activation"}
        found[node_id] = name
    return found


def _needed(plan: Plan) -> list[str]:
    """The cards that the answers are computed from, in order, without the Input cards."""
    found = {output.node for output in plan.outputs}
    for node_id in reversed(plan.order):
        if node_id in found:
            found |= set(plan.nodes[node_id].sources)
    return [node_id for node_id in plan.order if node_id in found and plan.nodes[node_id].layer.takes[1]]


def exported(network: Network, plan: Plan) -> ExportedProgram:
    """The module as a program for batches of any size."""
    shapes = [plan.nodes[node_id].output_shape or () for node_id in inputs(plan)]
    batches = tuple(torch.zeros(_SAMPLES, *shape) for shape in shapes)
    samples = Dim("samples")
    with quiet():
        return torch.export.export(
            network, batches, dynamic_shapes={"batches": tuple({0: samples} for _ in batches)}, strict=False
        )


class quiet(warnings.catch_warnings):
    """PyTorch's own warnings while it exports, which say nothing about the network, are not the user's."""

    def __enter__(self) -> Any:
        found = super().__enter__()
        for kind in (FutureWarning, DeprecationWarning, UserWarning):
            warnings.simplefilter("ignore", kind)
        return found
