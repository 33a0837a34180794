from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from engine.catalog.datasets.table import FILL, Table
from engine.catalog.registry import entries
from engine.document.graph import Data
from engine.tables.content import Column, Content, Roles
from engine.tables.files import read_table
from tests.widgets.conftest import Show
from widgets.choices import ChoiceCombo
from widgets.table_box import TableBox
from widgets.table_columns import CATEGORY, IGNORE, INPUT, NUMBER, TARGET, ColumnList, Distribution
from widgets.table_import import TableImport, sample_content

CIRCLE = Data(entries("datasets")["circle"]())


def pick(qtbot: QtBot, combo: QComboBox, option: str) -> None:
    """Choose with the keys, as a user does."""
    combo.setFocus()
    steps = combo.findData(option) - combo.currentIndex()
    for _ in range(abs(steps)):
        qtbot.keyClick(combo, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    assert combo.currentData() == option


@pytest.fixture
def dialog(show: Show) -> TableImport:
    made = TableImport(sample_content(), CIRCLE)
    show(made, 1040, 620)
    return made


def test_it_suggests_what_columns_are_for(dialog: TableImport) -> None:
    assert dialog.columns.roles() == Roles(("age", "height", "colour"), "smokes", ("colour", "smokes"))
    assert "200 rows, 5 columns" in dialog.title.text()
    assert dialog.verdict.text() == (
        "188 samples: 5 inputs, 2 classes (no, yes); 12 rows are left out for a missing value"
    )
    assert dialog.use.isEnabled()


def test_the_data_comes_out_as_it_was_set(dialog: TableImport, qtbot: QtBot) -> None:
    used = QSignalSpy(dialog.used)
    pick(qtbot, dialog.columns.role_combo("height"), IGNORE)
    missing = dialog.form.control("missing")
    assert isinstance(missing, ChoiceCombo)
    pick(qtbot, missing, FILL)
    qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    assert used.count() == 1
    table, share, seed = used.at(0)
    assert isinstance(table, Table)
    assert (table.names, table.target, table.missing, table.sample_count) == (("age", "colour"), "smokes", FILL, 200)
    assert (share, seed) == (0.5, 1)
    assert not dialog.isVisible()


def test_what_is_wrong_is_said_and_nothing_can_be_used(dialog: TableImport, qtbot: QtBot) -> None:
    pick(qtbot, dialog.columns.kind_combo("colour"), NUMBER)
    wanted = "Line 2, column “colour”: “red” is not a number; mark the column as categorical or ignore it."
    assert dialog.verdict.text() == wanted
    assert dialog.verdict.property("class") == "error"
    assert not dialog.use.isEnabled() and dialog.use.toolTip() == wanted
    assert dialog.table() is None
    pick(qtbot, dialog.columns.role_combo("colour"), IGNORE)
    assert dialog.use.isEnabled() and dialog.use.toolTip() == ""
    pick(qtbot, dialog.columns.role_combo("smokes"), IGNORE)
    assert dialog.verdict.text() == "No column is the target; choose the one that is to be learnt."


def test_there_is_one_target(dialog: TableImport, qtbot: QtBot) -> None:
    pick(qtbot, dialog.columns.role_combo("age"), TARGET)
    assert dialog.columns.roles() == Roles(("height", "colour", "smokes"), "age", ("colour", "smokes"))
    assert "a number to learn (age)" in dialog.verdict.text()
    assert ("stratified",) not in dialog.form.paths()
    pick(qtbot, dialog.columns.kind_combo("age"), CATEGORY)
    assert ("stratified",) in dialog.form.paths()


def test_several_columns_are_changed_together(dialog: TableImport, qtbot: QtBot) -> None:
    view = dialog.columns
    for row, key in ((1, Qt.KeyboardModifier.NoModifier), (2, Qt.KeyboardModifier.ShiftModifier)):
        place = view.visualItemRect(view.item(row, 0)).center()
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, key, place)
    pick(qtbot, view.role_combo("height"), IGNORE)
    assert view.roles().inputs == ("colour",)
    pick(qtbot, view.role_combo("height"), TARGET)  # there is but one
    assert view.roles() == Roles(("colour", "smokes"), "height", ("colour", "smokes"))


def test_the_keys_reach_everything_in_its_order(dialog: TableImport, qtbot: QtBot) -> None:
    dialog.activateWindow()
    qtbot.waitUntil(lambda: dialog.columns.cellWidget(4, 1) is not None)
    dialog.header.setFocus(Qt.FocusReason.TabFocusReason)
    seen = []
    for _ in range(19):
        focused = dialog.focusWidget()
        seen.append(focused.objectName().removeprefix("table."))
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    combos = [f"columns.{what}.{row}" for row in range(5) for what in ("role", "kind")]
    combos.remove("columns.kind.0")  # what is ignored has no kind
    form = ["form.missing", "form.scaling", "form.stratified", "form.train_share.slider", "form.data_seed"]
    assert seen == ["header", "columns", *combos, *form, "preview", "use", "cancel"]


