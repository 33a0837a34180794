"""Autosave and recovery: unsaved work outlives its window, and nothing that lies there is in the way of a start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from engine.document.project import Project, load, save
from engine.export.states import snapshot_of
from playground.app import Reporter, create_window
from playground.autosave import Autosave, folder
from playground.recovery import Recovery, find
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch, weights

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def recovery(window: MainWindow) -> Iterator[Recovery]:
    """That of the window, at work in this test's folder."""
    files = window.files
    made = Recovery(files, window)
    files.recovery = made
    assert not list(folder().glob("*"))
    yield made
    files.left.emit()
    assert not list(folder().glob(f"session-{os.getpid()}-*")), "a window that is closed has nothing to recover"
    files.risky.disconnect()
    files.left.disconnect()
    if made.notice is not None:
        made.notice.hide()
        made.notice.setParent(None)
        made.notice.deleteLater()
    del files.recovery
    made.deleteLater()


def leave(seed: int = 7, name: str = "left", file: str = "", example: str = "xor") -> Path:
    """What a window that is gone has left: its autosave, and a lock that nobody holds any more."""
    path = folder() / f"session-1-{seed:08x}.nnp"
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, Project(load_example(example).document.replace(seed=seed)))
    path.with_suffix(".json").write_text(f'{{"name": "{name}", "path": "{file}"}}')
    return path


def look(recovery: Recovery, qtbot: QtBot) -> None:
    with qtbot.waitSignal(recovery._looked, timeout=PATIENCE):
        recovery.offer_again()


# --- autosave --------------------------------------------------------------------------------------------------------


def test_only_what_would_be_lost_is_kept(window: MainWindow, recovery: Recovery, tmp_path: Path) -> None:
    autosave, file = recovery.autosave, tmp_path / "mine.nnp"
    autosave.keep(at_once=True)
    assert not autosave.path.exists()
    window.files.set_place(file, "mine")
    assert window.files.save()
    saved = file.read_bytes()
    window.controller.reroll()
    autosave.keep(at_once=True)
    assert load(autosave.path).document == window.controller.document
    assert file.read_bytes() == saved, "the user's file is written by Save alone"
    assert window.files.save()
    autosave.keep(at_once=True)
    assert list(folder().glob("*")) == []


def test_it_writes_by_itself_and_only_what_is_new(window: MainWindow, recovery: Recovery, qtbot: QtBot) -> None:
    autosave = recovery.autosave
    assert not autosave.timer.isActive() and autosave.timer.interval() == 30_000
    window.controller.reroll()
    recovery.begin()
    assert autosave.timer.isActive()
    autosave.timer.setInterval(1)
    qtbot.waitUntil(autosave.path.exists, timeout=PATIENCE)
    autosave.wait()
    autosave.timer.stop()
    first = autosave.path.stat().st_ino
    autosave.keep(at_once=True)
    assert autosave.path.stat().st_ino == first, "written again though nothing changed"
    window.controller.reroll()
    autosave.keep(at_once=True)
    assert load(autosave.path).document == window.controller.document


def test_training_is_work_too(window: MainWindow, recovery: Recovery, qtbot: QtBot) -> None:
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)
    state = weights(window, qtbot)
    assert not window.isWindowModified() and window.files.has_work()
    recovery.autosave.keep(at_once=True)
    found = snapshot_of(load(recovery.autosave.path))
    assert found is not None and found.step == state.step
    for name, array in state.weights.items():
        assert found.weights[name].tobytes() == array.tobytes()


def open_another(window: MainWindow) -> None:
    QTimer.singleShot(0, discard)
    window.files.open_example("nothing of that name")


def discard() -> None:
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Discard).click()


def lose_the_engine(window: MainWindow) -> None:
    window.session.engine_changed.emit("lost")


def fail(window: MainWindow) -> None:
    Reporter(window).report(ZeroDivisionError, ZeroDivisionError("on purpose"), None)


@pytest.mark.parametrize("risk", [open_another, lose_the_engine, fail])
@pytest.mark.filterwarnings("ignore")
def test_work_is_kept_before_anything_risky(
    window: MainWindow, recovery: Recovery, risk: Callable[[MainWindow], None]
) -> None:
    window.controller.reroll()
    risk(window)
    assert load(recovery.autosave.path).document == window.controller.document
    window.reset_layout()


