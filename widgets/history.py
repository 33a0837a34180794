"""The list of edits: the present one marked, those taken back faint; a click or Enter goes to any."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QWidget

from widgets import icons, theme


class HistoryView(QListWidget):
    """Edits from the oldest to the newest, below the state in which everything began."""

    chosen = Signal(int)
    """Number of the edit to go to; 0 is the beginning."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("history.list")
        self.setAccessibleName(self.tr("Edits, oldest first"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._labels: tuple[str, ...] = ()
        self._index = -1
        self.itemClicked.connect(lambda item: self.chosen.emit(self.row(item)))

    def set_entries(self, labels: Sequence[str], index: int) -> None:
        """Show these edits, the present one of which is at `index`; an edit without words is the beginning."""
        labels = tuple(labels)
        if (labels, index) == (self._labels, self._index):
            return
        blocker = QSignalBlocker(self)
        while self.count() > len(labels):
            self.takeItem(self.count() - 1)
        for row, label in enumerate(labels):
            if row >= self.count():
                self.addItem(QListWidgetItem())
            self.item(row).setText(label or self.tr("The beginning"))
        self._labels, self._index = labels, index
        self._mark()
        self.setCurrentRow(index)
        self.scrollToItem(self.item(index))
        del blocker

    def index(self) -> int:
        """Which row is the present; -1 before any was shown."""
        return self._index

    def labels(self) -> list[str]:
        """The words of every row."""
        return [self.item(row).text() for row in range(self.count())]

    def _mark(self) -> None:
        colors, blank = theme.current(), _blank()
        for row in range(self.count()):
            item, present = self.item(row), row == self._index
            item.setIcon(icons.icon("chevron-right", "accent") if present else blank)
            font = item.font()
            font.setBold(present)
            item.setFont(font)
            item.setForeground(QColor(colors.muted if row > self._index else colors.text))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, self._words(row))
            item.setToolTip(self._words(row))

    def _words(self, row: int) -> str:
        text = self.item(row).text()
        if row == self._index:
            return self.tr("{edit}, the present").format(edit=text)
        return self.tr("{edit}, taken back").format(edit=text) if row > self._index else text

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to the edit that the arrows have reached."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentRow() >= 0:
            self.chosen.emit(self.currentRow())
            event.accept()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        if event.type() == QEvent.Type.PaletteChange and self._labels:
            self._mark()
        super().changeEvent(event)


def _blank() -> QIcon:
    """An icon's room, so that all words begin at one place."""
    empty = QPixmap(theme.ICON, theme.ICON)
    empty.fill(Qt.GlobalColor.transparent)
    return QIcon(empty)


def _sample() -> QWidget:
    view = HistoryView()
    view.set_entries(
        ["", "Add Dense", "Connect", "Change units", "Move", "Change learning rate", "Choose data", "Delete"], 5
    )
    view.resize(280, 320)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
