"""Work that the training process does beside the run: numbered, so that answers of older work are not heard."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.worker.messages import EmbeddingProgress, Failure, RateProgress, SeedsProgress


class BackgroundWork(QObject):
    """One kind of work, of which one piece is under way at most."""

    progressed = Signal(object)
    """How far it is: SeedsProgress, RateProgress or EmbeddingProgress."""
    failed = Signal(object)
    """Failure: the work is over."""
    lost = Signal()
    """The process is gone, and the work in it too."""

    def __init__(self, kind: str, parent: QObject | None = None) -> None:
        """`kind` is that of the Failure that ends such work."""
        super().__init__(parent)
        self._kind = kind
        self._active = False
        self.number = 0
        """That of the newest piece of work."""

    def begin(self) -> int:
        """The number of a new piece, which takes the place of the one before."""
        self.number += 1
        self._active = True
        return self.number

    def take(self, message: SeedsProgress | RateProgress | EmbeddingProgress | Failure) -> None:
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
