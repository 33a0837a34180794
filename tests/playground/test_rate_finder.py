"""The learning-rate finder, and a run that ends by its rule, in the whole window, by clicking."""

from __future__ import annotations

import os
import signal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.catalog.schedules import Cosine
from engine.catalog.stopping import EarlyStopping, NeverStop, StopAtEpoch
from engine.document.examples import load_example
from engine.worker.headless import search_rate
from playground.app import create_window
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch, step
from widgets.rate_finder import RateFinderPanel


@pytest.fixture
def panel(window: MainWindow) -> RateFinderPanel:
    window.actions_by_id["tools.rate"].trigger()
    QApplication.processEvents()
    return window.rate_finder


def start(qtbot: QtBot, panel: RateFinderPanel) -> None:
    button = panel.button if panel.button.isVisible() else panel.empty.button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.running


def wait_for_end(qtbot: QtBot, panel: RateFinderPanel) -> None:
    qtbot.waitUntil(lambda: not panel.running, timeout=PATIENCE)


def rate(window: MainWindow) -> float:
    return window.controller.document.training.optimizer.learning_rate


def test_a_rate_is_found_and_used_while_it_trains(window: MainWindow, panel: RateFinderPanel, qtbot: QtBot) -> None:
    expected = search_rate(window.controller.document).finding.suggestions()
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) >= 3, timeout=PATIENCE)
    start(qtbot, panel)
    wait_for_end(qtbot, panel)
    assert panel.status.text().startswith("500 of 500 · ") and panel.offered() == expected.tenth_of_lowest
    before, count = step(window), epoch(window)
    qtbot.mouseClick(panel.use, Qt.MouseButton.LeftButton)
    assert rate(window) == expected.tenth_of_lowest
    qtbot.waitUntil(lambda: step(window) > before, timeout=PATIENCE)
    assert window.session.running and epoch(window) >= count  # an edit of the run, not a new one
    assert window.panels["dock.rate"].note() == ""
    window.controller.undo()
    assert rate(window) == 0.03
    window.controller.set_training_field("batch_size", (), 7, True)
    assert window.panels["dock.rate"].note() != ""
    window.controller.undo()
    window.controller.set_training_field("schedule", (), Cosine(), True)  # the search makes no use of it
    assert window.panels["dock.rate"].note() == ""
    window.controller.undo()
    window.session.pause()


def test_a_search_stops(window: MainWindow, panel: RateFinderPanel, qtbot: QtBot) -> None:
    panel.steps.set_value(10_000)
    start(qtbot, panel)
    qtbot.waitUntil(lambda: bool(panel.bar.value()), timeout=PATIENCE)
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    wait_for_end(qtbot, panel)
    assert panel.status.text().startswith("Stopped after ")


def test_what_cannot_be_searched_is_said(window: MainWindow, panel: RateFinderPanel, qtbot: QtBot) -> None:
    window.session.find_rate(1e-5, 10.0, 3, False)  # no click can ask for so few
    qtbot.waitUntil(lambda: window.panels["dock.messages"].isVisible(), timeout=PATIENCE)
    assert window.messages.messages()[0].text == "steps (=3) must lie between 20 and 10000"
    window.controller.disconnect_cards(window.controller.document.networks[0].edges[-1])
    assert panel.button.toolTip() == window.transport.play.toolTip() != ""
    window.controller.undo()
    window.panels["dock.messages"].hide()


def test_a_lost_process_interrupts_the_search(qapp: QApplication, qtbot: QtBot) -> None:
    window = create_window(load_example("circle").document)
    window.show()
    window.actions_by_id["tools.rate"].trigger()
    panel = window.rate_finder
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=PATIENCE)
    panel.steps.set_value(10_000)
    start(qtbot, panel)
    qtbot.waitUntil(lambda: bool(panel.bar.value()), timeout=PATIENCE)
    os.kill(window.session._client.process_id, signal.SIGKILL)
    wait_for_end(qtbot, panel)
    assert panel.status.text().startswith("Interrupted after ")
    window.close_without_asking()
    window.deleteLater()


def test_a_run_ends_by_its_rule_says_why_and_goes_on(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.set_training_field("stopping", (), StopAtEpoch(epoch=200), True)
    window.session.reset()
    window.session.play()
    qtbot.waitUntil(lambda: not window.session.running, timeout=PATIENCE)
    assert window.messages.messages()[0].text == "Stopped after epoch 200, as planned"
    qtbot.waitUntil(lambda: epoch(window) == 200, timeout=PATIENCE)
    assert window.transport.play.isEnabled()
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) > 220, timeout=PATIENCE)
    assert window.session.running
    window.session.pause()
    window.controller.set_training_field("stopping", (), NeverStop(), True)


def test_the_restored_weights_are_what_is_saved(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.set_training_field("stopping", (), EarlyStopping(patience=1), True)
    window.session.reset()
    window.session.play()
    qtbot.waitUntil(lambda: not window.session.running, timeout=PATIENCE)
    stopped = window.messages.messages()[0].text
    assert stopped.startswith("Stopped after epoch") and stopped.endswith("whose weights are back")
    qtbot.waitUntil(
        lambda: (snapshot := window.session.snapshot()) is not None and f"epoch {snapshot.epoch}:" in stopped,
        timeout=PATIENCE,
    )
    status = window.session.status
    assert status is not None and f"({status.evaluation.test_loss:.4g})" in stopped
    window.controller.set_training_field("stopping", (), NeverStop(), True)


def test_the_panel_waits_until_it_is_asked_for(window: MainWindow) -> None:
    window.reset_layout()
    assert window.panels["dock.rate"].isHidden()
    window.actions_by_id["tools.rate"].trigger()
    assert window.panels["dock.rate"].isVisible() and window.rate_finder.isVisible()
    window.panels["dock.rate"].close()
