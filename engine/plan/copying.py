"""Weights of another run as the initial values of a network: transfer learning, or the same start once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.initializers import FromRun, Initializer
from engine.document.errors import InvalidValueError
from engine.document.graph import Document
from engine.plan.data import random_stream
from engine.plan.plan import Plan
from engine.plan.resolve import resolve

MOST_COPIED = 1_000_000
"""Values that a document may carry along: about 5 MB of its file."""


def initial_weights(plan: Plan) -> dict[str, NDArray[np.float32]]:
    """What every parameter starts from, by "node.parameter": the same on every backend."""
    return {
        name: parameter.start(random_stream(plan.document.seed, "weights", name))
        for name, parameter in plan.parameters.items()
    }


def start_from(
    document: Document, weights: Mapping[str, NDArray[Any]], source: str
) -> tuple[Document, tuple[str, ...]]:
    """The document with initializers that copy `weights`, by "node.parameter", and the names that found no place.

    A parameter takes the values of its name and shape where its layer has an initializer of its own for it. `source`
    says in a few words where they come from. Layers keep what they were drawn from for a shape that changes later.

    Raises InvalidValueError for numbers that are not finite, or more than `MOST_COPIED` of them.
    """
    plan = resolve(document)
    places = {name: _place(plan, name) for name in weights}
    fitting = {
        name: values
        for name, values in weights.items()
        if places[name] is not None and plan.parameters[name].shape == tuple(values.shape)
    }
    count = sum(values.size for values in fitting.values())
    if count > MOST_COPIED:
        raise InvalidValueError(
            "weights (={count} values) cannot be copied: a document holds at most {most}; continue that run instead",
            count=f"{count:,}",
            most=f"{MOST_COPIED:,}",
        )
    for name, values in fitting.items():
        node, field = places[name] or ("", "")
        before: Initializer = getattr(document.node(node).layer, field)
        otherwise = before.otherwise if isinstance(before, FromRun) else before
        document = document.set_field(node, field, FromRun.of(values, source, otherwise))
    return document, tuple(name for name in weights if name not in fitting)


def _place(plan: Plan, name: str) -> tuple[str, str] | None:
    """The card and the field whose initializer a parameter starts from; None if there is no such parameter or field."""
    node, _, parameter = name.partition(".")  # what follows names a part of a Block, too
    field = f"{parameter}_initializer"
    if name not in plan.parameters or not isinstance(getattr(plan.nodes[node].layer, field, None), Initializer):
        return None
    return node, field
