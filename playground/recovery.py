"""Unsaved work of a window that did not end in good order: found after the start, offered, and never in the way."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, QLockFile, QObject, Signal
from PySide6.QtWidgets import QBoxLayout

from engine.document.errors import FileError, PlaygroundError
from engine.document.project import SUFFIX, load
from engine.export.states import snapshot_of
from playground.autosave import NOTE, PREFIX, Autosave, folder, lock_of, remove
from playground.words import sentence
from widgets.notice import Notice

if TYPE_CHECKING:
    from playground.files import Files
    from playground.window import MainWindow

_DAMAGED = "damaged"
"""The folder, beside the autosaves, of those that cannot be read."""
_LARGEST_NOTE = 2**16
_UNREADABLE_MS = 60_000
"""Age from which a lock that names no process is nobody's."""


@dataclass(frozen=True)
class Found:
    """Work that can be recovered. Its lock is held, so that no other window offers it too."""

    path: Path
    lock: QLockFile
    name: str
    file: Path | None
    """The user's file that it belongs to."""
    time: QDateTime


def find() -> tuple[list[Found], list[tuple[str, str]]]:
    """What windows that are gone have left, newest first, and why the rest of it could not be read.

    What cannot be read is put aside, and named with its new place.
    """
    found: list[Found] = []
    damaged: list[tuple[str, str]] = []
    for path, lock in _left(folder()):
        try:
            load(path)
        except FileError as error:
            damaged.append((_put_aside(path), sentence(error.sentence)))
            lock.unlock()
            continue
        name, file = _note(path)
        time = QDateTime.fromMSecsSinceEpoch(int(1000 * path.stat().st_mtime))
        found.append(Found(path, lock, name, file, time))
    return sorted(found, key=lambda item: item.time.toMSecsSinceEpoch(), reverse=True), damaged


def _left(place: Path) -> Iterator[tuple[Path, QLockFile]]:
    """The autosaves whose windows are gone, each with its lock, held; what is of no use to anybody is removed."""
    try:
        names = sorted(entry.name for entry in place.iterdir() if PREFIX in entry.name)
    except OSError:
        return
    for stem in sorted({name.lstrip(".").partition(".")[0] for name in names}):
        path = place / (stem + SUFFIX)
        lock = lock_of(path)
        if not _take(lock):
            continue
        for name in names:
            if name.startswith(f".{stem}{SUFFIX}."):  # a write that was cut short
                with contextlib.suppress(OSError):
                    (place / name).unlink()
        if path.is_file():
            yield path, lock
        else:
            remove(path)
            lock.unlock()


def _take(lock: QLockFile) -> bool:
    """Take the lock of a window that is gone; False while the window lives."""
    if lock.tryLock(0):
        return True
    if lock.getLockInfo()[0]:
        return False
    # A power cut may have left a lock without content, and so may a process that is about to fill it.
    lock.setStaleLockTime(_UNREADABLE_MS)
    return lock.tryLock(0)


