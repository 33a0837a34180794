from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.choices import QuietCombo
from widgets.theme import Theme
from widgets.weights_import import ArrayRow, WeightsImport

FITS = ("dense_1.weight", "dense_2.weight")
ROWS = [
    ArrayRow("first/kernel", (4, 4), FITS[0], FITS, "as it is", False, True, True),
    ArrayRow("first/bias", (4,), "dense_1.bias", ("dense_1.bias",), "as it is"),
    ArrayRow("step", (), "", (), "nothing in this network has shape ()"),
]


@pytest.fixture
def dialog(qtbot: QtBot, theme: Theme) -> WeightsImport:
    made = WeightsImport("mine.npz")
    qtbot.addWidget(made)
    made.set_rows(ROWS, ("dense_2.weight", "dense_2.bias", "dense_3.weight", "dense_3.bias", "dense_4.bias"))
    made.show()
    return made


def text(dialog: WeightsImport, row: int, column: int) -> str:
    item = dialog.table.item(row, column)
    assert item is not None
    return item.text()


def test_it_says_what_goes_where_and_what_lacks(dialog: WeightsImport) -> None:
    assert [text(dialog, row, 1) for row in range(3)] == ["4 × 4", "4", "a number"]
    assert text(dialog, 2, 3) == ROWS[2].note
    assert dialog.summary.text() == (
        "2 of 3 arrays find a place. "
        "dense_2.weight, dense_2.bias, dense_3.weight and 2 more begin as the network says. "
        "Look which is right: 1 fit both ways, turned or not"
    )
    assert not dialog.hint.isVisible() and dialog.use.isEnabled()


def test_another_place_and_another_way_come_out(dialog: WeightsImport, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.place_chosen) as placed:
        qtbot.keyClick(dialog.table.place_combo(0), Qt.Key.Key_Down)
    assert placed.args == [0, "dense_2.weight"]
    with qtbot.waitSignal(dialog.way_chosen) as turned:
        qtbot.keyClick(dialog.table.way_combo(0), Qt.Key.Key_Down)
    assert turned.args == [0, True]


def test_setting_rows_emits_nothing_and_keeps_the_choices(dialog: WeightsImport, qtbot: QtBot) -> None:
    combo = dialog.table.place_combo(0)
    moved = [ArrayRow("first/kernel", (4, 4), FITS[1], FITS, "Keras kernel, axes turned", True), *ROWS[1:]]
    with qtbot.assertNotEmitted(dialog.place_chosen), qtbot.assertNotEmitted(dialog.way_chosen):
        dialog.set_rows(moved, ())
    assert dialog.table.place_combo(0) is combo and combo.currentData() == FITS[1]
    assert dialog.table.cellWidget(0, 3) is None and text(dialog, 0, 3) == "Keras kernel, axes turned"


def test_where_nothing_fits_nothing_can_be_used(dialog: WeightsImport, qtbot: QtBot) -> None:
    dialog.set_rows([ROWS[2]], ("dense_1.weight",))
    assert dialog.summary.text() == "None of these arrays goes to this network"
    assert not dialog.use.isEnabled() and not dialog.freeze.isEnabled()
    with qtbot.assertNotEmitted(dialog.used):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)


def test_using_them_says_whether_to_freeze(dialog: WeightsImport, qtbot: QtBot) -> None:
    dialog.freeze.setFocus()
    qtbot.keyClick(dialog.freeze, Qt.Key.Key_Space)
    with qtbot.waitSignal(dialog.used) as used:
        qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    assert used.args == [True] and not dialog.isVisible()


def test_the_choices_of_many_arrays_are_made_when_they_are_seen(dialog: WeightsImport, qtbot: QtBot) -> None:
    many = [ArrayRow(f"array {number}", (4,), "", ("dense_1.bias",), "left out") for number in range(3000)]
    dialog.set_rows(many, ())
    qtbot.waitUntil(lambda: dialog.table.cellWidget(0, 2) is not None)
    assert len(dialog.table.findChildren(QuietCombo)) < 60
    dialog.table.scrollToBottom()
    qtbot.waitUntil(lambda: dialog.table.cellWidget(2999, 2) is not None)
