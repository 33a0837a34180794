"""The formulas of the catalogue as programs: what an engine other than PyTorch computes, declared once, in NumPy.

A formula is called with tracers in place of arrays (`engine.training.tracing`); the entry's fields become constants.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine.catalog.activations import Activation
from engine.catalog.clipping import Clipping
from engine.catalog.constraints import Constraint
from engine.catalog.losses import Loss
from engine.catalog.optimizers import Optimizer
from engine.catalog.registry import Entry
from engine.catalog.regularizers import Regularizer
from engine.training.assembly import assemble
from engine.training.expressions import Graph, Node, beneath, copied
from engine.training.programs import Kind, Op, Program
from engine.training.tracing import NotTraceable, Tracer

_KEPT = 256
"""How many programs of a kind are remembered: a plan asks for the same ones at every edit."""


class ActivationPrograms(NamedTuple):
    """What an activation computes. Whatever does not need the gradient is done in `forward`.

    The linear activation's programs have no instructions.
    """

    forward: Program
    """From "x" to "value" and "saved0", "saved1" …, what `backward` takes up; these may be ROW."""
    backward: Program
    """From "gradient" and those of "x", "value", "saved0" … that it needs to "gradient_in".

    Its last instruction alone writes "gradient_in", which may therefore lie in the place of any FULL input. Without an
    instruction it shares the register of an input.
    """
    inference: Program
    """From "x" to "value"; likewise only the last instruction writes."""
    learning: Program
    """From "gradient" and those of "x", "value", "saved0" … that it needs to "gradient_slope" and its like.

    Those are the gradients of what is learned, for every sample; ROW for what all units share.
    """


@lru_cache(maxsize=_KEPT)
def activation_programs(activation: Activation, units: int) -> ActivationPrograms:
    """The programs of an activation over a layer of so many units. Raises NotTraceable.

    What it learns is taken by `forward` and `inference` as inputs of its name: FULL, or ROW if all units share it.
    """
    if activation.stochastic:
        raise NotTraceable("{entry} draws random numbers: PyTorch does that", entry=activation.label)
    graph = Graph()
    x, gradient = graph.input("x", Kind.FULL), graph.input("gradient", Kind.FULL)
    arrays = {
        name: graph.input(name, Kind.ROW if parameter.size == 1 < units else Kind.FULL)
        for name, parameter in activation.parameters((units,)).items()
    }

    def learned() -> dict[str, Any]:
        return {name: Tracer(graph, node, node.kind, units) for name, node in arrays.items()}

    with tracing(activation):
        found = activation.learned_value(learned(), _array(graph, x, units))
        value = _full(_array(graph, x, units).operand(found))
        back, changes = activation.learned_pullback(learned(), _array(graph, x, units), _array(graph, gradient, units))
        gradient_in = _full(_array(graph, x, units).operand(back))
        changed = {
            name: _like(_array(graph, x, units).operand(change).node, arrays[name]) for name, change in changes.items()
        }
    own, others = saved(gradient_in, gradient), {name: saved(node, gradient) for name, node in changed.items()}
    named = {x: "x", value: "value", **{node: name for name, node in arrays.items()}}
    names = dict(named)
    for node in (*own, *(node for taken in others.values() for node in taken)):
        names.setdefault(node, f"saved{len(names) - len(named)}")
    kept = {name: node for node, name in names.items() if node not in named or name == "value"}
    return ActivationPrograms(
        assemble({"x": x, **arrays}, {"value": value, **kept}),
        assemble({**{names[node]: node for node in own}, "gradient": gradient}, {"gradient_in": gradient_in}),
        assemble({"x": x, **arrays}, {"value": value}),
        assemble(
            {**{names[node]: node for taken in others.values() for node in taken}, "gradient": gradient},
            {f"gradient_{name}": node for name, node in changed.items()},
        ),
    )


@lru_cache(maxsize=_KEPT)
def loss_program(loss: Loss, units: int) -> Program:
    """From "prediction" and "target" to "gradient", each FULL: of every sample, not divided by the size of the batch.

    Raises NotTraceable.
    """
    graph = Graph()
    inputs = {name: graph.input(name, Kind.FULL) for name in ("prediction", "target")}
    with tracing(loss):
        prediction, target = (_array(graph, node, units) for node in inputs.values())
        gradient = _full(prediction.copy().operand(loss.gradient(prediction, target)))
    return assemble(inputs, {"gradient": gradient})


@lru_cache(maxsize=_KEPT)
def optimizer_program(optimizer: Optimizer, moved: bool = False) -> Program:
    """From "weight", "gradient" and the states to the new "weight" and states, in place, for parameters in any number.

    The states have the names that `update` gives them, in the order of first use; `Program.initial` says what they
    start from. The uniforms are functions of "rate" and "step", and of "momentum" if it is `moved` by a schedule.
    Raises NotTraceable.
    """
    if optimizer.closure_based:
        raise NotTraceable(
            "{entry} asks for the loss several times in a step: PyTorch does that", entry=optimizer.label
        )
    with tracing(optimizer):
        first, initial = _first_step(optimizer, moved)
        program = _later_step(optimizer, moved, initial)
        _agree(first, program)
    return program


@lru_cache(maxsize=_KEPT)
def regularizer_program(regularizer: Regularizer) -> Program:
    """From "weight" and "gradient" to the "gradient" with the penalty's added, in place. Raises NotTraceable."""
    graph = Graph()
    inputs = {name: graph.input(name, Kind.FULL) for name in ("weight", "gradient")}
    with tracing(regularizer):
        weight, gradient = (_array(graph, node) for node in inputs.values())
        total = gradient.copy() + regularizer.gradient(np, weight)
    return assemble(inputs, {"gradient": _full(total)})