def test_another_project_in_its_place_leaves_nothing_to_recover(window: MainWindow, recovery: Recovery) -> None:
    window.controller.reroll()
    QTimer.singleShot(0, discard)
    window.files.open_example("xor")
    recovery.autosave.keep(at_once=True)
    assert list(folder().glob("*")) == []


def test_a_folder_that_cannot_be_written_is_said_once(window: MainWindow, recovery: Recovery, qtbot: QtBot) -> None:
    folder().parent.mkdir(parents=True, exist_ok=True)
    folder().write_text("no folder")
    window.messages.clear()
    for _ in range(3):
        window.controller.reroll()
        recovery.autosave.keep(at_once=True)
    qtbot.waitUntil(lambda: bool(window.messages.messages()))
    QApplication.processEvents()
    assert ["cannot be kept" in message.text for message in window.messages.messages()] == [True]
    folder().unlink()
    recovery.autosave.keep(at_once=True)
    assert recovery.autosave.path.exists()


def test_a_window_closed_in_good_order_leaves_nothing(qapp: QApplication) -> None:
    window = create_window("xor")
    window.files.recovery.begin()
    window.controller.reroll()
    window.files.recovery.autosave.keep(at_once=True)
    assert len(list(folder().glob("*"))) == 3
    window.close_without_asking()
    assert list(folder().glob("*")) == []
    window.deleteLater()


# --- recovery --------------------------------------------------------------------------------------------------------


