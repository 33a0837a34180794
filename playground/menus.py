"""Actions as data, and the QActions and menus made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar

from widgets import icons
from widgets.theme import translate_catalog


@dataclass(frozen=True)
class State:
    """What decides whether an action is possible now."""

    selected: int = 0
    """Cards selected."""
    link: bool = False
    """Whether a link is selected."""
    cards: int = 0
    undo: str | None = None
    redo: str | None = None
    running: bool = False
    problem: str = ""
    """Why the network cannot train; empty when it can."""


Refusal = Callable[[State], str]
"""Why an action is impossible now, in the user's language; "" when it is possible."""


@dataclass(frozen=True)
class Action:
    """One action. `handler` is a dotted path from the window to a method, called with `argument` unless that is ""."""

    id: str
    text: str
    tooltip: str
    menu: str
    handler: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    group: int = 0
    """Rows of a menu with different groups are kept apart by a line."""
    refusal: Refusal | None = None
    argument: str = ""
    choice: str = ""
    """Actions with the same `choice` exclude each other and show which one holds."""
    palette: bool = True
    """Whether the palette offers it."""


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """The text as it is; the name marks it for the tools that collect texts (Qt's own function has no types)."""
    return text


def translated(text: str) -> str:
    """A text of the table in the user's language."""
    return QCoreApplication.translate("actions", text)


class Actions:
    """The QActions of a table, by id; `show` enables them and says of the others why they are impossible."""

    def __init__(self, rows: Iterable[Action], window: QMainWindow) -> None:
        self.rows = {row.id: row for row in rows}
        self.by_id: dict[str, QAction] = {}
        self._tooltips = {row.id: _words(row.tooltip) for row in self.rows.values()}
        groups: dict[str, QActionGroup] = {}
        for row in self.rows.values():
            action = QAction(_words(row.text), window)
            action.setObjectName(row.id)
            action.setShortcuts([QKeySequence(keys) for keys in row.shortcuts])
            self._explain(action, row, "")
            if row.icon:
                icons.assign(action, row.icon)
            if row.choice:
                action.setCheckable(True)
                groups.setdefault(row.choice, QActionGroup(window)).addAction(action)
            action.triggered.connect(_call(window, row))
            window.addAction(action)
            self.by_id[row.id] = action

    def __getitem__(self, action_id: str) -> QAction:
        return self.by_id[action_id]

    def mapping(self, prefix: str) -> Mapping[str, QAction]:
        """The actions whose id begins with `prefix`."""
        return {name: action for name, action in self.by_id.items() if name.startswith(prefix)}

    def show(self, state: State) -> None:
        """Enable what is possible now."""
        for row in self.rows.values():
            if row.refusal is not None:
                self._explain(self.by_id[row.id], row, row.refusal(state))

    def check(self, action_id: str) -> None:
        """Show which one of a group holds, without triggering it."""
        self.by_id[action_id].setChecked(True)

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Make the menus; returns them by path ("File", "File/Open example")."""
        menus: dict[str, QMenu] = {}
        last_group: dict[str, int] = {}
        for row in self.rows.values():
            menu = _menu(bar, menus, row.menu)
            if row.menu in last_group and last_group[row.menu] != row.group:
                menu.addSeparator()
            last_group[row.menu] = row.group
            menu.addAction(self.by_id[row.id])
        return menus

    def _explain(self, action: QAction, row: Action, refusal: str) -> None:
        tooltip = refusal or self._tooltips[row.id]
        if action.isEnabled() == bool(refusal):
            action.setEnabled(not refusal)
        if action.toolTip() != tooltip:
            action.setToolTip(tooltip)
            action.setStatusTip(tooltip)


def _words(text: str) -> str:
    # A title or description that comes from the catalogue is translated with the catalogue.
    found = translated(text)
    return found if found != text else translate_catalog(text)


def _call(window: QMainWindow, row: Action) -> Callable[[], Any]:
    def call() -> None:
        handler = attrgetter(row.handler)(window)
        handler(row.argument) if row.argument else handler()

    return call


def _menu(bar: QMenuBar, menus: dict[str, QMenu], path: str) -> QMenu:
    if path not in menus:
        parent, _, name = path.rpartition("/")
        title = translated(name)
        menu = _menu(bar, menus, parent).addMenu(title) if parent else bar.addMenu(title)
        menu.setObjectName(f"menu.{path.lower().replace(' ', '_').replace('/', '.')}")
        menu.setToolTipsVisible(True)
        menus[path] = menu
    return menus[path]
