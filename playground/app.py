"""The program with a window: start, shown-ready window, what happens to an error nobody expected."""

from __future__ import annotations

import gc
import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from engine.document.errors import PlaygroundError
from playground.worker_process import WorkerProcess

if TYPE_CHECKING:
    from engine.document.graph import Document
    from playground.settings import Settings
    from playground.window import MainWindow

DEFAULT_EXAMPLE = "circle"


def create_window(
    project: str | Path | Document | None = None,
    *,
    settings: Settings | None = None,
    theme: str | None = None,
) -> MainWindow:
    """A window ready to be shown, its training process on the way.

    `project` is the path of a project file, or of an ONNX file, which is read while the window is there; the id of an
    example, a document, or None for the first example. Without `settings` nothing is remembered. Raises FileError or
    InvalidValueError for a project that cannot be opened.
    """
    return _window(WorkerProcess(), project, settings, theme)


def _window(
    process: WorkerProcess, project: str | Path | Document | None, settings: Settings | None, theme: str | None
) -> MainWindow:
    from PySide6.QtWidgets import QApplication

    from playground.controller import Controller
    from playground.files import empty_document, is_model, opened
    from playground.session import Session
    from playground.settings import Settings
    from playground.window import MainWindow
    from playground.worker_client import WorkerClient
    from widgets import theme as themes

    application = QApplication.instance()
    if not isinstance(application, QApplication):
        raise RuntimeError("make a QApplication before the window")
    settings = settings or Settings()
    themes.apply(application, theme or settings.theme())
    model = Path(str(project)) if is_model(project) else None
    try:
        item = opened(DEFAULT_EXAMPLE if project is None else project if model is None else empty_document())
    except PlaygroundError:
        process.stop()
        raise
    client = WorkerClient(process)
    session = Session(client)
    session.set_speed(settings.speed())
    controller = Controller(item.document, session, snapshot=item.snapshot)
    window = MainWindow(controller, settings)
    client.setParent(window)
    session.setParent(window)
    controller.setParent(window)
    window.files.set_place(item.path, item.name)
    if model is not None:
        window.files.importing.read_model(model)
    return window


def run(file: str | Path | None = None, safe_mode: bool = False) -> int:
    """Open the window and stay until it is closed; the exit code.

    `safe_mode` ignores what was remembered. A file that cannot be opened is said in one sentence; the window then
    opens with the first example.
    """
    # The training process takes longest to come up, so it is started before the window's parts are even imported.
    process = WorkerProcess()
    gc.disable()  # what is imported and made now stays: looking through it for garbage is a twentieth of the start
    import_engine()
    import_qt()
    from PySide6.QtWidgets import QApplication

    QApplication.setApplicationName("Neural Playground")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    from playground import settings as stored_settings
    from playground.words import sentence

    settings = stored_settings.Settings() if safe_mode else stored_settings.stored()
    problem = ""
    try:
        window = _window(process, file, settings, None)
    except PlaygroundError as error:
        problem = sentence(error.sentence)
        window = _window(WorkerProcess(), None, settings, None)
    reporter = Reporter(window)
    sys.excepthook = reporter.report
    window.painted.connect(lambda: window.files.recovery.begin())
    window.show()
    gc.freeze()  # nor is it looked through later, which would take longer than a frame
    gc.enable()
    if problem:
        window.message("error", problem)
    try:
        return application.exec()
    finally:
        window.session.stop()


def import_qt() -> None:
    """Import Qt without the hook that it hangs on Python's `import`.

    The hook reads the source of every module imported from then on, to find those that ask for other spellings of
    Qt's names (`from __feature__ import snake_case`). Here none does; and reading takes a twentieth of the start.
    """
    import builtins

    from PySide6 import QtWidgets  # noqa: F401

    builtins.__import__ = vars(builtins).get("__orig_import__", builtins.__import__)


def import_engine() -> None:
    """Import what the window needs of the engine."""
    import engine.document.examples
    import engine.probes.curves
    import engine.worker.messages  # noqa: F401
    from engine.catalog.registry import kinds

    kinds()


class Reporter:
    """Takes an error that nobody expected, so that the window stays: logged whole, shown once in one sentence."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._seen: set[str] = set()

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log and show one error."""
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        detail = "".join(traceback.format_exception(kind, error, trace))
        logging.getLogger("playground").error("%s", detail)
        place = "".join(traceback.format_tb(trace)[-1:])
        if place in self._seen:
            return
        self._seen.add(place)
        self._window.files.risky.emit()
        from PySide6.QtCore import QCoreApplication

        text = QCoreApplication.translate("app", "Something went wrong in the program: {error}")
        self._window.message("error", text.format(error=f"{kind.__name__}: {error}"), detail)
