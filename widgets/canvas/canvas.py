"""The view on the board: values come in through setters, what the user does goes out as signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from engine.document.graph import Edge
from engine.plan.plan import Plan
from widgets.canvas.dropping import DropTarget
from widgets.canvas.gesture import Gesture
from widgets.canvas.gestures import begin
from widgets.canvas.hits import Hit, Part
from widgets.canvas.hover import Hover
from widgets.canvas.in_place import InPlace
from widgets.canvas.keyboard import Keyboard
from widgets.canvas.note_desk import NoteDesk
from widgets.canvas.offers import Offers
from widgets.canvas.overlay import ValueEditor, ValueLabel
from widgets.canvas.style import SNAP, sentence_text
from widgets.controls import EmptyState

_LAST_FRAME = 50
"""Milliseconds until waiting links are redrawn after what may be the last frame."""


class Canvas(DropTarget):
    """Cards joined by links. Setters never emit."""

    selection_changed = Signal(object, object)
    """frozenset of node ids, Edge or None."""
    moved = Signal(list, bool)
    """[(node id, x, y)], whether the drag is over."""
    connect_requested = Signal(str, str, int)
    """Source, target, port or -1 for the first free one."""
    disconnect_requested = Signal(object)
    delete_requested = Signal()
    neuron_hovered = Signal(str, int)
    neuron_left = Signal()
    neuron_clicked = Signal(str, int)
    parameter_edited = Signal(str, tuple, float)
    """Parameter name ("dense_1.weight"), index, value."""
    remedy_chosen = Signal(object, int)
    """Problem, number of its remedy."""
    append_requested = Signal(str)
    layer_chosen = Signal(str, object)
    """Name of a layer, and the Spot where it is to go."""
    merge_requested = Signal(str, str, int, str)
    """Source, target, its taken port, and the name of the merging layer."""
    field_changed = Signal(str, tuple, object, bool)
    """Node id, path of the field, value, whether the change is over."""
    renamed = Signal(str, str)
    note_changed = Signal(int, object, bool)
    """Number of the note, the Note, whether the drag is over."""
    note_removed = Signal(int)
    card_activated = Signal(str)
    unfold_requested = Signal(str)
    """A block was double-clicked."""
    open_library_requested = Signal()
    context_menu_requested = Signal(QPoint)
    """Position on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Canvas"))
        self.keyboard = Keyboard(self)
        self.hover = Hover(self)
        self.offers = Offers(self)
        self.notes = NoteDesk(self)
        self.in_place = InPlace(self)
        self.selected: frozenset[str] = frozenset()
        self.selected_edge: Edge | None = None
        self._gesture: Gesture | None = None
        self.value_label = ValueLabel(self.viewport())
        self.editor = ValueEditor(self.viewport())
        self.editor.edited.connect(self.parameter_edited)
        self._empty = EmptyState("", " ", self.viewport())
        self._empty.button.setProperty("class", "primary")
        self._empty.clicked.connect(self._choose_empty_remedy)
        self._empty.hide()

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
        self.in_place.forget_missing()
        self.notes.forget_missing()
        empty = next((problem for problem in new.problems if problem.kind == "empty"), None)
        self._empty.setVisible(not new.nodes and empty is not None)
        if not new.nodes and empty is not None:
            self._empty.set_text(sentence_text(empty.sentence))
            self._empty.button.setText(sentence_text(empty.remedies[0].label))
            self._empty.button.setAccessibleName(self._empty.button.text())
        if old is None or (self.camera.is_fitted and resized):
            self.fit()
        if resized or old is None or before != self.board.comings:
            self.minimap.follow()
        else:
            self.minimap.follow_later()

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

    def set_feature_maps(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """What cards give for the chosen sample: the answer of the probe FeatureMaps."""
        self.board.set_feature_maps(arrays)

    def set_parameters(self, arrays: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Weights (units, inputs) and biases (units,) by "node.parameter"."""
        self.board.set_parameters(arrays)
        self.refresh_links(_LAST_FRAME)
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

    def visible_dense_nodes(self, of_maps: bool = False) -> tuple[str, ...]:
        """The cards in sight that show neurons, and so want maps; or those that show feature maps."""
        seen = self.camera.visible()
        cards = (card for card in self.board.cards.values() if card.layout.tiles and card.has_maps == of_maps)
        return tuple(card.id for card in cards if card.scene_frame.intersects(seen))

    # --- the view -----------------------------------------------------------------------------------------------

    def zoom_by(self, factor: float) -> None:
        """Zoom around the pointer, or around the middle when it is elsewhere."""
        pixel = self.viewport().mapFromGlobal(self.cursor().pos())
        if not self.viewport().rect().contains(pixel):
            pixel = self.viewport().rect().center()
        self.camera.zoom_by(factor, pixel)

    def pan(self, away: QPoint) -> None:
        """Move the view by pixels."""
        self._close_fields()
        super().pan(away)

    def reveal(self, node_id: str) -> None:
        """Scroll to a card and what is said below it."""
        area = self.board.cards[node_id].scene_frame
        box = self.board.boxes.get(node_id)
        self.camera.reveal(area if box is None else area.united(box.area()))

    def pointer(self) -> QPointF | None:
        """Where the pointer is in the scene; None while it is elsewhere."""
        pixel = self.viewport().mapFromGlobal(self.cursor().pos())
        inside = self.viewport().underMouse() and self.viewport().rect().contains(pixel)
        return self.mapToScene(pixel) if inside else None

    def free_place(self, size: QSizeF) -> QPointF:
        """A corner, near the middle of the view, at which nothing of that size covers a card or a note."""
        area = QRectF(QPointF(), size)
        area.moveCenter(self.camera.center())
        taken = [card.scene_frame for card in self.board.cards.values()]
        taken += [note.sceneBoundingRect() for note in self.board.notes]
        while any(other.intersects(area) for other in taken):
            area.translate(0.0, 4 * SNAP)
        return area.topLeft()

    def describe(self, text: str) -> None:
        """Tell a screen reader where the keyboard is."""
        self.setAccessibleDescription(text)

    # --- what gestures, keyboard and pointer ask for ------------------------------------------------------------

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
        self.minimap.follow_later()
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
        elif hit.part is Part.UNITS:
            self.in_place.open_units(hit.node)
        elif hit.part is Part.ACTIVATION:
            self.in_place.open_activation(hit.node)
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

    def _close_fields(self) -> None:
        self.editor.close_editor()
        self.in_place.close_fields()
        self.notes.editor.finish()

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
        if self.notes.selected is not None:
            self.notes.select(None)
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
        self._close_fields()
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
        """A card opens in the inspector, a block into its cards; empty space asks for the library."""
        hit = self.hit(self.mapToScene(event.position().toPoint()))
        if hit.part is Part.NOTHING and event.button() == Qt.MouseButton.LeftButton:
            self.open_library_requested.emit()
        elif hit.part in (Part.CARD, Part.NEURON) and event.button() == Qt.MouseButton.LeftButton:
            is_block = self.board.cards[hit.node].node.layer.name == "Block"
            (self.unfold_requested if is_block else self.card_activated).emit(hit.node)
        elif hit.part is Part.NOTE and event.button() == Qt.MouseButton.LeftButton:
            self.notes.write(hit.index)
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

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Over the number of units of a selected card it turns that; otherwise it moves the view."""
        if self.in_place.wheel(event):
            event.accept()
        else:
            super().wheelEvent(event)

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
        """What the running gesture draws, and what can be changed on a selected card."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.in_place.paint(painter)
        if self._gesture is not None:
            self._gesture.paint(painter)
