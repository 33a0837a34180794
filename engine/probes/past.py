"""What was kept of a run since it began, for a view that is opened late; and what there is to keep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Choice, register
from engine.plan.plan import Plan
from engine.probes.kernels import Kernels
from engine.probes.layer_histograms import ACTIVATIONS, KINDS, LayerHistograms, shown_nodes
from engine.probes.probe import Arrays, Probe
from engine.probes.weights import has_kernels, kernel_shape
from engine.training.trainer import Trainer

KERNELS = "kernels"
_WEIGHTS = 96_000
"""Weights of all cards together that are kept as a picture at each moment."""
_LARGEST = 2_000_000
"""Weights of a card of which no picture is kept: copying them would be felt."""
_WORK = 25_000_000
"""Multiply-adds of one sample above which outputs are counted only for who looks at them."""


@register
class Past(Probe):
    """What was seen of a run while nobody looked: moments since it began, spaced evenly."""

    what: Annotated[str, Choice((KERNELS, *KINDS))] = KERNELS

    formula = "answers of Kernels or LayerHistograms at up to 64 steps"
    reference = "engine.training.moments"

    def measure(self, trainer: Trainer) -> Arrays:
        """All that is kept, in one: `moments` makes single answers of it again. Empty before the run was watched."""
        return packed(trainer.moments.of(self.what))


def to_keep(plan: Plan) -> dict[str, Probe]:
    """The questions whose answers are kept, by what `Past` calls them."""
    found: dict[str, Probe] = {}
    sizes = {node: math.prod(kernel_shape(plan, node)) for node in plan.order if has_kernels(plan.nodes[node])}
    pictured = tuple(node for node, size in sizes.items() if size <= _LARGEST)
    if pictured:
        found[KERNELS] = Kernels(pictured, most=_WEIGHTS // len(pictured))
    for quantity in KINDS:
        nodes = shown_nodes(plan, quantity)
        if nodes and (quantity != ACTIVATIONS or plan.cost.multiply_adds <= _WORK):
            found[quantity] = LayerHistograms(quantity, nodes)
    return found


def packed(answers: Sequence[Arrays]) -> dict[str, NDArray[Any]]:
    """Answers with the arrays of each name stacked, and under "name@" the places of the answers that have it.

    Of a name whose arrays changed their shape, those in the newest one.
    """
    names = dict.fromkeys(name for answer in answers for name in answer)
    found: dict[str, NDArray[Any]] = {}
    for name in names:
        there = [(place, answer[name]) for place, answer in enumerate(answers) if name in answer]
        shape = there[-1][1].shape
        alike = [(place, array) for place, array in there if array.shape == shape]
        found[name] = np.stack([array for _, array in alike])
        found[f"{name}@"] = np.array([place for place, _ in alike])
    return found


def moments(past: Arrays) -> list[dict[str, NDArray[Any]]]:
    """What `packed` took, the oldest first."""
    found: list[dict[str, NDArray[Any]]] = [{} for _ in past.get("step", ())]
    for name, arrays in past.items():
        if not name.endswith("@"):
            for place, array in zip(past[f"{name}@"].tolist(), arrays, strict=True):
                found[place][name] = array
    return found
