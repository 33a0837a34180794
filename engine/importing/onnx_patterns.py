"""Layers for which ONNX has no operator, or had none: what exporters write for them, found again as one node each.

What is found is as sure as the file's constants: where anything else is in the place of one of them, or where another
node reads a value in between, the nodes are left as they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from engine.importing.building import Array
from engine.importing.onnx_file import ModelRead, NodeRead, tensor_array

GROUPS = "Reshape … InstanceNormalization"
"""What a group normalization that was found is called. Inputs: value, and weight and bias where there are some."""
_MOST_CONSTANT = 4096
"""Numbers of a constant that is looked at here."""


def found_layers(model: ModelRead) -> ModelRead:
    """The model with one node for each group normalization and each local response normalization."""
    graph = _Graph(model)
    changed: dict[int, NodeRead | None] = {}
    for node in model.nodes:
        if node.operator == "Reshape":
            changed |= _group_normalization(graph, node)
        elif node.operator == "Mul":
            changed |= _response_normalization(graph, node)
    nodes = (changed.get(id(node), node) for node in model.nodes)
    return dataclasses.replace(model, nodes=tuple(node for node in nodes if node is not None)) if changed else model


class _Graph:
    """Who makes and who reads each value."""

    def __init__(self, model: ModelRead) -> None:
        self._model = model
        self._makers = {name: node for node in model.nodes for name in node.outputs if name}
        self._readers = {name: node for node in model.nodes for name in node.inputs}

    def next(self, node: NodeRead | None, *operators: str) -> NodeRead | None:
        """The one node that reads what a node gives, if it is one of these operators."""
        if node is None or len(node.outputs) != 1 or self._model.uses[node.outputs[0]] != 1:
            return None
        found = self._readers.get(node.outputs[0])
        return found if found is not None and found.operator in operators else None

    def is_shape_of(self, name: str, value: str) -> bool:
        """Whether a value is computed as the shape of another."""
        maker = self._makers.get(name)
        return maker is not None and maker.operator == "Shape" and maker.inputs[:1] == (value,) and not maker.attributes

    def constant(self, node: NodeRead, place: int) -> Array | None:
        """An input that is a small constant."""
        name = node.inputs[place] if place < len(node.inputs) else ""
        maker = self._makers.get(name)
        if maker is not None and maker.operator == "Constant" and maker.attributes.get("value") is not None:
            found = tensor_array(maker.attributes["value"], name)
        elif name in self._model.tensors:
            found = self._model.stored(name)
        else:
            return None
        return found if 0 < found.size <= _MOST_CONSTANT else None

    def whole(self, node: NodeRead, place: int, attribute: str = "") -> tuple[int, ...]:
        """Whole numbers that an attribute or a constant input gives; () where there are none."""
        if node.attributes.get(attribute) is not None:
            return tuple(node.attributes[attribute])
        found = self.constant(node, place)
        return tuple(found.ravel().tolist()) if found is not None and found.dtype.kind == "i" else ()

    def beside(self, node: NodeRead | None, before: NodeRead | None) -> str:
        """The stored array that a node of two inputs reads beside what the one before gives; "" if it is none."""
        if node is None or before is None or len(node.inputs) != 2:
            return ""
        other = node.inputs[1] if node.inputs[0] == before.outputs[0] else node.inputs[0]
        return other if other in self._model.tensors else ""

    def number(self, node: NodeRead, before: NodeRead) -> float | None:
        """The one number that a node of two inputs has beside what the one before gives."""
        if len(node.inputs) != 2:
            return None
        found = self.constant(node, 1 if node.inputs[0] == before.outputs[0] else 0)
        return float(found.ravel()[0]) if found is not None and found.size == 1 and found.dtype.kind == "f" else None


def _group_normalization(graph: _Graph, first: NodeRead) -> Mapping[int, NodeRead | None]:
    """(n, groups, rest) → InstanceNormalization without weights → the shape it had → · weight → + bias."""
    rows = graph.whole(first, 1)
    normal = graph.next(first, "InstanceNormalization")
    back = graph.next(normal, "Reshape")
    if normal is None or back is None or len(rows) != 3 or rows[0] != 0 or rows[1] < 1 or rows[2] != -1:
        return {}
    weight, bias = graph.constant(normal, 1), graph.constant(normal, 2)
    plain = weight is not None and bias is not None and bool((weight == 1).all()) and not bias.any()
    shape = graph.whole(back, 1)
    if not plain or not (graph.is_shape_of(back.inputs[1], first.inputs[0]) or (len(shape) > 1 and 0 not in shape[1:])):
        return {}
    if len(shape) > 1 and shape[1] % rows[1]:
        return {}  # groups that share a channel: no card computes that in one
    inputs, changed = first.inputs[:1], {id(normal): None, id(back): back}
    scaled = graph.next(back, "Mul")
    shifted = graph.next(scaled, "Add")
    arrays = graph.beside(scaled, back), graph.beside(shifted, scaled)
    if all(arrays) and scaled is not None and shifted is not None:
        inputs += arrays
        changed |= {id(scaled): None, id(shifted): None, id(back): dataclasses.replace(back, outputs=shifted.outputs)}
    attributes = {"num_groups": rows[1], "epsilon": normal.attributes.get("epsilon", 1e-5)}
    # The second Reshape stays: after the normalization the values stand as they did before it.
    return changed | {id(first): NodeRead(first.name, GROUPS, inputs, normal.outputs, attributes)}


def _response_normalization(graph: _Graph, first: NodeRead) -> Mapping[int, NodeRead | None]:
    """x² → channels as an axis of an image → mean of neighbours → back → · alpha → + bias → ^ beta; x through that."""
    if len(first.inputs) != 2 or first.inputs[0] != first.inputs[1]:
        return {}
    apart = graph.next(first, "Unsqueeze", "Reshape")
    pool = graph.next(apart, "AveragePool")
    back = graph.next(pool, "Squeeze", "Reshape")
    times = graph.next(back, "Mul")
    plus = graph.next(times, "Add")
    power = graph.next(plus, "Pow")
    last = graph.next(power, "Div")
    path = [apart, pool, back, times, plus, power, last]
    if apart is None or pool is None or back is None or times is None or plus is None or power is None or last is None:
        return {}
    numbers = graph.number(times, back), graph.number(plus, times), graph.number(power, plus)
    if last.inputs != (first.inputs[0], power.outputs[0]) or power.inputs[0] != plus.outputs[0] or None in numbers:
        return {}
    size, channels = _neighbours(pool), _channels(graph, apart)
    if not size or channels is None or (back.operator == "Squeeze" and graph.whole(back, 1, "axes") != (1,)):
        return {}
    alpha, bias, beta = numbers
    attributes = {"size": size, "alpha": alpha, "bias": bias, "beta": beta, "channels": channels}
    removed: dict[int, NodeRead | None] = {id(node): None for node in path}
    return removed | {id(first): NodeRead(first.name, "LRN", first.inputs[:1], last.outputs, attributes)}


def _neighbours(pool: NodeRead) -> int:
    """How many channels a mean goes over, with zeros beyond the first and the last; 0 if it is another mean."""
    kernel: tuple[int, ...] = pool.attributes.get("kernel_shape") or ()
    size = kernel[0] if len(kernel) in (2, 3) else 0
    around = (size // 2, *(0,) * (len(kernel) - 1))
    same = (
        size % 2 == 1
        and set(kernel[1:]) == {1}
        and pool.attributes.get("pads") == around + around
        and set(pool.attributes.get("strides") or (1,)) == {1}
        and set(pool.attributes.get("dilations") or (1,)) == {1}
        and pool.attributes.get("count_include_pad") == 1
        and not pool.attributes.get("ceil_mode", 0)
        and pool.attributes.get("auto_pad", "NOTSET") == "NOTSET"
    )
    return size if same else 0


def _channels(graph: _Graph, apart: NodeRead) -> int | None:
    """How many channels a node puts behind an axis of length 1; 0: all of them; None: it does something else."""
    if apart.operator == "Unsqueeze":
        return 0 if graph.whole(apart, 1, "axes") == (1,) else None
    shape = graph.whole(apart, 1)
    return shape[2] if len(shape) == 5 and shape[:2] == (0, 1) and shape[2] > 0 else None
