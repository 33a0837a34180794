"""The scene: one `Card` per node, one `Link` per edge, kept in step with the plan; and what lies under a point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsScene, QGraphicsSceneHelpEvent

from engine.document.graph import Edge
from engine.plan.plan import Plan, Problem
from widgets.canvas.card import Card
from widgets.canvas.hits import Hit, Part, hit_card
from widgets.canvas.layout import lay_out
from widgets.canvas.link import Kind, Link
from widgets.canvas.notes import NoteItem
from widgets.canvas.problem import ProblemBox
from widgets.canvas.style import Style
from widgets.canvas.tips import show_tip

_PROBLEM_GAP = 8.0
_READABLE = 0.85
"""The smallest zoom at which a sentence is read with ease."""
_REACH = 5.0
"""How near to a curve the pointer must be, in pixels of the screen."""


class Board(QGraphicsScene):
    """Cards and links of a plan."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.style_ = Style()
        self.plan: Plan | None = None
        self.cards: dict[str, Card] = {}
        self.links: dict[Edge, Link] = {}
        self.boxes: dict[str, ProblemBox] = {}
        """By the card they hang below."""
        self._reading = 1.0
        """How much larger than cards problems are drawn."""
        self.notes: list[NoteItem] = []
        self._reasons: dict[str, tuple[object, ...]] = {}
        """What each card's layout was computed from."""
        self.comings = 0
        """Grows with every card and link that comes or goes."""
        self._links_of: dict[str, list[Link]] = {}

    # --- the plan -----------------------------------------------------------------------------------------------

    def set_plan(self, plan: Plan) -> bool:
        """Create, update and remove items by the difference; returns whether cards came, went or changed size."""
        if self._move_only(plan):
            return False
        before = {node_id: card.layout.frame for node_id, card in self.cards.items()}
        self.plan = plan
        network_edges = [edge for network in plan.document.networks for edge in network.edges]
        links_in: dict[str, int] = {}
        for edge in network_edges:
            links_in[edge.target] = links_in.get(edge.target, 0) + 1
        changed = self._set_cards(plan, links_in)
        self._set_links(plan, network_edges, changed)
        self._set_problems(plan)
        self._set_notes(plan)
        feeding = {edge.source for edge in network_edges}
        for node_id, card in self.cards.items():
            can_append = node_id not in feeding and not card.wrong and card.node.output_shape is not None
            if can_append != card.can_append:
                card.can_append = can_append
                card.face.update()
        return before != {node_id: card.layout.frame for node_id, card in self.cards.items()}

    def _move_only(self, plan: Plan) -> bool:
        """Follow a plan that differs in places alone; returns whether it does."""
        old = self.plan
        moved = None if old is None else plan.document.moved_since(old.document)
        if old is None or moved is None or plan.problems is not old.problems:
            return False
        if any(problem.node not in self.cards for problem in plan.problems):  # it is said below the last card
            return False
        self.plan = plan
        places = {node.id: QPointF(node.x, node.y) for node in moved}
        places = {node_id: place for node_id, place in places.items() if self.cards[node_id].position != place}
        for node_id, place in places.items():
            self.cards[node_id].place(place.x(), place.y())
        for link in {link for node_id in places for link in self._links_of[node_id]}:
            link.follow()
        for node in moved:
            self.cards[node.id].node = plan.nodes[node.id]
        if self.boxes:
            self._place_boxes()
        return True

    def _set_cards(self, plan: Plan, links_in: Mapping[str, int]) -> set[str]:
        """Returns the ids of new, moved and resized cards."""
        changed = set()
        for node_id in self.cards.keys() - plan.nodes.keys():
            card = self.cards.pop(node_id)
            self.removeItem(card.frame)
            self.removeItem(card.face)
            self.comings += 1
        for node_id, node in plan.nodes.items():
            known = self.cards.get(node_id)
            reason = (
                node.layer,
                node.output_shape,
                node.input_shapes,
                plan.document.data.dataset,
                (node_id == plan.output, plan.target, links_in.get(node_id, 0)),
            )
            if known is not None and reason == self._reasons.get(node_id):
                layout = known.layout
            else:
                layout = lay_out(node, plan, links_in.get(node_id, 0), self.style_)
                self._reasons[node_id] = reason
                if known is not None:
                    known.answer = None  # it may have been one of classes, and be one of numbers now
            if known is None:
                card = self.cards[node_id] = Card(node, layout, self.style_)
                self.addItem(card.frame)
                self.addItem(card.face)
                self.comings += 1
                changed.add(node_id)
                continue
            if layout != known.layout or node.parameters.keys() != known.node.parameters.keys():
                changed.add(node_id)
                known.set_layout(node, layout, self.style_)
            known.node = node
            if known.position != QPointF(node.node.x, node.node.y):
                known.place(node.node.x, node.node.y)
                changed.add(node_id)
        return changed

    def _set_links(self, plan: Plan, edges: list[Edge], changed: set[str]) -> None:
        wanted = set(edges)
        for edge in self.links.keys() - wanted:
            self.removeItem(self.links.pop(edge))
            self.comings += 1
        for edge in edges:
            offset = self._offset(plan, edge)
            link = self.links.get(edge)
            if link is None:
                link = self.links[edge] = Link(
                    edge, self.cards[edge.source], self.cards[edge.target], offset, self.style_
                )
                self.addItem(link)
                self.comings += 1
            elif (
                edge.source in changed
                or edge.target in changed
                or link.offset != offset
                or (link.source, link.target) != (self.cards[edge.source], self.cards[edge.target])
            ):
                link.source, link.target, link.offset = self.cards[edge.source], self.cards[edge.target], offset
                link.follow()
        self._links_of = {node_id: [] for node_id in self.cards}
        for edge, link in self.links.items():
            self._links_of[edge.source].append(link)
            if edge.target != edge.source:
                self._links_of[edge.target].append(link)

    @staticmethod
    def _offset(plan: Plan, edge: Edge) -> int:
        """The first unit of the target that stands for this link: Concatenate lays its inputs side by side."""
        node = plan.nodes[edge.target]
        if len(node.input_shapes) < 2 or node.output_shape is None or node.output_shape == node.input_shapes[0]:
            return 0
        return sum(shape[0] for shape in node.input_shapes[: edge.port])

    def _set_problems(self, plan: Plan) -> None:
        found: dict[str, list[Problem]] = {}
        for problem in plan.problems:
            if problem.node in self.cards:
                found.setdefault(problem.node, []).append(problem)
            elif self.cards:  # about the whole network: said below its last card
                last = max(self.cards.values(), key=lambda card: card.position.x())
                found.setdefault(last.id, []).append(problem)
        for node_id in list(self.boxes):
            if node_id not in found or self.boxes[node_id].problems != tuple(found[node_id]):
                self.removeItem(self.boxes.pop(node_id))
        for node_id, problems in found.items():
            if node_id not in self.boxes:
                self.boxes[node_id] = ProblemBox(problems, self.style_)
                self.addItem(self.boxes[node_id])
            else:  # the same words, but the edits behind them are those of this plan
                self.boxes[node_id].set_problems(problems)
        self._place_boxes()
        for node_id, card in self.cards.items():
            wrong = any(problem.node == node_id for problem in found.get(node_id, ()))
            if wrong != card.wrong:
                card.wrong = wrong
                card.update()
            card.set_warnings(tuple(warning for warning in plan.warnings if warning.node == node_id))

    def _set_notes(self, plan: Plan) -> None:
        notes = plan.document.networks[0].notes
        while len(self.notes) > len(notes):
            self.removeItem(self.notes.pop())
        for item, note in zip(self.notes, notes, strict=False):
            item.set_note(note)
        for note in notes[len(self.notes) :]:
            self.notes.append(NoteItem(note, self.style_))
            self.addItem(self.notes[-1])

    def _place_boxes(self) -> None:
        """Below their cards, each clear of those already placed, and from afar as large as can be read."""
        placed: list[QRectF] = []
        for node_id, box in sorted(self.boxes.items(), key=lambda item: self.cards[item[0]].position.x()):
            frame = self.cards[node_id].scene_frame
            box.setScale(self._reading)
            aside = (box.area().width() - frame.width()) / 2
            below = [QPointF(frame.center().x() + dx, frame.bottom() + _PROBLEM_GAP) for dx in (0, aside, -aside)]
            free = (at for at in below if not any(other.intersects(box.area(at)) for other in placed))
            place = next(free, below[0])
            for other in sorted(placed, key=QRectF.top):
                if other.intersects(box.area(place)):
                    place.setY(other.bottom() + _PROBLEM_GAP)
            placed.append(box.area(place))
            box.setPos(place)

    def set_zoom(self, zoom: float) -> None:
        """Cards shrink with the view; what is wrong with them is still to be read."""
        reading = max(1.0, _READABLE / zoom)
        if reading != self._reading:
            self._reading = reading
            self._place_boxes()

    def move_card(self, node_id: str, x: float, y: float) -> None:
        """Put a card elsewhere with its links and its problem."""
        self.cards[node_id].place(x, y)
        for link in self._links_of[node_id]:
            link.follow()
        if self.boxes:
            self._place_boxes()

    def restyle(self) -> None:
        """Wear the theme that the application wears now."""
        self.style_ = Style()
        self._reasons.clear()
        for card in self.cards.values():
            card.restyle(self.style_)
        for link in self.links.values():
            link.restyle(self.style_)
        for box in self.boxes.values():
            box.restyle(self.style_)
        for note in self.notes:
            note.restyle(self.style_)
        plan, self.plan = self.plan, None
        if plan is not None:
            self.set_plan(plan)

    # --- live values --------------------------------------------------------------------------------------------

    def set_parameters(self, arrays: Mapping[str, NDArray[np.floating]]) -> None:
        """Biases at once; links whose weights visibly changed become stale."""
        for node_id, card in self.cards.items():
            bias = arrays.get(f"{node_id}.bias")
            if bias is not None and card.layout.is_open:
                card.set_biases(bias)
        for edge, link in self.links.items():
            weights = arrays.get(f"{edge.target}.weight")
            if weights is not None and link.kind is Kind.WEIGHTS and link.set_weights(weights) and not link.has_picture:
                link.refresh()

    def set_feature_maps(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """What cards give for one sample; an Input card shows the sample in its own colours."""
        image = arrays.get("image")
        for node_id, card in self.cards.items():
            maps = arrays.get(node_id)
            if not card.layout.tiles or maps is None:
                continue
            if image is not None and card.node.layer.takes[1] == 0 and len(card.layout.tiles) == 1:
                card.set_sample(np.asarray(image, np.uint8))
            else:
                card.set_feature_maps(np.asarray(maps, np.uint8), bool(arrays[f"{node_id}.signed"][0]))

    def stale_links(self) -> Iterator[Link]:
        """Links whose picture shows older weights than they have."""
        return (link for link in self.links.values() if link.stale)

    # --- looking ------------------------------------------------------------------------------------------------

    def content(self) -> QRectF:
        """The rectangle around all cards, what hangs on them, and the notes."""
        found = QRectF()
        for card in self.cards.values():
            found = found.united(card.scene_frame)
            button = card.append_button()
            if button is not None:
                found = found.united(button.translated(card.position))
        for box in self.boxes.values():
            found = found.united(box.area())
        for note in self.notes:
            found = found.united(note.sceneBoundingRect())
        return found

    def hit(self, point: QPointF, zoom: float) -> Hit:
        """What lies under a point of the scene, the uppermost first."""
        for node_id, box in self.boxes.items():
            inner = box.mapFromScene(point)
            if box.frame.contains(inner):
                button = box.button_at(inner)
                return Hit(Part.BOX, node_id) if button is None else Hit(Part.REMEDY, node_id, button)
        for card in reversed(self.cards.values()):
            found = hit_card(card, point - card.position, zoom)
            if found is not None:
                return found
        link = self._hit_link(point, _REACH / zoom)
        return link if link.part is not Part.NOTHING else self._hit_note(point)

    def _hit_note(self, point: QPointF) -> Hit:
        for number in reversed(range(len(self.notes))):
            inner = point - self.notes[number].pos()
            if self.notes[number].rect().contains(inner):
                corner = self.notes[number].corner().contains(inner)
                return Hit(Part.NOTE_CORNER if corner else Part.NOTE, index=number)
        return Hit(Part.NOTHING)

    def free_port(self, node_id: str) -> int:
        """The input port that a new link would take."""
        taken = {edge.port for edge in self.links if edge.target == node_id}
        ports = range(len(self.cards[node_id].layout.in_ports))
        return next((port for port in ports if port not in taken), len(ports) - 1)

    def _hit_link(self, point: QPointF, within: float) -> Hit:
        for edge, link in self.links.items():
            weight = link.weight_at(point, within) if link.weights is not None else None
            if weight is not None:
                return Hit(Part.WEIGHT, edge=edge, weight=weight)
            if link.is_near(point, within):
                return Hit(Part.LINK, edge=edge)
        return Hit(Part.NOTHING)

    def helpEvent(self, event: QGraphicsSceneHelpEvent) -> None:
        """The pointer rests: say what the card under it costs."""
        show_tip(self, event)

    # --- what a gesture shows -----------------------------------------------------------------------------------

    def show_pressed(self, hit: Hit | None) -> None:
        """Show the remedy button that is held down."""
        for node_id, box in self.boxes.items():
            pressed = hit is not None and hit.part is Part.REMEDY and hit.node == node_id
            box.set_state(box.hovered, box.focused, hit.index if pressed and hit is not None else None)

    def show_targets(self, legal: frozenset[str], origin: str, forward: bool, target: str | None) -> None:
        """While a link is drawn: the ports where it may end stand out, other cards stand back."""
        for card in self.cards.values():
            at_output = (card.id == origin) == forward
            ports = (card.layout.out_port,) if at_output else card.layout.in_ports
            involved = card.id in legal or card.id == origin
            card.offers = ports if involved else ()
            card.fade(not involved, card.id == target)
            card.face.update()

    def hide_targets(self) -> None:
        """No link is being drawn any more."""
        for card in self.cards.values():
            card.offers = ()
            card.fade(False)
            card.face.update()
