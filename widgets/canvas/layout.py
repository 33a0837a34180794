"""Where everything on a card lies: computed from the plan alone, in coordinates around the card's centre."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLocale, QPointF, QRectF, Qt

from engine.catalog.layers.block import Block
from engine.catalog.layers.layer import Layer
from engine.catalog.registry import Entry, entries, form
from engine.document.graph import CARD_GAP
from engine.document.naming import is_own_name
from engine.plan.cost import fixed_count
from engine.plan.plan import NodePlan, Plan
from widgets import theme
from widgets.canvas.style import (
    CARD_WIDTH,
    IMAGE_TILE,
    LARGE_TILE,
    MAP_TILE,
    MOST_MAPPED,
    MOST_UNITS,
    PADDING,
    PITCH,
    SNAP,
    STRIP,
    STRIP_TILE,
    TILE,
    Style,
    layer_icon,
)

_HEADER = 48.0
WIDEST = CARD_GAP - 16.0
"""Width up to which the line under the title may widen a card: neighbours that are put there stay apart."""
_COUNTED = ("units", "filters")
"""Fields that stand behind the title."""
_PORT_PITCH = 16.0
_LONGEST_NAME = 16
"""Characters of a name of the user's own that a card shows."""


@dataclass(frozen=True)
class CardLayout:
    """Texts, and rectangles around the card's centre (0, 0)."""

    frame: QRectF
    icon: str
    title: str
    subtitle: str
    shape: str
    tiles: tuple[QRectF, ...]
    """One per neuron of an open card; of a closed one, those that it shows."""
    labels: tuple[str, ...]
    """What stands to the left of each tile of an Input card."""
    is_open: bool
    """Whether links run from neuron to neuron."""
    more: str
    """How many neurons are not shown, as "+120"."""
    answer: QRectF | None
    """Where the network's answer is drawn when it is no neuron's."""
    in_ports: tuple[QPointF, ...]
    out_port: QPointF

    @property
    def header(self) -> QRectF:
        """The part with the texts."""
        return QRectF(self.frame.left(), self.frame.top(), self.frame.width(), _HEADER)


