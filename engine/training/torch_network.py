"""A plan as PyTorch runs it: modules in order, all learned values in one flat tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.catalog.layers.convolution import Sliding
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.layer import Layer
from engine.catalog.regularizers import NoRegularizer
from engine.document.errors import PlaygroundError
from engine.plan.data import random_stream
from engine.plan.plan import NodePlan, Plan
from engine.training.torch_update import StepRules


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
        self._outputs = [(self.place[output.node], bool(output.loss.fuses)) for output in plan.outputs]
        self.stochastic = any(plan.nodes[node_id].layer.draws for node_id in plan.order)
        self.has_modes = self.stochastic or bool(plan.buffers)
        """Whether some card acts otherwise in training than at test time."""
        self.flat = torch.zeros(sum(parameter.size for parameter in plan.parameters.values()), device=device)
        self.flat_gradient = torch.zeros_like(self.flat)
        self.flat.grad = self.flat_gradient
        self.parameters: dict[str, Tensor] = {}
        """Views of `flat` by "node.parameter", without autograd."""
        self.flat_buffers = torch.zeros(sum(buffer.size for buffer in plan.buffers.values()), device=device)
        self.buffers: dict[str, Tensor] = {}
        """Views of `flat_buffers` by "node.buffer": what layers keep without learning it."""
        self.slices: dict[str, slice] = {}
        """Where each parameter lies in `flat`."""
        self.rules = StepRules(plan.document.training.clipping, self.flat_gradient)
        """What is done before and after the optimizer's step."""
        needed = self._needed(plan)
        penalties = [(place, plan.nodes[self.order[place]].layer.activity_penalty) for place in needed]
        self._activity = [(place, of) for place, of in penalties if not isinstance(of, NoRegularizer)]
        self._modules: list[nn.Module] = []
        self._parts: dict[str, tuple[nn.Module | None, nn.Module]] = {}
        self._training = True
        self.cards = [self._card(plan.nodes[node_id]) for node_id in plan.order]
        read = {source for place in needed for source in self.cards[place].sources}
        raw = {place for place, fuses in self._outputs if fuses}
        kept = read | {place for place, fuses in self._outputs if not fuses}
        self._steps = [
            (place, self._in_training(plan, place, place in raw), place in raw, place in kept)
            for place in needed
            if self.cards[place].sources
        ]
        """The cards that the losses need, and whether that is the value before the activation, after it, or both."""
        self.initialize(plan)

    def _needed(self, plan: Plan) -> list[int]:
        """The places of the cards that the answers are computed from, in order."""
        found = {place for place, _ in self._outputs}
        for place in reversed(range(len(self.order))):
            if place in found:
                found |= {self.place[source] for source in plan.nodes[self.order[place]].sources}
        return sorted(found)

    def initialize(self, plan: Plan) -> None:
        """Set every parameter to the value that the document's seed fixes, every buffer to its start."""
        for name, parameter in plan.parameters.items():
            values = parameter.start(random_stream(plan.document.seed, "weights", name))
            self.parameters[name].copy_(torch.from_numpy(values))
        for name, buffer in plan.buffers.items():
            self.buffers[name].fill_(buffer.start)

    def _card(self, plan: NodePlan) -> Card:
        layer = plan.layer
        sources = tuple(self.place[source] for source in plan.sources)
        if layer.takes[1] == 0:
            return Card((), None, None, None, None)
        module, activation = self._built(plan)
        own: Callable[..., Tensor] | None
        if type(layer).forward is Layer.forward:  # nothing but the module: called without a detour
            own = module.forward if module is not None else None
        else:

            def own(*inputs: Tensor) -> Tensor:
                result: Tensor = layer.forward(torch, module, *inputs)
                return result

        many = _by_units(module) if isinstance(module, nn.Linear) and own == module.forward else own
        if isinstance(activation, nn.Identity):
            return Card(sources, own, many, None, None)
        many_activation = _tanh if isinstance(activation, nn.Tanh) else activation.forward
        return Card(sources, own, many, activation.forward, many_activation)

    def _in_training(self, plan: Plan, place: int, raw: bool) -> Card:
        """A card as it runs where answers are asked for: ReLU overwrites what it is given, unless that is asked for.

        Writing to fresh memory takes longer than the arithmetic. Convolutions and Dense make what they hand to it
        anew, and need it no more for their gradient.
        """
        card = self.cards[place]
        overwrites = not raw and isinstance(plan.nodes[self.order[place]].layer, Sliding | Dense)
        if overwrites and isinstance(getattr(card.activation, "__self__", None), nn.ReLU):
            return card._replace(activation=torch.relu_)
        return card

    def _built(self, plan: NodePlan) -> tuple[nn.Module | None, nn.Module]:
        """A card's module and activation; those of another card if it uses that one's weights."""
        found = self._parts.get(plan.weights_of or "")
        if found is None:
            module, activation = plan.layer.build(nn, *plan.input_shapes), plan.layer.output_activation.build(nn)
            self._modules += [activation] if module is None else [module, activation]
            self._adopt(plan, module, activation)
            found = self._parts[plan.node.id] = module, activation
        return found

    def _adopt(self, plan: NodePlan, module: nn.Module | None, activation: nn.Module) -> None:
        """Lay the parameters and gradients of a card's module and its activation into the flat tensors."""
        built = dict(module.named_parameters()) if module is not None else {}
        of_activation = plan.layer.output_activation.parameters(plan.output_shape or ())
        built.update(zip(of_activation, activation.parameters(), strict=True))
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
            if declared.rate_factor:
                built[name].grad = gradient
            else:
                built[name].requires_grad_(False)
            self.parameters[full_name] = weight
            self.slices[full_name] = part
            self.rules.add(declared, weight, gradient)
        kept = dict(module.named_buffers()) if module is not None else {}
        start = sum(buffer.numel() for buffer in self.buffers.values())
        for name, buffer in plan.buffers.items():
            view = self.flat_buffers[start : start + buffer.size].view(buffer.shape)
            start += buffer.size
            kept[name].data = view
            self.buffers[f"{plan.node.id}.{name}"] = view

    def train(self, training: bool) -> None:
        """Make dropout and its like act as in training, or as at test time."""
        if training != self._training:
            self._training = training
            for module in self._modules:
                module.train(training)

    def train_with(self, place: int, card: Card) -> None:
        """Run a card's functions in another way where answers are asked for; views of single cards keep to its own."""
        self._steps = [(at, card if at == place else known, raw, kept) for at, known, raw, kept in self._steps]

    def answers(self, inputs: Sequence[Tensor | None]) -> list[Tensor]:
        """What each output's loss is computed from: its card's value, before the activation if the loss wants that.

        `inputs` holds one batch per Input card, by place.
        """
        return self._run_all(list(inputs))

    def answers_and_penalty(self, inputs: Sequence[Tensor | None]) -> tuple[list[Tensor], Tensor | None]:
        """What `answers` gives, and the mean over the batch of the penalties on outputs (None: there are none)."""
        values = list(inputs)
        answers = self._run_all(values)
        if not self._activity:
            return answers, None
        total = answers[0].new_zeros(())
        before = {place: answer for (place, fuses), answer in zip(self._outputs, answers, strict=True) if fuses}
        for place, regularizer in self._activity:
            value = values[place]
            if value is None:  # nothing else needed it after its activation
                activation = self.cards[place].activation
                value = before[place] if activation is None else activation(before[place])
            total = total + regularizer.penalty(torch, value)
        return answers, total / len(answers[0])

    def _run_all(self, values: list[Tensor | None]) -> list[Tensor]:
        """Fill in the cards' outputs by place, as far as they are needed; returns the answers."""
        before: dict[int, Tensor] = {}
        for place, (sources, own, _, activation, _), raw, kept in self._steps:
            value = _run(own, sources, values)
            if raw:
                before[place] = value
            if kept:
                values[place] = value if activation is None else activation(value)
        found = [before[place] if fuses else values[place] for place, fuses in self._outputs]
        return [answer for answer in found if answer is not None]

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
