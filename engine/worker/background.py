"""Work of the training process beside its run: one piece at a time, in a thread of its own."""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from engine.document.errors import PlaygroundError
from engine.document.graph import Document
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from engine.training.backends import choose
from engine.training.trainer import Trainer
from engine.worker.messages import Failure, FromWorker, Starting
from engine.worker.session import check_ready, words_of

PROGRESS_SECONDS = 0.2
"""Shortest time between two reports."""
_GONE = (BrokenPipeError, ConnectionResetError)


class Background:
    """Runs one piece of work at a time; a new one takes the place of the one before.

    `send` is called from its thread too. A subclass names the message that asks for a piece.
    """

    asks: ClassVar[type[Any]]
    """The message that asks for a piece of work; its `work` is the kind of a Failure that tells what went wrong."""

    def __init__(self, send: Callable[[FromWorker], None]) -> None:
        self._send = send
        self._kind: str = self.asks.work
        self._run = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, message: Any, trainer: Trainer | None = None) -> None:
        """Start a piece of work, or end it. Never raises but for a pipe that is gone: what goes wrong is answered."""
        if isinstance(message, self.asks):
            self.begin(message.run, partial(self.prepare, message, trainer))
        else:
            self.end(message.run)

    def prepare(self, message: Any, trainer: Trainer | None, stop: threading.Event) -> Callable[[], None]:
        """What is to be done in the thread until `stop` is set. The run itself may be asked here, between two steps."""
        raise NotImplementedError

    def begin(self, run: int, prepare: Callable[[threading.Event], Callable[[], None]]) -> None:
        """End what is under way; then prepare, here, the work of that number, and do it in a thread.

        `prepare` gets the event that ends the work. Never raises but for a pipe that is gone: what goes wrong is
        answered.
        """
        self.stop()
        self._run, self._stop = run, threading.Event()
        self._guarded(run, lambda: self._start(run, prepare(self._stop)))

    def end(self, run: int) -> None:
        """End the work of that number; of an older one nothing is left to end."""
        if run == self._run:
            self.stop()

    def stop(self) -> None:
        """Let the work end at its next look; waits for nothing."""
        self._stop.set()

    def join(self) -> None:
        """Wait until the work has ended."""
        if self._thread is not None:
            self._thread.join()

    def plan_of(self, run: int, document: Document) -> Plan:
        """The plan of a document, and its backend loaded. Raises PlaygroundError for one that cannot be trained.

        Loading is done here and not in the thread, so that the loop stands still as announced.
        """
        plan = resolve(document)
        check_ready(plan)
        backend, _ = choose(plan)
        if not backend.is_loaded:
            self._send(Starting(run))
            backend.load()
        return plan

    def _start(self, run: int, work: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=self._run_thread, args=(run, work), name=self._kind, daemon=True)
        self._thread.start()

    def _run_thread(self, run: int, work: Callable[[], None]) -> None:
        with contextlib.suppress(*_GONE):  # the window is gone; the loop sees that too, and ends the process
            self._guarded(run, work)

    def _guarded(self, run: int, work: Callable[[], None]) -> None:
        """Do the work; send a Failure if it raises."""
        try:
            work()
        except _GONE:
            raise
        except PlaygroundError as error:
            self._send(Failure(run, self._kind, error.sentence))
        except Exception as error:  # whatever the work does, the process lives on and says what happened
            self._send(Failure(run, self._kind, words_of(error), detail=traceback.format_exc()))
