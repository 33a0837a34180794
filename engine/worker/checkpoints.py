"""A run without a window, kept in a project file while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from engine.document.errors import FileError, InvalidValueError
from engine.document.graph import Document
from engine.document.project import save
from engine.export.states import project_of
from engine.training.trainer import Snapshot, Trainer

SECONDS = 60.0
"""Time between two checkpoints where nothing else is asked for."""


@dataclass(frozen=True)
class Every:
    """How often: each so many epochs, or each so many seconds; the other is None."""

    epochs: int | None = None
    seconds: float | None = None


@dataclass
class Checkpoints:
    """Writes a run into a file now and then, each time whole or not at all.

    A file that cannot be written does not end the run: `trouble` hears the sentence, once until one succeeds.
    """

    path: Path
    every: Every = Every(seconds=SECONDS)
    trouble: Callable[[str], None] | None = None
    _due: float = field(default=0.0, init=False)
    _said: bool = field(default=False, init=False)

    def begin(self, epoch: int) -> None:
        """The run starts, or goes on, at an epoch."""
        self._note(epoch)

    def next_epoch(self, epoch: int) -> int | None:
        """The first epoch after this one at whose end a checkpoint is written; None where time alone says when."""
        count = self.every.epochs
        return None if count is None else (epoch // count + 1) * count

    def look(self, document: Document, trainer: Trainer) -> None:
        """Write one if it is time."""
        moment = monotonic() if self.every.epochs is None else float(trainer.epoch)
        if moment < self._due:
            return
        try:
            self.write(document, trainer.snapshot())
            self._said = False
        except FileError as error:
            if self.trouble is not None and not self._said:
                self.trouble(str(error))
            self._said = True
        self._note(trainer.epoch)

    def write(self, document: Document, snapshot: Snapshot) -> None:
        """Write one now. Raises FileError; what was there before then stays."""
        save(self.path, project_of(document, snapshot))

    def _note(self, epoch: int) -> None:
        """Find out when the next one is due: an epoch, or a time."""
        following = self.next_epoch(epoch)
        self._due = monotonic() + (self.every.seconds or 0.0) if following is None else float(following)


def every(text: str) -> Every:
    """What "5" (epochs) or "30s" (seconds) says. Raises InvalidValueError.

    >>> every("5"), every("30s")
    (Every(epochs=5, seconds=None), Every(epochs=None, seconds=30.0))
    """
    number = text.removesuffix("s")
    if number.isdecimal() and number.isascii() and 0 < int(number) <= 1_000_000:
        return Every(epochs=int(number)) if number == text else Every(seconds=float(number))
    raise InvalidValueError(
        "--every (={value}) must be a number of epochs such as 5, or of seconds such as 30s", value=text[:40]
    )
