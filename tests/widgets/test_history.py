"""The list of edits."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QListWidgetItem
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets import theme as themes
from widgets.history import HistoryView

LABELS = ["", "Add Dense", "Connect", "Move"]


def row_place(view: HistoryView, row: int) -> QRect:
    return view.visualItemRect(view.item(row))


def described(item: QListWidgetItem) -> str:
    found = item.data(Qt.ItemDataRole.AccessibleTextRole)
    assert isinstance(found, str)
    return found


def test_the_present_is_marked_and_what_was_taken_back_is_faint(show: Show) -> None:
    view = HistoryView()
    show(view, 280, 200)
    view.set_entries(LABELS, 2)
    assert view.labels() == ["The beginning", "Add Dense", "Connect", "Move"]
    assert (view.index(), view.currentRow()) == (2, 2)
    assert [view.item(row).font().bold() for row in range(4)] == [False, False, True, False]
    muted = themes.current().muted
    assert [view.item(row).foreground().color().name() == muted for row in range(4)] == [False, False, False, True]
    assert described(view.item(2)) == "Connect, the present"
    assert described(view.item(3)) == "Move, taken back"


def test_showing_says_nothing_and_shrinks_too(show: Show, qtbot: QtBot) -> None:
    view = HistoryView()
    show(view, 280, 200)
    with qtbot.assertNotEmitted(view.chosen):
        view.set_entries(LABELS, 3)
        view.set_entries(LABELS[:2], 1)
        view.set_entries(["", "Other"], 0)
    assert view.labels() == ["The beginning", "Other"]
    assert view.currentRow() == 0


def test_a_click_or_enter_chooses(show: Show, qtbot: QtBot) -> None:
    view = HistoryView()
    show(view, 280, 200)
    view.set_entries(LABELS, 3)
    with qtbot.waitSignal(view.chosen) as chosen:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=row_place(view, 1).center())
    assert chosen.args == [1]
    view.setCurrentRow(3)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    with qtbot.assertNotEmitted(view.chosen):
        qtbot.keyClick(view, Qt.Key.Key_Up)
    with qtbot.waitSignal(view.chosen) as chosen:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert chosen.args == [1]


def test_the_present_is_scrolled_into_view(show: Show) -> None:
    view = HistoryView()
    show(view, 280, 120)
    view.set_entries(["", *(f"Edit {number}" for number in range(1, 1000))], 999)
    assert view.viewport().rect().contains(row_place(view, 999).center())
    view.set_entries(["", *(f"Edit {number}" for number in range(1, 1000))], 2)
    assert view.viewport().rect().contains(row_place(view, 2).center())


def test_it_follows_the_theme(show: Show, qapp: QApplication) -> None:
    view = HistoryView()
    show(view, 280, 200)
    view.set_entries(LABELS, 0)
    themes.apply(qapp, "light")
    QApplication.processEvents()
    assert view.item(1).foreground().color().name() == themes.LIGHT.muted
    assert view.item(0).foreground().color().name() == themes.LIGHT.text
