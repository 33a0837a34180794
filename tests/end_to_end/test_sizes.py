"""The smallest window that counts as usable, and a screen of twice the density."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QToolBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from playground.app import create_window
from playground.window import SIZE, MainWindow
from tests.end_to_end.display import PATIENCE, ROOT, display, until
from widgets import theme as themes

SMALL = (1280, 720)


@pytest.fixture(scope="module")
def small_window(qapp: QApplication) -> Iterator[MainWindow]:
    made = create_window("circle", theme="dark")
    made.resize(*SMALL)
    made.show()
    made.curves.show()
    yield made
    made.close_without_asking()
    made.deleteLater()


@pytest.fixture(params=["dark", "light"])
def window(small_window: MainWindow, request: pytest.FixtureRequest, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window at 1280 by 720 in either theme, a run in it: every number has digits."""
    small_window.choose_theme(request.param)
    session = small_window.session
    session.play()
    qtbot.waitUntil(lambda: session.status is not None and session.status.epoch > 0, timeout=30_000)
    session.pause()
    QApplication.processEvents()
    assert (small_window.width(), small_window.height()) == SMALL
    yield small_window
    timers = [timer for timer in small_window.findChildren(QTimer) if timer.isSingleShot()]  # pictures that follow
    qtbot.waitUntil(lambda: not any(timer.isActive() for timer in timers), timeout=30_000)


def inside(part: QWidget, whole: QWidget) -> bool:
    """Whether a widget can be seen and lies in another with all that it needs."""
    place = QRect(part.mapTo(whole, QPoint(0, 0)), part.size())
    return part.isVisible() and whole.rect().contains(place) and not cut(part)


def cut(part: QWidget) -> bool:
    """Whether a widget is smaller than layouts would make it: than its minimum, or its hint where it has none."""
    hint, minimum = part.minimumSizeHint().boundedTo(part.maximumSize()), part.minimumSize()
    return part.width() < (minimum.width() or hint.width()) or part.height() < (minimum.height() or hint.height())


def test_no_panel_is_cut(window: MainWindow) -> None:
    visible = {name for name, panel in window.panels.items() if panel.isVisible()}
    assert visible == {"dock.data", "dock.library", "dock.output", "dock.curves", "dock.inspector"}
    check_panels(window)


def test_no_panel_is_cut_when_messages_are_shown_too(window: MainWindow) -> None:
    window.panels["dock.messages"].show()
    QApplication.processEvents()
    assert (window.width(), window.height()) == SMALL
    check_panels(window)
    window.panels["dock.messages"].hide()


def test_no_panel_is_cut_when_many_seeds_are_tried(window: MainWindow, qtbot: QtBot) -> None:
    window.open_seeds()
    QApplication.processEvents()
    check_panels(window)
    qtbot.mouseClick(window.seeds.empty.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.seeds.mean.isVisible() and not window.seeds.running, timeout=30_000)
    QApplication.processEvents()
    assert (window.width(), window.height()) == SMALL
    check_panels(window)
    window.panels["dock.seeds"].hide()


def check_panels(window: MainWindow) -> None:
    places = {}
    for name, panel in window.panels.items():
        if not panel.isVisible():
            continue
        body = panel.body()
        assert body is not None
        assert inside(panel, window), name
        assert inside(body, panel), name
        for part in body.findChildren(QWidget):
            if part.isVisible() and part.focusPolicy() and not scrolled(part, body):
                assert inside(part, body), f"{name}: {part.objectName()} {part.size()} {part.minimumSizeHint()}"
        places[name] = panel.geometry()
    names = list(places)
    for number, name in enumerate(names):
        assert not any(places[name].intersects(places[other]) for other in names[number + 1 :])
    assert window.canvas.width() >= 640 and window.canvas.height() >= 400
    assert min(window.output.map.width(), window.output.map.height()) >= 160


def scrolled(part: QWidget, body: QWidget) -> bool:
    """Whether a widget lies in something that scrolls, so that it may be out of sight."""
    above = part.parentWidget()
    while above is not None and above is not body.parentWidget():
        if isinstance(above, QAbstractScrollArea):
            return True
        above = above.parentWidget()
    return False


def test_the_window_can_be_made_smaller_still(window: MainWindow) -> None:
    smallest = window.minimumSizeHint().expandedTo(window.minimumSize())
    assert smallest.width() <= SMALL[0] and smallest.height() <= SMALL[1]


def test_the_row_above_the_canvas_is_whole(window: MainWindow) -> None:
    bar = window.findChild(QToolBar, "toolbar.transport")
    assert bar is not None
    assert inside(bar, window)
    extension = bar.findChild(QToolButton, "qt_toolbar_ext_button")
    assert extension is None or not extension.isVisible()
    transport = window.transport
    assert inside(transport, bar)
    buttons = [transport.play, transport.step, transport.reset, transport.reroll]
    for part in (*buttons, transport.speed, transport.seed):
        assert inside(part, transport), part.objectName()
    for readout in transport.readouts.values():
        assert inside(readout, transport), readout.objectName()
    row = [*buttons, transport.speed, *transport.readouts.values(), transport.seed]
    places = [QRect(part.mapTo(transport, QPoint(0, 0)), part.size()) for part in row]
    for left, right in pairwise(sorted(places, key=QRect.left)):
        assert left.right() < right.left()


def test_a_picture_at_twice_the_density(window: MainWindow, tmp_path: Path) -> None:
    theme = themes.current().name
    out = tmp_path / f"{theme}.png"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "playground", "screenshot", str(out), "circle",
         "--train", "0.5", "--theme", theme, "--size", f"{SMALL[0]}x{SMALL[1]}"],
        cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    small, large = window.grab().toImage(), QImage(str(out))
    assert (small.width(), small.height()) == SMALL
    assert large.size() == 2 * small.size()
    # Where nothing moves the two show the same, and the large one shows it finer: it is drawn, not blown up.
    blown_up = small.scaled(large.size())
    assert large.pixelColor(20, 20) == blown_up.pixelColor(20, 20)
    assert large != blown_up


@pytest.mark.xvfb
def test_the_command_on_a_screen_of_twice_the_density(tmp_path: Path) -> None:
    folder = tmp_path / "screen"
    folder.mkdir()
    with display(folder, 3200, 2000) as screen:
        environment = screen.environment(tmp_path / "home") | {"QT_SCALE_FACTOR": "2"}
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "playground"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            search = ("search", "--onlyvisible", "--pid", str(process.pid), "--name", "Playground")
            until(lambda: process.poll() is not None or bool(screen.xdotool(*search)), "the window appears")
            window = screen.xdotool(*search).split()[0]
            geometry = dict(
                line.split("=") for line in screen.xdotool("getwindowgeometry", "--shell", window).splitlines()
            )
            assert (int(geometry["WIDTH"]), int(geometry["HEIGHT"])) == (2 * SIZE.width(), 2 * SIZE.height())
            until(lambda: len(set(screen.picture()[::7, ::7].reshape(-1, 3)[:, 0].tolist())) > 100, "a picture")
            screen.xdotool("windowfocus", "--sync", window, "key", "--clearmodifiers", "ctrl+q")
            output, errors = process.communicate(timeout=PATIENCE)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
    assert (process.returncode, output, errors) == (0, "", "")
