"""Programs: the formulas of the catalogue as lists of vector instructions, for any engine to run.

A program works on registers. A FULL register holds one number per unit and sample, (units, samples), or, for optimizers
and regularizers, one per parameter; a ROW register holds one number per sample, shared by all units. `Program.run` is
the meaning of a program in NumPy; an engine that runs it otherwise must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.catalog.functions import ERF

Array = NDArray[Any]


class Op(IntEnum):
    """What an instruction computes from its operands a, b, c; lane by lane, except where it says otherwise.

    Comparisons give 1 or 0. MAXIMUM, MINIMUM and MAX_ROWS hand NaN on, as NumPy's do.
    """

    ADD = 0
    SUB = 1
    MUL = 2
    DIV = 3
    NEGATE = 4
    ABS = 5
    SIGN = 6
    """-1, 0 or 1; NaN for NaN."""
    MAXIMUM = 7
    MINIMUM = 8
    GREATER = 9
    GREATER_EQUAL = 10
    LESS = 11
    LESS_EQUAL = 12
    EQUAL = 13
    WHERE = 14
    """b where a is not 0, c elsewhere."""
    SQRT = 15
    SQUARE = 16
    RECIPROCAL = 17
    EXP = 18
    EXPM1 = 19
    LOG = 20
    LOG1P = 21
    TANH = 22
    SIN = 23
    COS = 24
    POWER = 25
    """a to the power b."""
    FLOOR = 26
    SUM_ROWS = 27
    """The sum over the units: FULL to ROW."""
    MAX_ROWS = 28
    """The largest over the units: FULL to ROW."""
    COPY = 29
    """The operand, repeated for every unit if the target is FULL and it is not."""
    MULTIPLY_ADD = 30
    """a · b + c, with or without rounding the product."""
    MULTIPLY_SUBTRACT = 31
    """a · b − c, likewise."""
    SUBTRACT_PRODUCT = 32
    """c − a · b, likewise."""
    ERF = 33
    """The error function."""


class Kind(IntEnum):
    """How much a value holds. A register is FULL or ROW; what is UNIFORM is known before a program runs."""

    FULL = 0
    """One number per unit and sample, or one per parameter."""
    ROW = 1
    """One number per sample, shared by the units."""
    UNIFORM = 2
    """One number: a constant, or what follows from learning rate and step alone. Its register is a ROW."""


class Instruction(NamedTuple):
    """One operation: `registers[target] = op(*registers[operands])`.

    The target may be one of the operands of a lane by lane operation. Its kind is the widest among its operands',
    except for the reductions and for COPY; operands may be of either kind.
    """

    op: Op
    target: int
    operands: tuple[int, ...]


class Uniform(NamedTuple):
    """A ROW register filled with a number that follows from learning rate and step."""

    register: int
    evaluate: Callable[[Mapping[str, Array]], Array]
    """From {"rate": …, "step": …}, float64 arrays of one shape, to the numbers for those steps in that shape."""


_COMPUTE: Mapping[Op, Callable[..., Array]] = MappingProxyType(
    {
        Op.ADD: np.add,
        Op.SUB: np.subtract,
        Op.MUL: np.multiply,
        Op.DIV: np.divide,
        Op.NEGATE: np.negative,
        Op.ABS: np.abs,
        Op.SIGN: np.sign,
        Op.MAXIMUM: np.maximum,
        Op.MINIMUM: np.minimum,
        Op.GREATER: np.greater,
        Op.GREATER_EQUAL: np.greater_equal,
        Op.LESS: np.less,
        Op.LESS_EQUAL: np.less_equal,
        Op.EQUAL: np.equal,
        Op.WHERE: np.where,
        Op.SQRT: np.sqrt,
        Op.SQUARE: np.square,
        Op.RECIPROCAL: np.reciprocal,
        Op.EXP: np.exp,
        Op.EXPM1: np.expm1,
        Op.LOG: np.log,
        Op.LOG1P: np.log1p,
        Op.TANH: np.tanh,
        Op.SIN: np.sin,
        Op.COS: np.cos,
        Op.POWER: np.power,
        Op.FLOOR: np.floor,
        Op.SUM_ROWS: lambda a: a.sum(axis=0),
        Op.MAX_ROWS: lambda a: a.max(axis=0),
        Op.COPY: lambda a: a,
        Op.MULTIPLY_ADD: lambda a, b, c: a * b + c,
        Op.MULTIPLY_SUBTRACT: lambda a, b, c: a * b - c,
        Op.SUBTRACT_PRODUCT: lambda a, b, c: c - a * b,
        Op.ERF: ERF,
    }
)


def compute(op: Op, *operands: Any, dtype: DTypeLike = np.float64) -> Array:
    """What an operation gives in NumPy, in floating-point numbers whatever it is; units along the first axis."""
    with np.errstate(all="ignore"):
        return apply(op, *operands, dtype=dtype)


def apply(op: Op, *operands: Any, dtype: DTypeLike = np.float64) -> Array:
    """The same, with NumPy's warnings as they are set."""
    return np.asarray(_COMPUTE[op](*operands), dtype)


@dataclass(frozen=True)
class Program:
    """Instructions over registers, to be run in order.

    Inputs are never written, with one exception: an output that has an input's name replaces it in the same register
    (`weight` of an optimizer). Constants and uniforms are never written. Every other output has a register that is
    written by one instruction only, so an engine may place it where it likes. An output that equals an input, or
    another output, shares its register and costs no instruction.
    """

    instructions: tuple[Instruction, ...] = ()
    kinds: tuple[Kind, ...] = ()
    """FULL or ROW, by register."""
    inputs: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Register of each input by name."""
    outputs: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Register of each output by name."""
    constants: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    """ROW registers that hold one number throughout."""
    uniforms: tuple[Uniform, ...] = ()
    """ROW registers that are filled anew for every step."""
    initial: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """What each state of an optimizer starts from, by name, in the order of first use."""

    @property
    def register_count(self) -> int:
        """How many registers there are."""
        return len(self.kinds)

    def run(
        self,
        inputs: Mapping[str, Array],
        environment: Mapping[str, float] | None = None,
        dtype: DTypeLike = np.float64,
    ) -> dict[str, Array]:
        """The outputs by name. FULL arrays are (units, samples) or any shape without units; ROW ones (samples,).

        `environment` gives "rate" and "step" to a program with uniforms.
        """
        registers: list[Array] = [np.empty(0, dtype)] * self.register_count
        shape: tuple[int, ...] = ()
        for name, register in self.inputs.items():
            registers[register] = np.asarray(inputs[name], dtype)
            if self.kinds[register] is Kind.FULL:
                shape = registers[register].shape
        for register, value in self.constants.items():
            registers[register] = np.asarray(value, dtype)
        known = {name: np.asarray(value, np.float64) for name, value in (environment or {}).items()}
        for uniform in self.uniforms:
            registers[uniform.register] = uniform.evaluate(known).astype(dtype)
        for op, target, operands in self.instructions:
            value_of = compute(op, *(registers[operand] for operand in operands), dtype=dtype)
            wanted = shape if self.kinds[target] is Kind.FULL else shape[1:]
            registers[target] = np.broadcast_to(value_of, wanted)
        return {name: np.array(registers[register]) for name, register in self.outputs.items()}