def lay_out(node: NodePlan, plan: Plan, links_in: int, style: Style) -> CardLayout:
    """The layout of a card. `links_in` is the number of links that reach it."""
    layer, shape = node.layer, node.output_shape
    dataset = plan.document.data.dataset
    plane = dataset.plane and shape is not None and len(shape) == 1
    units = shape[0] if plane and shape is not None else 0
    is_open = 0 < units <= MOST_UNITS
    is_output = node.node.id == plan.output
    labels = _labels(node, plan) if layer.takes[1] == 0 and is_open else ()
    side = LARGE_TILE if is_output and units == 1 else TILE
    answer = is_output and is_open and units > 1 and plan.target is not None

    title, subtitle = _title(node), _subtitle(node, plan)
    shape_text = str(shape) if shape is not None else ""
    shape_width = 8 + style.small_metrics.horizontalAdvance(shape_text) + 8
    heading = theme.ICON + 6 + style.title_metrics.horizontalAdvance(title)
    room = max(heading, WIDEST - 2 * PADDING) - shape_width
    subtitle = style.small_metrics.elidedText(subtitle, Qt.TextElideMode.ElideRight, int(room))
    texts = max(heading, style.small_metrics.horizontalAdvance(subtitle) + shape_width)
    body_width = TILE + 24 + LARGE_TILE if answer else 0.0
    maps = shape[0] if shape is not None and len(shape) == 3 else 0
    if layer.takes[1] == 0 and maps == 3:
        maps = 1  # the sample in its colours
    if maps:
        body_width = min(4, maps) * (MAP_TILE + 4) - 4
    width = max(CARD_WIDTH, texts + 2 * PADDING, body_width + 2 * PADDING)
    width = math.ceil(width / SNAP) * SNAP

    strip = min(maps, STRIP) if maps else min(units, STRIP) if not is_open and units <= MOST_MAPPED else 0
    tile = IMAGE_TILE if maps == 1 else MAP_TILE if maps else STRIP_TILE
    below = 18.0 if not maps or maps > strip else 8.0  # room to say how many more there are
    body = _body_height(units if is_open else 0, side, strip, tile, below)
    height = _HEADER + body
    frame = QRectF(-width / 2, -height / 2, width, height)
    top = frame.top() + _HEADER
    column_left = -body_width / 2 if answer else -side / 2
    if is_open:
        tiles = tuple(QRectF(column_left, top + 4 + k * PITCH, side, side) for k in range(units))
    else:
        left = -(min(4, strip) * (tile + 4) - 4) / 2 if maps else -(4 * (tile + 4) - 4) / 2
        tiles = tuple(QRectF(left + k % 4 * (tile + 4), top + k // 4 * (tile + 4), tile, tile) for k in range(strip))
    answer_rect = None
    if answer:
        middle = (tiles[0].top() + tiles[-1].bottom()) / 2
        answer_rect = QRectF(body_width / 2 - LARGE_TILE, middle - LARGE_TILE / 2, LARGE_TILE, LARGE_TILE)
    # Ports sit at the height of the tiles' middle on open cards, so that a curve dragged from them starts there.
    port_y = (tiles[0].top() + tiles[-1].bottom()) / 2 if is_open else 0.0
    return CardLayout(
        frame,
        layer_icon(layer.name),
        title,
        subtitle,
        shape_text,
        tiles,
        labels,
        is_open,
        f"+{QLocale().toString((maps or units) - strip)}" if strip and (maps or units) > strip else "",
        answer_rect,
        _in_ports(layer, links_in, frame.left(), port_y),
        QPointF(frame.right(), port_y),
    )


def _body_height(open_units: int, side: float, strip: int, tile: float, below: float) -> float:
    if open_units:
        return 4 + (open_units - 1) * PITCH + side + 12
    if strip:
        return math.ceil(strip / 4) * (tile + 4) + below
    return 4.0


def _in_ports(layer: Layer, links_in: int, x: float, y: float) -> tuple[QPointF, ...]:
    """One port for most layers; a merging layer has one more than it has links, so that another can join."""
    most = layer.takes[1]
    count = min(most, max(layer.takes[0], links_in + 1)) if most > 1 else most
    return tuple(QPointF(x, y + (k - (count - 1) / 2) * _PORT_PITCH) for k in range(count))


def _title(node: NodePlan) -> str:
    """What the layer is called or, where the user gave it a name, that; its number of units in either case."""
    return layer_title(node.layer, node.node.id if is_own_name(node.node.id) else "")


def layer_title(layer: Layer, called: str = "") -> str:
    """The words at the top of a layer's card: its name, or what it is called, with its number of units."""
    if len(called) > _LONGEST_NAME:
        called = called[: _LONGEST_NAME - 1] + "…"
    name = called or theme.translate_catalog(layer.label)
    units = next((getattr(layer, name) for name in _COUNTED if hasattr(layer, name)), None)
    return name if units is None else f"{name} {QLocale().toString(units)}"


def _subtitle(node: NodePlan, plan: Plan) -> str:
    """The fields that matter and the number of parameters; for an Input, where its samples come from."""
    if node.layer.takes[1] == 0:
        return theme.translate_catalog(plan.document.data.dataset.title)
    parts = []
    if isinstance(node.layer, Block):
        inside = len(node.layer.parts)
        one, several = (
            QCoreApplication.translate("Canvas", "{count} card"),
            QCoreApplication.translate("Canvas", "{count} cards"),
        )
        parts.append((one if inside == 1 else several).format(count=QLocale().toString(inside)))
    for field in form(type(node.layer)):
        if field.name not in node.layer.summary or field.name in _COUNTED:
            continue
        value = getattr(node.layer, field.name)
        if isinstance(value, Entry):
            parts.append(theme.translate_catalog(value.label))
        elif isinstance(value, bool):
            parts += [theme.translate_catalog(field.label)] if value else []
        else:
            shown = QLocale().toString(value, "g", 3) if isinstance(value, float) else str(value)
            parts.append(f"{theme.translate_catalog(field.label)} {shown}")
    if node.parameter_count:
        frozen = fixed_count(node) - node.buffer_count == node.parameter_count
        template = QCoreApplication.translate("Canvas", "{count} p")
        if frozen:
            template = QCoreApplication.translate("Canvas", "{count} p frozen")
        parts.append(template.format(count=QLocale().toString(node.parameter_count)))
    return " · ".join(parts)


def _labels(node: NodePlan, plan: Plan) -> tuple[str, ...]:
    columns = getattr(node.layer, "columns", ()) or plan.document.data.dataset.default_columns
    features = entries("features")
    return tuple(features[name].label if name in features else name for name in columns)
