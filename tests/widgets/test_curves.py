"""Curves: what is drawn, what is read off, how the axes grow; and the arithmetic behind them."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets import theme as themes
from widgets.curves import CurvesView
from widgets.curves_data import (
    linear_range,
    linear_ticks,
    log_range,
    log_ticks,
    nice_ceiling,
    smooth,
    thin,
)

Array = NDArray[np.float64]
NAN = float("nan")


@pytest.fixture
def view(show: Show) -> CurvesView:
    view = CurvesView()
    show(view, 320, 260)
    return view


def curves(epochs: int = 400, metric: float = NAN) -> dict[str, Array]:
    epoch = np.arange(1.0, epochs + 1)
    return {
        "epoch": epoch,
        "train_loss": 1 / epoch,
        "test_loss": 1 / epoch + 0.01,
        "train_metric": np.full(epochs, metric),
        "test_metric": np.full(epochs, metric),
        "rate": np.full(epochs, 0.03),
    }


def count(image: QImage, color: str) -> int:
    wanted = QColor(color)
    near = 0
    for x in range(image.width()):
        for y in range(image.height()):
            pixel = image.pixelColor(x, y)
            distance = (
                abs(pixel.red() - wanted.red())
                + abs(pixel.green() - wanted.green())
                + abs(pixel.blue() - wanted.blue())
            )
            near += distance < 60
    return near


def point_at(qtbot: QtBot, view: CurvesView, epoch: float) -> None:
    assert view.ranges() is not None
    qtbot.mouseMove(view.plot.viewport(), view.plot.place_of(epoch, view.ranges()[2]))


def test_an_empty_view_says_how_to_fill_it(view: CurvesView) -> None:
    assert view._stack.currentWidget() is view._empty
    assert view._empty.text() == "Press play to see the loss fall."
    view.set_curves(curves())
    assert view._stack.currentWidget() is not view._empty
    view.clear()
    assert view._stack.currentWidget() is view._empty
    assert view.ranges() is None


def test_both_losses_are_painted_in_their_colours(view: CurvesView, theme: themes.Theme) -> None:
    empty = view.grab().toImage()
    view.set_curves(curves())
    full = view.grab().toImage()
    for color in (theme.accent, theme.negative):
        assert count(full, color) > count(empty, color) + 40


def test_the_legend_says_from_which_epoch_a_value_is(view: CurvesView) -> None:
    values = curves(5)
    values["epoch"] = np.array([0.0, 0.02, 0.05, 0.07, 0.1])
    values["train_loss"] = np.array([2.0, 1.5, 1.0, 0.5, 0.376])
    values["test_loss"] = np.array([2.29, NAN, NAN, NAN, NAN])
    view.set_curves(values)
    assert view.legend.text() == "epoch 0.10  train 0.376  test (epoch 0) 2.29"
    values["epoch"][1], values["test_loss"][1] = 0.25, 1.2
    view.set_curves(values)
    assert view.legend.text().endswith("test (epoch 0.25) 1.20")
    values["test_loss"][-1] = 0.4
    view.set_curves(values)
    assert view.legend.text().endswith("test 0.400")


def test_the_legend_says_the_last_values_and_those_under_the_pointer(qtbot: QtBot, view: CurvesView) -> None:
    view.set_curves(curves(100))
    assert view.legend.text() == "epoch 100  train 0.0100  test 0.0200"
    point_at(qtbot, view, 25)
    qtbot.waitUntil(lambda: "epoch 25 " in view.legend.text())
    assert view.legend.text() == "epoch 25  train 0.0400  test 0.0500"
    assert view._cursor.isVisible()
    view.set_curves(curves(105))
    assert "epoch 25 " in view.legend.text(), "new points tore the pointer from its place"
    QApplication.sendEvent(view.plot, QEvent(QEvent.Type.Leave))
    assert "epoch 105 " in view.legend.text() and not view._cursor.isVisible()


def test_the_choice_switches_what_is_drawn(qtbot: QtBot, view: CurvesView) -> None:
    view.set_metric_name("accuracy")
    view.set_curves(curves(metric=0.75))
    qtbot.mouseClick(view.choice.button("metric"), Qt.MouseButton.LeftButton)
    assert view.legend.text() == "epoch 400  train 0.750  test 0.750"
    assert not view.log_button.isChecked()
    qtbot.mouseClick(view.choice.button("rate"), Qt.MouseButton.LeftButton)
    assert view.legend.text() == "epoch 400  rate 0.0300"


def test_a_task_without_a_metric_offers_none_and_says_so(qtbot: QtBot, view: CurvesView) -> None:
    view.set_metric_name("accuracy")
    view.choice.set_choice("metric")
    view.set_metric_name("")
    assert view.choice.choice() == "loss"
    assert view.log_button.isChecked()
    button = view.choice.button("metric")
    assert not button.isEnabled() and "no metric" in button.toolTip()


def test_a_run_at_its_start_has_no_curve_yet(view: CurvesView) -> None:
    view.set_curves(curves(1))
    assert view._stack.currentWidget() is view._empty and view.ranges() is None
    view.set_curves(curves(2))
    assert view._stack.currentWidget() is not view._empty


def test_a_metric_never_measured_shows_the_empty_state(view: CurvesView) -> None:
    view.set_metric_name("accuracy")
    view.choice.set_choice("metric")
    view.set_curves(curves())
    assert view.ranges() is None


def test_the_log_button_changes_the_axis_and_is_remembered_by_choice(qtbot: QtBot, view: CurvesView) -> None:
    view.set_metric_name("accuracy")
    view.set_curves(curves(metric=0.75))
    assert view.ranges() == pytest.approx((0, 400, np.log10(0.002), np.log10(2)))
    qtbot.mouseClick(view.log_button, Qt.MouseButton.LeftButton)
    assert view.ranges() == pytest.approx((0, 400, 0, 1.5))
    qtbot.mouseClick(view.choice.button("rate"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(view.choice.button("loss"), Qt.MouseButton.LeftButton)
    assert not view.log_button.isChecked()


def test_vanishing_and_infinite_losses_leave_a_gap_and_nothing_worse(view: CurvesView) -> None:
    wild = curves(5)
    wild["train_loss"] = np.array([1.0, 5e-324, np.inf, np.nan, 0.1])
    wild["test_loss"] = np.full(5, np.nan)
    view.set_curves(wild)
    assert view.ranges() == pytest.approx((0, 5, -1, 0))
    assert view.legend.text() == "epoch 5  train 0.100  test —"


def test_axes_do_not_move_with_each_new_point(view: CurvesView) -> None:
    seen = set()
    for epochs in range(320, 400):
        view.set_curves(curves(epochs))
        seen.add(view.ranges())
    assert len(seen) == 1


def test_smoothing_keeps_the_raw_curve_faint_behind(qtbot: QtBot, view: CurvesView) -> None:
    view.set_curves(curves())
    assert view._raw[0].getData()[0].size == 0
    qtbot.keyClick(view.smoothing, Qt.Key.Key_PageUp)
    assert view.weight() == 0.5
    assert view._raw[0].getData()[0].size > 0
    assert view._lines[0].getData()[1][0] == pytest.approx(0.0), "log10 of the first loss, 1"
    qtbot.keyClick(view.smoothing, Qt.Key.Key_End)
    assert view.weight() == 0.98


def test_marks_are_drawn_and_named_under_the_pointer(qtbot: QtBot, view: CurvesView) -> None:
    view.set_curves(curves())
    view.set_marks([(200.0, "learning rate 0.01"), (9999.0, "later")])
    assert view._mark_lines.getData()[0].tolist() == [200.0, 200.0]
    point_at(qtbot, view, 201)
    qtbot.waitUntil(lambda: "learning rate 0.01" in view.legend.text())


def test_a_hidden_view_draws_nothing_until_it_is_shown(view: CurvesView) -> None:
    view.hide()
    view.set_curves(curves())
    assert view.ranges() is None
    view.show()
    assert view.ranges() is not None


def test_the_plot_follows_the_theme(qtbot: QtBot, view: CurvesView, qapp: QApplication) -> None:
    view.set_curves(curves())
    themes.apply(qapp, "light")
    image = view.plot.grab().toImage()
    assert image.pixelColor(image.width() - 3, 3).name() == themes.LIGHT.surface


def test_smoothing_is_the_weighted_mean_of_the_past() -> None:
    values = np.array([4.0, NAN, 2.0, 8.0])
    w = 0.5
    expected = [4.0, NAN, (2 + 4 * w**2) / (1 + w**2), (8 + 2 * w + 4 * w**3) / (1 + w + w**3)]
    np.testing.assert_allclose(smooth(values, w), expected)
    np.testing.assert_array_equal(smooth(values, 0.0), values)


@given(st.floats(0.01, 0.99), st.integers(1, 300))
def test_smoothing_leaves_a_constant_alone_from_the_first_point_on(weight: float, size: int) -> None:
    np.testing.assert_allclose(smooth(np.full(size, 3.0), weight), 3.0)


def test_thinning_keeps_every_peak_the_first_and_the_last_point() -> None:
    rng = np.random.default_rng(0)
    x = np.arange(2000.0)
    y = rng.random(2000)
    y[777], y[1234] = 50.0, -50.0
    y[10:20] = NAN
    thin_x, thin_y = thin(x, y, 100)
    assert thin_x.size == 201
    assert (thin_y.max(), thin_y.min()) == (50.0, -50.0)
    assert (thin_x[0], thin_x[-1], thin_y[-1]) == (0.0, 1999.0, y[-1])
    assert (np.diff(thin_x) >= 0).all()
    short_x, short_y = thin(x[:30], y[:30], 100)
    assert short_x.size == short_y.size == 20


@given(st.floats(1e-6, 1e9))
def test_a_nice_ceiling_is_close_above(value: float) -> None:
    ceiling = nice_ceiling(value)
    assert value * (1 - 1e-9) <= ceiling <= value * 1.34
    assert nice_ceiling(ceiling) == pytest.approx(ceiling)


@given(st.floats(1e-8, 1e6), st.floats(1.0, 1e6))
def test_a_log_range_holds_its_values_and_has_ticks_within(low: float, factor: float) -> None:
    bottom, top = log_range(low, low * factor)
    assert bottom <= np.log10(low) + 1e-9 and np.log10(low * factor) <= top + 1e-9
    places = [place for place, _ in log_ticks(bottom, top)]
    assert places and min(places) >= bottom - 1e-9 and max(places) <= top + 1e-9


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_a_linear_range_holds_its_values_and_its_ticks_say_their_place(low: float, span: float) -> None:
    bottom, top = linear_range(low, low + span)
    assert bottom < top
    slack = 1e-8 * (abs(low) + span) + 1e-9
    assert bottom <= low + slack and low + span <= top + slack
    ticks = linear_ticks(bottom, top)
    assert 2 <= len(ticks) <= 8
    assert len({text for _, text in ticks}) == len(ticks)


def test_ticks_are_written_plainly() -> None:
    assert [text for _, text in log_ticks(-3, 0.3)] == ["0.001", "0.01", "0.1", "1"]
    assert [text for _, text in log_ticks(-1, 0)] == ["0.1", "0.2", "0.5", "1"]
    assert [text for _, text in linear_ticks(0, 100)] == ["0", "50", "100"]
    assert [text for _, text in linear_ticks(0.9, 1.0)] == ["0.90", "0.95", "1.00"]
