"""Ctrl+K: every action in one list, narrowed while typing, carried out with Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from widgets import theme

_ACTION = Qt.ItemDataRole.UserRole
_SIZE = QSize(520, 380)
_KEYS_OF_THE_LIST = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class Palette(QFrame):
    """A search field over the list of actions. What is impossible now is listed, greyed, and says why."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self.setAccessibleName(self.tr("Find an action"))
        self.setProperty("class", "panel")
        self.search = QLineEdit()
        self.search.setObjectName("palette.search")
        self.search.setAccessibleName(self.tr("Find an action"))
        self.search.setPlaceholderText(self.tr("What do you want to do?"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("palette.list")
        self.list.setAccessibleName(self.tr("Actions"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._run)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACING, theme.SPACING, theme.SPACING, theme.SPACING)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.search)
        column.addWidget(self.list)
        for action in actions:
            self.list.addItem(_item(action))
        self._filter("")
        self.resize(_SIZE)

    def open_over(self, window: QWidget) -> None:
        """Show it in the upper middle of a window."""
        place = QPoint((window.width() - self.width()) // 2, max(48, window.height() // 8))
        self.move(window.mapToGlobal(place))
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list and Enter runs what is chosen, while the cursor stays in the field."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _KEYS_OF_THE_LIST:
                self.list.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        actions: list[QAction] = [self.list.item(row).data(_ACTION) for row in range(self.list.count())]
        named = [_fits(words, _title(action)) for action in actions]
        # What an action is called counts; what is said about it only where nothing is called so.
        found = named if any(named) else [_fits(words, action.toolTip()) for action in actions]
        for row, fits in enumerate(found):
            self.list.item(row).setHidden(not fits)
        possible = (row for row, fits in enumerate(found) if fits and actions[row].isEnabled())
        self.list.setCurrentRow(next(possible, -1))

    def _run(self, item: QListWidgetItem | None) -> None:
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
