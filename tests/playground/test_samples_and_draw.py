"""The panels Samples and Draw in the window: what is chosen or drawn there is what every view looks at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from engine.catalog.datasets.digits import Digits
from engine.document.examples import load_example
from engine.document.project import load
from engine.plan.data import split
from playground.panels.draw import DrawView
from playground.panels.samples import SamplesView
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch, step
from widgets.draw_pad_panel import DrawPanel
from widgets.samples import SamplesPanel


@pytest.fixture
def digits(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with a small network on 8 × 8 digits, of which 80 of 400 are kept for the test."""
    document = load_example("digits").document
    document = document.set_data(dataset=Digits(limit=400), train_share=0.8)
    window.controller.open(document)
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=PATIENCE)
    return window


@pytest.fixture
def samples(digits: MainWindow, qtbot: QtBot) -> SamplesPanel:
    view = digits.view_panels.open("dock.samples")
    assert isinstance(view, SamplesView) and isinstance(view.body, SamplesPanel)
    panel = view.body
    qtbot.waitUntil(lambda: panel.gallery.count() == 80, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not panel.wanted_pictures(), timeout=PATIENCE)
    return panel


@pytest.fixture
def draw(digits: MainWindow, qtbot: QtBot) -> DrawPanel:
    view = digits.view_panels.open("dock.draw")
    assert isinstance(view, DrawView) and isinstance(view.body, DrawPanel)
    view.body.pad.clear()
    qtbot.waitUntil(view.body.pad.isVisible)
    return view.body


def stroke(qtbot: QtBot, panel: DrawPanel, *places: tuple[float, float]) -> None:
    area = panel.pad.area()
    points = [QPoint(round(area.left() + x * area.width()), round(area.top() + y * area.height())) for x, y in places]
    qtbot.mousePress(panel.pad, Qt.MouseButton.LeftButton, pos=points[0])
    for point in points[1:]:
        qtbot.mouseMove(panel.pad, point)
    qtbot.mouseRelease(panel.pad, Qt.MouseButton.LeftButton, pos=points[-1])


# --- Samples ----------------------------------------------------------------------------------------------------------


def test_a_click_chooses_the_sample_everywhere(digits: MainWindow, samples: SamplesPanel, qtbot: QtBot) -> None:
    place = samples.gallery.tile(2).center().toPoint()
    qtbot.mouseClick(samples.gallery.viewport(), Qt.MouseButton.LeftButton, pos=place)
    sample = samples.gallery.sample_at(2)
    assert digits.focus.sample == sample >= 320
    qtbot.waitUntil(lambda: samples.detail.neighbours.count() == 12, timeout=PATIENCE)
    qtbot.waitUntil(lambda: samples.detail.loss.text() != "", timeout=PATIENCE)
    truth = int(split(digits.controller.document.data).test.targets[sample - 320])
    assert samples.detail.truth.text().endswith(f"it is {truth}")
    digits.focus.choose_sample(330)  # and what is chosen elsewhere is chosen here
    assert samples.detail.title.text() == "Test sample 11"
    qtbot.waitUntil(lambda: samples.detail.picture.is_known(), timeout=PATIENCE)


def test_neighbours_follow_the_chosen_layer(digits: MainWindow, samples: SamplesPanel, qtbot: QtBot) -> None:
    view = digits.view_panels.views["dock.samples"]
    qtbot.waitUntil(lambda: samples.detail.neighbours.count() == 12, timeout=PATIENCE)
    order = digits.controller.plan.order
    assert [samples.detail.layer.itemData(row) for row in range(samples.detail.layer.count())] == list(order)
    for node in (order[0], order[-1]):
        samples.detail.layer.setFocus()
        samples.detail.layer.setCurrentIndex(order.index(node))
        samples.detail.layer.activated.emit(order.index(node))
        view.latest.clear()
        qtbot.waitUntil(lambda: "distances" in view.latest, timeout=PATIENCE)
    assert samples.detail.among.text() == "among 80" and view.latest["distances"].max() < 1.5  # shares of ten classes


def test_it_follows_the_run(digits: MainWindow, samples: SamplesPanel, qtbot: QtBot) -> None:
    digits.session.play()
    qtbot.waitUntil(lambda: epoch(digits) >= 3, timeout=PATIENCE)
    digits.session.pause()
    status = digits.session.status
    assert status is not None
    qtbot.waitUntil(lambda: not digits.session.status.running, timeout=PATIENCE)  # type: ignore[union-attr]
    now = step(digits)

    def agrees() -> bool:
        table = samples._table
        status = digits.session.status
        if table is None or status is None or status.step != now:
            return step(digits) != now
        rows = table.rows("test")
        right = float(np.mean(table.answer[rows] == table.truth[rows]))
        return abs(right - status.evaluation.test_metric) < 1e-6 and table.moment >= 3

    qtbot.waitUntil(agrees, timeout=PATIENCE)
    losses = [float(samples._table.loss[row]) for row in samples._rows]  # type: ignore[union-attr]
    assert losses == sorted(losses, reverse=True)


