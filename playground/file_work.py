"""Files that are read beside the window: with progress, a way to cancel, one sentence on trouble, and what was used."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from engine.catalog.registry import Entry, from_json, to_json
from engine.document.errors import PlaygroundError
from playground.errand import Errand
from playground.words import sentence

if TYPE_CHECKING:
    from playground.window import MainWindow

PATIENCE = 0.05
"""Seconds that the window waits for a file; what takes longer is read beside it."""
_PROGRESS_MS = 100

Told = Callable[[float], None]
"""Hears which share is done; what it raises ends the work."""
Kind = TypeVar("Kind", bound=Entry)


class Task(Protocol):
    """Something that is done in whatever thread `run` is called in, and can be ended by another."""

    def run(self) -> Any:
        """Do it. Raises PlaygroundError."""

    def cancel(self) -> None:
        """Nobody wants it any more."""


class Reading:
    """A task that says how far it is."""

    def __init__(self, work: Callable[[Told], Any]) -> None:
        self._work = work
        self._cancelled = Event()
        self.share = 0.0
        """How much of it is done."""

    def cancel(self) -> None:
        """Nobody wants it any more: it ends when it next says how far it is."""
        self._cancelled.set()

    def run(self) -> Any:
        """Do it. Raises PlaygroundError, for what is wrong with the file or because it was cancelled."""
        return self._work(self._hear)

    def _hear(self, share: float) -> None:
        self.share = share
        if self._cancelled.is_set():
            raise PlaygroundError("Reading was cancelled")


class FileWork(QObject):
    """At most one task of a kind, done beside the window."""

    progressed = Signal()
    """Time to look how far the task is."""

    def __init__(self, name: str, parent: QObject, interval: int = _PROGRESS_MS) -> None:
        """`interval` is that of `progressed`, milliseconds."""
        super().__init__(parent)
        self._errand = Errand(name, self)
        self._task: Task | None = None
        self._timer = QTimer(self, interval=interval)
        self._timer.timeout.connect(self.progressed)

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._errand.busy

    def begin(
        self, task: Task, then: Callable[[Any], None], refused: Callable[[PlaygroundError], None], patience: float = 0.0
    ) -> None:
        """Do a task; `then` gets what it gives or `refused` its error, in the window's thread.

        Where it is done within `patience` (seconds), that has happened when this returns.
        """
        self._task = task
        self._errand.begin(task.run, partial(self._finish, then, refused), patience)
        if self._errand.busy:
            self._timer.start()

    def cancel(self, patience: float = 0.0) -> None:
        """End what is being done, and hear nothing of it; wait a moment (seconds) for its end."""
        self._timer.stop()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        self._errand.drop(patience)

    def _finish(
        self, then: Callable[[Any], None], refused: Callable[[PlaygroundError], None], answer: Any | PlaygroundError
    ) -> None:
        self._timer.stop()
        self._task = None
        if isinstance(answer, PlaygroundError):
            refused(answer)
        else:
            then(answer)


class ShownWork(QObject):
    """File work that the status bar shows, with a button that cancels it; trouble becomes a message."""

    def __init__(self, name: str, window: MainWindow, busy_text: str) -> None:
        """`busy_text` is said to who wants a second piece of work before the first is done."""
        super().__init__(window)
        self._window, self._busy_text = window, busy_text
        self._reading: Reading | None = None
        self._is_shown = False
        self._work = FileWork(name, self)
        self._work.progressed.connect(self._show_share)
        window.status.cancelled.connect(self.cancel)
        window.files.left.connect(self.cancel)
        window.controller.opened.connect(self.cancel)

    def begin(self, path: str, text: str, work: Callable[[Told], Any], then: Callable[[Any], None]) -> None:
        """Work on a file and go on with what that gives; one that is quick, at once.

        `text` says what is being done, with the place {file} for the file's name.
        """
        if self._is_busy():
            self._window.message("info", self._busy_text)
            return
        self._reading = Reading(work)
        self._work.begin(self._reading, partial(self._take, then), self._refuse, PATIENCE)
        if self._is_busy():
            self._is_shown = True
            self._window.status.show_work(text.format(file=Path(path).name))

    def cancel(self) -> None:
        """The user does not want to wait, or has left the document that it was for."""
        if self._is_busy():
            self._work.cancel()
            self._end()

    def _is_busy(self) -> bool:
        return self._work.busy

    def _end(self) -> None:
        self._reading = None
        if self._is_shown:
            self._window.status.hide_work()
        self._is_shown = False

    def _take(self, then: Callable[[Any], None], answer: Any) -> None:
        self._end()
        then(answer)

    def _refuse(self, error: PlaygroundError) -> None:
        self._end()
        self._window.message("error", sentence(error.sentence))

    def _show_share(self) -> None:
        if self._reading is not None:
            self._window.status.set_share(self._reading.share)


class Remembered(Generic[Kind]):
    """The data sets of a kind that were used before, newest first, kept in the settings as texts."""

    def __init__(
        self,
        kind: type[Kind],
        path_of: Callable[[Kind], str],
        texts: Callable[[], Sequence[str]],
        keep: Callable[[list[str]], None],
    ) -> None:
        self._kind, self._path_of, self._texts, self._keep = kind, path_of, texts, keep

    def by_path(self) -> dict[str, Kind]:
        """What is remembered; what cannot be read of it is left out."""
        found: dict[str, Kind] = {}
        for text in self._texts():
            try:
                made = from_json("datasets", json.loads(text))
            except (ValueError, TypeError, RecursionError):
                continue
            if isinstance(made, self._kind) and self._path_of(made):
                found[self._path_of(made)] = made
        return found

    def add(self, newest: Kind) -> None:
        """Remember one more; it takes the place of what came from the same path."""
        others = [other for path, other in self.by_path().items() if path != self._path_of(newest)]
        self._keep([json.dumps(to_json(each)) for each in (newest, *others)])

    def folder(self) -> str:
        """The folder in which the newest lies; the user's own where nothing is remembered."""
        newest = next(iter(self.by_path()), "")
        return str(Path(newest).parent if newest else Path.home())
