"""A card: its frame with the texts, and above the links its neurons, ports and buttons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from engine.plan.plan import NodePlan, Problem
from widgets import theme
from widgets.canvas.card_texts import paint_texts
from widgets.canvas.layout import CardLayout
from widgets.canvas.pictures import MapPicture, Picture, SamplePicture, from_classes, from_signed
from widgets.canvas.style import COMPACT, DOTS, PADDING, PORT, Style, dot_radius, is_vector

_APPEND_GAP = 20.0
_APPEND_RADIUS = 9.0
_MARK_RISE = 6.0
"""How far the mark of a warning stands out above the card."""


class Card:
    """One node on the canvas: two items, so that links run above its frame and below its neurons."""

    def __init__(self, node: NodePlan, layout: CardLayout, style: Style) -> None:
        self.node, self.layout, self.style = node, layout, style
        self.selected = self.focused = self.hovered = self.lit = self.faded = False
        self.offers: tuple[QPointF, ...] = ()
        """The ports that a link being drawn may end at; drawn in the accent colour."""
        self.can_append = False
        self.append_hovered = False
        self.wrong = False
        self.warnings: tuple[Problem, ...] = ()
        self.dimmed = False
        self.hovered_unit: int | None = None
        self.pictures: list[Picture] = []
        self.answer: Picture | None = None
        self.biases: NDArray[np.floating] | None = None
        self.dots: list[tuple[int, bool]] = []
        """Size of each bias's dot, 0 to `DOTS`, and whether it is negative."""
        self.frame = _Frame(self)
        self.face = _Face(self)
        self.place(node.node.x, node.node.y)

    @property
    def id(self) -> str:
        """The node's id."""
        return self.node.node.id

    @property
    def has_maps(self) -> bool:
        """Whether its tiles are feature maps and not neurons."""
        return len(self.node.output_shape or ()) == 3

    @property
    def position(self) -> QPointF:
        """The card's centre in the scene."""
        return self.frame.pos()

    @property
    def scene_frame(self) -> QRectF:
        """The card's rectangle in the scene."""
        return self.layout.frame.translated(self.position)

    def place(self, x: float, y: float) -> None:
        """Put the card's centre elsewhere."""
        self.frame.setPos(x, y)
        self.face.setPos(x, y)

    def set_layout(self, node: NodePlan, layout: CardLayout, style: Style) -> None:
        """Take over what another plan says about this card."""
        if len(layout.tiles) != len(self.layout.tiles):
            self.pictures, self.dots, self.biases, self.answer = [], [], None, None
        self.node, self.layout, self.style = node, layout, style
        self.frame.fit()
        self.face.fit()
        self.update()

    def set_warnings(self, warnings: tuple[Problem, ...]) -> None:
        """Mark the card if there is something to be warned of."""
        if bool(warnings) != bool(self.warnings):
            self.frame.update()
        self.warnings = warnings

    def set_maps(self, maps: NDArray[np.uint8]) -> None:
        """Show what the units compute: signed index images (units, height, width)."""
        self.pictures = from_signed(maps[: len(self.layout.tiles)], self.style)
        self.face.update()

    def set_feature_maps(self, maps: NDArray[np.uint8], signed: bool) -> None:
        """Show what the channels give for one sample: index images (channels, height, width)."""
        self.pictures = [MapPicture(map_, signed, self.style) for map_ in maps[: len(self.layout.tiles)]]
        self.face.update()

    def set_sample(self, image: NDArray[np.uint8]) -> None:
        """Show a sample that is a picture, (channels, height, width), on the card where it enters."""
        self.pictures = [SamplePicture(image)]
        self.face.update()

    def set_answer(self, image: NDArray[np.uint8], by_class: bool) -> None:
        """Show the network's answer: an index image (height, width) of classes or of signed values."""
        self.answer = from_classes(image, self.style) if by_class else from_signed(image[None], self.style)[0]
        self.face.update()

    def set_biases(self, biases: NDArray[np.floating]) -> None:
        """Show the biases (units,) as dots."""
        self.biases = biases
        magnitudes = np.abs(biases)
        largest = float(magnitudes.max(initial=0.0))
        share = np.sqrt(magnitudes / largest) if 0 < largest < np.inf else np.zeros(len(biases))
        self.dots = [(round(level), bool(bias < 0)) for level, bias in zip(DOTS * share, biases, strict=True)]
        self.face.update()

    def clear_live(self) -> None:
        """Forget what training has shown."""
        self.pictures, self.dots, self.biases, self.answer = [], [], None, None
        self.face.update()

    def restyle(self, style: Style) -> None:
        """Wear another theme; pictures are recoloured."""
        self.style = style
        self.pictures = [picture.recoloured(style) for picture in self.pictures]
        self.answer = self.answer.recoloured(style) if self.answer is not None else None
        self.update()

    def update(self) -> None:
        """Paint both items again."""
        self.frame.update()
        self.face.update()

    def fade(self, faded: bool, lit: bool = False) -> None:
        """Stand back (a link cannot end here), or stand out (it can)."""
        if (faded, lit) != (self.faded, self.lit):
            self.faded, self.lit = faded, lit
            self.frame.setOpacity(0.35 if faded else 1.0)
            self.face.setOpacity(0.35 if faded else 1.0)
            self.update()

    def show_ports(self) -> bool:
        """Whether ports are drawn and can be grabbed."""
        return self.hovered or self.selected or self.focused or bool(self.offers)

    def bias(self, unit: int) -> float | None:
        """The bias of a unit; None if there is none."""
        return None if self.biases is None or unit >= len(self.biases) else float(self.biases[unit])

    def bias_dot(self, unit: int) -> QRectF | None:
        """Where the bias of a unit is drawn, around the card's centre."""
        if self.biases is None or not self.layout.is_open or unit >= min(len(self.dots), len(self.layout.tiles)):
            return None
        radius = dot_radius(self.dots[unit][0])
        corner = self.layout.tiles[unit].bottomLeft()
        return QRectF(corner.x() - radius, corner.y() - radius, 2 * radius, 2 * radius)

    def append_button(self) -> QRectF | None:
        """The "+" behind a card that leads to none, around the card's centre."""
        if not self.can_append:
            return None
        port = self.layout.out_port
        center = QPointF(port.x() + _APPEND_GAP, port.y())
        return QRectF(center.x() - _APPEND_RADIUS, center.y() - _APPEND_RADIUS, 2 * _APPEND_RADIUS, 2 * _APPEND_RADIUS)


