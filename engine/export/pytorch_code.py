"""A project as PyTorch source: the network, its loss, its optimizer and one step of training.

Nothing here knows a layer, an activation, a loss or an optimizer: their own `build`, `forward` and `compute` are called
with a recorder in PyTorch's place.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

from engine.catalog.clipping import NoClipping
from engine.catalog.constraints import NoConstraint
from engine.catalog.layers.block import Block
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.regularizers import NoRegularizer
from engine.document.errors import PlaygroundError
from engine.export.recording import NN, TORCH, Binding, Namespace, Recorded, bare, text
from engine.export.wrapping import wrapped
from engine.plan.plan import Plan

_BATCH = 2
"""Samples of the batch that is run through the network while it is written down."""


@dataclass
class _Class:
    """The source of one module as it grows."""

    name: str
    documentation: str
    arguments: list[str]
    made: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def source(self, result: str) -> str:
        """The whole class, whose `forward` returns `result`."""
        made = [f"        {line}" for line in ["super().__init__()", *self.made]]
        steps = [f"        {line}" for line in [*self.steps, f"return {result}"]]
        head = [f"class {self.name}(nn.Module):", f'    """{self.documentation}"""', "", "    def __init__(self):"]
        return "\n".join([*head, *made, "", f"    def forward(self, {', '.join(self.arguments)}):", *steps])


def pytorch_source(plan: Plan, title: str) -> str:
    """The source of a module that holds the network of a ready plan, `loss`, `optimizer_of` and `train_step`.

    Raises PlaygroundError for a plan that cannot be trained, and for what cannot be written in PyTorch.
    """
    if plan.problems:
        raise PlaygroundError("this network cannot be exported: {problem}", problem=plan.problems[0].sentence)
    classes = _Writer(plan).classes()
    parts = [_head(title), *classes, _loss(plan), _optimizer(plan), _train_step(plan)]
    return "".join(f"{wrapped(line)}\n" for line in "\n\n\n".join(parts).splitlines())


def identifier(name: str) -> str:
    """A name that Python takes for a variable, the same for the same name.

    >>> identifier("dense_1"), identifier("my layer"), identifier("class")
    ('dense_1', 'my_layer', 'class_')
    """
    found = re.sub(r"\W", "_", name)
    found = f"_{found}" if not found or found[0].isdigit() else found
    return f"{found}_" if keyword.iskeyword(found) else found


class _Writer:
    """Writes the classes of a plan: the network's, and before it one for each Block."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._blocks: list[str] = []

    def classes(self) -> list[str]:
        """The source of every class, the network's last."""
        plan, values = self._plan, dict[str, Recorded]()
        inputs = [name for name in plan.order if plan.nodes[name].layer.takes[1] == 0]
        network = _Class("Network", "From the cards of the project.", [identifier(name) for name in inputs])
        read = {source for node in plan.nodes.values() for source in node.sources}
        raw = {output.node for output in plan.outputs if output.loss.fuses}
        for name in plan.order:
            node = plan.nodes[name]
            if name in inputs:
                values[name] = Recorded(identifier(name), torch.zeros(_BATCH, *(node.output_shape or ())))
                continue
            arriving = [values[source] for source in node.sources]
            owner, keeps = identifier(node.weights_of or name), "raw" if name in raw else "value"
            if name in raw and name in read:
                keeps = "both"
            values[name] = self._card(
                network, identifier(name), owner, node.layer, node.input_shapes, arriving, keeps=keeps
            )
            frozen = {parameter.rate_factor for parameter in node.parameters.values()} == {0.0}
            if frozen and owner == identifier(name):
                network.made.append(f"self.{owner}.requires_grad_(False)")
        answers = [
            f"{identifier(output.node)}_raw" if output.node in raw & read else identifier(output.node)
            for output in plan.outputs
        ]
        return [*self._blocks, network.source(", ".join(answers))]

    def _card(
        self,
        owner: _Class,
        name: str,
        attribute: str,
        layer: Layer,
        shapes: Sequence[Shape],
        arriving: Sequence[Recorded],
        *,
        keeps: str = "value",
    ) -> Recorded:
        """Write one card into a class: its module, unless another card has it, and its step. Returns its value.

        `keeps` says what is computed: the "value", the "raw" one before the activation in its place, or "both".
        """
        new = attribute == name
        if isinstance(layer, Block):
            found = self._run_block(owner, attribute, layer, shapes[0], arriving[0], new=new)
        else:
            module: Recorded | None = layer.build(NN, *shapes)
            if module is not None and new:
                owner.made.append(f"self.{attribute} = {text(module)}")
            found = _in_both_modes(module, attribute, partial(_forward, layer, arriving))
        if keeps == "both":
            owner.steps.append(f"{name}_raw = {text(found)}")
            found = Recorded(f"{name}_raw", bare(found))
        activation = nn.Identity() if keeps == "raw" else layer.output_activation.build(NN)
        if isinstance(activation, Recorded) and not isinstance(bare(activation), nn.Identity):
            if new:
                owner.made.append(f"self.{attribute}_activation = {text(activation)}")
            found = Recorded(f"self.{attribute}_activation", bare(activation))(found)
        elif isinstance(activation, nn.Module) and not isinstance(activation, nn.Identity):
            owner.steps.append(f"{name} = {text(found)}")
            found = activation(Recorded(name, bare(found)))
        owner.steps.append(f"{name} = {text(found)}")
        return Recorded(name, bare(found))

    def _run_block(
        self, owner: _Class, attribute: str, block: Block, shape: Shape, entering: Recorded, *, new: bool
    ) -> Recorded:
        """Call the module of a Block; where it is new, write its class beside the network's first."""
        if not block.parts:
            return entering
        if new:
            class_name = "".join(word.capitalize() for word in attribute.split("_"))
            self._blocks.append(self._block_class(class_name, block, shape))
            owner.made.append(f"self.{attribute} = {class_name}()")
        value = block.forward(torch, block.build(nn, shape), bare(entering))
        return Recorded(f"self.{attribute}({text(entering)})", value)

    def _block_class(self, name: str, block: Block, shape: Shape) -> str:
        inside = _Class(name, "Cards folded into one.", ["x"])
        entering = Recorded("x", torch.zeros(_BATCH, *shape))
        values: list[Recorded] = []
        leaving: list[Shape] = []
        for part in block.parts:
            arriving = [entering if source < 0 else values[source] for source in part.sources]
            shapes = [shape if source < 0 else leaving[source] for source in part.sources]
            own, last = identifier(part.name), part is block.parts[-1]
            values.append(self._card(inside, own, own, part.layer, shapes, arriving, keeps="raw" if last else "value"))
            leaving.append(part.layer.output_shape(*shapes))
        return inside.source(text(values[-1]))


