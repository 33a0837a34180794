"""The sheet to draw on: strokes by mouse, tablet and keyboard, and what the network gets of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.catalog.datasets.handwriting import DIGITS, MNIST, PLAIN
from tests.widgets.conftest import Show
from widgets.draw_pad import SIDE, DrawPad
from widgets.draw_pad_panel import DrawPanel


@pytest.fixture
def pad(show: Show) -> DrawPad:
    made = DrawPad("some.pad")
    show(made, 202, 202)
    return made


@pytest.fixture
def panel(show: Show) -> DrawPanel:
    made = DrawPanel()
    made.set_data(MNIST, (1, 28, 28), [str(number) for number in range(10)])
    show(made, 800, 200)
    return made


def at(pad: DrawPad, x: float, y: float) -> QPoint:
    area = pad.area()
    return QPoint(round(area.left() + x * area.width()), round(area.top() + y * area.height()))


def stroke(qtbot: QtBot, pad: DrawPad, *places: tuple[float, float]) -> None:
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=at(pad, *places[0]))
    for place in places[1:]:
        qtbot.mouseMove(pad, at(pad, *place))
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=at(pad, *places[-1]))


def inked(pad: DrawPad) -> Any:
    return pad.raster(1)[0] / 255


# --- strokes ----------------------------------------------------------------------------------------------------------


def test_a_stroke_lies_where_the_mouse_went_as_wide_as_the_brush(pad: DrawPad, qtbot: QtBot) -> None:
    pad.set_brush(0.125)
    assert pad.is_empty() and not inked(pad).any()
    with qtbot.waitSignals([pad.drawn, pad.stroke_ended]):
        stroke(qtbot, pad, (0.25, 0.5), (0.5, 0.5), (0.75, 0.5))
    ink = inked(pad)
    middle = ink[:, SIDE // 2]
    assert middle.sum() == pytest.approx(0.125 * SIDE, rel=0.05)
    assert np.average(np.arange(SIDE), weights=middle) == pytest.approx(SIDE / 2, abs=1.5)
    columns = np.flatnonzero(ink.any(0))
    assert columns[0] == pytest.approx((0.25 - 0.0625) * SIDE, abs=2.5)
    assert columns[-1] == pytest.approx((0.75 + 0.0625) * SIDE, abs=2.5)
    soft = (ink > 0.05) & (ink < 0.95)
    assert soft.any()  # antialiased


def test_a_click_is_a_dot(pad: DrawPad, qtbot: QtBot) -> None:
    pad.set_brush(0.1)
    qtbot.mouseClick(pad, Qt.MouseButton.LeftButton, pos=at(pad, 0.5, 0.5))
    assert inked(pad).sum() == pytest.approx(np.pi * (0.05 * SIDE) ** 2, rel=0.1)


def test_strokes_are_taken_back_one_by_one_and_a_new_sheet_too(pad: DrawPad, qtbot: QtBot) -> None:
    stroke(qtbot, pad, (0.2, 0.2), (0.8, 0.2))
    first = inked(pad)
    stroke(qtbot, pad, (0.2, 0.8), (0.8, 0.8))
    both = inked(pad)
    pad.clear()
    assert pad.is_empty() and not inked(pad).any()
    pad.undo_stroke()
    np.testing.assert_array_equal(inked(pad), both)
    pad.undo_stroke()
    np.testing.assert_array_equal(inked(pad), first)
    qtbot.keyClick(pad, Qt.Key.Key_Backspace)
    assert pad.is_empty() and not pad.can_undo()
    pad.undo_stroke()


def test_the_eraser_takes_ink_away(pad: DrawPad, qtbot: QtBot) -> None:
    stroke(qtbot, pad, (0.2, 0.5), (0.8, 0.5))
    pad.set_erasing(True)
    stroke(qtbot, pad, (0.5, 0.2), (0.5, 0.8))
    ink = inked(pad)
    assert not ink[:, SIDE // 2].any() and ink[SIDE // 2].max() == 1


def test_colours(pad: DrawPad, qtbot: QtBot) -> None:
    pad.set_color((200, 100, 0))
    stroke(qtbot, pad, (0.2, 0.5), (0.8, 0.5))
    assert pad.raster(3)[:, SIDE // 2, SIDE // 2].tolist() == [200, 100, 0]


def test_the_harder_the_pen_the_wider_the_stroke(pad: DrawPad) -> None:
    device = QPointingDevice(
        "pen", 1, QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Pressure | QInputDevice.Capability.Position, 1, 1,
    )  # fmt: skip

    def pen(kind: QEvent.Type, x: float, pressure: float, buttons: Any = Qt.MouseButton.LeftButton) -> None:
        place = QPointF(at(pad, x, 0.5))
        event = QTabletEvent(
            kind, device, place, QPointF(pad.mapToGlobal(place.toPoint())), pressure, 0, 0, 0, 0, 0,
            Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, buttons,
        )  # fmt: skip
        QApplication.sendEvent(pad, event)
        assert event.isAccepted()

    pad.set_brush(0.2)
    pen(QEvent.Type.TabletPress, 0.2, 0.0)
    for step in range(1, 13):
        pen(QEvent.Type.TabletMove, 0.2 + 0.05 * step, step / 12)
    pen(QEvent.Type.TabletRelease, 0.8, 0.0, Qt.MouseButton.NoButton)
    ink = inked(pad)
    thin, wide = ink[:, round(0.25 * SIDE)].sum(), ink[:, round(0.75 * SIDE)].sum()
    assert 0 < thin < 0.6 * wide and len(pad.strokes()) == 1


def test_the_keyboard_draws_with_shift(pad: DrawPad, qtbot: QtBot) -> None:
    pad.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(4):
        qtbot.keyClick(pad, Qt.Key.Key_Left)
    assert pad.is_empty()
    for _ in range(8):
        qtbot.keyPress(pad, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyRelease(pad, Qt.Key.Key_Shift)
    assert len(pad.strokes()) == 1
    columns = np.flatnonzero(inked(pad)[SIDE // 2] > 0.5)
    assert columns[0] < 0.375 * SIDE + 2 and columns[-1] > 0.625 * SIDE - 2
    qtbot.keyClick(pad, Qt.Key.Key_Delete)
    assert pad.is_empty()


# --- the panel --------------------------------------------------------------------------------------------------------


def test_each_stroke_reaches_the_network_made_like_the_data(panel: DrawPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.image_changed) as blocker:
        stroke(qtbot, panel.pad, (0.3, 0.1), (0.3, 0.9))
    (image,) = blocker.args
    assert image.shape == (1, 28, 28) and np.ptp(np.flatnonzero(image[0].any(1))) + 1 == 20
    assert panel.image() is image and panel.add.isEnabled()
    with qtbot.waitSignal(panel.image_changed) as blocker:
        qtbot.mouseClick(panel.undo, Qt.MouseButton.LeftButton)
    assert blocker.args == [None] and not panel.add.isEnabled() and not panel.undo.isEnabled()


def test_the_network_is_shown_a_stroke_while_it_is_drawn(panel: DrawPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.image_changed):
        qtbot.mousePress(panel.pad, Qt.MouseButton.LeftButton, pos=at(panel.pad, 0.3, 0.3))
        qtbot.mouseMove(panel.pad, at(panel.pad, 0.6, 0.6))
    assert not panel.pad.strokes()
    qtbot.mouseRelease(panel.pad, Qt.MouseButton.LeftButton, pos=at(panel.pad, 0.6, 0.6))


def test_an_answer_is_shown_and_goes_with_the_drawing(panel: DrawPanel, qtbot: QtBot) -> None:
    scores = np.eye(10, dtype=np.float32)[7]
    said = {"scores": scores, "answer": np.array([7]), "range": np.array([0.0, 1.0]), "shares": np.array([True])}
    panel.set_answer(said)
    assert panel.answer.text() == ""  # nothing is drawn
    stroke(qtbot, panel.pad, (0.3, 0.1), (0.3, 0.9))
    panel.set_answer(said)
    assert panel.answer.text() == "7" and panel.bars.text(7) == "100.0 %"
    panel.pad.clear()
    assert panel.answer.text() == "" and panel.bars.text(7) == "0.0 %"


def test_a_drawing_is_added_once_with_its_class(panel: DrawPanel, qtbot: QtBot) -> None:
    stroke(qtbot, panel.pad, (0.3, 0.1), (0.3, 0.9))
    panel.label.setCurrentIndex(4)
    with qtbot.waitSignal(panel.add_requested) as blocker:
        qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    image, number = blocker.args
    np.testing.assert_array_equal(image, panel.image())
    assert number == 4 and not panel.add.isEnabled()
    panel.set_added(1)
    assert panel.count.text() == "1 added to the data" and panel.remove.isVisible()
    stroke(qtbot, panel.pad, (0.3, 0.5), (0.7, 0.5))
    assert panel.add.isEnabled()
    with qtbot.waitSignal(panel.remove_requested):
        qtbot.mouseClick(panel.remove, Qt.MouseButton.LeftButton)
    panel.set_added(0)
    assert not panel.remove.isVisible() and panel.count.text() == ""


def test_other_data_get_the_same_drawing_made_their_way(panel: DrawPanel, qtbot: QtBot) -> None:
    stroke(qtbot, panel.pad, (0.3, 0.1), (0.3, 0.9))
    with qtbot.assertNotEmitted(panel.image_changed):
        panel.set_data(DIGITS, (1, 8, 8), ["a", "b"])
    image = panel.image()
    assert image is not None and image.shape == (1, 8, 8) and panel.label.count() == 2
    assert panel.brush.value() > 9 and panel.color.isHidden()
    panel.set_data(PLAIN, (3, 32, 32), ["a", "b"])
    assert panel.color.isVisible()
    panel.show_nothing("no images")
    assert panel.empty.isVisible() and panel.empty.text() == "no images"


def test_tools_take_turns(panel: DrawPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.eraser, Qt.MouseButton.LeftButton)
    assert panel.eraser.isChecked() and not panel.pencil.isChecked()
    stroke(qtbot, panel.pad, (0.3, 0.1), (0.3, 0.9))
    assert not inked(panel.pad).any()
    qtbot.mouseClick(panel.pencil, Qt.MouseButton.LeftButton)
    panel.brush.setValue(20)
    stroke(qtbot, panel.pad, (0.3, 0.1), (0.3, 0.9))
    assert inked(panel.pad)[SIDE // 2].sum() == pytest.approx(0.2 * SIDE, rel=0.05)


def test_the_sheet_is_a_square_beside_or_above_the_rest(panel: DrawPanel, qtbot: QtBot) -> None:
    assert panel.pad.height() == panel.pad.width() == 200
    assert panel.bars.mapTo(panel, QPoint()).x() > panel.pad.geometry().right()
    panel.resize(360, 700)
    qtbot.waitUntil(lambda: panel.bars.mapTo(panel, QPoint()).y() > panel.pad.geometry().bottom())
    assert panel.add.mapTo(panel, QPoint(panel.add.width(), 0)).x() <= 360
