"""A picture of the real window, with a run in it, made without anybody looking."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from engine.document.errors import FileError, InvalidValueError
from engine.document.graph import Document

if TYPE_CHECKING:
    from PySide6.QtCore import QMessageLogContext, QtMsgType
    from PySide6.QtWidgets import QApplication

    from playground.window import MainWindow

PATIENCE = 60.0
"""Seconds to wait for the training process and its frames before giving up."""
_SETTLE = 0.4
"""Seconds for the last frame to arrive and for layouts to come to rest."""


def take(
    out: str | Path,
    project: str | Path | Document | None = None,
    train_seconds: float = 0.0,
    theme: str = "dark",
    dock: str | None = None,
    size: tuple[int, int] | None = None,
) -> int:
    """Draw the window into a picture file; returns 0, or 1 if the run never showed anything.

    It trains for `train_seconds` first, brings the panel `dock` to the front, and may have another `size`. Works
    without a screen. Raises InvalidValueError for an unknown panel, FileError for a picture that cannot be written,
    and what `playground.app.create_window` raises.
    """
    application = make_application()
    from playground.app import create_window

    window = create_window(project, theme=theme)
    try:
        _arrange(window, dock, size)
        if not _run(application, window, train_seconds):
            return 1
        picture = window.grab()
        if not picture.save(str(out)):
            raise FileError("{file} cannot be written: is the folder there, and is it a .png file?", file=str(out))
        return 0
    finally:
        window.close_without_asking()
        window.deleteLater()
        application.processEvents()


def make_application() -> QApplication:
    """The application, or a new one, which needs no screen."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM") or "offscreen"
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    qInstallMessageHandler(_report)
    return QApplication(sys.argv[:1])


def _report(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Pass Qt's messages on, but for the offscreen platform's remark that it has no window manager to talk to."""
    if text != "This plugin does not support propagateSizeHints()":
        print(text, file=sys.stderr)


def _arrange(window: MainWindow, dock: str | None, size: tuple[int, int] | None) -> None:
    from PySide6.QtCore import Qt

    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    if size is not None:
        window.resize(*size)
    window.show()
    if dock is not None:
        name = dock if dock.startswith("dock.") else f"dock.{dock}"
        window.view_panels.follow(window.controller.plan)  # what comes up by itself comes before
        if name not in window.panels:
            raise InvalidValueError(
                "there is no panel {dock}; known are {known}", dock=repr(dock), known=", ".join(window.panels)
            )
        window.panels[name].show()
        window.panels[name].raise_()


def _run(application: QApplication, window: MainWindow, train_seconds: float) -> bool:
    """Train for a while and wait until the views show where the run then stands."""
    session = window.session
    if not window.controller.plan.ready:
        return wait(application, lambda: False, _SETTLE) or True
    if not wait(application, lambda: session.status is not None, PATIENCE):
        return False
    if train_seconds > 0:
        session.play()
        if not wait(application, lambda: session.status is not None and session.status.step > 0, PATIENCE):
            return False
        wait(application, lambda: False, train_seconds)
        session.pause()
        if not wait(application, lambda: session.status is not None and not session.status.running, PATIENCE):
            return False
    wait(application, lambda: False, _SETTLE)
    return True


def wait(application: QApplication, done: Callable[[], bool], seconds: float) -> bool:
    """Let the window live until `done`, or until the time is over; whether it is done."""
    from PySide6.QtCore import QEvent, QEventLoop

    end = perf_counter() + seconds
    while not done():
        left = end - perf_counter()
        if left <= 0:
            # An event loop of its own would have removed by now what waits to be deleted, such as bars of tabs.
            application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            return False
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, max(1, round(1000 * min(left, 0.05))))
    return True
