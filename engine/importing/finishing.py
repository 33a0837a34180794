"""The cards that a file gave as a document: joined where two say what one can, named, laid out, and given data."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from engine.catalog.activations import Linear
from engine.catalog.layers.convolution import Conv1d, Conv2d
from engine.catalog.layers.dense import Activation as ActivationLayer
from engine.catalog.layers.merging import Add, Average, Concatenate, Maximum
from engine.catalog.layers.reshaping import ZeroPad
from engine.catalog.layers.scaling import Scale
from engine.catalog.layers.shapes import SAME, VALID, padding
from engine.importing.building import Card, zeros_around

_MOST_MERGED = 64
_CHAINED = (Add, Maximum, Concatenate)


class Joining:
    """Cards of which some become one."""

    def __init__(self, cards: Sequence[Card], outputs: Sequence[int]) -> None:
        self.cards = list(cards)
        self.outputs = list(outputs)
        self.order = self._needed()

    def _needed(self) -> list[int]:
        """The places of the cards that the outputs are computed from, and of the Input cards, in order."""
        found = set(self.outputs)
        for place in reversed(range(len(self.cards))):
            if place in found:
                found |= set(self.cards[place].sources)
        return sorted(found)

    def joined(self) -> list[int]:
        """Join what can be; returns the places of the cards that are left, each behind what it reads."""
        readers: dict[int, int] = {}
        for place in self.order:
            for source in self.cards[place].sources:
                readers[source] = readers.get(source, 0) + 1
        into: dict[int, int] = {}
        for place in self.order:
            card = self.cards[place]
            card.sources = [into.get(source, source) for source in card.sources]
            if not card.sources:
                continue
            first = card.sources[0]
            before = self.cards[first]
            if readers.get(first) != 1 or first in self.outputs:
                continue
            if self._is_joined(before, card):
                into[place] = first
                readers[first] = readers.get(place, 0)
                self.outputs = [first if output == place else output for output in self.outputs]
            else:
                self._take_in(before, card)
        self.order = [place for place in self._needed() if place not in into]
        return self.order

    def _is_joined(self, before: Card, card: Card) -> bool:
        """Let the card before do what a card does, if it can."""
        layer = before.layer
        if isinstance(card.layer, ActivationLayer) and isinstance(getattr(layer, "activation", None), Linear):
            before.layer = layer.replace(activation=card.layer.activation)
            before.arrays |= card.arrays
            before.name = card.name if before.name.startswith(f"{card.name}_") else before.name
            return True
        factor = card.layer.factor if isinstance(card.layer, Scale) and card.layer.fixed else 0.0
        if isinstance(layer, Add) and np.float32(factor) == np.float32(1 / len(before.sources)):
            before.layer, before.name = Average(), card.name or before.name
            return True
        return False

    def _take_in(self, before: Card, card: Card) -> None:
        """Let a card do what the one before it does, if it can."""
        layer = card.layer
        if isinstance(before.layer, ZeroPad) and isinstance(layer, Conv1d | Conv2d) and layer.padding == VALID:
            inner = self.cards[before.sources[0]].shape
            same = [padding(n, layer.kernel_size, layer.stride, layer.dilation, SAME) for n in inner[1:]]
            if zeros_around(before) == same:
                card.layer, card.sources = layer.replace(padding=SAME), before.sources
            return
        together = [*before.sources, *card.sources[1:]]
        if isinstance(layer, _CHAINED) and type(layer) is type(before.layer) and len(together) <= _MOST_MERGED:
            card.sources = together


def named(cards: Sequence[Card]) -> list[str]:
    """An id for each card: its name in the file, or that of its layer with a number."""
    taken: set[str] = set()
    wanted = [re.sub(r"[^A-Za-z0-9]+", "_", card.name, flags=re.ASCII).strip("_")[:64] for card in cards]
    found = []
    for own, card in zip(wanted, cards, strict=True):
        name, number = own, 0
        while not name or name in taken or (number and name in wanted):
            number += 1
            name = f"{card.layer.name.lower()}_{number}"
        taken.add(name)
        found.append(name)
    return found
