"""The Output view: the pixels it paints, what it says under the pointer, and drawing by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets import colors, theme
from widgets.output import OutputView
from widgets.theme import Theme

NONE = np.empty((0, 2))
NO_TARGETS = np.empty(0, np.int64)


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> OutputView:
    widget = OutputView()
    qtbot.addWidget(widget)
    widget.resize(304, 340)
    with qtbot.waitExposed(widget):
        widget.show()
    QTest.mouseMove(widget.test_chip)  # away from the map, wherever the last test left it
    qtbot.waitUntil(lambda: widget.map.probe() is None)
    return widget


def place(view: OutputView, x: float, y: float) -> QPoint:
    return view.map.to_pixels(x, y).toPoint()


def pixel(view: OutputView, x: float, y: float) -> QColor:
    image: QImage = view.map.grab().toImage()
    ratio = image.devicePixelRatio()
    spot = view.map.to_pixels(x, y) * ratio
    return image.pixelColor(round(spot.x()), round(spot.y()))


def near(color: QColor, expected: QColor, by: int = 3) -> bool:
    pairs = zip(color.getRgb(), expected.getRgb(), strict=True)
    return all(abs(a - b) <= by for a, b in pairs)


def halves() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Index 0 on the left, 255 on the right."""
    return np.repeat(np.array([[0, 255]], np.uint8), 100, axis=0).repeat(50, axis=1)


def test_signed_map_is_orange_where_negative_and_blue_where_positive(view: OutputView, theme: Theme) -> None:
    view.set_image(halves(), "signed", 1.0)
    assert near(pixel(view, -3, 2), QColor(theme.negative))
    assert near(pixel(view, 3, -2), QColor(theme.positive))


def test_row_0_of_the_image_is_at_the_top(view: OutputView, theme: Theme) -> None:
    image = np.full((100, 100), 255, np.uint8)
    image[:50] = 0
    view.set_image(image, "signed", 1.0)
    assert near(pixel(view, 0, 5), QColor(theme.negative))
    assert near(pixel(view, 0, -5), QColor(theme.positive))


def test_each_image_takes_the_place_of_the_one_before(view: OutputView, theme: Theme) -> None:
    for index, color in ((0, theme.negative), (255, theme.positive), (0, theme.negative)):
        view.set_image(np.full((40, 40), index, np.uint8), "signed", 1.0)
        assert near(pixel(view, 1, 1), QColor(color))


def test_zero_is_the_neutral_colour_in_both_themes(view: OutputView, qapp: Any) -> None:
    view.set_image(np.full((50, 50), 127, np.uint8), "signed", 1.0)
    for name in ("light", "dark"):
        current = theme.apply(qapp, name)
        assert near(pixel(view, 2, 2), QColor(current.neutral))


@pytest.mark.parametrize("number", range(8))
def test_class_map_is_in_the_colour_of_the_class_and_fades_with_doubt(
    view: OutputView, theme: Theme, number: int
) -> None:
    sure = number * colors.LEVELS + 31
    image = np.full((100, 100), sure, np.uint8)
    image[:, 50:] = number * colors.LEVELS
    view.set_image(image, "classes")
    assert near(pixel(view, -3, 1), colors.class_color(theme, number))
    assert near(pixel(view, 3, 1), QColor(theme.neutral))


def test_discretize_shows_the_winning_side_alone(view: OutputView, qtbot: QtBot) -> None:
    image = np.full((100, 100), 120, np.uint8)
    image[:, 50:] = 135
    view.set_image(image, "signed", 1.0)
    faint = pixel(view, -3, 0)
    qtbot.mouseClick(view.discrete_chip, Qt.MouseButton.LeftButton)
    left, right = pixel(view, -3, 0), pixel(view, 3, 0)
    assert left.red() > faint.red() + 100 and left.red() > left.blue()
    assert right.blue() > right.red()
    qtbot.mouseClick(view.discrete_chip, Qt.MouseButton.LeftButton)
    assert pixel(view, -3, 0) == faint


