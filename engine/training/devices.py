"""Where PyTorch computes: the processor, or a graphics card that is there and worth its latency."""

from __future__ import annotations

import torch

from engine.document.errors import InvalidValueError
from engine.plan.plan import Plan

_WORTH = 100_000_000
"""Multiply-adds of one batch, forward and backward, from which a graphics card is used by itself.

An estimate: some fifty launches of 10 µs each take as long as a core needs for as many. No card was at hand to measure.
"""


def present() -> tuple[str, ...]:
    """The devices of this machine, the processor first."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def choose_device(plan: Plan, wanted: str = "auto") -> str:
    """The device for a plan: what is wanted, or with "auto" a graphics card for networks large enough.

    Raises InvalidValueError for a device that this machine does not have.
    """
    if wanted == "cpu":
        return "cpu"
    known = present()
    if wanted == "auto":
        busy = 3 * plan.cost.multiply_adds * plan.document.batch_size
        return known[-1] if busy >= _WORTH else "cpu"
    if wanted not in known:
        raise InvalidValueError(
            "device (={device}) is not present on this machine; use {known}",
            device=wanted,
            known=" or ".join(["auto", *known]),
        )
    return wanted
