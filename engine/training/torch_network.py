"""A plan as PyTorch runs it: modules in order, all learned values in one flat tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.catalog.layers.layer import Layer
from engine.catalog.regularizers import NoRegularizer, Regularizer
from engine.document.errors import PlaygroundError
from engine.plan.data import random_stream
from engine.plan.plan import NodePlan, Plan


class Card(NamedTuple):
    """One card ready to run: which outputs it reads, its own part, and the activation that follows (None: nothing).

    `many` and `many_activation` are the same for many samples whose numbers lie unit by unit in memory.
    """

    sources: tuple[int, ...]
    own: Callable[..., Tensor] | None
    many: Callable[..., Tensor] | None
    activation: Callable[[Tensor], Tensor] | None
    many_activation: Callable[[Tensor], Tensor] | None


class TorchNetwork:
    """The network of a ready plan.

    Every parameter of every module is a view of `flat`, every gradient a view of `flat_gradient`, so that an
    optimizer, a copy or a check is one operation on one tensor, however many layers there are.
    """

    def __init__(self, plan: Plan, device: str = "cpu") -> None:
        """Build the modules and draw the initial values. Raises PlaygroundError for a plan that is not ready."""
        if plan.problems:
            raise PlaygroundError("this network cannot be trained: {problem}", problem=plan.problems[0].sentence)
        assert plan.output is not None
        self.order = plan.order
        self.place = {node_id: index for index, node_id in enumerate(plan.order)}
        self.output = self.place[plan.output]
        self.stochastic = any(plan.nodes[node_id].layer.stochastic for node_id in plan.order)
        self.flat = torch.zeros(sum(parameter.size for parameter in plan.parameters.values()), device=device)
        self.flat_gradient = torch.zeros_like(self.flat)
        self.flat.grad = self.flat_gradient
        self.parameters: dict[str, Tensor] = {}
        """Views of `flat` by "node.parameter", without autograd."""
        self.slices: dict[str, slice] = {}
        """Where each parameter lies in `flat`."""
        self.penalties: list[tuple[Regularizer, Tensor, Tensor]] = []
        """Regularizer, weight and gradient of every parameter that has one."""
        self._modules: list[nn.Module] = []
        self._training = True
        self.cards = [self._card(plan.nodes[node_id]) for node_id in plan.order]
        self.initialize(plan)

    def initialize(self, plan: Plan) -> None:
        """Set every parameter to the value that the document's seed fixes."""
        for name, parameter in plan.parameters.items():
            stream = random_stream(plan.document.seed, "weights", name)
            values = parameter.initializer.draw(stream, parameter.shape, parameter.fan_in, parameter.fan_out)
            self.parameters[name].copy_(torch.from_numpy(values))

    def _card(self, plan: NodePlan) -> Card:
        layer = plan.layer
        sources = tuple(self.place[source] for source in plan.sources)
        if layer.takes[1] == 0:
            return Card((), None, None, None, None)
        module = layer.build(nn, *plan.input_shapes)
        if module is not None:
            self._modules.append(module)
            self._adopt(plan, module)
        own: Callable[..., Tensor] | None
        if type(layer).forward is Layer.forward:  # nothing but the module: called without a detour
            own = module.forward if module is not None else None
        else:

            def own(*inputs: Tensor) -> Tensor:
                result: Tensor = layer.forward(torch, module, *inputs)
                return result

        many = _by_units(module) if isinstance(module, nn.Linear) and own == module.forward else own
        activation = layer.output_activation.build(nn)
        if isinstance(activation, nn.Identity):
            return Card(sources, own, many, None, None)
        self._modules.append(activation)
        many_activation = _tanh if isinstance(activation, nn.Tanh) else activation.forward
        return Card(sources, own, many, activation.forward, many_activation)

    def _adopt(self, plan: NodePlan, module: nn.Module) -> None:
        """Lay the module's parameters and gradients into the flat tensors."""
        built = dict(module.named_parameters())
        if set(built) != set(plan.parameters):
            raise AssertionError(f"{plan.layer.name} declares {set(plan.parameters)} but builds {set(built)}")
        start = sum(part.stop - part.start for part in self.slices.values())
        for name, declared in plan.parameters.items():
            part = slice(start, start + declared.size)
            start = part.stop
            full_name = f"{plan.node.id}.{name}"
            weight = self.flat[part].view(declared.shape)
            gradient = self.flat_gradient[part].view(declared.shape)
            built[name].data = weight
            built[name].grad = gradient
            self.parameters[full_name] = weight
            self.slices[full_name] = part
            if not isinstance(declared.regularizer, NoRegularizer):
                self.penalties.append((declared.regularizer, weight, gradient))

    def train(self, training: bool) -> None:
        """Make dropout and its like act as in training, or as at test time."""
        if training != self._training:
            self._training = training
            for module in self._modules:
                module.train(training)

    def raw_output(self, inputs: Sequence[Tensor | None]) -> Tensor:
        """The output card's value before its activation. `inputs` holds one batch per Input card, by place."""
        values = list(inputs)
        for index, (sources, own, _, activation, _) in enumerate(self.cards):
            if not sources:
                continue
            value = _run(own, sources, values)
            if index == self.output:
                return value
            values[index] = value if activation is None else activation(value)
        raise AssertionError("the output card is part of the order")

    def activate(self, raw: Tensor) -> Tensor:
        """The output card's answer from its value before the activation."""
        activation = self.cards[self.output].activation
        return raw if activation is None else activation(raw)

    def outputs(self, values: list[Tensor | None], nodes: Iterable[str]) -> dict[str, Tensor]:
        """The outputs of some cards, after their activations; cards behind the last of them are not run.

        `values` holds what is known by place, at least the batch of each Input card; what is computed is added to it.
        Flat outputs (samples, units) lie unit by unit in memory if the inputs do: products of few columns are several
        times faster so, and pictures of the units need no rearranging.
        """
        places = {node_id: self.place[node_id] for node_id in nodes}
        last = max(places.values(), default=-1)
        for index, (sources, _, many, _, activation) in enumerate(self.cards[: last + 1]):
            if values[index] is None:
                value = _run(many, sources, values)
                values[index] = value if activation is None else activation(value)
        found = {}
        for node_id, place in places.items():
            value_or_none = values[place]
            assert value_or_none is not None
            found[node_id] = value_or_none
        return found


def _run(own: Callable[..., Tensor] | None, sources: tuple[int, ...], values: list[Tensor | None]) -> Tensor:
    """A card's own part on the outputs of its sources."""
    if own is None:
        value = values[sources[0]]
        assert value is not None
        return value
    if len(sources) == 1:
        return own(values[sources[0]])
    return own(*[values[source] for source in sources])


def _by_units(module: nn.Linear) -> Callable[[Tensor], Tensor]:
    """The module's function for samples whose numbers lie unit by unit; so do those of its result."""
    parameters = dict(module.named_parameters())
    weight, bias = parameters["weight"].detach(), parameters.get("bias")
    if bias is None:
        return lambda x: torch.mm(weight, x.t()).t()
    column = bias.detach()[:, None]
    return lambda x: torch.addmm(column, weight, x.t()).t()


def _tanh(x: Tensor) -> Tensor:
    """2 · sigmoid(2x) − 1, within 2e-7 of tanh: PyTorch's sigmoid takes a third of the time of its tanh."""
    return torch.mul(x, 2).sigmoid_().mul_(2).sub_(1)