@lru_cache(maxsize=_KEPT)
def activity_program(regularizer: Regularizer) -> Program:
    """From "value", "gradient" and the ROW "share" to the "gradient" with share times the penalty's added, in place.

    Raises NotTraceable.
    """
    graph = Graph()
    inputs = {name: graph.input(name, Kind.FULL) for name in ("value", "gradient")}
    with tracing(regularizer):
        value, gradient = (_array(graph, node) for node in inputs.values())
        inputs["share"] = graph.input("share", Kind.ROW)
        total = gradient.copy() + Tracer(graph, inputs["share"], Kind.ROW) * regularizer.gradient(np, value)
    return assemble(inputs, {"gradient": _full(total)})


@lru_cache(maxsize=_KEPT)
def constraint_program(constraint: Constraint, inputs: int) -> Program:
    """From "weight" to the allowed "weight", in place: a lane for each unit, a row for each of its inputs.

    Raises NotTraceable.
    """
    graph = Graph()
    weight = graph.input("weight", Kind.FULL)
    with tracing(constraint):
        allowed = _full(_array(graph, weight, inputs).operand(constraint.project(np, _array(graph, weight, inputs))))
    return assemble({"weight": weight}, {"weight": allowed})


@lru_cache(maxsize=_KEPT)
def clipping_program(clipping: Clipping, count: int) -> Program:
    """From "gradient", of so many parameters, to the clipped "gradient", in place; its sums are over all of them.

    Raises NotTraceable.
    """
    graph = Graph()
    gradient = graph.input("gradient", Kind.FULL)
    with tracing(clipping):
        clipped = _full(_array(graph, gradient, count).operand(clipping.clip(np, _array(graph, gradient, count))))
    return assemble({"gradient": gradient}, {"gradient": clipped})


@contextmanager
def tracing(entry: Entry) -> Iterator[None]:
    """Say which entry it is that cannot be traced, whatever its formula stumbled over."""
    template = "{entry} has no compiled form: {reason}"
    try:
        yield
    except NotTraceable as error:
        raise NotTraceable(template, entry=entry.label, reason=error.sentence) from error
    except Exception as error:  # a formula is free to call anything, which then fails in its own way
        raise NotTraceable(template, entry=entry.label, reason=f"{type(error).__name__}: {error}") from error


def _array(graph: Graph, node: Node, units: int | None = None) -> Any:
    """A tracer that a formula takes for an array."""
    return Tracer(graph, node, Kind.FULL, units)


def _full(result: Tracer) -> Node:
    """The node of a result, with a number for every unit."""
    return result.node if result.node.kind is Kind.FULL else copied(result.node)


def _like(node: Node, model: Node) -> Node:
    """The node, repeated for every unit if the model holds a number for each of them."""
    if node.kind < model.kind:
        raise NotTraceable("the gradient of what all units share is not a sum over them")
    return copied(node) if node.kind > model.kind and model.kind is Kind.FULL else node


