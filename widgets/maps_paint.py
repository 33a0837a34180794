"""How a layer is painted: its head, its maps with what stands beside them, its units as cells or bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLocale, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from widgets import image_pixels, theme
from widgets.controls_numbers import format_number
from widgets.heatmap_colors import table
from widgets.maps_layout import Block
from widgets.maps_texts import range_text, shape_text
from widgets.maps_values import MapValues


class StripPainter:
    """Paints layers with one painter."""

    def __init__(self, painter: QPainter, values: MapValues, truth: int | None) -> None:
        """`truth` is the class of the sample, marked among the units that stand for classes."""
        self._painter, self._values, self._truth = painter, values, truth
        self._colours = theme.current()
        self._small, self._bold = theme.font(theme.SMALL), theme.font(theme.SMALL, QFont.Weight.DemiBold)

    def paint(self, block: Block, order: Sequence[int], seen: QRectF) -> None:
        """Paint a layer, its units in an order, as far as it is seen."""
        self._head(block, seen)
        draw = {"maps": self._maps, "bars": self._bars, "cells": self._cells}[block.layer.kind]
        draw(block, order, seen)

    def frame(self, where: QRectF, strong: bool) -> None:
        """Outline what is chosen (strong) or pointed at."""
        painter = self._painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._colours.accent if strong else self._colours.text), 2 if strong else 1))
        grown = 1.5 if strong else 0.5
        painter.drawRoundedRect(where.adjusted(-grown, -grown, grown, grown), 2, 2)

    def _head(self, block: Block, seen: QRectF) -> None:
        """What the layer is; it stays in sight as long as some of its maps are."""
        painter, layer, head = self._painter, block.layer, QRectF(block.head)
        head.setLeft(max(head.left(), min(seen.left() + 1, block.area.right() - 90)))
        first = QRectF(head.left(), head.top(), head.width(), 14)
        second = first.translated(0, 14)
        facts = [text for text in (shape_text(layer), range_text(layer, self._values)) if text]
        for font, color, area, text in (
            (self._bold, self._colours.text, first, layer.title),
            (self._small, self._colours.muted, second, "  ·  ".join(facts)),
        ):
            painter.setFont(font)
            painter.setPen(QColor(color))
            shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    # --- maps ------------------------------------------------------------------------------------------------------

    def _maps(self, block: Block, order: Sequence[int], seen: QRectF) -> None:
        painter, layer = self._painter, block.layer
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        image = self._values.image() if layer.is_input else None
        sheet, beside = self._values.map_sheet(layer.node), self._values.beside_sheet(layer)
        running = self._values.maps.get(f"{layer.node}.running")
        for slot, (unit, place) in enumerate(zip(order, block.tiles, strict=True)):
            if not place.intersects(seen) and not (block.beside and block.beside[slot].intersects(seen)):
                continue
            if image is not None and layer.maps in (1, 3):
                image_pixels.paint(painter, image, place)
            elif sheet is not None and unit < sheet.count:
                sheet.paint(painter, unit, place)
            else:
                painter.fillRect(place, QColor(self._colours.raised))
            if not block.beside:
                continue
            if running is not None:
                self._whisker(block.beside[slot], running, unit)
            elif beside is not None and unit < beside.count:
                beside.paint(painter, unit, block.beside[slot])
            else:
                painter.fillRect(block.beside[slot], QColor(self._colours.raised))

    def _whisker(self, place: QRectF, running: np.ndarray, unit: int) -> None:
        """The mean and deviation that BatchNorm keeps of a channel, on one scale for all channels."""
        painter = self._painter
        painter.fillRect(place, QColor(self._colours.raised))
        if unit >= running.shape[1]:
            return
        reach = float(np.abs(running).sum(axis=0).max(initial=0.0)) or 1.0
        mean, deviation = running[:, unit].tolist()
        middle, half = place.center(), place.height() / 2 - 3
        y, around = middle.y() - mean / reach * half, deviation / reach * half
        painter.setPen(QPen(QColor(self._colours.line), 1))
        painter.drawLine(QPointF(place.left() + 2, middle.y()), QPointF(place.right() - 2, middle.y()))
        band = QRectF(middle.x() - 5, y - around, 10, 2 * around)
        painter.fillRect(band, QColor(self._colours.line))
        sign = self._colours.positive if mean >= 0 else self._colours.negative
        painter.fillRect(QRectF(middle.x() - 8, y - 1, 16, 2), QColor(sign))

    # --- units -----------------------------------------------------------------------------------------------------

    def _cells(self, block: Block, order: Sequence[int], seen: QRectF) -> None:
        node = block.layer.node
        values = self._values.maps.get(f"{node}.values")
        painter = self._painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if values is None:
            return
        signed, full = self._values.signed(node), self._values.full(node) or 1.0
        shares = np.nan_to_num(values / full)
        indices = 127.5 + 127.5 * shares if signed else 255 * shares
        colours = table(self._colours, "signed" if signed else "magnitude", False)
        pixels = colours[np.clip(np.rint(indices), 0, 255).astype(np.uint8)].tolist()
        mask = self._values.maps.get(f"{node}.mask")
        line = QColor(self._colours.line)
        for unit, place in zip(order, block.tiles, strict=True):
            if unit >= len(pixels) or not place.intersects(seen):
                continue
            painter.fillRect(place, QColor.fromRgb(pixels[unit]))
            if signed:  # what is near 0 has the colour of the ground
                painter.setPen(line)
                painter.drawRect(place.adjusted(0, 0, -1, -1))
            if mask is not None and unit < len(mask) and not mask[unit]:
                self._cross(place)

    def _cross(self, place: QRectF) -> None:
        """Silenced by Dropout, in training."""
        self._painter.fillRect(place, QColor(self._colours.surface))
        self._painter.setPen(QColor(self._colours.muted))
        inner = place.adjusted(2, 2, -3, -3)
        self._painter.drawLine(inner.topLeft(), inner.bottomRight())
        self._painter.drawLine(inner.topRight(), inner.bottomLeft())

    def _bars(self, block: Block, order: Sequence[int], seen: QRectF) -> None:
        painter, layer = self._painter, block.layer
        values = self._values.maps.get(f"{layer.node}.values")
        signed = self._values.signed(layer.node)
        full = 1.0 if layer.names and not signed else self._values.full(layer.node) or 1.0
        best = int(np.argmax(values)) if values is not None and len(values) and layer.names else -1
        mask = self._values.maps.get(f"{layer.node}.mask")
        for unit, place in zip(order, block.tiles, strict=True):
            if not place.intersects(seen):
                continue
            name = layer.names[unit] if unit < len(layer.names) else str(unit + 1)
            value = float(values[unit]) if values is not None and unit < len(values) else None
            silenced = mask is not None and unit < len(mask) and not mask[unit]
            self._name(block, place, name, unit == best, bool(layer.names) and unit == self._truth)
            track = QRectF(place.left() + block.name_width, place.top() + 3, 56.0, place.height() - 6)
            painter.fillRect(track, QColor(self._colours.raised))
            if value is not None and not silenced:
                self._bar(track, value / full, signed)
            if silenced:
                self._cross(QRectF(track.left(), track.top(), track.height(), track.height()))
            painter.setFont(self._bold if unit == best else self._small)
            painter.setPen(QColor(self._colours.text if unit == best else self._colours.muted))
            number = QRectF(track.right() + 4, place.top(), place.right() - track.right() - 4, place.height())
            text = "" if value is None else self._number(value, bool(layer.names) and not signed)
            painter.drawText(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _name(self, block: Block, place: QRectF, name: str, best: bool, true: bool) -> None:
        painter = self._painter
        font = self._bold if best or true else self._small
        painter.setFont(font)
        painter.setPen(QColor(self._colours.text if best or true else self._colours.muted))
        room = QRectF(place.left(), place.top(), block.name_width - 6, place.height())
        shown = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
        if true:  # the class that it should be
            painter.fillRect(QRectF(room.right() + 2, place.top() + 2, 2, place.height() - 4), painter.pen().color())

    def _bar(self, track: QRectF, share: float, signed: bool) -> None:
        share = min(max(share, -1.0), 1.0)
        if not signed:
            bar = QRectF(track.left(), track.top(), track.width() * max(0.0, share), track.height())
            self._painter.fillRect(bar, QColor(self._colours.positive))
            return
        middle, half = track.center().x(), track.width() / 2
        bar = QRectF(min(middle, middle + share * half), track.top(), abs(share) * half, track.height())
        self._painter.fillRect(bar, QColor(self._colours.positive if share >= 0 else self._colours.negative))
        self._painter.fillRect(QRectF(middle - 0.5, track.top(), 1, track.height()), QColor(self._colours.muted))

    @staticmethod
    def _number(value: float, share: bool) -> str:
        return QLocale().toString(value, "f", 3) if share else format_number(value)
