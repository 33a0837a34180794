from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entry
from engine.document.graph import Data, Document, Edge, Network
from engine.document.naming import rename
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from tests.widgets.outlining import SHIFT, branched, go, layer, listen, popup, press, texts
from tests.widgets.outlining import view as view
from widgets.canvas.search import Spot
from widgets.outline import OutlineView
from widgets.outline_model import COUNT, NAME, SHAPE, OutlineModel

# --- rows ------------------------------------------------------------------------------------------------------------


def test_cards_come_after_their_sources_with_shape_and_parameters(view: OutlineView) -> None:
    model = view.rows
    assert texts(model) == ["input_1", "dense_1", "dense_2", "add_1", "dense_3"]
    card = model.card("dense_2")
    assert (card.siblingAtColumn(SHAPE).data(), card.siblingAtColumn(COUNT).data()) == ("(4,)", "20")
    assert texts(model, model.card("add_1")) == ["port 1 ← dense_2", "port 2 ← dense_1", "port 3"]
    assert texts(model, model.card("dense_1")) == ["port 1 ← input_1"]
    assert model.rowCount(model.card("input_1")) == 0
    header = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
    assert header == ["Card", "Shape", "Parameters"]


def test_what_is_wrong_stands_under_the_card_with_its_remedies(view: OutlineView) -> None:
    model = view.rows
    plan = resolve(branched().disconnect(Edge("dense_2", "add_1", 0)).disconnect(Edge("dense_1", "add_1", 0)))
    view.set_plan(model.plan, plan)
    card = model.card("add_1")
    problem = model.index(0, NAME, card)
    assert problem.data() == "Nothing is connected to this card's input"
    assert texts(model, problem) == ["Connect dense_2 to add_1", "Remove add_1"]
    assert view.isExpanded(card) and view.isExpanded(problem)
    assert texts(model, card)[1:] == ["port 1", "port 2"]


def test_a_block_shows_the_cards_inside(view: OutlineView) -> None:
    view.set_plan(view.rows.plan, resolve(branched().fold(["dense_1"]).set_field("block_1", "weights", "own")))
    inside = view.rows.index(1, NAME, view.rows.card("block_1"))
    assert inside.data() == "dense_1"
    spoken = inside.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "inside: dense_1, Dense, 4 units, tanh; from the block's input"


def test_problems_of_the_whole_network_come_first(view: OutlineView) -> None:
    document = branched()
    drawn = document.set_data(dataset=entry("datasets", "drawn")())
    view.set_plan(view.rows.plan, resolve(drawn))
    assert texts(view.rows)[0].startswith("No points are drawn yet")


def test_an_empty_network_says_what_to_press(view: OutlineView, qtbot: QtBot) -> None:
    view.set_plan(view.rows.plan, resolve(Document((Network(),), Data(entry("datasets", "circle")()))))
    assert view.rows.rowCount() == 0
    assert view.accessibleDescription() == "No cards yet: press Insert"
    heard = listen(view)
    qtbot.mouseClick(view._empty.button, Qt.MouseButton.LeftButton)
    assert [name for name, _ in heard] == ["remedy_chosen"]
    press(qtbot, view, Qt.Key.Key_Insert)
    qtbot.keyClicks(popup().search, "input")
    qtbot.keyClick(popup().search, Qt.Key.Key_Return)
    assert heard[1:] == [("layer_chosen", ("Input", Spot(0.0, 0.0)))]


# --- what stays ------------------------------------------------------------------------------------------------------


def test_the_model_keeps_its_promises_through_edits(qtbot: QtBot) -> None:
    model = OutlineModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    document = branched()
    steps = [
        document,
        document.remove(["dense_2"]),
        document.append(layer("Concatenate")),
        document.fold(["dense_2"]),
        document.connect("dense_3", "dense_1"),
        rename(document, "dense_2", "hidden"),
        document.remove([node.id for node in document.nodes]),
        document.insert_between(Edge("input_1", "dense_1"), layer("Dropout")),
    ]
    for step in steps:
        plan = resolve(step)
        model.set_plan(plan)
        fresh = OutlineModel()
        fresh.set_plan(plan)
        assert said(model) == said(fresh)


def said(model: OutlineModel, parent: QModelIndex | None = None) -> list[Any]:
    above = parent if parent is not None else QModelIndex()
    indexes = [model.index(row, NAME, above) for row in range(model.rowCount(above))]
    return [(index.data(Qt.ItemDataRole.AccessibleTextRole), said(model, index)) for index in indexes]


