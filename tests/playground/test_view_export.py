"""What a panel shows, saved: pictures, numbers, moving pictures; and what is said when that fails."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.document.errors import FileError
from playground import recording
from playground.recording import FRAMES_PER_SECOND, Recording, pixels, write_animation
from playground.view_export import PanelExport, answers_on_plane, csv_of
from playground.window import MainWindow
from tests.windows import PATIENCE


@pytest.fixture
def export(window: MainWindow) -> PanelExport:
    """What the button in the head of Output does."""
    assert window.view_panels is not None  # made by now
    return window.panels["dock.output"].findChild(PanelExport)


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Have the next question for a place answered with a file in the test's folder."""

    def chosen(name: str) -> Path:
        path = tmp_path / name
        monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(path), "")))
        return path

    return chosen


def pick(export: PanelExport, name: str) -> None:
    """Choose a row of the button's menu."""
    export.menu.aboutToShow.emit()
    next(action for action in export.menu.actions() if action.objectName() == name).trigger()


def flat(color: str, width: int = 8, height: int = 6) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    return image


def test_a_picture_is_twice_as_large_as_on_the_screen(export: PanelExport, choose: Callable[[str], Path]) -> None:
    path = choose("output")
    pick(export, "picture")
    body = export._panel.body()
    with Image.open(path.with_suffix(".png")) as image:
        assert body is not None and image.size == (2 * body.width(), 2 * body.height())
        assert len(np.unique(np.asarray(image.convert("L")))) > 20  # there is something on it


def test_vector_graphics_are_whole(export: PanelExport, choose: Callable[[str], Path]) -> None:
    path = choose("output.svg")
    pick(export, "picture")
    root = ElementTree.fromstring(path.read_text())
    assert root.tag.endswith("svg") and len(list(root.iter())) > 10


def test_where_nothing_can_be_written_that_is_said(
    export: PanelExport, choose: Callable[[str], Path], window: MainWindow
) -> None:
    choose("no such folder/output.png")
    pick(export, "picture")
    assert window.messages.messages()[0].text.startswith("output.png cannot be written: ")
    window.reset_layout()


def test_what_is_no_view_gives_its_numbers_too(window: MainWindow, choose: Callable[[str], Path], qtbot: QtBot) -> None:
    latest = window.views.live.latest
    window.panels["dock.metrics"].show()
    window.panels["dock.metrics"].raise_()
    window.actions_by_id["train.step_epoch"].trigger()
    names = ("dock.output", "dock.curves", "dock.metrics")
    qtbot.waitUntil(lambda: all(name in latest for name in names), timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(latest["dock.curves"]["epoch"].max() >= 1), timeout=PATIENCE)
    tables = {}
    for name in names:
        path = choose(f"{name}.csv")
        pick(window.panels[name].findChild(PanelExport), "numbers")
        tables[name] = list(csv.reader(path.read_text().splitlines()))
    head, *rows = tables["dock.curves"]
    assert head == ["epoch", "train_loss", "test_loss", "train_metric", "test_metric", "rate"]
    assert [float(row[0]) for row in rows] == latest["dock.curves"]["epoch"].tolist()
    assert {row[0] for row in tables["dock.output"][1:]} == {"outputs"}
    assert len(tables["dock.output"]) == 1 + latest["dock.output"]["values"].size
    accuracy = next(row for row in tables["dock.metrics"] if row[0] == "test.accuracy")
    assert float(accuracy[-1]) == pytest.approx(float(latest["dock.metrics"]["test.accuracy"][0]))


def test_answers_are_read_off_their_picture_where_they_were_not_sent() -> None:
    signed = {"image": np.array([[0, 255]], np.uint8), "kind": np.array([0])}
    signed |= {"scale": np.array([2.0]), "centre": np.array([0.5])}
    assert answers_on_plane(signed)["answer"].tolist() == [[-1.5, 2.5]]
    classes = answers_on_plane({"image": np.array([[31, 64]], np.uint8), "kind": np.array([1])})
    assert classes["class"].tolist() == [[0, 2]] and classes["confidence"].tolist() == [[1.0, 0.0]]
    assert answers_on_plane({}) == {}


def test_numbers_are_a_table() -> None:
    found = csv_of({"map": np.array([[1, 2], [3, 4]], np.uint8), "scale": np.array([0.5])})
    rows = list(csv.reader(io.StringIO(found.decode())))
    assert rows[0] == ["array", "axis_0", "axis_1", "value"]
    assert rows[1:] == [
        ["map", "0", "0", "1"], ["map", "0", "1", "2"], ["map", "1", "0", "3"], ["map", "1", "1", "4"],
        ["scale", "0", "", "0.5"],
    ]  # fmt: skip


def test_the_run_becomes_a_moving_picture(
    export: PanelExport, choose: Callable[[str], Path], window: MainWindow, qtbot: QtBot
) -> None:
    path = choose("run.gif")
    pick(export, "record")
    window.actions_by_id["train.play"].trigger()
    qtbot.waitUntil(lambda: export.recording is not None and len(export.recording.frames) >= 4, timeout=PATIENCE)
    window.session.pause()
    pick(export, "finish")
    qtbot.waitUntil(path.exists, timeout=PATIENCE)
    with Image.open(path) as image:
        first, shown = np.asarray(image.convert("RGB")), 0
        for number in range(image.n_frames):  # equal pictures in a row are one that is shown for longer
            image.seek(number)
            shown += image.info["duration"]
        assert shown >= 4 * 10 * (100 // FRAMES_PER_SECOND)  # a GIF counts hundredths of a second
        image.seek(image.n_frames - 1)
        assert (first != np.asarray(image.convert("RGB"))).any()
    assert export.recording is None and not list(path.parent.glob(".*.part"))
    qtbot.waitUntil(lambda: not export._writing.busy)


def test_a_recording_never_grows_beyond_its_bounds() -> None:
    kept = Recording(most=8)
    for number in range(100):
        kept.offer(flat("black" if number % 2 else "white", 8 + number % 3))
    assert len(kept.frames) <= 8
    assert {frame.shape for frame in kept.frames} == {(6, 8, 3)}
    assert (kept.frames[0] == 255).all()


def test_colours_are_kept() -> None:
    np.testing.assert_array_equal(pixels(flat("#4f9cf9", 3, 2)), np.full((2, 3, 3), [0x4F, 0x9C, 0xF9]))


def test_writing_can_be_given_up(tmp_path: Path) -> None:
    frames = [pixels(flat("red"))] * 5
    assert not write_animation(frames, tmp_path / "run.gif", lambda done: done < 0.5)
    assert not list(tmp_path.iterdir())


def test_ffmpeg_gets_every_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in on the path that keeps what it is given: whether ffmpeg itself is there depends on the machine."""
    script = tmp_path / "bin" / "ffmpeg"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nfor last; do :; done\ncat > "$last"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    assert recording.has_ffmpeg()
    frames = [pixels(flat("red", 9, 7)), pixels(flat("blue", 9, 7))]
    assert write_animation(frames, tmp_path / "run.mp4", lambda _: True)
    assert (tmp_path / "run.mp4").read_bytes() == b"".join(frame[:6, :8].tobytes() for frame in frames)
    script.write_text("#!/bin/sh\ncat > /dev/null\necho no such codec >&2\nexit 1\n")
    with pytest.raises(FileError, match=r"run\.mp4 cannot be written: no such codec"):
        write_animation(frames, tmp_path / "run.mp4", lambda _: True)
