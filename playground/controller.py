"""The document as the user changes it: every edit goes through here, can be undone, and is resolved and announced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.catalog.layers.layer import Layer
from engine.catalog.registry import Entry, entry
from engine.document.errors import PlaygroundError, Sentence
from engine.document.graph import Document, Edge
from engine.document.history import History
from engine.document.inserting import appended, copied_beside, inserted
from engine.document.pasting import OFFSET
from engine.export.states import fits
from engine.importing.begin import with_trainable
from engine.plan.fit import fit_output
from engine.plan.plan import Problem
from engine.plan.resolve import resolve, resolve_after
from engine.training.trainer import Snapshot
from playground.looks import Looks
from playground.session import Session
from playground.words import sentence
from widgets.form import with_field

_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, eq=False)
class _Standing:
    """A document, where its run stood or stands, and where that goes back to with Reset."""

    document: Document
    snapshot: Snapshot | None
    origin: Snapshot | None = None


class Controller(QObject):
    """Holds the history, the plan of the present document, and what is selected."""

    changed = Signal(object, object)
    """The plan before and the plan now."""
    selection_changed = Signal()
    opened = Signal()
    """Another document took the place of the one before."""
    renewal_wanted = Signal(str)
    """The file of the data shall be read again, as an edit of this name."""
    said = Signal(str, str, str)
    """Severity, text, detail."""

    def __init__(self, document: Document, session: Session, snapshot: Snapshot | None = None) -> None:
        """Begin with a document, its run at epoch 0 or where the snapshot stands."""
        super().__init__()
        self.session = session
        self.history = History(document)
        self.looks = Looks(self)
        self.looks.news.connect(self._look_again)
        session.failed.connect(lambda _: self.looks.again())
        self.plan = resolve(document, self.looks.of(document.data))
        self.selection: frozenset[str] = frozenset()
        self.edge: Edge | None = None
        self._turn: tuple[_Standing, ...] = ()
        """What is before and after the edit that brought weights in: undo and redo bring those of either side."""
        session.follow(self.plan, snapshot, fresh=True)

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self.history.document

    # --- edits ---------------------------------------------------------------------------------------------------

    def apply(
        self,
        label: str,
        edit: Callable[[Document], Document],
        merge_key: str | None = None,
        *,
        finished: bool = True,
        select: Sequence[str] | None = None,
    ) -> bool:
        """Carry an edit out and select cards, if named; returns whether it could be, and says why not.

        Edits with the same `merge_key` become one until one of them is `finished`.
        """
        try:
            document = edit(self.document)
        except PlaygroundError as error:
            self.said.emit("warning", sentence(error.sentence), "")
            return False
        changed = self.history.push(document, label, merge_key)
        if merge_key is not None and finished:
            self.history.end_merge()
        if changed:
            self._show(select=select)
        return True

    def end_merge(self) -> None:
        """A drag or a stroke is over: what follows is an edit of its own."""
        self.history.end_merge()

    def undo(self) -> None:
        """Take the last edit back."""
        self.history.undo()
        self._show()

    def redo(self) -> None:
        """Bring back the edit that was taken back."""
        self.history.redo()
        self._show()

    def go_to(self, index: int) -> None:
        """Take back, or bring back, all edits up to an entry of the history."""
        if index != self.history.index:
            self.history.go_to(index)
            self._show()

    def open(self, document: Document, snapshot: Snapshot | None = None, *, origin: Snapshot | None = None) -> None:
        """Go on with another document, at epoch 0 or where the snapshot stands; its history begins here.

        `origin` is where Reset goes back to, if not to the initial weights of the document.
        """
        self.session.pause()
        self.history = History(document)
        self._turn = ()
        self._show(snapshot, fresh=True, origin=origin)
        self.opened.emit()

    def begin_anew(self, label: str, document: Document, start: Snapshot | None) -> None:
        """An edit whose run begins at a state, None: at its initial weights. Undo brings back the run before, too."""
        self.session.pause()
        self.session.settle()
        snapshot = self.session.snapshot()
        kept = snapshot if snapshot is not None and fits(snapshot, self.plan) else None
        before = _Standing(self.document, kept, self.session.origin)
        changed = self.history.push(document, label)
        self._turn = (before, _Standing(self.document, start, start)) if changed else ()
        self._show(start, fresh=True, origin=start)

    def mark_saved(self) -> None:
        """The present document is what the file holds."""
        self.history.mark_saved()
        self.changed.emit(self.plan, self.plan)

    def mark_unsaved(self) -> None:
        """No file holds the present document."""
        self.history.mark_unsaved()
        self.changed.emit(self.plan, self.plan)

    def _show(
        self,
        snapshot: Snapshot | None = None,
        *,
        fresh: bool = False,
        origin: Snapshot | None = None,
        select: Sequence[str] | None = None,
    ) -> None:
        seen = self.looks.of(self.document.data)
        before, self.plan = self.plan, resolve_after(self.plan, self.document, seen)
        wanted = self.selection if select is None else select
        kept = frozenset(node_id for node_id in wanted if node_id in self.plan.nodes)
        held = self.edge is not None and any(self.edge in network.edges for network in self.document.networks)
        edge = self.edge if held and select is None else None
        selection_changed = (kept, edge) != (self.selection, self.edge)
        self.selection, self.edge = kept, edge
        turned = {id(before.document), id(self.document)} == {id(each.document) for each in self._turn}
        if turned and not fresh:
            now = next(each for each in self._turn if each.document is self.document)
            self.session.pause()
            self.session.follow(self.plan, now.snapshot, fresh=True, origin=now.origin)
        else:
            self.session.follow(self.plan, snapshot, fresh=fresh, origin=origin)
        self.changed.emit(before, self.plan)
        if selection_changed:
            self.selection_changed.emit()

    def _look_again(self) -> None:
        """The file of the data turned out to be otherwise than thought; a run that it kept from beginning begins."""
        self._show(fresh=self.plan.seen.trouble is not None and self.session.status is None)

    # --- selection -----------------------------------------------------------------------------------------------

    def select(self, node_ids: Iterable[str], edge: Edge | None = None) -> None:
        """Select cards, or a link."""
        selection = frozenset(node_ids)
        if (selection, edge) != (self.selection, self.edge):
            self.selection, self.edge = selection, edge
            self.selection_changed.emit()

    def select_all(self) -> None:
        """Select every card."""
        self.select(node.id for node in self.document.nodes)

    def delete_selection(self) -> None:
        """Remove the selected cards, or cut the selected link."""
        if self.edge is not None:
            self.delete_link()
        elif self.selection:
            chosen = sorted(self.selection)
            self.apply(self.tr("Delete"), lambda document: document.remove(chosen))

    def delete_link(self) -> None:
        """Cut the selected link."""
        if (edge := self.edge) is not None:
            self.apply(self.tr("Delete link"), lambda document: document.disconnect(edge))

    def duplicate_selection(self) -> None:
        """Copy the selected cards with the links between them, and select the copies."""
        if self.selection:
            document, copies = copied_beside(self.document, self.selection, OFFSET)
            self.apply(self.tr("Duplicate"), lambda _: document, select=copies)

    def set_trainable(self, wanted: str) -> None:
        """Freeze ("no") the selected cards, or let them learn again ("yes")."""
        chosen, trainable = sorted(self.selection), wanted == "yes"
        label = self.tr("Unfreeze") if trainable else self.tr("Freeze")
        self.apply(label, lambda document: with_trainable(document, chosen, trainable=trainable))

    def fold_selection(self) -> None:
        """Make one block of the selected cards, and select it; says how it is named and opened."""
        chosen = sorted(self.selection)
        made = self.document.free_id(entry("layers", "Block")())
        if chosen and self.apply(self.tr("Make a block"), lambda document: document.fold(chosen), select=[made]):
            text = self.tr("{cards} became {block}: F2 names the block, a double click opens it")
            self.said.emit("info", text.format(cards=", ".join(chosen), block=made), "")

    def unfold(self, node_id: str) -> None:
        """Put the cards of a block in its place, and select them."""
        self.select([node_id])
        self.unfold_selection()

    def unfold_selection(self) -> None:
        """Put the cards of the selected blocks in their places and select them; says so if none is a block."""
        chosen = sorted(self.selection)
        blocks = [node_id for node_id in chosen if self.document.node(node_id).layer.name == "Block"]

        opened: list[str] = []

        def edit(document: Document) -> Document:
            known = {node.id for node in document.nodes}
            for node_id in blocks or chosen[:1]:
                document = document.unfold(node_id)
            opened.extend(node.id for node in document.nodes if node.id not in known or node.id in blocks)
            return document

        self.apply(self.tr("Take the block apart"), edit, select=opened)

    # --- the network ---------------------------------------------------------------------------------------------

    def append_layer(self, name: str, after: str = "") -> None:
        """Add a layer behind a card (the last one unless named), linked to it, and select it."""
        layer = entry("layers", name)()

        def edit(document: Document) -> Document:
            return appended(document, after, layer) if after else document.append(layer)

        self._add(layer, edit)

    def add_layer(self, name: str, x: float, y: float) -> None:
        """Put a layer on the canvas, unconnected, and select it."""
        layer = entry("layers", name)()
        self._add(layer, lambda document: document.add(layer, x, y))

    def insert_layer(self, name: str, edge: Edge) -> None:
        """Put a layer in the middle of a link, moving the cards behind it when there is too little room."""
        layer = entry("layers", name)()
        self._add(layer, lambda document: inserted(document, edge, layer))

    def _add(self, layer: Layer, edit: Callable[[Document], Document]) -> None:
        new_id = self.document.free_id(layer)
        label = self.tr("Add {layer}").format(layer=layer.label)
        self.apply(label, edit, select=[new_id])

    def connect_cards(self, source: str, target: str, port: int = -1) -> None:
        """Link two cards; port -1 takes the first that is free."""
        chosen = None if port < 0 else port
        self.apply(self.tr("Connect"), lambda document: document.connect(source, target, chosen))

    def disconnect_cards(self, edge: Edge) -> None:
        """Cut a link."""
        self.apply(self.tr("Delete link"), lambda document: document.disconnect(edge))

    def move(self, places: Sequence[tuple[str, float, float]], finished: bool) -> None:
        """Move cards; a drag is one edit."""
        key = "move " + " ".join(sorted(node_id for node_id, _, _ in places))
        self.apply(self.tr("Move"), lambda document: document.move(places), key, finished=finished)

    def set_layer_field(self, node_id: str, path: tuple[str, ...], value: Any, finished: bool) -> None:
        """Change a field of a card's layer, or one inside an entry that it holds."""
        label = self.tr("Change {field}").format(field=path[-1].replace("_", " "))

        def edit(document: Document) -> Document:
            return document.set_layer(node_id, _changed(document.node(node_id).layer, path, value))

        self.apply(label, edit, ".".join(("field", node_id, *path)), finished=finished)

    def set_shared_field(self, node_ids: Sequence[str], name: str, value: Any, finished: bool) -> None:
        """Change a field of several cards' layers together."""
        label = self.tr("Change {field}").format(field=name.replace("_", " "))

        def edit(document: Document) -> Document:
            for node_id in node_ids:
                document = document.set_field(node_id, name, value)
            return document

        self.apply(label, edit, ".".join(("shared", name, *node_ids)), finished=finished)

    def remedy(self, problem: Problem, index: int) -> None:
        """Apply a remedy of a problem."""
        chosen = problem.remedies[index]
        if chosen.reads:
            self.renewal_wanted.emit(sentence(chosen.label))
        else:
            self.apply(sentence(chosen.label), chosen.edit)

    def mend(self) -> None:
        """Apply the first remedy of the first problem that has one."""
        for problem in self.plan.problems:
            if problem.remedies:
                self.remedy(problem, 0)
                return

    # --- data and training ---------------------------------------------------------------------------------------

    def set_data(self, label: str, merge_key: str | None = None, finished: bool = True, **changes: Any) -> None:
        """Change data settings (dataset, train_share, seed)."""
        self.apply(label, lambda document: document.set_data(**changes), merge_key, finished=finished)

    def take_data(self, label: str, edit: Callable[[Document], Document]) -> bool:
        """Learn from other data and fit a network that could be trained to them, in one edit; returns whether it did.

        What was changed in the network is said.
        """
        fitting = all(problem.kind == "no_samples" for problem in self.plan.problems)
        changes: tuple[Sentence, ...] = ()

        def fitted(document: Document) -> Document:
            nonlocal changes
            document = edit(document)
            if fitting:
                document, changes = fit_output(document)
            return document

        if not self.apply(label, fitted):
            return False
        if changes:
            text = self.tr("The network was fitted to the data: {changes}")
            self.said.emit("info", text.format(changes="; ".join(map(sentence, changes))), "")
        return True

    def set_data_field(self, name: str, value: Any, finished: bool) -> None:
        """Change a field of the data set."""

        def edit(document: Document) -> Document:
            return document.set_data(dataset=document.data.dataset.replace(**{name: value}))

        label = self.tr("Change {field}").format(field=name.replace("_", " "))
        self.apply(label, edit, f"data.{name}", finished=finished)

    def set_training_field(self, name: str, path: tuple[str, ...], value: Any, finished: bool) -> None:
        """Change a training setting, or a field inside the entry that it holds; "seed" is the document's."""
        label = self.tr("Change {field}").format(field=(path or (name,))[-1].replace("_", " "))

        def edit(document: Document) -> Document:
            if name == "seed":
                return document.replace(seed=value)
            held = getattr(document.training, name)
            return document.set_training(**{name: _changed(held, path, value)})

        self.apply(label, edit, ".".join(("training", name, *path)), finished=finished)

    def set_seed(self, seed: int) -> None:
        """Start from other initial weights."""
        self.apply(self.tr("Change seed"), lambda document: document.replace(seed=seed))

    def reroll(self) -> None:
        """Start from the initial weights of the next seed."""
        seed = (self.document.seed + 1) % (_LARGEST_SEED + 1)
        self.apply(self.tr("Re-roll"), lambda document: document.replace(seed=seed))


def _changed(held: Entry, path: tuple[str, ...], value: Any) -> Any:
    """An entry with the field at the path changed; an empty path replaces the entry."""
    return with_field(held, path, value) if path else value
