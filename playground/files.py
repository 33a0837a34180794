"""New, open, save: project files, examples, recent files, and the question about unsaved work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu

from engine.catalog.registry import entry
from engine.document.errors import PlaygroundError
from engine.document.examples import examples, load_example
from engine.document.graph import Data, Document, Network
from engine.document.project import SUFFIX, load, save
from engine.export.runs import weights_of
from engine.export.states import fits, project_of, snapshot_of
from engine.plan.copying import start_from
from engine.training.trainer import Snapshot
from playground import dialogs
from playground.controller import Controller
from playground.settings import Settings
from playground.words import sentence

if TYPE_CHECKING:
    from playground.exporting import Exporting
    from playground.importing import Importing
    from playground.links import Links
    from playground.recovery import Recovery
    from playground.window import MainWindow


MODEL = ".onnx"
"""Files of this suffix hold a network that another program may have written."""
LONG = 60.0
"""Seconds of training that are not given up without a question; less is trained again sooner than it is answered."""


@dataclass(frozen=True)
class Opened:
    """What was opened: the document, where its run stands, and where it came from ("" and None: from nowhere)."""

    document: Document
    snapshot: Snapshot | None = None
    path: Path | None = None
    name: str = ""
    origin: Snapshot | None = None
    """Where Reset goes back to, if not to the initial weights of the document."""


def is_model(project: object) -> bool:
    """Whether it names a file with a network that another program may have written."""
    return isinstance(project, str | Path) and Path(project).suffix.lower() == MODEL


def opened(project: str | Path | Document) -> Opened:
    """A project file, an example by its id, or a document as it is. Raises FileError or InvalidValueError."""
    if isinstance(project, Document):
        return Opened(project)
    if str(project) in examples():
        return Opened(load_example(str(project)).document, name=str(project))
    path = Path(project)
    if not path.exists() and path.suffix != SUFFIX and len(path.parts) == 1:
        load_example(str(project))  # says which example may have been meant
    content = load(path)
    return Opened(content.document, snapshot_of(content), path.absolute(), path.stem)


def empty_document() -> Document:
    """A project without a network, on the data set that the gallery begins with."""
    return Document((Network(),), Data(entry("datasets", "circle")()))


class Files(QObject):
    """The file behind the window."""

    risky = Signal()
    """Something follows that work could be lost in: what is not saved should be kept now."""
    left = Signal()
    """The window closes in good order."""

    def __init__(self, controller: Controller, settings: Settings, window: MainWindow) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window
        self._path: Path | None = None
        self._name = ""
        self._given_up = False
        self._recent: QMenu | None = None
        self._step_kept = self._step()

    @cached_property
    def recovery(self) -> Recovery:
        """Keeps unsaved work for the case of a crash, and offers what was kept; made when it is first asked for."""
        from playground.recovery import Recovery

        return Recovery(self, self._window)

    @cached_property
    def exporting(self) -> Exporting:
        """Taking weights, model, code and pictures away."""
        from playground.exporting import Exporting

        return Exporting(self._window)

    @cached_property
    def importing(self) -> Importing:
        """Bringing weights and models in."""
        from playground.importing import Importing

        return Importing(self._window)

    @cached_property
    def links(self) -> Links:
        """The project as a text that can be pasted; made when it is first asked for."""
        from playground.links import Links

        return Links(self, self._controller, self._window)

    def name(self) -> str:
        """What the title calls the project."""
        return self._name or self.tr("untitled")

    def path(self) -> Path | None:
        """The file that Save writes to, None if there is none yet."""
        return self._path

    def set_place(self, path: Path | None, name: str) -> None:
        """The project now comes from this file (None: from none), under this name."""
        self._path, self._name = path, name
        if path is not None:
            self._settings.add_recent_file(path)
        self._window.show_state()

    # --- handlers of actions -------------------------------------------------------------------------------------

    def new(self) -> None:
        """Begin with an empty canvas."""
        if self.may_go_on():
            self.risky.emit()
            self._take(Opened(empty_document()))

    def open(self) -> None:
        """Ask which project file to open."""
        if not self.may_go_on():
            return
        kinds = ";;".join((self._filter(), self.tr("Networks of other programs") + f" (*{MODEL})"))
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open a project"), self._folder(), kinds)
        if name:
            self._open(Path(name))

    def open_example(self, example_id: str) -> None:
        """Open an example of the gallery."""
        if self.may_go_on():
            self._open(example_id)

    def open_path(self, path: Path) -> None:
        """Open a project file, or the network of an ONNX file."""
        if self.may_go_on():
            self._open(path)

    def save(self) -> bool:
        """Write the project to its file; ask for one when there is none. Returns whether it was written."""
        return self._write(self._path) if self._path is not None else self.save_as()

    def save_as(self) -> bool:
        """Write the project to another file. Returns whether it was written."""
        suggested = str(Path(self._folder()) / f"{self.name()}{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save the project"), suggested, self._filter())
        if not name:
            return False
        path = Path(name)
        return self._write(path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX))

    def start_from_run(self, which: str) -> None:
        """Ask for a project file whose weights, the "reached" or the "initial" ones, this network starts from."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Start from the weights of"), self._folder(), self._filter()
        )
        if name:
            self.copy_weights(Path(name), initial=which == "initial")

    def copy_weights(self, path: Path, *, initial: bool = False) -> None:
        """Let layers start from the weights that layers of their name and shape have in a project file.

        Those that its run has reached, or its `initial` ones. Which of them have found no place is said.
        """
        file, left = path.name, list[str]()

        def edit(document: Document) -> Document:
            weights = weights_of(path, initial=initial)
            changed, names = start_from(document, weights, file)
            left.extend(names)
            if len(names) == len(weights):
                raise PlaygroundError(
                    "{file} has no weights that fit this network: layers need the same name and shape", file=file
                )
            return changed

        done = self._controller.apply(self.tr("Start from {file}").format(file=file), edit)
        if done and left:
            text = self.tr("These weights of {file} found no place here: {names}")
            self._window.message("info", text.format(file=file, names=", ".join(left)))

    def give_up(self) -> None:
        """Ask nothing more: what was not saved is lost."""
        self._given_up = True

    def may_go_on(self) -> bool:
        """Whether the document may be left: it is saved, was saved now, or its changes are given up."""
        edited, seconds = self._controller.history.modified, self._unsaved_training()
        if self._given_up or not (edited or seconds):
            return True
        answer = dialogs.ask_to_save(self._window, self.name(), edited, seconds)
        return self.save() if answer == "save" else answer == "discard"

    def _unsaved_training(self) -> float:
        """The seconds of training that no file holds, if nobody would like to wait for them again; else 0."""
        seconds = self._controller.session.trained_seconds
        return seconds if seconds >= LONG and self._step() != self._step_kept else 0.0

    def open_document(self, document: Document) -> None:
        """Open a document that comes from no file."""
        if self.may_go_on():
            self.risky.emit()
            self._take(Opened(document))
            self._controller.mark_unsaved()

    def take_made(self, document: Document, start: Snapshot | None, name: str) -> None:
        """Go on with a document that comes from no project file; its run stands, and begins, at `start`."""
        self.risky.emit()
        self._take(Opened(document, start, name=name, origin=start))
        self._controller.mark_unsaved()

    def read_pasted(self, text: str) -> bool:
        """Open a pasted text if it is a link text; whether it is one, readable or not."""
        from engine.document.link_text import is_link_text

        if not is_link_text(text):
            return False
        self.links.open_text(text)
        return True

    # --- recent files --------------------------------------------------------------------------------------------

    def fill_recent(self, menu: QMenu, before: QAction) -> None:
        """Put the submenu of recent files into a menu."""
        self._recent = QMenu(self.tr("Open recent"), menu)
        self._recent.setObjectName("menu.file.open_recent")
        menu.insertMenu(before, self._recent)
        menu.aboutToShow.connect(self._show_recent)

    def _show_recent(self) -> None:
        if self._recent is None:
            return
        self._recent.clear()
        paths = self._settings.recent_files()
        for path in paths:
            action = self._recent.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(partial(self.open_path, path))
        self._recent.setEnabled(bool(paths))

    # --- work ----------------------------------------------------------------------------------------------------

    def _open(self, project: str | Path) -> None:
        if is_model(project):
            self.importing.read_model(Path(project))
            return
        self.risky.emit()
        try:
            self._take(opened(project))
        except PlaygroundError as error:
            self._window.message("error", sentence(error.sentence))

    def _take(self, item: Opened) -> None:
        self._window.status.clearMessage()  # what it says is of the document that is left
        self._controller.open(item.document, item.snapshot, origin=item.origin)
        self._step_kept = self._step()
        self.set_place(item.path, item.name)

    def _write(self, path: Path) -> bool:
        self._controller.session.settle()
        document, snapshot = self.present()
        try:
            save(path, project_of(document, snapshot))
        except PlaygroundError as error:
            text = sentence(error.sentence)
            self._window.message("error", text)
            return False
        self._controller.mark_saved()
        self._controller.session.count_anew()
        self._step_kept = 0 if snapshot is None else snapshot.step
        self.set_place(path.absolute(), path.stem)
        self._window.status.showMessage(self.tr("Saved {file}").format(file=path.name), 4000)
        return True

    def present(self) -> tuple[Document, Snapshot | None]:
        """The document, and the newest state of its run that this process holds; None if that is of another network."""
        snapshot = self._controller.session.snapshot()
        if snapshot is None or not fits(snapshot, self._controller.plan):
            return self._controller.document, None
        return self._controller.document, snapshot

    def has_work(self) -> bool:
        """Whether anything would be lost now: edits, or training, since the project was opened or saved."""
        return self._controller.history.modified or self._step() != self._step_kept

    def take_recovered(self, document: Document, snapshot: Snapshot | None, path: Path | None, name: str) -> None:
        """Go on with work that no file holds, as that of its file; Save writes it there."""
        self._take(Opened(document, snapshot, path, name))
        self._controller.mark_unsaved()
        self._window.show_state()

    def _step(self) -> int:
        snapshot = self.present()[1]
        return 0 if snapshot is None else snapshot.step

    def _folder(self) -> str:
        recent = self._settings.recent_files()
        folder = self._path or (recent[0] if recent else None)
        return str(folder.parent if folder is not None else Path.home())

    def _filter(self) -> str:
        return self.tr("Projects") + f" (*{SUFFIX})"
