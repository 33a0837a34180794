"""How what arrives at the activation of some cards is spread over the samples."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, Range, register
from engine.plan.data import split
from engine.plan.plan import NodePlan, Plan
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

_SAMPLES = 512
"""More samples than these change a histogram by less than can be seen."""


@register
class PreActivations(Probe):
    """How many pre-activations of a card have which value, over its units and the training samples."""

    nodes: Annotated[tuple[str, ...], Hidden()] = ()
    bins: Annotated[int, Range(2, 200)] = 48

    formula = "counts of z = W x + b between equally spaced edges that hold 99 % of them"
    reference = "Glorot & Bengio, AISTATS 2010, figures 2 to 4"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and all(_linear(plan, node) for node in self.nodes)

    def measure(self, trainer: Trainer) -> Arrays:
        """Per card "node.counts" int64 (bins,) and "node.edges" float32 (bins + 1,).

        Cards whose pre-activation is not a weighted sum of one input are left out.
        """
        plan = trainer.plan
        nodes = [node for node in self.nodes if _linear(plan, node)]
        if not nodes:
            return {}
        values = split(plan.document.data).train.values[:_SAMPLES]
        arriving = trainer.outputs(values, tuple(dict.fromkeys(plan.nodes[node].sources[0] for node in nodes)))
        answers = {}
        for node in nodes:
            sums = _sums(trainer, plan.nodes[node], arriving[plan.nodes[node].sources[0]])
            sums = sums[np.isfinite(sums)]
            if sums.size:
                low, high = np.quantile(sums, (0.005, 0.995)).tolist()
                counts, edges = np.histogram(sums, self.bins, (low, high) if high > low else (low - 0.5, low + 0.5))
                answers[f"{node}.counts"] = counts.astype(np.int64)
                answers[f"{node}.edges"] = edges.astype(np.float32)
        return answers


def _linear(plan: Plan, node_id: str) -> bool:
    """Whether a card's pre-activation is a weighted sum of its one input, or that input itself."""
    node = plan.nodes.get(node_id)
    if node is None or len(node.sources) != 1 or not hasattr(node.layer, "activation"):
        return False
    weight = node.parameters.get("weight")
    if weight is None:
        return not node.parameters
    return len(weight.shape) == 2 and len(node.input_shapes[0]) == 1


def _sums(trainer: Trainer, node: NodePlan, arriving: NDArray[np.float32]) -> NDArray[np.float64]:
    values = arriving.astype(np.float64)
    if "weight" not in node.parameters:
        return values.ravel()
    sums = values @ trainer.parameter(f"{node.node.id}.weight").astype(np.float64).T
    if "bias" in node.parameters:
        sums = sums + trainer.parameter(f"{node.node.id}.bias")
    return sums.ravel()
