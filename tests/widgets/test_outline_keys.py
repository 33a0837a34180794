from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from engine.document.graph import Edge
from engine.plan.resolve import resolve
from tests.widgets.outlining import ALT, SHIFT, behind, branched, go, listen, offered, popup, press, within
from tests.widgets.outlining import view as view
from widgets.canvas.search import Spot
from widgets.library import MIME_TYPE
from widgets.outline import OutlineView
from widgets.outline_model import NAME

# --- keys ------------------------------------------------------------------------------------------------------------


def test_enter_opens_connects_and_mends(view: OutlineView, qtbot: QtBot) -> None:
    plan = resolve(branched().disconnect(Edge("dense_1", "add_1", 1)))
    view.set_plan(view.rows.plan, plan)
    heard = listen(view)
    card = view.rows.card("add_1")
    go(view, card)
    press(qtbot, view, Qt.Key.Key_Return)
    press(qtbot, view, Qt.Key.Key_Down)  # what is wrong
    press(qtbot, view, Qt.Key.Key_Return)
    assert view.currentIndex().parent() == view.rows.index(0, NAME, card)
    press(qtbot, view, Qt.Key.Key_Enter)
    problem = plan.nodes["add_1"].problems[0]
    others = [(name, values) for name, values in heard if name != "selection_changed"]
    assert others == [("card_activated", ("add_1",)), ("remedy_chosen", (problem, 0))]
    go(view, view.rows.port("add_1", 1))
    press(qtbot, view, Qt.Key.Key_Return)
    assert offered() == {
        "input_1": "",
        "dense_1": "",
        "dense_2": "",
        "add_1": "A card cannot read itself",
        "dense_3": "This link would close a circle: add_1 → dense_3 → add_1; samples flow one way, from the Input on",
    }
    qtbot.keyClicks(popup().search, "dense_1")
    qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    assert heard[-1] == ("connect_requested", ("dense_1", "add_1", 1))


@pytest.mark.parametrize(
    ("card", "key", "modifiers", "said"),
    [
        ("dense_2", Qt.Key.Key_Insert, None, ("layer_chosen", ("Dropout", within("dense_2", "add_1")))),
        ("dense_2", Qt.Key.Key_A, None, ("layer_chosen", ("Dropout", within("dense_2", "add_1")))),
        ("dense_1", Qt.Key.Key_Insert, None, ("layer_chosen", ("Dropout", behind("dense_1")))),
        ("dense_3", Qt.Key.Key_Insert, None, ("layer_chosen", ("Dropout", behind("dense_3")))),
        ("dense_3", Qt.Key.Key_Insert, SHIFT, ("layer_chosen", ("Dropout", within("add_1", "dense_3")))),
    ],
)
def test_a_layer_is_added(
    view: OutlineView, qtbot: QtBot, card: str, key: Qt.Key, modifiers: Any, said: tuple[str, Any]
) -> None:
    go(view, view.rows.card(card))
    heard = listen(view)
    press(qtbot, view, key, modifiers)
    qtbot.keyClicks(popup().search, "dropout")
    qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    assert heard == [said]
    assert QApplication.activePopupWidget() is None


def test_a_layer_before_a_card_with_several_inputs_asks_for_the_link(view: OutlineView, qtbot: QtBot) -> None:
    go(view, view.rows.card("add_1"))
    heard = listen(view)
    press(qtbot, view, Qt.Key.Key_Insert, SHIFT)
    qtbot.keyClick(popup().search, Qt.Key.Key_Down)
    qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    qtbot.keyClicks(popup().search, "scale")
    qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    assert heard == [("layer_chosen", ("Scale", within("dense_1", "add_1", 1)))]


def test_nothing_comes_before_the_input(view: OutlineView, qtbot: QtBot) -> None:
    go(view, view.rows.card("input_1"))
    heard = listen(view)
    press(qtbot, view, Qt.Key.Key_Insert, SHIFT)
    press(qtbot, view, Qt.Key.Key_C, SHIFT)
    assert [name for name, _ in heard] == ["refused", "refused"]
    assert QApplication.activePopupWidget() is None


def test_a_layer_for_an_input_that_is_free(view: OutlineView, qtbot: QtBot) -> None:
    go(view, view.rows.port("add_1", 2))
    heard = listen(view)
    press(qtbot, view, Qt.Key.Key_Insert)
    qtbot.keyClicks(popup().search, "dense")
    qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    assert heard == [("layer_chosen", ("Dense", Spot(0.0, 0.0, "add_1", False, 2)))]


@pytest.mark.parametrize("key", [Qt.Key.Key_C, Qt.Key.Key_L])
def test_a_card_is_connected_to_another(view: OutlineView, qtbot: QtBot, key: Qt.Key) -> None:
    go(view, view.rows.card("input_1"))
    heard = listen(view)
    press(qtbot, view, key)
    found = offered()
    assert found.pop("input_1") == "A card cannot read itself"
    assert found.pop("dense_1") == "It is linked to this card already"
    assert set(found.values()) == {""}
    qtbot.keyClicks(popup().search, "add")
    qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    assert heard == [("connect_requested", ("input_1", "add_1", -1))]


