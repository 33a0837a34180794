"""What the window knows of the file that it learns from, without ever waiting for a disk."""

from __future__ import annotations

from functools import partial
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

from engine.document.errors import PlaygroundError
from engine.document.graph import Data
from engine.plan.data_warnings import Facts, facts
from engine.plan.looks import Look, look
from playground.errand import Errand

SECONDS = 1.0
"""Between two looks at a file."""
PATIENCE = 0.02
"""Seconds that a disk is waited for; one that answers does so sooner, and what comes later is heard later."""


class Looks(QObject):
    """Looks at files beside the window: when there is another, at an edit, and when the user comes back to the window.

    Samples are drawn there too, so that what is said about them costs the window nothing.
    """

    news = Signal()
    """What `of` said last does not hold any more."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._data: Data | None = None
        self._look = Look()
        self._at = 0.0
        self._quiet = False
        """Whether somebody is asking, who gets the answer without `news`."""
        self._errand = Errand("look", self)
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self.again)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._on_focus)

    def of(self, data: Data) -> Look:
        """What is known now; says so with `news` if it turns out to be otherwise."""
        if not data.dataset.from_disk:
            self.stop()
            return look(data.dataset)
        self._quiet = True
        self._look_at(data)
        self._quiet = False
        return self._look

    def _look_at(self, data: Data) -> None:
        before, self._data = self._data, data
        if before is None or before.dataset.source != data.dataset.source:
            self._look = Look(at_hand=False)
            self._begin()
        elif before != data:
            self._look = Look(self._look.trouble, self._look.changed, False)
            if not self._errand.busy:  # what it brings is of older settings, so it goes on with these
                self._begin()
        elif not self._errand.busy:
            self._look_in_time()

    def again(self) -> None:
        """Look again, whatever was seen before; `news` tells what has changed."""
        if self._data is not None and not self._errand.busy:
            self._begin()

    def stop(self) -> None:
        """Look at nothing more."""
        self._data = None
        self._later.stop()
        self._errand.drop()

    def _look_in_time(self) -> None:
        """Look now, or when the last look is old enough."""
        age = perf_counter() - self._at
        if age >= SECONDS:
            self._begin()
        elif not self._later.isActive():
            self._later.start(round(1000 * (SECONDS - age)) + 1)

    def _begin(self) -> None:
        """Look, and go on after a moment with what is known then."""
        data = self._data
        if data is None:
            return
        self._later.stop()
        self._at = perf_counter()
        self._errand.begin(partial(look, data.dataset), partial(self._on_seen, data), PATIENCE)

    def _on_seen(self, data: Data, seen: Look | PlaygroundError) -> None:
        """The file was looked at; while nothing is wrong with it, its samples are drawn too."""
        if data != self._data:
            self._begin()
        elif isinstance(seen, Look) and (seen.trouble is not None or self._look.at_hand):
            self._set(seen)
        else:
            self._set(Look(at_hand=False))
            self._errand.begin(partial(facts, data), partial(self._on_drawn, data), PATIENCE)

    def _on_drawn(self, data: Data, _: Facts | None) -> None:
        if data != self._data:
            self._begin()
        else:
            self._set(Look())

    def _set(self, seen: Look) -> None:
        before, self._look = self._look, seen
        if seen != before and not self._quiet:
            self.news.emit()

    def _on_focus(self, window: QWindow | None) -> None:
        if window is not None and self._data is not None and not self._errand.busy:
            self._later.start(max(0, round(1000 * (SECONDS - (perf_counter() - self._at)))))
