"""What the tests of programs share: entries with all kinds of settings, samples, and what a program promises."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.catalog.registry import Choice, Entry, Range, entries, form
from engine.document.errors import InvalidValueError
from engine.training.formulas import activation_programs, loss_program, optimizer_program, regularizer_program
from engine.training.programs import Kind, Op, Program

_EDGES = (-0.0, 0.0, 1.0, -1.0, 1e-12, -1e-12, 1e-300, 0.01, -0.01, 7.9, -7.9, 30.0, -30.0, 300.0, -300.0, 1e30)


def varied(cls: type[Entry]) -> Iterator[Any]:
    """The entry with its defaults, with each field at the ends and the middle of its range, and with pairs of those."""
    options: dict[str, list[Any]] = {}
    usual = {field.name: field.default for field in form(cls)}
    for field in form(cls):
        if field.kind is bool:
            options[field.name] = [False, True]
        elif isinstance(field.constraint, Choice):
            options[field.name] = list(field.constraint.options)
        elif isinstance(field.constraint, Range):
            middle = math.sqrt(max(0.0, field.constraint.low * field.constraint.high)) or 0.5
            options[field.name] = sorted({field.default, field.constraint.low, middle, field.constraint.high})
    for values in itertools.product(*options.values()):
        fields = dict(zip(options, values, strict=True))
        if sum(value != usual[name] for name, value in fields.items()) <= 2:
            try:
                yield cls(**fields)
            except InvalidValueError:
                continue  # two fields that exclude each other


def everything(kind: str) -> list[Any]:
    return [entry for cls in entries(kind).values() for entry in varied(cls)]


def samples(units: int, seed: int = 0, edges: bool = True) -> Any:
    """(units, samples), edge values among them."""
    rows = np.random.default_rng(seed).normal(0, 2, (units, 40))
    if edges:
        rows[:, : len(_EDGES)] = [np.roll(_EDGES, 3 * unit) for unit in range(units)]
    return rows


def check_agreement(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-12, atol=1e-12)


def traceable(kind: str) -> list[Any]:
    """The entries of a kind that have programs, with all kinds of settings: those that a kernel can run."""
    refused = ("stochastic", "closure_based")
    return [entry for entry in everything(kind) if not any(getattr(entry, name, False) for name in refused)]


def backward(programs: Any, given: Any, gradient: Any) -> Any:
    """The gradient through both programs, what the second takes up handed on by name."""
    known = {**programs.forward.run(given), **given, "gradient": gradient}
    return programs.backward.run({name: known[name] for name in programs.backward.inputs})["gradient_in"]


def every_program() -> Iterator[Program]:
    for activation in traceable("activations"):
        yield from activation_programs(activation, 3)
    yield from (loss_program(loss, 3) for loss in everything("losses"))
    yield from (optimizer_program(optimizer) for optimizer in traceable("optimizers"))
    yield from (regularizer_program(regularizer) for regularizer in everything("regularizers"))


def keeps_its_promises(program: Program) -> None:
    written = Counter(instruction.target for instruction in program.instructions)
    in_place = {program.outputs[name] for name in program.outputs if name in program.inputs}
    for name in program.outputs.keys() & program.inputs.keys():
        assert program.outputs[name] == program.inputs[name]
    given = {*program.inputs.values(), *program.constants, *(uniform.register for uniform in program.uniforms)}
    assert not (written.keys() & given) - in_place
    assert all(written[register] <= 1 for register in program.outputs.values())
    assert given | set(written) == set(range(program.register_count))
    filled = given.copy()
    for op, target, operands in program.instructions:
        assert set(operands) <= filled, "read before written"
        kinds = [program.kinds[operand] for operand in operands]
        if op in (Op.SUM_ROWS, Op.MAX_ROWS):
            assert kinds == [Kind.FULL] and program.kinds[target] is Kind.ROW
        elif op is not Op.COPY:
            assert program.kinds[target] is min(kinds)
        filled.add(target)
    assert all(program.kinds[register] is Kind.ROW for register in program.constants)
    assert all(program.kinds[uniform.register] is Kind.ROW for uniform in program.uniforms)


def ops(program: Program) -> list[Op]:
    return [instruction.op for instruction in program.instructions]