def _note(path: Path) -> tuple[str, Path | None]:
    """Name and file that an autosave belongs to; "" and None where that cannot be read."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        with path.with_suffix(NOTE).open("rb") as stream:
            note = json.loads(stream.read(_LARGEST_NOTE))
        if isinstance(note, dict) and all(isinstance(note.get(key), str) for key in ("name", "path")):
            name = note["name"] if note["name"].isprintable() else ""
            file = Path(note["path"]) if note["path"] else None
            return name[:80], file if file is None or file.suffix == SUFFIX else None
    return "", None


def _put_aside(path: Path) -> str:
    """Move a damaged autosave out of the way; where it is now."""
    place = path.parent / _DAMAGED / path.name
    try:
        place.parent.mkdir(exist_ok=True)
        path.replace(place)
    except OSError:
        return str(path)
    path.with_suffix(NOTE).unlink(missing_ok=True)
    return str(place)


class Recovery(QObject):
    """Keeps the work of its window, and offers what others have left."""

    _looked = Signal(object, object)

    def __init__(self, files: Files, window: MainWindow) -> None:
        super().__init__(window)
        self._files = files
        self._window = window
        self._found: list[Found] = []
        self._asked = self._ended = False
        self._thread: Thread | None = None
        self._notice: Notice | None = None
        self.autosave = Autosave(files, self)
        self.autosave.failed.connect(self._say_failure)
        self._looked.connect(self._offer)
        files.risky.connect(lambda: self.autosave.keep(at_once=True))
        files.left.connect(self._end)
        window.session.engine_changed.connect(self._on_engine)

    def begin(self) -> None:
        """Keep the work from now on, and offer what was left."""
        self.autosave.begin()
        self._look()

    def offer_again(self) -> None:
        """Offer what was left, once more; say so if nothing was."""
        self._asked = True
        self._look()

    @property
    def notice(self) -> Notice | None:
        """The notice that offers, once something was offered."""
        return self._notice

    def wait(self) -> None:
        """Until the look for what was left is over; what was found is offered by the event loop."""
        if self._thread is not None:
            self._thread.join()

    # --- looking -------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        if self._found or (self._thread is not None and self._thread.is_alive()):
            return
        self._thread = Thread(target=lambda: self._looked.emit(*find()), name="recovery", daemon=True)
        self._thread.start()

    def _offer(self, found: list[Found], damaged: list[tuple[str, str]]) -> None:
        for place, reason in damaged:
            text = self.tr("An autosave could not be read and was put aside: {reason}").format(reason=reason)
            self._window.message("warning", text, place)
        self._found = found
        if self._ended:
            self._later()
        if self._asked and not found and not damaged:
            self._window.message("info", self.tr("There is no unsaved work to recover"))
        self._asked = False
        self._show_next()

    def _show_next(self) -> None:
        if not self._found:
            return
        if self._notice is None:
            self._notice = Notice()
            self._notice.setObjectName("recovery")
            self._notice.setAccessibleName(self.tr("Unsaved work"))
            self._notice.chosen.connect(self._on_chosen)
            self._notice.closed.connect(self._later)
            center = self._window.centralWidget()
            column = center.layout() if center is not None else None
            assert isinstance(column, QBoxLayout)
            column.insertWidget(0, self._notice)
        item = self._found[0]
        today = item.time.date() == QDateTime.currentDateTime().date()
        time = item.time.time() if today else item.time
        moment = QLocale().toString(time, QLocale.FormatType.ShortFormat)
        name = item.name or self.tr("untitled")
        text = self.tr("Unsaved work of “{name}”, from {time}, was kept when its window did not close in good order.")
        said = text.format(name=name, time=moment)
        if len(self._found) > 1:
            said += " " + self.tr("%n more after it.", "", len(self._found) - 1)
        self._notice.show_notice("info", said, [self.tr("Recover"), self.tr("Discard"), self.tr("Later")])
        for button, part in zip(self._notice.buttons(), ("recover", "discard", "later"), strict=True):
            button.setObjectName(f"recovery.{part}")

    # --- answers -------------------------------------------------------------------------------------------------

    def _on_chosen(self, number: int) -> None:
        if number == 0:
            self._recover()
        elif number == 1:
            item = self._found.pop(0)
            remove(item.path)
            item.lock.unlock()
            self._show_next()
        else:
            self._later()

    def _later(self) -> None:
        """Leave what is left where it is; the next start offers it again."""
        for item in self._found:
            item.lock.unlock()
        self._found = []

    def _recover(self) -> None:
        """Open the work that is offered. It stays on disk until this window has kept it too."""
        if not self._files.may_go_on():
            self._show_next()
            return
        item = self._found.pop(0)
        try:
            project = load(item.path)
        except PlaygroundError as error:
            self._window.message("error", sentence(error.sentence))
            item.lock.unlock()
            self._show_next()
            return
        try:
            snapshot = snapshot_of(project)
        except PlaygroundError as error:
            snapshot = None
            self._window.message("warning", sentence(error.sentence))
        self._files.take_recovered(project.document, snapshot, item.file, item.name)
        self.autosave.keep(at_once=True)
        if self.autosave.path.is_file():
            remove(item.path)
        item.lock.unlock()
        self._show_next()

    # --- what else happens ---------------------------------------------------------------------------------------

    def _on_engine(self, engine: str) -> None:
        if engine == "lost":  # what follows is a new process
            self.autosave.keep(at_once=True)

    def _say_failure(self, reason: str) -> None:
        text = self.tr("Unsaved work cannot be kept for the case of a crash: {reason}")
        self._window.message("warning", text.format(reason=reason))

    def _end(self) -> None:
        self._ended = True
        self.wait()
        self._later()
        self.autosave.end()
