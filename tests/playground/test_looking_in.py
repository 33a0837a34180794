"""The panels that look into a network, in the real window: what they ask for, what they show, what they follow."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.catalog.activations import Relu, Softmax
from engine.catalog.datasets.digits import Digits
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.catalog.optimizers import Adam
from engine.document.examples import load_example
from engine.document.graph import Data, Document, Training
from playground.window import MainWindow
from tests.engine.training.networks import chain
from tests.windows import PATIENCE
from tests.windows import shared_window as shared_window


def digits() -> Document:
    cards = Conv2d(4, activation=Relu()), Flatten(), Dense(20, Relu()), Dense(10, Softmax())
    training = Training(CategoricalCrossEntropy(), Adam(learning_rate=0.01), batch_size=64)
    return chain(*cards, data=Data(Digits()), training=training)


@pytest.fixture
def images(window: MainWindow, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window with digits, one epoch in."""
    window.controller.open(digits())
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=PATIENCE)
    window.session.step("epoch")
    qtbot.waitUntil(lambda: window.session.status is not None and window.session.status.epoch == 1, timeout=PATIENCE)
    yield window


def body(window: MainWindow, dock: str) -> Any:
    view = window.view_panels.open(dock)
    assert view.body is not None
    return view.body


def test_why_follows_the_sample_the_class_and_the_layer(images: MainWindow, qtbot: QtBot) -> None:
    panel, view = body(images, "dock.why"), images.view_panels.views["dock.why"]
    qtbot.waitUntil(lambda: len(panel.tiles.tiles()) == 6, timeout=PATIENCE)
    assert panel.tiles.tiles()[0].title == "test sample 1" and panel.tiles.tiles()[4].foot == "maps of conv2d_1"
    answer = int(view.latest["answer"][0])
    panel.classes.setFocus()
    other = (answer + 1) % 10
    panel.classes.setCurrentIndex(other + 1)
    panel.classes.activated.emit(other + 1)
    qtbot.waitUntil(lambda: int(view.latest.get("class", [-1])[0]) == other, timeout=PATIENCE)
    assert panel.key.texts()[1] == f"for {other}"
    images.focus.choose_sample(3)
    qtbot.waitUntil(lambda: panel.tiles.tiles()[0].title == "training sample 4", timeout=PATIENCE)
    images.focus.draw(tuple(range(0, 256, 4)))
    qtbot.waitUntil(lambda: panel.tiles.tiles()[0].title == "your drawing", timeout=PATIENCE)
    images.controller.open(load_example("circle").document)
    assert not panel.empty.isHidden() and "images" in panel.empty.text()


