"""The panel of the learning-rate finder: what it asks for, what it says, what it draws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets import theme
from widgets.rate_curve import Mark, RateCurve
from widgets.rate_finder import HIGH, LOW, STEPS, RateFinderPanel

RATES = np.geomspace(LOW, HIGH, STEPS).astype(np.float32)
PLACE = np.log10(RATES.astype(np.float64))
SMOOTHED = (0.1 + 0.5 / (1 + np.exp(3 * (PLACE + 2))) + np.exp(4 * (PLACE - 0.5))).astype(np.float32)
NOTHING = np.empty(0, np.float32)


@pytest.fixture
def panel(show: Show) -> RateFinderPanel:
    panel = RateFinderPanel()
    show(panel, 800, 260)
    return panel


@pytest.fixture
def curve(show: Show) -> RateCurve:
    curve = RateCurve("some.curve")
    curve.set_curve(RATES, SMOOTHED, SMOOTHED)
    show(curve, 560, 240)
    return curve


def show_result(panel: RateFinderPanel, losses: NDArray[np.float32] = SMOOTHED) -> None:
    panel.set_progress(STEPS, STEPS, 0.3, True, False)
    panel.set_curve(RATES, losses, SMOOTHED, 0.01, 0.047)


def click(qtbot: QtBot, curve: RateCurve, rate: float) -> None:
    where = curve.place(rate, 0.3).toPoint()
    qtbot.mouseClick(curve, Qt.MouseButton.LeftButton, pos=where)


# --- what it asks for -------------------------------------------------------------------------------------------------


def test_a_search_is_asked_for_and_ended(panel: RateFinderPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.started) as started:
        qtbot.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    assert started.args == [1e-5, 10.0, 500, False]
    assert panel.running and panel.bar.isVisible() and panel.status.text() == "0 of 500 · 0.0 s"
    with qtbot.waitSignal(panel.stopped):
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    panel.set_progress(120, 500, 0.2, True, False)
    assert panel.status.text() == "Stopped after 120 of 500 · 0.2 s" and not panel.bar.isVisible()


def test_the_keyboard_sets_everything(panel: RateFinderPanel, qtbot: QtBot) -> None:
    for field, text in ((panel.low, "0.001"), (panel.high, "1"), (panel.steps, "200")):
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
    panel.from_weights.setFocus()
    qtbot.keyClick(panel.from_weights, Qt.Key.Key_Space)
    panel.empty.button.setFocus()
    with qtbot.waitSignal(panel.started) as started:
        qtbot.keyClick(panel.empty.button, Qt.Key.Key_Space)
    assert started.args == [0.001, 1.0, 200, True]
    assert panel.button.hasFocus()


@pytest.mark.parametrize(("low", "high", "asked"), [(1.0, 0.01, (0.01, 1.0)), (0.1, 0.1, (0.01, 0.1)), (1e-6, 1e-6, 0)])
def test_rates_always_rise(panel: RateFinderPanel, qtbot: QtBot, low: float, high: float, asked: object) -> None:
    panel.low.set_value(low)
    panel.high.set_value(high)
    with qtbot.waitSignal(panel.started) as started:
        qtbot.mouseClick(panel.empty.button, Qt.MouseButton.LeftButton)
    assert tuple(started.args[:2]) == (asked or (1e-6, pytest.approx(1e-5)))
    assert (panel.low.number(), panel.high.number()) == tuple(started.args[:2])


def test_a_network_that_cannot_train_cannot_be_searched(panel: RateFinderPanel, qtbot: QtBot) -> None:
    panel.set_can_start("The output does not fit")
    assert not panel.empty.button.isEnabled() and "The output does not fit" in panel.empty.text()
    panel.set_can_start("")
    assert panel.empty.button.isEnabled()


# --- what it offers ---------------------------------------------------------------------------------------------------


def test_the_suggestions_can_be_used(panel: RateFinderPanel, qtbot: QtBot) -> None:
    show_result(panel)
    assert (panel.use.text(), panel.offered()) == ("Use 0.047", 0.047)
    with qtbot.waitSignal(panel.rate_chosen) as chosen:
        qtbot.mouseClick(panel.use, Qt.MouseButton.LeftButton)
    assert chosen.args == [0.047]
    qtbot.mouseClick(panel.choice.button("steepest"), Qt.MouseButton.LeftButton)
    assert panel.use.text() == "Use 0.010"
    with qtbot.waitSignal(panel.rate_chosen) as chosen:
        qtbot.mouseClick(panel.use, Qt.MouseButton.LeftButton)
    assert chosen.args == [0.01]


def test_a_click_picks_another_rate(panel: RateFinderPanel, qtbot: QtBot) -> None:
    show_result(panel)
    assert not panel.choice.button("picked").isEnabled()
    click(qtbot, panel.curve, 0.5)
    assert panel.choice.choice() == "picked" and panel.offered() == pytest.approx(0.5, rel=0.05)
    with qtbot.waitSignal(panel.rate_chosen) as chosen:
        qtbot.mouseClick(panel.use, Qt.MouseButton.LeftButton)
    assert chosen.args == [panel.offered()]


def test_without_a_suggestion_nothing_can_be_used(panel: RateFinderPanel) -> None:
    panel.set_progress(STEPS, STEPS, 0.3, True, False)
    panel.set_curve(RATES, SMOOTHED, SMOOTHED, None, None)
    assert not panel.use.isEnabled() and "no rate can be suggested" in panel.use.toolTip()
    assert panel.offered() is None


def test_setters_emit_nothing(panel: RateFinderPanel, qtbot: QtBot) -> None:
    with (
        qtbot.assertNotEmitted(panel.started),
        qtbot.assertNotEmitted(panel.stopped),
        qtbot.assertNotEmitted(panel.rate_chosen),
    ):
        show_result(panel)
        panel.set_present(0.02)
        panel.set_can_start("no")
        panel.set_interrupted()
        panel.set_failed()


def test_how_a_search_ended_is_said(panel: RateFinderPanel) -> None:
    panel.set_progress(455, 500, 0.3, True, True)
    assert panel.status.text() == "455 of 500 · 0.3 s · then it diverged"
    panel.set_interrupted()
    assert panel.status.text().startswith("Interrupted after 455 of 500")
    panel.set_failed()
    assert panel.status.text().endswith("see Messages")


def test_it_fits_beside_and_below(panel: RateFinderPanel) -> None:
    show_result(panel)
    for width in (800, 600, 540, 400):
        panel.resize(width, 420)
        assert panel.minimumSizeHint().width() <= width


# --- what it draws ----------------------------------------------------------------------------------------------------


def test_the_pointer_reads_values_off(curve: RateCurve, qtbot: QtBot) -> None:
    assert curve.read_out() == ""
    qtbot.mouseMove(curve, curve.place(0.01, 0.3).toPoint())
    assert curve.read_out() == "rate 0.0101 · loss 0.348" == curve.accessibleDescription()
    qtbot.mouseMove(curve, QPoint(2, 2))
    assert curve.read_out() == ""


def test_the_keys_read_values_off_and_pick(curve: RateCurve, qtbot: QtBot) -> None:
    curve.set_marks([Mark(0.01, "here", True)], 0.03)
    curve.setFocus()
    assert curve.read_out() == "rate 0.0101 · loss 0.348"  # of the chosen mark
    qtbot.keyClick(curve, Qt.Key.Key_Right)
    qtbot.keyClick(curve, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    here = int(np.abs(np.log(RATES.astype(np.float64)) - np.log(0.01)).argmin()) + 11
    with qtbot.waitSignal(curve.picked) as picked:
        qtbot.keyClick(curve, Qt.Key.Key_Return)
    assert picked.args == [pytest.approx(RATES[here])]
    qtbot.keyClick(curve, Qt.Key.Key_Home)
    assert curve.read_out().startswith("rate 1.00e-05")
    qtbot.keyClick(curve, Qt.Key.Key_Left)
    assert curve.read_out().startswith("rate 1.00e-05")
    qtbot.keyClick(curve, Qt.Key.Key_End)
    assert curve.read_out().startswith("rate 10.0")
    curve.clearFocus()
    assert curve.read_out() == "rate 0.0101 · loss 0.348"


def test_the_curve_lies_where_its_values_are(curve: RateCurve) -> None:
    picture = curve.grab().toImage()
    scale = picture.devicePixelRatio()
    accent, seen = QColor(theme.current().accent), 0
    for index in range(20, 420, 20):
        where = curve.place(float(RATES[index]), float(SMOOTHED[index])) * scale
        column = [picture.pixelColor(round(where.x()), round(where.y()) + dy) for dy in (-2, -1, 0, 1, 2)]
        seen += any(abs(c.hue() - accent.hue()) < 12 and c.saturation() > 80 for c in column)
        away = picture.pixelColor(round(where.x()), round(where.y()) - 14)
        seen -= abs(away.hue() - accent.hue()) < 12 and away.saturation() > 80
    assert seen == 20


def test_equal_steps_of_the_logarithm_are_equally_wide(curve: RateCurve) -> None:
    places = [curve.place(rate, 0.1).x() for rate in (1e-5, 1e-3, 1e-1, 10.0)]
    np.testing.assert_allclose(np.diff(places), (places[-1] - places[0]) / 3)
    curve.set_ends(0.01, 1.0)
    assert curve.place(0.1, 0.1).x() == pytest.approx((places[0] + places[-1]) / 2)


def test_arrays_of_different_length_are_refused(curve: RateCurve) -> None:
    with pytest.raises(ValueError, match="one and the same length"):
        curve.set_curve(RATES, SMOOTHED[:-1], SMOOTHED)
    curve.set_curve(NOTHING, NOTHING, NOTHING)
    curve.set_marks([Mark(100.0, "outside")], float("nan"))
    curve.grab()
    assert curve.read_out() == ""
