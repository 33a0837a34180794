"""What is changed on the card itself: its number of units, its activation, its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QWheelEvent
from PySide6.QtWidgets import QWidget

from engine.catalog.registry import Range, entry
from widgets.canvas.card import Card
from widgets.canvas.hits import Hit, Part
from widgets.canvas.overlay import NameField, ValueEditor
from widgets.canvas.places import activation_area, counted_field, units_area
from widgets.canvas.style import COMPACT
from widgets.chooser import Chooser
from widgets.pictures import Context

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas

_NOTCH = 120
_SETTLED = 600
"""Milliseconds without the wheel after which its turns are one edit."""


class InPlace:
    """The fields that open on cards."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._hovered = Hit(Part.NOTHING)
        self._turned = 0
        self._wheeled: tuple[str, str, int] | None = None
        self._settle = QTimer(canvas, singleShot=True, interval=_SETTLED)
        self._settle.timeout.connect(self._end_wheel)
        self.units = ValueEditor(canvas.viewport(), Range(1, 65_536, 1), "canvas.units")
        self.units.edited.connect(self._set_units)
        self.name = NameField(canvas.viewport())
        self.name.given.connect(canvas.renamed)
        self._anchor = QWidget(canvas.viewport())
        self._anchor.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._anchor.hide()

    # --- units ---------------------------------------------------------------------------------------------------

    def type_units(self, typed: str) -> bool:
        """A digit was pressed: it begins the number of units of the selected card; returns whether there is one."""
        chosen = sorted(self._canvas.selected)
        if len(chosen) != 1 or counted_field(self._canvas.board.cards[chosen[0]]) is None:
            return False
        self.open_units(chosen[0])
        self.units.field.lineEdit().setText(typed)
        return True

    def open_units(self, node_id: str) -> None:
        """Offer the number of units below where it is written."""
        card = self._canvas.board.cards[node_id]
        found = counted_field(card)
        if found is None:
            return
        name, constraint = found
        area = units_area(card) or card.layout.header
        self.units.field.setRange(constraint.low, constraint.high)
        pixel = self._canvas.mapFromScene(card.position + QPointF(area.center().x(), area.bottom() - 4))
        self._canvas.value_label.hide()
        self.units.open_at(name, node_id, (), float(getattr(card.node.layer, name)), pixel)

    def _set_units(self, node_id: str, _index: tuple[int, ...], value: float) -> None:
        card = self._canvas.board.cards.get(node_id)
        found = counted_field(card) if card is not None else None
        if found is not None:
            self._canvas.field_changed.emit(node_id, (found[0],), round(value), True)

    def wheel(self, event: QWheelEvent) -> bool:
        """The wheel over the number of a selected card turns it; returns whether it did."""
        hit = self._canvas.hit(self._canvas.mapToScene(event.position().toPoint()))
        card = self._canvas.board.cards.get(hit.node) if hit.part is Part.UNITS else None
        found = counted_field(card) if card is not None else None
        if card is None or found is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        self._turned += event.angleDelta().y()
        steps, self._turned = int(self._turned / _NOTCH), int(self._turned - _NOTCH * int(self._turned / _NOTCH))
        name, constraint = found
        value = round(min(max(getattr(card.node.layer, name) + steps, constraint.low), constraint.high))
        if value != getattr(card.node.layer, name):
            self._wheeled = (card.id, name, value)
            self._canvas.field_changed.emit(card.id, (name,), value, False)
        self._settle.start()
        return True

    def _end_wheel(self) -> None:
        wheeled, self._wheeled = self._wheeled, None
        if wheeled is not None and wheeled[0] in self._canvas.board.cards:
            self._canvas.field_changed.emit(wheeled[0], (wheeled[1],), wheeled[2], True)

    # --- the activation ------------------------------------------------------------------------------------------

    def open_activation(self, node_id: str) -> None:
        """Offer the activations below the one that is written."""
        card = self._canvas.board.cards[node_id]
        area = activation_area(card)
        activation = getattr(card.node.layer, "activation", None)
        if area is None or activation is None:
            return
        self._canvas.value_label.hide()
        self._anchor.setGeometry(self._canvas.mapFromScene(area.translated(card.position)).boundingRect())
        chooser = Chooser(activation, Context(), "canvas.activation", self._canvas)
        chooser.chosen.connect(
            lambda name: self._canvas.field_changed.emit(
                node_id, ("activation",), activation if name == activation.name else entry("activations", name)(), True
            )
        )
        chooser.open_under(self._anchor)

    # --- the name ------------------------------------------------------------------------------------------------

    def open_name(self, node_id: str) -> None:
        """Offer a card's name over its title."""
        card = self._canvas.board.cards[node_id]
        self._canvas.reveal(node_id)
        corner = card.position + card.layout.frame.topLeft()
        self.name.open_at(node_id, self._canvas.mapFromScene(corner))

    # --- what is seen --------------------------------------------------------------------------------------------

    def forget_missing(self) -> None:
        """After a change of the plan: put fields of cards away that are gone."""
        cards = self._canvas.board.cards
        if self.units.isVisible() and self.units.name not in cards:
            self.units.discard()
        if self.name.isVisible() and self.name.named not in cards:
            self.name.close_field()

    def close_fields(self) -> None:
        """Put the fields away: the cards move under them."""
        self.units.close_editor()
        self.name.close_field()

    def show_hovered(self, hit: Hit) -> None:
        """Light up what can be changed under the pointer."""
        if hit.part in (Part.UNITS, Part.ACTIVATION) or self._hovered.part in (Part.UNITS, Part.ACTIVATION):
            self._canvas.viewport().update()
        self._hovered = hit

    def paint(self, painter: QPainter) -> None:
        """On a selected card: a line under number and activation, a frame around the hovered."""
        if len(self._canvas.selected) != 1 or self._canvas.camera.zoom < COMPACT:
            return
        card = self._canvas.board.cards.get(next(iter(self._canvas.selected)))
        if card is not None:
            self._paint_area(painter, card, units_area(card), Part.UNITS, -1)
            self._paint_area(painter, card, activation_area(card), Part.ACTIVATION, 0)

    def _paint_area(self, painter: QPainter, card: Card, area: QRectF | None, part: Part, line: float) -> None:
        """Underline what can be changed, `line` below its lower edge; frame it under the pointer."""
        if area is None:
            return
        area.translate(card.position)
        if self._hovered == Hit(part, card.id):
            painter.setPen(card.style.accent_pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, 3, 3)
        painter.setPen(card.style.muted_line_pen)
        painter.drawLine(area.bottomLeft() + QPointF(3, line), area.bottomRight() + QPointF(-3, line))
