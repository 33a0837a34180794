"""The network of a project as PyTorch source: a class for each Block, and one for the whole.

Nothing here knows a layer or an activation: their own `build` and `forward` are called with a recorder in PyTorch's
place.
"""

from __future__ import annotations

import builtins
import itertools
import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import nn

from engine.catalog.layers.block import Block
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.regularizers import NoRegularizer, Regularizer
from engine.export.recording import NN, TORCH, Binding, Recorded, bare, text
from engine.export.wrapping import formatted
from engine.plan.plan import Plan

_RESERVED = ("torch", "nn", "np", "math", "self", "training", "penalty")
"""Names that mean something else in the source."""
_NETWORK = "Network"
"""The class of the whole."""
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


def joined(parts: Iterable[str]) -> str:
    """Classes and functions as one source, with its long lines broken."""
    return formatted("\n\n\n".join(parts))


def identifier(name: str) -> str:
    """A name that Python takes for a variable, the same for the same name.

    >>> identifier("dense_1"), identifier("my layer"), identifier("class")
    ('dense_1', 'my_layer', 'class_')
    """
    found = re.sub(r"\W", "_", name)
    found = f"_{found}" if not found or found[0].isdigit() else found
    means_else = keyword.iskeyword(found) or found in _RESERVED or hasattr(nn.Module, found) or hasattr(builtins, found)
    return f"{found}_" if means_else else found


def network_classes(plan: Plan, *, activated: bool = False) -> list[str]:
    """The source of the classes of a ready plan: one for each Block, then `Network`.

    It answers what the losses are computed from; if `activated`, what the cards give.
    """
    return _Writer(plan, activated).classes()


class _Writer:
    """Writes the classes of a plan: the network's, and before it one for each Block."""

    def __init__(self, plan: Plan, activated: bool) -> None:
        self._plan = plan
        self._activated = activated
        self._blocks: list[str] = []
        self._names = {_NETWORK}

    def classes(self) -> list[str]:
        """The source of every class, the network's last."""
        plan, values = self._plan, dict[str, Recorded]()
        inputs = [name for name in plan.order if plan.nodes[name].layer.takes[1] == 0]
        network = _Class(_NETWORK, "From the cards of the project.", [identifier(name) for name in inputs])
        read = {source for node in plan.nodes.values() for source in node.sources}
        penalized = {} if self._activated else penalties_on_outputs(plan)
        raw = set() if self._activated else {output.node for output in plan.outputs if output.loss.fuses}
        both = raw & (read | set(penalized))
        for name in plan.order:
            node = plan.nodes[name]
            if name in inputs:
                values[name] = Recorded(identifier(name), torch.zeros(_BATCH, *(node.output_shape or ())))
                continue
            arriving = [values[source] for source in node.sources]
            owner, keeps = identifier(node.weights_of or name), "raw" if name in raw else "value"
            values[name] = self._card(
                network,
                identifier(name),
                owner,
                node.layer,
                node.input_shapes,
                arriving,
                keeps="both" if name in both else keeps,
            )
        if penalized:
            terms = [text(penalty.penalty(TORCH, values[name])) for name, penalty in penalized.items()]
            network.made.append("self.penalty = 0.0  # on the outputs of the newest batch")
            network.steps.append(f"self.penalty = ({' + '.join(terms)}) / len({network.arguments[0]})")
        answers = [
            f"{identifier(output.node)}_raw" if output.node in both else identifier(output.node)
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
        frozen = not isinstance(layer, Block) and {each.rate_factor for each in layer.learned(*shapes).values()} == {
            0.0
        }
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
        if new and frozen:
            own = (f"self.{attribute}", f"self.{attribute}_activation")
            owner.made += [f"{each}.requires_grad_(False)" for each in own if _is_made(owner, each)]
        return Recorded(name, bare(found))

    def _run_block(
        self, owner: _Class, attribute: str, block: Block, shape: Shape, entering: Recorded, *, new: bool
    ) -> Recorded:
        """Call the module of a Block; where it is new, write its class beside the network's first."""
        if not block.parts:
            return entering
        if new:
            class_name = self._class_name(owner, attribute)
            self._blocks.append(self._block_class(class_name, block, shape))
            owner.made.append(f"self.{attribute} = {class_name}()")
        value = block.forward(torch, block.build(nn, shape), bare(entering))
        return Recorded(f"self.{attribute}({text(entering)})", value)

    def _class_name(self, owner: _Class, attribute: str) -> str:
        """One that no other class has: cards in different Blocks may have the same name."""
        outer = "" if owner.name == _NETWORK else owner.name
        name = wanted = outer + "".join(word.capitalize() for word in attribute.split("_"))
        for number in itertools.count(2):
            if name not in self._names:
                break
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name

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


def penalties_on_outputs(plan: Plan) -> dict[str, Regularizer]:
    """The penalties on what cards give, by card, as far as an answer needs them."""
    needed = {output.node for output in plan.outputs}
    for name in reversed(plan.order):
        if name in needed:
            needed |= set(plan.nodes[name].sources)
    found = {name: plan.nodes[name].layer.activity_penalty for name in plan.order if name in needed}
    return {name: penalty for name, penalty in found.items() if not isinstance(penalty, NoRegularizer)}


def _is_made(owner: _Class, attribute: str) -> bool:
    """Whether a class makes this attribute."""
    return any(line.startswith(f"{attribute} = ") for line in owner.made)


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


def state_names(plan: Plan) -> dict[str, str]:
    """What every parameter of the plan is called in the exported network, by "node.parameter"."""
    found = {}
    for name in plan.parameters:
        node_id, _, own = name.partition(".")
        node, place = plan.nodes[node_id], identifier(node_id)
        if own in node.layer.parameters(*node.input_shapes):
            found[name] = f"{place}.{_within(node.layer, own)}"
        else:
            found[name] = f"{place}_activation.{_built(node.layer, own)}"
    return found


def _within(layer: Layer, own: str) -> str:
    """What a parameter is called in a card's module; activations inside a Block have names of their own."""
    card, _, rest = own.partition(".")
    for part in layer.parts if isinstance(layer, Block) else ():
        if card == part.name:
            return f"{card}.{_within(part.layer, rest)}"
        if card == f"{part.name}_activation":
            return f"{card}.{_built(part.layer, rest)}"
    return own


def _built(layer: Layer, own: str) -> str:
    """What a parameter of a card's activation is called in its module."""
    activation = layer.output_activation
    built = [each for each, _ in activation.build(nn).named_parameters()]
    return dict(zip(activation.parameters((1,)), built, strict=True))[own]