def test_training_point_is_filled_and_test_point_is_a_ring_that_can_be_hidden(
    view: OutputView, theme: Theme, qtbot: QtBot
) -> None:
    ground = QColor(theme.neutral)
    view.set_image(np.full((50, 50), 127, np.uint8), "signed", 1.0)
    view.set_samples(np.array([[-3.0, 2.0]]), np.array([0]), np.array([[3.0, 2.0]]), np.array([1]))
    assert not near(pixel(view, -3, 2), ground, 40)
    assert pixel(view, -3, 2).red() > pixel(view, -3, 2).blue()
    assert near(pixel(view, 3, 2), ground, 40), "a ring is hollow"
    pixels = 12 / view.map.map_rect().width()
    around = [(3 + x * pixels, 2 + y * pixels) for x in range(-4, 5) for y in range(-4, 5)]
    ring = [color for color in (pixel(view, *spot) for spot in around) if not near(color, ground, 60)]
    assert len(ring) >= 8 and all(color.blue() > color.red() for color in ring)
    qtbot.mouseClick(view.test_chip, Qt.MouseButton.LeftButton)
    assert all(near(pixel(view, *spot), ground) for spot in around)
    assert not near(pixel(view, -3, 2), ground, 40)


def test_points_of_a_regression_are_coloured_by_their_target(view: OutputView) -> None:
    view.set_samples(np.array([[-3.0, 0.0], [3.0, 0.0]]), np.array([-1.0, 1.0]), NONE, NO_TARGETS, "regression", 0)
    assert pixel(view, -3, 0).red() > pixel(view, -3, 0).blue() + 50
    assert pixel(view, 3, 0).blue() > pixel(view, 3, 0).red() + 50


def test_focus_names_what_is_shown_and_dims_the_points(view: OutputView, theme: Theme) -> None:
    view.set_image(np.full((50, 50), 127, np.uint8), "signed", 1.0)
    view.set_samples(np.array([[0.0, -3.0]]), np.array([1]), NONE, NO_TARGETS)
    bright = pixel(view, 0, -3)
    before = view.map.grab().toImage()
    view.set_focus("dense_2 · unit 3")
    dimmed = pixel(view, 0, -3)
    ground = QColor(theme.neutral)
    assert abs(dimmed.blue() - ground.blue()) < abs(bright.blue() - ground.blue()) / 2
    area = view.map.map_rect().toRect()
    label = view.map.grab().toImage().copy(area.x(), area.y(), 90, 30)
    assert label != before.copy(area.x(), area.y(), 90, 30)
    view.set_focus(None)
    assert view.map.grab().toImage() == before


def test_read_out_says_place_and_answer_under_the_pointer(view: OutputView, qtbot: QtBot) -> None:
    said: list[str] = []
    view.read_out_changed.connect(said.append)
    step = (np.arange(100) + 0.5) / 100 * 12 - 6
    values = np.broadcast_to(step, (1, 100, 100)).astype(np.float32) / 10  # x₁ / 10
    view.set_image(halves(), "signed", 1.0)
    view.set_values(values)
    assert said == []
    QTest.mouseMove(view.map, place(view, 3, -2))
    qtbot.waitUntil(lambda: bool(said))
    x, y = view.map.probe() or (0, 0)
    assert view.read_out() == said[-1] == f"x₁ {x:.2f}   x₂ −{-y:.2f}   →   {x / 10:.2f}"
    view.set_values(-values)
    assert said[-1].endswith(f"→   −{x / 10:.2f}"), "a new answer under a resting pointer"
    qtbot.mouseMove(view.test_chip)
    qtbot.waitUntil(lambda: view.read_out() == "")


def test_read_out_names_the_class_and_its_share(view: OutputView) -> None:
    values = np.zeros((3, 20, 20), np.float32)
    values[:] = np.array([0.03, 0.1, 0.87])[:, None, None]
    view.set_image(np.full((20, 20), 90, np.uint8), "classes")
    view.set_values(values)
    view.map.setFocus()
    QTest.keyClick(view.map, Qt.Key.Key_Right)
    assert view.read_out() == "x₁ 0.00   x₂ 0.00   →   class 2 (87 %)"


