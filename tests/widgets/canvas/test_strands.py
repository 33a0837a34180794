"""Curves drawn by coverage: how much of a pixel they take, in which colour."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from widgets.canvas.link import wire
from widgets.canvas.strands import StrandRaster, ordinates

ORANGE, BLUE = QColor("#ff8000"), QColor("#0000ff")
WIDTH, HEIGHT = 80, 60


def render(
    starts: list[float], ends: list[float], widths: list[float], opacities: list[float], negative: list[bool]
) -> NDArray[np.uint32]:
    raster = StrandRaster(
        10.0, 70.0, np.array(starts, np.float32), np.array(ends, np.float32), max(widths), WIDTH, HEIGHT
    )
    return raster.render(
        np.array(widths, np.float32), np.array(opacities, np.float32), np.array(negative), (ORANGE, BLUE)
    )


def alpha(pixels: NDArray[np.uint32]) -> NDArray[np.float64]:
    return (pixels >> 24) / 255


@pytest.mark.parametrize("width", [0.6, 1.0, 2.3, 4.5])
@pytest.mark.parametrize("y", [30.0, 30.5, 30.3])
def test_a_level_line_covers_its_width_in_every_column(width: float, y: float) -> None:
    found = alpha(render([y], [y], [width], [1.0], [False]))
    assert found[:, 10:70].sum(axis=0) == pytest.approx(width, abs=0.02)
    assert not found[:, :10].any() and not found[:, 70:].any()


def test_opacity_scales_and_adds_up_to_at_most_one() -> None:
    one = alpha(render([30.5], [30.5], [3.0], [0.4], [False]))
    assert one[30, 40] == pytest.approx(0.4, abs=0.01)
    two = alpha(render([30.5, 30.5], [30.5, 30.5], [3.0, 3.0], [0.4, 0.3], [False, False]))
    assert two[30, 40] == pytest.approx(0.7, abs=0.01)
    three = alpha(render([30.5] * 3, [30.5] * 3, [3.0] * 3, [0.9] * 3, [False] * 3))
    assert three[30, 40] == 1.0


def test_signs_have_their_colours_and_the_stronger_wins_a_crossing() -> None:
    pixels = render([20.5, 40.5], [20.5, 40.5], [3.0, 3.0], [1.0, 1.0], [True, False])
    assert QColor.fromRgb(int(pixels[20, 40])) == ORANGE
    assert QColor.fromRgb(int(pixels[40, 40])) == BLUE
    crossing = render([20.5, 40.5], [40.5, 20.5], [4.0, 4.0], [0.2, 0.9], [True, False])
    color = QColor.fromRgb(int(crossing[30, 40]))
    assert color.blue() > 220 and color.red() < 40


def test_the_order_of_the_curves_plays_no_part() -> None:
    starts, ends = [5.0, 30.0, 50.0], [50.0, 30.0, 5.0]
    widths, opacities, negative = [1.0, 4.0, 2.0], [0.5, 0.9, 0.3], [True, False, True]
    forward = render(starts, ends, widths, opacities, negative)
    backward = render(starts[::-1], ends[::-1], widths[::-1], opacities[::-1], negative[::-1])
    assert np.array_equal(forward, backward)


@pytest.mark.parametrize("changed", [1, 3, 20])
def test_drawing_what_changed_gives_the_picture_drawn_from_nothing(changed: int) -> None:
    rng = np.random.default_rng(changed)
    starts, ends = rng.uniform(5, 55, (2, 20)).astype(np.float32)

    def raster() -> StrandRaster:
        return StrandRaster(10.0, 70.0, starts, ends, 4.5, WIDTH, HEIGHT)

    widths, opacities = rng.uniform(0.6, 4.5, 20).astype(np.float32), rng.uniform(0.2, 1, 20).astype(np.float32)
    negative, kept = rng.random(20) < 0.5, raster()
    for step in range(30):
        place = rng.permutation(20)[:changed]
        widths[place], opacities[place] = rng.uniform(0.6, 4.5, changed), rng.uniform(0.2, 1, changed)
        negative[place] = rng.random(changed) < 0.5
        colors = (ORANGE, BLUE) if step % 5 else (BLUE, ORANGE)
        found = kept.render(widths, opacities, negative, colors)
        assert np.array_equal(found, raster().render(widths, opacities, negative, colors))


def test_it_draws_what_qt_draws() -> None:
    starts, ends, width = [8.0, 50.0], [48.0, 10.0], 3.0
    ours = alpha(render(starts, ends, [width] * 2, [1.0] * 2, [False] * 2))
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(BLUE, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    for start, end in zip(starts, ends, strict=True):
        painter.drawPath(wire(QPointF(10, start), QPointF(70, end)))
    painter.end()
    theirs = alpha(np.frombuffer(image.constBits(), np.uint32).reshape(HEIGHT, WIDTH))
    difference = np.abs(ours - theirs)[:, 11:69]
    assert difference.mean() < 0.008
    assert difference.max() < 0.25


def test_curves_beyond_the_picture_are_cut_off() -> None:
    pixels = render([-40.0, 100.0], [100.0, -40.0], [4.0, 4.0], [1.0, 1.0], [True, False])
    assert pixels.shape == (HEIGHT, WIDTH)
    assert alpha(pixels).any()


def test_ordinates_lie_on_the_curve_that_is_drawn() -> None:
    path = wire(QPointF(10, 8), QPointF(70, 48))
    for t in (0.1, 0.35, 0.5, 0.8):
        point = path.pointAtPercent(t)
        share = (point.x() - 10) / 60
        y = ordinates(np.array([8.0], np.float32), np.array([48.0], np.float32), share)
        assert float(y[0]) == pytest.approx(point.y(), abs=0.05)
