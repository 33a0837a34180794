"""What is written on a card: all of it where it can be read, and from afar its title at the size of the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem

from widgets import theme
from widgets.canvas.style import COMPACT, PADDING, Style

if TYPE_CHECKING:
    from widgets.canvas.card import Card

_EDGE = 3.0
"""Pixels of the screen between a card's border and what is written on it from afar."""
_ICON = 12
"""Side of the icon beside such a title."""
_LINE, _BESIDE = 10.0, 14.0
"""From one line to the next where there is hardly room, and where there is."""
_LEAST = 34.0
"""Room for a title, pixels; where a card has less, its icon stands for it."""


def paint_texts(painter: QPainter, card: Card) -> None:
    """Write on a card what can be read at the size that it is shown in."""
    zoom = QStyleOptionGraphicsItem.levelOfDetailFromTransform(painter.worldTransform())
    if zoom >= COMPACT:
        _paint_all(painter, card)
    else:
        painter.save()
        painter.translate(card.layout.frame.topLeft())
        painter.scale(1 / zoom, 1 / zoom)
        _paint_from_afar(painter, card, zoom)
        painter.restore()


def _paint_all(painter: QPainter, card: Card) -> None:
    style, layout = card.style, card.layout
    left, top = layout.frame.left() + PADDING, layout.frame.top()
    right = layout.frame.right() - PADDING
    style.paint_icon(painter, layout.icon, "muted", QRectF(left - 1, top + 8, theme.ICON, theme.ICON))
    painter.setFont(style.title_font)
    painter.setPen(style.text)
    title = QRectF(left + theme.ICON + 5, top + 7, right - left - theme.ICON, 18)
    painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, layout.title)
    painter.setFont(style.small_font)
    painter.setPen(style.muted)
    second = QRectF(left, top + 26, right - left, 16)
    painter.drawText(second, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, layout.subtitle)
    if layout.shape:
        width = style.small_metrics.horizontalAdvance(layout.shape) + 8
        chip = QRectF(right - width + 2, top + 27, width, 15)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.raised)
        painter.drawRoundedRect(chip, 4, 4)
        painter.setPen(style.muted)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, layout.shape)
    if layout.more:
        area = QRectF(left, layout.tiles[-1].bottom() + 1, right - left, 16)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, layout.more)
    for rect, label in zip(layout.tiles, layout.labels, strict=False):
        area = QRectF(layout.frame.left() + 4, rect.top(), rect.left() - layout.frame.left() - 10, rect.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)


def _paint_from_afar(painter: QPainter, card: Card, zoom: float) -> None:
    """In pixels of the screen, from the card's corner: the title in one or two lines, with its icon or the shape."""
    style, layout = card.style, card.layout
    height = (layout.header if layout.tiles else layout.frame).height() * zoom
    area = QRectF(0, 0, layout.frame.width() * zoom, height).adjusted(_EDGE, 0, -_EDGE, 0)
    if area.width() < _LEAST:
        side = min(_ICON, area.width() + _EDGE, height)
        if side >= _ICON / 2:
            icon = QRectF(0, 0, side, side)
            icon.moveCenter(area.center())
            style.paint_icon(painter, layout.icon, "muted", icon)
        return
    lines, has_icon, is_small = title_lines(layout.title, area.width(), height, style)
    shape = layout.shape if len(lines) == 1 and height >= 2 * _BESIDE else ""
    if style.small_metrics.horizontalAdvance(shape) > area.width():
        shape = ""
    pitch = _BESIDE if shape else _LINE
    middle = area.center().y() - (len(lines) - 1 + bool(shape)) * pitch / 2
    painter.setFont(style.afar_small_font if is_small else style.afar_font)
    painter.setPen(style.text)
    left = area.left()
    if has_icon:
        style.paint_icon(painter, layout.icon, "muted", QRectF(left - 1, middle - _ICON / 2, _ICON, _ICON))
        left += _ICON + 2
    for number, line in enumerate(lines):
        place = QRectF(left, middle - 8 + number * pitch, area.right() - left + 1, 16)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)
    painter.setFont(style.small_font)
    painter.setPen(style.muted)
    if shape:
        place = QRectF(area.left(), middle - 8 + pitch, area.width(), 16)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shape)
    for rect, label in zip(layout.tiles, layout.labels, strict=False):
        room = QRectF(0, (rect.top() - layout.frame.top()) * zoom, (rect.left() - layout.frame.left()) * zoom - 3, 0)
        room.setHeight(rect.height() * zoom)
        if style.small_metrics.horizontalAdvance(label) <= room.width():
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, label)


def title_lines(title: str, width: float, height: float, style: Style) -> tuple[tuple[str, ...], bool, bool]:
    """A title as it fits into so many pixels, whether its icon does too, and whether it takes the smaller font.

    The icon goes first, then a pixel of the font, then the number of units to a line of its own; then letters go.
    """
    wide, narrow = style.afar_metrics.horizontalAdvance(title), style.afar_small_metrics.horizontalAdvance(title)
    if narrow <= width:
        return (title,), wide + _ICON + 2 <= width, wide > width
    name, _, number = title.rpartition(" ")
    in_two = bool(name) and number[:1].isdigit() and height >= 2 * _LINE
    lines = (name, number) if in_two else (title,)
    elide = style.afar_small_metrics.elidedText
    return tuple(elide(line, Qt.TextElideMode.ElideRight, width) for line in lines), False, True
