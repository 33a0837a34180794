"""What every test gets: no screen, settings of its own, and a check that nothing it started survives it."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import itertools
import math
import multiprocessing
import os
import shutil
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Read by Qt when the first application is made, so it stands before any import of Qt.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Read by PyTorch when it is imported: on small arrays a second thread waits more than it helps, and training sets the
# number of threads itself.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Tests start the program many times over: without what was compiled before, each start would compile all of it again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import hypothesis
import psutil
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QStandardPaths, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from widgets.theme import Theme

# How long an example takes says more about the machine than about the code. The short tests draw the same examples each
# time: what fails in them was broken by what changed. The long ones look for what nobody has thought of yet.
_ANYWHERE: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
    "print_blob": True,
}
hypothesis.settings.register_profile("house", derandomize=True, **_ANYWHERE)
hypothesis.settings.register_profile("search", derandomize=False, **_ANYWHERE)
hypothesis.settings.load_profile("house")

GRACE = 3.0
"""Seconds that a process which was told to end may still take."""

CHILDREN_ARE_LISTED = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
"""Whether the system says which children a process has (Linux); elsewhere every process is asked for its parent."""


class Watch:
    """When the watch over a hanging test began, and where it writes."""

    HANGS, RENEWED = 300.0, 60.0
    """Seconds."""

    started = -math.inf
    output = -1


TURNS = itertools.count()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker whole files in the order in which they stand: the long ones of `end_to_end` first.

    What a file shares, such as a window with its process, is then made once and not once by each worker.
    """
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the real standard error: pytest catches what is written to it while tests run."""
    Watch.output = os.dup(2)
    if "long" in config.option.markexpr.replace("not long", ""):
        hypothesis.settings.load_profile("search")


def pytest_runtest_logstart() -> None:
    """Have the place of every thread printed where a test hangs in C and Python hears no signal of a timeout.

    pytest's own `faulthandler_timeout` starts and ends a thread for each test; this one, for each minute of tests.
    """
    now = time.monotonic()
    if now - Watch.started > Watch.RENEWED:
        Watch.started = now
        faulthandler.dump_traceback_later(Watch.HANGS + Watch.RENEWED, file=Watch.output)


def pytest_unconfigure() -> None:
    faulthandler.cancel_dump_traceback_later()
    os.close(Watch.output)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests that open a real window where there is no virtual screen to open it on."""
    if shutil.which("Xvfb"):
        return
    skip = pytest.mark.skip(reason="Xvfb is not installed")
    for item in items:
        if item.get_closest_marker("xvfb"):
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Spare the collector what stays anyway: thousands of tests and the libraries they have imported."""
    gc.collect()
    gc.freeze()


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
    children = _children()
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
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each worker has a folder in that of the session
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_CACHE_DIR", str(folder / "kernels"))
        yield


@pytest.fixture(scope="session")
def settings_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings")


@pytest.fixture(autouse=True)
def own_settings(settings_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point every place where settings, caches and autosaves are written to a folder of the test's own.

    The folder is only named: most tests write none of these, and making one for each takes time.
    """
    folder = settings_folder / str(next(TURNS))
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(folder / variable.lower()))
    if sys.platform != "linux":
        # There Qt reads no XDG variable; on Linux its test mode would ignore them and share one folder.
        QStandardPaths.setTestModeEnabled(True)
    # Qt remembers the folder of the first QSettings for good, so the variables alone do not move it.
    for file_format in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(file_format, QSettings.Scope.UserScope, str(folder / "settings"))


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


def _children() -> set[psutil.Process]:
    """The processes that this one has started, and those that they have."""
    multiprocessing.active_children()  # reaps those that have ended
    if not CHILDREN_ARE_LISTED:
        return set(psutil.Process().children(recursive=True))
    found = set()
    unread = [os.getpid()]
    while unread:
        for number in _listed_children(unread.pop()):
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                found.add(psutil.Process(number))
                unread.append(number)
    return found


def _listed_children(process: int) -> list[int]:
    numbers = []
    with contextlib.suppress(OSError):  # the process, or one of its threads, has ended meanwhile
        for thread in os.listdir(f"/proc/{process}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{process}/task/{thread}/children", "rb") as listed:
                numbers += map(int, listed.read().split())
    return numbers


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
