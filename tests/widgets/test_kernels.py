"""Kernels: pictures of weights, and a film of bounded length that begins where the seed did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.probes.tiles import quantized
from tests.widgets.conftest import Show
from widgets import theme
from widgets.kernels import CHANGE, KernelsPanel
from widgets.kernels_values import MOST_SHOTS, Film, picture_shape, squared
from widgets.maps_layout import SeenLayer
from widgets.maps_pixels import mosaic, mosaic_size


def weights(units: int = 6, shape: tuple[int, ...] = (1, 3, 3), step: int = 5, factor: float = 1) -> dict[str, Any]:
    values = factor * np.random.default_rng(units).normal(size=(units, *shape)).astype(np.float32)
    tiles, scale = quantized(values, True)
    norms = np.linalg.norm(values.reshape(units, -1), axis=1).astype(np.float32)
    return {"conv": tiles, "conv.scale": scale, "conv.norm": norms, "step": np.array([step])}


@pytest.fixture
def panel(show: Show) -> KernelsPanel:
    film = Film()
    film.note(weights(factor=0.5), start=True)
    for step in (10, 20, 30):
        film.note(weights(step=step))
    panel = KernelsPanel(film)
    panel.set_layers([SeenLayer("conv", "Conv2d 6", (6, 3, 3), facts="1 × 3 × 3")])
    panel.set_kernels(weights())
    show(panel, 800, 200)
    return panel


def test_a_film_keeps_a_bounded_number_of_moments_spread_over_the_run() -> None:
    film = Film()
    for step in range(0, 20_000, 7):
        film.note(weights(step=step))
        assert len(film.shots("conv")) <= MOST_SHOTS + 2
    steps = [shot.step for shot in film.shots("conv")]
    assert steps[0] == 0 and steps[-1] == 19_999 // 7 * 7 and len(steps) >= MOST_SHOTS // 3
    gaps = np.diff(steps)
    assert gaps.max() <= 4 * gaps[:-1].min()  # the last one is the newest, whenever it came


def test_a_film_begins_with_the_seed_and_goes_back_with_the_run() -> None:
    film = Film()
    for step in (10, 20, 30):
        film.note(weights(step=step))
    assert not film.has_start("conv")
    film.note(weights(factor=2), start=True)
    assert film.has_start("conv") and [shot.step for shot in film.shots("conv")] == [0, 10, 20, 30]
    film.note(weights(step=12))
    assert [shot.step for shot in film.shots("conv")] == [0, 10, 12]
    film.note(weights(units=3, step=14))  # another shape: another layer
    assert [shot.step for shot in film.shots("conv")] == [14]
    film.forget()
    assert not film.shots("conv") and not film.strip("conv", 0, 5)


def test_wide_layers_are_kept_at_fewer_moments() -> None:
    film = Film()
    big: NDArray[np.uint8] = np.zeros((100, 1, 100, 100), np.uint8)
    answer = {"conv": big, "conv.scale": np.ones(100, np.float32)}
    for step in range(40):
        film.note({**answer, "step": np.array([step])})
    assert len(film.shots("conv")) <= 14


def test_the_film_shows_its_first_and_its_newest_moment(panel: KernelsPanel, qtbot: QtBot) -> None:
    assert panel.film.steps() == []
    chosen: list[tuple[str, int]] = []
    panel.chosen.connect(lambda *found: chosen.append(found))
    place = panel.strip.point_of("conv", 2)
    qtbot.mouseClick(panel.strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen == [("conv", 2)] and panel.film.steps() == [0, 10, 20, 30]
    assert panel.caption.text() == "Conv2d 6 · kernel 3"
    panel.film.resize(100, panel.film.height())
    assert panel.film.steps() == [0, 30]


def test_kernels_are_chosen_by_keys_and_told_with_their_numbers(panel: KernelsPanel) -> None:
    chosen: list[tuple[str, int]] = []
    panel.chosen.connect(lambda *found: chosen.append(found))
    panel.strip.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(panel.strip, Qt.Key.Key_Right)
    assert "length" in panel.strip.accessibleDescription()
    QTest.keyClick(panel.strip, Qt.Key.Key_Return)
    assert chosen and chosen[0][0] == "conv"


def test_what_is_shown_before_is_not_taken_for_what_is_asked_for(panel: KernelsPanel, qtbot: QtBot) -> None:
    wanted: list[bool] = []
    panel.wants_changed.connect(lambda: wanted.append(True))
    qtbot.mouseClick(panel.what.button(CHANGE), Qt.MouseButton.LeftButton)
    assert wanted and not panel.values.kernels


def test_the_longest_kernels_come_first_if_that_is_wanted(panel: KernelsPanel, qtbot: QtBot) -> None:
    first = panel.strip.place_of("conv", 0)
    found = weights()
    found["conv.norm"] = np.array([1, 2, 3, 9, 4, 5], np.float32)
    panel.set_kernels(found)
    qtbot.mouseClick(panel.sorted, Qt.MouseButton.LeftButton)
    assert panel.strip.place_of("conv", 3) == first


def test_zero_has_the_neutral_colour_and_three_channels_are_colours(show: Show) -> None:
    values = np.zeros((1, 2, 3, 3), np.float32)
    values[0, 1, 0, 0] = 1
    pictures = mosaic(*quantized(values, True))
    assert (pictures.width, pictures.height) == mosaic_size(2, 3, 3)
    pixels = pictures._pixels
    assert QColor.fromRgb(int(pixels[1, 1])).lightness() == pytest.approx(
        QColor(theme.current().neutral).lightness(), abs=2
    )
    colored = np.zeros((1, 3, 2, 2), np.float32)
    colored[0, 0] = 1.0
    colored[0, 2] = -1.0
    red = QColor.fromRgb(int(mosaic(*quantized(colored, True))._pixels[0, 0]))
    assert red.red() == 255 and red.green() == 128 and red.blue() == 0


def test_long_rows_are_folded() -> None:
    assert squared(np.zeros((2, 1, 1, 32), np.uint8)).shape[2:] == (6, 6) == picture_shape(1, 1, 32)
    assert squared(np.zeros((2, 1, 5, 5), np.uint8)).shape == (2, 1, 5, 5)


def test_setters_emit_nothing(panel: KernelsPanel) -> None:
    told: list[str] = []
    panel.chosen.connect(lambda *_: told.append("chosen"))
    panel.set_kernels(weights())
    panel.set_chosen("conv", 1)
    panel.set_reason("no kernels")
    assert not told and not panel.shows_content()
