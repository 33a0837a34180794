"""Joins the dialog "Export" with what makes the files: the training process, or, for pictures, this window."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox

from engine.catalog.registry import entries
from engine.document.errors import PlaygroundError
from engine.export.writing import write
from engine.worker.messages import ExportProgress, Failure
from playground.window_forms import WindowForm, window_forms
from playground.words import sentence
from widgets.export_dialog import ExportDialog, Offer
from widgets.theme import translate_catalog

if TYPE_CHECKING:
    from playground.window import MainWindow


class Exporting(QObject):
    """Opens the dialog and answers it. It is modal, so the document stays; the run goes on."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self.dialog: ExportDialog | None = None
        self._forms: dict[str, WindowForm] = {}
        self._path = ""
        self._session.exports.progressed.connect(self._show)
        self._session.exports.failed.connect(self._on_failed)
        self._session.exports.lost.connect(self._on_lost)

    def open(self) -> None:
        """Show the dialog."""
        settings, window = self._window.settings, self._window
        self._forms = {form.name: form for form in window_forms()}
        present = window.files.path()
        folder = settings.export_folder() or (str(present.parent) if present is not None else _documents())
        dialog = ExportDialog(self._offers(), str(Path(folder) / _stem(window.files.name())), parent=window)
        dialog.looked_at.connect(self._look)
        dialog.wanted.connect(self._write)
        dialog.choose_requested.connect(self._ask)
        dialog.cancelled.connect(self._session.exports.drop)
        dialog.folder_requested.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))
        dialog.finished.connect(lambda _result: self._leave())
        self.dialog = dialog
        dialog.choose_form(settings.export_form())
        dialog.open()

    def _leave(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            self._session.exports.drop()
            self._window.settings.set_export(str(Path(dialog.path.text()).parent), dialog.form_name())
            dialog.deleteLater()

    def _offers(self) -> list[Offer]:
        plan = self._window.controller.plan
        found = []
        for name, cls in entries("formats").items():
            refusal = plan.problems[0].sentence if plan.problems else cls().refusal(plan)
            found.append(
                Offer(
                    name,
                    translate_catalog(cls.label),
                    translate_catalog(cls.group),
                    cls.suffix,
                    translate_catalog(cls.description),
                    cls(),
                    "" if refusal is None else sentence(refusal),
                    cls.proven,
                )
            )
        for name, form in self._forms.items():
            refused = form.refusal(self._window)
            found.append(Offer(name, form.label, form.group, form.suffix, form.description, refusal=refused))
        groups = list(dict.fromkeys(offer.group for offer in found))
        return sorted(found, key=lambda offer: groups.index(offer.group))

    # --- what the user wants -----------------------------------------------------------------------------------------

    def _look(self, name: str, options: Any) -> None:
        self._path = ""
        if name in self._forms:
            self._session.exports.drop()
            self._make(self._forms[name], "")
        else:
            self._session.export(self._window.files.name(), options)

    def _write(self, name: str, options: Any, text: str, verify: bool) -> None:
        dialog = self.dialog
        assert dialog is not None
        path = Path(text).expanduser()
        if not path.is_absolute() or not path.parent.is_dir():
            dialog.set_failed(self.tr("There is no folder {folder}; choose another place.").format(folder=path.parent))
            return
        if path.exists() and not self._may_replace(path):
            return
        self._path = str(path)
        if name in self._forms:
            self._make(self._forms[name], self._path)
            return
        dialog.set_stage(self.tr("Making the files…"))
        self._session.export(self._window.files.name(), options, self._path, verify=verify)

    def _may_replace(self, path: Path) -> bool:
        text = self.tr("{name} is there already. Replace it?").format(name=path.name)
        button = QMessageBox.StandardButton
        return QMessageBox.question(self.dialog, self.tr("Export"), text, button.Yes | button.No) == button.Yes

    def _ask(self, suffix: str) -> None:
        dialog = self.dialog
        assert dialog is not None
        option = QFileDialog.Option.DontConfirmOverwrite  # it is asked when the file is written
        chosen, _ = QFileDialog.getSaveFileName(
            dialog, self.tr("Export"), dialog.path.text(), f"*{suffix}", options=option
        )
        if chosen:
            dialog.set_stem(chosen.removesuffix(suffix))

    def _make(self, form: WindowForm, path: str) -> None:
        """Let the window make the files itself, and write them if there is a path."""
        dialog = self.dialog
        assert dialog is not None
        try:
            files = form.files(self._window, Path(path).name or f"{_stem(self._window.files.name())}{form.suffix}")
            dialog.set_preview(form.preview(files), {name: len(content) for name, content in files.items()})
            if path:
                write(files, Path(path).parent)
                dialog.set_done(path, self._written_words(files), "success")
        except PlaygroundError as error:
            dialog.set_failed(sentence(error.sentence))

    # --- what the training process answers ---------------------------------------------------------------------------

    def _show(self, progress: ExportProgress) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        stages = {
            "making": self.tr("Making the files…"),
            "proving": self.tr("An independent program reads them…"),
            "writing": self.tr("Writing…"),
        }
        if progress.files:
            dialog.set_preview(progress.preview, dict(progress.files))
        if not self._path:
            return
        if progress.stage in stages:
            dialog.set_stage(stages[progress.stage])
        elif progress.proof is None:
            dialog.set_done(self._path, self._written_words(name for name, _ in progress.files), "success")
        else:
            dialog.set_done(self._path, sentence(progress.proof), "success" if progress.passed else "error")

    def _written_words(self, names: Iterable[str]) -> str:
        return self.tr("Written: {files}").format(files=", ".join(names))

    def _on_failed(self, failure: Failure) -> None:
        if self.dialog is not None:
            self.dialog.set_failed(sentence(failure.sentence))

    def _on_lost(self) -> None:
        if self.dialog is not None:
            self.dialog.set_failed(self.tr("The engine ended unexpectedly and was started again; try once more."))


def _stem(name: str) -> str:
    """A name as a file may be called."""
    return "".join(letter if letter.isalnum() or letter in "-_ ." else "_" for letter in name).strip() or "network"


def _documents() -> str:
    place = QStandardPaths.StandardLocation.DocumentsLocation
    return QStandardPaths.writableLocation(place) or str(Path.home())
