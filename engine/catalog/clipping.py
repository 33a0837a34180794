"""Gradient clipping: what is done to the gradient of all weights before the optimizer sees it."""

from __future__ import annotations

from engine.catalog.registry import Entry, register


class Clipping(Entry, kind="clippings"):
    """Keeps a gradient that has grown too large from throwing the weights far off."""


@register
class NoClipping(Clipping):
    """Passes the gradient on as it is."""

    name = "none"
    formula = "g ← g"
    reference = "Plain training"
    order = 1