def test_a_cell_of_metrics_shows_its_samples(digits: MainWindow, samples: SamplesPanel, qtbot: QtBot) -> None:
    digits.open_metrics()
    confusion = digits.metrics.confusion
    qtbot.waitUntil(lambda: bool(len(confusion._counts)), timeout=PATIENCE)
    row, column = (int(place) for place in np.unravel_index(confusion._counts.argmax(), confusion._counts.shape))
    qtbot.waitUntil(lambda: confusion.rectangle(row, column).width() > 3, timeout=PATIENCE)
    place = confusion.rectangle(row, column).center().toPoint()
    qtbot.mouseClick(confusion, Qt.MouseButton.LeftButton, pos=place)
    assert samples.confusion.chosen() == (row, column)
    assert samples.gallery.count() == confusion._counts[row, column]
    digits.open_metrics()
    qtbot.mouseClick(confusion, Qt.MouseButton.LeftButton, pos=confusion.rectangle(row, column).center().toPoint())
    assert samples.gallery.count() == 80


def test_other_data_leave_nothing_behind(digits: MainWindow, samples: SamplesPanel, qtbot: QtBot) -> None:
    samples.set_filter("test", (1, 1))
    digits.controller.set_data_field("limit", 200, True)
    qtbot.waitUntil(lambda: samples.gallery.count() == 40, timeout=PATIENCE)
    assert samples.confusion.chosen() is None
    digits.controller.open(load_example("circle").document)
    assert "Choose digits" in samples.empty.text()


# --- Draw -------------------------------------------------------------------------------------------------------------


def test_a_drawing_is_answered_and_takes_the_place_of_the_sample(
    digits: MainWindow, draw: DrawPanel, qtbot: QtBot
) -> None:
    stroke(qtbot, draw, (0.5, 0.1), (0.5, 0.9))
    image = draw.image()
    assert image is not None and digits.focus.image == tuple(image.ravel().tolist())
    qtbot.waitUntil(lambda: draw.answer.text() != "", timeout=PATIENCE)
    qtbot.mouseClick(draw.clear_button, Qt.MouseButton.LeftButton)
    assert digits.focus.image == () and draw.answer.text() == ""


def test_answers_follow_the_run(digits: MainWindow, draw: DrawPanel, qtbot: QtBot) -> None:
    view = digits.view_panels.views["dock.draw"]
    stroke(qtbot, draw, (0.5, 0.1), (0.5, 0.9))
    qtbot.waitUntil(lambda: "scores" in view.latest, timeout=PATIENCE)
    before = view.latest["scores"].copy()
    digits.session.play()
    qtbot.waitUntil(lambda: np.abs(view.latest["scores"] - before).max() > 0.01, timeout=PATIENCE)
    digits.session.pause()


def test_a_drawing_becomes_part_of_the_document(
    digits: MainWindow, draw: DrawPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    digits.session.step("batch")
    qtbot.waitUntil(lambda: step(digits) == 1, timeout=PATIENCE)
    stroke(qtbot, draw, (0.5, 0.1), (0.5, 0.9))
    draw.label.setCurrentIndex(1)
    qtbot.mouseClick(draw.add, Qt.MouseButton.LeftButton)
    dataset = digits.controller.document.data.dataset
    assert isinstance(dataset, Digits) and dataset.added_count == 1 and draw.count.text() == "1 added to the data"
    image = draw.image()
    assert image is not None
    parts = split(digits.controller.document.data)
    assert (len(parts.train), len(parts.test)) == (321, 80) and parts.train.targets[-1] == 1
    np.testing.assert_array_equal(parts.train.values[-1], image)
    assert digits.focus.image == tuple(image.ravel().tolist())  # it is still what is looked at
    qtbot.waitUntil(lambda: step(digits) == 1, timeout=PATIENCE)  # the run goes on with its weights
    path = tmp_path / "drawn.nnp"
    digits.files.set_place(path, "drawn")
    assert digits.files.save()
    again = load(path).document
    assert again.data == digits.controller.document.data
    digits.controller.undo()
    assert digits.controller.document.data.dataset == dataset.replace(added="") and draw.count.text() == ""
    digits.controller.redo()
    qtbot.mouseClick(draw.remove, Qt.MouseButton.LeftButton)
    assert digits.controller.document.data.dataset.added_count == 0  # type: ignore[attr-defined]
