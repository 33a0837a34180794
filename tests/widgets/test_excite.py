"""What would excite it: pictures with what was reached, pages of units, what the user asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets.excite import FOLLOW, KEEP, ExcitePanel


def values(count: int = 8, step: int = 48) -> dict[str, Any]:
    return {
        "images": np.full((count, 3, 8, 8), 100, np.uint8),
        "values": np.linspace(1, 8, count).astype(np.float32),
        "noise": np.full(count, 0.1, np.float32),
        "rise": np.linspace(10, 80, count).astype(np.float32),
        "step": np.array([step]),
    }


@pytest.fixture
def panel(show: Show) -> ExcitePanel:
    made = ExcitePanel()
    made.set_layers(["conv2d_1", "dense_1"], "conv2d_1")
    made.set_units(8, 8, 20, True)
    show(made, 900, 190)
    made.set_values(values(), 128)
    return made


def test_each_unit_has_its_picture_and_says_how_far_it_is_raised(panel: ExcitePanel) -> None:
    tiles = panel.tiles.tiles()
    assert [tile.title for tile in tiles] == [f"filter {number}" for number in range(9, 17)]
    assert tiles[0].foot == "10 × noise" and tiles[-1].foot == "80 × noise"
    assert tiles[0].picture is not None and tiles[0].picture.pixelColor(3, 3).getRgb()[:3] == (100, 100, 100)
    assert (panel.progress.value(), panel.progress.maximum()) == (48, 128)
    silent = {**values(), "values": np.zeros(8), "noise": np.zeros(8)}
    panel.set_values(silent, 128)
    assert panel.tiles.tiles()[0].foot == "0.0"


def test_units_come_in_pages(panel: ExcitePanel, qtbot: QtBot) -> None:
    pages: list[int] = []
    panel.page_chosen.connect(pages.append)
    assert [panel.pages.itemText(index) for index in range(panel.pages.count())] == [
        "units 1 to 8",
        "units 9 to 16",
        "units 17 to 20",
    ]
    assert panel.pages.currentIndex() == 1 and not pages
    panel.pages.setFocus()
    qtbot.keyClick(panel.pages, Qt.Key.Key_Down)
    assert pages == [16]
    panel.set_units(0, 16, 10, False, [str(number) for number in range(10)])
    assert panel.pages.isHidden()
    panel.set_values(values(10), 128)
    assert [tile.title for tile in panel.tiles.tiles()] == [str(number) for number in range(10)]


def test_what_the_user_asks_for(panel: ExcitePanel, qtbot: QtBot) -> None:
    said: list[object] = []
    for signal in (panel.weights_chosen, panel.unit_chosen, panel.layer_chosen):
        signal.connect(said.append)
    panel.restarted.connect(lambda: said.append("again"))
    panel.set_weights(KEEP)
    panel.set_current(10)
    assert not said and panel.tiles.current() == 2
    qtbot.mouseClick(panel.weights.button(FOLLOW), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.tiles, Qt.MouseButton.LeftButton, pos=panel.tiles.place(5).center().toPoint())
    panel.layers.setFocus()
    qtbot.keyClick(panel.layers, Qt.Key.Key_Down)
    assert said == [FOLLOW, "again", 13, "dense_1"]


def test_the_pointer_tells_the_numbers(panel: ExcitePanel, qtbot: QtBot) -> None:
    notes: list[str] = []
    panel.noted.connect(notes.append)
    qtbot.mouseMove(panel.tiles, panel.tiles.place(0).center().toPoint())
    qtbot.waitUntil(lambda: bool(notes))
    assert notes[-1].startswith("filter 9: 1.00, and 0.100")


def test_an_empty_panel_says_why(panel: ExcitePanel) -> None:
    panel.set_reason("Choose images")
    assert panel.empty.isVisible() and panel.empty.text() == "Choose images"
