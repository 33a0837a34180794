from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.document.errors import FileError, InvalidValueError
from engine.document.examples import load_example
from engine.document.graph import Document
from playground import screenshot
from playground.app import Reporter, create_window

PATIENCE = 30_000


def test_a_window_trains_and_leaves_no_process(qapp: QApplication, qtbot: QtBot) -> None:
    before = set(psutil.Process().children(recursive=True))
    window = create_window()
    assert isinstance(window.controller.document, Document)
    assert window.windowTitle() == "circle[*] — Neural Playground"
    window.show()
    window.session.play()  # before the process is up: it is remembered
    assert window.session.running
    qtbot.waitUntil(lambda: window.session.status is not None and window.session.status.step > 0, timeout=PATIENCE)
    started = [child for child in psutil.Process().children(recursive=True) if child not in before]
    trainers = [child for child in started if "resource_tracker" not in " ".join(child.cmdline())]
    assert len(trainers) == 1
    window.close()
    window.deleteLater()
    _, alive = psutil.wait_procs(trainers, timeout=5)
    assert not alive


def test_a_document_can_be_given(qapp: QApplication) -> None:
    document = load_example("xor").document
    window = create_window(document)
    assert window.controller.document is document
    window.close()
    window.deleteLater()


def test_what_cannot_be_opened_is_said_and_starts_nothing(qapp: QApplication, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="did you mean spiral"):
        create_window("spiraal")
    with pytest.raises(FileError, match=r"nothing\.nnp"):
        create_window(tmp_path / "nothing.nnp")


def test_an_error_nobody_expected_is_shown_once(qapp: QApplication) -> None:
    window = create_window("xor")
    reporter = Reporter(window)
    for _ in range(2):
        try:
            raise LookupError("no such thing")
        except LookupError as error:
            reporter.report(type(error), error, error.__traceback__)
    texts = [message.text for message in window.messages.messages()]
    assert texts == ["Something went wrong in the program: LookupError: no such thing"]
    assert "Traceback" in window.messages.messages()[0].detail
    window.close()
    window.deleteLater()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_picture_of_the_real_window(qapp: QApplication, tmp_path: Path, theme: str) -> None:
    out = tmp_path / "window.png"
    assert screenshot.take(out, "gauss", 0.2, theme, "messages", (1280, 720)) == 0
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1280, 720)
    corner = picture.pixelColor(2, 716)
    assert (corner.lightness() < 60) == (theme == "dark")


def test_a_picture_needs_a_known_panel_and_a_place(qapp: QApplication, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="there is no panel 'kitchen'"):
        screenshot.take(tmp_path / "window.png", "gauss", dock="kitchen")
    with pytest.raises(FileError, match="cannot be written"):
        screenshot.take(tmp_path / "missing" / "window.png", "gauss")


def test_the_window_opens_fast_because_it_loads_no_training_library() -> None:
    question = (
        "import sys, playground.app, playground.window, playground.screenshot, playground.palette; "
        "print(sorted({'torch', 'numba', 'sklearn', 'scipy'} & {name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
