"""What a panel shows, taken away: as a picture, as numbers, as a moving picture of the run."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QObject, QPoint, QSaveFile, QSize, QTimer
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from engine.document.errors import FileError, PlaygroundError
from engine.probes.decision import CLASSES, LEVELS
from playground.errand import Errand
from playground.recording import Recording, has_ffmpeg, write_animation
from playground.words import sentence
from widgets.panel import Panel

if TYPE_CHECKING:
    from playground.window import MainWindow

_SCALE = 2
"""Pixels of a saved picture for one of the screen's."""
_SECONDS = 0.1
"""Least time between two pictures of a recording."""

Numbers = Mapping[str, NDArray[Any]]


def csv_of(numbers: Numbers) -> bytes:
    """Arrays as one table, a row for each value: the array's name, its place in it, the value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    most = max((np.ndim(array) for array in numbers.values()), default=0)
    writer.writerow(["array", *(f"axis_{axis}" for axis in range(most)), "value"])
    for name, array in numbers.items():
        for place, value in np.ndenumerate(array):
            writer.writerow([name, *place, *([""] * (most - len(place))), value])
    return text.getvalue().encode()


def table_of(numbers: Numbers) -> bytes:
    """Arrays of one length as the columns of a table, their names above them; what was not measured stays empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(numbers)
    for row in zip(*(array.tolist() for array in numbers.values()), strict=True):
        writer.writerow(["" if math.isnan(value) else value for value in row])
    return text.getvalue().encode()


