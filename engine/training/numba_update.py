"""The end of a step as the kernels run it: penalties, clipping, optimizer, learning-rate factors, constraints.

Knows no compiler.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.catalog.clipping import NoClipping
from engine.catalog.constraints import Constraint, NoConstraint
from engine.catalog.layers.layer import Parameter
from engine.catalog.regularizers import NoRegularizer
from engine.plan.plan import Plan
from engine.training.formulas import clipping_program, constraint_program, optimizer_program, regularizer_program
from engine.training.instructions import LANES, ROW_BYTES, Kernel
from engine.training.linking import Code, Layout
from engine.training.programs import Op
from engine.training.watch import begins_with, moves_momentum


def trace_update(plan: Plan) -> None:
    """Ask for every program that the end of a step needs; they are remembered. Raises NotTraceable."""
    training = plan.document.training
    optimizer_program(begins_with(training), moves_momentum(training))
    if not isinstance(training.clipping, NoClipping):
        clipping_program(training.clipping, _count(plan))
    for parameter in plan.parameters.values():
        if _penalised(parameter):
            regularizer_program(parameter.regularizer)
        if _constrained(parameter):
            constraint_program(parameter.constraint, parameter.size // parameter.shape[0])


def _count(plan: Plan) -> int:
    """How many numbers are learned."""
    return sum(parameter.size for parameter in plan.parameters.values())


def _penalised(parameter: Parameter) -> bool:
    return parameter.rate_factor > 0 and not isinstance(parameter.regularizer, NoRegularizer)


def _constrained(parameter: Parameter) -> bool:
    return parameter.rate_factor > 0 and not isinstance(parameter.constraint, NoConstraint)


class Learned:
    """Where a plan's weights, the optimizer's states and the gradient lie in a layout.

    In each of them one parameter lies behind the other, row-major, at the same distance from the beginning.
    """

    def __init__(self, plan: Plan, layout: Layout) -> None:
        """Take room for all of them: weights and states first, without a gap."""
        self._plan, self._layout = plan, layout
        self.offsets: dict[str, int] = {}
        """Bytes from the beginning to each parameter."""
        end = 0
        for name, parameter in plan.parameters.items():
            # What is done to one parameter is done to whole rows, which must not reach into another one.
            alone = _penalised(parameter) or parameter.rate_factor != 1
            end = _whole(end) if alone else end
            self.offsets[name] = 4 * end
            end += parameter.size
            end = _whole(end) if alone else end
        self.rows = _whole(end) // LANES
        """Rows of each."""
        training = plan.document.training
        self.program = optimizer_program(begins_with(training), moves_momentum(training))
        """What the optimizer does."""
        self.weights = layout.room(self.rows)
        self.states = {state: layout.room(self.rows) for state in self.program.initial}
        self.gradient = layout.room(self.rows)

    def update(self, code: Code) -> None:
        """Add the instructions for the end of a step, when the gradient of the loss is complete.

        Where nothing is penalised, clipped, slowed down or constrained, only the optimizer's.
        """
        self._penalties(code)
        self._clipping(code)
        before = list(self._kept(code))
        places = {"weight": self.weights, "gradient": self.gradient, **self.states}
        self._layout.link(code, self.program, self.rows, places)
        for parameter, weight, kept in before:
            self._slow(code, parameter, weight, kept)
        for name, parameter in self._plan.parameters.items():
            if _constrained(parameter):
                self._constrain(code, parameter.constraint, parameter.shape[0], parameter.size, self.offsets[name])

    def _penalties(self, code: Code) -> None:
        for name, parameter in self._plan.parameters.items():
            if _penalised(parameter):
                offset, program = self.offsets[name], regularizer_program(parameter.regularizer)
                places = {"weight": self.weights + offset, "gradient": self.gradient + offset}
                self._layout.link(code, program, _rows(parameter), places)

    def _clipping(self, code: Code) -> None:
        clipping = self._plan.document.training.clipping
        if not isinstance(clipping, NoClipping):
            program = clipping_program(clipping, _count(self._plan))
            self._layout.link(code, program, self.rows, {"gradient": self.gradient}, together=True)

    def _kept(self, code: Code) -> Iterator[tuple[Parameter, int, int]]:
        """The parameters with a learning rate of their own, where they lie, and where they are copied to."""
        for name, parameter in self._plan.parameters.items():
            if parameter.rate_factor != 1:
                rows, weight = _rows(parameter), self.weights + self.offsets[name]
                kept = self._layout.room(rows)
                code.add(Op.COPY, rows, kept, ROW_BYTES, weight, ROW_BYTES)
                yield parameter, weight, kept

    def _slow(self, code: Code, parameter: Parameter, weight: int, kept: int) -> None:
        """From where the optimizer went, back to its share of the way."""
        rows = _rows(parameter)
        if not parameter.rate_factor:
            code.add(Op.COPY, rows, weight, ROW_BYTES, kept, ROW_BYTES)
            return
        factor = self._layout.constant(parameter.rate_factor)
        code.add(Op.SUB, rows, weight, ROW_BYTES, weight, ROW_BYTES, kept, ROW_BYTES)
        code.add(Op.MULTIPLY_ADD, rows, weight, ROW_BYTES, weight, ROW_BYTES, factor, 0, kept, ROW_BYTES)

    def _constrain(self, code: Code, constraint: Constraint, units: int, size: int, offset: int) -> None:
        """Sixteen units at a time, a lane for each of them."""
        inputs = size // units
        program = constraint_program(constraint, inputs)
        room = self._layout.room(inputs)
        for first in range(0, units, LANES):
            weight, count = self.weights + offset + 4 * first * inputs, min(LANES, units - first)
            code.add(Kernel.GATHER_UNITS, inputs, room, count, weight)
            allowed = self._layout.link(code, program, inputs, {"weight": room})["weight"]
            code.add(Kernel.SPREAD_UNITS, inputs, weight, count, allowed)


def _rows(parameter: Parameter) -> int:
    """Rows that a parameter of its own fills."""
    return _whole(parameter.size) // LANES


def _whole(count: int) -> int:
    """Up to whole rows."""
    return -(-count // LANES) * LANES
