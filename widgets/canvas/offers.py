"""Lists that open at a place of the canvas: layers to add there, and how a second link joins a taken port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtWidgets import QMenu

from engine.catalog.registry import entry
from engine.document.graph import CARD_GAP, Edge
from engine.document.inserting import MERGING
from widgets import icons
from widgets.canvas.hits import Part
from widgets.canvas.search import LayerSearch, Spot
from widgets.theme import translate_catalog

if TYPE_CHECKING:
    from widgets.canvas.canvas import Canvas

_STEP = 48.0


class Offers:
    """Opens the lists; what is chosen goes out as signals of the canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.blocks: tuple[str, ...] = ()
        """The user's own blocks, which searches list too."""

    def search_here(self) -> None:
        """Search at the port or link under the pointer, else at what is selected; else ask for the library."""
        canvas, under = self._canvas, self._canvas.hover.hit
        chosen = sorted(canvas.selected)
        if under.part is Part.OUT_PORT and under.node in canvas.board.cards:
            self.search_at(self._behind(under.node))
        elif under.part is Part.IN_PORT and under.node in canvas.board.cards:
            card = canvas.board.cards[under.node]
            spot = self._free(card.position - QPointF(CARD_GAP, 0.0))
            self.search_at(Spot(spot.x(), spot.y(), under.node, False, under.index))
        elif canvas.selected_edge is not None:
            middle = canvas.board.links[canvas.selected_edge].middle()
            self.search_at(Spot(middle.x(), middle.y(), edge=canvas.selected_edge))
        elif len(chosen) == 1:
            self.search_at(self._behind(chosen[0]))
        else:
            canvas.open_library_requested.emit()

    def search_at(self, spot: Spot) -> None:
        """Offer the layers at a place."""
        canvas = self._canvas
        canvas.value_label.hide()
        popup = LayerSearch(spot, self.blocks, canvas)
        popup.chosen.connect(lambda name: canvas.layer_chosen.emit(name, spot))
        popup.open_at(canvas.viewport().mapToGlobal(canvas.mapFromScene(QPointF(spot.x, spot.y))))

    def offer_merging(self, source: str, taken: Edge) -> None:
        """Ask how a second link joins a port that reads another card already."""
        canvas = self._canvas
        card = canvas.board.cards[taken.target]
        menu = QMenu(canvas)
        menu.setObjectName("canvas.merging")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = QCoreApplication.translate("Canvas", "{card} reads {source} already")
        menu.addAction(text.format(card=taken.target, source=taken.source)).setEnabled(False)
        menu.addSeparator()
        for name in MERGING:
            layer = entry("layers", name)
            words = QCoreApplication.translate("Canvas", "{layer} both").format(layer=translate_catalog(layer.label))
            action = menu.addAction(words)
            action.setObjectName(f"canvas.merging.{name.lower()}")
            action.setToolTip(translate_catalog(layer.description))
            icons.assign(action, icons.of_layer(name))
            action.triggered.connect(
                lambda _checked=False, name=name: canvas.merge_requested.emit(source, taken.target, taken.port, name)
            )
        menu.addSeparator()
        replace = QCoreApplication.translate("Canvas", "Read {source} instead").format(source=source)
        action = menu.addAction(replace)
        action.setObjectName("canvas.merging.replace")
        action.triggered.connect(lambda: canvas.connect_requested.emit(source, taken.target, taken.port))
        port = card.layout.in_ports[min(taken.port, len(card.layout.in_ports) - 1)]
        menu.setToolTipsVisible(True)
        menu.popup(canvas.viewport().mapToGlobal(canvas.mapFromScene(card.position + port)))
        menu.setActiveAction(menu.actions()[2])

    def _behind(self, node_id: str) -> Spot:
        card = self._canvas.board.cards[node_id]
        place = self._free(card.position + QPointF(CARD_GAP, 0.0))
        return Spot(place.x(), place.y(), node_id)

    def _free(self, place: QPointF) -> QPointF:
        """The place, or the next below it that no card covers; it is brought into view."""
        frames = [card.scene_frame.adjusted(-24, -40, 24, 40) for card in self._canvas.board.cards.values()]
        while any(frame.contains(place) for frame in frames):
            place += QPointF(0.0, _STEP)
        self._canvas.camera.reveal(self._canvas.board.style_.around(place.x(), place.y()))
        return place
