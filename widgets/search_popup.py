"""What small lists that open for a choice share: a field to type in, over a list that its keys move through."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from widgets import theme

_KEYS_OF_THE_LIST = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SearchKeys(QObject):
    """Lets the keys that are pressed in a search field move through a list, while the cursor stays in the field."""

    def __init__(
        self, search: QLineEdit, listed: QListWidget, choose: Callable[[QListWidgetItem | None], None]
    ) -> None:
        """`choose` gets the current item when Enter is pressed."""
        super().__init__(search)
        self._list, self._choose = listed, choose
        search.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list, Enter chooses; everything else is the field's."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if event.key() in _KEYS_OF_THE_LIST:
            self._list.event(event)
            return True
        if event.key() in _ENTER:
            self._choose(self._list.currentItem())
            return True
        return super().eventFilter(watched, event)


class SearchPopup(QFrame):
    """A search field over a list. It goes with the choice, with Escape, or with a click elsewhere.

    Subclasses fill the list, hide what does not fit in `narrow`, and act in `choose`.
    """

    def __init__(
        self,
        name: str,
        title: str,
        placeholder: str,
        parent: QWidget | None = None,
        listed: QListWidget | None = None,
    ) -> None:
        """`listed` is the list; without it, an empty one."""
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setProperty("class", "panel")
        self.search = QLineEdit()
        self.search.setObjectName(f"{name}.search")
        self.search.setAccessibleName(title)
        self.search.setPlaceholderText(placeholder)
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.narrow)
        self.list = QListWidget() if listed is None else listed
        self.list.setObjectName(f"{name}.list")
        self.list.setAccessibleName(title)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self.choose)
        SearchKeys(self.search, self.list, self.choose)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(theme.SPACING, theme.SPACING, theme.SPACING, theme.SPACING)
        self.column.setSpacing(theme.SPACING)
        self.column.addWidget(self.search)
        self.column.addWidget(self.list)

    def narrow(self, text: str) -> None:
        """Show what fits what was typed, and make the best of it current."""
        raise NotImplementedError

    def choose(self, item: QListWidgetItem | None) -> None:
        """Act on an item of the list, if there is one and it is possible."""
        raise NotImplementedError
