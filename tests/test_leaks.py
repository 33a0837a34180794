"""The check in conftest.py that nothing survives a test, itself checked: it fails where it should, and only there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CASES = """
import subprocess, sys, threading
import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QComboBox, QDialog, QWidget

kept = []
asleep = threading.Event()


class Sleeper(QThread):
    def run(self):
        asleep.wait(1)


def test_leaves_window(qapp):
    kept.append(QDialog(objectName="some.dialog"))


def test_leaves_timer(qapp):
    kept.append(QTimer(objectName="some.timer"))
    kept[-1].start(60_000)


def test_leaves_qthread(qapp):
    kept.append(Sleeper(objectName="some.thread"))
    kept[-1].start()


def test_leaves_thread():
    threading.Thread(target=asleep.wait, args=(1,), name="python-thread").start()


def test_leaves_process():
    kept.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))


def test_fails_and_leaves_main_window(qtbot):
    from playground.app import create_window

    window = create_window("circle", theme="dark")
    window.show()
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=30_000)
    window.session.play()
    assert window.isHidden(), "on purpose"


def test_clean_window(qtbot):
    box = QComboBox()
    qtbot.addWidget(box)
    box.addItem("one")
    box.show()
    box.showPopup()


def test_clean_cycle(qapp):
    widget = QWidget()
    widget.myself = widget


def test_clean_process():
    subprocess.run([sys.executable, "-c", "pass"], check=True)


@pytest.fixture(scope="module")
def wide(qapp):
    widget = QWidget()
    timer = QTimer(widget)
    timer.start(60_000)
    yield widget
    timer.stop()


def test_clean_with_wider_fixture(wide):
    assert wide is not None


def teardown_module():
    asleep.set()
    for thing in kept:
        if isinstance(thing, subprocess.Popen):
            thing.stdin.close()
            thing.wait()
"""


def test_each_survivor_is_named_and_nothing_else_fails(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    folder = tmp_path / "tests"
    folder.mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_cases.py").write_text(CASES, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    for case, name in {
        "window": "window QDialog 'some.dialog'",
        "timer": "running QTimer 'some.timer'",
        "qthread": "running Sleeper 'some.thread'",
        "thread": "thread python-thread",
        "process": "process ",
    }.items():
        assert f"ERROR at teardown of test_leaves_{case} " in answer.stdout, answer.stdout
        assert f"the test left behind: {name}" in answer.stdout, answer.stdout
    assert "ERROR at teardown of test_fails_and_leaves_main_window " in answer.stdout, answer.stdout
    assert "window MainWindow 'window'" in answer.stdout and "on purpose" in answer.stdout, answer.stdout
    assert "1 failed, 9 passed, 6 errors" in answer.stdout, answer.stdout + answer.stderr
    assert answer.returncode == 1, answer.stderr  # and not that of a crash