class _Frame(QGraphicsRectItem):
    """The card's ground and texts. Its rectangle is Qt's to keep, which is asked for it hundreds of times a frame."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card = card
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.fit()
        self.setZValue(0)
        # It changes with the plan, not with the values: Qt keeps it as a picture.
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def fit(self) -> None:
        """Take the size of the card's layout."""
        self.setRect(self._card.layout.frame.adjusted(-5, -5 - _MARK_RISE, 5, 5))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        card, style, layout = self._card, self._card.style, self._card.layout
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._border(QStyleOptionGraphicsItem.levelOfDetailFromTransform(painter.worldTransform())))
        painter.setBrush(style.surface)
        painter.drawRoundedRect(layout.frame, theme.RADIUS, theme.RADIUS)
        if card.focused:
            painter.setPen(style.focus_pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(layout.frame.adjusted(-3.5, -3.5, 3.5, 3.5), theme.RADIUS + 3, theme.RADIUS + 3)
        paint_texts(painter, card)
        if card.warnings:
            self._paint_mark(painter)

    def _paint_mark(self, painter: QPainter) -> None:
        """A small sign on the upper border, where no text is."""
        style, frame = self._card.style, self._card.layout.frame
        place = QRectF(frame.right() - PADDING - theme.ICON, frame.top() - _MARK_RISE, theme.ICON, theme.ICON)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.surface)
        painter.drawEllipse(place.center(), theme.ICON / 2 + 2, theme.ICON / 2 + 2)
        style.paint_icon(painter, "warning", "warning", place)

    def _border(self, zoom: float) -> QPen:
        card, style = self._card, self._card.style
        if card.wrong:
            return style.error_pen
        if card.selected or card.lit:
            return style.accent_pen
        if card.warnings and zoom < COMPACT:  # its mark is hardly seen from there
            return style.warning_pen
        return style.hover_pen if card.hovered else style.line_pen