def answers_on_plane(answer: Numbers) -> Numbers:
    """What the probe Decision answered as numbers over the plane, the first row at the largest x₂.

    The outputs themselves where they were sent; else as fine as they are painted: the answer (height, width), or the
    class that is answered and how far it is ahead, from 0 to 1.
    """
    if not answer:
        return {}
    if "values" in answer:
        return {"outputs": answer["values"]}
    image = answer["image"]
    if int(answer["kind"][0]) == CLASSES:
        return {"class": image // LEVELS, "confidence": (image % LEVELS) / (LEVELS - 1)}
    return {"answer": float(answer["centre"][0]) + float(answer["scale"][0]) * (image / 127.5 - 1)}


class PanelExport(QObject):
    """A button in a panel's head that saves what the panel shows."""

    def __init__(
        self,
        window: MainWindow,
        panel: Panel,
        numbers: Callable[[], Numbers],
        written: Callable[[Numbers], bytes] = csv_of,
    ) -> None:
        """Of a panel whose numbers are these, and stand like that in a file."""
        super().__init__(panel)
        self._window, self._panel, self._numbers, self._written_as = window, panel, numbers, written
        self.recording: Recording | None = None
        self._writing = Errand("moving picture", self)
        self._cancelled = Event()
        self._timer = QTimer(self, interval=int(1000 * _SECONDS))
        self._timer.timeout.connect(self._take)
        self.button = panel.add_button("export", self.tr("Save what {name} shows"), "export")
        self.button.setPopupMode(self.button.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self._fill)
        self.button.setMenu(self.menu)
        window.files.left.connect(self.stop)

    def _fill(self) -> None:
        self.menu.clear()
        add = self.menu.addAction
        add(self.tr("Save picture…"), self.save_picture).setObjectName("picture")
        found = add(self.tr("Save numbers…"), self.save_numbers)
        found.setObjectName("numbers")
        found.setEnabled(bool(self._numbers()))
        if self._writing.busy:
            add(self.tr("Cancel writing"), self._cancelled.set).setObjectName("cancel")
        elif self.recording is None:
            add(self.tr("Record the run"), self.record).setObjectName("record")
        else:
            add(self.tr("Stop recording and save…"), self.save_recording).setObjectName("finish")
            add(self.tr("Stop recording"), self.stop).setObjectName("discard")

    # --- pictures and numbers ----------------------------------------------------------------------------------------

    def save_picture(self) -> None:
        """Ask where, and save the body of the panel as it looks now."""
        path = self._ask(self.tr("Save picture"), self.tr("Pictures") + " (*.png *.svg)", ".png")
        if path is not None:
            self._write(path, svg_of(self._body()) if path.suffix.lower() == ".svg" else png_of(self._body()))

    def save_numbers(self) -> None:
        """Ask where, and save what the panel was last told."""
        path = self._ask(self.tr("Save numbers"), self.tr("Tables") + " (*.csv)", ".csv")
        if path is not None:
            self._write(path, self._written_as(self._numbers()))

    def _body(self) -> QWidget:
        body = self._panel.body()
        assert body is not None
        return body

    def _ask(self, title: str, kinds: str, suffix: str) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(self._window, title, f"{self._panel.windowTitle()}{suffix}", kinds)
        if not name:
            return None
        path = Path(name)
        return path if path.suffix else path.with_suffix(suffix)

    def _write(self, path: Path, content: bytes) -> None:
        file = QSaveFile(str(path))
        written = file.open(QSaveFile.OpenModeFlag.WriteOnly) and file.write(content) == len(content) and file.commit()
        if written:
            self._window.message("info", self.tr("Saved {file}").format(file=path.name))
        else:
            problem = FileError("{file} cannot be written: {problem}", file=path.name, problem=file.errorString())
            self._window.message("error", sentence(problem.sentence))

    # --- moving pictures ---------------------------------------------------------------------------------------------

    def record(self) -> None:
        """Keep pictures of the panel from now on, while the network trains."""
        self.recording = Recording()
        self._take()
        self._timer.start()
        self._panel.set_note(self.tr("● recording"))

    def stop(self) -> None:
        """Record no more, and forget what was recorded; nothing is written any more."""
        self._timer.stop()
        self._cancelled.set()
        if self.recording is not None:
            self.recording = None
            self._panel.set_note("")

    def save_recording(self) -> None:
        """Stop, ask where, and write the moving picture beside the window."""
        recording = self.recording
        if recording is None:
            return
        self._take()
        self._timer.stop()
        kinds = self.tr("Moving pictures") + (" (*.gif *.mp4)" if has_ffmpeg() else " (*.gif)")
        path = self._ask(self.tr("Save the recording"), kinds, ".gif")
        if path is None:
            self._timer.start()  # whoever cancels goes on
            return
        self.recording = None
        self._panel.set_note("")
        if path.suffix.lower() == ".mp4" and not has_ffmpeg():
            text = self.tr("MP4 files are written by ffmpeg, which is not installed; choose a name that ends in .gif")
            self._window.message("error", text)
            return
        self._cancelled.clear()
        self._window.status.showMessage(self.tr("Writing {file}…").format(file=path.name))
        frames = recording.frames
        self._writing.begin(
            lambda: write_animation(frames, path, lambda _: not self._cancelled.is_set()),
            lambda answer: self._written(path, answer),
        )

    def _written(self, path: Path, answer: Any) -> None:
        self._window.status.clearMessage()
        if isinstance(answer, PlaygroundError):
            self._window.message("error", sentence(answer.sentence))
        elif answer:
            self._window.message("info", self.tr("Saved {file}").format(file=path.name))

    def _take(self) -> None:
        """Keep a picture of now, at most ten a second, and none that nobody sees change."""
        if self.recording is None or not self._body().isVisible():
            return
        if self.recording.frames and not self._window.session.running:
            return
        self.recording.offer(self._body().grab().toImage())


def png_of(widget: QWidget) -> bytes:
    """What a widget looks like, at twice its size."""
    image = QImage(widget.size() * _SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(_SCALE)
    image.fill(widget.palette().window().color())
    widget.render(image)
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def svg_of(widget: QWidget) -> bytes:
    """What a widget looks like as vector graphics; pictures within it stay pictures."""
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(widget.size()))
    generator.setViewBox(widget.rect())
    generator.setTitle(widget.accessibleName() or widget.objectName())
    painter = QPainter(generator)
    painter.fillRect(widget.rect(), widget.palette().window())
    widget.render(painter, QPoint())
    painter.end()
    return bytes(buffer.data().data())
