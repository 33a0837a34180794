"""Notes on the canvas: text beside the cards, which no part of training reads."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.document.errors import GraphError
from engine.document.places import nearest

if TYPE_CHECKING:
    from engine.document.graph import Document, Network

LONGEST_NOTE = 2000
"""Characters that a note may hold."""
MOST_NOTES = 500
NOTE_SIZE = (176.0, 72.0)
"""Width and height of a new note, scene units."""
SMALLEST_NOTE, LARGEST_NOTE = 48.0, 2000.0
"""Sides that a note may have, scene units."""


@dataclass(frozen=True)
class Note:
    """A text on the canvas; `x` and `y` are its upper left corner, scene units."""

    text: str
    x: float = 0.0
    y: float = 0.0
    width: float = NOTE_SIZE[0]
    height: float = NOTE_SIZE[1]

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            object.__setattr__(self, name, nearest(getattr(self, name)))
        # Half of a pair of surrogates, as a damaged clipboard gives it, is no character.
        object.__setattr__(self, "text", self.text.encode("utf-8", "replace").decode("utf-8"))
        if len(self.text) > LONGEST_NOTE:
            raise GraphError(
                "a note holds at most {most} characters, but this one has {count}; shorten it or make two",
                most=LONGEST_NOTE,
                count=len(self.text),
            )
        for name, side in (("width", self.width), ("height", self.height)):
            if not SMALLEST_NOTE <= side <= LARGEST_NOTE:
                raise GraphError(
                    "the {name} (={side}) of a note must be between {least} and {most}",
                    name=name,
                    side=side,
                    least=SMALLEST_NOTE,
                    most=LARGEST_NOTE,
                )


def add_note(document: Document, note: Note) -> Document:
    """With one more note, on the first network. Raises GraphError where there are too many."""
    network = document.networks[0]
    if len(network.notes) >= MOST_NOTES:
        raise GraphError("there are {most} notes already; delete one first", most=MOST_NOTES)
    return _with_notes(document, network, (*network.notes, note))


def change_note(document: Document, index: int, note: Note) -> Document:
    """With another note in the place of one, counted from 0. Raises GraphError if there is none."""
    network = _holding(document, index)
    return _with_notes(document, network, (*network.notes[:index], note, *network.notes[index + 1 :]))


def remove_note(document: Document, index: int) -> Document:
    """Without a note, counted from 0. Raises GraphError if there is none."""
    network = _holding(document, index)
    return _with_notes(document, network, (*network.notes[:index], *network.notes[index + 1 :]))


def _holding(document: Document, index: int) -> Network:
    network = document.networks[0]
    if not 0 <= index < len(network.notes):
        raise GraphError("there is no note number {number}", number=index + 1)
    return network


def _with_notes(document: Document, network: Network, notes: tuple[Note, ...]) -> Document:
    return document.with_network(dataclasses.replace(network, notes=notes))
