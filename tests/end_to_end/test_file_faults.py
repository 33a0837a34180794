"""Files that attack, savers that are killed, disks that fail: a sentence each time, and no file but whole ones."""

from __future__ import annotations

import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.document.errors import FileError
from engine.document.examples import load_example
from engine.document.project import load, save
from playground.window import MainWindow
from tests.end_to_end import hostile
from tests.end_to_end.display import ROOT
from tests.end_to_end.file_child import two_projects
from tests.windows import PATIENCE

ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measures memory as Linux shows it")
A_PART, PARTS = 500, 20
"""Hostile files of one test, and how many such tests there are; all but the first are for `make check-long`."""
LARGEST_GROWTH = 200 * 2**20
"""Bytes of memory that opening one file may take at its worst; the largest of these would unpack to 256 MiB."""
KILLS = 200
FEWEST_HITS = 20
"""Kills that have to fall into the middle of a save, or the test would show nothing."""
OLD, NEW = two_projects()


def in_a_child(*words: object) -> dict[str, Any]:
    """What `tests.end_to_end.file_child` found."""
    command = [sys.executable, "-W", "error", "-m", "tests.end_to_end.file_child", *map(str, words)]
    # Else memory that was freed would be kept for the next file, which would not be seen to need any.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    environment.pop("PLAYGROUND_DATA", None)  # a project that names published images is right to read them
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# --- hostile files ---------------------------------------------------------------------------------------------------


