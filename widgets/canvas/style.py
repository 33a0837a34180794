"""Measures of the canvas, and its pens, brushes and fonts in the current theme."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPaintEngine, QPainter, QPen, QPixmap

from engine.document.errors import Sentence
from widgets import colors, icons, theme

CARD_WIDTH = 112.0
"""Narrowest card."""
PADDING = 10.0
"""Inside a card."""
TILE = 34.0
"""Side of a neuron's picture."""
PITCH = 44.0
"""From one neuron to the next."""
LARGE_TILE = 64.0
"""Side of the network's answer."""
STRIP_TILE = 20.0
"""Side of a neuron's picture on a card that does not open."""
STRIP = 8
"""Neurons or maps that such a card shows."""
MAP_TILE = 26.0
"""Side of a feature map."""
IMAGE_TILE = 56.0
"""Side of the picture of a card that has only one."""
MOST_UNITS = 16
"""A card with more units stays closed."""
MOST_MAPPED = 64
"""A card with more units shows none of them: the training process draws no maps for it."""
SNAP = 8.0
"""Cards come to rest on multiples of this."""
PORT = 5.0
"""Radius of a port."""
THIN, THICK = 0.6, 4.5
"""Width of the weakest and the strongest link."""
COMPACT = 0.7
"""Zoom below which a card shows its title alone, at the size of the screen: the rest could not be read."""
DOTS = 8
"""Sizes of the dot that stands for a bias, beyond the smallest."""
DROP_TYPE = "application/x-playground-layer"
"""MIME type of a layer dragged from the library: its name, UTF-8."""


_VECTOR_ENGINES = (QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf, QPaintEngine.Type.Picture)


