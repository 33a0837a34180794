"""Data of the user's own: opened from a file, shown before it is used, remembered, and found again when it moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.datasets.table import Table
from engine.catalog.registry import from_json, to_json
from engine.document.errors import PlaygroundError, Sentence
from engine.document.graph import Document
from engine.plan.fit import fit_output
from engine.plan.looks import Look, look
from engine.tables.content import SUFFIXES, Content, Roles, TableError
from playground.errand import Errand
from playground.menus import QT_TRANSLATE_NOOP, Action
from playground.words import sentence

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.table_import import TableImport

PATIENCE = 0.05
"""Seconds that the window waits for a file; what takes longer is read beside it."""
_PROGRESS_MS = 100


def data_actions() -> Iterator[Action]:
    """The rows of the table of actions that are about data of one's own."""
    yield Action(
        "data.open",
        QT_TRANSLATE_NOOP("actions", "Open data…"),
        QT_TRANSLATE_NOOP("actions", "Opens a table of your own (CSV, TSV or NPZ) to learn from"),
        "File",
        "own_data.open",
        ("Ctrl+Shift+D",),
        "open",
        2,
    )
    yield Action(
        "data.columns",
        QT_TRANSLATE_NOOP("actions", "Columns of the data…"),
        QT_TRANSLATE_NOOP("actions", "Changes what the columns of your table are used for"),
        "File",
        "own_data.change",
        group=2,
    )
    yield Action(
        "data.locate",
        QT_TRANSLATE_NOOP("actions", "Locate the data…"),
        QT_TRANSLATE_NOOP("actions", "Shows the program where the file of your table is now"),
        "File",
        "own_data.locate",
        group=2,
    )


