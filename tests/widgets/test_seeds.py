"""The panel of many seeds: what it asks for, what it says, what it draws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets import colors, theme
from widgets.seeds import MOST_EPOCHS, SeedsPanel
from widgets.seeds_histogram import BINS, LossHistogram
from widgets.seeds_map import SeedsMap

GOAL = "test accuracy ≥ 90 %"
NAN = float("nan")


@pytest.fixture
def panel(show: Show) -> SeedsPanel:
    panel = SeedsPanel()
    show(panel, 800, 220)
    return panel


@pytest.fixture
def histogram(show: Show) -> LossHistogram:
    histogram = LossHistogram("some.histogram")
    show(histogram, 400, 160)
    return histogram


def floats(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def flags(*values: bool) -> NDArray[np.bool_]:
    return np.array(values, np.bool_)


# --- what it asks for -------------------------------------------------------------------------------------------------


def test_an_empty_panel_says_what_it_is_for_and_starts(panel: SeedsPanel, qtbot: QtBot) -> None:
    assert panel.empty.isVisible() and not panel.button.isVisible() and not panel.histogram.isVisible()
    assert "many seeds" in panel.empty.text()
    panel.set_epochs(300)
    with qtbot.waitSignal(panel.started) as started:
        qtbot.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    assert started.args == [100, 300]
    assert panel.running and panel.histogram.isVisible()
    assert panel.status.text() == "0 of 100 · 0.0 s"


def test_what_is_typed_is_asked_for(panel: SeedsPanel, qtbot: QtBot) -> None:
    for field, text in ((panel.count, "5000"), (panel.epochs, "70")):
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
    with qtbot.waitSignal(panel.started) as started:
        qtbot.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    assert started.args == [1000, 70]


def test_from_the_keyboard_the_button_that_stops_has_the_focus_of_the_one_that_started(
    panel: SeedsPanel, qtbot: QtBot
) -> None:
    panel.empty.button.setFocus()
    qtbot.keyClick(panel.empty.button, Qt.Key.Key_Space)
    assert QApplication.focusWidget() is panel.button
    with qtbot.waitSignal(panel.stopped):
        qtbot.keyClick(panel.button, Qt.Key.Key_Space)


def test_the_button_stops_what_runs_and_starts_again(panel: SeedsPanel, qtbot: QtBot) -> None:
    panel.set_progress(312, 1000, 4.08, False)
    assert panel.button.text() == panel.button.accessibleName() == "Stop"
    assert panel.status.text() == "312 of 1,000 · 4.1 s"
    assert panel.bar.isVisible() and panel.bar.value() / panel.bar.maximum() == 0.312
    with qtbot.waitSignal(panel.stopped), qtbot.assertNotEmitted(panel.started):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    panel.set_progress(320, 1000, 4.2, True)
    assert panel.status.text() == "Stopped after 320 of 1,000 · 4.2 s"
    assert panel.button.text() == "Start" and not panel.bar.isVisible()
    with qtbot.waitSignal(panel.started):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)


def test_the_bar_moves_while_a_long_seed_is_trained(panel: SeedsPanel) -> None:
    shares = []
    for reached in (0.0, 0.4, 1.9):
        panel.set_progress(0, 2, 9.0, False, reached)
        shares.append(panel.bar.value() / panel.bar.maximum())
    assert shares == [0.0, 0.2, 0.95]
    assert panel.status.text() == "0 of 2 · 9.0 s"


def test_a_study_that_is_over_says_how(panel: SeedsPanel) -> None:
    panel.set_progress(50, 50, 2.0, True)
    assert panel.status.text() == "50 of 50 · 2.0 s" and not panel.running
    panel.set_progress(7, 50, 1.0, False)
    panel.set_interrupted()
    assert panel.status.text() == "Interrupted after 7 of 50 · 1.0 s: the engine had to be started again"
    assert panel.button.text() == "Start"
    panel.set_progress(7, 50, 1.0, False)
    panel.set_failed()
    assert panel.status.text() == "Failed after 7 of 50 · 1.0 s: see Messages" and not panel.running


def test_a_network_that_cannot_train_cannot_be_studied(panel: SeedsPanel, qtbot: QtBot) -> None:
    panel.set_can_start("Nothing is connected")
    assert not panel.empty.button.isEnabled() and panel.empty.text().endswith("Nothing is connected")
    with qtbot.assertNotEmitted(panel.started):
        qtbot.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    panel.set_progress(3, 9, 1.0, False)
    assert panel.button.isEnabled()  # a study of the network before the change can be stopped
    panel.set_progress(3, 9, 1.0, True)
    assert not panel.button.isEnabled() and panel.button.toolTip() == "Nothing is connected"
    panel.set_can_start("")
    assert panel.button.isEnabled() and not panel.button.toolTip()


def test_setters_emit_nothing(panel: SeedsPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.started), qtbot.assertNotEmitted(panel.stopped):
        panel.set_epochs(10_000_000)
        panel.set_progress(3, 9, 1.0, False)
        panel.set_losses(floats(0.1, 0.2), flags(True, False), GOAL)
        panel.set_maps(np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8))
        panel.set_interrupted()
        panel.set_can_start("no")
    assert panel.epochs.number() == MOST_EPOCHS


# --- what it says -----------------------------------------------------------------------------------------------------


def test_the_verdict_is_in_words(panel: SeedsPanel) -> None:
    panel.set_progress(8, 8, 1.0, True)
    panel.set_losses(floats(0.01, 0.01, 0.02, 0.03, 0.04, 0.5, NAN, NAN), flags(*[True] * 6, *[False] * 2), GOAL)
    assert panel.verdict.text() == "75 % reached test accuracy ≥ 90 % · 2 diverged"
    assert panel.histogram.accessibleDescription() == panel.verdict.text()
    panel.set_losses(floats(0.01, 0.01), flags(True, True), GOAL)
    assert panel.verdict.text() == "100 % reached test accuracy ≥ 90 %"


def test_a_new_study_forgets_the_last(panel: SeedsPanel, qtbot: QtBot) -> None:
    panel.set_progress(2, 2, 1.0, True)
    panel.set_losses(floats(0.01, 0.01), flags(True, True), GOAL)
    panel.set_maps(np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8))
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert panel.verdict.text() == "The first runs are under way…"
    assert not panel.histogram.counts()[0].any() and not panel.mean.isVisible()


def test_data_outside_the_plane_have_no_maps(panel: SeedsPanel) -> None:
    panel.set_progress(2, 2, 1.0, True)
    panel.set_maps(None, None)
    assert not panel.mean.isVisible() and not panel.disagreement.isVisible()
    panel.set_maps(np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8))
    assert panel.mean.isVisible() and panel.disagreement.isVisible()


@pytest.mark.parametrize(("size", "beside"), [((800, 220), True), ((330, 460), False)])
def test_the_maps_stand_where_there_is_room(
    panel: SeedsPanel, qtbot: QtBot, size: tuple[int, int], beside: bool
) -> None:
    panel.set_progress(2, 2, 1.0, True)
    panel.set_maps(np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8))

    def arranged() -> bool:
        """Its smallest width shrinks once things stand under each other."""
        panel.resize(*size)
        return (panel.width(), panel.height()) == size

    qtbot.waitUntil(arranged)
    QApplication.processEvents()
    corner = panel.mean.mapTo(panel, QPoint(0, 0))
    edge = panel.histogram.mapTo(panel, panel.histogram.rect().bottomRight())
    assert (corner.x() > edge.x()) == beside and (corner.y() > edge.y()) == (not beside)


# --- the histogram ----------------------------------------------------------------------------------------------------


def test_each_run_is_in_the_bar_of_its_loss(histogram: LossHistogram) -> None:
    histogram.set_losses(floats(0.001, 0.001, 0.01, 0.1, 0.1, NAN), flags(True, True, True, False, True, False), GOAL)
    solved, others = histogram.counts()
    assert (solved.sum(), others.sum()) == (4, 1)
    assert (solved[0], solved[BINS // 2], solved[-1], others[-1]) == (2, 1, 1, 1)


def test_a_loss_of_zero_has_its_bar(histogram: LossHistogram) -> None:
    histogram.set_losses(floats(0.0, 0.1), flags(True, True), GOAL)
    solved, _ = histogram.counts()
    assert solved[0] == 1 and solved[-1] == 1


def test_equal_losses_and_none_at_all_can_be_drawn(histogram: LossHistogram) -> None:
    for losses in (floats(0.02, 0.02, 0.02), floats(NAN), floats()):
        histogram.set_losses(losses, losses < 1, GOAL)
        assert histogram.counts()[0].sum() == np.isfinite(losses).sum()
        assert not histogram.grab().isNull()


def test_arrays_of_different_length_are_refused(histogram: LossHistogram) -> None:
    with pytest.raises(ValueError, match=r"losses \(=\(2,\)\) and solved \(=\(1,\)\)"):
        histogram.set_losses(floats(0.1, 0.2), flags(True), GOAL)


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_solved_runs_are_plain_and_the_others_hatched(
    histogram: LossHistogram, qapp: QApplication, choice: str
) -> None:
    worn = theme.apply(qapp, choice)
    histogram.set_losses(floats(*[0.001] * 4, *[0.1] * 4), flags(*[True] * 4, *[False] * 4), GOAL)
    picture = histogram.grab().toImage()

    def found(number: int) -> set[str]:
        bar = histogram.bar(number)
        places = [
            QPointF(x, y).toPoint()
            for x in np.arange(bar.left() + 2, bar.right() - 2)
            for y in np.arange(bar.top() + 2, bar.bottom() - 2)
        ]
        return {picture.pixelColor(place).name() for place in places}

    assert found(0) == {worn.accent}
    assert {worn.warning, worn.surface} <= found(BINS - 1)
    assert worn.accent not in found(BINS - 1)
    theme.apply(qapp, "dark")


def test_a_bar_says_what_it_holds(histogram: LossHistogram) -> None:
    histogram.set_losses(floats(0.001, 0.1, 0.1), flags(True, True, False), GOAL)
    tip = histogram.tip_at(histogram.bar(BINS - 1).center().x())
    assert tip.endswith(f"to 0.10: 2; 1 of them reached {GOAL}")
    assert histogram.tip_at(histogram.bar(BINS // 2).center().x()) == ""
    assert histogram.tip_at(2.0) == histogram.tip_at(histogram.width() - 1.0) == ""


# --- the maps ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def shown_map(show: Show) -> SeedsMap:
    widget = SeedsMap("some.map", "Disagreement")
    show(widget, 160, 180)
    return widget


def test_a_map_says_what_its_colours_stand_for_and_what_is_under_the_pointer(shown_map: SeedsMap, qtbot: QtBot) -> None:
    image = np.zeros((64, 64), np.uint8)
    image[:, 32:] = 255
    shown_map.set_picture(image, "magnitude", (0.0, 0.43))
    assert shown_map.caption.text() == "Disagreement 0 … 0.43"
    inner = shown_map.map
    qtbot.mouseMove(inner, inner.to_pixels(3, 3).toPoint())
    assert shown_map.caption.text() == "Disagreement 0.43"
    qtbot.mouseMove(inner, inner.to_pixels(-3, 3).toPoint())
    assert shown_map.caption.text() == "Disagreement 0"
    QApplication.sendEvent(inner, QEvent(QEvent.Type.Leave))
    assert shown_map.caption.text() == "Disagreement 0 … 0.43"


def test_ends_that_mirror_each_other_are_said_once(shown_map: SeedsMap) -> None:
    image = np.zeros((64, 64), np.uint8)
    shown_map.set_picture(image, "signed", (-1.0, 1.0))
    assert shown_map.caption.text() == "Disagreement ±1"
    shown_map.set_picture(image, "signed", (0.0, 1.0))
    assert shown_map.caption.text() == "Disagreement 0 … 1"


def test_a_map_of_classes_names_the_class(shown_map: SeedsMap, qtbot: QtBot) -> None:
    shown_map.set_picture(np.full((64, 64), 2 * colors.LEVELS + 20, np.uint8), "classes", (0.0, 1.0))
    assert shown_map.caption.text() == "Disagreement"
    shown_map.map.setFocus()
    qtbot.keyClick(shown_map.map, Qt.Key.Key_Right)
    assert shown_map.caption.text() == "Disagreement class 2"


def test_magnitudes_are_drawn_in_viridis(shown_map: SeedsMap) -> None:
    shown_map.set_picture(np.full((64, 64), 255, np.uint8), "magnitude", (0.0, 1.0))
    inner = shown_map.map
    place = inner.to_pixels(2, 2).toPoint()
    assert inner.grab().toImage().pixelColor(place) == QColor(colors.viridis_table()[255])
