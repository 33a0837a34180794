from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from playground.window import MainWindow
from tests.windows import PATIENCE, rest
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
    rest(shared_window, qtbot)
