"""Every field of every inspector can be reached by mouse and by keyboard; groups and pictures open and close."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from engine.document.graph import Data, Document, Network
from engine.plan.resolve import resolve
from widgets.form import with_field
from widgets.inspector import UNFOLDED, Inspector
from widgets.pictures import Context, draw
from widgets.theme import Theme

LAYERS = entries("layers")
START = Document((Network(),), Data(entries("datasets")["spiral"]())).add(LAYERS["Input"]())
DENSE = START.append(LAYERS["Dense"](units=6)).append(LAYERS["Dense"](units=1))


@pytest.fixture
def inspector(qtbot: QtBot, theme: Theme) -> Inspector:
    widget = Inspector()
    qtbot.addWidget(widget)
    widget.resize(304, 420)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def show(inspector: Inspector, document: Document, *selection: str) -> None:
    inspector.set_state(document, resolve(document), frozenset(selection), None)


def unfold_all(inspector: Inspector) -> None:
    forms = (inspector.layer_form, inspector.training_form)
    inspector.set_unfolded(f"{part.objectName()}/{name}" for part in forms for name in part.foldable())
    for _ in range(3):  # heights follow widths, and scrolling both
        QApplication.processEvents()


def shown_form(inspector: Inspector) -> Any:
    return inspector.training_form if inspector.layer_form.isHidden() else inspector.layer_form


def tabbed(inspector: Inspector) -> list[str]:
    """What has the focus in turn, from the first field on, until it comes back."""
    inspector.setFocus()
    visited: list[str] = []
    while (focused := inspector.focusWidget()) is not None and focused.objectName() not in visited:
        visited.append(focused.objectName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    return visited


KINDS = [*LAYERS, "training"]


def select(inspector: Inspector, kind: str) -> None:
    if kind == "training":
        show(inspector, DENSE)
    else:
        document = START.append(LAYERS[kind]())
        show(inspector, document, document.nodes[-1].id)


@pytest.mark.parametrize("kind", KINDS)
def test_tab_reaches_every_field_of_every_inspector_in_its_order(kind: str, inspector: Inspector) -> None:
    select(inspector, kind)
    unfold_all(inspector)
    fields = shown_form(inspector)
    if not fields.paths():
        return
    wanted = []
    for path in fields.paths():
        control = fields.control(*path)
        wanted.append((control.focusProxy() or control).objectName())
    visited = tabbed(inspector)
    assert [name for name in visited if name in wanted] == wanted
    for heading in fields._headings.values():
        assert heading.button.objectName() in visited
    for path in fields.paths():
        toggle = fields.toggle(*path)
        assert toggle is None or toggle.objectName() in visited


@pytest.mark.parametrize("kind", KINDS)
def test_the_mouse_reaches_every_field_of_every_inspector(kind: str, inspector: Inspector, qtbot: QtBot) -> None:
    """A click where the control is seen, after scrolling there, gives it the focus or changes it."""
    select(inspector, kind)
    unfold_all(inspector)
    fields = shown_form(inspector)
    for path in fields.paths():
        control = fields.control(*path)
        qtbot.waitUntil(control.isVisible)
        inspector.ensureWidgetVisible(control, 0, 0)
        target = control.focusProxy() or control
        centre = target.mapTo(inspector.viewport(), target.rect().center())
        assert inspector.viewport().rect().contains(centre), path
        under = inspector.viewport().childAt(centre)
        assert under is not None and (under is target or target.isAncestorOf(under)), path
        assert control.width() >= 64 or isinstance(control, QAbstractButton), path
        if not isinstance(control, QComboBox | QAbstractButton):
            qtbot.mouseClick(under, Qt.MouseButton.LeftButton, pos=under.mapFrom(inspector.viewport(), centre))
            assert target.hasFocus(), path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [264])
def test_nothing_is_cut_off_at_the_side(kind: str, width: int, inspector: Inspector, qtbot: QtBot) -> None:
    inspector.resize(width, 500)
    select(inspector, kind)
    unfold_all(inspector)
    fields = shown_form(inspector)
    qtbot.waitUntil(lambda: fields.isHidden() or fields.width() > 100)
    body = inspector.widget()
    for part in fields.findChildren(QWidget):
        if part.isVisible():
            right = part.mapTo(body, QPoint(part.width(), 0)).x()
            assert right <= inspector.viewport().width(), part.objectName() or part
    for label in fields.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap() and label.buddy() is not None:
            assert label.width() >= label.sizeHint().width(), label.text()


def test_a_dense_card_begins_calm(inspector: Inspector) -> None:
    show(inspector, DENSE, "dense_1")
    fields = inspector.layer_form
    seen = [path for path in fields.paths() if fields.control(*path).isVisible()]
    assert seen == [("units",), ("activation",)]
    assert inspector.unfolded() == UNFOLDED
    assert fields.pane("activation") is not None and fields.shows_picture("activation")
    assert [heading.button.text() for heading in fields._headings.values()] == [
        "Initial values",
        "Regularization",
        "Learning",
    ]


def test_a_group_opens_by_mouse_and_closes_by_key_and_stays_so_for_the_next_card(
    inspector: Inspector, qtbot: QtBot
) -> None:
    show(inspector, DENSE, "dense_1")
    heard: list[int] = []
    inspector.unfolded_changed.connect(lambda: heard.append(1))
    button = inspector.layer_form.heading("Regularization").button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    constraint = inspector.layer_form.control("constraint")
    qtbot.waitUntil(constraint.isVisible)
    assert "layer/Regularization" in inspector.unfolded() and heard == [1]
    show(inspector, DENSE, "dense_2")
    assert inspector.layer_form.control("constraint").isVisible()
    conv = START.append(LAYERS["Conv2d"]())
    show(inspector, conv, conv.nodes[-1].id)
    assert inspector.layer_form.control("constraint").isVisible()
    again = inspector.layer_form.heading("Regularization").button
    again.setFocus()
    QTest.keyClick(again, Qt.Key.Key_Space)
    assert not inspector.layer_form.control("constraint").isVisible()
    assert "layer/Regularization" not in inspector.unfolded()


def test_a_closed_group_says_what_in_it_is_not_as_usual(inspector: Inspector) -> None:
    l2 = entries("regularizers")["l2"](rate=0.01)
    document = DENSE.set_layer("dense_1", DENSE.node("dense_1").layer.replace(weight_regularizer=l2, trainable=False))
    show(inspector, document, "dense_1")
    form_ = inspector.layer_form
    assert form_.heading("Regularization").summary.text() == "weight regularizer: L2"
    assert form_.heading("Learning").summary.text() == "trainable ✗"
    assert form_.heading("Initial values").summary.text() == ""


def test_pictures_are_for_this_card(inspector: Inspector, qtbot: QtBot) -> None:
    show(inspector, DENSE, "dense_1")
    inspector.set_unfolded({"layer/Initial values"})
    toggle: Any = inspector.layer_form.toggle("weight_initializer")
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    pane = inspector.layer_form.pane("weight_initializer")
    assert pane is not None
    qtbot.waitUntil(pane.isVisible)
    glorot = entries("initializers")["glorot_uniform"]()
    assert pane.picture.drawing() is draw(glorot, Context(2, 6, (6, 2), DENSE.seed))
    assert "2 + 6" in pane.notes.text()
    show(inspector, DENSE, "dense_2")
    assert pane.picture.drawing() is draw(glorot, Context(6, 1, (1, 6), DENSE.seed))
    inspector.ensureWidgetVisible(toggle)
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert not pane.isVisible()


def test_what_arrives_stands_behind_the_activation_of_that_card_only(inspector: Inspector) -> None:
    show(inspector, DENSE, "dense_1")
    assert inspector.activation_shown() == "dense_1"
    inspector.set_pre_activations("dense_1", np.linspace(-2, 2, 5), np.array([1, 5, 4, 0]))
    pane = inspector.layer_form.pane("activation")
    assert pane is not None
    drawing = pane.picture.drawing()
    assert drawing is not None and drawing.bars is not None
    show(inspector, DENSE, "dense_2")
    drawing = pane.picture.drawing()
    assert drawing is not None and drawing.bars is None
    show(inspector, DENSE)
    assert inspector.activation_shown() is None


def test_the_schedule_says_where_the_run_stands(inspector: Inspector) -> None:
    document = DENSE.set_training(schedule=entries("schedules")["cosine"](), epochs=50)
    show(inspector, document)
    inspector.set_unfolded({"training/schedule.picture"})
    inspector.set_run(25.0, 0.015)
    pane = inspector.training_form.pane("schedule")
    assert pane is not None
    drawing = pane.picture.drawing()
    assert drawing is not None and drawing.x_range == (0.0, 50.0)
    assert [(mark.x, mark.y) for mark in drawing.marks] == [(25.0, 0.015)]


def test_notes_that_grow_get_their_room(inspector: Inspector, qtbot: QtBot) -> None:
    show(inspector, DENSE)
    inspector.set_unfolded({"training/schedule.picture"})
    pane = inspector.training_form.pane("schedule")
    assert pane is not None
    qtbot.waitUntil(pane.isVisible)
    before = pane.notes.height()
    show(inspector, DENSE.set_training(schedule=entries("schedules")["cosine_restarts"](), epochs=3_000_000))
    qtbot.waitUntil(lambda: pane.notes.height() > before)
    qtbot.waitUntil(lambda: pane.notes.y() >= pane.picture.height())


def test_compare_opens_on_the_choice_and_using_one_changes_the_card(inspector: Inspector, qtbot: QtBot) -> None:
    show(inspector, DENSE, "dense_1")
    changed: list[Any] = []
    inspector.layer_field_changed.connect(lambda *values: changed.append(values))
    pane = inspector.layer_form.pane("activation")
    assert pane is not None
    qtbot.mouseClick(pane.button, Qt.MouseButton.LeftButton)
    dialog: Any = inspector.window().findChild(QWidget, "compare")
    assert dialog.isVisible() and dialog.chosen().name == "tanh"
    other = next(name for name in dialog.names_shown() if name != "tanh")
    qtbot.mouseClick(dialog.cards[other].radio, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    dialog.resize(700, 500)
    qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    assert changed == [("dense_1", ("activation",), entries("activations")[other](), True)]
    assert (
        inspector.compare_size.width() == dialog.width()
        if dialog.isVisible()
        else inspector.compare_size.width() >= 620
    )


def test_a_typed_formula_is_seen_while_it_is_typed(inspector: Inspector, qtbot: QtBot) -> None:
    own = entries("activations")["formula"]
    layer = DENSE.node("dense_1").layer.replace(activation=own(expression="x*2"))
    show(inspector, DENSE.set_layer("dense_1", layer), "dense_1")
    field: Any = inspector.layer_form.control("activation", "expression")
    pane = inspector.layer_form.pane("activation")
    assert pane is not None
    changed: list[Any] = []
    inspector.layer_field_changed.connect(lambda *values: changed.append(values))
    inspector.ensureWidgetVisible(field)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "x*")
    assert inspector.layer_form.error_text("activation", "expression") != ""
    assert field.text() == "x*" and changed == []
    QTest.keyClicks(field, "3")
    assert inspector.layer_form.error_text("activation", "expression") == ""
    drawing = pane.picture.drawing()
    assert drawing is not None and np.allclose(drawing.curves[0].y, 3 * drawing.curves[0].x)
    QTest.keyClick(field, Qt.Key.Key_Return)
    wanted = with_field(layer, ("activation", "expression"), "x*3").activation
    assert changed == [("dense_1", ("activation", "expression"), wanted.expression, True)]
