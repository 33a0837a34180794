"""Images that are not there yet: downloaded, or opened from a folder of the user's own."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.datasets.mnist import Mnist
from engine.images import idx
from engine.images.downloads import Cancelled, Remote
from playground import file_work
from playground.image_download import Fetching
from playground.window import MainWindow
from tests.windows import PATIENCE
from widgets.image_import import ImageImport


def choose(window: MainWindow, qtbot: QtBot, name: str) -> None:
    qtbot.mouseClick(window.data.thumbnails.button(name), Qt.MouseButton.LeftButton)
    assert window.controller.document.data.dataset.name == name


# --- downloads -------------------------------------------------------------------------------------------------------

SHAPES = {"train-images": (60_000, 28, 28), "train-labels": (60_000,), "t10k-images": (10_000, 28, 28)}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four files of MNIST, all images black: a few thousand bytes when they are packed."""
    folder = tmp_path_factory.mktemp("published")
    for remote in Mnist.downloads:
        shape = next((shape for begin, shape in SHAPES.items() if remote.name.startswith(begin)), (10_000,))
        content = np.zeros(shape, np.uint8) if len(shape) > 1 else (np.arange(shape[0]) % 10).astype(np.uint8)
        with gzip.open(folder / remote.name, "wb", 1) as file:
            file.write(idx.header(shape) + content.tobytes())
    return folder


