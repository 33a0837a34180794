"""What can be done at the current row of the outline, and the keys that do it. Choices are offered in a small list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QKeyCombination, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

from engine.document.graph import Edge
from widgets.canvas.hints import QT_TRANSLATE_NOOP, Hint
from widgets.canvas.search import LayerSearch, Spot
from widgets.outline_choices import source_choices, taken_choices, target_choices
from widgets.outline_model import NAME
from widgets.outline_popup import Choice, ChoicePopup
from widgets.outline_rows import Content, Kind

if TYPE_CHECKING:
    from widgets.outline import OutlineView


class Editing(QObject):
    """Asks what is still to be known, and has the view say what the user wants."""

    def __init__(self, view: OutlineView) -> None:
        super().__init__(view)
        self._view = view

    def activate(self) -> None:
        """Enter: open a card in the inspector, connect an input, go to the remedies of a problem, apply a remedy."""
        content = self._view.current()
        if content is None:
            return
        if content.kind is Kind.REMEDY:
            self._view.remedy_chosen.emit(content.problem, content.remedy)
        elif content.kind is Kind.PROBLEM:
            first = self._view.rows.index(0, NAME, self._view.current_row())
            if first.isValid():
                self._view.setCurrentIndex(first)
        elif content.kind is Kind.PORT:
            self.connect_from()
        else:
            self._view.card_activated.emit(content.node)

    def add_after(self) -> None:
        """Choose a layer to come after the current card, or into the current link."""
        content = self._view.current()
        if content is None or not content.node:
            self._offer_layers(Spot(0.0, 0.0))
        elif content.kind is Kind.PORT and content.edge is None:
            self.add_before()
        else:
            self._offer_layers(self.spot_after(content))

    def add_before(self) -> None:
        """Choose a layer to come before the current card, or into the current link."""
        content, plan = self._view.current(), self._view.rows.plan
        if content is None or plan is None or not content.node or content.edge is not None:
            self.add_after()
            return
        node_id = content.node
        links = plan.document.network_of(node_id).inputs_of(node_id)
        if plan.nodes[node_id].layer.takes[1] == 0:
            template = self.tr("Samples enter the network at {card}; nothing can come before it")
            self._view.refused.emit(template.format(card=node_id))
        elif content.kind is Kind.PORT or not links:
            self._offer_layers(Spot(0.0, 0.0, node_id, False, max(content.port, 0)))
        elif len(links) == 1:
            self._offer_layers(Spot(0.0, 0.0, edge=links[0]))
        else:
            choices = [Choice(str(number), f"{edge.source} → {node_id}") for number, edge in enumerate(links)]
            title = self.tr("Add a layer into which link?")
            self._offer(title, choices, lambda key: self._offer_layers(Spot(0.0, 0.0, edge=links[int(key)])))

    def spot_after(self, content: Content) -> Spot:
        """Where a layer goes that is to come after a row: into a link, or behind a card.

        Behind a card means into its only link; a card that several read, or none, gets another reader.
        """
        plan, node_id = self._view.rows.plan, content.node
        if content.edge is not None:
            return Spot(0.0, 0.0, edge=content.edge)
        if content.kind is Kind.PORT:
            return Spot(0.0, 0.0, node_id, False, content.port)
        links = plan.document.network_of(node_id).outputs_of(node_id) if plan is not None and node_id else ()
        return Spot(0.0, 0.0, edge=links[0]) if len(links) == 1 else Spot(0.0, 0.0, node_id)

    def connect_to(self) -> None:
        """Choose a card that the current one is to feed."""
        content, plan = self._view.current(), self._view.rows.plan
        if content is None or not content.node or plan is None:
            return
        source = content.node
        title = self.tr("Connect {card} to…").format(card=source)
        self._offer(title, target_choices(plan, source), lambda target: self._connect(source, target, -1))

    def connect_from(self) -> None:
        """Choose a card that is to feed the current input, or the current card."""
        content, plan = self._view.current(), self._view.rows.plan
        if content is None or not content.node or plan is None:
            return
        target, port = content.node, content.port
        if plan.nodes[target].layer.takes[1] == 0:
            self._view.refused.emit(
                self.tr("Samples enter the network at {card}; it takes no input").format(card=target)
            )
            return
        title = self.tr("Connect {card} from…").format(card=target)
        choices = source_choices(plan, target, port)
        self._offer(title, choices, lambda source: self._connect(source, target, port))

    def rename(self) -> None:
        """Type another name for the current card."""
        content = self._view.current()
        if content is not None and content.node:
            index = self._view.rows.card(content.node)
            self._view.setCurrentIndex(index)
            self._view.edit(index)

    def follow(self, forward: bool) -> None:
        """Go along a link: to the first card that this one feeds, or back to the one that feeds it."""
        content, plan = self._view.current(), self._view.rows.plan
        if content is None or not content.node or plan is None:
            return
        network = plan.document.network_of(content.node)
        if content.edge is not None:
            ends = [content.node if forward else content.edge.source]
        elif forward:
            ends = [edge.target for edge in network.outputs_of(content.node)]
        else:
            ends = [edge.source for edge in network.inputs_of(content.node)]
        if ends:
            self._view.setCurrentIndex(self._view.rows.card(ends[0]))

    def _connect(self, source: str, target: str, port: int) -> None:
        """Link two cards; where the input is taken, ask what shall become of its link."""
        plan = self._view.rows.plan
        assert plan is not None
        links = plan.document.network_of(target).inputs_of(target)
        full = len(links) >= plan.nodes[target].layer.takes[1]
        taken = next((edge for edge in links if edge.port == port or (port < 0 and full)), None)
        if taken is None:
            self._view.connect_requested.emit(source, target, port)
            return
        title = self.tr("{card} reads {source} already").format(card=target, source=taken.source)
        self._offer(title, taken_choices(source), lambda merging: self._join(source, taken, merging))

    def _join(self, source: str, taken: Edge, merging: str) -> None:
        if merging:
            self._view.join_requested.emit(source, taken.target, taken.port, merging)
        else:
            self._view.connect_requested.emit(source, taken.target, taken.port)

    def _offer_layers(self, spot: Spot) -> None:
        search = LayerSearch(spot, self._view.blocks(), self._view.window())
        search.chosen.connect(lambda name: self._view.layer_chosen.emit(name, spot))
        search.open_at(self._place(search.width()))

    def _offer(self, title: str, choices: Sequence[Choice], use: Callable[[str], None]) -> None:
        popup = ChoicePopup(title, choices, self._view.window())
        popup.chosen.connect(use)
        popup.open_at(self._place(popup.width()))

    def _place(self, width: int) -> QPoint:
        """Under the current row; in the upper middle of the window while the tree is not seen."""
        if self._view.isVisible():
            row, left = self._view.visualRect(self._view.current_row()), self._view.indentation()
            return self._view.viewport().mapToGlobal(QPoint(left, row.bottom() + 1 if row.isValid() else left))
        window = QApplication.activeWindow() or self._view.window()
        return window.mapToGlobal(QPoint((window.width() - width) // 2, window.height() // 8))

    def use_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        """What a key does here."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        pressed = QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key()))).toString()
        method = _METHODS.get(pressed)
        return getattr(self, method) if method is not None else None

    def follow_on(self) -> None:
        """Go to the first card that this one feeds."""
        self.follow(True)

    def follow_back(self) -> None:
        """Go to the card that feeds this one."""
        self.follow(False)


