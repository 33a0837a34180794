"""The whole window with its training process, offscreen, and what tests ask of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.training.trainer import Snapshot
from playground.app import create_window
from playground.window import MainWindow

PATIENCE = 30_000
"""Milliseconds; the training process imports PyTorch first."""


@pytest.fixture(scope="module")
def shared_window(qapp: QApplication) -> Iterator[MainWindow]:
    made = create_window("circle", theme="dark")
    made.show()
    made.curves.show()  # they would come with the first test, which would be blamed for what they hold
    yield made
    made.close_without_asking()
    made.deleteLater()


def epoch(window: MainWindow) -> int:
    return 0 if window.session.status is None else window.session.status.epoch


def step(window: MainWindow) -> int:
    return -1 if window.session.status is None else window.session.status.step


def weights(window: MainWindow, qtbot: QtBot) -> Snapshot:
    """The newest snapshot, once it is as new as what is shown."""
    qtbot.waitUntil(
        lambda: (newest := window.session.snapshot()) is not None and newest.step == step(window), timeout=PATIENCE
    )
    snapshot = window.session.snapshot()
    assert snapshot is not None
    return snapshot


def rest(window: MainWindow, qtbot: QtBot) -> None:
    """Pause and wait until nothing moves: a last frame is on its way, and links are drawn a few at a time."""
    window.session.pause()
    window.controller.looks.stop()
    timers = [*window.canvas.findChildren(QTimer), *window.inspector.findChildren(QTimer)]

    def is_still() -> bool:
        status = window.session.status
        shown = window.inspector.selection() == window.controller.selection  # it may follow an edit later
        return (status is None or not status.running) and shown and not any(timer.isActive() for timer in timers)

    qtbot.waitUntil(is_still, timeout=PATIENCE)
