"""The panels about layers in the real window: live, in step with the chosen sample, and true to the last number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.catalog.activations import Relu, Softmax
from engine.catalog.datasets.digits import Digits
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.pooling import MaxPool2d
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.document.graph import Data, Document, Network, Training
from engine.plan.data import split
from playground.window import MainWindow
from tests.windows import PATIENCE, weights


@pytest.fixture
def digits(window: MainWindow, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window with a small network for digits, its panels open."""
    document = Document((Network(),), Data(Digits(limit=200)), Training(CategoricalCrossEntropy()))
    layers = (Input(), Conv2d(4), MaxPool2d(), Conv2d(3, kernel_size=3, stride=2), Flatten(), Dense(10, Softmax()))
    for layer in layers:
        document = document.append(layer)
    window.controller.open(document)
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=PATIENCE)
    yield window
    window.focus.draw(())


def node(window: MainWindow, place: int) -> str:
    return window.controller.plan.order[place]


def test_the_numbers_shown_for_one_pixel_are_the_layer(digits: MainWindow, qtbot: QtBot) -> None:
    view = digits.view_panels.open("dock.layers_see")
    panel = view.panel  # type: ignore[attr-defined]
    conv, source = node(digits, 3), node(digits, 2)
    qtbot.waitUntil(lambda: panel.strip.values.knows(node(digits, 1)), timeout=PATIENCE)
    digits.session.step("epoch")
    qtbot.waitUntil(lambda: digits.session.status is not None and digits.session.status.epoch == 1, timeout=PATIENCE)
    panel.open_map(conv, 1)
    panel.detail.board.set_pixel(1, 0)
    qtbot.waitUntil(
        lambda: panel.detail.written() is not None and panel.detail.board.view.answered == (1, 0), timeout=PATIENCE
    )
    written = panel.detail.written()
    assert written is not None
    # the network once more, in NumPy, from the weights that the run has
    snapshot = weights(digits, qtbot).weights
    image = split(digits.controller.document.data).values[digits.focus.sample].astype(np.float64) / 255
    first = _convolved(image, snapshot[f"{node(digits, 1)}.weight"], snapshot[f"{node(digits, 1)}.bias"], 1)
    pooled = first.reshape(4, 4, 2, 4, 2).max(axis=(2, 4))
    second = _convolved(pooled, snapshot[f"{conv}.weight"], snapshot[f"{conv}.bias"], 2)
    assert written.value == pytest.approx(second[1, 1, 0], abs=1e-5)
    lines = panel.detail.board.view.sum_lines()
    assert sum(value for _, value, _ in lines[:-2]) == pytest.approx(lines[-2][1], abs=1e-9)
    assert max(0.0, lines[-2][1]) == pytest.approx(lines[-1][1], abs=1e-5)
    for channel in range(4):
        panel.detail.board.set_channel(channel)
        shown = panel.detail.written()
        assert shown is not None
        np.testing.assert_allclose(shown.products, shown.inputs * shown.weights)
        np.testing.assert_allclose(shown.weights, snapshot[f"{conv}.weight"][1, channel], atol=1e-7)
        rows, columns = shown.answer["rows"], shown.answer["columns"]
        for (k, m), value in np.ndenumerate(shown.inputs):
            inside = rows[k] >= 0 and columns[m] >= 0
            expected = pooled[channel, rows[k], columns[m]] if inside else 0.0
            assert value == pytest.approx(expected, abs=1e-5)
    assert source in panel.strip.values.maps
    panel.close_map()


