"""Downloading published images beside the window: how far it is, how fast, and what came of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import Any

from PySide6.QtCore import QLocale, QObject, Signal

from engine.catalog.datasets.published import PublishedImages
from engine.document.errors import PlaygroundError
from engine.images.remotes import Remote
from playground.file_work import FileWork
from widgets.form_texts import say
from widgets.image_box import Standing

_PROGRESS_MS = 200
_WINDOW = 4.0
"""Seconds over which the rate is averaged."""
_STOP_SECONDS = 0.2
"""How long the end of the window waits for a download to notice."""


class ImageDownload(QObject):
    """At most one download of one window."""

    changed = Signal()
    """What is to be said of a data set has changed."""
    arrived = Signal(str)
    """The files of the data set of that name are there."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work = FileWork("download", self, _PROGRESS_MS)
        self._work.progressed.connect(self.changed)
        self._fetching: Fetching | None = None
        self._label = self._name = ""
        self._refusals: dict[str, str] = {}
        self._had: dict[str, int] = {}
        """Bytes that are there of a download that was broken off."""

    def begin(self, dataset: PublishedImages) -> None:
        """Fetch the files of a data set, unless another is being fetched."""
        if self._work.busy:
            return
        self._label, self._name = dataset.label, dataset.name
        self._refusals.pop(self._name, None)
        self._fetching = Fetching(dataset.downloads, dataset.folder())
        self._work.begin(self._fetching, self._finish, self._refuse)
        self.changed.emit()

    def cancel(self) -> None:
        """Break off; what is there already is gone on with the next time."""
        if self._fetching is not None:
            self._end()
            self._work.cancel()
            self.changed.emit()

    def stop(self) -> None:
        """The window closes."""
        if self._fetching is not None:
            self._end()
            self._work.cancel(_STOP_SECONDS)

    def _end(self) -> None:
        if self._fetching is not None:
            self._had[self._name] = self._fetching.done
        self._fetching = None

    def _finish(self, complete: bool) -> None:
        name = self._name
        self._end()
        self.changed.emit()
        if complete:
            self.arrived.emit(name)

    def _refuse(self, error: PlaygroundError) -> None:
        self._end()
        self._refusals[self._name] = say(error.sentence)
        self.changed.emit()

    # --- words -----------------------------------------------------------------------------------------------------

    def standing(self, dataset: PublishedImages, had: int) -> Standing:
        """How things stand with data that are not there; `had` is how many bytes of them were when they were looked at.

        It looks at no disk.
        """
        if self._fetching is not None:
            if self._name != dataset.name:
                text = self.tr("{data} is being downloaded; wait for it, or cancel it").format(data=self._label)
                return Standing(text, "muted", self._fetching.share, (("cancel", self.tr("Cancel")),))
            text = self._progress(self._fetching)
            return Standing(text, "muted", self._fetching.share, (("cancel", self.tr("Cancel")),))
        had = max(had, self._had.get(dataset.name, 0))
        left = sum(remote.size for remote in dataset.downloads) - had
        refusal = self._refusals.get(dataset.name)
        if refusal:
            return Standing(refusal, "error", None, (("download", self.tr("Try again")),))
        text = self.tr("{data} is not on this computer yet. It can be downloaded, or put into {folder} by hand.")
        words = self.tr("Go on ({size} left)") if had else self.tr("Download ({size})")
        return Standing(
            text.format(data=dataset.label, folder=dataset.folder()),
            "muted",
            None,
            (("download", words.format(size=size_text(left))),),
        )

    def _progress(self, fetching: Fetching) -> str:
        rate = fetching.rate()
        if not fetching.total:
            return self.tr("Downloading {data}: looking for it…").format(data=self._label)
        text = self.tr("Downloading {data}: {done} of {total}").format(
            data=self._label, done=size_text(fetching.done), total=size_text(fetching.total)
        )
        if rate <= 0:
            return text
        seconds = max(1, round((fetching.total - fetching.done) / rate))
        left = self.tr("%n s left", "", seconds) if seconds < 90 else self.tr("%n min left", "", round(seconds / 60))
        return f"{text}, {self.tr('{size}/s').format(size=size_text(rate))}, {left}"


class Fetching:
    """Files on their way, in whatever thread `run` is called in."""

    def __init__(
        self,
        remotes: Sequence[Remote],
        folder: Path,
        fetch: Callable[..., None] | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._remotes, self._folder = remotes, folder
        self._fetch, self._clock = fetch, clock
        self._heard: deque[tuple[float, int]] = deque()
        self.cancelled = Event()
        self.done = self.total = 0

    @property
    def share(self) -> float:
        """How much of it is there; below 0 while nothing is known."""
        return self.done / self.total if self.total else -1.0

    def rate(self) -> float:
        """Bytes a second over the last seconds; 0 while that is not known."""
        heard = list(self._heard)
        if len(heard) < 2 or heard[-1][0] <= heard[0][0]:
            return 0.0
        return max(0.0, (heard[-1][1] - heard[0][1]) / (heard[-1][0] - heard[0][0]))

    def cancel(self) -> None:
        """Nobody wants them any more."""
        self.cancelled.set()

    def run(self) -> bool:
        """Fetch; whether all is there. Raises DownloadError."""
        # What it needs of the standard library takes longer to import than a window may to open.
        from engine.images.downloads import Cancelled, download

        fetch = self._fetch or download
        try:
            fetch(self._remotes, self._folder, self._hear, self.cancelled.is_set)
        except Cancelled:
            return False
        return True

    def _hear(self, done: int, total: int) -> None:
        now = self._clock()
        self.done, self.total = done, total
        self._heard.append((now, done))
        while now - self._heard[0][0] > _WINDOW:
            self._heard.popleft()


def size_text(size: float) -> str:
    """Bytes as they are read: "11.6 MB"."""
    number: Any = QLocale().formattedDataSize(round(size), 1, QLocale.DataSizeFormat.DataSizeSIFormat)
    return str(number)
