"""The graph of an ONNX file as it is written: nodes, stored arrays, and what each value was made by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import PlaygroundError
from engine.export.operations import Batch, Operations, Step, Value

Array = NDArray[Any]


class Graph:
    """Nodes in order, and the stored arrays by name."""

    def __init__(self, operations: Operations) -> None:
        import onnx

        self._helper = onnx.helper
        self.nodes: list[Any] = []
        self._cards: list[str] = []
        self.arrays: dict[str, Array] = dict(operations.constants)
        self.made_by = {step.name: step for step in operations.steps}
        self.shapes: dict[str, tuple[int | None, ...]] = {step.name: step.shape for step in operations.steps}
        self.shapes |= {given.name: (None, *given.shape) for given in operations.inputs}
        self.tests: set[str] = set()
        """Values that are true or false."""
        self.renamed: dict[str, str] = {}
        """Values that another value is the same as."""

    def emit(self, operator: str, inputs: Sequence[str], output: str, card: str, **attributes: Any) -> str:
        """Write a node; returns the name of its value."""
        self.nodes.append(self._helper.make_node(operator, list(inputs), [output], **attributes))
        self._cards.append(card)
        return output

    def stored(self, array: Any, name: str) -> str:
        """The name of an array, kept under this one or, if it is taken by another, one like it."""
        held = np.ascontiguousarray(array)
        wanted, number = name, 1
        while wanted in self.arrays and not _equal(self.arrays[wanted], held):
            number += 1
            wanted = f"{name}_{number}"
        self.arrays[wanted] = held
        return wanted

    def operand(self, value: Any, step: Step, *, like: str = "float32") -> str:
        """The name of an argument: a value, or a plain number that is stored."""
        if isinstance(value, Value):
            return self.renamed.get(value.name, value.name)
        if isinstance(value, bool | int | float):
            kind = like if like in ("float32", "int64", "bool") else "float32"
            return self.stored(np.array(value, kind), f"{step.card}.{_spelled(value)}")
        raise missing(step)

    def constant(self, value: Any) -> Array | None:
        """The array that a value stands for, if it does not depend on the samples."""
        return self.arrays.get(self.renamed.get(value.name, value.name)) if isinstance(value, Value) else None

    def maker(self, value: Any, operator: str) -> Step | None:
        """The step that made a value, if it was this operator."""
        step = self.made_by.get(value.name) if isinstance(value, Value) else None
        return step if step is not None and step.operator == operator else None

    def shape(self, value: Any) -> tuple[int | None, ...]:
        """The shape of a value; None is the batch."""
        if isinstance(value, Value):
            array = self.constant(value)
            return self.shapes[value.name] if array is None else array.shape
        return ()

    def finish(self, outputs: Sequence[str]) -> None:
        """Take out the nodes and arrays that nothing needs, and name the rest, the first of a card like it."""
        needed, kept = set(outputs), []
        for node, card in zip(reversed(self.nodes), reversed(self._cards), strict=True):
            if node.output[0] in needed:
                needed |= set(node.input)
                kept.append((node, card))
        kept.reverse()
        self.nodes = [node for node, _ in kept]
        self.arrays = {name: array for name, array in self.arrays.items() if name in needed}
        taken: set[str] = set()
        for node, card in kept:
            name = next(each for each in (card, node.output[0], f"{card}_{node.op_type}") if each not in taken)
            taken.add(name)
            node.name = name


def out(graph: Graph, step: Step, operator: str, *inputs: str, **attributes: Any) -> None:
    """Write the node whose value is that of the step."""
    graph.emit(operator, inputs, step.name, step.card, **attributes)


def between(graph: Graph, step: Step, operator: str, what: str, *inputs: str, **attributes: Any) -> str:
    """Write a node on the way to a step's value; returns the name of its own."""
    return graph.emit(operator, inputs, f"{step.name}_{what}", step.card, **attributes)


def missing(step: Step) -> PlaygroundError:
    """The error for what ONNX has no word for."""
    return PlaygroundError(
        "{card} computes {operator}, which has no ONNX operator here; export a PyTorch program (.pt2) instead",
        card=step.card,
        operator=f"{step.operator}.{step.overload}",
    )


def lengths(step: Step, sizes: Sequence[Any]) -> list[int]:
    """A shape as Reshape wants it: 0 keeps the length of the batch."""
    found = []
    for place, size in enumerate(sizes):
        if size is Batch.SIZE and place:
            raise missing(step)
        found.append(0 if size is Batch.SIZE else int(size))
    return found


def _equal(one: Array, other: Array) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def _spelled(value: Any) -> str:
    return str(value).replace("-", "minus_").replace(".", "_")
