"""One filter, many samples: pictures over their maps, chosen by mouse and keyboard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets import theme
from widgets.filter_samples import FilterSamples
from widgets.heatmap_colors import table
from widgets.one_filter import OneFilterPanel


def answer(count: int = 12, classes: int = 3) -> dict[str, NDArray[Any]]:
    maps = np.zeros((count, 8, 8), np.uint8)
    maps[1] = 255
    return {
        "samples": np.arange(100, 100 + count),
        "truths": np.arange(count) % classes,
        "maps": maps,
        "images": np.full((count, 1, 8, 8), 90, np.uint8),
        "scale": np.array([2.0], np.float32),
        "strengths": np.linspace(0, 2, count, dtype=np.float32),
        "classes": np.array([classes]),
        "signed": np.array([False]),
    }


@pytest.fixture
def view(show: Show) -> FilterSamples:
    view = FilterSamples()
    view.set_names(["cat", "dog", "owl"])
    view.set_answer(answer())
    show(view, 700, 170)
    return view


def test_each_sample_stands_over_its_map(view: FilterSamples) -> None:
    image = view.viewport().grab().toImage()
    place = view.point_of(1)
    assert image.pixelColor(place.toPoint()) == QColor(90, 90, 90)
    colours = table(theme.current(), "magnitude", False)
    below = image.pixelColor(round(place.x()), round(place.y() + view._places[1].image.height() + 2))
    assert below == QColor.fromRgb(int(colours[255]))


def test_a_sample_is_chosen_by_a_click_and_by_keys(view: FilterSamples, qtbot: QtBot) -> None:
    chosen: list[int] = []
    view.sample_chosen.connect(chosen.append)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.point_of(2).toPoint())
    assert chosen == [102]
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert "sample 101" in view.accessibleDescription() and "class cat" in view.accessibleDescription()
    for _ in range(11):
        QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert chosen == [102, 111]
    assert view.viewport().rect().contains(view.point_of(11).toPoint())  # it was scrolled to


def test_a_tall_view_wraps_its_samples(view: FilterSamples) -> None:
    view.resize(300, 700)
    QApplication.processEvents()
    assert view.point_of(11).y() > view.point_of(3).y() > view.point_of(0).y()
    assert all(view.point_of(number).x() < view.viewport().width() for number in range(12))


def test_setters_emit_nothing_and_nothing_can_be_shown(view: FilterSamples) -> None:
    told: list[int] = []
    view.sample_chosen.connect(told.append)
    view.set_answer({})
    view.set_chosen(101)
    view.set_searched("Looking: 40 %")
    view.grab()
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert not told and view.samples() == []


def test_the_panel_names_the_filter_and_steps(show: Show, qtbot: QtBot) -> None:
    panel = OneFilterPanel()
    panel.set_reason("nothing yet")
    assert panel.empty.text() == "nothing yet" and not panel.shows_content()
    panel.set_filter("Conv2d 8", "filter 8 of 8", False, True)
    show(panel, 700, 170)
    steps: list[int] = []
    panel.unit_stepped.connect(steps.append)
    qtbot.mouseClick(panel.stepper.earlier, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.stepper.later, Qt.MouseButton.LeftButton)
    assert steps == [-1] and not panel.stepper.later.isEnabled()
