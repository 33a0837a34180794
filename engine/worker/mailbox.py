"""Messages come and go on threads of their own, so that training never waits for a pipe.

A window that is busy painting empties its end of the pipe late. Kernels run without the interpreter's lock, so what has
to be pickled and sent meanwhile costs the run nothing where a second core is free.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import Any

_LAST = object()
"""Behind it nothing is sent."""
_FLUSH_SECONDS = 1.0
"""How long messages that are on their way may take when the process ends."""


class Mailbox:
    """Both ends of the conversation over one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._arrived: SimpleQueue[Any] = SimpleQueue()
        self._leaving: SimpleQueue[Any] = SimpleQueue()
        self._receiver = threading.Thread(target=self._receive, name="receive", daemon=True)
        self._sender = threading.Thread(target=self._send, name="send", daemon=True)
        self._receiver.start()
        self._sender.start()

    def post(self, message: Any) -> None:
        """Send a message, from any thread. What it holds must not change any more."""
        self._leaving.put(message)

    def next(self, seconds: float | None) -> Any:
        """The next message; None if there is none within so many seconds (None: wait for one).

        Raises EOFError when the other end is gone, and whatever else kept a message from coming or going.
        """
        try:
            found = self._arrived.get(block=seconds != 0.0, timeout=seconds)
        except Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        return found

    def close(self) -> None:
        """Let what was posted leave; the connection stays open."""
        self._leaving.put(_LAST)
        self._sender.join(_FLUSH_SECONDS)

    def _receive(self) -> None:
        try:
            while True:
                self._arrived.put(self._connection.recv())
        except OSError:
            self._arrived.put(EOFError())
        except Exception as error:
            self._arrived.put(error)

    def _send(self) -> None:
        try:
            while (message := self._leaving.get()) is not _LAST:
                self._connection.send(message)
        except OSError:
            self._arrived.put(EOFError())
        except Exception as error:
            self._arrived.put(error)