def _convolved(image: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    """A convolution that pads as TensorFlow does, and a ReLU."""
    size = -(-image.shape[1] // stride)
    total = max((size - 1) * stride + 3 - image.shape[1], 0)
    pads = (total // 2, total - total // 2)
    padded = np.pad(image, [(0, 0), pads, pads])
    found = np.zeros((len(kernel), size, size))
    for f, i, j in np.ndindex(found.shape):
        window = padded[:, i * stride : i * stride + 3, j * stride : j * stride + 3]
        found[f, i, j] = np.sum(window * kernel[f]) + bias[f]
    return Relu().value(found)


def test_the_views_follow_sample_and_unit(digits: MainWindow, qtbot: QtBot) -> None:
    panel = digits.view_panels.open("dock.layers_see").panel  # type: ignore[attr-defined]
    strip = panel.strip
    qtbot.waitUntil(lambda: strip.values.knows("input_1"), timeout=PATIENCE)
    assert panel.sample.text() == "test 1"
    before = strip.values.maps["input_1"]
    qtbot.mouseClick(panel.stepper.later, Qt.MouseButton.LeftButton)
    assert panel.sample.text() == "test 2" and digits.focus.sample == 101
    qtbot.waitUntil(lambda: not np.array_equal(strip.values.maps["input_1"], before), timeout=PATIENCE)
    conv = node(digits, 1)
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.point_of(conv, 2))
    assert (digits.focus.node, digits.focus.unit) == (conv, 2) and panel.is_open()
    qtbot.waitUntil(lambda: panel.detail.written() is not None, timeout=PATIENCE)
    QTest.keyClick(panel.detail.board, Qt.Key.Key_PageDown)
    assert (digits.focus.node, digits.focus.unit) == (conv, 3)
    QTest.keyClick(panel.detail.board, Qt.Key.Key_Escape)
    image = tuple([255] * 64)
    digits.focus.draw(image)
    assert panel.sample.text() == "drawn"
    qtbot.waitUntil(lambda: strip.values.maps["image"].min() == 255, timeout=PATIENCE)


def test_cards_show_their_first_maps_and_open_them(digits: MainWindow, qtbot: QtBot) -> None:
    conv = node(digits, 1)
    card = digits.canvas.board.cards[conv]
    qtbot.waitUntil(lambda: len(card.pictures) == 4, timeout=PATIENCE)
    assert len(digits.canvas.board.cards["input_1"].pictures) == 1
    digits.canvas.neuron_clicked.emit(conv, 3)
    panel = digits.view_panels.views["dock.layers_see"].panel  # type: ignore[attr-defined]
    assert panel.is_open() and panel.detail.pixel()[:2] == (conv, 3)
    panel.close_map()


def test_the_film_begins_where_the_seed_did(digits: MainWindow, qtbot: QtBot) -> None:
    view = digits.view_panels.open("dock.kernels")
    panel, film = view.panel, view.film  # type: ignore[attr-defined]
    conv = node(digits, 1)
    qtbot.waitUntil(lambda: film.has_start(conv) and conv in panel.values.kernels, timeout=PATIENCE)
    start = film.shots(conv)[0].kernels
    digits.session.step("epoch")
    qtbot.waitUntil(lambda: len(film.shots(conv)) > 1, timeout=PATIENCE)
    assert (film.shots(conv)[-1].kernels != start).any()
    digits.focus.choose_unit(conv, 1)
    assert panel.film.steps()[0] == 0 and len(panel.film.steps()) > 1


def test_the_search_ends_and_finds_what_excites_most(digits: MainWindow, qtbot: QtBot) -> None:
    view = digits.view_panels.open("dock.one_filter")
    conv = node(digits, 1)
    digits.focus.choose_unit(conv, 2)
    samples = view.panel.samples  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: len(samples.samples()) == 19, timeout=PATIENCE)
    assert "excite it most" in samples._best_text()
    strengths = samples._answer["strengths"][10:]
    assert (np.diff(strengths) <= 1e-6).all()
    before = digits.focus.sample
    samples.sample_chosen.emit(samples.samples()[10])
    assert digits.focus.sample == samples.samples()[10] != before


def test_without_images_each_panel_says_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    for dock, words in (("dock.layers_see", "images"), ("dock.one_filter", "images")):
        view = window.view_panels.open(dock)
        assert words in view.panel.empty.text()  # type: ignore[attr-defined]
        assert view.wanted(window.controller.plan, False) == []
    kernels = window.view_panels.open("dock.kernels")
    assert kernels.wanted(window.controller.plan, False)  # weights are shown of any network
    for dock in ("dock.layers_see", "dock.one_filter", "dock.kernels"):
        window.panels[dock].hide()
