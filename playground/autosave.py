"""Work that is in no file yet, kept in the user's state folder: what a crash or a power cut may cost is half a minute.

Each window has a file of its own there, and a lock that says that the window is alive. The user's file is not touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, QStandardPaths, QTimer, Signal

from engine.document.errors import FileError, PlaygroundError
from engine.document.graph import Document
from engine.document.project import SUFFIX, save
from engine.export.states import project_of
from engine.training.trainer import Snapshot
from playground.words import sentence

if TYPE_CHECKING:
    from playground.files import Files

INTERVAL_MS = 30_000
PREFIX = "session-"
LOCK, NOTE = ".lock", ".json"
"""What lies beside an autosave: the lock of its window, and where the work came from."""
_LEAST_IDLE = 20
"""Between two writes passes at least so many times what a write takes, however large the network is."""


def folder() -> Path:
    """Where autosaves are kept."""
    base = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericStateLocation)
    return Path(base) / "neural-playground" / "autosave"


def lock_of(path: Path) -> QLockFile:
    """The lock of an autosave, not yet taken. One whose process is gone can be taken, however fresh it is."""
    lock = QLockFile(str(path.with_suffix(LOCK)))
    lock.setStaleLockTime(0)
    return lock


def remove(path: Path) -> None:
    """Remove an autosave and what lies beside it, but for its lock."""
    for part in (path, path.with_suffix(NOTE)):
        with contextlib.suppress(OSError):
            part.unlink()


class Autosave(QObject):
    """Writes the unsaved work of one window every half minute and when asked to, in a thread of its own."""

    failed = Signal(str)
    """Why it could not be written; said once until it can be again."""

    def __init__(self, files: Files, parent: QObject) -> None:
        super().__init__(parent)
        self._files = files
        self.path = folder() / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        """The file of this window."""
        self._lock: QLockFile | None = None
        self._written: tuple[Document, int] | None = None
        self._thread: Thread | None = None
        self._took = 0.0
        self._has_failed = False
        self.timer = QTimer(self, interval=INTERVAL_MS)
        self.timer.timeout.connect(self.keep)

    def begin(self) -> None:
        """Write every half minute from now on."""
        self.timer.start()

    def keep(self, at_once: bool = False) -> None:
        """Write what has changed since the last time; remove the file where nothing would be lost.

        With `at_once` it is written when this returns.
        """
        self.wait()
        self.timer.setInterval(max(INTERVAL_MS, round(1000 * _LEAST_IDLE * self._took)))
        if not self._files.has_work():
            self._remove()
            return
        document, snapshot = self._files.present()
        state = document, 0 if snapshot is None else snapshot.step
        if self._written is not None and self._written[0] is document and self._written == state:
            return
        self._written = state
        note = {"name": self._files.name(), "path": str(self._files.path() or "")}
        self._thread = Thread(target=self._write, args=(document, snapshot, note), name="autosave", daemon=True)
        self._thread.start()
        if at_once:
            self.wait()

    def wait(self) -> None:
        """Until the write that is under way, if any, is done."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def end(self) -> None:
        """The window is closed in good order: nothing is left to be recovered."""
        self.timer.stop()
        self.wait()
        self._remove()

    def _write(self, document: Document, snapshot: Snapshot | None, note: dict[str, str]) -> None:
        start = perf_counter()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._lock is None:
                lock = lock_of(self.path)
                if not lock.tryLock(0):
                    raise FileError("{folder} takes no lock", folder=str(self.path.parent))
                self._lock = lock
            self.path.with_suffix(NOTE).write_text(json.dumps(note), "utf-8")
            save(self.path, project_of(document, snapshot))
        except PlaygroundError as error:
            self._fail(sentence(error.sentence))
        except OSError as error:
            self._fail(error.strerror or str(error))
        else:
            self._has_failed = False
        self._took = perf_counter() - start

    def _fail(self, reason: str) -> None:
        self._written = None
        if not self._has_failed:
            self.failed.emit(reason)
        self._has_failed = True

    def _remove(self) -> None:
        self._written = None
        if self._lock is not None:
            remove(self.path)
            self._lock.unlock()
            self._lock = None
