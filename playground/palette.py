"""Ctrl+K: every action in one list, narrowed while typing, carried out with Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QListWidgetItem, QMenu, QWidget

from widgets.search_popup import SearchPopup

_ACTION = Qt.ItemDataRole.UserRole
_SIZE = QSize(520, 380)


class Palette(SearchPopup):
    """A search field over the list of actions. What is impossible now is listed, greyed, and says why."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        translate = QCoreApplication.translate  # there is no object yet that could
        title, asked = translate("Palette", "Find an action"), translate("Palette", "What do you want to do?")
        super().__init__("palette", title, asked, parent)
        self.list.setAccessibleName(self.tr("Actions"))
        for action in actions:
            self.list.addItem(_item(action))
        self.narrow("")
        self.resize(_SIZE)

    def open_over(self, window: QWidget) -> None:
        """Show it in the upper middle of a window."""
        place = QPoint((window.width() - self.width()) // 2, max(48, window.height() // 8))
        self.move(window.mapToGlobal(place))
        self.show()
        self.search.setFocus()

    def narrow(self, text: str) -> None:
        """Show the actions whose words hold all that was typed; those that are called so first."""
        words = text.casefold().split()
        actions: list[QAction] = [self.list.item(row).data(_ACTION) for row in range(self.list.count())]
        named = [_fits(words, _title(action)) for action in actions]
        # What an action is called counts; what is said about it only where nothing is called so.
        found = named if any(named) else [_fits(words, action.toolTip()) for action in actions]
        for row, fits in enumerate(found):
            self.list.item(row).setHidden(not fits)
        possible = (row for row, fits in enumerate(found) if fits and actions[row].isEnabled())
        self.list.setCurrentRow(next(possible, -1))

    def choose(self, item: QListWidgetItem | None) -> None:
        """Carry an action out."""
        action: QAction | None = item.data(_ACTION) if item is not None else None
        if action is not None and action.isEnabled():
            self.close()
            action.trigger()


def _fits(words: Sequence[str], text: str) -> bool:
    return all(word in text.casefold() for word in words)


def _title(action: QAction) -> str:
    """The action's words, after the name of the submenu that holds it."""
    for holder in action.associatedObjects():
        if isinstance(holder, QMenu) and holder.objectName().count(".") > 1:
            return f"{holder.title()}: {action.text()}"
    return action.text()


def _item(action: QAction) -> QListWidgetItem:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    item = QListWidgetItem(action.icon(), _title(action) + (f"    {keys}" if keys else ""))
    item.setData(_ACTION, action)
    item.setToolTip(action.toolTip())
    if not action.isEnabled():
        item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item
