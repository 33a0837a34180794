"""The small search list that opens where a layer is to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from engine.document.graph import Edge
from widgets import theme
from widgets.library import LayerList

_SIZE = QSize(268, 320)


@dataclass(frozen=True)
class Spot:
    """Where a layer is to go: a point of the scene, and what it is to be linked with.

    With a `node`: behind it (`forward`), or before its input `port`. With an `edge`: in the middle of it.
    """

    x: float
    y: float
    node: str = ""
    forward: bool = True
    port: int = 0
    edge: Edge | None = None


class LayerSearch(QFrame):
    """A search field over the layers. Enter takes the chosen one, Escape and a click elsewhere none."""

    chosen = Signal(str)
    """The layer's name."""

    def __init__(self, spot: Spot, blocks: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("canvas.search")
        self.setAccessibleName(self.tr("Add a layer here"))
        self.setProperty("class", "panel")
        self.search = QLineEdit()
        self.search.setObjectName("canvas.search.text")
        self.search.setAccessibleName(self.tr("Search layers"))
        self.search.setPlaceholderText(self._words(spot))
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list = LayerList()
        self.list.set_blocks(blocks)
        self.list.setObjectName("canvas.search.list")
        self.list.setDragEnabled(False)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.layer_chosen.connect(self._take)
        self.list.itemClicked.connect(lambda item: self.list.itemDoubleClicked.emit(item))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACING, theme.SPACING, theme.SPACING, theme.SPACING)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.search)
        column.addWidget(self.list)
        # What stands behind a card or between two must take an input.
        self._without = ("Input",) if (spot.node and spot.forward) or spot.edge is not None else ()
        self._taken = False
        self._filter("")
        self.resize(_SIZE)

    def open_at(self, place: QPoint) -> None:
        """Show it beside a point of the screen, within it."""
        room = self.screen().availableGeometry()
        x = min(place.x() + theme.UNIT, room.right() - self.width())
        y = min(place.y() - theme.MARGIN, room.bottom() - self.height())
        self.move(max(x, room.left()), max(y, room.top()))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list and Enter takes what is chosen, while the cursor stays in the field."""
        keys = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        taken = (*keys, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in taken:
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def _words(self, spot: Spot) -> str:
        if spot.edge is not None:
            text = self.tr("Between {source} and {target}")
            return text.format(source=spot.edge.source, target=spot.edge.target)
        if not spot.node:
            return self.tr("Add a layer here")
        text = self.tr("Behind {card}") if spot.forward else self.tr("Before {card}")
        return text.format(card=spot.node)

    def _filter(self, text: str) -> None:
        self.list.show_matching(text, self._without)
        names = self.list.names()
        current = self.list.currentItem()
        if names and (current is None or current.isHidden()):
            self.list.setCurrentItem(self.list.item_of(names[0]))

    def _take(self, name: str) -> None:
        if not self._taken:
            self._taken = True
            self.close()
            self.chosen.emit(name)
