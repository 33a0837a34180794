"""From the command to the first picture: `python -m benchmarks.start_child start SPAWNED`.

It is `playground.app.run` itself that starts; what is measured is looked at from a patched `show`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from playground import app


def watch(window: Any, spawned: float) -> None:
    """Note the first paint, play, note the first trained frame, print both and end."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    found: dict[str, float] = {}

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and "paint" not in found:
                found["paint"] = 0.0
                QTimer.singleShot(0, painted)
            return False

    def painted() -> None:
        found["paint"] = time.time() - spawned
        window.session.play()

    def framed(frame: Any) -> None:
        if frame.status.step and "frame" not in found:
            found["frame"] = time.time() - spawned
            print(json.dumps(found), flush=True)
            window.close_without_asking()

    window.watch = Watch()
    window.installEventFilter(window.watch)
    window.session.framed.connect(framed)


def main() -> int:
    """Run the program with the watch in it."""
    spawned = float(sys.argv[2])
    make = app._window

    def watched(*arguments: Any) -> Any:
        window = make(*arguments)
        watch(window, spawned)
        return window

    app._window = watched
    return app.run(safe_mode=True)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
