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
    known = [(plan, plan.output_shape) for plan in plans if plan.output_shape is not None]
    activations = sum(math.prod(shape) + plan.layer.inner_values(*plan.input_shapes) for plan, shape in known)
    batch = document.batch_size
    # activations are kept for the backward pass, and their gradients beside them
    memory = _FLOAT * (_COPIES * parameters + sum(plan.buffer_count for plan in plans) + 2 * batch * activations)
    return Cost(parameters, sum(plan.multiply_adds for plan in plans), memory)


def readable(size: float) -> str:
    """Bytes in words: `readable(3 * 2**20)` is "3.0 MB"."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")
