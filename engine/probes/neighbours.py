"""Which samples lie nearest to one of them, as a layer sees them."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, register
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.probes.probe import Arrays
from engine.probes.sample import SampleProbe
from engine.training.trainer import Trainer

SEARCHED = 2000
"""Most samples among which neighbours are looked for."""
_ONE_LOOK = 100_000_000
"""Multiply-adds that one look may cost: some hundredths of a second."""
_FEWEST = 100


@register
class Neighbours(SampleProbe):
    """The samples that are nearest to one, by the Euclidean distance between what a card gives for them.

    They are looked for among the first `SEARCHED` samples to test on, or, with `learnt`, to learn from; a look takes
    as many of them as are cheap. While the network stands still, the next look, with `reached` where the last one came
    to, goes on from there.
    """

    node: Annotated[str, Hidden()] = ""
    learnt: Annotated[bool, Hidden()] = False
    count: Annotated[int, Hidden()] = 12
    reached: Annotated[int, Hidden()] = 0

    formula = "the k with the smallest ‖g(x) − g(x_k)‖, g: the outputs of a card"
    reference = "scikit-learn NearestNeighbors"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and plan.document.data.dataset.pictures and self.node in plan.order

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer; nothing where there is no such sample.

        "samples" int64 (neighbours,), their places among all samples, the nearest first; "distances" float32
        (neighbours,); "truths" int64 (neighbours,); "images" uint8 (neighbours, *shape); "looked" int64 (2,): among how
        many they were found, and how many there are.
        """
        chosen = self.values(trainer)
        if not len(chosen):
            return {}
        parts = split(trainer.plan.document.data)
        part = parts.train if self.learnt or not len(parts.test) else parts.test
        first = 0 if part is parts.train else len(parts.train)
        total = min(SEARCHED, len(part))
        known = self._known(trainer, part.values, total)
        own = _flat(trainer.outputs(chosen, (self.node,))[self.node])[0]
        distances = np.sqrt(np.square(known - own).sum(axis=1))
        if not self.image and 0 <= self.sample - first < len(known):
            distances[self.sample - first] = math.inf
        order = np.argsort(distances, kind="stable")[: min(self.count, total)]
        order = order[np.isfinite(distances[order])]
        return {
            "samples": order + first,
            "distances": distances[order].astype(np.float32),
            "truths": np.asarray(part.targets[order], np.int64),
            "images": part.values[order],
            "looked": np.array([len(known), total]),
        }

    def _known(self, trainer: Trainer, values: NDArray[Any], total: int) -> NDArray[np.float32]:
        """What the card gives for as many samples as are known so far, and as many more as a look may cost."""
        place = "neighbours", self.node, self.learnt
        known: NDArray[np.float32] | None = trainer.known.get(place)
        start = 0 if known is None else len(known)
        if start < total and (known is None or self.reached >= start):
            each = max(1, trainer.plan.cost.multiply_adds)
            more = values[start : min(total, start + max(_FEWEST, _ONE_LOOK // each))]
            found = _flat(trainer.outputs(np.array(more), (self.node,))[self.node])
            known = found if known is None else np.concatenate([known, found])
            trainer.known[place] = known
        assert known is not None
        return known


def _flat(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.array(outputs.reshape(len(outputs), -1), np.float32)