class Style:
    """Pens, brushes and fonts, made once per theme so that painting makes none."""

    def __init__(self) -> None:
        self.theme = now = theme.current()
        self.background = QColor(now.background)
        self.surface = QColor(now.surface)
        self.raised = QColor(now.raised)
        self.line = QColor(now.line)
        self.text = QColor(now.text)
        self.muted = QColor(now.muted)
        self.accent = QColor(now.accent)
        self.on_accent = QColor(now.on_accent)
        self.error = QColor(now.error)
        self.warning = QColor(now.warning)
        self.negative = QColor(now.negative)
        self.positive = QColor(now.positive)
        self.dot = mixed(self.background, self.line, 0.9)
        self.wire = mixed(self.background, self.muted, 0.55)
        self.signed = np.array(colors.signed_table(now), np.uint32)
        self.classes = np.array(colors.class_table(now), np.uint32)
        self.magnitudes = np.array(colors.viridis_table(), np.uint32)

        self.line_pen = QPen(self.line, 1.0)
        self.hover_pen = QPen(mixed(self.line, self.muted, 0.5), 1.0)
        self.accent_pen = QPen(self.accent, 1.5)
        self.error_pen, self.warning_pen = QPen(self.error, 1.5), QPen(self.warning, 1.5)
        for pen in (self.error_pen, self.warning_pen):
            pen.setCosmetic(True)  # seen from afar, too
        self.bracket_pen = QPen(self.accent, 2.0)
        self.bracket_pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        self.surface_pen = QPen(self.surface, 1.5)
        self.muted_pen = QPen(self.muted, 1.5)
        self.muted_line_pen = QPen(self.muted, 1.0, Qt.PenStyle.DotLine)
        self.error_thin_pen = QPen(self.error, 1.0)
        ring = QColor(self.accent)
        ring.setAlphaF(0.5)
        self.focus_pen = QPen(ring, 2.0)
        self.wire_pen = QPen(self.wire, 1.0)
        self.wire_pen.setCosmetic(True)  # a cosmetic pen of width 1 is the one that Qt draws fast
        self.wire_selected_pen = QPen(self.accent, 2.0)
        self.wire_hover_pen = QPen(self.muted, 1.5)

        self.faintest = 0.25 if now.is_dark else 0.35
        """Opacity of the weakest link; thin colours fade more on white."""

        band = QColor(self.accent)
        self.band_pen = QPen(band, 1.0)
        self.band_pen.setCosmetic(True)
        band.setAlphaF(0.12)
        self.band_brush = QBrush(band)

        self.title_font = theme.font(theme.NORMAL, QFont.Weight.DemiBold)
        self.small_font = theme.font(theme.SMALL)
        self.afar_font = theme.font(theme.SMALL, QFont.Weight.Medium)
        self.afar_small_font = theme.font(theme.SMALL - 1, QFont.Weight.Medium)
        self.afar_metrics, self.afar_small_metrics = QFontMetricsF(self.afar_font), QFontMetricsF(self.afar_small_font)
        self.title_metrics = QFontMetricsF(self.title_font)
        self.small_metrics = QFontMetricsF(self.small_font)
        self._dots: dict[tuple[int, bool, float], tuple[QPixmap, float]] = {}
        self._icons: dict[tuple[str, str, float], QPixmap] = {}

    @staticmethod
    def around(x: float, y: float) -> QRectF:
        """The room that a card takes whose centre is there, about."""
        return QRectF(x - CARD_WIDTH / 2, y - TILE, CARD_WIDTH, 2 * TILE)

    def icon(self, name: str, role: str, scale: float) -> QPixmap:
        """An icon of the family in a colour of the theme, for a device pixel ratio."""
        key = (name, role, scale)
        if key not in self._icons:
            color = QColor(getattr(self.theme, role))
            self._icons[key] = icons.pixmap(name, color, theme.ICON, scale)
        return self._icons[key]

    def paint_icon(self, painter: QPainter, name: str, role: str, place: QRectF) -> None:
        """Draw an icon of the family in a colour of the theme."""
        if is_vector(painter):
            icons.paint(painter, name, QColor(getattr(self.theme, role)), place)
            return
        picture = self.icon(name, role, painter.device().devicePixelRatioF() * place.width() / theme.ICON)
        painter.drawPixmap(place, picture, QRectF(picture.rect()))

    def dot_picture(self, level: int, negative: bool, scale: float) -> tuple[QPixmap, float]:
        """The dot of a bias for so many pixels per unit of the scene, and the side of its picture in the scene."""
        key = (level, negative, scale)
        if key not in self._dots:
            if len(self._dots) > 10 * DOTS:  # every zoom makes its own
                self._dots.clear()
            pixels = math.ceil((2 * dot_radius(level) + 2) * scale)
            picture = QPixmap(pixels, pixels)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(scale, scale)
            painter.setPen(self.surface_pen)
            painter.setBrush(self.negative if negative else self.positive)
            middle = pixels / scale / 2
            painter.drawEllipse(QPointF(middle, middle), dot_radius(level), dot_radius(level))
            painter.end()
            self._dots[key] = (picture, pixels / scale)
        return self._dots[key]


def is_vector(painter: QPainter) -> bool:
    """Whether what is painted is kept as lines and texts, as in SVG and PDF, and has no pixels of its own."""
    engine = painter.paintEngine()
    return engine is not None and engine.type() in _VECTOR_ENGINES


def dot_radius(level: int) -> float:
    """Radius of a bias's dot, scene units."""
    return 2.5 + 2.5 * level / DOTS


def layer_icon(layer_name: str) -> str:
    """The name of a layer's icon, as the library shows it."""
    return icons.of_layer(layer_name)


def mixed(start: QColor, end: QColor, share: float) -> QColor:
    """A colour between two."""
    return QColor(
        round(start.red() + (end.red() - start.red()) * share),
        round(start.green() + (end.green() - start.green()) * share),
        round(start.blue() + (end.blue() - start.blue()) * share),
    )


def sentence_text(sentence: Sentence) -> str:
    """A sentence of the engine in the language of the window."""
    return theme.translate_catalog(sentence.template).format(**sentence.values)