def test_work_of_a_process_that_was_killed_is_recovered(window: MainWindow, recovery: Recovery, qtbot: QtBot) -> None:
    script = (
        "import os, signal\n"
        "from PySide6.QtWidgets import QApplication\n"
        "application = QApplication([])\n"
        "from playground.app import create_window\n"
        "window = create_window('xor')\n"
        "window.controller.set_seed(77)\n"
        "window.files.recovery.autosave.keep(at_once=True)\n"
        "print('kept', flush=True)\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        assert len(list(folder().glob("*.nnp"))) == 1
        assert find() == ([], []), "the work of a window that lives is its own"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    look(recovery, qtbot)
    notice = recovery.notice
    assert notice is not None and notice.isVisible()
    assert "“xor”" in notice.text()
    assert find() == ([], []), "two windows offer the same work"
    [path] = folder().glob("*.nnp")
    qtbot.mouseClick(notice.buttons()[0], Qt.MouseButton.LeftButton)
    assert window.controller.document == load_example("xor").document.replace(seed=77)
    assert window.isWindowModified() and window.files.name() == "xor"
    assert not path.exists() and load(recovery.autosave.path).document == window.controller.document
    assert not notice.isVisible()


def test_work_of_a_file_is_recovered_as_that_files(
    window: MainWindow, recovery: Recovery, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "mine.nnp"
    save(file, Project(load_example("xor").document))
    before = file.read_bytes()
    leave(7, "mine", str(file))
    look(recovery, qtbot)
    assert recovery.notice is not None
    qtbot.mouseClick(recovery.notice.buttons()[0], Qt.MouseButton.LeftButton)
    assert window.files.path() == file and window.isWindowModified()
    assert file.read_bytes() == before
    assert window.files.save()
    assert load(file).document.seed == 7


def test_each_can_be_discarded_or_left_for_later(window: MainWindow, recovery: Recovery, qtbot: QtBot) -> None:
    paths = [leave(seed, f"work {seed}") for seed in (1, 2, 3)]
    for age, path in enumerate(paths):
        os.utime(path, (1_000_000_000 - age, 1_000_000_000 - age))
    look(recovery, qtbot)
    notice = recovery.notice
    assert notice is not None
    assert "work 1" in notice.text() and "2 more" in notice.text()
    qtbot.mouseClick(notice.buttons()[1], Qt.MouseButton.LeftButton)
    assert not paths[0].exists() and "work 2" in notice.text()
    qtbot.mouseClick(notice.buttons()[2], Qt.MouseButton.LeftButton)
    assert not notice.isVisible() and paths[1].exists() and paths[2].exists()
    assert window.controller.document == load_example("circle").document
    window.actions_by_id["file.recover"].trigger()
    qtbot.waitUntil(notice.isVisible, timeout=PATIENCE)
    assert "work 2" in notice.text()


def test_nothing_to_recover_is_said_when_asked_for(window: MainWindow, recovery: Recovery, qtbot: QtBot) -> None:
    window.messages.clear()
    look(recovery, qtbot)
    assert "no unsaved work" in window.messages.messages()[0].text
    assert recovery.notice is None


def test_unsaved_changes_are_asked_about_before_work_is_recovered(
    window: MainWindow, recovery: Recovery, qtbot: QtBot
) -> None:
    leave()
    window.controller.reroll()
    before = window.controller.document
    look(recovery, qtbot)
    assert recovery.notice is not None

    def cancel() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.button(QMessageBox.StandardButton.Cancel).click()

    QTimer.singleShot(0, cancel)
    qtbot.mouseClick(recovery.notice.buttons()[0], Qt.MouseButton.LeftButton)
    assert window.controller.document == before
    assert recovery.notice.isVisible()


@pytest.mark.parametrize("content", [b"", b"PK", b"\0" * 5000, None], ids=["empty", "cut", "zeros", "truncated"])
def test_a_damaged_autosave_is_put_aside_with_one_message(
    window: MainWindow, recovery: Recovery, qtbot: QtBot, content: bytes | None
) -> None:
    broken, whole = leave(1, "broken"), leave(2, "whole")
    raw = broken.read_bytes()
    broken.write_bytes(raw[: len(raw) // 2] if content is None else content)
    window.messages.clear()
    look(recovery, qtbot)
    messages = window.messages.messages()
    assert len(messages) == 1 and "put aside" in messages[0].text
    assert messages[0].detail == str(folder() / "damaged" / broken.name) and Path(messages[0].detail).exists()
    assert recovery.notice is not None and "whole" in recovery.notice.text()
    assert not broken.exists() and whole.exists()


@pytest.mark.parametrize("note", ["", "[]", "{", '{"name": 3}', '{"name": "a\\nb", "path": "/etc/passwd"}', "[" * 9999])
def test_a_damaged_note_costs_the_name_alone(note: str) -> None:
    path = leave()
    path.with_suffix(".json").write_text(note)
    found, damaged = find()
    assert damaged == [] and [(item.name, item.file) for item in found] == [("", None)]


def test_what_is_of_no_use_is_cleared_away_and_what_is_foreign_is_left() -> None:
    folder().mkdir(parents=True)
    useless = ["session-9-a.json", ".session-9-a.nnp.xyz.tmp", "session-8-b.lock"]
    foreign = ["notes.txt", "mine.nnp"]
    for name in (*useless, *foreign):
        (folder() / name).write_text("")
        os.utime(folder() / name, (1e9, 1e9))
    assert find() == ([], [])
    assert sorted(os.listdir(folder())) == sorted(foreign)


def test_a_lock_without_content_is_nobodys_once_it_is_old() -> None:
    path = leave()
    lock = path.with_suffix(".lock")
    lock.write_text("")
    assert find() == ([], []), "a window may be about to fill it"
    os.utime(lock, (1e9, 1e9))
    assert [item.path for item in find()[0]] == [path]


def test_the_lock_of_another_window_is_respected() -> None:
    path = leave()
    held = QLockFile(str(path.with_suffix(".lock")))
    assert held.tryLock(0)
    assert find() == ([], [])
    held.unlock()
    found, _ = find()
    assert [item.path for item in found] == [path]


def test_two_windows_of_one_process_have_files_of_their_own(window: MainWindow, recovery: Recovery) -> None:
    other = Autosave(window.files, window)
    window.controller.reroll()
    for autosave in (other, recovery.autosave):
        autosave.keep(at_once=True)
    assert other.path != recovery.autosave.path and other.path.exists() and recovery.autosave.path.exists()
    other.end()
    assert not other.path.exists() and recovery.autosave.path.exists()
    other.deleteLater()
