"""The weights of cards as images, their gradients, and how far they have come from where they began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Choice, Hidden, register
from engine.probes.probe import Arrays, Probe
from engine.probes.tiles import MOST_VALUES, quantized
from engine.probes.weights import by_units, has_kernels, names, start
from engine.training.trainer import Trainer

WEIGHTS, GRADIENT, CHANGE, START = "weights", "gradient", "change", "start"


@register
class Kernels(Probe):
    """What the units of some cards look for: one image for each unit and each channel of its input."""

    nodes: Annotated[tuple[str, ...], Hidden()] = ()
    what: Annotated[str, Choice((WEIGHTS, GRADIENT, CHANGE, START))] = WEIGHTS
    unit: Annotated[int, Hidden()] = -1
    """One unit alone; −1: all."""
    most: Annotated[int, Hidden()] = MOST_VALUES
    """Weights of each card that are sent at most: those of its first units, and of one at least."""

    formula = "w · x seen as an image: 127.5 + 127.5 · w / max |w| of the unit; ∂L/∂w; w − w₀"
    reference = "Krizhevsky, Sutskever & Hinton, NIPS 2012, figure 3"

    def measure(self, trainer: Trainer) -> Arrays:
        """Per card "node" uint8 (units, channels, height, width), 127.5 for 0, and "node.scale" float32 (units,).

        Also "node.norm" float32 (units,), the length of each kernel, and "step" int64 (1,). A card without weights is
        left out, and one without a gradient: before the first step. Where a kernel is what two arrays amount to, its
        gradient is the way that theirs would move it.
        """
        plan = trainer.plan
        answers: dict[str, NDArray[Any]] = {"step": np.array([trainer.step_count])}
        for node in self.nodes:
            if node not in plan.nodes or not has_kernels(plan.nodes[node]):
                continue
            kernels = self._kernels(trainer, node)
            if kernels is None:
                continue
            if self.unit >= 0:
                kernels = kernels[self.unit : self.unit + 1]
            kernels = kernels[: max(1, self.most // max(1, kernels[:1].size))]
            answers[node], answers[f"{node}.scale"] = quantized(kernels, True)
            flat = kernels.reshape(len(kernels), -1)
            answers[f"{node}.norm"] = np.sqrt(np.square(flat, dtype=np.float64).sum(axis=1)).astype(np.float32)
        return answers

    def _kernels(self, trainer: Trainer, node: str) -> NDArray[Any] | None:
        plan = trainer.plan
        owner = plan.nodes[node].weights_of or node
        known = names(plan.nodes[node])
        if self.what == GRADIENT:
            return _gradient(trainer, node, {name: f"{owner}.{name}" for name in known})
        first = {name: start(plan, owner, name) for name in known} if self.what != WEIGHTS else {}
        if self.what == START:
            return by_units(plan, node, first)
        now = by_units(plan, node, {name: trainer.parameter(f"{owner}.{name}") for name in known})
        return now if self.what == WEIGHTS else now - by_units(plan, node, first)


def _gradient(trainer: Trainer, node: str, full_names: Mapping[str, str]) -> NDArray[Any] | None:
    """The gradients of a card's arrays as kernels; of a product of two, by the rule for products."""
    slopes = {name: trainer.gradient(full_name) for name, full_name in full_names.items()}
    known = {name: slope for name, slope in slopes.items() if slope is not None}
    if len(known) < len(slopes):
        return None
    if len(known) == 1:
        return by_units(trainer.plan, node, known)
    values = {name: trainer.parameter(full_name) for name, full_name in full_names.items()}
    parts = [by_units(trainer.plan, node, {**values, name: slope}) for name, slope in known.items()]
    return np.asarray(parts[0] + parts[1], np.float32)