class Server(http.server.SimpleHTTPRequestHandler):
    """Hands out files when it is let."""

    may = threading.Event()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        outputfile.write(content[: len(content) // 2])
        outputfile.flush()
        self.may.wait(PATIENCE / 1000)
        try:
            outputfile.write(content[len(content) // 2 :])
        except OSError:  # it was cancelled
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def nearby(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty data folder, and a server on this computer that has the files of MNIST."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(published)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    Server.may.clear()
    remotes = []
    for remote in Mnist.downloads:
        content = (published / remote.name).read_bytes()
        url = f"http://127.0.0.1:{server.server_port}/{remote.name}"
        remotes.append(Remote(remote.name, len(content), hashlib.sha256(content).hexdigest(), (url,)))
    monkeypatch.setattr(Mnist, "downloads", tuple(remotes))
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path / "data"))
    yield tmp_path / "data" / "mnist"
    Server.may.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_data_that_are_not_there_are_downloaded_and_learnt(window: MainWindow, qtbot: QtBot, nearby: Path) -> None:
    box = window.data.image_box
    choose(window, qtbot, "mnist")
    qtbot.waitUntil(lambda: box.standing() is not None and bool(box.standing().buttons), timeout=PATIENCE)
    assert box.isVisibleTo(window) and "not on this computer" in box.text.text() and str(nearby) in box.text.text()
    assert not window.controller.plan.ready and window.data.preview.samples.count() == 0
    qtbot.mouseClick(box.button("download"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: box.text.text().startswith("Downloading MNIST: ") and " of " in box.text.text())
    assert box.bar.isVisibleTo(window)
    qtbot.mouseClick(box.button("cancel"), Qt.MouseButton.LeftButton)
    assert box.button("download").text().startswith("Go on (")
    assert "download" in dict(box.standing().buttons) and not box.bar.isVisibleTo(window)  # type: ignore[union-attr]
    Server.may.set()
    qtbot.mouseClick(box.button("download"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.controller.plan.ready, timeout=PATIENCE)
    assert not box.isVisibleTo(window)
    assert sorted(path.name for path in nearby.iterdir()) == sorted(remote.name for remote in Mnist.downloads)
    qtbot.waitUntil(lambda: window.data.preview.samples.count() == 10, timeout=PATIENCE)
    assert "MNIST is there" in [message.text for message in window.messages.messages()]
    assert "Not on this computer" not in window.data.thumbnails.button("mnist").toolTip()
    window.reset_layout()


def test_a_download_that_fails_says_so_at_the_data(
    window: MainWindow, qtbot: QtBot, nearby: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Server.may.set()
    absent = tuple(
        Remote(remote.name, remote.size, "0" * 64, tuple(f"{url}.no" for url in remote.urls))
        for remote in Mnist.downloads
    )
    monkeypatch.setattr(Mnist, "downloads", absent)
    box = window.data.image_box
    choose(window, qtbot, "mnist")
    qtbot.waitUntil(lambda: box.standing() is not None and bool(box.standing().buttons), timeout=PATIENCE)
    qtbot.mouseClick(box.button("download"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: box.standing().severity == "error", timeout=PATIENCE)  # type: ignore[union-attr]
    assert "404" in box.text.text() and box.button("download").text() == "Try again"
    choose(window, qtbot, "circle")
    assert window.controller.plan.ready and not box.isVisibleTo(window)


def test_a_damaged_file_is_no_reason_to_download(
    window: MainWindow, qtbot: QtBot, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mnist"
    shutil.copytree(published, folder)
    whole = (folder / "t10k-labels-idx1-ubyte.gz").read_bytes()
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(whole[:-5])
    monkeypatch.setenv("PLAYGROUND_DATA", str(tmp_path))
    choose(window, qtbot, "mnist")
    box = window.data.image_box
    qtbot.waitUntil(lambda: box.standing() is not None and box.standing().severity == "error", timeout=PATIENCE)
    assert "t10k-labels-idx1-ubyte.gz is " in box.text.text() and not box.standing().buttons
    assert not window.controller.plan.ready


def test_the_rate_is_that_of_the_last_seconds() -> None:
    moments = iter((0.0, 1.0, 2.0, 10.0, 11.0))

    def fetch(_remotes: Any, _folder: Any, told: Any, cancelled: Any) -> None:
        for done in (100, 200, 300, 400, 900):
            told(done, 1000)

    fetching = Fetching((), Path(), fetch, lambda: next(moments))
    assert fetching.share < 0 and fetching.rate() == 0.0
    assert fetching.run()
    assert fetching.share == 0.9 and fetching.rate() == 500.0


def test_a_cancelled_download_is_no_error() -> None:
    def fetch(_remotes: Any, _folder: Any, told: Any, cancelled: Any) -> None:
        assert cancelled()
        raise Cancelled

    fetching = Fetching((), Path(), fetch)
    fetching.cancelled.set()
    assert not fetching.run()


# --- folders ---------------------------------------------------------------------------------------------------------


def leaves(folder: Path, count: int = 12) -> Path:
    """Three classes of pictures, told apart by their colour, and a file that is no picture."""
    rng = np.random.default_rng(1)
    for place, name in enumerate(("birch", "maple", "oak")):
        (folder / "leaves" / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 60, (12, 16, 3), dtype=np.uint8)
            pixels[..., place] += 150
            Image.fromarray(pixels).save(folder / "leaves" / name / f"{number}.png")
    (folder / "leaves" / "oak" / "broken.png").write_bytes(b"no picture")
    return folder / "leaves"


def shown(window: MainWindow, qtbot: QtBot) -> ImageImport:
    def ready() -> bool:
        dialog = window.image_folders.dialog
        return dialog is not None and dialog.isVisible() and dialog.use.isEnabled() and dialog.preview.count() > 0

    qtbot.waitUntil(ready, timeout=PATIENCE)
    assert window.image_folders.dialog is not None
    return window.image_folders.dialog


def use(window: MainWindow, qtbot: QtBot) -> ImageFolder:
    qtbot.mouseClick(shown(window, qtbot).use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: isinstance(window.controller.document.data.dataset, ImageFolder), timeout=PATIENCE)
    dataset = window.controller.document.data.dataset
    assert isinstance(dataset, ImageFolder)
    return dataset


def choose_folder(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *_: str(path)))


def test_a_folder_is_opened_by_clicks_lost_and_found(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leaves(tmp_path)
    choose_folder(monkeypatch, path)
    qtbot.mouseClick(window.data.table_box.folder, Qt.MouseButton.LeftButton)
    dialog = shown(window, qtbot)
    assert [dialog.classes.item(row, 1).text() for row in range(3)] == ["12", "12", "13"]
    assert "No pictures: oak/broken.png" in dialog.verdict.text().replace("\\", "/")
    dataset = use(window, qtbot)
    assert dataset.classes == ("birch", "maple", "oak") and dataset.counts == (12, 12, 12)
    assert window.controller.plan.ready, window.controller.plan.problems
    assert window.controller.plan.nodes[str(window.controller.plan.output)].output_shape == (3,)
    said = [message.text for message in window.messages.messages()]
    assert any("1 of 37 files could not be read" in text for text in said)
    assert window.data.note() == "leaves · 36 samples"
    qtbot.waitUntil(lambda: set(window.data.preview.samples.captions()) == set(dataset.classes), timeout=PATIENCE)
    box = window.data.table_box
    assert box.facts.text() == "36 pictures of 3 classes, 32 × 32 in colour"

    moved = tmp_path / "elsewhere"
    shutil.move(path, moved)
    window.controller.looks.again()
    qtbot.waitUntil(lambda: not window.controller.plan.ready, timeout=PATIENCE)
    assert "is not there" in box.facts.text() and not window.data.image_box.isVisibleTo(window)
    choose_folder(monkeypatch, moved)
    window.actions_by_id["data.locate"].trigger()
    qtbot.waitUntil(lambda: window.controller.plan.ready, timeout=PATIENCE)
    assert window.controller.document.data.dataset == dataset.replace(path=str(moved))

    window.controller.set_data_field("rotation", 10.0, True)
    qtbot.mouseClick(box.pictures, Qt.MouseButton.LeftButton)
    side = shown(window, qtbot).form.control("side")
    side.setFocus()
    side.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(side, "16")
    QTest.keyClick(side, Qt.Key.Key_Return)
    smaller = dataset.replace(path=str(moved), side=16, rotation=10.0)
    qtbot.waitUntil(lambda: window.controller.document.data.dataset == smaller, timeout=PATIENCE)

    (moved / "oak" / "11.png").unlink()
    window.controller.looks.again()
    qtbot.waitUntil(lambda: not window.controller.plan.ready, timeout=PATIENCE)
    assert "has changed" in box.facts.text()
    qtbot.mouseClick(box.renew, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.controller.plan.ready, timeout=PATIENCE)
    assert window.controller.document.data.dataset.sample_count == 35

    before = window.controller.document
    pixels = np.full((12, 16, 3), 255, np.uint8)
    Image.fromarray(pixels).save(moved / "oak" / "3.png")  # written in its place
    os.utime(moved / "oak" / "3.png", ns=(1, 1))
    window.controller.looks.again()
    qtbot.waitUntil(lambda: not window.controller.plan.ready, timeout=PATIENCE)
    [problem] = window.controller.plan.problems
    assert "has changed" in str(problem.sentence) and problem.remedies[0].reads
    window.controller.remedy(problem, 0)
    qtbot.waitUntil(lambda: window.controller.plan.ready, timeout=PATIENCE)
    assert window.controller.document != before
    window.reset_layout()


def test_a_folder_is_remembered_and_used_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(window.settings, "folders", lambda: kept)
    monkeypatch.setattr(window.settings, "set_folders", lambda texts: kept.__setitem__(slice(None), texts))
    path = leaves(tmp_path)
    window.image_folders.open_path(path)
    dialog = shown(window, qtbot)
    QTest.keyClick(dialog.form.control("colour"), Qt.Key.Key_Space)
    dataset = use(window, qtbot)
    assert not dataset.colour and dataset.image_shape == (1, 32, 32)
    assert window.data.table_box.chip(str(path)).isChecked()
    choose(window, qtbot, "circle")
    assert not window.data.table_box.chip(str(path)).isChecked()
    qtbot.mouseClick(window.data.table_box.chip(str(path)), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.controller.document.data.dataset == dataset, timeout=PATIENCE)
    window.controller.undo()
    (path / "birch" / "0.png").unlink()
    qtbot.mouseClick(window.data.table_box.chip(str(path)), Qt.MouseButton.LeftButton)
    assert shown(window, qtbot).classes.item(0, 1).text() == "11", "what has changed is shown first"
    shown(window, qtbot).reject()
    kept[:] = ["{", '{"type": "circle"}', *kept]
    window.data.table_box.set_recent_folders(list(window.image_folders.remembered()))
    assert list(window.image_folders.remembered()) == [str(path)]
    window.data.table_box.set_recent_folders([])


def test_a_folder_without_classes_cannot_be_used(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.image_folders.open_path(tmp_path)
    qtbot.waitUntil(
        lambda: (
            window.image_folders.dialog is not None
            and "must hold a folder with pictures" in window.image_folders.dialog.verdict.text()
        ),
        timeout=PATIENCE,
    )
    dialog = window.image_folders.dialog
    assert dialog is not None and not dialog.use.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert window.controller.document.data.dataset.name == "circle"
    qtbot.waitUntil(lambda: window.image_folders.dialog is None)


def test_a_folder_dropped_on_the_window_is_shown(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(leaves(tmp_path)))])
    action, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), action, data, button, key)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), action, data, button, key))
    shown(window, qtbot).reject()


def test_reading_a_folder_can_be_cancelled(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may, ended = threading.Event(), threading.Event()

    class Slow(file_work.Reading):
        def run(self) -> Any:
            may.wait(PATIENCE / 1000)
            try:
                return super().run()
            finally:
                ended.set()

    monkeypatch.setattr(file_work, "Reading", Slow)
    window.image_folders.open_path(leaves(tmp_path))
    qtbot.mouseClick(shown(window, qtbot).use, Qt.MouseButton.LeftButton)
    assert window.status.cancel.isVisible()
    qtbot.mouseClick(window.status.cancel, Qt.MouseButton.LeftButton)
    assert not window.status.cancel.isVisible()
    may.set()
    assert ended.wait(PATIENCE / 1000)
    assert window.controller.document.data.dataset.name == "circle"
