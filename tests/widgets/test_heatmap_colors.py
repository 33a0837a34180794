"""The colours of a map: painted strip by strip they are those of one stroke, and nothing after them is cut off."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from widgets import colors
from widgets.heatmap_colors import ColorImage, table
from widgets.theme import Theme

AREA = QRectF(10, 3, 250, 301)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_a_map_in_strips_is_the_map_in_one_stroke(ratio: float, qtbot: QtBot, theme: Theme) -> None:
    indices = np.random.default_rng(3).integers(0, 256, (40, 37), np.uint8)
    chosen = table(theme, "signed", False)
    whole = QImage(np.take(chosen, indices).data, 37, 40, 4 * 37, QImage.Format.Format_RGB32).copy()
    pictures = []
    for strips in (True, False):
        picture = QImage(round(270 * ratio), round(310 * ratio), QImage.Format.Format_RGB32)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.black)
        painter = QPainter(picture)
        if strips:
            ColorImage(indices, chosen).paint(painter, AREA)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(AREA, whole)
        painter.fillRect(QRectF(0, 0, 5, 5), QColor("white"))  # outside the map: no clip is left behind
        painter.end()
        pictures.append(picture)
    assert pictures[0] == pictures[1]
    assert pictures[0].pixelColor(1, 1) == QColor("white")


def test_a_discrete_table_has_one_colour_a_side_and_one_a_class(theme: Theme) -> None:
    signed = table(theme, "signed", True)
    assert len(set(signed[:128].tolist())) == len(set(signed[128:].tolist())) == 1 and signed[0] != signed[255]
    classes = table(theme, "classes", True).reshape(-1, colors.LEVELS)
    assert np.array_equal(classes, np.repeat(classes[:, :1], colors.LEVELS, axis=1))
