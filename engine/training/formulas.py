"""The formulas of the catalogue as programs: what an engine other than PyTorch computes, declared once, in NumPy.

A formula is called with tracers in place of arrays (`engine.training.tracing`); the entry's fields become constants.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine.catalog.activations import Activation
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


@lru_cache(maxsize=_KEPT)
def activation_programs(activation: Activation, units: int) -> ActivationPrograms:
    """The programs of an activation over a layer of so many units. Raises NotTraceable."""
    graph = Graph()
    x, gradient = graph.input("x", Kind.FULL), graph.input("gradient", Kind.FULL)
    with _tracing(activation):
        value = _full(_array(graph, x, units).operand(activation.value(_array(graph, x, units))))
        back = activation.pullback(_array(graph, x, units), _array(graph, gradient, units))
        gradient_in = _full(_array(graph, x, units).operand(back))
    saved = _saved(gradient_in, gradient)
    names = {x: "x", value: "value"}
    for node in saved:
        names.setdefault(node, f"saved{len(names) - len({x, value})}")
    kept = {names[node]: node for node in saved if node is not x}
    return ActivationPrograms(
        assemble({"x": x}, {"value": value, **kept}),
        assemble({**{names[node]: node for node in saved}, "gradient": gradient}, {"gradient_in": gradient_in}),
        assemble({"x": x}, {"value": value}),
    )


@lru_cache(maxsize=_KEPT)
def loss_program(loss: Loss, units: int) -> Program:
    """From "prediction" and "target" to "gradient", each FULL: of every sample, not divided by the size of the batch.

    Raises NotTraceable.
    """
    graph = Graph()
    inputs = {name: graph.input(name, Kind.FULL) for name in ("prediction", "target")}
    with _tracing(loss):
        prediction, target = (_array(graph, node, units) for node in inputs.values())
        gradient = _full(prediction.copy().operand(loss.gradient(prediction, target)))
    return assemble(inputs, {"gradient": gradient})


@lru_cache(maxsize=_KEPT)
def optimizer_program(optimizer: Optimizer) -> Program:
    """From "weight", "gradient" and the states to the new "weight" and states, in place, for parameters in any number.

    The states have the names that `update` gives them, in the order of first use; `Program.initial` says what they
    start from. The uniforms are functions of "rate" and "step". Raises NotTraceable.
    """
    with _tracing(optimizer):
        first, initial = _first_step(optimizer)
        program = _later_step(optimizer, initial)
        _agree(first, program)
    return program


@lru_cache(maxsize=_KEPT)
def regularizer_program(regularizer: Regularizer) -> Program:
    """From "weight" and "gradient" to the "gradient" with the penalty's added, in place. Raises NotTraceable."""
    graph = Graph()
    inputs = {name: graph.input(name, Kind.FULL) for name in ("weight", "gradient")}
    with _tracing(regularizer):
        weight, gradient = (_array(graph, node) for node in inputs.values())
        total = gradient.copy() + regularizer.gradient(np, weight)
    return assemble(inputs, {"gradient": _full(total)})


@contextmanager
def _tracing(entry: Entry) -> Iterator[None]:
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


def _saved(root: Node, gradient: Node) -> list[Node]:
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


def _first_step(optimizer: Optimizer) -> tuple[Program, dict[str, float]]:
    """A step from an empty state, and the numbers that the states it creates start from."""
    graph = Graph()
    inputs, rate, step = _arguments(graph)
    weight, gradient = (_array(graph, node) for node in inputs.values())
    states = _States(weight)
    optimizer.update(weight, gradient, states, rate, step)
    for name in states:
        if name in inputs or name not in states.initial or not states.initial[name].constant:
            raise NotTraceable("its state {name} starts from something else than a number", name=repr(name))
    outputs = {"weight": _full(weight), **{name: _full(weight.operand(value)) for name, value in states.items()}}
    return assemble(inputs, outputs), {name: states.initial[name].value for name in states}


def _later_step(optimizer: Optimizer, initial: dict[str, float]) -> Program:
    """Any step, from the states as they are."""
    graph = Graph()
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
    known = {"rate": 0.1, "step": 1.0}
    starts = {name: np.full_like(weight, value) for name, value in later.initial.items()}
    one, other = first.run(inputs, known), later.run({**inputs, **starts}, known)
    if one.keys() != other.keys() or not all(
        np.allclose(one[name], other[name], 1e-9, 1e-12, equal_nan=True) for name in one
    ):
        raise NotTraceable("its first step is not like the others")
