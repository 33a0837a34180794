"""Assembly: from expressions to a program with few instructions and few registers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from engine.training.expressions import Node, beneath, copied
from engine.training.programs import Array, Instruction, Kind, Op, Program, Uniform, apply


def assemble(
    inputs: Mapping[str, Node],
    outputs: Mapping[str, Node],
    initial: Mapping[str, float] | None = None,
) -> Program:
    """The program that computes the outputs, FULL or ROW; what the inputs are computed from is not looked at."""
    apart = _apart(inputs, outputs)
    steps = _fused(_needed(inputs, apart.values()), set(apart.values()))
    return _Registers(inputs, apart, steps).program(initial or {})


def _apart(inputs: Mapping[str, Node], outputs: Mapping[str, Node]) -> dict[str, Node]:
    """The outputs, with copies where one register cannot be both an input's old value and another's new one."""
    changed = {inputs[name] for name, node in outputs.items() if name in inputs and node is not inputs[name]}
    given = set(inputs.values())
    found: dict[str, Node] = {}
    for name, node in outputs.items():
        taken = node in changed if name not in inputs else node in given and node is not inputs[name]
        found[name] = copied(node) if taken else node
    return found


def _needed(inputs: Mapping[str, Node], roots: Iterable[Node]) -> list[Node]:
    """The nodes that need an instruction, operands first; inputs and what is uniform are known before."""
    known = set(inputs.values())
    return [node for node in beneath(roots, known) if node.kind is not Kind.UNIFORM]


class _Step(NamedTuple):
    """An operation that becomes an instruction; it gives the value of the node."""

    node: Node
    op: Op
    operands: tuple[Node, ...]


def _fused(nodes: list[Node], kept: set[Node]) -> list[_Step]:
    """The steps in order; a product that is only added or subtracted joins the steps that do it."""
    users: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for operand in set(node.operands):
            if operand in users:
                users[operand].append(node)
    product_of: dict[Node, Node] = {}
    for node, sums in users.items():
        if node.op in (Op.MUL, Op.SQUARE) and node not in kept and all(_takes(user, node) for user in sums):
            free = [user for user in sums if user not in product_of]
            if len(free) == len(sums):
                product_of.update(dict.fromkeys(sums, node))
    joined = set(product_of.values())
    return [_step(node, product_of.get(node)) for node in nodes if node not in joined]


def _takes(user: Node, product: Node) -> bool:
    """Whether the user is a sum or difference that the product can join without being computed more often."""
    return user.op in (Op.ADD, Op.SUB) and user.kind is product.kind and user.operands.count(product) == 1


def _step(node: Node, product: Node | None) -> _Step:
    assert node.op is not None
    if product is None:
        return _Step(node, node.op, node.operands)
    factors = product.operands * 2 if product.op is Op.SQUARE else product.operands
    first, second = node.operands
    if node.op is Op.ADD:
        return _Step(node, Op.MULTIPLY_ADD, (*factors, second if first is product else first))
    if first is product:
        return _Step(node, Op.MULTIPLY_SUBTRACT, (*factors, second))
    return _Step(node, Op.SUBTRACT_PRODUCT, (*factors, first))


class _Registers:
    """Gives every value a register; those of values that are read no more are taken again."""

    def __init__(self, inputs: Mapping[str, Node], outputs: Mapping[str, Node], steps: list[_Step]) -> None:
        self._inputs = inputs
        self._outputs = outputs
        self._steps = steps
        self._kinds: list[Kind] = []
        self._constants: dict[int, float] = {}
        self._uniforms: list[Uniform] = []
        self._of: dict[Node, int] = {}
        self._last = {operand: place for place, step in enumerate(steps) for operand in step.operands}

    def program(self, initial: Mapping[str, float]) -> Program:
        """Number the registers and write the instructions."""
        for node in self._inputs.values():
            self._of[node] = self._new(node.kind)
        inputs = {name: self._of[node] for name, node in self._inputs.items()}
        for operand in self._last:
            if operand.kind is Kind.UNIFORM and operand not in self._of:
                self._of[operand] = self._filled(operand)
        outputs, late = self._place_outputs(inputs)
        instructions = self._instructions()
        for target, node in late.items():
            instructions.append(Instruction(Op.COPY, target, (self._of[node],)))
        return Program(
            tuple(instructions),
            tuple(self._kinds),
            MappingProxyType(inputs),
            MappingProxyType(outputs),
            MappingProxyType(self._constants),
            tuple(self._uniforms),
            MappingProxyType(dict(initial)),
        )

    def _place_outputs(self, inputs: Mapping[str, int]) -> tuple[dict[str, int], dict[int, Node]]:
        """The register of every output; and those that can only be written at the end, with what goes there."""
        order = {step.node: place for place, step in enumerate(self._steps)}
        found: dict[str, int] = {}
        late: dict[int, Node] = {}
        for name, node in self._outputs.items():
            before = self._inputs.get(name)
            if before is None:
                if node not in self._of:
                    self._of[node] = self._new(node.kind)
                found[name] = self._of[node]
                continue
            found[name] = inputs[name]
            if node is before:
                continue
            if node not in self._of and order[node] >= self._last.get(before, -1):
                self._of[node] = found[name]
            else:
                late[found[name]] = node
        for node in late.values():
            if node not in self._of:
                self._of[node] = self._new(node.kind)
        return found, late

    def _instructions(self) -> list[Instruction]:
        found: list[Instruction] = []
        free: dict[Kind, list[int]] = {Kind.FULL: [], Kind.ROW: []}
        lasting = set(self._of.values())
        for place, (node, op, operands) in enumerate(self._steps):
            sources = tuple(self._of[operand] for operand in operands)
            for operand in dict.fromkeys(operands):
                if self._last[operand] == place and self._of[operand] not in lasting:
                    free[operand.kind].append(self._of[operand])
            if node not in self._of:
                self._of[node] = free[node.kind].pop() if free[node.kind] else self._new(node.kind)
            found.append(Instruction(op, self._of[node], sources))
        return found

    def _new(self, kind: Kind) -> int:
        self._kinds.append(kind)
        return len(self._kinds) - 1

    def _filled(self, node: Node) -> int:
        """The register of a value that is known before the program runs."""
        register = self._new(Kind.ROW)
        if node.constant:
            self._constants[register] = node.value
        else:
            self._uniforms.append(Uniform(register, _evaluator(node)))
        return register


def _evaluator(root: Node) -> Callable[[Mapping[str, Array]], Array]:
    """What computes a value that follows from learning rate and step, for many steps at once.

    The way through the expression is found once: finding it takes longer than the numbers of a thousand steps.
    """
    nodes = tuple(beneath([root]))
    places = {node: place for place, node in enumerate(nodes)}
    operands = [tuple(places[operand] for operand in node.operands) for node in nodes]

    def evaluate(known: Mapping[str, Array]) -> Array:
        values: list[Array] = []
        with np.errstate(all="ignore"):
            for node, sources in zip(nodes, operands, strict=True):
                if node.op is not None:
                    values.append(apply(node.op, *(values[source] for source in sources)))
                else:
                    values.append(np.asarray(known[node.name] if node.name else node.value, np.float64))
        return values[-1]

    return evaluate
