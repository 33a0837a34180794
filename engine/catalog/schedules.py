"""Schedules: how the learning rate moves over the planned epochs."""

from __future__ import annotations

import math
from typing import Annotated

from engine.catalog.registry import Entry, Range, register


class Schedule(Entry, kind="schedules"):
    """A factor on the optimizer's learning rate."""

    def factor(self, epoch: float, epochs: int) -> float:
        """The factor after `epoch` (fractions count) of `epochs` planned ones; beyond them, as at their end."""
        raise NotImplementedError


@register
class ConstantRate(Schedule):
    """The learning rate stays as it is."""

    name = "constant"
    formula = "factor = 1"
    reference = "The default"
    order = 1

    def factor(self, epoch: float, epochs: int) -> float:
        return 1.0


@register
class Cosine(Schedule):
    """Falls gently from the full rate to a small share of it over the planned epochs."""

    final_share: Annotated[float, Range(0.0, 1.0, 0.01)] = 0.0

    formula = "factor = final + (1 − final) · ½ (1 + cos(π · epoch / epochs))"
    reference = "Loshchilov & Hutter, SGDR, ICLR 2017, equation 5, without restarts"
    order = 2

    def factor(self, epoch: float, epochs: int) -> float:
        share = min(1.0, epoch / epochs)
        return self.final_share + (1 - self.final_share) * 0.5 * (1 + math.cos(math.pi * share))
