"""The Data panel: choosing a set, changing its fields, columns, and the tools to draw with."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from engine.document.graph import Data, Document, Network
from widgets.controls import NumberField
from widgets.data import DataPanel
from widgets.theme import Theme
from widgets.thumbnails import COLUMNS

LAYERS, SETS = entries("layers"), entries("datasets")


def make_document(dataset: Any = None, **data: Any) -> Document:
    document = Document((Network(),), Data(dataset or SETS["spiral"](), **data))
    return document.add(LAYERS["Input"]()).append(LAYERS["Dense"]())


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> DataPanel:
    widget = DataPanel()
    qtbot.addWidget(widget)
    widget.resize(240, 480)
    widget.set_document(make_document(), "input_1")
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def record(signal: Any) -> list[Any]:
    heard: list[Any] = []
    signal.connect(lambda *values: heard.append(values if len(values) != 1 else values[0]))
    return heard


def refuse_signals(panel: DataPanel) -> None:
    for signal in (
        panel.dataset_chosen,
        panel.data_field_changed,
        panel.train_share_changed,
        panel.batch_size_changed,
        panel.data_seed_changed,
        panel.column_toggled,
        panel.drawing_changed,
        panel.clear_drawn,
    ):
        signal.connect(lambda *_: pytest.fail("a setter emitted"))


def type_number(field: NumberField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_every_plane_data_set_has_a_picture_with_name_and_description(panel: DataPanel) -> None:
    for name, cls in SETS.items():
        if cls.plane:
            button = panel.thumbnails.button(name)
            assert button.accessibleName() == cls.label
            assert escape(cls.description) in button.toolTip()


def test_pictures_are_drawn_from_the_data(panel: DataPanel, theme: Theme) -> None:
    circle = panel.thumbnails.button("circle").grab().toImage()
    middle = circle.pixelColor(circle.width() // 2, circle.height() // 2)
    colours = [circle.pixelColor(x, y) for x in range(10, 34) for y in range(16, 28)]
    assert any(color.blue() > color.red() + 60 for color in colours), "class 1 is in the middle"
    assert any(circle.pixelColor(x, 22).red() > 180 for x in (*range(4, 14), *range(30, 41))), "class 0 is around it"
    assert middle != QColor(theme.surface)


def test_clicking_a_picture_asks_for_its_data_and_outlines_it_only_when_told(panel: DataPanel, qtbot: QtBot) -> None:
    chosen = record(panel.dataset_chosen)
    qtbot.mouseClick(panel.thumbnails.button("xor"), Qt.MouseButton.LeftButton)
    assert chosen == ["xor"]
    assert panel.thumbnails.choice() == "spiral"
    panel.set_document(make_document(SETS["xor"]()), "input_1")
    assert panel.thumbnails.choice() == "xor"
    qtbot.mouseClick(panel.thumbnails.button("xor"), Qt.MouseButton.LeftButton)
    assert chosen == ["xor"] and panel.thumbnails.choice() == "xor"


def test_pictures_share_the_width_of_the_panel(panel: DataPanel, qtbot: QtBot) -> None:
    for width in (200, 240, 280):
        panel.resize(width, 480)
        last = panel.thumbnails.button(list(SETS)[COLUMNS - 1])
        qtbot.waitUntil(lambda last=last: last.geometry().right() < panel.viewport().width())
        assert last.width() == last.height() == pytest.approx((panel.viewport().width() - 16) / 5, abs=4)


def test_chosen_picture_is_outlined_in_the_accent(panel: DataPanel, theme: Theme) -> None:
    def edge(name: str) -> QColor:
        image = panel.thumbnails.button(name).grab().toImage()
        return image.pixelColor(image.width() // 2, 1)

    assert edge("spiral") == QColor(theme.accent)
    assert edge("xor") != QColor(theme.accent)


def test_arrow_keys_choose_among_the_pictures(panel: DataPanel) -> None:
    chosen = record(panel.dataset_chosen)
    names = [name for name, cls in SETS.items() if cls.plane]
    start = panel.thumbnails.button("spiral")
    start.setFocus()
    QTest.keyClick(start, Qt.Key.Key_Left)
    here = names.index("spiral")
    assert chosen == [names[here - 1]]
    assert panel.thumbnails.button(names[here - 1]).hasFocus()
    QTest.keyClick(panel.thumbnails.button(names[here - 1]), Qt.Key.Key_Down)
    assert chosen[-1] == names[here - 1 + COLUMNS]


def test_noise_is_a_slider_in_percent(panel: DataPanel) -> None:
    changed = record(panel.data_field_changed)
    noise: Any = panel.form.control("noise")
    assert noise.text() == "0 %"
    noise.slider.setFocus()
    QTest.keyClick(noise.slider, Qt.Key.Key_Right)
    assert changed == [("noise", 5.0, False), ("noise", 5.0, True)]


def test_fields_follow_the_data_set(panel: DataPanel) -> None:
    assert ("classes",) not in panel.form.paths()
    panel.set_document(make_document(SETS["blobs"](classes=4)), "input_1")
    classes: Any = panel.form.control("classes")
    assert classes.value() == 4
    samples = record(panel.data_field_changed)
    type_number(panel.form.control("samples"), "200")  # type: ignore[arg-type]
    assert samples == [("samples", 200, True)]


def test_train_share_batch_size_and_seed_are_emitted(panel: DataPanel, qtbot: QtBot) -> None:
    shares, batches, seeds = (
        record(panel.train_share_changed),
        record(panel.batch_size_changed),
        record(panel.data_seed_changed),
    )
    share: Any = panel.form.control("train_share")
    assert share.text() == "50 %"
    share.slider.setFocus()
    QTest.keyClick(share.slider, Qt.Key.Key_Right)
    assert shares == [(pytest.approx(0.55), False), (pytest.approx(0.55), True)]
    type_number(panel.form.control("batch_size"), "25")  # type: ignore[arg-type]
    assert batches == [25]
    type_number(panel.form.control("data_seed"), "7")  # type: ignore[arg-type]
    assert seeds == [7]
    qtbot.mouseClick(panel.reroll_button, Qt.MouseButton.LeftButton)
    assert seeds == [7, 2], "the next seed after the document's, not after the typed one"


def test_columns_are_chips_that_follow_the_document(panel: DataPanel, qtbot: QtBot) -> None:
    toggled = record(panel.column_toggled)
    on = [name for name in entries("features") if panel.chip(name).isChecked()]
    assert on == ["x1", "x2"]
    qtbot.mouseClick(panel.chip("sin_x1"), Qt.MouseButton.LeftButton)
    assert toggled == ["sin_x1"] and not panel.chip("sin_x1").isChecked()
    document = make_document().toggle_column("input_1", "sin_x1")
    panel.set_document(document, "input_1")
    assert panel.chip("sin_x1").isChecked()
    panel.chip("x1").setFocus()
    QTest.keyClick(panel.chip("x1"), Qt.Key.Key_Space)
    assert toggled == ["sin_x1", "x1"]
    assert panel.chip("x1").text() == "x₁" and "How far to the right" in panel.chip("x1").toolTip()


def test_the_last_column_stays_on(panel: DataPanel, qtbot: QtBot) -> None:
    document = make_document().toggle_column("input_1", "x2")
    panel.set_document(document, "input_1")
    panel.column_toggled.connect(lambda name: panel.set_document(document.toggle_column("input_1", name), "input_1"))
    qtbot.mouseClick(panel.chip("x1"), Qt.MouseButton.LeftButton)
    assert panel.chip("x1").isChecked()


def test_without_an_input_card_the_columns_say_why_they_are_off(panel: DataPanel) -> None:
    panel.set_document(Document((Network(),), Data(SETS["xor"]())), None)
    assert not panel.chip("x1").isEnabled()


def test_drawing_tools_appear_with_drawn_data_alone(panel: DataPanel) -> None:
    assert panel.tools.isHidden() and panel.drawing_tool() is None
    panel.set_document(make_document(SETS["drawn"]((), 3)), "input_1")
    assert panel.tools.isVisible() and panel.drawing_tool() == 0
    assert not panel.tools.clear_button.isEnabled()
    panel.set_document(make_document(SETS["drawn"](((0.0, 0.0, 1),), 3)), "input_1")
    assert panel.tools.clear_button.isEnabled()


def test_drawing_tools_are_taken_and_put_away(panel: DataPanel, qtbot: QtBot) -> None:
    panel.set_document(make_document(SETS["drawn"](((0.0, 0.0, 1),), 3)), "input_1")
    taken, cleared = record(panel.drawing_changed), record(panel.clear_drawn)
    qtbot.mouseClick(panel.tools.swatch(2), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.tools.eraser, Qt.MouseButton.LeftButton)
    assert taken == [2, "erase"] and panel.drawing_tool() == "erase"
    assert panel.tools.eraser.isChecked() and not panel.tools.swatch(2).isChecked()
    qtbot.mouseClick(panel.tools.eraser, Qt.MouseButton.LeftButton)
    assert taken[-1] is None and panel.drawing_tool() is None
    qtbot.mouseClick(panel.tools.clear_button, Qt.MouseButton.LeftButton)
    assert len(cleared) == 1


def test_fewer_classes_take_swatches_away_and_the_tool_with_them(panel: DataPanel, qtbot: QtBot) -> None:
    panel.set_document(make_document(SETS["drawn"]((), 5)), "input_1")
    qtbot.mouseClick(panel.tools.swatch(4), Qt.MouseButton.LeftButton)
    panel.set_document(make_document(SETS["drawn"]((), 2)), "input_1")
    assert panel.drawing_tool() == 0
    with pytest.raises(IndexError):
        panel.tools.swatch(2)


def test_classes_with_points_cannot_be_taken_away_and_it_says_why(panel: DataPanel) -> None:
    panel.set_document(make_document(SETS["drawn"](((0.0, 0.0, 2),), 3)), "input_1")
    changed = record(panel.data_field_changed)
    classes: Any = panel.form.control("classes")
    classes.slider.setFocus()
    QTest.keyClick(classes.slider, Qt.Key.Key_Left)
    assert changed == []
    assert "erase them first" in panel.form.error_text("classes")
    assert classes.value() == 3


def test_note_names_the_data_and_counts_its_points(panel: DataPanel) -> None:
    assert panel.note() == "spiral · 500 points"
    panel.set_document(make_document(SETS["drawn"](((0.0, 0.0, 1),), 3)), "input_1")
    assert panel.note() == "drawn by hand · 1 point"


def test_setters_emit_nothing(panel: DataPanel) -> None:
    refuse_signals(panel)
    for cls in SETS.values():
        panel.set_document(make_document(cls(), train_share=0.8, seed=3), "input_1")
    panel.set_document(make_document().toggle_column("input_1", "x1_x2"), "input_1")


def test_every_control_has_a_name_for_a_screen_reader(panel: DataPanel) -> None:
    panel.set_document(make_document(SETS["drawn"]((), 3)), "input_1")
    controls = [
        *panel.thumbnails.children(),
        panel.tools.eraser,
        panel.tools.clear_button,
        panel.tools.swatch(0),
        panel.reroll_button,
        *(panel.chip(name) for name in entries("features")),
    ]
    for control in controls:
        if control.isWidgetType():
            assert control.accessibleName() and control.objectName()  # type: ignore[attr-defined]
