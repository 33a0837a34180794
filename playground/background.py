"""Work that the training process does beside the run: numbered, so that answers of older work are not heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.worker.messages import Failure, StopWork, ToWorker


class BackgroundWork(QObject):
    """One kind of work, of which one piece is under way at most."""

    progressed = Signal(object)
    """How far it is: the message of the training process about such work."""
    failed = Signal(object)
    """Failure: the work is over."""
    lost = Signal()
    """The process is gone, and the work in it too."""

    def __init__(self, kind: str, send: Callable[[ToWorker], None], parent: QObject | None = None) -> None:
        """`kind` is that of the Failure that ends such work."""
        super().__init__(parent)
        self.kind = kind
        self._send = send
        self._active = False
        self.number = 0
        """That of the newest piece of work."""

    def begin(self, message: Callable[..., ToWorker], *arguments: Any) -> None:
        """Ask for a new piece, which takes the place of the one before: the message with its number and arguments."""
        self.number += 1
        self._active = True
        self._send(message(self.number, *arguments))

    def stop(self) -> None:
        """End it; what it has found is still told."""
        self._send(StopWork(self.kind, self.number))

    def drop(self) -> None:
        """End it, and hear nothing of it any more."""
        if self._active:
            self._active = False
            self.stop()

    def take(self, message: Any) -> None:
        """Hand an answer on if it is about the newest piece and that is not over."""
        if message.run != self.number or not self._active:
            return
        if isinstance(message, Failure):
            self._active = False
            self.failed.emit(message)
        else:
            self._active = not message.finished
            self.progressed.emit(message)

    def lose(self) -> None:
        """The process is gone."""
        if self._active:
            self._active = False
            self.lost.emit()
