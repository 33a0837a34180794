"""From programs to instructions: every value gets its place in one block of memory. Knows no compiler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

import numpy as np

from engine.training.instructions import FIELDS, ROW_BYTES, Kernel
from engine.training.programs import Kind, Op, Program, Uniform
from engine.training.trainer import Array

_REDUCTIONS = {Op.SUM_ROWS: Kernel.SUM_LANES, Op.MAX_ROWS: Kernel.MAX_LANES}
"""What takes rows together, and what then does so with the lanes."""


class Code:
    """A list of instructions that grows."""

    def __init__(self) -> None:
        self._lines: list[list[int]] = []

    def add(self, op: IntEnum, rows: int, *fields: int) -> None:
        """Add an instruction; fields that are not given are 0."""
        line = [int(op), rows, *fields]
        self._lines.append(line + [0] * (FIELDS - len(line)))

    @property
    def table(self) -> Array:
        """The instructions, (count, FIELDS) int32."""
        return np.array(self._lines, np.int32).reshape(-1, FIELDS)


class Layout:
    """Places in a run's memory, in bytes from its start; none is used for two things but those of passing values."""

    def __init__(self) -> None:
        self._end = 0
        self._constants: dict[float, int] = {}
        self._passing: dict[int, list[int]] = {}
        self.uniforms: list[Uniform] = []
        """What fills the uniform rows, which lie one behind the other."""
        self.first_uniform = 0
        """Place of the first uniform row."""

    @property
    def size(self) -> int:
        """Bytes that are needed."""
        return self._end

    def room(self, rows: int) -> int:
        """New rows, one behind the other."""
        place = self._end
        self._end += rows * ROW_BYTES
        return place

    def constant(self, value: float) -> int:
        """A row that holds one number throughout; to be filled with `fill`."""
        if value not in self._constants:
            self._constants[value] = self.room(1)
        return self._constants[value]

    def fill(self, memory: Array) -> None:
        """Write the constants into float32 memory."""
        for value, place in self._constants.items():
            memory[place // 4 : (place + ROW_BYTES) // 4] = value

    def link(
        self, code: Code, program: Program, rows: int, given: Mapping[str, int], *, together: bool = False
    ) -> dict[str, int]:
        """Add a program's instructions for values of so many rows.

        Reductions leave the lanes apart, unless all are taken `together` (parameters, one behind the other).
        `given` says where its inputs lie, and where an output is to go; other outputs get new rows. Returns the places
        of the outputs. One that equals an input, or another output, lies where that lies, whatever was asked for.
        """
        places = {register: given[name] for name, register in program.inputs.items()}
        for register, value in program.constants.items():
            places[register] = self.constant(value)
        for uniform in program.uniforms:
            if not self.uniforms:
                self.first_uniform = self._end
            self.uniforms.append(uniform)
            places[uniform.register] = self.room(1)
        counts = [rows if kind is Kind.FULL else 1 for kind in program.kinds]
        for name, register in program.outputs.items():
            if register not in places:
                places[register] = given[name] if name in given else self.room(counts[register])
        self._place_passing(places, counts)
        for op, target, operands in program.instructions:
            fields = [places[target], ROW_BYTES]
            for operand in operands:
                fields += [places[operand], ROW_BYTES if program.kinds[operand] is Kind.FULL else 0]
            code.add(op, counts[operands[0] if op in _REDUCTIONS else target], *fields)
            if together and op in _REDUCTIONS:
                code.add(_REDUCTIONS[op], 1, places[target])
        return {name: places[register] for name, register in program.outputs.items()}

    def _place_passing(self, places: dict[int, int], counts: list[int]) -> None:
        """Give places to what is needed within a program only: the same as in other programs."""
        used: dict[int, int] = {}
        for register, rows in enumerate(counts):
            if register in places:
                continue
            known = self._passing.setdefault(rows, [])
            number = used.get(rows, 0)
            if number == len(known):
                known.append(self.room(rows))
            places[register] = known[number]
            used[rows] = number + 1


def aligned(size: int) -> tuple[Array, Callable[[int, int], Array]]:
    """Float32 memory of so many bytes on a 64-byte boundary, all 0, and a function (place, count) to views of it."""
    block = np.zeros(size // 4 + ROW_BYTES // 4, np.float32)
    skip = -block.ctypes.data % ROW_BYTES // 4
    memory = block[skip : skip + size // 4]
    return memory, lambda place, count: memory[place // 4 : place // 4 + count]