def saved(root: Node, gradient: Node) -> list[Node]:
    """What the way from the gradient to the root takes from elsewhere, apart from numbers; in order of first use."""
    needing: set[Node] = {gradient}
    found: dict[Node, None] = {}
    for node in beneath([root]):
        if not needing.isdisjoint(node.operands):
            needing.add(node)
            found.update((part, None) for part in node.operands if part not in needing)
    if root not in needing:
        found.update((part, None) for part in (root.operands if root.is_(Op.COPY) else (root,)))
    return [node for node in found if node.kind is not Kind.UNIFORM]


# --- optimizers -------------------------------------------------------------------------------------------------------


class _States(dict[str, Any]):
    """An empty state that remembers what each part starts from."""

    def __init__(self, model: Tracer) -> None:
        super().__init__()
        self._model = model
        self.initial: dict[str, Node] = {}

    def _begin(self, name: str, value: Any) -> None:
        if name not in self:
            self.initial.setdefault(name, self._model.operand(value).node)

    def __setitem__(self, name: str, value: Any) -> None:
        self._begin(name, value)
        super().__setitem__(name, value)

    def setdefault(self, name: str, default: Any = None) -> Any:
        self._begin(name, default)
        return super().setdefault(name, default)

    def get(self, name: str, default: Any = None) -> Any:
        if default is not None:
            self._begin(name, default)
        return super().get(name, default)


def _arguments(graph: Graph) -> tuple[dict[str, Node], Any, Any]:
    """The inputs "weight" and "gradient", and the tracers of rate and step."""
    inputs = {name: graph.input(name, Kind.FULL) for name in ("weight", "gradient")}
    rate, step = (Tracer(graph, graph.input(name, Kind.UNIFORM), Kind.UNIFORM) for name in ("rate", "step"))
    return inputs, rate, step


class _Moving(Tracer):
    """A number that is known to be positive, but changes from step to step."""

    def __bool__(self) -> bool:  # type: ignore[override]
        return True


def _moving(graph: Graph, optimizer: Optimizer) -> Optimizer:
    """The optimizer with a tracer in the place of its momentum."""
    found = copy(optimizer)
    momentum = _Moving(graph, graph.input("momentum", Kind.UNIFORM), Kind.UNIFORM)
    object.__setattr__(found, optimizer.momentum_name, momentum)
    return found


def _first_step(optimizer: Optimizer, moved: bool) -> tuple[Program, dict[str, float]]:
    """A step from an empty state, and the numbers that the states it creates start from."""
    graph = Graph()
    optimizer = _moving(graph, optimizer) if moved else optimizer
    inputs, rate, step = _arguments(graph)
    weight, gradient = (_array(graph, node) for node in inputs.values())
    states = _States(weight)
    optimizer.update(weight, gradient, states, rate, step)
    for name in states:
        if name in inputs or name not in states.initial or not states.initial[name].constant:
            raise NotTraceable("its state {name} starts from something else than a number", name=repr(name))
    outputs = {"weight": _full(weight), **{name: _full(weight.operand(value)) for name, value in states.items()}}
    return assemble(inputs, outputs), {name: states.initial[name].value for name in states}


def _later_step(optimizer: Optimizer, moved: bool, initial: dict[str, float]) -> Program:
    """Any step, from the states as they are."""
    graph = Graph()
    optimizer = _moving(graph, optimizer) if moved else optimizer
    inputs, rate, step = _arguments(graph)
    inputs.update((name, graph.input(name, Kind.FULL)) for name in initial)
    weight, gradient, *rest = (_array(graph, node) for node in inputs.values())
    states: dict[str, Any] = dict(zip(initial, rest, strict=True))
    optimizer.update(weight, gradient, states, rate, step)
    outputs = {"weight": _full(weight), **{name: _full(weight.operand(value)) for name, value in states.items()}}
    return assemble(inputs, outputs, initial)


def _agree(first: Program, later: Program) -> None:
    """Refuse an optimizer whose first step is not like the others."""
    weight = np.linspace(-2.0, 2.0, 8)
    inputs = {"weight": weight, "gradient": np.sin(3 * weight) + 0.1}
    known = {"rate": 0.1, "step": 1.0, "momentum": 0.9}
    starts = {name: np.full_like(weight, value) for name, value in later.initial.items()}
    one, other = first.run(inputs, known), later.run({**inputs, **starts}, known)
    if one.keys() != other.keys() or not all(
        np.allclose(one[name], other[name], 1e-9, 1e-12, equal_nan=True) for name in one
    ):
        raise NotTraceable("its first step is not like the others")