def _forward(layer: Layer, arriving: Sequence[Recorded], module: Recorded | None) -> Recorded:
    found: Recorded = layer.forward(TORCH, module, *arriving)
    return found


def _in_both_modes(module: Recorded | None, attribute: str, run: Callable[[Recorded | None], Recorded]) -> Recorded:
    """What a card computes with its module, which may differ between training and test time."""
    if module is None:
        return run(None)
    own = Recorded(f"self.{attribute}", bare(module))
    bare(module).train(False)
    at_rest = run(own)
    bare(module).train(True)
    training = run(own)
    if text(training) == text(at_rest):
        return training
    return Recorded(f"{text(training)} if self.training else {text(at_rest)}", bare(training), Binding.CONDITIONAL)


def _head(title: str) -> str:
    lines = [f'"""{title}, exported by Neural Playground."""', "", "import torch", "from torch import nn"]
    return "\n".join(lines)


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
    settings = plan.document.training.optimizer
    weights = Recorded("network.parameters()", [nn.Parameter(torch.zeros(1))])
    built = settings.build(Namespace("torch.optim", torch.optim), weights)
    if built is None or settings.closure_based:
        raise PlaygroundError(
            "{optimizer} is a search of this program's own and cannot be written in PyTorch; choose another optimizer",
            optimizer=settings.label,
        )
    body = [f'    """{settings.label}, with the settings of the project."""', f"    return {text(built)}"]
    return "\n".join(["def optimizer_of(network):", *body])


def _train_step(plan: Plan) -> str:
    """The function `train_step(network, optimizer, inputs, target)`, with what surrounds the optimizer's step."""
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
    for node_id in plan.order:
        if not isinstance(plan.nodes[node_id].layer.activity_penalty, NoRegularizer):
            raise PlaygroundError(
                "the penalty on the outputs of {card} cannot be exported; set its activity regularizer to none",
                card=node_id,
            )
    inputs = "*inputs" if sum(not plan.nodes[name].sources for name in plan.order) > 1 else "inputs"
    lines = ["optimizer.zero_grad()", f"value = loss(network({inputs}), target)", *penalties, "value.backward()"]
    lines += _clipped(plan.document.training.clipping)
    lines += [f"before_{number} = {place}.detach().clone()" for number, (place, _) in enumerate(slowed)]
    lines.append("optimizer.step()")
    after = [
        f"{place}.copy_(before_{number} + {factor!r} * ({place} - before_{number}))"
        for number, (place, factor) in enumerate(slowed)
    ] + constrained
    if after:
        lines += ["with torch.no_grad():", *(f"    {line}" for line in after)]
    body = [f"    {line}" for line in [*lines, "return value.item()"]]
    head = "def train_step(network, optimizer, inputs, target):"
    return "\n".join([head, '    """Take one step on a batch; returns its loss before the step."""', *body])


def _projection(constraint: Any, place: str, weight: Recorded, transposed_groups: int) -> Iterable[str]:
    """The line that takes weights back to what a constraint allows."""
    if transposed_groups:
        raise PlaygroundError(
            "the constraint of {place} cannot be exported; set it to none", place=place.removeprefix("network.")
        )
    rows = weight.reshape(bare(weight).shape[0], -1)
    yield f"{place}.copy_(({text(constraint.project(TORCH, rows))}).view_as({place}))"


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


def state_names(plan: Plan) -> dict[str, str]:
    """What every parameter of the plan is called in the exported network, by "node.parameter"."""
    found = {}
    for name in plan.parameters:
        node_id, _, own = name.partition(".")
        node, place = plan.nodes[node_id], identifier(node_id)
        activation = node.layer.output_activation
        of_activation = activation.parameters(node.output_shape or ())
        if own in node.layer.parameters(*node.input_shapes):
            found[name] = f"{place}.{own}"
        else:
            built = [each for each, _ in activation.build(nn).named_parameters()]
            found[name] = f"{place}_activation.{dict(zip(of_activation, built, strict=True))[own]}"
    return found
