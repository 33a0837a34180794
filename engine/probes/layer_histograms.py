"""How what is in each card is spread: its weights, their gradients, or its outputs; and what is wrong with it."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.functions import length
from engine.catalog.registry import Choice, Hidden, Range, register
from engine.plan.data import split
from engine.plan.plan import NodePlan, Plan
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

Array = NDArray[Any]

WEIGHTS, GRADIENTS, ACTIVATIONS = KINDS = ("weights", "gradients", "activations")
_VALUES, _LEAST = 80_000, 2048
"""Numbers that are counted for all cards together, and at least of each."""
_WORK = 10_000_000
"""Multiply-adds that one look at the outputs may take."""
_SAMPLES = 128
_NEAR, _MOSTLY = 0.01, 0.9
"""How near to a bound, as a share of the range, an output is saturated; which share of them makes a unit so."""


@register
class LayerHistograms(Probe):
    """How many weights, gradients or outputs of each card have which value, and how many of its units do nothing."""

    quantity: Annotated[str, Choice(KINDS)] = WEIGHTS
    nodes: Annotated[tuple[str, ...], Hidden()] = ()
    bins: Annotated[int, Range(2, 500)] = 60

    formula = (
        "counts between equally spaced edges; √Σ v²; |Δw| / |w| of one step; units that are always 0, or at a bound"
    )
    reference = "Glorot & Bengio, AISTATS 2010; Karpathy, CS231n: ratio of updates to weights"

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer: "step" int64 (1,), and for each card

        "node.counts" int64 (at most bins,) and "node.range" float32 (2,); of weights and gradients, those of its
        longest array only, "node.norm" float32 (1,) and, of weights, "node.update" float32 (1,), left out until it is
        known; of outputs "node.units" int64 (3,): how many of its units, or channels, are always 0, mostly near a
        bound, and how many there are. A card without such numbers, or whose numbers are not finite, is left out.
        """
        plan = trainer.plan
        nodes = [node for node in self.nodes if node in plan.nodes and shows(plan, plan.nodes[node], self.quantity)]
        answers: dict[str, Array] = {"step": np.array([trainer.step_count])}
        most = max(_LEAST, _VALUES // max(1, len(nodes)))
        if self.quantity == ACTIVATIONS:
            self._outputs(trainer, nodes, most, answers)
        else:
            self._arrays(trainer, nodes, most, answers)
        return answers

    def _arrays(self, trainer: Trainer, nodes: list[str], most: int, answers: dict[str, Array]) -> None:
        updates = trainer.updates() if self.quantity == WEIGHTS else {}
        for node in nodes:
            name, size = longest(trainer.plan.nodes[node])
            values = trainer.some_values(f"{node}.{name}", most, slope=self.quantity == GRADIENTS)
            if values is None or not np.isfinite(values).all():
                continue
            self._count(node, values, answers)
            norm = length(values) * math.sqrt(size / values.size)
            answers[f"{node}.norm"] = np.array([norm], np.float32)
            update = updates.get(f"{node}.{name}")
            if update is not None and math.isfinite(update):
                answers[f"{node}.update"] = np.array([update], np.float32)

    def _outputs(self, trainer: Trainer, nodes: list[str], most: int, answers: dict[str, Array]) -> None:
        plan = trainer.plan
        samples = max(8, min(_SAMPLES, _WORK // max(1, plan.cost.multiply_adds)))
        values = split(plan.document.data).train.values[:samples]
        for node, found in trainer.outputs(np.array(values), tuple(nodes)).items():
            if found.size and np.isfinite(found).all():
                flat = found.ravel()
                self._count(node, flat[:: max(1, flat.size // most)], answers)
                answers[f"{node}.units"] = np.array(_units(plan, node, found))

    def _count(self, node: str, values: Array, answers: dict[str, Array]) -> None:
        low, high = float(values.min()), float(values.max())
        if not high > low:
            low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
        bins = max(2, min(self.bins, int(2 * math.sqrt(values.size))))  # more would be combs
        places = ((values - low) * np.float32(bins / (high - low))).astype(np.int64)
        counts = np.bincount(np.minimum(places, bins - 1), minlength=bins)
        answers[f"{node}.counts"] = counts
        answers[f"{node}.range"] = np.array([low, high], np.float32)


def shown_nodes(plan: Plan, quantity: str) -> tuple[str, ...]:
    """The cards that have such numbers, in order."""
    return tuple(node for node in plan.order if shows(plan, plan.nodes[node], quantity))


def shows(plan: Plan, node: NodePlan, quantity: str) -> bool:
    """Whether a card has weights or gradients, or outputs that are its own and not handed on."""
    if quantity == ACTIVATIONS:
        return node.output_shape is not None and (bool(node.parameters) or hasattr(node.layer, "activation"))
    return bool(node.parameters) and (
        quantity == WEIGHTS or any(parameter.rate_factor for parameter in node.parameters.values())
    )


def longest(node: NodePlan) -> tuple[str, int]:
    """The name and the size of a card's longest array."""
    name = max(node.parameters, key=lambda known: node.parameters[known].size)
    return name, node.parameters[name].size


def _units(plan: Plan, node: str, values: Array) -> tuple[int, int, int]:
    """How many units (samples, units, …) are always 0, how many mostly near a bound of their range, and all."""
    others = tuple(axis for axis in range(values.ndim) if axis != 1)
    least, most = values.min(others), values.max(others)
    silent = (least == 0) & (most == 0)
    activation = plan.nodes[node].layer.output_activation
    low, high = activation.bounds
    saturated = 0
    is_answer = any(output.node == node for output in plan.outputs)  # there, a bound is what training asks for
    if activation.elementwise and not is_answer and math.isfinite(low) and math.isfinite(high):
        margin = np.float32(_NEAR * (high - low))
        near = ((values < low + margin) | (values > high - margin)).mean(others)
        saturated = int(np.count_nonzero((near >= _MOSTLY) & ~silent))
    return int(np.count_nonzero(silent)), saturated, silent.size
