"""Pictures of entries: what they show agrees with the entries' formulas, each kind and each theme can be painted."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.catalog.activations import Activation
from engine.catalog.registry import Entry, Range, defaults, entries, register, unregister
from engine.document.errors import InvalidValueError
from widgets import theme as themes
from widgets.pictures import KINDS, Context, Drawing, Histogram, draw, has_picture
from widgets.pictures.paint import legend, pixmap
from widgets.pictures.paths import surfaces
from widgets.pictures.sheet import Contours, Curve, segments, spread_of, ticks
from widgets.pictures.tips import tip
from widgets.pictures.together import aligned, overlaid
from widgets.pictures.view import PicturePane, thumbnail
from widgets.theme import Theme

ALL = [pytest.param(entry, id=f"{kind}-{entry.name}") for kind in KINDS for entry in defaults(kind)]


def only(kind: str, name: str, **fields: Any) -> Entry:
    return entries(kind)[name](**fields)


def colored(image: QImage) -> int:
    """How many pixels are not transparent."""
    data = np.frombuffer(image.convertToFormat(QImage.Format.Format_ARGB32).constBits(), np.uint32)
    return int((data >> 24 > 40).sum())


@pytest.mark.parametrize("entry", ALL)
def test_every_entry_has_a_picture_that_can_be_painted_large_and_tiny(entry: Entry, theme: Theme) -> None:
    drawing = draw(entry, Context(epoch=3.0))
    assert not drawing.empty
    assert all(low < high for low, high in (drawing.x_range, drawing.y_range))
    for curve in drawing.curves:
        assert curve.x.shape == curve.y.shape
    assert colored(pixmap(drawing, 220, 110, 1.0).toImage()) > 400
    assert colored(thumbnail(entry, 2.0).toImage()) > 10


@pytest.mark.parametrize("entry", list(defaults("activations")), ids=lambda entry: entry.name)
def test_an_activation_shows_its_value_and_its_slope(entry: Any) -> None:
    value, slope = draw(entry).curves
    if entry.elementwise:
        assert np.allclose(value.y, entry.value(value.x)) and np.allclose(slope.y, entry.derivative(value.x))
    else:  # of three units, one moves
        assert np.allclose(slope.y, np.gradient(value.y, value.x), atol=0.01)


def test_pre_activations_stand_behind_the_curve_and_widen_its_axis(theme: Theme) -> None:
    found = Histogram((-6.0, -2.0, 2.0, 6.0), (30.0, 60.0, 10.0))
    drawing = draw(only("activations", "tanh"), Context(pre_activations=found))
    assert drawing.bars is not None and drawing.bars.faint
    assert drawing.x_range == (-6.0, 6.0)
    assert np.argmax(drawing.bars.heights) == 1
    assert "40 %" in drawing.notes[0]  # the outer two: tanh is flat there
    assert draw(only("activations", "tanh")).bars is None


def test_an_initializer_shows_the_spread_for_this_card() -> None:
    entry = only("initializers", "glorot_uniform")
    drawing = draw(entry, Context(fan_in=30, fan_out=20, shape=(20, 30), seed=5))
    bound = np.sqrt(6 / 50)
    assert drawing.bars is not None
    filled = drawing.bars.edges[:-1][drawing.bars.heights > 0]
    width = drawing.bars.edges[1] - drawing.bars.edges[0]
    assert filled.min() >= -bound - width and filled.max() <= bound
    assert np.isclose(drawing.bars.heights.sum(), 1.0)
    assert [mark.x for mark in drawing.marks] == pytest.approx([-bound / np.sqrt(3), bound / np.sqrt(3)])
    assert "30" in drawing.filled and "0.0400" in drawing.notes[0]  # 2 / 50
    wider = draw(entry, Context(fan_in=2, fan_out=2, shape=(2, 2)))
    assert wider.x_range[1] > drawing.x_range[1]


def test_a_schedule_shows_the_rate_and_where_the_run_stands() -> None:
    drawing = draw(only("schedules", "exponential"), Context(epochs=40, rate=0.01, epoch=20.0))
    [curve], [mark] = drawing.curves, drawing.marks
    assert np.allclose(curve.y, 0.01 * 0.1 ** (curve.x / 20))
    assert (mark.x, mark.y) == (20.0, pytest.approx(0.001))
    assert draw(only("schedules", "exponential"), Context(epochs=40, rate=0.01)).marks == ()
    told = draw(only("schedules", "reduce_on_plateau"), Context(epochs=40, rate=0.01, epoch=20.0, now=0.0025))
    assert told.marks[0].y == 0.0025
    assert told.curves[0].y[0] > told.curves[0].y[-1] > 0


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("mse", "error y − t"),
        ("msle", "error y − t, t = 1"),
        ("binary_cross_entropy", "logit z"),
        ("categorical_cross_entropy", "score of the true class, others 0"),
        ("hinge", "answer y"),
        ("cosine", "angle between y and t (°)"),
    ],
)
def test_a_loss_is_shown_against_what_it_is_about(name: str, label: str) -> None:
    drawing = draw(only("losses", name))
    assert drawing.x_label == label
    value, slope = drawing.curves[:2]
    finite = np.isfinite(value.y) & np.isfinite(slope.y)
    lowest = np.nanargmin(np.where(finite, value.y, np.nan))
    assert value.y[lowest] == pytest.approx(0.0, abs=0.01)


def test_optimizers_start_at_the_same_place_and_the_one_asked_for_is_strong() -> None:
    for surface, _ in surfaces():
        drawing = draw(only("optimizers", "Adam"), Context(surface=surface))
        main = [curve for curve in drawing.curves if curve.role == "main"]
        assert [curve.name for curve in main] == ["Adam"] and main[0].ends
        assert len(drawing.curves) == len(entries("optimizers"))
        starts = {(float(curve.x[0]), float(curve.y[0])) for curve in drawing.curves}
        assert len(starts) == 1
        assert drawing.contours is not None
    other = draw(only("optimizers", "Adam", learning_rate=0.1))
    assert not np.allclose(other.curves[0].x, draw(only("optimizers", "Adam")).curves[0].x)


def test_a_penalty_pulls_downhill_and_a_constraint_brings_back() -> None:
    drawing = draw(only("regularizers", "l2", rate=0.5))
    assert drawing.arrows is not None and drawing.contours is not None
    assert np.all(np.linalg.norm(drawing.arrows.end, axis=1) < np.linalg.norm(drawing.arrows.start, axis=1))
    held = draw(only("constraints", "unit_norm")).arrows
    assert held is not None and np.allclose(np.linalg.norm(held.end, axis=1), 1.0)
    cut = draw(only("clippings", "by_norm", limit=1.0)).arrows
    assert cut is not None and np.linalg.norm(cut.end, axis=1).max() == pytest.approx(1.0)
    assert draw(only("clippings", "none")).notes == ("Everything stays where it is.",)


def test_a_new_entry_has_its_picture_without_another_line(theme: Theme) -> None:
    @register
    class Triple(Activation):
        """Three times what arrives."""

        factor: Annotated[float, Range(0.0, 5.0, 0.5)] = 3.0
        formula = "f(x) = factor · x"

        def value(self, x: Any) -> Any:
            return self.factor * x

        def derivative(self, x: Any) -> Any:
            return np.full_like(x, self.factor)

    try:
        curve = draw(Triple(factor=2.0)).curves[0]
        assert np.allclose(curve.y, 2 * curve.x)
        assert "data:image/png" in tip(Triple())
    finally:
        unregister(Triple)


def test_a_stopping_rule_ends_an_example_where_it_says() -> None:
    """Early stopping: ten epochs after the loss is lowest; the others: at their value."""
    early = draw(only("stoppings", "early_stopping", patience=10))
    best, end = (mark.x for mark in early.marks)
    lowest = np.concatenate([curve.x for curve in early.curves])[
        np.concatenate([curve.y for curve in early.curves]).argmin()
    ]
    assert (best, end) == (lowest, lowest + 10)
    assert early.curves[1].role == "faint" and early.curves[1].x[0] == end
    (mark,) = draw(only("stoppings", "stop_at_epoch", epoch=100)).marks
    assert mark.x == 100
    (mark,) = draw(only("stoppings", "stop_at_loss", loss=0.1)).marks
    assert mark.y is not None and -1.2 < mark.y <= -1
    (mark,) = draw(only("stoppings", "stop_after_time", seconds=60.0)).marks
    assert mark.x == pytest.approx(6000, rel=0.01)  # at 100 epochs a second
    assert draw(only("stoppings", "never")).marks == ()


def test_a_schedule_that_moves_the_momentum_shows_it() -> None:
    rate, momentum = draw(only("schedules", "one_cycle"), Context(epochs=40, rate=0.01)).curves
    assert rate.y.argmax() == pytest.approx(momentum.y.argmin(), abs=2)
    assert momentum.role == "second" and momentum.name


def test_what_an_entry_cannot_show_it_says(theme: Theme) -> None:
    @register
    class Needy(Activation):
        """Needs a run."""

        def value(self, x: Any) -> Any:
            raise InvalidValueError("there is no run to show")

    try:
        assert draw(Needy()) is not None
        assert draw(Needy()).empty and draw(Needy()).notes == ("there is no run to show.",)
    finally:
        unregister(Needy)


def test_contour_lines_of_a_round_hill_are_circles() -> None:
    side = np.linspace(-2, 2, 81)
    values = side[None, :] ** 2 + side[:, None] ** 2
    pieces = segments(Contours(side, side, values, (1.0,)), 1.0)
    assert len(pieces) > 40
    assert np.allclose(np.linalg.norm(pieces.reshape(-1, 2), axis=1), 1.0, atol=2e-3)
    lengths = np.linalg.norm(pieces[:, 0] - pieces[:, 1], axis=1)
    assert lengths.sum() == pytest.approx(2 * np.pi, rel=0.01)


def test_ticks_are_round_and_not_too_many() -> None:
    assert ticks((-1.0, 1.0), 5) == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert ticks((0.0, 0.034), 5) == [0.0, 0.01, 0.02, 0.03]
    for high in (0.7, 1.3, 47.0, 1e-4, 12345.0):
        for most in (2, 3, 6):
            assert len(ticks((0.0, high), most)) <= most
    assert ticks((1.0, 1.0), 4) == []


def test_the_axis_shows_all_finite_values() -> None:
    low, high = spread_of((Curve(np.arange(3.0), np.array([1.0, np.nan, 4.0])),), 0.0)
    assert low < 0 and high > 4
    assert spread_of((), 2.0) != (2.0, 2.0)


def test_drawings_side_by_side_share_their_axes_and_overlaid_their_lines() -> None:
    small, large = (draw(only("initializers", name), Context(4, 4)) for name in ("lecun_uniform", "he_uniform"))
    first, second = aligned([small, large])
    assert first.x_range == second.x_range == (min(small.x_range[0], large.x_range[0]), large.x_range[1])
    over = overlaid([small, large], ["LeCun", "He"], 1)
    assert over is not None and [curve.role for curve in over.curves] == ["other", "main"]
    assert [curve.name for curve in over.curves] == ["LeCun", "He"]
    assert overlaid([draw(only("constraints", "max_norm"))] * 2, ["a", "b"], 0) is None
    mixed = overlaid([draw(only("losses", name)) for name in ("mse", "mae", "hinge")], ["mse", "mae", "hinge"], 0)
    assert mixed is not None and [curve.name for curve in mixed.curves] == ["mse", "mae"]


def test_a_tip_holds_picture_words_formula_and_paper(theme: Theme) -> None:
    entry = only("activations", "elu")
    text = tip(entry, Context(), 2.0)
    assert 'src="data:image/png;base64,' in text and 'width="260"' in text
    assert entry.description in text and entry.reference in text and "<i>f</i>" in text
    assert "data:image" in tip(only("layers", "Activation"))
    assert "data:image" not in tip(only("layers", "Dropout"))


def test_many_names_are_listed_beside_the_picture(theme: Theme) -> None:
    many = legend(draw(only("optimizers", "SGD")))
    assert all(cls.label.replace(" ", "&nbsp;") in many for cls in entries("optimizers").values())
    assert legend(draw(only("activations", "tanh"))) == ""


def test_a_pane_draws_only_when_it_can_be_seen_and_again_in_another_theme(qtbot: QtBot, theme: Theme) -> None:
    pane = PicturePane("sample")
    qtbot.addWidget(pane)
    entry = only("initializers", "normal", standard_deviation=0.123)
    misses = draw.cache_info().misses
    pane.set_entry(entry, Context())
    assert draw.cache_info().misses == misses
    with qtbot.waitExposed(pane):
        pane.show()
    assert draw.cache_info().misses == misses + 1
    assert "0.123" in pane.notes.text()
    dark = pane.grab().toImage()
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    themes.apply(application, "light")
    qtbot.waitUntil(lambda: pane.grab().toImage() != dark)


def test_clicking_compare_asks_for_it(qtbot: QtBot, theme: Theme) -> None:
    pane = PicturePane("sample")
    qtbot.addWidget(pane)
    pane.set_entry(only("activations", "tanh"), Context())
    with qtbot.waitExposed(pane):
        pane.show()
    with qtbot.waitSignal(pane.compare_requested):
        qtbot.mouseClick(pane.button, Qt.MouseButton.LeftButton)


def test_kinds_without_a_painter_have_no_picture() -> None:
    assert has_picture("activations") and not has_picture("layers") and not has_picture(None)
    assert isinstance(draw(only("activations", "linear")), Drawing)
    assert thumbnail(only("activations", "linear"), 1.0, QSize(30, 20)).width() == 30
