"""The gallery of samples: what it shows in which order, what its filter does, and the chosen sample beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from tests.widgets.conftest import Show
from widgets import samples_gallery, theme
from widgets.metrics_confusion import ConfusionMap
from widgets.samples import SamplesPanel, epoch_text
from widgets.samples_gallery import SampleGallery
from widgets.samples_loss import LossCurve
from widgets.samples_neighbours import NeighbourStrip
from widgets.samples_order import LEAST_SURE, MOST_SURE, NUMBER, TEST, TRAIN, WORST, SampleTable

SIZE, LEARNT = 50, 4
"""Samples to learn from; of them the first few are judged."""
TRUTH = [0, 1, 2, 0, *(0, 1, 2, 0, 1, 2, 0, 1)]
ANSWER = [0, 1, 2, 1, *(0, 1, 2, 1, 1, 0, 0, 1)]
LOSS = [0.1, 0.2, 0.3, 3.0, *(0.4, 0.1, 0.2, 2.0, 0.3, 1.0, 0.5, np.nan)]
SURE = [0.9, 0.8, 0.7, 0.9, *(0.5, 0.9, 0.8, 0.7, 0.6, 0.95, 0.55, 0.4)]


def answers(moment: float = 3.0, **changes: Any) -> dict[str, Any]:
    return {
        "answer": np.array(ANSWER, np.int16),
        "truth": np.array(TRUTH, np.int16),
        "loss": np.array(LOSS, np.float32),
        "confidence": np.array(SURE, np.float32),
        "learnt": np.array([LEARNT, SIZE]),
        "shares": np.array([True]),
        "moment": np.array([moment]),
        "now": np.array([True]),
    } | changes


def images(count: int) -> Any:
    return np.arange(count * 64, dtype=np.uint8).reshape(count, 1, 8, 8)


@pytest.fixture
def panel(show: Show) -> SamplesPanel:
    made = SamplesPanel()
    made.set_class_names(["cat", "dog", "owl"])
    show(made, 900, 200)
    made.set_answers(answers(), False)
    return made


def shown(panel: SamplesPanel) -> list[int]:
    return [panel.gallery.sample_at(number) for number in range(panel.gallery.count())]


# --- the table --------------------------------------------------------------------------------------------------------


def test_places_and_rows_belong_together() -> None:
    table = SampleTable.of(answers())
    assert [table.place(row) for row in (0, 3, 4, 11)] == [0, 3, 50, 57]
    assert [table.row(place) for place in (0, 3, 50, 57)] == [0, 3, 4, 11]
    assert [table.row(place) for place in (-1, 4, 49, 58)] == [None] * 4


@pytest.mark.parametrize(
    ("order", "rows"),
    [
        (WORST, [11, 7, 9, 10, 4, 8, 6, 5]),  # a loss that is no number is the worst
        (NUMBER, [4, 5, 6, 7, 8, 9, 10, 11]),
        (LEAST_SURE, [11, 4, 10, 8, 7, 6, 5, 9]),
        (MOST_SURE, [9, 5, 6, 7, 8, 10, 4, 11]),
    ],
)
def test_orders(order: str, rows: list[int]) -> None:
    assert SampleTable.of(answers()).ordered(TEST, order).tolist() == rows


def test_filters_and_confusion() -> None:
    table = SampleTable.of(answers())
    assert table.ordered(TRAIN, NUMBER, only_wrong=True).tolist() == [3]
    assert table.ordered(TEST, NUMBER, (0, 1)).tolist() == [7]
    assert table.ordered(TEST, NUMBER, (1, 1), only_wrong=True).tolist() == []
    assert table.confusion(TEST, 3).tolist() == [[2, 1, 0], [0, 3, 0], [1, 0, 1]]
    assert table.confusion(TRAIN, 3).sum() == 4


# --- the panel --------------------------------------------------------------------------------------------------------


def test_it_says_how_many_are_right_and_since_when(panel: SamplesPanel, qtbot: QtBot) -> None:
    assert panel.note() == "6 of 8 right · as of epoch 3"
    assert shown(panel) == [57, 53, 55, 56, 50, 54, 52, 51]
    with qtbot.waitSignal(panel.note_changed):
        panel.set_answers(answers(3.2), False)
    assert panel.note() == "6 of 8 right · as of epoch 3.2" and epoch_text(12.0) == "12"


def test_a_click_on_a_cell_filters_and_another_one_clears(panel: SamplesPanel, qtbot: QtBot) -> None:
    place = panel.confusion.rectangle(0, 1).center().toPoint()
    qtbot.mouseClick(panel.confusion, Qt.MouseButton.LeftButton, pos=place)
    assert shown(panel) == [53] and panel.confusion.chosen() == (0, 1)
    panel.set_answers(answers(4.0), True)  # numbers that come in leave the filter alone
    assert shown(panel) == [53]
    qtbot.mouseClick(panel.confusion, Qt.MouseButton.LeftButton, pos=place)
    assert len(shown(panel)) == 8 and panel.confusion.chosen() is None


def test_a_cell_is_chosen_with_the_keyboard_too(panel: SamplesPanel, qtbot: QtBot) -> None:
    panel.confusion.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(panel.confusion, Qt.Key.Key_Right)
    qtbot.keyClick(panel.confusion, Qt.Key.Key_Return)
    assert shown(panel) == [53]
    qtbot.keyClick(panel.confusion, Qt.Key.Key_Escape)
    assert len(shown(panel)) == 8


def test_wrong_ones_parts_and_orders(panel: SamplesPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.only_wrong, Qt.MouseButton.LeftButton)
    assert shown(panel) == [53, 55]
    qtbot.mouseClick(panel.part.button(TRAIN), Qt.MouseButton.LeftButton)
    assert shown(panel) == [3] and panel.note().startswith("3 of 4 right")
    qtbot.mouseClick(panel.only_wrong, Qt.MouseButton.LeftButton)
    panel.order.setFocus()
    qtbot.keyClick(panel.order, Qt.Key.Key_Down)
    assert shown(panel) == [0, 1, 2, 3]


def test_the_order_rests_while_the_network_trains_and_somebody_looks(panel: SamplesPanel, qtbot: QtBot) -> None:
    panel.gallery.setFocus()
    turned = answers(4.0, loss=np.array(LOSS[::-1], np.float32), answer=np.array(TRUTH, np.int16))
    before = shown(panel)
    panel.set_answers(turned, True)
    assert shown(panel) == before and panel.again.isEnabled()
    assert "which is right" in panel.gallery.text_of(1)  # what is said of each is new
    qtbot.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    assert shown(panel) != before and not panel.again.isEnabled()
    panel.set_answers(answers(5.0), True)
    panel.set_answers(answers(5.0), False)  # at rest it follows
    assert shown(panel) == before


def test_without_test_samples_those_to_learn_from_are_shown(show: Show) -> None:
    panel = SamplesPanel()
    panel.set_class_names(["cat", "dog", "owl"])
    show(panel, 900, 200)
    parts = {name: answers()[name][:LEARNT] for name in ("answer", "truth", "loss", "confidence")}
    panel.set_answers(answers(**parts), False)
    assert panel.part.choice() == TRAIN and len(shown(panel)) == 4 and not panel.part.button(TEST).isEnabled()


def test_a_chosen_sample_is_told_and_shown_beside(panel: SamplesPanel, qtbot: QtBot) -> None:
    place = panel.gallery.tile(1).center().toPoint()
    with qtbot.waitSignal(panel.sample_chosen) as blocker:
        qtbot.mouseClick(panel.gallery.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert blocker.args == [53]
    assert (panel.detail.title.text(), panel.detail.answer.text()) == ("Test sample 4", "dog · 70.0 %")
    assert panel.detail.truth.text() == "✗ it is cat" and panel.detail.truth.property("class") == "warning"
    panel.set_chosen(50)
    assert panel.detail.truth.text() == "✓ it is cat" and panel.detail.truth.property("class") == "muted"
    panel.set_chosen(30)  # not judged
    assert (panel.detail.title.text(), panel.detail.answer.text()) == ("Train sample 31", "")


def test_setters_emit_nothing(panel: SamplesPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.sample_chosen), qtbot.assertNotEmitted(panel.detail.layer_chosen):
        panel.set_chosen(52)
        panel.set_filter(TRAIN, (0, 1))
        panel.detail.set_layers([("a", "a"), ("b", "b"), ("c", "c")])
    assert panel.detail.layer_choice() == "b"
    panel.detail.layer.setCurrentIndex(0)
    panel.detail.set_layers([("x", "x"), ("a", "a"), ("y", "y")])
    assert panel.detail.layer_choice() == "a"


def test_it_stands_on_end_where_there_is_height(panel: SamplesPanel, qtbot: QtBot) -> None:
    panel.resize(360, 700)
    qtbot.waitUntil(lambda: panel.gallery.mapTo(panel, QPoint()).y() > panel.confusion.geometry().bottom())
    panel.resize(900, 200)
    qtbot.waitUntil(lambda: panel.gallery.mapTo(panel, QPoint()).x() > panel.confusion.geometry().right())


# --- the gallery ------------------------------------------------------------------------------------------------------


@pytest.fixture
def gallery(show: Show) -> SampleGallery:
    made = SampleGallery("some.gallery")
    show(made, 400, 200)
    count = 5000
    random = np.random.default_rng(1)
    many = {
        "answer": random.integers(0, 3, count).astype(np.int16),
        "truth": random.integers(0, 3, count).astype(np.int16),
        "loss": random.random(count).astype(np.float32),
        "confidence": random.random(count).astype(np.float32),
        "learnt": np.array([0, 0]),
    }
    made.set_samples(SampleTable.of(answers(**many)), np.arange(count))
    made.set_image_shape(8, 8)
    return made


def test_only_pictures_in_sight_are_wanted(gallery: SampleGallery, qtbot: QtBot) -> None:
    first = gallery.wanted()
    assert first == tuple(range(len(first))) and gallery.columns() * 2 <= len(first) < 40
    gallery.set_pictures(first, images(len(first)))
    assert gallery.wanted() == ()
    with qtbot.waitSignal(gallery.in_sight):
        gallery.verticalScrollBar().setValue(gallery.verticalScrollBar().maximum())
    last = gallery.wanted()
    assert last[-1] == 4999 and len(last) < 40
    gallery.forget_pictures()
    gallery.verticalScrollBar().setValue(0)
    assert gallery.wanted() == first


def test_keys_go_from_tile_to_tile(gallery: SampleGallery, qtbot: QtBot) -> None:
    gallery.setFocus()
    chosen: list[int] = []
    gallery.chosen.connect(chosen.append)
    columns = gallery.columns()
    for key in ("Home", "Right", "Down", "Left", "Up", "Up", "End", "PageUp"):
        qtbot.keyClick(gallery, getattr(Qt.Key, f"Key_{key}"))
    lines = max(1, gallery.viewport().height() // round(gallery.tile(0).height()))
    assert chosen == [0, 1, 1 + columns, columns, 0, 4999, 4999 - columns * lines]
    tile = gallery.tile(chosen[-1])
    assert tile.top() >= 0 and tile.bottom() <= gallery.viewport().height()  # it is in sight
    assert gallery.accessibleDescription().startswith(f"Test sample {chosen[-1] + 1:,}: answered")


def test_pixels_stay_squares_and_wrong_ones_are_crossed(gallery: SampleGallery, theme: theme.Theme) -> None:
    table = SampleTable.of(answers())
    gallery.set_class_names(["cat", "dog", "owl"])
    gallery.set_samples(table, np.array([4, 7]))  # a right one and a wrong one
    black = np.zeros((2, 1, 8, 8), np.uint8)
    black[:, 0, 3, 5] = 200
    gallery.set_pictures((50, 53), black)
    picture = gallery.viewport().grab().toImage()
    ratio = gallery.devicePixelRatioF()

    def pixel(x: float, y: float) -> tuple[int, ...]:
        return picture.pixelColor(round(x * ratio), round(y * ratio)).getRgb()[:3]  # type: ignore[return-value]

    right, wrong = gallery.tile(0), gallery.tile(1)
    side = 56
    left, top = right.center().x() - side / 2, right.top() + 4
    step = side / 8
    assert pixel(left + 5.1 * step, top + 3.1 * step) == pixel(left + 5.9 * step, top + 3.9 * step) == (200, 200, 200)
    assert pixel(left + 4.9 * step, top + 3.5 * step) == (0, 0, 0)
    corner = wrong.center().x() + side / 2 - 4, wrong.top() + 4
    shown = {pixel(corner[0] + dx, corner[1] + dy) for dx in range(-5, 5) for dy in range(-2, 9)}
    assert len(shown) > 3  # a disc with a cross in it, where the right one is black
    assert {pixel(left + side - 4 - dx, top + dy) for dx in range(0, 3) for dy in range(2, 6)} == {(0, 0, 0)}


def test_an_empty_gallery_says_why(gallery: SampleGallery, qtbot: QtBot) -> None:
    gallery.set_samples(SampleTable.of(answers()), np.empty(0, np.int64))
    gallery.set_empty_text("nothing")
    blank = gallery.viewport().grab().toImage()
    gallery.set_empty_text("")
    assert gallery.viewport().grab().toImage() != blank
    gallery.setFocus()
    with qtbot.assertNotEmitted(gallery.chosen):
        qtbot.keyClick(gallery, Qt.Key.Key_Home)
    assert gallery.wanted() == () and gallery.number_at(QPointF(5, 5)) is None


# --- beside it --------------------------------------------------------------------------------------------------------


def test_the_curve_reads_a_point_and_else_the_last(show: Show, qtbot: QtBot) -> None:
    curve = LossCurve("some.loss")
    show(curve, 200, 80)
    assert curve.text() == ""
    curve.set_points(np.array([[0, 2.5], [1, 1.0], [2, np.nan], [3, 0.5]]))
    assert curve.text() == "loss 0.500"
    qtbot.mouseMove(curve, QPoint(0, 40))
    assert curve.text() == "epoch 0: 2.50"
    curve.set_points(np.array([[0, 4.0]]))
    assert curve.text() == "epoch 0: 4.00"


def test_neighbours_are_chosen_by_click_and_key(show: Show, qtbot: QtBot) -> None:
    strip = NeighbourStrip("some.neighbours")
    show(strip, 300, 60)
    strip.set_class_names(["cat", "dog"])
    samples = np.array([57, 3, 52])
    strip.set_neighbours(samples, np.array([0.5, 1.0, 2.0], np.float32), np.array([0, 1, 0]), images(3), 0, SIZE)
    assert strip.text_of(0) == "Test sample 8: cat, at distance 0.500" and strip.text_of(1).startswith("Train sample 4")
    chosen: list[int] = []
    strip.chosen.connect(chosen.append)
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.place(2).center().toPoint())
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert chosen == [52, 3]
    strip.clear()
    qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert chosen == [52, 3] and strip.count() == 0


def test_a_map_that_offers_no_choice_takes_none(show: Show, qtbot: QtBot) -> None:
    confusion = ConfusionMap("some.confusion")
    confusion.set_counts(np.eye(3, dtype=np.int64))
    show(confusion, 200, 200)
    with qtbot.assertNotEmitted(confusion.chosen_changed):
        qtbot.mouseClick(confusion, Qt.MouseButton.LeftButton, pos=confusion.rectangle(1, 1).center().toPoint())
    assert confusion.chosen() is None


def test_pictures_kept_are_few_and_small(gallery: SampleGallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples_gallery, "KEPT", 60)
    for start in range(0, 300, 50):
        gallery.set_pictures(range(start, start + 50), np.zeros((50, 3, 200, 100), np.uint8))
    assert list(gallery._pictures) == list(range(240, 300))
    assert {(image.width(), image.height()) for image in gallery._pictures.values()} == {(64, 128)}