def test_arrow_keys_move_the_probe_and_escape_takes_it_away(view: OutputView) -> None:
    view.map.setFocus()
    QTest.keyClick(view.map, Qt.Key.Key_Left)
    assert view.map.probe() == (0.0, 0.0)
    QTest.keyClick(view.map, Qt.Key.Key_Left)
    QTest.keyClick(view.map, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert view.map.probe() == (-0.1, 1.0)
    for _ in range(9):
        QTest.keyClick(view.map, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert view.map.probe() == (-0.1, 6.0)
    QTest.keyClick(view.map, Qt.Key.Key_Escape)
    assert view.map.probe() is None and view.read_out() == ""


def test_probe_is_a_line_across_the_map(view: OutputView, theme: Theme) -> None:
    view.set_image(np.full((50, 50), 127, np.uint8), "signed", 1.0)
    view.map.setFocus()
    QTest.keyClick(view.map, Qt.Key.Key_Right)
    assert not near(pixel(view, 0, 4), QColor(theme.neutral), 40)
    assert near(pixel(view, 2, 4), QColor(theme.neutral))


def test_a_drag_draws_points_of_the_class_every_few_pixels(view: OutputView) -> None:
    drawn: list[tuple[list[tuple[float, float]], int]] = []
    finished: list[bool] = []
    view.points_drawn.connect(lambda points, number: drawn.append((points, number)))
    view.stroke_finished.connect(lambda: finished.append(True))
    view.set_drawing(2)
    start, end = place(view, -2, 0), place(view, 2, 0)
    QTest.mousePress(view.map, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view.map, end)
    assert finished == []
    QTest.mouseRelease(view.map, Qt.MouseButton.LeftButton, pos=end)
    assert finished == [True]
    points = [point for some, _ in drawn for point in some]
    assert {number for _, number in drawn} == {2}
    assert len(points) == 1 + (end.x() - start.x()) // 8
    assert points[0] == pytest.approx((-2, 0), abs=0.06)
    gaps = np.diff([x for x, _ in points]) * view.map.map_rect().width() / 12
    assert gaps == pytest.approx(8.0)


def test_a_stroke_goes_on_while_its_points_come_back_from_the_document(view: OutputView) -> None:
    drawn: list[tuple[float, float]] = []

    def come_back(points: list[tuple[float, float]], number: int) -> None:
        drawn.extend(points)
        view.set_samples(np.array(drawn), np.full(len(drawn), number), NONE, NO_TARGETS)
        view.set_drawing(number)

    view.points_drawn.connect(come_back)
    view.set_drawing(1)
    start = place(view, -4, 3)
    QTest.mousePress(view.map, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 5):
        QTest.mouseMove(view.map, start + QPoint(10 * step, 0))
    QTest.mouseRelease(view.map, Qt.MouseButton.LeftButton, pos=start + QPoint(40, 0))
    assert len(drawn) == 6


def test_a_click_draws_one_point_and_enter_draws_one_at_the_probe(view: OutputView) -> None:
    drawn: list[tuple[list[tuple[float, float]], int]] = []
    view.points_drawn.connect(lambda points, number: drawn.append((points, number)))
    view.set_drawing(1)
    QTest.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=place(view, 1, 1))
    assert [len(points) for points, _ in drawn] == [1]
    view.map.setFocus()
    QTest.keyClick(view.map, Qt.Key.Key_Escape)
    QTest.keyClick(view.map, Qt.Key.Key_Up)
    QTest.keyClick(view.map, Qt.Key.Key_Return)
    assert drawn[-1] == ([pytest.approx((0.0, 0.0), abs=1e-9)], 1)


def test_the_eraser_names_places_and_a_radius(view: OutputView) -> None:
    erased: list[tuple[float, float, float]] = []
    view.points_erased.connect(lambda x, y, radius: erased.append((x, y, radius)))
    view.points_drawn.connect(lambda *_: pytest.fail("the eraser draws nothing"))
    view.set_drawing("erase")
    QTest.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=place(view, 1, -1))
    assert len(erased) == 1
    assert erased[0] == pytest.approx((1, -1, 0.5), abs=0.06)