class OwnData(QObject):
    """Opens tables for one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._controller = window.controller
        self._settings = window.settings
        self._errand = Errand("table", self)
        self._reading: Reading | None = None
        self.dialog: TableImport | None = None
        box = window.data.table_box
        box.open_requested.connect(self.open)
        box.recent_chosen.connect(self.use_again)
        box.columns_requested.connect(self.change)
        box.locate_requested.connect(self.locate)
        box.set_recent(list(self._remembered()))
        window.files.left.connect(self._stop)
        self._progress = QTimer(self, interval=_PROGRESS_MS)
        self._progress.timeout.connect(self._show_progress)
        window.status.cancelled.connect(self._cancel)
        self._controller.changed.connect(self._show_trouble)
        self._show_trouble()

    @staticmethod
    def takes(path: Path) -> bool:
        """Whether a file that is dropped is one to learn from."""
        return path.suffix.lower() in SUFFIXES

    # --- handlers of actions -------------------------------------------------------------------------------------

    def open(self) -> None:
        """Ask for a file, and show what is in it."""
        path = self._ask(self.tr("Open data"))
        if path:
            self.open_path(path)

    def open_path(self, path: str | Path) -> None:
        """Show what is in a file, and use it if the user says so."""
        self._read(str(Path(path).absolute()), None, lambda content: self._show(content, None))

    def change(self) -> None:
        """Show the columns of the present table again."""
        table = self._table()
        if table is not None:
            roles = Roles(table.names, table.target, table.categorical)
            self._read(table.file, table.header, lambda content: self._show(content, roles))

    def locate(self) -> None:
        """Ask where the file of the present table is now, and learn from it with the columns as they were."""
        if isinstance(self._controller.document.data.dataset, ImageFolder):
            self._window.image_folders.locate()
            return
        table = self._table()
        path = self._ask(self.tr("Where is {file}?").format(file=table.title)) if table is not None else ""
        if table is not None and path:
            found = str(Path(path).absolute())
            self._read(
                found,
                table.header,
                lambda content: self._use(partial(table.made_of, content), self.tr("Locate the data")),
            )

    def use_again(self, path: str) -> None:
        """Learn from a table that was used before, as it was; show it first if its file has changed."""
        table = self._remembered().get(path)
        if table is None:
            self.open_path(path)
        else:
            self._do(path, partial(look, table), lambda seen: self._use_as_seen(table, seen))

    def _use_as_seen(self, table: Table, seen: Look) -> None:
        if seen.changed:
            self.open_path(table.file)
        elif seen.trouble is not None:
            self._window.message("warning", sentence(seen.trouble))
        else:
            self._use(lambda: table, self.tr("Choose data"))

    # --- work ----------------------------------------------------------------------------------------------------

    def _table(self) -> Table | None:
        """The present table; says so if there is none."""
        dataset = self._controller.document.data.dataset
        if isinstance(dataset, Table) and dataset.file:
            return dataset
        self._window.message("info", self.tr("The present data is not a table of your own; open one first"))
        return None

    def _ask(self, title: str) -> str:
        patterns = " ".join(f"*{suffix}" for suffix in (*SUFFIXES, ".txt"))
        remembered = list(self._remembered())
        folder = str(Path(remembered[0]).parent) if remembered else str(Path.home())
        name, _ = QFileDialog.getOpenFileName(
            self._window, title, folder, self.tr("Tables") + f" ({patterns});;" + self.tr("All files") + " (*)"
        )
        return name

    def _read(self, path: str, header: bool | None, then: Callable[[Content], None]) -> None:
        """Read a file and go on with its content."""
        reading = Reading(path, header)
        self._do(path, reading.run, then, reading)

    def _do(
        self, path: str, work: Callable[[], Any], then: Callable[[Any], None], reading: Reading | None = None
    ) -> None:
        """Work on a file beside the window and go on with what it gives; one that is quick, at once."""
        if self._waits():
            self._window.message("info", self.tr("Another file is being read; wait until it is there"))
            return
        self._reading = reading
        self._errand.begin(work, partial(self._finish, then), PATIENCE)
        if self._waits():
            self._window.status.show_work(self.tr("Reading {file}…").format(file=Path(path).name))
            self._progress.start()

    def _waits(self) -> bool:
        """Whether a file is being read or looked at."""
        return self._errand.busy

    def _show_progress(self) -> None:
        if self._reading is not None:
            self._window.status.set_share(self._reading.share)

    def _end(self) -> None:
        self._progress.stop()
        self._window.status.hide_work()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _cancel(self) -> None:
        """The user does not want to wait."""
        self._errand.drop()
        self._end()

    def _finish(self, then: Callable[[Any], None], answer: Any) -> None:
        """Take what was read, in the thread of the window."""
        self._end()
        if isinstance(answer, PlaygroundError):
            self._window.message("error", sentence(answer.sentence))
        else:
            then(answer)

    def _show_trouble(self) -> None:
        """Tell the Data panel what is wrong with the file."""
        self._window.data.table_box.set_trouble(self._controller.plan.seen.trouble)

    def _show(self, content: Content, roles: Roles | None) -> None:
        """Let the user say what the columns are for."""
        from widgets.table_import import TableImport  # takes longer to import than the window may wait for its start

        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = dialog = TableImport(content, self._controller.document.data, roles, self._window)
        dialog.resize(dialog.size().boundedTo(self._window.size()))
        dialog.used.connect(self._take)
        dialog.header_changed.connect(lambda header: self._read(content.path, header, dialog.set_content))
        dialog.finished.connect(self._forget)
        dialog.open()

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _take(self, table: Table, train_share: float, seed: int) -> None:
        self._use(lambda: table, self.tr("Open data"), train_share=train_share, seed=seed)

    def _use(self, found: Callable[[], Table], label: str, **split: float) -> None:
        """Learn from a table: one edit, which fits a network that could be trained to it."""
        fitting = all(problem.kind == "no_samples" for problem in self._controller.plan.problems)
        changes: tuple[Sentence, ...] = ()
        tables: list[Table] = []

        def edit(document: Document) -> Document:
            nonlocal changes
            tables.append(found())
            chosen = document.set_data(dataset=tables[0], **split)
            if fitting:
                chosen, changes = fit_output(chosen)
            return chosen

        if not self._controller.apply(label, edit):
            return
        self._remember(tables[0])
        if changes:
            text = self.tr("The network was fitted to the data: {changes}")
            self._window.message("info", text.format(changes="; ".join(sentence(change) for change in changes)))

    def _stop(self) -> None:
        """The window closes: wait for nothing that is being read or looked at."""
        self._cancel()
        self._controller.looks.stop()

    # --- what was used before ------------------------------------------------------------------------------------

    def _remember(self, table: Table) -> None:
        others = [other for path, other in self._remembered().items() if path != table.file]
        self._settings.set_tables([json.dumps(to_json(item)) for item in (table, *others)])
        self._window.data.table_box.set_recent(list(self._remembered()))
        self._window.data.table_box.set_dataset(self._controller.document.data.dataset)

    def _remembered(self) -> dict[str, Table]:
        """The tables that were used before, newest first, by path; what cannot be read of them is left out."""
        found: dict[str, Table] = {}
        for text in self._settings.tables():
            try:
                table = from_json("datasets", json.loads(text))
            except (ValueError, TypeError, RecursionError):
                continue
            if isinstance(table, Table) and table.file:
                found[table.file] = table
        return found


class Reading:
    """Reads a file, in whatever thread it is told to."""

    def __init__(self, path: str, header: bool | None) -> None:
        self._path, self._header = path, header
        self._cancelled = False
        self.share = 0.0
        """How much of it is read."""

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._cancelled = True

    def run(self) -> Content:
        """Read it. Raises TableError, for what is wrong with it or because it was cancelled."""
        from engine.tables.files import read_table  # not needed before the first table

        content = read_table(self._path, self._header, self._hear)
        content.describe()
        return content

    def _hear(self, share: float) -> None:
        self.share = share
        if self._cancelled:
            raise TableError("Reading {file} was cancelled", file=Path(self._path).name)
