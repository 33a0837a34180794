"""The view on the board: values come in through setters, what the user does goes out as signals."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from engine.document.graph import Edge
from engine.plan.plan import Plan
from widgets.canvas.board import Hit, Part
from widgets.canvas.dropping import Dropping, dropped_layer
from widgets.canvas.gestures import Gesture, begin
from widgets.canvas.hover import Hover
from widgets.canvas.keyboard import Keyboard
from widgets.canvas.overlay import ValueEditor, ValueLabel
from widgets.canvas.style import SNAP, sentence_text
from widgets.canvas.surface import Surface
from widgets.controls import EmptyState

_LINK_BUDGET = 0.0012
"""Seconds of a frame that may go into redrawing links; the rest waits for the next."""
_NEXT_LINKS, _LAST_FRAME = 16, 50
"""Milliseconds until waiting links are redrawn without new values: once begun, and after what may be the last frame."""


class Canvas(Surface):
    """Cards joined by links. Setters never emit."""

    selection_changed = Signal(object, object)
    """frozenset of node ids, Edge or None."""
    moved = Signal(list, bool)
    """[(node id, x, y)], whether the drag is over."""
    connect_requested = Signal(str, str, int)
    """Source, target, port or -1 for the first free one."""
    disconnect_requested = Signal(object)
    layer_dropped = Signal(str, float, float)
    layer_dropped_on_link = Signal(str, object)
    delete_requested = Signal()
    neuron_hovered = Signal(str, int)
    neuron_left = Signal()
    neuron_clicked = Signal(str, int)
    parameter_edited = Signal(str, tuple, float)
    """Parameter name ("dense_1.weight"), index, value."""
    remedy_chosen = Signal(object, int)
    """Problem, number of its remedy."""
    append_requested = Signal(str)
    card_activated = Signal(str)
    open_library_requested = Signal()
    context_menu_requested = Signal(QPoint)
    """Position on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self.keyboard = Keyboard(self)
        self.hover = Hover(self)
        self.selected: frozenset[str] = frozenset()
        self.selected_edge: Edge | None = None
        self._gesture: Gesture | None = None
        self._last_link: Edge | None = None
        self.value_label = ValueLabel(self.viewport())
        self.editor = ValueEditor(self.viewport())
        self.editor.edited.connect(self.parameter_edited)
        self._empty = EmptyState("", " ", self.viewport())
        self._empty.button.setProperty("class", "primary")
        self._empty.clicked.connect(self._choose_empty_remedy)
        self._empty.hide()
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.timeout.connect(lambda: self._refresh_links(_NEXT_LINKS))
        self._dropping = Dropping(self.board)
        self.setAcceptDrops(True)

    # --- values in ----------------------------------------------------------------------------------------------

    def set_plan(self, old: Plan | None, new: Plan) -> None:
        """Show a plan. Items are made, changed and removed by the difference; with `old` None the view is fitted."""
        before = self.board.comings
        resized = self.board.set_plan(new)
        if self._gesture is not None and before != self.board.comings:
            self._gesture.abandon()  # what it holds may be gone
            self._gesture = None
        self.editor.check(new.parameters)
        self.selected &= self.board.cards.keys()
        if self.selected_edge not in self.board.links:
            self.selected_edge = None
        self._show_selection()
        self.keyboard.forget_missing()
        empty = next((problem for problem in new.problems if problem.kind == "empty"), None)
        self._empty.setVisible(not new.nodes and empty is not None)
        if not new.nodes and empty is not None:
            self._empty.set_text(sentence_text(empty.sentence))
            self._empty.button.setText(sentence_text(empty.remedies[0].label))
            self._empty.button.setAccessibleName(self._empty.button.text())
        if old is None or (self.camera.is_fitted and resized):
            self.fit()

    def set_selection(self, ids: frozenset[str], edge: Edge | None) -> None:
        """Outline these cards, or this link."""
        self.selected = frozenset(ids) & self.board.cards.keys()
        self.selected_edge = edge if edge in self.board.links else None
        self._show_selection()

    def set_maps(self, maps: Mapping[str, NDArray[np.uint8]]) -> None:
        """What neurons compute: node id -> signed index images (units, height, width)."""
        for node_id, arrays in maps.items():
            card = self.board.cards.get(node_id)
            if card is not None and card.layout.tiles:
                card.set_maps(arrays)

    def set_parameters(self, arrays: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Weights (units, inputs) and biases (units,) by "node.parameter"."""
        self.board.set_parameters(arrays)
        self._refresh_links(_LAST_FRAME)
        self.hover.refresh()
        self.release()

    def set_class_thumbnail(self, node_id: str, image: NDArray[np.uint8], class_table: bool) -> None:
        """The network's answer (height, width) on its card: classes with confidence, or signed values."""
        card = self.board.cards.get(node_id)
        if card is not None:
            card.set_answer(image, class_table)

    def set_busy(self, busy: bool) -> None:
        """Dim what is live while no newer values can come."""
        for card in self.board.cards.values():
            card.dimmed = busy
            card.face.update()

    def clear_live(self) -> None:
        """Forget maps, weights and answers."""
        for card in self.board.cards.values():
            card.clear_live()
        for link in self.board.links.values():
            link.forget()

    def visible_dense_nodes(self) -> tuple[str, ...]:
        """The cards in sight that show neurons, and so want maps."""
        seen = self.camera.visible()
        return tuple(
            card.id for card in self.board.cards.values() if card.layout.tiles and card.scene_frame.intersects(seen)
        )

    # --- the view -----------------------------------------------------------------------------------------------

    def zoom_by(self, factor: float) -> None:
        """Zoom around the pointer, or around the middle when it is elsewhere."""
        pixel = self.viewport().mapFromGlobal(self.cursor().pos())
        if not self.viewport().rect().contains(pixel):
            pixel = self.viewport().rect().center()
        self.camera.zoom_by(factor, pixel)

    def pan(self, away: QPoint) -> None:
        """Move the view by pixels."""
        self.editor.close_editor()
        super().pan(away)

    def reveal(self, node_id: str) -> None:
        """Scroll to a card and what is said below it."""
        area = self.board.cards[node_id].scene_frame
        box = self.board.boxes.get(node_id)
        self.camera.reveal(area if box is None else area.united(box.frame.translated(box.pos())))

    def describe(self, text: str) -> None:
        """Tell a screen reader where the keyboard is."""
        self.setAccessibleDescription(text)

    def _refresh_links(self, pause: int) -> None:
        """Redraw links with new weights, as many as fit in a frame's share.

        The next frame goes on behind them; if none comes within `pause` milliseconds, they are redrawn without it.
        """
        started = time.perf_counter()
        stale = list(self.board.stale_links())
        behind = next((k + 1 for k, link in enumerate(stale) if link.edge == self._last_link), 0)
        waiting = stale[behind:] + stale[:behind]
        while waiting and time.perf_counter() - started < _LINK_BUDGET:
            link = waiting.pop(0)
            link.refresh()
            self._last_link = link.edge
        if any(link.has_picture for link in waiting):
            self._refresh_timer.start(pause)

    # --- what gestures, keyboard and pointer ask for ------------------------------------------------------------

    def hit(self, point: QPointF) -> Hit:
        """What lies under a point of the scene."""
        return self.board.hit(point, self.camera.zoom)

    def select(self, ids: frozenset[str], edge: Edge | None) -> None:
        """The user selected something."""
        if (ids, edge) != (self.selected, self.selected_edge):
            self.selected, self.selected_edge = ids, edge
            self._show_selection()
            self.selection_changed.emit(ids, edge)

    def _show_selection(self) -> None:
        for node_id, card in self.board.cards.items():
            if card.selected != (node_id in self.selected):
                card.selected = not card.selected
                card.update()
        chosen = self.board.links.get(self.selected_edge) if self.selected_edge is not None else None
        for link in self.board.links.values():
            if link.selected != (link is chosen):
                link.selected = not link.selected
                link.update()

    def move_cards(self, places: list[tuple[str, float, float]], finished: bool) -> None:
        """The user moved cards; they move at once, the document follows."""
        for node_id, x, y in places:
            self.board.move_card(node_id, x, y)
        self.camera.is_fitted = False
        self.moved.emit(places, finished)

    def click(self, hit: Hit, pixel: QPoint) -> None:
        """The user clicked something."""
        if hit.part is Part.REMEDY:
            _, problem, index = self.board.boxes[hit.node].buttons[hit.index]
            self.remedy_chosen.emit(problem, index)
        elif hit.part is Part.APPEND:
            self.append_requested.emit(hit.node)
        elif hit.part is Part.NEURON:
            self.neuron_clicked.emit(hit.node, hit.index)
        else:
            self._offer_value(hit, pixel)

    def _offer_value(self, hit: Hit, pixel: QPoint) -> None:
        """Open the field for the weight or bias that was hit."""
        self.value_label.hide()
        index: tuple[int, ...]
        if hit.part is Part.BIAS:
            label, name, index = self.tr("bias"), f"{hit.node}.bias", (hit.index,)
            value = self.board.cards[hit.node].bias(hit.index)
        elif hit.edge is not None and hit.weight is not None:
            label, name, index = self.tr("weight"), f"{hit.edge.target}.weight", hit.weight
            value = self.board.links[hit.edge].weight(hit.weight)
        else:
            return
        if value is not None:
            self.editor.open_at(label, name, index, value, pixel)

    def cancel(self) -> bool:
        """Escape: end the gesture, else the selection; returns whether there was either."""
        if self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.cancel()
            self.viewport().unsetCursor()
            return True
        if self.selected or self.selected_edge is not None:
            self.keyboard.set_node(None)
            self.select(frozenset(), None)
            return True
        return False

    def _choose_empty_remedy(self) -> None:
        plan = self.board.plan
        problem = next((problem for problem in plan.problems if problem.kind == "empty"), None) if plan else None
        if problem is not None:
            self.remedy_chosen.emit(problem, 0)

    # --- events -------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin what the button and the place ask for."""
        self.editor.close_editor()
        if self._gesture is None:
            pixel = event.position().toPoint()
            self._gesture = begin(self, self.mapToScene(pixel), pixel, event.button(), event.modifiers())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it, or show what lies under the pointer."""
        pixel = event.position().toPoint()
        point = self.mapToScene(pixel)
        if self._gesture is not None:
            self._gesture.move(point, pixel)
        elif not event.buttons():
            self.hover.show(self.hit(point), pixel)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End it."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            pixel = event.position().toPoint()
            self.viewport().unsetCursor()
            gesture.finish(self.mapToScene(pixel), pixel)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A card opens in the inspector; empty space asks for the library."""
        hit = self.hit(self.mapToScene(event.position().toPoint()))
        if hit.part is Part.NOTHING and event.button() == Qt.MouseButton.LeftButton:
            self.open_library_requested.emit()
        elif hit.part in (Part.CARD, Part.NEURON) and event.button() == Qt.MouseButton.LeftButton:
            self.card_activated.emit(hit.node)
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Select what the menu will be about."""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            hit = self.hit(self.mapToScene(event.pos()))
            if hit.node and hit.node not in self.selected:
                self.select(frozenset([hit.node]), None)
            elif hit.edge is not None:
                self.select(frozenset(), hit.edge)
        self.context_menu_requested.emit(event.globalPos())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing lies under the pointer any more."""
        self.hover.leave()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of the canvas; others go to the window."""
        if self.keyboard.press(event):
            event.accept()
        else:
            event.ignore()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes from card to card before it leaves."""
        return (self.hasFocus() and self.keyboard.step(next)) or super().focusNextPrevChild(next)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The ring goes with the focus."""
        super().focusOutEvent(event)
        self.keyboard.hide_ring()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The empty state fills the view."""
        super().resizeEvent(event)
        self._empty.setGeometry(self.viewport().rect())

    def restyle(self) -> None:
        """Follow the theme."""
        super().restyle()
        self.value_label.restyle()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """What the running gesture draws."""
        if self._gesture is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._gesture.paint(painter)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Layers of the library are welcome."""
        if dropped_layer(event.mimeData()) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show the link that the layer would be inserted in."""
        self._dropping.over(self.hit(self.mapToScene(event.position().toPoint())).edge)
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It went elsewhere."""
        self._dropping.over(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Insert the layer in the link under the pointer, or put it where it was dropped."""
        self._dropping.over(None)
        layer = dropped_layer(event.mimeData())
        if layer is None:
            return
        point = self.mapToScene(event.position().toPoint())
        edge = self.hit(point).edge
        if edge is not None:
            self.layer_dropped_on_link.emit(layer, edge)
        else:
            self.layer_dropped.emit(layer, round(point.x() / SNAP) * SNAP, round(point.y() / SNAP) * SNAP)
        event.acceptProposedAction()
