"""The program itself, killed in the middle of unsaved work: the next start offers it, once it has been seen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from engine.document.examples import load_example
from engine.document.project import load
from playground.autosave import folder

ROOT = Path(__file__).resolve().parents[2]

HEAD = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

application = QApplication([])

def window():
    return next((top for top in QApplication.topLevelWidgets() if top.objectName() == "window"), None)

def look():
    if window() is not None and "recovery" in vars(window().files):
        step(window())

timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
"""

WORK = """
def step(window):
    autosave = window.files.recovery.autosave
    if window.controller.document.seed != 77:
        assert autosave.timer.isActive()
        window.controller.set_seed(77)
        autosave.timer.setInterval(10)
    elif autosave.path.exists():
        print("kept", flush=True)
"""

ANSWER = """
def step(window):
    recovery = window.files.recovery
    if recovery.notice is not None and recovery.notice.isVisible():
        timer.stop()
        print(recovery.notice.text(), window.controller.document.seed, flush=True)
        recovery.notice.buttons()[0].click()
        print(window.controller.document.seed, window.files.name(), flush=True)
        window.close_without_asking()
"""

RUN = """
from playground import app
if __name__ == "__main__":
    sys.exit(app.run("xor"))
"""


def start(tmp_path: Path, what: str) -> subprocess.Popen[str]:
    script = tmp_path / "script.py"
    script.write_text(HEAD + what + RUN)
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    return subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    )


def test_work_of_a_program_that_was_killed_is_offered_at_the_next_start(tmp_path: Path) -> None:
    with start(tmp_path, WORK) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "kept\n"
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    [kept] = folder().glob("*.nnp")
    assert load(kept).document == load_example("xor").document.replace(seed=77)
    with start(tmp_path, ANSWER) as second:
        out, _ = second.communicate(timeout=120)
        lines = out.splitlines()
    assert second.returncode == 0
    assert "Unsaved work of “xor”" in lines[0] and lines[0].endswith(" 1"), "offered, and the start not held up by it"
    assert lines[1] == "77 xor"
    assert list(folder().glob("*")) == [], "closed in good order"
