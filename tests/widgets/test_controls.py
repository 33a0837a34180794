"""Small controls: what they accept, what they emit, how they lay themselves out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QLocale, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.registry import Range
from widgets.controls import (
    Chip,
    ElidedLabel,
    EmptyState,
    FlowLayout,
    LabelledSlider,
    NumberField,
    Segmented,
    format_number,
)
from widgets.theme import Theme

Show = Callable[..., QWidget]


@pytest.fixture
def show(qtbot: QtBot) -> Show:
    """Shows widgets in one active window, and keeps it for the length of the test."""
    pages: list[QWidget] = []

    def shown(*widgets: QWidget) -> QWidget:
        page = QWidget()
        pages.append(page)
        column = QVBoxLayout(page)
        for widget in widgets:
            column.addWidget(widget)
        qtbot.addWidget(page)
        page.show()
        page.activateWindow()
        qtbot.waitUntil(page.isActiveWindow)
        return page

    return shown


def collected(signal: object) -> list[object]:
    got: list[object] = []
    signal.connect(got.append)  # type: ignore[attr-defined]
    return got


def roll(target: QWidget, notches: int) -> None:
    centre = QPointF(target.rect().center())
    event = QWheelEvent(
        centre,
        target.mapToGlobal(centre),
        QPoint(0, 0),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(target, event)


def typed(qtbot: QtBot, field: NumberField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
        (0.0, "0.00"),
        (0.01239, "0.0124"),
        (0.5, "0.500"),
        (98.44, "98.4"),
        (1234.4, "1,234"),
        (1.234e-5, "1.23e-05"),
        (-2.5e9, "-2.50e+09"),
    ],
)
def test_numbers_are_written_with_three_digits(value: float | None, text: str) -> None:
    assert format_number(value) == text


def test_a_field_commits_on_enter_and_not_while_typing(qtbot: QtBot, show: Show) -> None:
    field = NumberField(Range(1, 1024), "units", integer=True)
    show(field)
    field.set_value(8)
    got = collected(field.value_committed)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "16")
    assert got == []
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert got == [16] and isinstance(got[0], int)


def test_a_field_commits_when_it_loses_the_focus(qtbot: QtBot, show: Show) -> None:
    field, other = NumberField(Range(0, 1), "rate"), QPushButton("other")
    show(field, other)
    got = collected(field.value_committed)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "0.25")
    other.setFocus()
    assert got == [0.25]


def test_setting_a_field_emits_nothing(qtbot: QtBot) -> None:
    field = NumberField(Range(0, 1), "rate")
    qtbot.addWidget(field)
    got = collected(field.value_committed)
    field.set_value(0.5)
    assert field.number() == 0.5 and got == []


def test_a_field_takes_tiny_numbers_and_shows_them_shortly(qtbot: QtBot, show: Show) -> None:
    field = NumberField(Range(0, 1), "rate")
    show(field)
    typed(qtbot, field, "3e-8")
    assert field.number() == 3e-8
    assert field.text() == "3e-8"
    typed(qtbot, field, "0.1")
    assert (field.number(), field.text()) == (0.1, "0.1")


def test_a_field_reads_the_decimal_comma_of_its_locale_and_the_full_stop(qtbot: QtBot, show: Show) -> None:
    field = NumberField(Range(0, 1), "rate")
    field.setLocale(QLocale(QLocale.Language.French, QLocale.Country.France))
    show(field)
    typed(qtbot, field, "0,25")
    assert (field.number(), field.text()) == (0.25, "0,25")
    typed(qtbot, field, "0.5")
    assert (field.number(), field.text()) == (0.5, "0,5")


@pytest.mark.parametrize(("text", "value"), [("5000", 1024), ("0", 1), ("-", 8), ("abc", 8)])
def test_a_field_never_leaves_its_range(text: str, value: int, qtbot: QtBot, show: Show) -> None:
    field = NumberField(Range(1, 1024), "units", integer=True)
    show(field)
    field.set_value(8)
    typed(qtbot, field, text)
    assert field.number() == value


def test_a_logarithmic_field_steps_by_one_two_five(qtbot: QtBot, show: Show) -> None:
    field = NumberField(Range(0, 10, logarithmic=True), "rate")
    show(field)
    field.set_value(0.03)
    got = collected(field.value_committed)
    for _ in range(3):
        qtbot.keyClick(field, Qt.Key.Key_Up)
    for _ in range(2):
        qtbot.keyClick(field, Qt.Key.Key_Down)
    assert got == [0.05, 0.1, 0.2, 0.1, 0.05]
    field.set_value(1e-6)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.number() == 0
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.number() == 1e-6


def test_the_wheel_turns_a_field_only_with_focus(qtbot: QtBot, show: Show) -> None:
    field, other = NumberField(Range(0, 100), "units", integer=True), QPushButton("other")
    show(field, other)
    other.setFocus()
    roll(field, 1)
    assert field.number() == 0
    field.setFocus()
    roll(field, 1)
    assert field.number() == 1


def test_a_slider_says_each_move_and_commits_once_at_release(qtbot: QtBot, show: Show) -> None:
    slider = LabelledSlider("noise", Range(0, 50, step=5), "noise")
    show(slider).resize(400, 60)
    moved, committed = collected(slider.value_changed), collected(slider.value_committed)
    handle = QPoint(6, slider.slider.height() // 2)
    qtbot.mousePress(slider.slider, Qt.MouseButton.LeftButton, pos=handle)
    for share in (0.3, 0.6, 0.9):
        qtbot.mouseMove(slider.slider, QPoint(int(slider.slider.width() * share), handle.y()))
    assert len(moved) >= 3 and committed == []
    slider.set_value(0)
    assert slider.value() == moved[-1], "the handle was torn from the user's hand"
    qtbot.mouseRelease(slider.slider, Qt.MouseButton.LeftButton)
    assert committed == [moved[-1]]
    assert slider.value() % 5 == 0


def test_a_slider_commits_each_key_and_a_setter_nothing(qtbot: QtBot, show: Show) -> None:
    slider = LabelledSlider("share", Range(0, 1, step=0.1), "share")
    show(slider)
    committed = collected(slider.value_committed)
    slider.set_value(0.2)
    assert committed == []
    qtbot.keyClick(slider.slider, Qt.Key.Key_Right)
    assert committed == [0.3]
    assert slider.text() == "0.300"


def test_a_logarithmic_slider_has_the_geometric_mean_in_its_middle(qtbot: QtBot) -> None:
    slider = LabelledSlider("rate", Range(1e-4, 1, logarithmic=True), "rate")
    qtbot.addWidget(slider)
    slider.set_value(0.01)
    assert slider.slider.value() == slider.slider.maximum() // 2
    assert slider.value() == pytest.approx(0.01)


def test_exactly_one_segment_is_chosen_by_click_or_arrow(qtbot: QtBot, show: Show) -> None:
    row = Segmented([("loss", "Loss"), ("metric", "Metric"), ("rate", "Rate")], "choice")
    show(row)
    got = collected(row.chosen)
    qtbot.mouseClick(row.button("rate"), Qt.MouseButton.LeftButton)
    assert (row.choice(), got) == ("rate", ["rate"])
    row.button("metric").setEnabled(False)
    qtbot.keyClick(row.button("rate"), Qt.Key.Key_Left)
    assert (row.choice(), got) == ("loss", ["rate", "loss"])
    qtbot.keyClick(row.button("loss"), Qt.Key.Key_Left)
    assert row.choice() == "loss" and len(got) == 2
    row.set_choice("rate")
    assert row.choice() == "rate" and len(got) == 2
    with pytest.raises(KeyError):
        row.set_choice("nothing")


def test_a_chip_switches_by_click_and_key(qtbot: QtBot, show: Show) -> None:
    chip = Chip("x₁", "feature.x1")
    show(chip)
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert chip.isChecked()
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert not chip.isChecked()


def test_an_empty_state_offers_its_button_only_when_it_has_one(qtbot: QtBot, show: Show) -> None:
    silent, offering = EmptyState("Nothing here."), EmptyState("Nothing here.", "Add a layer")
    show(silent, offering)
    assert not silent.button.isVisible()
    with qtbot.waitSignal(offering.clicked):
        qtbot.mouseClick(offering.button, Qt.MouseButton.LeftButton)


def test_an_elided_label_ends_in_an_ellipsis_when_narrow(qtbot: QtBot) -> None:
    label = ElidedLabel("A rather long sentence about a layer")
    qtbot.addWidget(label)
    label.resize(60, 20)
    assert label.shown_text().endswith("…")
    label.resize(600, 20)
    assert label.shown_text() == label.text()


def test_a_flow_breaks_lines_and_skips_hidden_items(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    flow = FlowLayout(page, spacing=4)
    boxes = [QWidget() for _ in range(4)]
    for box in boxes:
        box.setFixedSize(50, 20)
        flow.addWidget(box)
    page.resize(110, 100)
    page.show()
    assert [(box.x(), box.y()) for box in boxes] == [(0, 0), (54, 0), (0, 24), (54, 24)]
    assert flow.heightForWidth(500) == 20
    assert flow.heightForWidth(60) == 4 * 20 + 3 * 4
    boxes[1].hide()
    page.layout().activate()
    assert (boxes[2].x(), boxes[2].y()) == (54, 0)


def test_making_an_empty_state_shows_no_window(qtbot: QtBot, theme: Theme) -> None:
    before = {widget for widget in QApplication.topLevelWidgets() if widget.isVisible()}
    shown: list[QWidget] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.append(watched)
            return False

    watch, application = Watch(), QApplication.instance()
    assert application is not None
    application.installEventFilter(watch)
    qtbot.addWidget(EmptyState("nothing here", "Do something"))
    application.removeEventFilter(watch)
    assert shown == [] and before == {widget for widget in QApplication.topLevelWidgets() if widget.isVisible()}


def test_a_unit_stands_behind_the_number_and_need_not_be_typed(qtbot: QtBot) -> None:
    field = NumberField(Range(0, 180, unit="°"), "rotation")
    qtbot.addWidget(field)
    field.set_value(15.0)
    assert field.text() == "15°" and field.number() == 15.0
    for typed, number in (("30", 30.0), ("45°", 45.0), ("1e1", 10.0)):
        field.lineEdit().selectAll()
        qtbot.keyClicks(field.lineEdit(), typed)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert field.number() == number and field.text() == f"{number:.0f}°"
    share = NumberField(Range(0, 100, unit="%"), "noise", integer=True)
    qtbot.addWidget(share)
    share.set_value(5)
    share.stepBy(1)
    assert share.text() == "6 %" and share.number() == 6
