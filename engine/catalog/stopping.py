"""Stopping rules: when a run ends by itself."""

from __future__ import annotations

from engine.catalog.registry import Entry, register


class Stopping(Entry, kind="stoppings"):
    """Says at the end of a recorded epoch whether the run has come to its end."""


@register
class NeverStop(Stopping):
    """Goes on until it is paused."""

    name = "never"
    formula = "no end"
    reference = "TensorFlow Playground"
    order = 1
