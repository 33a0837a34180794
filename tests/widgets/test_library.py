"""The Library: every layer listed and described, searched, chosen, dragged."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QColor, QDrag, QDragEnterEvent, QDropEvent, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from widgets.library import MIME_TYPE, LibraryPanel, icon_name
from widgets.theme import Theme
from widgets.typeset import typeset

LAYERS = entries("layers")


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> LibraryPanel:
    widget = LibraryPanel()
    qtbot.addWidget(widget)
    widget.resize(240, 520)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def centre(panel: LibraryPanel, name: str) -> QPoint:
    return panel.list.visualItemRect(panel.list.item_of(name)).center()


def test_every_layer_is_listed_with_description_formula_and_reference(panel: LibraryPanel) -> None:
    assert sorted(panel.names()) == sorted(LAYERS)
    for name, cls in LAYERS.items():
        item = panel.list.item_of(name)
        assert item.text() == cls.label
        tip = item.toolTip()
        for text in (escape(cls.description), typeset(cls.formula), escape(cls.reference)):
            assert text in tip
        assert item.data(Qt.ItemDataRole.AccessibleDescriptionRole) == cls.description


def test_search_finds_by_name_and_by_description(panel: LibraryPanel) -> None:
    QTest.keyClicks(panel.search, "drop")
    assert panel.names() == [name for name, cls in LAYERS.items() if "drop" in f"{name} {cls.description}".casefold()]
    panel.search.clear()
    QTest.keyClicks(panel.search, "SKIP link")
    assert panel.names() == [name for name, cls in LAYERS.items() if "skip link" in cls.description.casefold()] != []
    panel.search.clear()
    QTest.keyClicks(panel.search, "merging")
    assert panel.names() == [name for name, cls in LAYERS.items() if cls.category == "Merging"] != []


def test_headings_without_layers_are_hidden(panel: LibraryPanel) -> None:
    QTest.keyClicks(panel.search, "dropout")
    shown = [panel.list.item(row).text() for row in range(panel.list.count()) if not panel.list.item(row).isHidden()]
    assert shown[:2] == ["Regularizing", "Dropout"] and "Core" not in shown


def test_a_search_without_result_says_so_and_offers_the_way_back(panel: LibraryPanel, qtbot: QtBot) -> None:
    QTest.keyClicks(panel.search, "xyzzy")
    assert panel.names() == []
    assert panel.empty_text() == "No layer matches “xyzzy”."
    button = panel._empty.button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.empty_text() == "" and panel.search.text() == ""
    assert len(panel.names()) == len(LAYERS)


def test_enter_in_the_search_field_appends_the_first_hit(panel: LibraryPanel) -> None:
    chosen: list[str] = []
    panel.layer_chosen.connect(chosen.append)
    panel.search.setFocus()
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert chosen == []
    QTest.keyClicks(panel.search, "merg")
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    QTest.keyClick(panel.search, Qt.Key.Key_Down)
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert chosen == ["Add", "Concatenate"]
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == ""


def test_arrows_skip_headings_and_enter_chooses(panel: LibraryPanel) -> None:
    chosen: list[str] = []
    panel.layer_chosen.connect(chosen.append)
    panel.list.setFocus()
    for _ in LAYERS:
        QTest.keyClick(panel.list, Qt.Key.Key_Return)
        QTest.keyClick(panel.list, Qt.Key.Key_Down)
    assert chosen == panel.names()


def test_a_double_click_chooses_and_a_click_on_a_heading_does_not(panel: LibraryPanel, qtbot: QtBot) -> None:
    chosen: list[str] = []
    panel.layer_chosen.connect(chosen.append)
    viewport = panel.list.viewport()
    for spot in (centre(panel, "Dense"), panel.list.visualItemRect(panel.list.item(0)).center()):
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=spot)
        qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=spot)
    assert chosen == ["Dense"]


def test_slash_goes_from_the_list_to_the_search_field(panel: LibraryPanel) -> None:
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Slash)
    assert panel.search.hasFocus() and panel.search.text() == ""
    QTest.keyClick(panel.search, Qt.Key.Key_Slash)
    assert panel.search.text() == "/", "in the field it is a character"


def test_an_action_of_the_window_with_that_key_comes_first(qtbot: QtBot, theme: Theme) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    panel = LibraryPanel()
    QVBoxLayout(window).addWidget(panel)
    action = QAction("find", window)
    action.setShortcut("/")
    window.addAction(action)
    found: list[bool] = []
    action.triggered.connect(lambda: found.append(True))
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    panel.list.setFocus()
    qtbot.waitUntil(panel.list.hasFocus)
    QTest.keyClick(panel.list, Qt.Key.Key_Slash)
    assert found == [True] and not panel.search.hasFocus()


def test_a_drag_carries_the_name_of_the_layer_and_a_card(
    panel: LibraryPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[bytes, int]] = []

    def take(drag: QDrag, *_: Any) -> Qt.DropAction:  # the platform's own loop would wait for a real pointer
        started.append((bytes(drag.mimeData().data(MIME_TYPE).data()), drag.pixmap().width()))
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", take)
    viewport, start = panel.list.viewport(), centre(panel, "Dropout")
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for step in (10, 30, 60):
        qtbot.mouseMove(viewport, start + QPoint(step, step))
    qtbot.waitUntil(lambda: bool(started))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start)
    assert started[0][0] == b"Dropout"
    assert started[0][1] > 60


def test_nothing_can_be_dropped_on_the_library(panel: LibraryPanel) -> None:
    data = QMimeData()
    data.setData(MIME_TYPE, b"Dense")
    spot = centre(panel, "Dense")
    arguments = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    assert not panel.list.viewport().acceptDrops()
    count = panel.list.count()
    for event in (QDragEnterEvent(spot, *arguments), QDropEvent(QPointF(spot), *arguments)):
        panel.list.viewport().event(event)
    assert panel.list.count() == count


def test_the_handle_shows_under_the_pointer(panel: LibraryPanel, theme: Theme, qtbot: QtBot) -> None:
    def brightest() -> int:
        area = panel.list.visualItemRect(panel.list.item_of("Activation"))
        image = panel.list.viewport().grab(area).toImage()
        across, down = range(image.width() - 20, image.width() - 4), range(11, 18)  # the label's line, at its end
        return max(image.pixelColor(x, y).lightness() for x in across for y in down)

    ground = QColor(theme.raised).lightness()
    qtbot.mouseMove(panel.list.viewport(), centre(panel, "Dense"))
    qtbot.waitUntil(lambda: brightest() <= ground)
    qtbot.mouseMove(panel.list.viewport(), centre(panel, "Activation"))
    qtbot.waitUntil(lambda: brightest() > ground + 40)


def test_layers_without_an_icon_of_their_own_share_one() -> None:
    assert icon_name("Dense") == "layer-dense"
    assert icon_name("Conv2d") == "layer-convolution" and icon_name("AlphaDropout") == "layer-dropout"
    assert icon_name("Nothing") == "layer-other"


def test_the_tip_of_an_activation_card_shows_its_curve(panel: LibraryPanel, qtbot: QtBot) -> None:
    for name, drawn in (("Activation", True), ("Flatten", False)):
        item = panel.list.item_of(name)
        panel.list.scrollToItem(item)
        place = panel.list.visualItemRect(item).center()
        viewport = panel.list.viewport()
        QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, place, viewport.mapToGlobal(place)))
        qtbot.waitUntil(lambda name=name: LAYERS[name].description.split(";")[0][:20] in QToolTip.text())
        assert ("data:image/png" in QToolTip.text()) == drawn
    QToolTip.hideText()