class _Face(QGraphicsRectItem):
    """What lies above the links: neurons, biases, ports, the button behind the last card."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card = card
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.fit()
        self.setZValue(2)
        # While it trains this costs little; while other cards are dragged it saves painting every neuron of every card.
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def fit(self) -> None:
        """Take the size of the card's layout, with room for ports and the button behind it."""
        self.setRect(self._card.layout.frame.adjusted(-PORT - 2, -2, PORT + _APPEND_GAP + _APPEND_RADIUS + 2, 2))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        card = self._card
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if card.dimmed:
            painter.setOpacity(painter.opacity() * 0.45)
        if card.layout.tiles:
            self._paint_tiles(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if card.layout.is_open and card.biases is not None:
            self._paint_biases(painter)
        if card.show_ports():
            self._paint_ports(painter)
        if card.can_append:
            self._paint_append(painter)

    def _paint_tiles(self, painter: QPainter) -> None:
        card, layout = self._card, self._card.layout
        for unit, rect in enumerate(layout.tiles):
            picture = card.pictures[unit] if unit < len(card.pictures) else None
            if card.answer is not None and layout.answer is None and len(layout.tiles) == 1:
                picture = card.answer
            self._paint_picture(painter, rect, picture)
        if layout.answer is not None:
            self._paint_picture(painter, layout.answer, card.answer)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(card.style.line_pen)
        painter.drawRects([*layout.tiles, layout.answer] if layout.answer is not None else list(layout.tiles))
        if card.hovered_unit is not None and card.hovered_unit < len(layout.tiles):
            painter.setPen(card.style.accent_pen)
            painter.drawRect(layout.tiles[card.hovered_unit])

    def _paint_picture(self, painter: QPainter, rect: QRectF, picture: Picture | None) -> None:
        if picture is None:
            painter.fillRect(rect, self._card.style.raised)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not picture.sharp)
            painter.drawImage(rect, picture.image)

    def _paint_biases(self, painter: QPainter) -> None:
        card, style = self._card, self._card.style
        if is_vector(painter):
            painter.setPen(style.surface_pen)
            for rect, (level, negative) in zip(card.layout.tiles, card.dots, strict=False):
                painter.setBrush(style.negative if negative else style.positive)
                painter.drawEllipse(rect.bottomLeft(), dot_radius(level), dot_radius(level))
            return
        scale = painter.deviceTransform().m11()
        for rect, (level, negative) in zip(card.layout.tiles, card.dots, strict=False):
            dot, side = style.dot_picture(level, negative, scale)
            painter.drawPixmap(
                QRectF(rect.left() - side / 2, rect.bottom() - side / 2, side, side), dot, QRectF(dot.rect())
            )

    def _paint_ports(self, painter: QPainter) -> None:
        card, style = self._card, self._card.style
        painter.setPen(style.accent_pen if card.offers else style.hover_pen)
        painter.setBrush(style.accent if card.lit else style.raised)
        for port in card.offers or (*card.layout.in_ports, card.layout.out_port):
            painter.drawEllipse(port, PORT, PORT)

    def _paint_append(self, painter: QPainter) -> None:
        card, style = self._card, self._card.style
        button = card.append_button()
        assert button is not None
        painter.setPen(style.accent_pen if card.append_hovered else style.hover_pen)
        painter.setBrush(style.surface)
        painter.drawEllipse(button)
        painter.setPen(style.accent_pen if card.append_hovered else style.muted_pen)
        center = button.center()
        painter.drawLine(QPointF(center.x() - 4, center.y()), QPointF(center.x() + 4, center.y()))
        painter.drawLine(QPointF(center.x(), center.y() - 4), QPointF(center.x(), center.y() + 4))
