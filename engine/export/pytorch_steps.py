"""What trains a network, as PyTorch source: loss, optimizer, and a step with all that surrounds it.

Nothing here knows a loss, an optimizer, a penalty or a constraint: what they compute is written down by the recorder.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import nn

from engine.catalog.clipping import NoClipping
from engine.catalog.constraints import NoConstraint
from engine.catalog.regularizers import NoRegularizer
from engine.document.errors import PlaygroundError
from engine.export.pytorch_network import identifier, penalties_on_outputs, state_names
from engine.export.recording import NN, TORCH, Namespace, Recorded, bare, text
from engine.plan.plan import Plan
from engine.training.watch import begins_with

_BATCH = 2
"""Samples of the batch whose loss is written down."""


def training_parts(plan: Plan) -> list[str]:
    """The source of `loss`, `optimizer_of` and `train_step`, as the plan's training wants them.

    Raises PlaygroundError for what cannot be written in PyTorch.
    """
    return [_loss(plan), _optimizer(plan), _train_step(plan)]


def _loss(plan: Plan) -> str:
    """The function `loss(prediction, target)`: the mean over a batch; of several outputs, the weighted sum."""
    several, terms, words = len(plan.outputs) > 1, list[str](), list[str]()
    predictions, targets = list[str](), list[str]()
    for output in plan.outputs:
        ending = f"_{identifier(output.node)}" if several else ""
        prediction = Recorded(f"prediction{ending}", torch.full((_BATCH, output.target.units), 0.5, requires_grad=True))
        target = Recorded(f"target{ending}", torch.zeros(_BATCH, output.target.units))
        value = output.loss.compute(NN, prediction, target)
        terms.append(text(value if output.weight == 1 else output.weight * value))
        predictions.append(text(prediction))
        targets.append(text(target))
        words.append(f"{output.loss.label} of {output.node}{', before its activation' if output.loss.fuses else ''}")
    lines = ["def loss(prediction, target):", f'    """{"; ".join(words)}: the mean over a batch."""']
    if several:
        lines += [f"    {', '.join(predictions)} = prediction", f"    {', '.join(targets)} = target"]
    return "\n".join([*lines, f"    return {' + '.join(terms)}"])


def _optimizer(plan: Plan) -> str:
    """The function `optimizer_of(network)`."""
    settings = begins_with(plan.document.training)
    weights = Recorded("network.parameters()", [nn.Parameter(torch.zeros(1))])
    built = settings.build(Namespace("torch.optim", torch.optim), weights)
    if built is None or settings.closure_based:
        raise PlaygroundError(
            "{optimizer} is a search of this program's own and cannot be written in PyTorch; choose another optimizer",
            optimizer=settings.label,
        )
    body = [f'    """{settings.label}, with the settings of the project."""', f"    return {text(built)}"]
    return "\n".join(["def optimizer_of(network):", *body])


class _Rules(NamedTuple):
    """What surrounds the optimizer's step: lines that compute the loss and its slope, and those after the step."""

    value: list[str]
    slope: list[str]
    before: list[str]
    after: list[str]


def _rules(plan: Plan) -> _Rules:
    penalties, slowed, constrained = list[str](), list[tuple[str, float]](), list[str]()
    names = state_names(plan)
    for name, parameter in plan.parameters.items():
        place = f"network.{names[name]}"
        weight = Recorded(place, torch.ones(parameter.shape))
        if parameter.rate_factor not in (0.0, 1.0):
            slowed.append((place, parameter.rate_factor))
        if parameter.rate_factor and not isinstance(parameter.regularizer, NoRegularizer):
            penalties.append(f"value = value + {text(parameter.regularizer.penalty(TORCH, weight))}")
        if parameter.rate_factor and not isinstance(parameter.constraint, NoConstraint):
            constrained += _projection(parameter.constraint, place, weight, parameter.transposed_groups)
    if penalties_on_outputs(plan):
        penalties.append("value = value + network.penalty")
    inputs = "*inputs" if sum(not plan.nodes[name].sources for name in plan.order) > 1 else "inputs"
    after = [
        f"{place}.copy_(before_{number} + {factor!r} * ({place} - before_{number}))"
        for number, (place, factor) in enumerate(slowed)
    ] + constrained
    return _Rules(
        [f"value = loss(network({inputs}), target)", *penalties],
        ["value.backward()", *_clipped(plan.document.training.clipping)],
        [f"before_{number} = {place}.detach().clone()" for number, (place, _) in enumerate(slowed)],
        ["with torch.no_grad():", *(f"    {line}" for line in after)] if after else [],
    )


