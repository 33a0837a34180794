"""The training process as seen from outside: started, spoken to and ended without ever waiting for it.

Knows no Qt and imports next to nothing, so that it can be started before anything else is.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import sys
import threading
import weakref
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING

from engine.worker.serve import SWITCH_SECONDS, main

if TYPE_CHECKING:
    from engine.worker.messages import FromWorker, ToWorker

POLITE_SECONDS = 0.5
"""How long a process that was asked to end may take before it is made to."""
REAP_SECONDS = 0.1


class WorkerProcess:
    """One training process.

    Messages go out through one thread and come in through another: a pipe that is full, or a process that stopped in
    the middle of a message, holds up neither the window nor its closing.
    """

    def __init__(self) -> None:
        """Start the process; returns at once, seconds before it says Ready."""
        # Painting holds the interpreter's lock; by default, what comes and goes would wait 5 ms each time.
        sys.setswitchinterval(SWITCH_SECONDS)
        context = multiprocessing.get_context("spawn")
        self._connection, far_end = context.Pipe()
        # [0] beats of the process, [1] turns of its loop or 0 while it waits: see engine.worker.serve.Beats.
        self._beats = context.RawArray("Q", 2)
        self._process = context.Process(target=main, args=(far_end, self._beats), name="engine", daemon=True)
        self._outgoing: SimpleQueue[ToWorker | None] = SimpleQueue()
        self._incoming: SimpleQueue[FromWorker] = SimpleQueue()
        self._lock = threading.Lock()
        self._notify: Callable[[], None] | None = None
        self._ended = threading.Event()
        self.started_at = perf_counter()
        self._process.start()
        far_end.close()
        # A stopped process ignores the polite end that multiprocessing waits for at exit; this one comes first.
        self._at_exit = partial(_call, weakref.WeakMethod(self.kill))
        atexit.register(self._at_exit)
        threading.Thread(target=self._send_all, name="engine-send", daemon=True).start()
        threading.Thread(target=self._receive_all, name="engine-receive", daemon=True).start()

    @property
    def process_id(self) -> int:
        """The id by which the operating system knows it."""
        return self._process.pid or 0

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._ended.is_set()

    @property
    def exit_code(self) -> int | None:
        """How it ended; minus the signal's number if a signal ended it; None while it runs."""
        if self.ended:  # the pipe closes a moment before the operating system knows the code
            self._process.join(REAP_SECONDS)
        return self._process.exitcode

    @property
    def beats(self) -> tuple[int, int]:
        """Beats of the process and turns of its loop (0: it waits)."""
        return self._beats[0], self._beats[1]

    def listen(self, notify: Callable[[], None] | None) -> None:
        """Have a function called, in another thread, whenever a message has come or the process is gone."""
        with self._lock:
            self._notify = notify
        if notify is not None and (not self._incoming.empty() or self.ended):
            notify()

    def send(self, message: ToWorker) -> None:
        """Hand a message over; returns at once."""
        self._outgoing.put(message)

    def receive(self, seconds: float = 0.0) -> list[FromWorker]:
        """What has come since the last call; waits so long for the first message if there is none."""
        found = []
        if seconds > 0.0:
            with contextlib.suppress(Empty):
                found.append(self._incoming.get(timeout=seconds))
        while not self._incoming.empty():
            found.append(self._incoming.get())
        return found

    def stop(self) -> None:
        """End it: politely, then with SIGTERM, then with SIGKILL. Takes a second at most."""
        from engine.worker.messages import Quit

        self.listen(None)
        self.send(Quit())
        self._process.join(POLITE_SECONDS)
        if self._process.exitcode is None:
            self._process.terminate()
            self._process.join(POLITE_SECONDS / 2)
        self.kill()

    def kill(self) -> None:
        """End it at once, whatever state it is in."""
        self.listen(None)
        atexit.unregister(self._at_exit)
        if self._process.exitcode is None:
            self._process.kill()
        self._process.join(POLITE_SECONDS)
        self._outgoing.put(None)

    def _send_all(self) -> None:
        while True:
            message = self._outgoing.get()
            if message is None:
                return
            try:
                self._connection.send(message)
            except (OSError, ValueError):  # the other end is gone; the receiving thread tells
                return

    def _receive_all(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._incoming.put(self._connection.recv())
                self._tell()
        self._ended.set()
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            if self._notify is not None:
                self._notify()


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    found = method()
    if found is not None:
        found()
