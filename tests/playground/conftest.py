from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from playground.window import MainWindow
from tests.windows import PATIENCE
from tests.windows import shared_window as shared_window


@pytest.fixture
def window(shared_window: MainWindow, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window with the example "circle" at epoch 0, its process up."""
    shared_window.session.pause()
    shared_window.controller.open(load_example("circle").document)
    shared_window.files.set_place(None, "circle")
    shared_window.activateWindow()
    qtbot.waitUntil(lambda: shared_window.session.status is not None, timeout=PATIENCE)
    yield shared_window
    shared_window.session.pause()
    shared_window.controller.looks.stop()
    # The last frame of the run is on its way; links that it changes are drawn a few at a time.
    timers = shared_window.canvas.findChildren(QTimer)

    def at_rest() -> bool:
        status = shared_window.session.status
        shown = shared_window.inspector.selection() == shared_window.controller.selection  # it may follow an edit later
        return (status is None or not status.running) and shown and not any(timer.isActive() for timer in timers)

    qtbot.waitUntil(at_rest, timeout=PATIENCE)