def test_pictures_climb_to_their_end_and_begin_anew(images: MainWindow, qtbot: QtBot) -> None:
    panel, view = body(images, "dock.excite"), images.view_panels.views["dock.excite"]
    qtbot.waitUntil(lambda: panel.progress.value() == panel.progress.maximum() > 0, timeout=PATIENCE)
    assert [tile.title for tile in panel.tiles.tiles()] == [str(number) for number in range(10)]
    images.focus.choose_unit("dense_1", 18)
    qtbot.waitUntil(lambda: [tile.title for tile in panel.tiles.tiles()][:1] == ["unit 17"], timeout=PATIENCE)
    assert len(panel.tiles.tiles()) == 4 and panel.tiles.current() == 2
    qtbot.waitUntil(lambda: panel.progress.value() == panel.progress.maximum(), timeout=PATIENCE)
    qtbot.mouseClick(panel.weights.button("keep"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.progress.value() < panel.progress.maximum(), timeout=PATIENCE)
    qtbot.waitUntil(lambda: panel.progress.value() == panel.progress.maximum(), timeout=PATIENCE)
    kept = view.latest["images"].copy()
    images.session.step("epoch")
    qtbot.waitUntil(lambda: images.session.status is not None and images.session.status.epoch == 2, timeout=PATIENCE)
    assert np.array_equal(view.latest["images"], kept)
    qtbot.mouseClick(panel.weights.button("follow"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not np.array_equal(view.latest.get("images", kept), kept), timeout=PATIENCE)


@pytest.mark.parametrize("quantity", ["weights", "gradients", "activations"])
def test_histograms_of_every_layer_keep_their_history(images: MainWindow, qtbot: QtBot, quantity: str) -> None:
    panel = body(images, f"dock.{quantity}")
    qtbot.waitUntil(lambda: panel.chart.names() == ("conv2d_1", "dense_1", "dense_2"), timeout=PATIENCE)
    images.session.step("batch")
    qtbot.waitUntil(lambda: len(panel.history("dense_1").rows) == 2, timeout=PATIENCE)
    chart = panel.chart
    qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=chart.tile_rect(1).center())
    assert images.controller.selection == {"dense_1"} and images.focus.node == "dense_1"
    images.session.reset()
    images.session.step("batch")
    qtbot.waitUntil(lambda: panel.history("dense_1").rows[-1].step <= 1, timeout=PATIENCE)


def test_histograms_are_for_points_too(window: MainWindow, qtbot: QtBot) -> None:
    panel = body(window, "dock.activations")
    qtbot.waitUntil(lambda: len(panel.chart.names()) > 1, timeout=PATIENCE)
    assert window.session.status is not None and window.session.status.backend == "numba"
    assert panel.history(panel.chart.names()[0]).rows[-1].units is not None


def test_space_by_components_and_by_a_map_beside_the_run(images: MainWindow, qtbot: QtBot) -> None:
    panel, view = body(images, "dock.space"), images.view_panels.views["dock.space"]
    qtbot.waitUntil(lambda: "points" in view.latest, timeout=PATIENCE)
    assert panel.layers.currentText() == "dense_1" and panel.status.text().endswith("of the spread")
    qtbot.waitUntil(lambda: len(panel.map._images) > 0, timeout=PATIENCE)
    places = view.latest["places"].tolist()
    qtbot.mouseClick(panel.map, Qt.MouseButton.LeftButton, pos=panel.map.place(5).toPoint())
    assert images.focus.sample in places
    shown = np.array(panel.map._points)
    qtbot.mouseClick(panel.method.button("Isomap"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.again.isVisible() and panel.again.isEnabled(), timeout=PATIENCE)
    assert panel.status.text().startswith("of epoch 1")
    assert len(panel.map._points) == len(shown) and not np.allclose(panel.map._points, shown)
    images.focus.choose_unit("dense_2")
    qtbot.mouseClick(panel.method.button("PCA"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.layers.currentText() == "dense_2" and panel.again.isHidden(), timeout=PATIENCE)


def test_space_of_points_bends_the_grid(window: MainWindow, qtbot: QtBot) -> None:
    panel, view = body(window, "dock.space"), window.view_panels.views["dock.space"]
    qtbot.waitUntil(lambda: "grid" in view.latest, timeout=PATIENCE)
    assert panel.map._grid is not None and panel.legend.isVisible()


def view_of(window: MainWindow, dock: str) -> Any:
    return window.view_panels.views[dock]


def test_panels_that_open_late_show_the_run_from_its_start(window: MainWindow, qtbot: QtBot) -> None:
    """The real training process, flat out, with none of these panels open; then a reset takes it all away."""
    window.view_panels.put_back()
    window.controller.open(load_example("circle").document)
    docks = [f"dock.{name}" for name in ("kernels", "weights", "gradients", "activations")]
    views = [window.view_panels.views[dock] for dock in docks]
    assert not any(view.is_seen() for view in views)
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=PATIENCE)
    window.session.play()
    begun = perf_counter()
    qtbot.waitUntil(lambda: perf_counter() - begun > 2.5, timeout=PATIENCE)  # two moments in each second
    window.session.pause()
    qtbot.waitUntil(lambda: window.session.status is not None and not window.session.status.running, timeout=PATIENCE)
    film = view_of(window, "dock.kernels").film
    body(window, "dock.kernels")
    window.focus.choose_unit("dense_1", 0)
    qtbot.waitUntil(lambda: len(film.shots("dense_1")) >= 4, timeout=PATIENCE)
    steps = [shot.step for shot in film.shots("dense_1")]
    assert steps[0] == 0 and steps == sorted(set(steps)) and steps[-1] == window.session.status.step  # type: ignore[union-attr]
    for quantity in ("weights", "gradients", "activations"):
        panel = body(window, f"dock.{quantity}")
        newest = view_of(window, f"dock.{quantity}").latest
        qtbot.waitUntil(lambda newest=newest: "dense_1.counts" in newest, timeout=PATIENCE)
        rows = panel.history("dense_1").rows
        assert len(rows) >= 3 and rows[0].step < rows[1].step < rows[-1].step == window.session.status.step  # type: ignore[union-attr]
    window.session.reset()
    view = view_of(window, "dock.activations")
    qtbot.waitUntil(lambda: view.latest.get("step", np.array([-1]))[0] == 0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: len(panel.history("dense_1").rows) == 1, timeout=PATIENCE)
    body(window, "dock.kernels")
    qtbot.waitUntil(lambda: [shot.step for shot in film.shots("dense_1")] == [0], timeout=PATIENCE)
