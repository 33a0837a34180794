"""The network of a plan at test time as a list of PyTorch's operators, with any number of samples in a batch.

Nothing here knows a layer: `torch.export` writes down what the cards' own modules and `forward` call. What writes
another language needs a table of operators alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from operator import getitem
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch._ops import OpOverload
from torch.export import ExportedProgram, default_decompositions
from torch.export.graph_signature import InputKind
from torch.fx import Node
from torch.fx.node import map_arg

from engine.document.errors import PlaygroundError
from engine.export.format import Subject
from engine.export.torch_module import Network, exported, inputs, quiet
from engine.plan.plan import Plan

_ATEN = torch.ops.aten
_KEPT = (
    "linear", "softmax.int", "log_softmax.int", "silu", "softplus", "mish", "hardsigmoid", "hardswish", "layer_norm",
    "group_norm", "instance_norm", "max_pool1d", "max_pool2d", "avg_pool1d", "upsample_nearest1d.vec",
    "upsample_nearest2d.vec", "upsample_linear1d.vec", "upsample_bilinear2d.vec",
)  # fmt: skip
"""Operators that stay whole: what they fall apart into says less, gives several results, or needs the batch's size."""
_SAME = ("clone", "detach", "alias", "contiguous", "lift_fresh_copy", "dropout")
"""Operators that give, at test time, the numbers they get."""
_RESHAPING = ("view", "_unsafe_view", "reshape", "slice", "expand")
"""Operators that give what they get where the shape stays."""


class Batch(Enum):
    """Stands among the arguments of a step for the number of samples in the batch."""

    SIZE = "samples"


@dataclass(frozen=True)
class Value:
    """Stands among the arguments of a step for an input, a constant or the result of an earlier step, by its name."""

    name: str


Shape = tuple[int | None, ...]
"""Lengths of the axes; None is the number of samples."""


@dataclass(frozen=True)
class Given:
    """What comes in: the array that an Input card passes on, (samples, *shape) float32."""

    name: str
    card: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Step:
    """One operator of PyTorch, `torch.ops.aten.<operator>.<overload>`.

    `arguments` are all of the operator's, by PyTorch's names, in its order, defaults filled in: `Value`, `Batch.SIZE`,
    plain values, and tuples of these. Types of numbers are given by name, such as "int64".
    """

    name: str
    """What the result is called: the card's name where it is what the card gives; unique among inputs and steps."""
    operator: str
    overload: str
    arguments: Mapping[str, Any]
    card: str
    """The id of the card that it belongs to."""
    shape: Shape


@dataclass(frozen=True)
class Answer:
    """What comes out: the value of a card after its activation, (samples, *shape) float32."""

    name: str
    """The step or input that gives it."""
    card: str
    shape: Shape


@dataclass(frozen=True, eq=False)
class Operations:
    """A network at test time.

    `constants` are learned and kept arrays by names such as "dense_1.weight", and arrays that are computed from nothing
    (a factor of an enlarged image) as "upsample_1.constant_1". `outputs` stand with the main answer first.
    """

    inputs: tuple[Given, ...]
    constants: Mapping[str, NDArray[Any]]
    steps: tuple[Step, ...]
    outputs: tuple[Answer, ...]

    def shape(self, value: Value) -> Shape:
        """The shape of what a value stands for."""
        for step in self.steps:
            if step.name == value.name:
                return step.shape
        for given in self.inputs:
            if given.name == value.name:
                return (None, *given.shape)
        return self.constants[value.name].shape


def exported_program(subject: Subject) -> ExportedProgram:
    """The network at test time as PyTorch's own program, weights included: what a .pt2 file holds."""
    return exported(Network(subject.plan, subject.weights), subject.plan)


def operations(subject: Subject) -> Operations:
    """The network at test time as operators. Raises PlaygroundError, naming the card, for what has none."""
    network = Network(subject.plan, subject.weights)
    program = exported(network, subject.plan)
    with quiet():
        program = program.run_decompositions(_decompositions())
    return _Lowering(subject.plan, network, program).operations()