def test_setters_emit_nothing(dialog: TableImport) -> None:
    spies = [QSignalSpy(dialog.columns.roles_changed), QSignalSpy(dialog.used), QSignalSpy(dialog.header_changed)]
    dialog.set_content(sample_content(), Roles(("age",), "height", ()))
    assert dialog.columns.roles() == Roles(("age",), "height", ())
    assert [spy.count() for spy in spies] == [0, 0, 0]


def test_the_heading_can_be_told(dialog: TableImport, qtbot: QtBot) -> None:
    spy = QSignalSpy(dialog.header_changed)
    qtbot.mouseClick(dialog.header, Qt.MouseButton.LeftButton)
    assert spy.count() == 1 and spy.at(0) == [False]


def test_roles_of_columns_that_are_gone_are_suggested_anew(dialog: TableImport) -> None:
    dialog.set_content(sample_content(), Roles(("weight",), "smokes", ("smokes",)))
    assert dialog.columns.roles().inputs == ("age", "height", "colour")


def test_the_preview_shows_what_is_written(dialog: TableImport) -> None:
    model = dialog.preview.model()
    assert (model.rowCount(), model.columnCount()) == (100, 5)
    assert model.headerData(3, Qt.Orientation.Horizontal) == "colour"
    assert [model.index(0, column).data() for column in range(2)] == ["0", ""]
    faint, plain, target = (model.index(0, column).data(Qt.ItemDataRole.ForegroundRole).name() for column in (0, 1, 4))
    assert len({faint, plain, target}) == 3


def test_columns_of_a_wide_table_are_made_when_they_are_seen(show: Show) -> None:
    columns = tuple(Column(f"x {number}", np.arange(5.0) ** 2) for number in range(999))
    view = ColumnList("columns")
    view.set_content(Content("wide.npz", (*columns, Column("y", np.array([0.0, 1, 0, 1, 0]))), 5))
    show(view, 560, 300)
    assert len(view.findChildren(ChoiceCombo)) < 60
    assert view.role_combo("y").currentData() == TARGET
    assert view.role_combo("x 500").currentData() == INPUT
    assert len(view.roles().inputs) == 999


def test_distributions_are_told_in_words(tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "few.csv"
    path.write_text("a,b\n1,x\n2,y\n6,y\n,\n")
    number, text = (Distribution(column) for column in read_table(str(path)).columns)
    for view in (number, text):
        qtbot.addWidget(view)
    assert number.toolTip() == "1.00 … 6.00, ⌀ 3.00"
    assert text.toolTip() == "y (2), x (1)"


# --- in the Data panel ------------------------------------------------------------------------------------------------


def table(tmp_path: Path, **fields: Any) -> Table:
    from engine.catalog.datasets.table import opened
    from engine.tables.content import suggested

    path = tmp_path / "few.csv"
    path.write_text("a,b\n1,x\n2,y\n6,y\n")
    content = read_table(str(path))
    return opened(content, suggested(content), **fields)


def test_the_box_shows_the_table_and_what_is_wrong_with_it(tmp_path: Path, show: Show) -> None:
    box = TableBox()
    show(box, 240, 140)
    box.set_dataset(CIRCLE.dataset)
    assert not box.name.isVisible() and not box.columns.isVisible() and not box.locate.isVisible()
    held = table(tmp_path)
    box.set_dataset(held)
    assert box.name.text() == "few.csv"
    assert box.facts.text() == "3 samples, 1 inputs → b (2 classes)"
    assert box.columns.isVisible() and not box.locate.isVisible()
    Path(held.file).unlink()
    box.set_trouble(held.trouble())
    assert box.facts.text() == f"The file {held.file} is not there, or cannot be reached."
    assert box.locate.isVisible()


def test_recent_tables_are_offered(qtbot: QtBot, show: Show) -> None:
    box = TableBox()
    show(box, 240, 140)
    spy = QSignalSpy(box.recent_chosen)
    box.set_recent(["/a/one.csv", "/b/two.csv"])
    assert box.chip("/b/two.csv").accessibleName() == "two.csv"
    qtbot.mouseClick(box.chip("/b/two.csv"), Qt.MouseButton.LeftButton)
    assert spy.at(0) == ["/b/two.csv"]
    assert not box.chip("/b/two.csv").isChecked()
    box.set_recent([])
    assert spy.count() == 1
