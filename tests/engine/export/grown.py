"""Random networks for the exports: what random edits of a small one lead to."""

from __future__ import annotations

import random

from engine.catalog.layers.dense import Dense
from engine.document.graph import Document
from engine.plan.resolve import resolve
from tests.engine.plan import edits
from tests.engine.training.networks import chain

_EDITS, _MENDINGS = 12, 20
_MOST_PARAMETERS = 200_000


def some_network(seed: int) -> Document | None:
    """A network that random edits of the circle's led to, mended where that is offered; None if it is still wrong."""
    rng = random.Random(seed)
    document = chain(Dense(4), Dense(1))
    for _ in range(_EDITS):
        changed = edits.some_edit(rng, document)
        document = changed if changed.data == document.data else document
    for _ in range(_MENDINGS):
        plan = resolve(document)
        if plan.ready:
            return document if plan.cost.parameters < _MOST_PARAMETERS else None
        document = rng.choice(plan.problems[0].remedies).edit(document)
    return None