USES = (
    (
        "activate",
        Hint(QT_TRANSLATE_NOOP("hints", "Open the card, connect the input, use the remedy"), ("Return", "Enter")),
    ),
    ("add_after", Hint(QT_TRANSLATE_NOOP("hints", "Add a layer after the card, or in the link"), ("Ins", "A"))),
    ("add_before", Hint(QT_TRANSLATE_NOOP("hints", "Add a layer before the card"), ("Shift+Ins", "Shift+A"))),
    ("connect_to", Hint(QT_TRANSLATE_NOOP("hints", "Connect the card to another"), ("C", "L"))),
    ("connect_from", Hint(QT_TRANSLATE_NOOP("hints", "Connect another card to this one"), ("Shift+C", "Shift+L"))),
    ("rename", Hint(QT_TRANSLATE_NOOP("hints", "Give the card another name"), ("F2",))),
    ("follow_on", Hint(QT_TRANSLATE_NOOP("hints", "Go to the first card that this one feeds"), ("Alt+Down",))),
    ("follow_back", Hint(QT_TRANSLATE_NOOP("hints", "Go to the card that feeds this one"), ("Alt+Up",))),
)
"""What the keys of the outline do: a method of Editing, the words for it and its keys."""
_METHODS = {key: method for method, hint in USES for key in hint.keys}
DELETE = Hint(QT_TRANSLATE_NOOP("hints", "Delete the selected cards, or cut the link"), ("Del", "Backspace"))
WALK = Hint(QT_TRANSLATE_NOOP("hints", "Go through the rows; open and close a card"), ("Up", "Down", "Left", "Right"))
HINTS = (*(hint for _, hint in USES), DELETE, WALK)
