"""A network too large for the machine: the sum, what takes most of it, and the edits that make it smaller."""

from __future__ import annotations

from collections.abc import Iterable

from engine.document.errors import Sentence
from engine.document.graph import Document
from engine.plan import remedies
from engine.plan.cost import MEMORY_LIMIT, memory_of, readable
from engine.plan.plan import NodePlan, Problem, Remedy


def too_large(document: Document, plans: Iterable[NodePlan]) -> Problem:
    """Says what a network needs, weights and activations apart, on the card that takes most."""
    known = list(plans)
    batch = document.batch_size
    weights = sum(memory_of(plan, 0) for plan in known)
    activations = sum(memory_of(plan, batch) for plan in known) - weights
    largest = max(known, key=lambda plan: memory_of(plan, batch))
    sentence = Sentence(
        "This network needs {memory} of memory to train, {weights} for {parameters} parameters with gradients and "
        "optimizer state and {activations} for the values of a batch of {batch}; the limit is {limit}, and most goes "
        "to {node}",
        {
            "memory": readable(weights + activations),
            "weights": readable(weights),
            "parameters": f"{sum(plan.parameter_count for plan in known):,}",
            "activations": readable(activations),
            "batch": batch,
            "limit": readable(MEMORY_LIMIT),
            "node": largest.node.id,
        },
    )
    offered = (*_smaller_batch(document, weights, activations), *remedies.shrink(largest.node))
    return Problem("too_large", sentence, largest.node.id, offered)


def _smaller_batch(document: Document, weights: int, activations: int) -> tuple[Remedy, ...]:
    """The largest power of two that a batch can be, if that is what takes too much and it is for the user to set."""
    batch = document.batch_size
    fitting = max(0, MEMORY_LIMIT - weights) * batch // max(1, activations)
    if document.training.optimizer.full_batch or not 0 < fitting < batch:
        return ()
    size = 1 << (fitting.bit_length() - 1)
    label = Sentence("Set the batch size to {count}", {"count": size})
    return (Remedy(label, lambda document: document.set_training(batch_size=size)),)
