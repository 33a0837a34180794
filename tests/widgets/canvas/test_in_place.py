"""Units, activation, names and notes are changed where they are written."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.document.graph import Document
from engine.document.naming import rename
from engine.document.notes import Note, add_note
from engine.plan.resolve import resolve
from tests.widgets.canvas.driving import Show, click, double_click, drag, heard, hover, layout_of, pixel
from widgets.canvas import Canvas
from widgets.canvas.places import activation_area, units_area
from widgets.canvas.sample import chain
from widgets.chooser import Chooser


def on_units(canvas: Canvas, node_id: str) -> QPoint:
    area = units_area(canvas.board.cards[node_id])
    assert area is not None
    return pixel(canvas, node_id, area.center())


def on_activation(canvas: Canvas, node_id: str) -> QPoint:
    area = activation_area(canvas.board.cards[node_id])
    assert area is not None
    return pixel(canvas, node_id, area.center())


def turn(canvas: Canvas, at: QPoint, notches: int) -> None:
    event = QWheelEvent(
        QPointF(at),
        QPointF(canvas.viewport().mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), event)


def changes(said: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [each[1:] for each in said if each[0] == "field_changed"]


def noted(*notes: Note) -> Document:
    document = chain([4, 1])
    for note in notes:
        document = add_note(document, note)
    return document


def test_the_wheel_turns_the_units_of_a_selected_card_and_settles(show: Show, qtbot: Any) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_1"))
    turn(canvas, on_units(canvas, "dense_1"), 2)
    assert changes(said) == [("dense_1", ("units",), 6, False)]
    qtbot.waitUntil(lambda: changes(said)[-1] == ("dense_1", ("units",), 6, True))


def test_the_wheel_over_a_card_that_is_not_selected_scrolls(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    before = canvas.camera.center()
    turn(canvas, on_units(canvas, "dense_1"), 2)
    assert changes(said) == [] and canvas.camera.center() != before


def test_units_stay_within_their_range(show: Show, qtbot: Any) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_1"))
    turn(canvas, on_units(canvas, "dense_1"), -20)
    assert changes(said)[0] == ("dense_1", ("units",), 1, False)
    qtbot.waitUntil(lambda: changes(said)[-1][-1] is True)


def test_digits_typed_with_a_card_selected_are_its_units(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_1"))
    QTest.keyClick(canvas, "1")
    field = canvas.in_place.units.field
    assert field.hasFocus()
    QTest.keyClick(field, "2")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert changes(said) == [("dense_1", ("units",), 12, True)]
    assert not canvas.in_place.units.isVisible() and canvas.hasFocus()


def test_escape_leaves_the_units_as_they_were(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_1"))
    click(canvas, on_units(canvas, "dense_1"))
    assert canvas.in_place.units.isVisible()
    QTest.keyClicks(canvas.in_place.units.field, "9")
    QTest.keyClick(canvas.in_place.units.field, Qt.Key.Key_Escape)
    assert changes(said) == [] and not canvas.in_place.units.isVisible()


def test_digits_without_a_card_of_units_do_nothing(show: Show) -> None:
    canvas = show(chain([4, 1]))
    click(canvas, pixel(canvas, "input_1"))
    QTest.keyClick(canvas, "3")
    assert not canvas.in_place.units.isVisible()


def test_the_field_goes_with_its_card(show: Show) -> None:
    canvas = show(chain([4, 1]))
    click(canvas, pixel(canvas, "dense_1"))
    QTest.keyClick(canvas, "3")
    before = canvas.board.plan
    canvas.set_plan(before, resolve(chain([4, 1]).remove(["dense_1"])))
    assert not canvas.in_place.units.isVisible()


def test_the_activation_is_chosen_from_a_list_below_it(show: Show) -> None:
    canvas = show(chain([4, 1]))
    said = heard(canvas)
    click(canvas, pixel(canvas, "dense_1"))
    hover(canvas, on_activation(canvas, "dense_1"))
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.PointingHandCursor
    click(canvas, on_activation(canvas, "dense_1"))
    chooser = QApplication.activePopupWidget()
    assert isinstance(chooser, Chooser)
    QTest.keyClicks(chooser.search, "softplus")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    ((node_id, path, value, finished),) = changes(said)
    assert (node_id, path, value.name, finished) == ("dense_1", ("activation",), "softplus", True)


def test_a_name_is_written_over_the_title(show: Show) -> None:
    canvas = show(chain([4, 1]))
    named: list[tuple[str, str]] = []
    canvas.renamed.connect(lambda node_id, name: named.append((node_id, name)))
    canvas.in_place.open_name("dense_1")
    field = canvas.in_place.name
    assert field.hasFocus() and field.selectedText() == "dense_1"
    QTest.keyClicks(field, "my encoder")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert named == [("dense_1", "my_encoder")] and not field.isVisible()
    canvas.in_place.open_name("dense_1")
    QTest.keyClicks(field, "other")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert named == [("dense_1", "my_encoder")] and not field.isVisible()


def test_a_name_of_the_users_own_stands_on_the_card(show: Show) -> None:
    canvas = show(rename(chain([4, 1]), "dense_1", "encoder"))
    assert layout_of(canvas, "encoder").title == "encoder 4"
    assert layout_of(canvas, "dense_2").title == "Dense 1"
    assert units_area(canvas.board.cards["encoder"]) is not None


# --- notes -----------------------------------------------------------------------------------------------------------


def test_a_note_is_dragged_and_made_larger(show: Show) -> None:
    canvas = show(noted(Note("hello", 0, 240)))
    said: list[tuple[int, Note, bool]] = []
    canvas.note_changed.connect(lambda index, note, finished: said.append((index, note, finished)))
    middle = canvas.mapFromScene(QPointF(40, 260))
    drag(canvas, middle, middle + QPoint(50, 24))
    index, note, finished = said[-1]
    assert (index, finished) == (0, True)
    assert (note.x, note.y) != (0, 240) and note.x % 8 == 0 and (note.width, note.height) == (176, 72)
    corner = canvas.mapFromScene(QPointF(note.x + note.width - 4, note.y + note.height - 4))
    drag(canvas, corner, corner + QPoint(48, 32))
    assert said[-1][1].width > 176 and said[-1][1].height > 72


def test_a_note_is_written_after_a_double_click(show: Show) -> None:
    canvas = show(noted(Note("hello", 0, 240)))
    said: list[Note] = []
    canvas.note_changed.connect(lambda _index, note, _finished: said.append(note))
    double_click(canvas, canvas.mapFromScene(QPointF(40, 260)))
    editor = canvas.notes.editor
    assert editor.hasFocus() and editor.toPlainText() == "hello"
    QTest.keyClicks(editor, "why two layers?")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert [note.text for note in said] == ["why two layers?"] and not editor.isVisible()


def test_a_selected_note_is_deleted_with_its_key_and_an_empty_one_goes(show: Show) -> None:
    canvas = show(noted(Note("hello", 0, 240)))
    removed: list[int] = []
    canvas.note_removed.connect(removed.append)
    click(canvas, canvas.mapFromScene(QPointF(40, 260)))
    assert canvas.board.notes[0].selected
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert removed == [0]
    canvas.notes.write(0)
    canvas.notes.editor.clear()
    QTest.keyClick(canvas.notes.editor, Qt.Key.Key_Escape)
    assert removed == [0, 0]


def test_notes_come_and_go_with_the_plan(show: Show) -> None:
    canvas = show(noted(Note("one", 0, 240), Note("two", 200, 240)))
    before = canvas.board.plan
    canvas.set_plan(before, resolve(noted(Note("two", 200, 240))))
    assert [item.note.text for item in canvas.board.notes] == ["two"]


def test_notes_are_reached_written_and_moved_with_the_keyboard(show: Show) -> None:
    canvas = show(noted(Note("one", 0, 240), Note("two", 200, 240)))
    said: list[tuple[int, Note]] = []
    canvas.note_changed.connect(lambda index, note, _finished: said.append((index, note)))
    canvas.setFocus()
    for _ in range(len(canvas.board.cards) + 2):
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.notes.selected == 1 and canvas.accessibleDescription() == "two"
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert said[-1] == (1, Note("two", 208, 240))
    QTest.keyClick(canvas, Qt.Key.Key_Backtab)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.notes.editor.hasFocus() and canvas.notes.editor.toPlainText() == "one"
    QTest.keyClick(canvas.notes.editor, Qt.Key.Key_Escape)
    QTest.keyClick(canvas, Qt.Key.Key_Backtab)
    assert canvas.notes.selected is None and canvas.keyboard.node == "dense_2"
