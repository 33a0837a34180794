"""Schedules: how the learning rate moves over the planned epochs."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.catalog.registry import Entry, Range, register

Array = NDArray[Any]


class Schedule(Entry, kind="schedules"):
    """A factor on the optimizer's learning rate."""

    def factor(self, epoch: ArrayLike, epochs: int) -> Array:
        """The factor after `epoch` (fractions count) of `epochs` planned ones; beyond them, as at their end.

        `epoch` is a number or an array of any shape; the factors have that shape.
        """
        raise NotImplementedError


@register
class ConstantRate(Schedule):
    """The learning rate stays as it is."""

    name = "constant"
    formula = "factor = 1"
    reference = "The default"
    order = 1

    def factor(self, epoch: ArrayLike, epochs: int) -> Array:
        return np.ones(np.shape(epoch))


@register
class Cosine(Schedule):
    """Falls gently from the full rate to a small share of it over the planned epochs."""

    final_share: Annotated[float, Range(0.0, 1.0, 0.01)] = 0.0

    formula = "factor = final + (1 − final) · ½ (1 + cos(π · epoch / epochs))"
    reference = "Loshchilov & Hutter, SGDR, ICLR 2017, equation 5, without restarts"
    order = 2

    def factor(self, epoch: ArrayLike, epochs: int) -> Array:
        share = np.minimum(1.0, np.asarray(epoch) / epochs)
        return np.asarray(self.final_share + (1 - self.final_share) * 0.5 * (1 + np.cos(np.pi * share)))
