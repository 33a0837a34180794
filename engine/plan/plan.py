"""The parts of a plan: what is known about each card, what is wrong, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from engine.catalog.layers.layer import Buffer, Layer, Parameter, Shape
from engine.catalog.losses import Loss
from engine.document.errors import Sentence
from engine.document.graph import Document, Node
from engine.plan.looks import Look
from engine.plan.target import Target

Edit = Callable[[Document], Document]


@dataclass(frozen=True)
class Remedy:
    """An edit that would mend a problem, offered as a button."""

    label: Sentence
    edit: Edit = field(compare=False)
    reads: bool = False
    """Whether the edit reads files, so that a window should not wait for it."""


@dataclass(frozen=True)
class Problem:
    """One thing that keeps the network from training: on a card (`node`), or on the whole document (None).

    One of `severity` "warning" keeps it from nothing: it trains, though not as well as it could.
    """

    kind: str
    sentence: Sentence
    node: str | None = None
    remedies: tuple[Remedy, ...] = ()
    severity: str = "error"


@dataclass(frozen=True)
class NodePlan:
    """What is known about one card."""

    node: Node
    sources: tuple[str, ...] = ()
    input_shapes: tuple[Shape, ...] = ()
    output_shape: Shape | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))
    multiply_adds: int = 0
    problems: tuple[Problem, ...] = ()
    buffers: Mapping[str, Buffer] = field(default_factory=lambda: MappingProxyType({}))
    weights_of: str | None = None
    """The card whose weights it uses, where it has none of its own."""

    @property
    def layer(self) -> Layer:
        """The card's layer."""
        return self.node.layer

    @property
    def parameter_count(self) -> int:
        """Number of values that it learns."""
        return sum(parameter.size for parameter in self.parameters.values())

    @property
    def buffer_count(self) -> int:
        """Number of values that it keeps without learning them."""
        return sum(buffer.size for buffer in self.buffers.values())


@dataclass(frozen=True)
class Cost:
    """Sums over the cards: learned values, multiply-adds of one sample forward, bytes to train one batch."""

    parameters: int
    multiply_adds: int
    memory_bytes: int


@dataclass(frozen=True)
class OutputPlan:
    """An answer that is compared with the targets."""

    node: str
    """The card that gives it: an Output card hands on what the card before it answers."""
    loss: Loss
    weight: float
    """What its loss is multiplied by in the sum that training makes smaller."""
    target: Target


@dataclass(frozen=True)
class Plan:
    """What a document means: order, shapes, costs, problems.

    `order` lists the nodes so that each comes after its sources; nodes on a cycle are absent. `output` is the node
    that gives the main answer, None if there is none, and `target` what it stands for. `outputs` are all answers that
    training compares with the targets, the main one first; they are complete when the plan is ready.
    """

    document: Document
    nodes: Mapping[str, NodePlan]
    order: tuple[str, ...]
    output: str | None
    target: Target | None
    cost: Cost
    problems: tuple[Problem, ...]
    outputs: tuple[OutputPlan, ...] = ()
    seen: Look = Look()
    """What was known of the data."""

    @property
    def ready(self) -> bool:
        """Whether it can be trained."""
        return not self.problems

    @cached_property
    def warnings(self) -> tuple[Problem, ...]:
        """What it can be trained with, though not as well as it could; nothing while a problem is in the way.

        Found when first asked for: a training process never asks.
        """
        from engine.plan.warnings import find

        return find(self)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Every learned array as "node.parameter", in order."""
        return {
            f"{node_id}.{name}": parameter
            for node_id in self.order
            for name, parameter in self.nodes[node_id].parameters.items()
        }

    @property
    def buffers(self) -> dict[str, Buffer]:
        """Every array that is kept without being learned, as "node.buffer", in order."""
        return {
            f"{node_id}.{name}": buffer
            for node_id in self.order
            for name, buffer in self.nodes[node_id].buffers.items()
        }

    @property
    def saved_shapes(self) -> dict[str, Shape]:
        """The shapes of all arrays that make up a trained network, learned or kept: what a file of weights holds."""
        arrays: dict[str, Parameter | Buffer] = {**self.parameters, **self.buffers}
        return {name: array.shape for name, array in arrays.items()}
