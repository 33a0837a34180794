"""What was seen of a run at some moments since it began: spaced evenly, thinned as the run gets longer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

MOST = 64
"""Moments that are kept of one thing; then every second goes, and new ones come half as often."""

Arrays = Mapping[str, NDArray[Any]]


class Moments:
    """Answers by what they are about and by the step at which they were given; it does not matter who gave them."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[int, Arrays]]] = {}
        self._spacing: dict[str, int] = {}

    def due(self, what: str, step: int) -> bool:
        """Whether an answer at this step would be kept; what is nearer to the one before than the spacing is not."""
        kept = self._kept.get(what)
        return not kept or step < kept[-1][0] or step >= kept[-1][0] + self._spacing.get(what, 1)

    def add(self, what: str, step: int, answer: Arrays) -> None:
        """Keep an answer; those of later steps are forgotten: the run has gone back."""
        kept = self._kept.setdefault(what, [])
        while kept and kept[-1][0] >= step:
            kept.pop()
        kept.append((step, answer))
        if len(kept) > MOST:
            del kept[1::2]
            self._spacing[what] = max(2 * self._spacing.get(what, 1), (kept[-1][0] - kept[0][0]) // len(kept))

    def truncate(self, step: int) -> None:
        """Forget what came after a step."""
        for kept in self._kept.values():
            while kept and kept[-1][0] > step:
                kept.pop()

    def of(self, what: str) -> list[Arrays]:
        """The answers that are kept of one thing, the newest last."""
        return [answer for _, answer in self._kept.get(what, ())]
