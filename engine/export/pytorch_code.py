"""A project as PyTorch source: the network, its loss, its optimizer and one step of training.

Nothing here knows a layer, an activation, a loss or an optimizer: their own `build`, `forward` and `compute` are called
with a recorder in PyTorch's place.
"""

from __future__ import annotations

from engine.document.errors import PlaygroundError
from engine.export.pytorch_network import identifier as identifier
from engine.export.pytorch_network import joined, network_classes
from engine.export.pytorch_network import state_names as state_names
from engine.export.pytorch_steps import training_parts
from engine.plan.plan import Plan


def pytorch_source(plan: Plan, title: str) -> str:
    """The source of a module that holds the network of a ready plan, `loss`, `optimizer_of` and `train_step`.

    Raises PlaygroundError for a plan that cannot be trained, and for what cannot be written in PyTorch.
    """
    if plan.problems:
        raise PlaygroundError("this network cannot be exported: {problem}", problem=plan.problems[0].sentence)
    return joined([*_network_parts(plan, title), *training_parts(plan)])


def network_source(plan: Plan, title: str) -> str:
    """The source of the network of a ready plan alone: what answers, without what trains it.

    Raises PlaygroundError for a plan that cannot be trained, and for what cannot be written in PyTorch.
    """
    if plan.problems:
        raise PlaygroundError("this network cannot be exported: {problem}", problem=plan.problems[0].sentence)
    return joined(_network_parts(plan, title))


def _network_parts(plan: Plan, title: str) -> list[str]:
    return [_head(title), *network_classes(plan)]


def _head(title: str) -> str:
    lines = [f'"""{title}, exported by Neural Playground."""', "", "import torch", "from torch import nn"]
    return "\n".join(lines)