@ON_LINUX
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, PARTS))])
def test_hostile_files_open_or_give_one_sentence(part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = in_a_child("open", tmp_path, part * A_PART, A_PART)
    kinds = found["kinds"]
    with capsys.disabled():
        opened = sum(came.get("opened", 0) for came in kinds.values())
        print(f"\n{A_PART} hostile files: {opened} opened, memory grew by {found['growth'] / 2**20:.0f} MiB at most")
    assert found["wrong"] == []
    assert found["touched"] == []
    assert found["files"] == ["hostile.nnp"]
    assert found["growth"] < LARGEST_GROWTH
    assert sum(sum(came.values()) for came in kinds.values()) == A_PART
    assert len(kinds) == len(hostile.KINDS)
    assert all(came.get("refused", 0) > 0 for came in kinds.values())


@ON_LINUX
def test_what_a_hostile_file_must_not_do_is_heard(tmp_path: Path) -> None:
    heard = in_a_child("forbidden", tmp_path)["heard"]
    assert len(heard) == 7 and all(heard)


# --- killed while saving ---------------------------------------------------------------------------------------------


class Saver:
    """A process that saves for ever, and is started again after each kill."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "mine.nnp"
        command = [sys.executable, "-m", "tests.end_to_end.file_child", "save", str(folder)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._hear() == "ready"

    def _hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def strays(self) -> list[Path]:
        """What saves that were killed have left."""
        return [path for path in self.path.parent.iterdir() if path != self.path]

    def kill_at_some_moment(self, rng: random.Random, first: int) -> bool:
        """Start it, end it after a while of watching the folder; returns whether it was in the middle of a save.

        It saves the `first` of the projects first.
        """
        assert self.process.stdin is not None
        before = set(self.strays())
        self.process.stdin.write(f"{first}\n")
        saver = int(self._hear())
        if rng.random() < 0.7:
            while not set(self.strays()) - before:  # its first temporary file
                pass
        for _ in range(rng.choice([0, 1, 5, 20, 100, 400])):
            self.path.exists()
        os.kill(saver, signal.SIGKILL)
        assert self._hear() == "ended"
        return bool(set(self.strays()) - before)

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def saver(tmp_path: Path) -> Iterator[Saver]:
    made = Saver(tmp_path)
    yield made
    made.close()


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_a_save_that_is_killed_leaves_the_old_file_or_the_new(saver: Saver, capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(5)
    hits, found = 0, []
    for kill in range(KILLS):
        hits += saver.kill_at_some_moment(rng, kill % 2)
        project = load(saver.path)
        assert project in (OLD, NEW)
        found.append(project == OLD)
    with capsys.disabled():
        print(f"\n{KILLS} kills, {hits} in the middle of a save; the first of two projects {sum(found)} times")
    assert hits >= FEWEST_HITS and FEWEST_HITS <= sum(found) <= KILLS - FEWEST_HITS
    left = saver.strays()
    assert len(left) == hits
    for path in left:
        os.utime(path, (1, 1))
    save(saver.path, OLD)
    assert saver.strays() == []
    assert load(saver.path) == OLD


# --- a disk that fails -----------------------------------------------------------------------------------------------


class Disk:
    """Counts everything that a save asks of the disk, and fails one of these calls."""

    CALLS = ("open", "fdopen", "fsync", "chmod", "replace")

    def __init__(self, patch: pytest.MonkeyPatch, fails_at: int | str, number: int) -> None:
        """The call fails that is the so many-th, or the first of that name."""
        self.calls: list[str] = []
        self.failed = False
        self._fails_at, self._number = fails_at, number
        for name in self.CALLS:
            patch.setattr(os, name, self._counted(name, getattr(os, name)))
        patch.setattr(tempfile, "mkstemp", self._counted("mkstemp", tempfile.mkstemp))

    def note(self, name: str) -> None:
        """One more call; raises if it is the one that fails."""
        self.calls.append(name)
        if self._fails_at == len(self.calls) or (self._fails_at == name and not self.failed):
            self.failed = True
            raise OSError(self._number, os.strerror(self._number))

    def _counted(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.note(name)
            if name == "fdopen":
                return io.BufferedWriter(_Raw(self, arguments[0]), 4096)
            return original(*arguments, **named)

        return call


class _Raw(io.FileIO):
    """The file itself: what the buffer hands on is a write."""

    def __init__(self, disk: Disk, handle: int) -> None:
        super().__init__(handle, "wb")
        self._disk = disk

    def write(self, content: Any, /) -> int:
        self._disk.note("write")
        return super().write(content)


def calls_of_a_save(path: Path) -> list[str]:
    """What a save that succeeds asks of the disk, in order."""
    with pytest.MonkeyPatch.context() as patch:
        disk = Disk(patch, 0, 0)
        save(path, NEW)
    return disk.calls


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_whichever_call_fails_the_file_is_whole_and_it_is_said(tmp_path: Path, number: int) -> None:
    path = tmp_path / "mine.nnp"
    calls = calls_of_a_save(path)
    assert calls.count("write") > 3 and {"mkstemp", "fsync", "replace"} <= set(calls)
    assert calls.index("fsync") < calls.index("replace"), (
        "the new file is on the disk before it takes the old one's place"
    )
    done = calls.index("replace") + 1  # from here on the new file stands there; what is left makes it last
    for fails_at in range(1, len(calls) + 1):
        save(path, OLD)
        with pytest.MonkeyPatch.context() as patch:
            disk = Disk(patch, fails_at, number)
            with pytest.raises(FileError) as caught:
                save(path, NEW)
        assert disk.failed
        assert str(caught.value) == f"{path} cannot be saved: {os.strerror(number)}"
        assert load(path) == (OLD if fails_at <= done else NEW), calls[fails_at - 1]
        assert os.listdir(tmp_path) == ["mine.nnp"]


STAGES = ("mkstemp", "write", "fsync", "replace")


@pytest.mark.parametrize("stage", STAGES)
def test_the_window_says_that_the_disk_failed_and_goes_on(
    shared_window: MainWindow, qtbot: QtBot, tmp_path: Path, stage: str
) -> None:
    window = shared_window
    window.controller.open(load_example("circle").document)
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=PATIENCE)
    path = tmp_path / "mine.nnp"
    window.files.set_place(path, "mine")
    assert window.files.save()
    before = path.read_bytes()
    window.controller.reroll()
    said = len(window.messages.messages())
    with pytest.MonkeyPatch.context() as patch:
        disk = Disk(patch, stage, errno.ENOSPC)
        window.actions_by_id["file.save"].trigger()
    assert disk.failed
    assert path.read_bytes() == before
    assert window.controller.history.modified
    messages = window.messages.messages()
    assert len(messages) == said + 1
    assert any(f"{path} cannot be saved: {os.strerror(errno.ENOSPC)}" in message.text for message in messages)
    assert window.panels["dock.messages"].isVisible()
    window.actions_by_id["file.save"].trigger()
    assert not window.controller.history.modified
    assert load(path).document == window.controller.document
    window.reset_layout()
