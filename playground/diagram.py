"""The network as a picture on paper: the canvas's own cards and links, whole, in the light theme."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QMarginsF, QObject, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFont, QImage, QImageWriter, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem

from widgets import theme
from widgets.canvas.board import Board

if TYPE_CHECKING:
    from widgets.canvas.card import Card

_MARGIN = 16.0
"""Around the network, scene units."""
_SCALE = 2
"""Pixels of a picture for one unit of the scene."""
_LARGEST = 64_000_000
"""Pixels of a picture at most: a large network has fewer for each unit."""
DPI = 96
"""Units of an inch, in everything that is painted for paper."""
_READABLE = 0.45
"""Zoom below which a wide network is cut into rows, as music is."""
_MOST_ROWS = 3
_ROW_GAP = 12.0

Paint = Callable[[QPainter], None]


class Diagram:
    """What a board shows, with its live pictures, but without what is there for editing it."""

    def __init__(self, shown: Board) -> None:
        self._holder = QObject()
        with theme.worn(theme.LIGHT):
            self._board = Board(self._holder)
            style = self._board.style_
            for font in (style.title_font, style.small_font, style.afar_font, style.afar_small_font):
                keep_letters(font)
            if shown.plan is not None:
                self._board.set_plan(shown.plan)
            self._take_over(shown)
        self._tidy()

    @property
    def area(self) -> QRectF:
        """What it covers of the scene; nothing where there is no card."""
        found = self._board.content()
        for link in self._board.links.values():
            found = found.united(link.sceneBoundingRect())
        return QRectF() if found.isEmpty() else found.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    def _take_over(self, shown: Board) -> None:
        """Show what the other board has been told of the run, in the colours of this theme."""
        for node_id, card in self._board.cards.items():
            other = shown.cards.get(node_id)
            if other is None or len(other.layout.tiles) != len(card.layout.tiles):
                continue
            card.pictures = [picture.recoloured(card.style) for picture in other.pictures]
            card.answer = None if other.answer is None else other.answer.recoloured(card.style)
            if other.biases is not None:
                card.set_biases(other.biases)
        for edge, link in self._board.links.items():
            same = shown.links.get(edge)
            if same is not None and same.weights is not None:
                link.set_weights(same.weights)

    def _tidy(self) -> None:
        board = self._board
        for box in board.boxes.values():
            board.removeItem(box)
        board.boxes.clear()
        for card in board.cards.values():
            self._tidy_card(card)
        for item in board.items():
            item.setCacheMode(QGraphicsItem.CacheMode.NoCache)  # what is kept of it has pixels

    @staticmethod
    def _tidy_card(card: Card) -> None:
        card.can_append = card.wrong = False
        card.warnings = ()

    # --- painting ----------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, target: QRectF, source: QRectF | None = None) -> None:
        """Paint a part of the scene, or all of it, as large as it fits into a rectangle, in its middle."""
        part = source or self.area
        zoom = min(target.width() / part.width(), target.height() / part.height())
        size = part.size() * zoom
        place = QRectF(target.center().x() - size.width() / 2, target.center().y() - size.height() / 2, 0, 0)
        place.setSize(size)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        with theme.worn(theme.LIGHT):
            self._board.render(painter, place, part, Qt.AspectRatioMode.KeepAspectRatio)
        painter.restore()

    def rows(self, width: float, height: float) -> list[tuple[QRectF, QRectF]]:
        """How it is best shown in so much room: (part of the scene, where that goes).

        A long chain of cards, which would be too small to read, is cut between cards and goes on below.
        """
        area = self.area
        if area.isEmpty():
            return []
        best: tuple[float, list[QRectF]] = (0.0, [])
        for count in range(1, _MOST_ROWS + 1):
            parts = self._cut(area, count)
            widest = max(part.width() for part in parts)
            room = (height - _ROW_GAP * (len(parts) - 1)) / len(parts)
            zoom = min(width / widest, room / area.height(), 1.0)
            if zoom > best[0] * 1.15:
                best = zoom, parts
            if zoom >= _READABLE:
                break
        zoom, parts = best
        placed, top = [], 0.0
        for part in parts:
            tall = part.height() * zoom
            placed.append((part, QRectF((width - part.width() * zoom) / 2, top, part.width() * zoom, tall)))
            top += tall + _ROW_GAP
        return placed

    def _cut(self, area: QRectF, count: int) -> list[QRectF]:
        """The area in so many parts beside each other, cut where no card stands; fewer, where that cannot be."""
        spans = sorted((card.scene_frame.left(), card.scene_frame.right()) for card in self._board.cards.values())
        gaps, reached = [], area.left()
        for left, right in spans:
            if left - reached >= _MARGIN and reached > area.left():
                gaps.append((reached + left) / 2)
            reached = max(reached, right)
        edges = [area.left()]
        for number in range(1, count):
            ideal = area.left() + area.width() * number / count
            free = [gap for gap in gaps if gap > edges[-1]]
            if free:
                edges.append(min(free, key=lambda gap: abs(gap - ideal)))
        edges.append(area.right())
        return [QRectF(left, area.top(), right - left, area.height()) for left, right in pairwise(edges)]

    def paint_all(self, painter: QPainter) -> None:
        """Paint all of it, a scene unit a unit of the painter."""
        self.paint(painter, QRectF(QPointF(), self.area.size()))

    # --- files -------------------------------------------------------------------------------------------------------

    def svg(self, title: str) -> bytes:
        """The whole network, a scene unit a pixel; texts are texts."""
        return svg_of(self.area.size(), title, self.paint_all)

    def pdf(self, title: str) -> bytes:
        """The whole network on one page of its size."""
        return pdf_of(self.area.size(), title, self.paint_all)

    def png(self) -> bytes:
        """The whole network at twice its size, or, where it is huge, somewhat smaller."""
        size = self.area.size()
        scale = min(_SCALE, (_LARGEST / (size.width() * size.height())) ** 0.5)
        return png_of(image_of(size, scale, self.paint_all))


def keep_letters(font: QFont) -> QFont:
    """A font whose glyphs are those of its letters: from others a reader of PDF could not tell what is written."""
    font.unsetFeature(QFont.Tag("tnum"))
    font.setFeature(QFont.Tag("calt"), 0)
    return font


def svg_of(size: QSizeF, title: str, paint: Paint, ground: bool = True) -> bytes:
    """What is painted, as an SVG file whose fonts fall back on what there is; with `ground`, on white."""
    buffer = QBuffer()
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setResolution(DPI)
    generator.setSize(QSize(round(size.width()), round(size.height())))
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(title)
    painter = QPainter(generator)
    if ground:
        painter.fillRect(QRectF(0, 0, size.width(), size.height()), Qt.GlobalColor.white)
    paint(painter)
    painter.end()
    fonts = ",".join(theme.FAMILIES)
    text = bytes(buffer.data().data()).decode()
    return text.replace(f'font-family="{fonts}"', f'font-family="{fonts},sans-serif"').encode()


def pdf_of(size: QSizeF, title: str, paint: Paint) -> bytes:
    """What is painted, as a PDF file of one page of that size; a unit is 1/96 inch."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    page = QPageSize(size * (72 / DPI), QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    writer.setResolution(DPI)
    writer.setTitle(title)
    writer.setCreator("Neural Playground")
    painter = QPainter(writer)
    paint(painter)
    painter.end()
    return bytes(buffer.data().data())


def image_of(size: QSizeF, scale: float, paint: Paint) -> QImage:
    """What is painted, as a picture on white with so many pixels for a unit."""
    image = QImage((size * scale).toSize().expandedTo(QSize(1, 1)), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(painter)
    painter.end()
    return image


def png_of(image: QImage) -> bytes:
    """A picture as a PNG file."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())