def _decompositions() -> dict[Any, Callable[..., Any]]:
    """What falls apart into what: PyTorch's own table, without the operators that are kept whole."""
    found: dict[Any, Callable[..., Any]] = dict(default_decompositions())
    for name in _KEPT:
        found.pop(_operator(name), None)
    found[_ATEN.rrelu.default] = lambda x, lower=1 / 8, upper=1 / 3, *_: _ATEN.leaky_relu(x, (lower + upper) / 2)
    found[_ATEN.celu.default] = lambda x, alpha=1.0: _ATEN.elu(x, alpha, 1.0, 1.0 / alpha)
    return found


def _operator(name: str) -> Any:
    operator, _, overload = name.partition(".")
    return getattr(getattr(_ATEN, operator), overload or "default")


class _Lowering:
    """Turns the graph of an exported program into steps."""

    def __init__(self, plan: Plan, network: Network, program: ExportedProgram) -> None:
        self._plan, self._program = plan, program
        self._cards = {f"card_{name}": node_id for node_id, name in network.names.items()}
        self._names = network.names
        self._values: dict[Node, Any] = {}
        """What each node of the graph stands for: a Value, the batch's size, a constant array."""
        self._constants: dict[str, NDArray[Any]] = {}
        self._steps: list[Step] = []
        self._samples: Any = None
        """The symbol of the batch's size."""

    def operations(self) -> Operations:
        """The whole network."""
        given = tuple(
            Given(self._names[node_id], node_id, self._plan.nodes[node_id].output_shape or ())
            for node_id in inputs(self._plan)
        )
        self._enter(given)
        for node in self._program.graph.nodes:
            if node.op == "call_function":
                self._values[node] = self._lowered(node)
        (last,) = (node for node in self._program.graph.nodes if node.op == "output")
        results = [self._values[node] for node in last.args[0]]
        return self._finished(given, results)

    def _enter(self, given: tuple[Given, ...]) -> None:
        """Inputs and stored arrays."""
        nodes = {node.name: node for node in self._program.graph.nodes if node.op == "placeholder"}
        coming = iter(given)
        for spec in self._program.graph_signature.input_specs:
            node = nodes[spec.arg.name]
            if spec.kind is InputKind.USER_INPUT:
                self._values[node] = Value(next(coming).name)
                self._samples = node.meta["val"].shape[0].node.expr
                continue
            name = str(spec.target)
            stored = self._program.state_dict.get(name)
            array = (self._program.constants[name] if stored is None else stored).detach().numpy()
            if spec.kind is InputKind.CONSTANT_TENSOR:
                self._values[node] = array
            else:
                self._constants[name] = array
                self._values[node] = Value(name)

    def _lowered(self, node: Node) -> Any:
        """What a call gives."""
        target, card = node.target, self._card_of(node)
        if target is getitem and node.args[1] == 0:  # what else a normalization gives, its mean and such, nobody reads
            return self._argument(node.args[0])
        if not isinstance(target, OpOverload):
            raise _unwritable(str(target), card)
        if not target._schema.returns:  # it checks something
            return None
        operator, overload = target._schema.name.removeprefix("aten::"), target._overloadname
        if operator == "sym_size" and node.args[1] == 0:
            return Batch.SIZE
        arguments = self._arguments(node, target)
        shape, first = self._shape(node, card), next(iter(arguments.values()), None)
        if operator in _SAME or (operator == "_to_copy" and _type(node) == _type(node.args[0])):
            return first
        if operator in _RESHAPING and shape == self._shape(node.all_input_nodes[0], card):
            return first
        if operator == "full_like" and None not in shape:
            return torch.full(node.meta["val"].shape, arguments["fill_value"], dtype=_type(node)).numpy()
        if not any(isinstance(value, Value | Batch) for value in _leaves(arguments)):
            return self._computed(node, target)
        stored = {name: self._stored(value, card) for name, value in arguments.items()}
        if operator in ("view", "_unsafe_view"):  # the same numbers, however they lie in memory
            operator, stored = "reshape", {"self": stored["self"], "shape": stored["size"]}
        elif operator == "_native_batch_norm_legit_no_training":
            operator, stored = "batch_norm", {**stored, "training": False, "cudnn_enabled": False}
        name = f"%{len(self._steps)}"
        self._steps.append(Step(name, operator, overload or "default", stored, card, shape))
        return Value(name)

    def _card_of(self, node: Node) -> str:
        """The card whose operator it is."""
        for place, _ in node.meta.get("nn_module_stack", {}).values():
            found = self._cards.get(place.rpartition(".")[2])
            if found is not None:
                return found
        return self._plan.outputs[0].node

    def _arguments(self, node: Node, target: OpOverload) -> dict[str, Any]:
        """All arguments of a call, by PyTorch's names."""
        found = {}
        for place, declared in enumerate(target._schema.arguments):
            if place < len(node.args):
                value = node.args[place]
            else:
                value = node.kwargs.get(declared.name, declared.default_value if declared.has_default_value() else None)
            found[declared.name] = self._argument(value)
        return found

    def _argument(self, value: Any) -> Any:
        if isinstance(value, Node):
            return self._values[value]
        if isinstance(value, list | tuple):
            return tuple(self._argument(each) for each in value)
        if isinstance(value, torch.dtype):
            return str(value).removeprefix("torch.")
        return value if isinstance(value, int | float | str) else None

    def _computed(self, node: Node, target: OpOverload) -> NDArray[Any]:
        """What a call gives that depends on nothing that comes in."""
        arguments, named = map_arg((node.args, node.kwargs), lambda each: torch.as_tensor(self._values[each]))
        found: Tensor = target(*arguments, **named)
        return found.numpy()

    def _stored(self, value: Any, card: str) -> Any:
        """An argument with its arrays among the constants, under the name of the card that needs them."""
        if isinstance(value, tuple):
            return tuple(self._stored(each, card) for each in value)
        if not isinstance(value, np.ndarray):
            return value
        if not value.shape:
            return value.item()
        number = sum(name.startswith(f"{self._names[card]}.constant_") for name in self._constants) + 1
        name = f"{self._names[card]}.constant_{number}"
        self._constants[name] = value
        return Value(name)

    def _shape(self, node: Node, card: str) -> Shape:
        """The shape of what a call gives."""
        lengths: list[int | None] = []
        value = node.meta["val"]
        for length in (value[0] if isinstance(value, tuple | list) else value).shape:
            if isinstance(length, int):
                lengths.append(length)
            elif length.node.expr == self._samples:
                lengths.append(None)
            else:
                raise _unwritable(str(node.target), card)
        return tuple(lengths)

    def _finished(self, given: tuple[Given, ...], results: list[Any]) -> Operations:
        """What the results are computed from, each step under a name that says whose it is."""
        read, steps = {value.name for value in results}, []
        for step in reversed(self._steps):
            if step.name in read:
                steps.append(step)
                read |= {value.name for value in _leaves(step.arguments) if isinstance(value, Value)}
        steps.reverse()
        called = self._called(steps)
        answers = tuple(
            Answer(
                called.get(value.name, value.name),
                output.node,
                (None, *(self._plan.nodes[output.node].output_shape or ())),
            )
            for value, output in zip(results, self._plan.outputs, strict=True)
        )
        renamed = tuple(
            replace(step, name=called[step.name], arguments=_renamed(step.arguments, called)) for step in steps
        )
        constants = {name: array for name, array in self._constants.items() if name in read}
        return Operations(given, constants, renamed, answers)

    def _called(self, steps: list[Step]) -> dict[str, str]:
        """The name of each step's result: the card's for the last of a card, others say what was done to it."""
        last = {step.card: step.name for step in steps}
        taken, found = set(self._names.values()), {}
        for step in steps:
            card = self._names[step.card]
            if last[step.card] == step.name:
                found[step.name] = card
                continue
            plain = name = f"{card}_{step.operator.strip('_')}"
            count = 1
            while name in taken:
                count += 1
                name = f"{plain}_{count}"
            taken.add(name)
            found[step.name] = name
        return found


def _type(value: Any) -> Any:
    return value.meta["val"].dtype


def _leaves(value: Any) -> Iterator[Any]:
    """Whatever stands in arguments, at any depth."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def _renamed(value: Any, called: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _renamed(each, called) for name, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_renamed(each, called) for each in value)
    return Value(called[value.name]) if isinstance(value, Value) and value.name in called else value


def _unwritable(operator: str, card: str) -> PlaygroundError:
    return PlaygroundError(
        "{card} computes {operator}, which cannot be exported so; export PyTorch source instead",
        card=card,
        operator=operator,
    )