def test_nothing_is_drawn_without_a_tool_or_outside_the_map(view: OutputView) -> None:
    view.points_drawn.connect(lambda *_: pytest.fail("no tool, no points"))
    QTest.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=place(view, 1, 1))
    view.set_drawing(0)
    QTest.mouseClick(view.map, Qt.MouseButton.LeftButton, pos=QPoint(2, 100))


def test_setters_emit_nothing(view: OutputView) -> None:
    for signal in (view.read_out_changed, view.points_drawn, view.points_erased, view.stroke_finished):
        signal.connect(lambda *_: pytest.fail("a setter emitted"))
    view.set_image(halves(), "signed", 2.0)
    view.set_values(np.zeros((1, 4, 4), np.float32))
    view.set_samples(NONE, NO_TARGETS, NONE, NO_TARGETS)
    view.set_focus("x")
    view.set_drawing(1)
    view.clear()


def test_cleared_view_says_what_will_be_there(view: OutputView, theme: Theme) -> None:
    view.set_image(halves(), "signed", 1.0)
    view.set_samples(np.array([[2.0, 2.0]]), np.array([1]), NONE, NO_TARGETS)
    view.clear()
    assert near(pixel(view, 4, 4), QColor(theme.raised))
    area = view.map.map_rect().toRect()
    middle = view.map.grab().toImage().copy(area.x() + 10, area.center().y() - 20, area.width() - 20, 40)
    seen = {middle.pixelColor(x, y).name() for x in range(middle.width()) for y in range(middle.height())}
    assert len(seen) > 3, "the sentence is drawn in the middle"


def test_image_of_another_type_is_refused(view: OutputView) -> None:
    with pytest.raises(ValueError, match="uint8"):
        view.set_image(np.zeros((4, 4), np.float32), "signed", 1.0)  # type: ignore[arg-type]


def test_legend_has_a_swatch_per_class(view: OutputView, theme: Theme) -> None:
    view.set_samples(NONE, NO_TARGETS, NONE, NO_TARGETS, "classification", 5)
    view.set_image(np.zeros((4, 4), np.uint8), "classes")
    view.layout().activate()  # type: ignore[union-attr]
    image = view.legend.grab().toImage()
    for number in range(5):
        assert near(image.pixelColor(number * 15 + 2, 7), colors.class_color(theme, number))


def test_map_stays_square_and_grows_with_the_view(view: OutputView) -> None:
    sides = []
    for width, height in ((304, 340), (500, 340), (304, 700), (160, 160)):
        view.resize(width, height)
        area = view.map.map_rect()
        assert area.width() == area.height()
        assert view.map.rect().contains(area.toAlignedRect())
        sides.append(area.width())
    assert sides[2] == pytest.approx(283, abs=2)
    assert sides[3] < sides[0]


def test_the_words_of_an_empty_map_do_not_lie_over_samples(view: OutputView, theme: Theme) -> None:
    def inked() -> int:
        """Pixels of the map that are not its ground."""
        area = view.map.map_rect().toRect().adjusted(2, 2, -2, -2)
        picture = view.map.grab(area).toImage()
        ground = QColor(theme.raised)
        return sum(
            not near(picture.pixelColor(x, y), ground) for x in range(picture.width()) for y in range(picture.height())
        )

    assert inked() > 100
    view.set_samples(np.array([[0.0, 0.0]]), np.array([1]), NONE, NO_TARGETS)
    assert 0 < inked() < 100


def test_samples_that_are_no_points_have_no_map(view: OutputView) -> None:
    view.set_plane(False)
    assert view.no_plane.isVisible() and "no points of a plane" in view.no_plane.text()
    assert not any(part.isVisible() for part in (view.map, view.legend, view.test_chip, view.discrete_chip))
    view.set_plane(True)
    assert view.map.isVisible() and not view.no_plane.isVisible()
