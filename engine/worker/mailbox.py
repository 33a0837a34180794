"""What comes is read by the loop of the process; what goes leaves on a thread, so that training never waits for a pipe.

A window that is busy painting empties its end of the pipe late. What is sent is pickled where it is posted: on the
sending thread that would hold the interpreter's lock for as long, at a moment when training wants it back. A thread
that reads would be woken for each message, often on the processor that trains.
"""

from __future__ import annotations

import threading
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any

_LAST = object()
"""Behind it nothing is sent."""
_FLUSH_SECONDS = 1.0
"""How long messages that are on their way may take when the process ends."""


class Mailbox:
    """Both ends of the conversation over one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._leaving: SimpleQueue[Any] = SimpleQueue()
        self._sender = threading.Thread(target=self._send, name="send", daemon=True)
        self._sender.start()

    def post(self, message: Any) -> None:
        """Send a message, from any thread, as it is now."""
        self._leaving.put(ForkingPickler.dumps(message))

    def next(self, seconds: float | None) -> Any:
        """The next message; None if there is none within so many seconds (None: wait for one).

        Raises EOFError when the other end is gone, and whatever else keeps a message from being read.
        """
        try:
            return self._connection.recv() if self._connection.poll(seconds) else None
        except OSError as error:
            raise EOFError from error

    def close(self) -> None:
        """Let what was posted leave; the connection stays open."""
        self._leaving.put(_LAST)
        self._sender.join(_FLUSH_SECONDS)

    def _send(self) -> None:
        try:
            while (message := self._leaving.get()) is not _LAST:
                self._connection.send_bytes(message)
        except OSError:  # the other end is gone, as whoever reads finds out
            return