def test_an_edit_keeps_what_is_open_the_current_row_and_the_place(view: OutlineView) -> None:
    document = branched()
    for _ in range(30):
        document = document.append(layer("Dense", units=2))
    view.set_plan(view.rows.plan, resolve(document))
    view.expand(view.rows.card("dense_9"))
    go(view, view.rows.card("dense_20"))
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    top = view.indexAt(QPoint(20, 0)).data()
    view.set_plan(view.rows.plan, resolve(document.insert_between(Edge("input_1", "dense_1"), layer("Dropout"))))
    assert texts(view.rows)[:3] == ["input_1", "dropout_1", "dense_1"]
    assert view.isExpanded(view.rows.card("dense_9"))
    assert not view.isExpanded(view.rows.card("dense_10"))
    assert view.currentIndex() == view.rows.card("dense_20")
    assert view.indexAt(QPoint(20, 0)).data() == top


def test_a_card_that_is_renamed_stays_open(view: OutlineView) -> None:
    view.expand(view.rows.card("dense_2"))
    view.set_plan(view.rows.plan, resolve(rename(branched(), "dense_2", "hidden")))
    assert texts(view.rows) == ["input_1", "dense_1", "hidden", "add_1", "dense_3"]
    assert view.isExpanded(view.rows.card("hidden"))


def test_setters_say_nothing(view: OutlineView) -> None:
    heard = listen(view)
    view.set_selection(frozenset({"dense_2"}), None)
    view.set_plan(view.rows.plan, resolve(branched().remove(["dense_2"])))
    view.set_selection(frozenset(), Edge("dense_1", "add_1", 1))
    view.set_plan(None, resolve(branched()))
    view.set_selection(frozenset(), None)
    assert heard == []


# --- selection -------------------------------------------------------------------------------------------------------


def test_the_keyboard_selects_cards_and_links(view: OutlineView, qtbot: QtBot) -> None:
    heard = listen(view)
    go(view, view.rows.card("dense_1"))
    press(qtbot, view, Qt.Key.Key_Down)
    press(qtbot, view, Qt.Key.Key_Down, SHIFT)
    press(qtbot, view, Qt.Key.Key_Right)
    press(qtbot, view, Qt.Key.Key_Down)
    assert [values for _, values in heard] == [
        (frozenset({"dense_1"}), None),
        (frozenset({"dense_2"}), None),
        (frozenset({"dense_2", "add_1"}), None),
        (frozenset(), Edge("dense_2", "add_1", 0)),
    ]
    go(view, view.rows.port("add_1", 2))
    assert heard[-1][1] == (frozenset(), None)  # nothing is connected there, and Delete must not take the card


def test_what_is_selected_elsewhere_is_selected_here(view: OutlineView) -> None:
    view.set_selection(frozenset({"dense_1", "add_1"}), None)
    assert {index.data() for index in view.selectionModel().selectedRows()} == {"dense_1", "add_1"}
    view.set_selection(frozenset(), Edge("dense_1", "add_1", 1))
    assert [index.data() for index in view.selectionModel().selectedRows()] == ["port 2 ← dense_1"]
    assert view.isExpanded(view.rows.card("add_1"))
    assert view.currentIndex().data() == "port 2 ← dense_1"
    view.set_selection(frozenset(), None)
    assert view.selectionModel().selectedRows() == []


# --- read out --------------------------------------------------------------------------------------------------------


def spoken(view: OutlineView) -> dict[str, str]:
    """What a screen reader gets of each visible cell: its words, and the keys of its row."""
    view.executeDelayedItemsLayout()
    found = QAccessible.queryAccessibleInterface(view)
    cells = [found.child(number) for number in range(found.childCount())]
    rows = [cell for cell in cells if cell.role() == QAccessible.Role.TreeItem]
    return {row.text(QAccessible.Text.Name): row.text(QAccessible.Text.Description) for row in rows}


def test_a_screen_reader_reads_every_row(view: OutlineView) -> None:
    interface = QAccessible.queryAccessibleInterface(view)
    assert interface.text(QAccessible.Text.Name) == "Outline of the network"
    assert interface.role() == QAccessible.Role.Tree
    plan: Plan = resolve(branched().disconnect(Edge("dense_1", "add_1", 1)))
    view.set_plan(view.rows.plan, plan)
    said = spoken(view)
    words = "dense_1, Dense, 4 units, tanh; from input_1; to dense_2; output shape 4; 12 parameters"
    assert "F2 renames it" in said[words]
    sentence = "Add joins at least 2 inputs and has 1; connect another card to it"
    assert f"add_1, Add; from dense_2; to dense_3; output shape unknown; no parameters; problem: {sentence}" in said
    assert said[f"problem: {sentence}"] == "Enter goes to its remedies"
    assert said["remedy: Remove add_1"] == "Enter applies it"
    assert "Delete cuts the link" in said["port 1 of add_1: from dense_2"]
    assert said["port 2 of add_1: nothing connected"] == "Enter connects a card here"


def test_the_answer_and_several_sources_are_read_out(view: OutlineView) -> None:
    said = spoken(view)
    assert "add_1, Add; from dense_2 and dense_1; to dense_3; output shape 4; no parameters" in said
    words = "dense_3, Dense, 1 unit, tanh; from add_1; the network's answer; output shape 1; 5 parameters"
    assert words in said
