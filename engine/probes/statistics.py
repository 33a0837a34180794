"""What the values in a card are like: its outputs over the samples, and the gradient of what it learns."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, register
from engine.plan.data import split
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

_SAMPLES = 512
"""More samples than these change the numbers by less than can be read off."""


@register
class Statistics(Probe):
    """How large the outputs of some cards are, how many of their units are silent, and how large their gradients."""

    nodes: Annotated[tuple[str, ...], Hidden()] = ()

    formula = "mean, standard deviation, least and largest output; √(mean g²) of the last step"
    reference = "Glorot & Bengio, AISTATS 2010"

    def measure(self, trainer: Trainer) -> Arrays:
        """Per card "node.outputs" float32 (4,), "node.silent" int64 (2,) and "node.gradient" float32 (1,).

        They are mean, standard deviation, least and largest output over units and training samples; how many units (of
        channels: whole ones) answer 0 to all of them, and how many there are; and the root mean square of the gradient
        that the optimizer was given in the last step. Without such a gradient, or such outputs, they are left out.
        """
        plan = trainer.plan
        nodes = tuple(node for node in self.nodes if node in plan.nodes and plan.nodes[node].output_shape is not None)
        samples = split(plan.document.data).train.values[:_SAMPLES]
        answers: dict[str, NDArray[np.generic]] = {}
        for node, values in trainer.outputs(samples, nodes).items():
            if values.size:
                found = values.mean(dtype=np.float64), values.std(dtype=np.float64), values.min(), values.max()
                answers[f"{node}.outputs"] = np.array(found, np.float32)
                used = (values != 0).any(axis=tuple(axis for axis in range(values.ndim) if axis != 1))
                answers[f"{node}.silent"] = np.array([np.count_nonzero(~used), used.size])
            gradient = _gradient(trainer, node)
            if gradient.size:
                answers[f"{node}.gradient"] = np.array([np.sqrt(np.mean(gradient**2))], np.float32)
        return answers


def _gradient(trainer: Trainer, node: str) -> NDArray[np.float64]:
    """The gradients of all that a card learns, one behind the other."""
    known = [trainer.gradient(f"{node}.{name}") for name in trainer.plan.nodes[node].parameters]
    found = [part.ravel().astype(np.float64) for part in known if part is not None]
    return np.concatenate(found) if found else np.empty(0)
