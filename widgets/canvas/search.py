"""The small search list that opens where a layer is to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QListWidgetItem, QWidget

from engine.document.graph import Edge
from widgets import theme
from widgets.library import LayerList
from widgets.search_popup import SearchPopup

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


class LayerSearch(SearchPopup):
    """A search field over the layers. Enter takes the chosen one, Escape and a click elsewhere none."""

    chosen = Signal(str)
    """The layer's name."""

    def __init__(self, spot: Spot, blocks: Sequence[str] = (), parent: QWidget | None = None) -> None:
        layers = LayerList()
        title = QCoreApplication.translate("LayerSearch", "Add a layer here")
        super().__init__("canvas.search", title, "", parent, layers)
        self.search.setPlaceholderText(self._words(spot))
        self.layers = layers
        layers.set_blocks(blocks)
        layers.setDragEnabled(False)
        layers.layer_chosen.connect(self._take)
        layers.itemDoubleClicked.disconnect(layers.choose)  # the first click has chosen
        # What stands behind a card or between two must take an input.
        self._without = ("Input",) if (spot.node and spot.forward) or spot.edge is not None else ()
        self._taken = False
        self.narrow("")
        self.resize(_SIZE)

    def open_at(self, place: QPoint) -> None:
        """Show it beside a point of the screen, within it."""
        room = self.screen().availableGeometry()
        x = min(place.x() + theme.UNIT, room.right() - self.width())
        y = min(place.y() - theme.MARGIN, room.bottom() - self.height())
        self.move(max(x, room.left()), max(y, room.top()))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def _words(self, spot: Spot) -> str:
        if spot.edge is not None:
            text = self.tr("Between {source} and {target}")
            return text.format(source=spot.edge.source, target=spot.edge.target)
        if not spot.node:
            return self.tr("Add a layer here")
        text = self.tr("Behind {card}") if spot.forward else self.tr("Before {card}")
        return text.format(card=spot.node)

    def narrow(self, text: str) -> None:
        """Show the layers that a text occurs in, the first of them current if none is."""
        self.layers.show_matching(text, self._without)
        names = self.layers.names()
        current = self.layers.currentItem()
        if names and (current is None or current.isHidden()):
            self.layers.setCurrentItem(self.layers.item_of(names[0]))

    def choose(self, item: QListWidgetItem | None) -> None:
        """Take a layer."""
        self.layers.choose(item)

    def _take(self, name: str) -> None:
        if not self._taken:
            self._taken = True
            self.close()
            self.chosen.emit(name)
