"""Brings weights and models in: the training process reads, the user sees what goes where, one edit takes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject
from PySide6.QtWidgets import QFileDialog

from engine.document.errors import PlaygroundError
from engine.document.graph import Document
from engine.importing.begin import begun, in_document
from engine.importing.table import Matching
from engine.plan.copying import MOST_COPIED
from engine.plan.resolve import resolve
from engine.worker.messages import Failure, ModelRead, WeightsRead
from playground.import_actions import WEIGHTS
from playground.words import sentence
from widgets.weights_import import ArrayRow, WeightsImport

if TYPE_CHECKING:
    from playground.window import MainWindow


class Importing(QObject):
    """Reads at most one file at a time; the window goes on meanwhile."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._controller = window.controller
        self._imports = window.session.imports
        self._path: Path | None = None
        self._document: Document | None = None
        self._matching: Matching | None = None
        self.dialog: WeightsImport | None = None
        self._imports.progressed.connect(self._take)
        self._imports.failed.connect(self._on_failed)
        self._imports.lost.connect(self._on_lost)
        window.status.cancelled.connect(self.cancel)
        window.files.left.connect(self.cancel)
        self._controller.opened.connect(self.cancel)

    # --- what the user wants -----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Ask for a file of weights, and show what of it goes where."""
        patterns = " ".join(f"*{suffix}" for suffix in WEIGHTS)
        kinds = self.tr("Weights") + f" ({patterns})"
        settings, present = self._window.settings, self._window.files.path()
        folder = settings.export_folder() or (str(present.parent) if present is not None else str(Path.home()))
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Import weights"), folder, kinds)
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Lay a file of weights beside the present network; a dialog shows it when it has been read."""
        if self._controller.plan.problems:
            self._window.message("warning", sentence(self._controller.plan.problems[0].sentence))
        else:
            self._read(path)

    def read_model(self, path: Path) -> None:
        """Open the network of an ONNX file in the place of the present document, which is given up."""
        self._read(path)

    def cancel(self) -> None:
        """The user does not want to wait, or has left the document that it was for."""
        if self._path is not None:
            self._imports.drop()
            self._end()
        if self.dialog is not None:
            self.dialog.reject()

    # --- reading -----------------------------------------------------------------------------------------------------

    def _read(self, path: Path) -> None:
        self.cancel()
        self._path, self._document = path.absolute(), self._controller.document
        self._window.status.show_work(self.tr("Reading {file}…").format(file=path.name))
        self._window.session.read(str(self._path), self._document)

    def _end(self) -> None:
        self._path = None
        self._window.status.hide_work()

    def _take(self, found: WeightsRead | ModelRead) -> None:
        path = self._path
        if path is None:
            return
        self._end()
        if isinstance(found, ModelRead):
            self._open_model(path, found)
        elif found.matching.shapes != self._controller.plan.saved_shapes:
            text = self.tr("The network was changed while {file} was read; import the weights once more")
            self._window.message("warning", text.format(file=path.name))
        else:
            self._show(found.matching)

    def _on_failed(self, failure: Failure) -> None:
        self._end()
        self._window.message("error", sentence(failure.sentence), failure.detail)

    def _on_lost(self) -> None:
        name = "" if self._path is None else self._path.name
        self._end()
        text = self.tr("The engine ended while it read {file}, and was started again; nothing was imported")
        self._window.message("error", text.format(file=name))

    # --- weights -----------------------------------------------------------------------------------------------------

    def _show(self, matching: Matching) -> None:
        dialog = WeightsImport(matching.file, self._window)
        dialog.resize(dialog.size().boundedTo(self._window.size()))
        dialog.place_chosen.connect(self._place)
        dialog.way_chosen.connect(self._turn)
        dialog.used.connect(self._use)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        self._set(matching)
        dialog.open()

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = self._matching = None

    def _set(self, matching: Matching) -> None:
        """Show what goes where now."""
        assert self.dialog is not None
        self._matching = matching
        self.dialog.set_rows([_row(matching, place) for place in range(len(matching.rows))], matching.missing)
        weights = {row.parameter: matching.arrays[row.array] for row in matching.rows if row.parameter is not None}
        held = in_document(self._controller.document, weights)
        self.dialog.set_hint("" if held or not weights else self._run_alone())

    def _run_alone(self) -> str:
        return self.tr(
            "These weights go into the run alone, for a document holds at most {most} values: saving keeps them, "
            "another seed draws others"
        ).format(most=QLocale().toString(MOST_COPIED))

    def _place(self, row: int, parameter: str) -> None:
        if self._matching is not None:
            self._set(self._matching.changed(row, parameter or None))

    def _turn(self, row: int, turned: bool) -> None:
        if self._matching is not None:
            self._set(self._matching.changed(row, self._matching.rows[row].parameter, turned=turned))

    def _use(self, freeze: bool) -> None:
        """Begin the run anew with these weights."""
        matching = self._matching
        if matching is None:
            return
        label = self.tr("Import weights of {file}").format(file=matching.file)
        try:
            start = begun(self._controller.plan, matching.weights(), matching.file, freeze=freeze)
        except PlaygroundError as error:
            self._window.message("warning", sentence(error.sentence))
            return
        self._controller.begin_anew(label, start.document, start.snapshot)
        self._window.status.showMessage(self.tr("The weights of {file} are in").format(file=matching.file), 4000)

    # --- models ------------------------------------------------------------------------------------------------------

    def _open_model(self, path: Path, found: ModelRead) -> None:
        files, controller = self._window.files, self._controller
        if controller.document is not self._document and not files.may_go_on():
            return
        plan = resolve(found.document, controller.looks.of(found.document.data))
        try:
            start = begun(plan, found.weights, path.name)
        except PlaygroundError as error:
            self._window.message("error", sentence(error.sentence))
            return
        files.take_made(start.document, start.snapshot, path.stem)
        notes = [sentence(note) for note in found.notes]
        held = in_document(found.document, found.weights)
        taken = {} if start.snapshot is None else start.snapshot.weights
        if any(name not in held and name not in taken for name in found.weights):
            notes.append(self.tr("Its weights need a run: choose data of its shape, then open the file once more"))
        elif found.weights and not held:
            notes.append(self._run_alone())
        for note in notes:
            self._window.message("info", note)


def _row(matching: Matching, place: int) -> ArrayRow:
    """A row as the dialog shows it."""
    row = matching.rows[place]
    said = row.reason or row.transformation
    ways = () if row.parameter is None else matching.fits(row.parameter, row.shape)
    return ArrayRow(
        row.array,
        row.shape,
        row.parameter or "",
        matching.choices(place) if row.array in matching.arrays else (),
        "" if said is None else sentence(said),
        row.turned,
        len(ways) > 1,
        row.ambiguous,
    )
