"""Layers whose own part is a formula: its programs, with the backward pass derived from the forward one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, cast

from engine.catalog.layers.layer import Layer, Parameter
from engine.training.assembly import assemble
from engine.training.expressions import Graph, Node, copied
from engine.training.formulas import saved, tracing
from engine.training.programs import Kind, Program
from engine.training.reverse import gradients
from engine.training.tracing import NotTraceable, Tracer


class LayerPrograms(NamedTuple):
    """What a layer computes from inputs "x0", "x1" … and what it learns, by name."""

    forward: Program
    """From the inputs and what is learned to "value" and "saved0", "saved1" …, what `backward` takes up."""
    backward: Program
    """From "gradient" and what it needs of the rest to "gradient_x0" … and "gradient_weight" and its like.

    The latter are those of every sample; ROW for what all units share.
    """
    inference: Program
    """From the inputs and what is learned to "value"."""


def has_formula(layer: Layer) -> bool:
    """Whether a layer says in NumPy what its own part computes."""
    return type(layer).flat_value is not Layer.flat_value


@lru_cache(maxsize=256)
def layer_programs(layer: Layer, inputs: int, units: int) -> LayerPrograms:
    """The programs of a layer's own part over so many inputs of so many units. Raises NotTraceable."""
    graph = Graph()
    given = {f"x{number}": graph.input(f"x{number}", Kind.FULL) for number in range(inputs)}
    learned = {name: graph.input(name, _kind(of, units)) for name, of in _parameters(layer, inputs, units).items()}
    gradient = graph.input("gradient", Kind.FULL)
    with tracing(layer):
        arrays = [Tracer(graph, node, node.kind, units) for node in given.values()]
        own = {name: Tracer(graph, node, node.kind, units) for name, node in learned.items()}
        found: Any = layer.flat_value(cast(Any, own), *cast(Any, arrays))
        root = arrays[0].operand(found).node
    sources = {**given, **learned}
    value = _wide(root)
    back = gradients(graph, root, gradient, list(sources.values()), units)
    back = [
        _wide(node) if source.kind is Kind.FULL else node for node, source in zip(back, sources.values(), strict=True)
    ]
    names: dict[Node, str] = {node: name for name, node in sources.items()}
    known = len(names)
    taken = list(dict.fromkeys(node for root in back for node in saved(root, gradient)))
    for node in taken:
        names.setdefault(node, "value" if node is value else f"saved{len(names) - known}")
    kept = {names[node]: node for node in taken if names[node] not in sources}
    outputs = {f"gradient_{name}": node for name, node in zip(sources, back, strict=True)}
    return LayerPrograms(
        assemble(sources, {"value": value, **kept}),
        assemble({**{names[node]: node for node in taken}, "gradient": gradient}, outputs),
        assemble(sources, {"value": value}),
    )


def _parameters(layer: Layer, inputs: int, units: int) -> Mapping[str, Parameter]:
    return layer.parameters(*((units,),) * inputs)


def _kind(parameter: Parameter, units: int) -> Kind:
    """A number for each unit, or one for all. Raises NotTraceable for another number of them."""
    if parameter.size not in (1, units):
        raise NotTraceable("its parameters are neither one for each unit nor one for all")
    return Kind.FULL if parameter.size == units else Kind.ROW


def _wide(node: Node) -> Node:
    """The node, repeated for every unit if it is narrower."""
    return node if node.kind is Kind.FULL else copied(node)
