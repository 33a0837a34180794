"""Data of the user's own: opened from a file, shown before it is used, remembered, and found again when it moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.datasets.table import Table
from engine.plan.looks import Look, look
from engine.tables.content import SUFFIXES, Content, Roles
from playground.file_work import Remembered, ShownWork, Told
from playground.menus import QT_TRANSLATE_NOOP, Action
from playground.words import sentence

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.table_import import TableImport


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
        self._work = ShownWork("table", window, self.tr("Another file is being read; wait until it is there"))
        settings = window.settings
        self._remembered = Remembered(
            Table, lambda table: table.file, lambda: settings.tables(), lambda texts: settings.set_tables(texts)
        )
        self.dialog: TableImport | None = None
        box = window.data.table_box
        box.open_requested.connect(self.open)
        box.recent_chosen.connect(self.use_again)
        box.columns_requested.connect(self.change)
        box.locate_requested.connect(self.locate)
        box.set_recent(list(self._remembered.by_path()))
        window.files.left.connect(self._controller.looks.stop)
        self._controller.renewal_wanted.connect(self.renew)
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
            self._make_again(table, str(Path(path).absolute()), self.tr("Locate the data"))

    def renew(self, label: str) -> None:
        """Learn from what the file or folder of the present data holds now: one edit of this name."""
        dataset = self._controller.document.data.dataset
        if isinstance(dataset, ImageFolder):
            self._window.image_folders.renew()
        elif isinstance(dataset, Table):
            self._make_again(dataset, dataset.file, label)

    def _make_again(self, table: Table, path: str, label: str) -> None:
        self._read(path, table.header, lambda content: self._use(partial(table.made_of, content), label))

    def use_again(self, path: str) -> None:
        """Learn from a table that was used before, as it was; show it first if its file has changed."""
        table = self._remembered.by_path().get(path)
        if table is None:
            self.open_path(path)
        else:
            self._work.begin(path, self._words(), lambda _: look(table), lambda seen: self._use_as_seen(table, seen))

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
        kinds = self.tr("Tables") + f" ({patterns});;" + self.tr("All files") + " (*)"
        name, _ = QFileDialog.getOpenFileName(self._window, title, self._remembered.folder(), kinds)
        return name

    def _words(self) -> str:
        return self.tr("Reading {file}…")

    def _read(self, path: str, header: bool | None, then: Callable[[Content], None]) -> None:
        """Read a file and go on with its content."""
        self._work.begin(path, self._words(), partial(read, path, header), then)

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
        if self._controller.take_data(label, lambda document: document.set_data(dataset=found(), **split)):
            table = self._controller.document.data.dataset
            assert isinstance(table, Table)
            self._remembered.add(table)
            self._window.data.table_box.set_recent(list(self._remembered.by_path()))
            self._window.data.table_box.set_dataset(table)


def read(path: str, header: bool | None, told: Told) -> Content:
    """What is in a file, with how its values lie. Raises TableError, or what `told` raises."""
    from engine.tables.files import read_table  # not needed before the first table

    content = read_table(path, header, told)
    content.describe()
    return content
