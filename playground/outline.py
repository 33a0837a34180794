"""Joins the panel "Outline" with the document: the network as a tree, edited with the keyboard alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from engine.document.graph import CARD_GAP
from engine.plan.plan import Plan
from playground.words import sentence
from widgets.panel import Panel

if TYPE_CHECKING:
    from playground.window import MainWindow
    from widgets.canvas.search import Spot
    from widgets.outline import OutlineView

_ACTIONS = (
    ("network.add_after", "network.add_before", "network.connect_to", "network.connect_from"),
    ("edit.duplicate", "edit.delete", "network.fold", "network.unfold"),
)
"""What the menu of a row offers, in groups."""
_ROOM = 80.0
"""Scene units that a new card is given above and below its middle."""


class Outline(QObject):
    """The panel of one window. Its tree is made when it is first seen, and follows the document as long as it is."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._controller = window.controller
        self._shown: Plan | None = None
        self.panel = Panel(self.tr("Outline"), "dock.outline")
        self.panel.set_body(QWidget())
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.panel)
        window.tabifyDockWidget(window.panels["dock.library"], self.panel)
        window.panels[self.panel.objectName()] = self.panel
        window.painted.connect(self._on_painted)

    @cached_property
    def view(self) -> OutlineView:
        """The tree, made when it is first asked for."""
        from widgets.outline import OutlineView

        view, controller = OutlineView(), self._controller
        self.panel.set_body(view, margin=4)
        view.blocks = lambda: self._window.canvas.offers.blocks
        view.selection_changed.connect(controller.select)
        view.card_activated.connect(self._window.canvas.card_activated)
        view.layer_chosen.connect(self._add)
        view.connect_requested.connect(controller.connect_cards)
        view.join_requested.connect(self._window.editing.merge)
        view.delete_requested.connect(controller.delete_selection)
        view.rename_requested.connect(self._window.editing.rename_card)
        view.remedy_chosen.connect(controller.remedy)
        view.refused.connect(lambda text: controller.said.emit("warning", text, ""))
        view.context_menu_requested.connect(self._open_menu)
        controller.changed.connect(self._follow)
        controller.selection_changed.connect(self._follow)
        controller.opened.connect(self._on_opened)
        return view

    # --- actions -----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Bring the panel up and put the keyboard into it."""
        self.panel.show()
        self.panel.raise_()
        self._catch_up()
        self.view.begin()
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def add_after(self) -> None:
        """Offer the layers that may come after what is selected."""
        self._aim()
        self.view.editing.add_after()

    def add_before(self) -> None:
        """Offer the layers that may come before what is selected."""
        self._aim()
        self.view.editing.add_before()

    def connect_to(self) -> None:
        """Offer the cards that the selected one may feed."""
        self._aim()
        self.view.editing.connect_to()

    def connect_from(self) -> None:
        """Offer the cards that may feed the selected one."""
        self._aim()
        self.view.editing.connect_from()

    def _aim(self) -> None:
        """Let the tree stand where the selection is, unless the user is in it."""
        self._catch_up()
        if not self.view.hasFocus():
            self.view.go_to_selection()

    # --- the document ------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        if self.view.isVisible():
            self._catch_up()

    def _on_opened(self) -> None:
        self._shown = None
        self._follow()

    def _on_painted(self) -> None:
        self.panel.visibilityChanged.connect(self._on_visibility)
        self._on_visibility(self.panel.isVisible())

    def _on_visibility(self, visible: bool) -> None:
        if visible:
            self.view.show()
            self._catch_up()

    def _catch_up(self) -> None:
        controller = self._controller
        changed = self._shown is not controller.plan
        if changed:
            before, self._shown = self._shown, controller.plan
            self.view.set_plan(before, controller.plan)
            self.panel.set_note(self._note(len(controller.plan.nodes)))
        self.view.set_selection(controller.selection, controller.edge)
        if changed:
            self._select_next()

    def _note(self, cards: int) -> str:
        if cards == 1:
            return self.tr("1 card")
        return self.tr("{count} cards").format(count=QLocale().toString(cards)) if cards else ""

    def _select_next(self) -> None:
        """After a card was deleted in the tree, the one at the cursor is what the next key is about."""
        card = self.view.current_card()
        if card and self.view.hasFocus() and not self._controller.selection and self._controller.edge is None:
            self._controller.select([card])

    # --- edits -------------------------------------------------------------------------------------------------------

    def _add(self, name: str, spot: Spot) -> None:
        """Put a layer, or a block of one's own, where it was asked for; on the canvas it covers no other card."""
        editing, document = self._window.editing, self._controller.document
        if spot.edge is not None:
            source, target = document.node(spot.edge.source), document.node(spot.edge.target)
            editing.add_at(name, replace(spot, x=(source.x + target.x) / 2, y=(source.y + target.y) / 2))
        elif spot.node:
            x = document.node(spot.node).x + (CARD_GAP if spot.forward else -CARD_GAP)
            editing.add_at(name, replace(spot, x=x, y=self._free_height(spot.node, x)))
        else:
            editing.append_layer(name)

    def _free_height(self, beside: str, x: float) -> float:
        """Where a new card in the column of `x` covers none that is there: beside a card, or below all of them."""
        cards = self._window.canvas.board.cards
        y = self._controller.document.node(beside).y
        taken = [card.scene_frame for card in cards.values() if abs(card.position.x() - x) < CARD_GAP / 2]
        if any(frame.top() - _ROOM < y < frame.bottom() + _ROOM for frame in taken):
            y = max(frame.bottom() for frame in taken) + 2 * _ROOM
        return y

    def _open_menu(self, position: QPoint) -> None:
        """Offer, at a point of the screen, what can be done with the row."""
        menu = QMenu(self.view)
        menu.setObjectName("menu.outline")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        content = self.view.current()
        if content is not None and content.problem is not None:
            for number, remedy in enumerate(content.problem.remedies):
                action = menu.addAction(sentence(remedy.label))
                action.triggered.connect(partial(self._controller.remedy, content.problem, number))
            menu.addSeparator()
        for group in _ACTIONS:
            menu.addActions([self._window.actions_by_id[name] for name in group])
            menu.addSeparator()
        menu.popup(position)