def test_a_taken_input_asks_what_shall_become_of_its_link(view: OutlineView, qtbot: QtBot) -> None:
    go(view, view.rows.card("input_1"))
    heard = listen(view)
    for words in ("dense_3", "add"):
        if QApplication.activePopupWidget() is None:
            press(qtbot, view, Qt.Key.Key_C)
        qtbot.keyClicks(popup().search, words)
        qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    press(qtbot, view, Qt.Key.Key_C)
    for words in ("dense_3", "instead"):
        qtbot.keyClicks(popup().search, words)
        qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    assert heard == [
        ("join_requested", ("input_1", "dense_3", 0, "Add")),
        ("connect_requested", ("input_1", "dense_3", 0)),
    ]


def test_what_is_impossible_cannot_be_chosen(view: OutlineView, qtbot: QtBot) -> None:
    go(view, view.rows.card("dense_3"))
    heard = listen(view)
    press(qtbot, view, Qt.Key.Key_C)
    path = "dense_1 → add_1 → dense_3 → dense_1"
    assert offered()["dense_1"] == f"This link would close a circle: {path}; samples flow one way, from the Input on"
    qtbot.keyClicks(popup().search, "dense_1")
    qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    assert popup().isVisible()
    assert popup().search.accessibleDescription() == "nothing found"
    qtbot.keyClick(popup().search, Qt.Key.Key_Escape)
    assert heard == []


def test_alt_and_an_arrow_go_along_links(view: OutlineView, qtbot: QtBot) -> None:
    go(view, view.rows.card("dense_2"))
    press(qtbot, view, Qt.Key.Key_Down, ALT)
    assert view.currentIndex() == view.rows.card("add_1")
    go(view, view.rows.port("add_1", 1))
    press(qtbot, view, Qt.Key.Key_Up, ALT)
    assert view.currentIndex() == view.rows.card("dense_1")
    press(qtbot, view, Qt.Key.Key_Up, ALT)
    press(qtbot, view, Qt.Key.Key_Up, ALT)
    assert view.currentIndex() == view.rows.card("input_1")


def test_a_name_is_typed_in_place(view: OutlineView, qtbot: QtBot) -> None:
    go(view, view.rows.card("dense_2"))
    heard = listen(view)
    press(qtbot, view, Qt.Key.Key_F2)
    editor = view.findChild(QLineEdit, "outline.name")
    assert isinstance(editor, QLineEdit) and editor.text() == "dense_2"
    editor.selectAll()
    qtbot.keyClicks(editor, "hidden")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: heard == [("rename_requested", ("dense_2", "hidden"))])


def test_delete_is_for_who_holds_the_selection(view: OutlineView, qtbot: QtBot) -> None:
    go(view, view.rows.card("dense_2"))
    heard = listen(view)
    press(qtbot, view, Qt.Key.Key_Delete)
    assert heard == [("delete_requested", ())]


# --- the mouse -------------------------------------------------------------------------------------------------------


def test_a_click_applies_a_remedy_and_a_double_click_opens_a_card(view: OutlineView, qtbot: QtBot) -> None:
    plan = resolve(branched().disconnect(Edge("dense_1", "add_1", 1)))
    view.set_plan(view.rows.plan, plan)
    heard = listen(view)
    remedy = view.rows.index(1, NAME, view.rows.index(0, NAME, view.rows.card("add_1")))
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(view.viewport(), left, pos=view.visualRect(remedy).center())
    assert heard[-1] == ("remedy_chosen", (plan.nodes["add_1"].problems[0], 1))
    place = view.visualRect(view.rows.card("dense_2")).center()
    qtbot.mouseClick(view.viewport(), left, pos=place)
    qtbot.mouseDClick(view.viewport(), left, pos=place)
    assert heard[-1] == ("card_activated", ("dense_2",))


def test_the_menu_is_about_the_row_under_the_pointer(view: OutlineView, qtbot: QtBot) -> None:
    heard = listen(view)
    place = view.visualRect(view.rows.card("dense_2")).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place))
    with qtbot.waitSignal(view.context_menu_requested):
        QApplication.sendEvent(view.viewport(), event)
    assert heard == [("selection_changed", (frozenset({"dense_2"}), None))]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("dense_2", ("layer_chosen", ("Dropout", within("dense_2", "add_1")))),
        ("dense_3", ("layer_chosen", ("Dropout", behind("dense_3")))),
        ("", ("layer_chosen", ("Dropout", Spot(0.0, 0.0)))),
    ],
)
def test_a_layer_is_dropped_on_a_row(view: OutlineView, row: str, said: tuple[str, Any]) -> None:
    place = view.visualRect(view.rows.card(row)).center() if row else QPoint(100, 600)
    heard = listen(view)
    data = QMimeData()
    data.setData(MIME_TYPE, b"Dropout")
    arguments = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(place, *arguments),
        QDragMoveEvent(place, *arguments),
        QDropEvent(QPointF(place), *arguments),
    ):
        QApplication.sendEvent(view.viewport(), event)
    assert event.isAccepted()
    assert heard == [said]
