"""What lies under a point of the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF

from engine.document.graph import Edge
from widgets.canvas.card import Card
from widgets.canvas.places import activation_area, units_area
from widgets.canvas.style import COMPACT, PORT


class Part(Enum):
    """What can lie under the pointer."""

    REMEDY = "remedy"
    BOX = "box"
    APPEND = "append"
    BIAS = "bias"
    IN_PORT = "in_port"
    OUT_PORT = "out_port"
    NEURON = "neuron"
    CARD = "card"
    UNITS = "units"
    """The number of units behind the title."""
    ACTIVATION = "activation"
    """The activation's name below the title."""
    WEIGHT = "weight"
    LINK = "link"
    NOTE = "note"
    NOTE_CORNER = "note_corner"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Hit:
    """What lies under a point: of a card `node`, with `index` its unit, port or remedy; of a link; of note `index`."""

    part: Part
    node: str = ""
    index: int = 0
    edge: Edge | None = None
    weight: tuple[int, int] | None = None


def hit_card(card: Card, point: QPointF, zoom: float) -> Hit | None:
    """What of a card lies under a point around its centre; None if the point is beside it.

    What can be changed on the card itself is hit only while the card is selected and large enough to be read: otherwise
    it is a place to grab.
    """
    layout = card.layout
    reach = (PORT + 3) / min(zoom, 1.0)
    if not layout.frame.adjusted(-reach, -reach, 40, reach).contains(point):
        return None
    button = card.append_button()
    if button is not None and button.adjusted(-2, -2, 2, 2).contains(point):
        return Hit(Part.APPEND, card.id)
    if card.show_ports() or not layout.frame.adjusted(4, 4, -4, -4).contains(point):
        for index, port in enumerate(layout.in_ports):
            if _near(port, point, reach):
                return Hit(Part.IN_PORT, card.id, index)
        if _near(layout.out_port, point, reach):
            return Hit(Part.OUT_PORT, card.id)
    if not layout.frame.contains(point):
        return None
    if card.biases is not None:
        for unit in range(len(layout.tiles)):
            dot = card.bias_dot(unit)
            if dot is not None and dot.adjusted(-2, -2, 2, 2).contains(point):
                return Hit(Part.BIAS, card.id, unit)
    for unit, rect in enumerate(layout.tiles):
        if rect.contains(point):
            return Hit(Part.NEURON, card.id, unit)
    if card.selected and zoom >= COMPACT:
        for part, area in ((Part.UNITS, units_area(card)), (Part.ACTIVATION, activation_area(card))):
            if area is not None and area.contains(point):
                return Hit(part, card.id)
    return Hit(Part.CARD, card.id)


def _near(first: QPointF, second: QPointF, within: float) -> bool:
    away = first - second
    return away.x() ** 2 + away.y() ** 2 <= within**2
