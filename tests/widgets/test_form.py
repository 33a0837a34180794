"""Forms derived from the registry: every field of every entry, what is emitted, what is refused."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox
from pytestqt.qtbot import QtBot

from engine.catalog.layers.layer import Layer
from engine.catalog.registry import Choice, Entry, Hidden, Range, entries, form, kinds, register, unregister
from widgets.controls import LabelledSlider, NumberField
from widgets.form import EntryForm, with_field
from widgets.text_field import TextField
from widgets.theme import Theme

Changes = list[tuple[tuple[str, ...], Any, bool]]


@pytest.fixture
def show(qtbot: QtBot, theme: Theme) -> Any:
    def make(entry: Entry) -> tuple[EntryForm, Changes]:
        widget = EntryForm("layer")
        qtbot.addWidget(widget)
        widget.set_entry(entry)
        changes: Changes = []
        widget.changed.connect(lambda path, value, finished: changes.append((path, value, finished)))
        with qtbot.waitExposed(widget):
            widget.show()
        widget.activateWindow()
        qtbot.waitUntil(widget.isActiveWindow)
        return widget, changes

    return make


def layer(name: str, **fields: Any) -> Any:
    return entries("layers")[name](**fields)


def choose(combo: QComboBox, name: str) -> None:
    """Pick an entry with the keyboard, as a user would."""
    combo.setFocus()
    wanted, now = combo.findData(name), combo.currentIndex()
    for _ in range(abs(wanted - now)):
        QTest.keyClick(combo, Qt.Key.Key_Down if wanted > now else Qt.Key.Key_Up)
    assert combo.findData(name) == wanted


def type_number(field: NumberField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def tabbed(widget: Any) -> list[str]:
    """What has the focus in turn, from where it is on, until it comes back."""
    visited: list[str] = []
    focused = widget.focusWidget()
    while focused.objectName() not in visited:
        visited.append(focused.objectName())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        focused = widget.focusWidget()
    return visited


ENTRIES = [
    pytest.param(cls, id=f"{kind}-{name}")
    for kind in kinds()
    if kind != "probes"
    for name, cls in entries(kind).items()
]


@pytest.mark.parametrize("cls", ENTRIES)
def test_every_field_of_every_entry_has_a_named_control_that_shows_its_default(
    cls: type[Entry], qtbot: QtBot, theme: Theme
) -> None:
    widget = EntryForm("form")
    qtbot.addWidget(widget)
    entry = cls()
    widget.set_entry(entry)
    for field in form(cls):
        if isinstance(field.constraint, Hidden):
            assert (field.name,) not in widget.paths()
            continue
        control: Any = widget.control(field.name)
        value = getattr(entry, field.name)
        assert control.objectName() == f"form.{field.name}"
        assert control.accessibleName() == field.label
        assert control.toolTip()
        if isinstance(control, NumberField):
            assert control.number() == value
        elif isinstance(control, LabelledSlider):
            assert control.value() == pytest.approx(value)
        elif isinstance(control, QCheckBox):
            assert control.isChecked() == value
        elif isinstance(control, TextField):
            assert control.text() == control.value() == value
        else:
            assert control.currentData() == (value.name if isinstance(value, Entry) else value)


def test_a_typed_number_is_emitted_once_with_its_path(show: Any) -> None:
    widget, changes = show(layer("Dense"))
    type_number(widget.control("units"), "12")
    assert changes == [(("units",), 12, True)]


def test_space_on_the_check_box_emits_a_bool(show: Any) -> None:
    widget, changes = show(layer("Dense"))
    widget.set_unfolded(("Initial values",))
    widget.control("use_bias").setFocus()
    QTest.keyClick(widget.control("use_bias"), Qt.Key.Key_Space)
    assert changes == [(("use_bias",), False, True)]


def test_a_choice_of_entry_emits_a_fresh_entry_and_gets_its_own_fields_below(show: Any, qtbot: QtBot) -> None:
    widget, changes = show(layer("Dense"))
    combo = widget.control("activation")
    assert ("activation", "negative_slope") not in widget.paths()
    choose(combo, "leaky_relu")
    assert changes[-1] == (("activation",), entries("activations")["leaky_relu"](), True)
    widget.set_entry(with_field(widget.entry(), *changes[-1][:2]))
    assert widget.paths()[1:3] == [("activation",), ("activation", "negative_slope")]
    assert widget.control("activation") is combo and combo.hasFocus()
    slope = widget.control("activation", "negative_slope")
    qtbot.waitUntil(lambda: slope.isVisible() and slope.geometry().top() > combo.geometry().bottom())
    type_number(slope, "0.2")
    assert changes[-1] == (("activation", "negative_slope"), 0.2, True)


def test_choosing_what_is_chosen_emits_nothing(show: Any, qtbot: QtBot) -> None:
    widget, changes = show(layer("Dense"))
    combo = widget.control("activation")
    qtbot.mouseClick(combo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: combo.chooser() is not None and combo.chooser().isVisible())
    qtbot.keyClick(combo.chooser().list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: combo.chooser() is None)
    assert changes == []


def test_dragging_a_slider_says_when_the_drag_is_finished(show: Any, qtbot: QtBot) -> None:
    widget, changes = show(layer("Dropout"))
    slider = widget.control("rate").slider
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert changes == [(("rate",), 0.25, False), (("rate",), 0.25, True)]
    changes.clear()
    middle = slider.rect().center().y()
    groove = slider.width() - 12
    start = QPoint(round(6 + groove * 0.25 / 0.95), middle)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(slider, QPoint(start.x() + groove // 4, middle))
    qtbot.mouseMove(slider, QPoint(start.x() + groove // 2, middle))
    assert changes and not any(finished for *_, finished in changes)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(start.x() + groove // 2, middle))
    assert changes[-1] == (("rate",), changes[-2][1], True)
    assert [finished for *_, finished in changes].count(True) == 1


def test_a_value_between_the_steps_of_a_slider_gets_a_field(show: Any) -> None:
    widget, _ = show(layer("Dropout", rate=0.125))
    assert isinstance(widget.control("rate"), NumberField)
    assert widget.control("rate").number() == 0.125
    widget.set_entry(layer("Dropout", rate=0.25))
    assert isinstance(widget.control("rate"), LabelledSlider)


def test_a_refused_value_is_explained_under_its_field_and_not_emitted(show: Any) -> None:
    widget, changes = show(entries("optimizers")["SGD"]())
    box = widget.control("nesterov")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert changes == []
    assert not box.isChecked()
    assert widget.error_text("nesterov") == "nesterov (=true) needs momentum (=0.0) above 0; raise momentum first."
    assert widget.error_text("momentum") == ""
    type_number(widget.control("momentum"), "0.9")
    assert changes == [(("momentum",), 0.9, True)]
    assert widget.error_text("nesterov") == ""
    widget.set_entry(with_field(widget.entry(), ("momentum",), 0.9))
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert changes[-1] == (("nesterov",), True, True)


def test_the_explanation_goes_when_the_field_changes_from_outside_or_another_entry_comes(show: Any) -> None:
    sgd, adam = entries("optimizers")["SGD"], entries("optimizers")["Adam"]
    widget, _ = show(sgd(momentum=0.9, nesterov=True))
    type_number(widget.control("momentum"), "0")
    assert "raise momentum first" in widget.error_text("momentum")
    widget.set_entry(sgd(momentum=0.5, nesterov=True))
    assert widget.error_text("momentum") == ""
    type_number(widget.control("momentum"), "0")
    widget.set_entry(adam())
    widget.set_entry(sgd(momentum=0.5, nesterov=True))
    assert widget.error_text("momentum") == ""


def test_a_refresh_leaves_focus_and_what_is_being_typed_alone(show: Any) -> None:
    widget, changes = show(layer("Dense", units=4))
    units = widget.control("units")
    units.setFocus()
    units.selectAll()
    QTest.keyClicks(units, "37")
    widget.set_entry(layer("Dense", units=4, use_bias=False))
    assert units.hasFocus() and units.text() == "37"
    assert not widget.control("use_bias").isChecked()
    QTest.keyClick(units, Qt.Key.Key_Return)
    assert changes == [(("units",), 37, True)]


def test_setters_emit_nothing(show: Any) -> None:
    widget, changes = show(layer("Dense"))
    leaky = entries("activations")["leaky_relu"](negative_slope=0.3)
    widget.set_entry(layer("Dense", units=9, activation=leaky, use_bias=False))
    widget.set_entry(layer("Dropout", rate=0.5))
    widget.set_entry(None)
    assert changes == [] and widget.paths() == []


def test_the_wheel_scrolls_past_fields_that_have_no_focus(show: Any) -> None:
    widget, changes = show(layer("Dense"))
    for name in ("activation", "units"):
        control = widget.control(name)
        other = widget.heading("Learning").button
        other.setFocus()
        centre = QPointF(control.rect().center())
        event = QWheelEvent(
            centre,
            control.mapToGlobal(centre),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(control, event)
        assert not event.isAccepted()
    assert changes == []


def test_tab_walks_through_the_fields_from_top_to_bottom(show: Any) -> None:
    widget, _ = show(layer("Dense", activation=entries("activations")["leaky_relu"]()))
    widget.set_unfolded(("Initial values", "Regularization", "Learning"))
    widget.control("units").setFocus()
    visited = tabbed(widget)
    fields = [".".join(("layer", *path)) for path in widget.paths()]
    assert [name for name in visited if name in fields] == fields
    headings = ["layer.Initial values", "layer.Regularization", "layer.Learning"]
    assert [name for name in visited if name in headings] == headings
    assert visited.index("layer.activation.picture") == visited.index("layer.activation") + 1


def test_words_to_choose_from_are_a_combo(show: Any) -> None:
    @register
    class Padded(Layer):
        """Pads."""

        padding: Annotated[str, Choice(("valid", "same"))] = "same"
        size: Annotated[int, Range(1, 5)] = 3

    try:
        widget, changes = show(Padded())
        assert widget.control("padding").currentData() == "same"
        choose(widget.control("padding"), "valid")
        assert changes == [(("padding",), "valid", True)]
        slider = widget.control("size").slider
        QTest.keyClick(slider, Qt.Key.Key_Right)
        assert changes[-1] == (("size",), 4, True) and type(changes[-1][1]) is int
    finally:
        unregister(Padded)


def test_with_field_changes_a_copy_at_any_depth() -> None:
    dense = layer("Dense", activation=entries("activations")["leaky_relu"]())
    changed = with_field(dense, ("activation", "negative_slope"), 0.5)
    assert changed.activation.negative_slope == 0.5
    assert dense.activation.negative_slope == 0.01
    assert with_field(dense, ("units",), 7).units == 7
