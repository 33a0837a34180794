"""What a network costs, counted before anything is built."""

from __future__ import annotations

import math

from engine.document.graph import Document
from engine.plan.plan import Cost, NodePlan

MEMORY_LIMIT = 4 * 2**30
"""Largest network that is built, bytes: what a learner's machine can spare."""

MOST_VALUES = 2**28
"""Most values that one card may give for one sample; beyond, counting on would be idle."""

_COPIES = 4  # the weights, their gradients, and the two moments of Adam
_FLOAT = 4


def cost_of(document: Document, plans: list[NodePlan]) -> Cost:
    """The sums for the resolved cards."""
    parameters = sum(plan.parameter_count for plan in plans)
    buffers = sum(plan.buffer_count for plan in plans)
    values = sum(_values(plan) for plan in plans)
    memory = _bytes(parameters, buffers, values, document.batch_size)
    return Cost(parameters, sum(plan.multiply_adds for plan in plans), memory)


def memory_of(plan: NodePlan, batch: int) -> int:
    """Bytes that a card takes while a batch is trained on; 0 while its shape is unknown."""
    return _bytes(plan.parameter_count, plan.buffer_count, _values(plan), batch)


def _values(plan: NodePlan) -> int:
    """Values of one sample that a card keeps for the backward pass."""
    if plan.output_shape is None:
        return 0
    return math.prod(plan.output_shape) + plan.layer.inner_values(*plan.input_shapes)


def _bytes(parameters: int, buffers: int, values: int, batch: int) -> int:
    # the values of a batch are kept for the backward pass, and their gradients beside them
    return _FLOAT * (_COPIES * parameters + buffers + 2 * batch * values)


def fixed_count(plan: NodePlan) -> int:
    """Number of values that a card has and does not learn: those it keeps (running means), and frozen ones."""
    frozen = sum(parameter.size for parameter in plan.parameters.values() if not parameter.rate_factor)
    return frozen + plan.buffer_count


def readable(size: float) -> str:
    """Bytes in words: `readable(3 * 2**20)` is "3.0 MB"."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")
