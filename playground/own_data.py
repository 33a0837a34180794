"""Data of the user's own: opened from a file, shown before it is used, remembered, and found again when it moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Slot
from PySide6.QtWidgets import QFileDialog

from engine.catalog.datasets.table import Table
from engine.catalog.registry import from_json, to_json
from engine.document.errors import PlaygroundError, Sentence
from engine.document.graph import Document
from engine.plan.fit import fit_output
from engine.tables.content import SUFFIXES, Content, Roles
from playground.menus import QT_TRANSLATE_NOOP, Action
from playground.words import sentence

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.table_import import TableImport

_AT_ONCE = 2_000_000
"""Bytes of a file that is read before the window goes on; a larger one is read beside it."""


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
        self._reading: _Reading | None = None
        self._then: Callable[[Content], None] | None = None
        self.dialog: TableImport | None = None
        box = window.data.table_box
        box.open_requested.connect(self.open)
        box.recent_chosen.connect(self.use_again)
        box.columns_requested.connect(self.change)
        box.locate_requested.connect(self.locate)
        box.set_recent(list(self._remembered()))
        window.files.left.connect(self._stop)

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
        table = self._table()
        path = self._ask(self.tr("Where is {file}?").format(file=table.title)) if table is not None else ""
        if table is not None and path:
            found = str(Path(path).absolute())
            self._use(lambda: table.located(found), self.tr("Locate the data"))

    def use_again(self, path: str) -> None:
        """Learn from a table that was used before, as it was; show it first if its file has changed."""
        table = self._remembered().get(path)
        if table is None or table.changed():
            self.open_path(path)
        elif (trouble := table.trouble()) is not None:
            self._window.message("warning", sentence(trouble))
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
        """Read a file and go on with its content; a large one is read while the window goes on."""
        if self._reading is not None:
            self._window.message("info", self.tr("Another file is being read; wait until it is there"))
            return
        self._reading = reading = _Reading(path, header)
        self._then = then
        reading.finished.connect(self._finish)
        if reading.size() > _AT_ONCE:
            self._window.status.showMessage(self.tr("Reading {file}…").format(file=Path(path).name))
            reading.start()
        else:
            reading.run()
            self._finish()

    @Slot()
    def _finish(self) -> None:
        """Take what was read, in the thread of the window."""
        reading, self._reading = self._reading, None
        then, self._then = self._then, None
        if reading is None or then is None:
            return
        reading.wait()  # it says that it is finished a moment before it is
        reading.deleteLater()
        self._window.status.clearMessage()
        if reading.content is not None:
            then(reading.content)
        elif reading.error is not None:
            self._window.message("error", sentence(reading.error.sentence))

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
        """The window closes: wait for what is being read, and do nothing with it."""
        self._then = None
        if self._reading is not None:
            self._reading.wait()

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


class _Reading(QThread):
    """Reads a file, in a thread of its own once it is started."""

    def __init__(self, path: str, header: bool | None) -> None:
        super().__init__()
        self._path = path
        self._header = header
        self.content: Content | None = None
        self.error: PlaygroundError | None = None

    def size(self) -> int:
        """Bytes of the file; none, if it cannot be looked at."""
        try:
            return Path(self._path).stat().st_size
        except (OSError, ValueError):
            return 0

    def run(self) -> None:
        """Read it; what came of it is in `content` or `error`."""
        from engine.tables.files import read_table  # not needed before the first table

        try:
            self.content = read_table(self._path, self._header)
        except PlaygroundError as error:
            self.error = error
