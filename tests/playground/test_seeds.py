"""Many seeds in the whole window, by clicking."""

from __future__ import annotations

import os
import signal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from engine.worker.messages import SeedsProgress, StudySeeds
from playground.app import create_window
from playground.window import MainWindow
from playground.worker_process import WorkerProcess
from tests.windows import PATIENCE, epoch, step
from widgets.controls import NumberField
from widgets.seeds import SeedsPanel


@pytest.fixture
def panel(window: MainWindow) -> SeedsPanel:
    window.actions_by_id["tools.seeds"].trigger()
    QApplication.processEvents()
    return window.seeds


def enter(qtbot: QtBot, field: NumberField, number: int) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, str(number))
    qtbot.keyClick(field, Qt.Key.Key_Return)


def click_start(qtbot: QtBot, panel: SeedsPanel) -> None:
    button = panel.button if panel.button.isVisible() else panel.empty.button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.running


def wait_for_end(qtbot: QtBot, panel: SeedsPanel) -> None:
    qtbot.waitUntil(lambda: not panel.running, timeout=PATIENCE)


def test_thirty_seeds_by_clicking_while_it_trains(window: MainWindow, panel: SeedsPanel, qtbot: QtBot) -> None:
    assert panel.epochs.number() == window.controller.document.training.epochs == 300
    window.session.play()
    qtbot.waitUntil(lambda: epoch(window) >= 3, timeout=PATIENCE)
    before = step(window)
    enter(qtbot, panel.count, 30)
    enter(qtbot, panel.epochs, 50)
    click_start(qtbot, panel)
    wait_for_end(qtbot, panel)
    assert panel.status.text().startswith("30 of 30 · ")
    solved, others = panel.histogram.counts()
    assert solved.sum() + others.sum() == 30 and solved.any() and others.any()
    assert panel.verdict.text() == f"{100 * solved.sum() / 30:.0f} % reached test accuracy ≥ 90 %"
    assert panel.mean.isVisible() and panel.disagreement.isVisible()
    qtbot.waitUntil(lambda: step(window) > before, timeout=PATIENCE)
    assert window.session.running


def test_a_study_stops(window: MainWindow, panel: SeedsPanel, qtbot: QtBot) -> None:
    enter(qtbot, panel.count, 1000)
    enter(qtbot, panel.epochs, 2000)
    click_start(qtbot, panel)
    qtbot.waitUntil(lambda: panel.histogram.counts()[0].any(), timeout=PATIENCE)
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    wait_for_end(qtbot, panel)
    assert panel.status.text().startswith("Stopped after ")
    assert 0 < sum(part.sum() for part in panel.histogram.counts()) < 1000


def test_a_study_goes_on_when_the_network_changes(window: MainWindow, panel: SeedsPanel, qtbot: QtBot) -> None:
    enter(qtbot, panel.count, 1000)
    enter(qtbot, panel.epochs, 300)
    click_start(qtbot, panel)
    qtbot.waitUntil(lambda: panel.histogram.counts()[0].any(), timeout=PATIENCE)
    note = window.panels["dock.seeds"].note
    assert note() == ""
    window.controller.append_layer("Dense")
    assert note() == "of the network before it was changed"
    reached = panel.bar.value()
    qtbot.waitUntil(lambda: panel.bar.value() > reached, timeout=PATIENCE)
    window.controller.undo()
    assert note() == ""
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    wait_for_end(qtbot, panel)


def test_a_lost_process_interrupts_the_study(qapp: QApplication, qtbot: QtBot) -> None:
    window = create_window("circle", theme="dark")
    window.show()
    window.open_seeds()
    QApplication.processEvents()
    panel = window.seeds
    enter(qtbot, panel.count, 1000)
    enter(qtbot, panel.epochs, 2000)
    click_start(qtbot, panel)
    qtbot.waitUntil(lambda: panel.histogram.counts()[0].any(), timeout=PATIENCE)
    os.kill(window.session._client.process_id, signal.SIGKILL)
    wait_for_end(qtbot, panel)
    assert panel.status.text().startswith("Interrupted after ")
    enter(qtbot, panel.count, 3)
    enter(qtbot, panel.epochs, 3)
    click_start(qtbot, panel)
    wait_for_end(qtbot, panel)
    assert panel.status.text().startswith("3 of 3 · ")
    window.close_without_asking()
    window.deleteLater()


def test_what_cannot_be_studied_is_said(window: MainWindow, panel: SeedsPanel, qtbot: QtBot) -> None:
    window.session.study(5000, 1)  # no click can ask for so many
    qtbot.waitUntil(lambda: window.panels["dock.messages"].isVisible(), timeout=PATIENCE)
    assert window.messages.messages()[0].text == "seeds (=5000) must lie between 1 and 1000"
    window.controller.delete_link()
    window.controller.disconnect_cards(window.controller.document.networks[0].edges[-1])
    assert panel.button.toolTip() == window.transport.play.toolTip() != ""
    window.controller.undo()
    window.panels["dock.messages"].hide()


def test_the_epochs_offered_follow_the_document(window: MainWindow, panel: SeedsPanel) -> None:
    window.controller.set_training_field("epochs", (), 40, True)
    assert panel.epochs.number() == 40
    window.controller.open(load_example("spiral").document)
    assert panel.epochs.number() == window.controller.document.training.epochs


def test_the_panel_waits_until_it_is_asked_for(window: MainWindow) -> None:
    window.reset_layout()
    assert window.panels["dock.seeds"].isHidden()
    window.actions_by_id["tools.seeds"].trigger()
    assert window.panels["dock.seeds"].isVisible() and window.seeds.isVisible()
    window.panels["dock.seeds"].close()


def test_a_process_that_shall_end_ends_in_the_middle_of_a_study(qtbot: QtBot) -> None:
    process = WorkerProcess()
    process.send(StudySeeds(1, load_example("circle").document, 1000, 100_000))
    qtbot.waitUntil(lambda: any(isinstance(message, SeedsProgress) for message in process.receive()), timeout=PATIENCE)
    process.stop()
    assert process.exit_code == 0
