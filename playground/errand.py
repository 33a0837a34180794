"""Work that may take long, or for ever where a drive does not answer: done in a thread that nobody has to wait for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.document.errors import PlaygroundError


@dataclass(frozen=True, eq=False)
class _Run:
    """One piece of work: its thread, what came of it, and who wants to know."""

    thread: Thread
    then: Callable[[Any], None]
    result: list[Any] = field(default_factory=list)


class Errand(QObject):
    """At most one piece of work of a kind."""

    _ended = Signal(int)

    def __init__(self, name: str, parent: QObject) -> None:
        super().__init__(parent)
        self._name = name
        self._number = 0
        self._run: _Run | None = None
        self._ended.connect(self._finish)

    @property
    def busy(self) -> bool:
        """Whether something is being done, or has been done and not yet been heard."""
        return self._run is not None

    def begin(self, work: Callable[[], Any], then: Callable[[Any], None], patience: float = 0.0) -> None:
        """Do work beside the window; `then` gets its answer, or its PlaygroundError, in the window's thread.

        Where the work is done within `patience` (seconds), `then` has been called when this returns. What was being
        done before is not heard any more.
        """
        self._number += 1
        number, result = self._number, list[Any]()

        def carry_out() -> None:
            try:
                result.append(work())
            except Exception as error:  # raised again where somebody hears it
                result.append(error)
            with contextlib.suppress(RuntimeError):  # the window may be gone
                self._ended.emit(number)

        # a daemon: a drive that does not answer must not keep the program from ending
        thread = Thread(target=carry_out, name=self._name, daemon=True)
        self._run = _Run(thread, then, result)
        thread.start()
        thread.join(patience)
        if not thread.is_alive():
            self._finish(number)

    def drop(self, patience: float = 0.0) -> None:
        """Hear no more of what is being done; wait a moment (seconds) for its end."""
        run, self._run = self._run, None
        if run is not None:
            run.thread.join(patience)

    @Slot(int)
    def _finish(self, number: int) -> None:
        run = self._run
        if run is None or number != self._number or not run.result:
            return
        self._run = None
        run.thread.join()  # it says that it has ended a moment before it has
        answer = run.result[0]
        if isinstance(answer, Exception) and not isinstance(answer, PlaygroundError):
            raise answer
        run.then(answer)
