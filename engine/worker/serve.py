"""The training process: it trains, and answers the window between two slices of training.

The window pulls. A slow window never slows training, and a window that is gone ends the process: the pipe closes.

The window imports this module to start the process, before anything else; what the process needs is imported in it.
"""

from __future__ import annotations

import gc
import os
import platform
import signal
import sys
import threading
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

BEAT_SECONDS = 0.05
"""How often the process shows that it lives."""
SWITCH_SECONDS = 0.0005
"""How long a thread that holds the interpreter's lock keeps a message waiting."""


class Beats(Protocol):
    """Two counters in shared memory.

    [0] grows as long as the process runs; if it stands still, the process is stopped. [1] grows with each turn of the
    loop and is 0 while it waits for work; if it stands still above 0, the loop hangs.
    """

    def __getitem__(self, index: int) -> int: ...

    def __setitem__(self, index: int, value: int) -> None: ...


def main(connection: Connection, beats: Beats) -> None:
    """The target of the process."""
    # Ctrl+C in a terminal reaches the whole group; the window decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # until all is imported
    threading.Thread(target=_beat, args=(beats,), daemon=True).start()
    serve(connection, beats)
    # Taking PyTorch down in good order lasts longer than closing a window may; nothing is left that needs it.
    sys.stderr.flush()
    os._exit(0)


def _beat(beats: Beats) -> None:
    pause = threading.Event()
    while True:
        beats[0] += 1
        pause.wait(BEAT_SECONDS)


def versions() -> Mapping[str, str]:
    """Versions of what computes."""
    from importlib.metadata import version

    return {
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "numba": version("numba"),
        "torch": version("torch"),
    }


def serve(connection: Any, beats: Beats) -> None:
    """Say Ready, then train and answer until told to quit or until the other end is gone."""
    import numpy as np

    from engine.training.backends import BACKENDS
    from engine.worker.embedding import Embeddings
    from engine.worker.exports import Exports
    from engine.worker.importing import Imports
    from engine.worker.mailbox import Mailbox
    from engine.worker.messages import Quit, Ready
    from engine.worker.rate import RateFinder
    from engine.worker.session import Session
    from engine.worker.study import Studies

    sys.setswitchinterval(SWITCH_SECONDS)
    mailbox = Mailbox(connection)
    # Overflow is found by looking at the loss and said on the card; NumPy's warnings would only go to a terminal.
    np.seterr(all="ignore")
    note = BACKENDS[0].prepare()  # the others when they are first needed: PyTorch alone takes longer than the window
    gc.freeze()  # what has been imported stays: looking through it for garbage would hold up a slice of training
    gc.enable()
    session = Session(mailbox.post)
    beside = {kind.asks.work: kind(mailbox.post) for kind in (Studies, RateFinder, Embeddings, Exports, Imports)}
    try:
        mailbox.post(Ready(os.getpid(), tuple(backend.name for backend in BACKENDS), versions(), note))
        while True:
            wait = session.wait(perf_counter())
            beats[1] = 0
            while (message := mailbox.next(wait)) is not None:
                if isinstance(message, Quit):
                    return
                beats[1] += 1
                if (work := beside.get(getattr(message, "work", ""))) is not None:
                    work.take(message, session.trainer)
                else:
                    session.take(message)
                wait = 0.0
            beats[1] += 1
            session.turn()
    except EOFError:
        return
    finally:
        for work in beside.values():
            work.stop()
        mailbox.close()