def _train_step(plan: Plan) -> str:
    """The function `train_step(network, optimizer, inputs, target)`, with what surrounds the optimizer's step."""
    value, slope, before, after = _rules(plan)
    lines = ["optimizer.zero_grad()", *value, *slope, *before, "optimizer.step()", *after, "return value.item()"]
    words = '"""Take one step on a batch; returns its loss before the step."""'
    return "\n    ".join(["def train_step(network, optimizer, inputs, target):", words, *lines])


def searching_parts(plan: Plan, search: str) -> list[str]:
    """The source of `loss` and of a `train_step` that lets a search ask for the loss at several places.

    `search` is the name of the function that is the optimizer's own, `Optimizer.search`.
    """
    names, (value, slope, before, after) = state_names(plan), _rules(plan)
    learned = [f"network.{names[name]}," for name in plan.parameters]
    lines = [
        "arrays = [",
        *(f"    {each}" for each in learned),
        "]",
        "sizes = [array.numel() for array in arrays]",
        "",
        "def at(weight):",
        '    """The loss where all weights, one behind the other, are these."""',
        "    with torch.no_grad():",
        "        for array, part in zip(arrays, torch.from_numpy(weight).split(sizes)):",
        "            if array.requires_grad:",
        "                array.copy_(part.view_as(array))",
        "                array.grad = None",
        *(f"    {line}" for line in value),
        "    return value",
        "",
        "def slope(weight):",
        '    """The loss there, and its gradient."""',
        "    value = at(weight)",
        *(f"    {line}" for line in slope),
        "    found = [torch.zeros_like(array) if array.grad is None else array.grad for array in arrays]",
        "    return value.item(), torch.cat([each.ravel() for each in found]).numpy()",
        "",
        "objective = SimpleNamespace(value=lambda weight: at(weight).item(), slope=slope)",
        *before,
        "weight = torch.cat([array.detach().ravel() for array in arrays]).numpy()",
        f"{search}(weight, objective, state, rate, random)",
        "at(weight)",
        *after,
    ]
    words = '"""Take one step of a search on a batch; `state` is what it remembers."""'
    head = "def train_step(network, state, inputs, target, rate, random):"
    return [_loss(plan), "\n".join([head, f"    {words}", *(f"    {line}".rstrip() for line in lines)])]


def _projection(constraint: Any, place: str, weight: Recorded, transposed_groups: int) -> Iterable[str]:
    """The line that takes weights back to what a constraint allows."""
    shape = bare(weight).shape
    if not transposed_groups:
        rows = weight.reshape(shape[0], -1)
        yield f"{place}.copy_(({text(constraint.project(TORCH, rows))}).view_as({place}))"
        return
    # (inputs, units / groups, …) with a row for each unit, and back again
    inputs, units, *window = shape
    grouped = weight.view(transposed_groups, inputs // transposed_groups, units, *window).transpose(1, 2)
    rows = grouped.reshape(transposed_groups * units, -1)
    back = f".view({transposed_groups}, {units}, {inputs // transposed_groups}, {', '.join(map(str, window))})"
    yield f"rows = {text(rows)}"
    allowed = text(constraint.project(TORCH, Recorded("rows", bare(rows))))
    yield f"{place}.copy_(({allowed}){back}.transpose(1, 2).reshape_as({place}))"


def _clipped(clipping: Any) -> Iterable[str]:
    """The lines that clip the gradient of all parameters together."""
    if isinstance(clipping, NoClipping):
        return
    gradient = Recorded("gradient", torch.ones(3))
    yield "gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]"
    yield "gradient = torch.cat([each.ravel() for each in gradients])"
    yield f"clipped = {text(clipping.clip(TORCH, gradient))}"
    yield "for each, part in zip(gradients, clipped.split([each.numel() for each in gradients])):"
    yield "    each.copy_(part.view_as(each))"
