"""Pictures of what can be chosen: one painter for each kind of the catalogue, fed with the entries' own formulas.

A new entry of a kind gets its picture without another line; a new kind needs a function and a row in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from engine.catalog.registry import Entry
from engine.document.errors import PlaygroundError
from widgets.form_texts import say
from widgets.pictures import draws, functions, paths, planes, runs
from widgets.pictures.sheet import Context, Drawing, Histogram

__all__ = ["KINDS", "PLAIN", "Context", "Drawing", "Histogram", "draw", "has_picture"]

KINDS: Mapping[str, Callable[[Any, Context], Drawing]] = MappingProxyType(
    {
        "activations": functions.activation,
        "clippings": planes.clipping,
        "constraints": planes.constraint,
        "initializers": draws.initializer,
        "losses": functions.loss,
        "optimizers": paths.optimizer,
        "regularizers": planes.regularizer,
        "schedules": functions.schedule,
        "stoppings": runs.stopping,
    }
)
"""What draws an entry, by its kind."""


def has_picture(kind: str | None) -> bool:
    """Whether entries of a kind can be drawn."""
    return kind in KINDS


PLAIN = Context()
"""Of a card that nobody has chosen yet."""


@lru_cache(maxsize=512)
def draw(entry: Entry, context: Context = PLAIN) -> Drawing:
    """The picture of an entry, as numbers. What an entry cannot show (it needs a run) it says in a note.

    Raises KeyError for a kind without pictures.
    """
    try:
        return KINDS[entry.kind](entry, context)
    except PlaygroundError as error:
        return Drawing(notes=(say(error.sentence),))
