"""What every test gets: no screen, settings of its own, and a check that nothing it started survives it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Read by Qt when the first application is made, so it stands before any import of Qt.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import hypothesis
import psutil
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QStandardPaths, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from widgets.theme import Theme

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("house")

GRACE = 3.0
"""Seconds that a process which was told to end may still take."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests that open a real window where there is no virtual screen to open it on."""
    if shutil.which("Xvfb"):
        return
    skip = pytest.mark.skip(reason="Xvfb is not installed")
    for item in items:
        if item.get_closest_marker("xvfb"):
            item.add_marker(skip)


@dataclass
class Started:
    """The timers and threads of Qt that were ever started, as long as somebody still holds them."""

    timers: weakref.WeakSet[QTimer] = field(default_factory=weakref.WeakSet)
    threads: weakref.WeakSet[QThread] = field(default_factory=weakref.WeakSet)

    def running(self) -> set[QTimer | QThread]:
        """Those that are alive in C++ and running now."""
        timers = {timer for timer in self.timers if shiboken6.isValid(timer) and timer.isActive()}
        threads = {thread for thread in self.threads if shiboken6.isValid(thread) and thread.isRunning()}
        return timers | threads


@pytest.fixture(scope="session")
def started() -> Iterator[Started]:
    """Record each QTimer and QThread when it starts: Qt keeps no list that could be asked afterwards."""
    record = Started()

    def recorded(original: Callable[..., Any], held: weakref.WeakSet[Any]) -> Callable[..., Any]:
        def start(self: Any, *arguments: Any) -> Any:
            held.add(self)
            return original(self, *arguments)

        return start

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QTimer, "start", recorded(QTimer.start, record.timers))
        patch.setattr(QThread, "start", recorded(QThread.start, record.threads))
        yield record


@pytest.fixture(autouse=True)
def nothing_survives(started: Started) -> Iterator[None]:
    """Fail a test that leaves a window, timer, thread or child process behind, and name it.

    What a fixture of wider scope had made before the test began is left alone.
    """
    windows = {_address(window) for window in _windows()}
    running = started.running()
    threads = set(threading.enumerate())
    children = set(_children())
    yield
    application = QApplication.instance()
    if application is not None:
        _settle(application)
    left = [window for window in _windows() if not _known(window, windows)]
    still_running = started.running() - running
    if left or still_running:
        # Only what somebody still holds counts: a cycle that waits for the collector does not.
        left.clear()
        still_running.clear()
        gc.collect()
        if application is not None:
            _settle(application)
        left = [window for window in _windows() if not _known(window, windows)]
        still_running = started.running() - running
    belonging = {_address(window) for window in left}
    left = [window for window in left if not _known(window.parentWidget(), belonging)]  # the others go with these
    found = [f"window {_name(window)}" for window in left]
    found += [f"running {_name(thing)}" for thing in still_running]
    found += [
        f"thread {thread.name}" for thread in threading.enumerate() if thread not in threads and not thread.daemon
    ]
    for window in left:
        _close(window)
    found += _orphans(children)
    for thing in still_running:
        if not shiboken6.isValid(thing):  # it went with its window
            continue
        if isinstance(thing, QTimer):
            thing.stop()
        else:
            thing.quit()
            thing.wait(int(1000 * GRACE))
    if found:
        pytest.fail("the test left behind: " + "; ".join(sorted(found)), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def shared_kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep compiled kernels for a session: making them takes seconds, and each test has caches of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_CACHE_DIR", str(tmp_path_factory.mktemp("kernels")))
        yield


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every place where settings, caches and autosaves are written to the test's own folder."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    if sys.platform != "linux":
        # There Qt reads no XDG variable; on Linux its test mode would ignore them and share one folder.
        QStandardPaths.setTestModeEnabled(True)
    # Qt remembers the folder of the first QSettings for good, so the variables alone do not move it.
    for file_format in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(file_format, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """The dark theme, applied to the application."""
    from widgets import theme as themes

    return themes.apply(qapp, "dark")


def _settle(application: QCoreApplication) -> None:
    # Outside of a running event loop a deleteLater() is only carried out when asked for by name.
    application.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()


def _windows() -> list[QWidget]:
    if not isinstance(QApplication.instance(), QApplication):
        return []
    # A tool tip hides itself after a while and Qt keeps the one label for the next.
    return [window for window in QApplication.topLevelWidgets() if window.metaObject().className() != "QTipLabel"]


def _close(window: QWidget) -> None:
    """Close a window that a test left, in good order, so that the next test does not meet it.

    Only the program's own is deleted. Others can be parts of something that still lives (pyqtgraph keeps the widgets
    of its menus without a parent): deleted, they take the interpreter with them.
    """
    if not shiboken6.isValid(window):  # it went with another
        return
    if hasattr(window, "close_without_asking"):
        window.close_without_asking()
        QApplication.processEvents()
        window.deleteLater()
        _settle(QApplication.instance())
    else:
        window.close()


def _known(window: QWidget | None, known: set[int]) -> bool:
    """Whether a window, or one that it belongs to (a combo box keeps the window of its list), was there before."""
    while window is not None:
        if _address(window.window()) in known:
            return True
        window = window.window().parentWidget()
    return False


def _address(window: QWidget) -> int:
    return int(shiboken6.getCppPointer(window)[0])


def _name(thing: Any) -> str:
    parent = thing.parent()
    owner = f" of {type(parent).__name__}" if parent is not None else ""
    return f"{type(thing).__name__} {thing.objectName()!r}{owner}"


def _children() -> list[psutil.Process]:
    multiprocessing.active_children()  # reaps those that have ended
    return psutil.Process().children(recursive=True)


def _orphans(before: set[psutil.Process]) -> list[str]:
    orphans = [child for child in _children() if child not in before and not _is_tracker(child)]
    _, alive = psutil.wait_procs(orphans, timeout=GRACE) if orphans else ([], [])
    names = []
    for child in alive:
        try:
            if child.status() != psutil.STATUS_ZOMBIE:
                names.append(f"process {child.pid} {' '.join(child.cmdline())[:120]}")
                child.kill()
        except psutil.NoSuchProcess:
            continue
    return names


def _is_tracker(child: psutil.Process) -> bool:
    # multiprocessing starts one resource tracker for the life of the program.
    try:
        return any("resource_tracker" in word for word in child.cmdline())
    except psutil.Error:
        return True
