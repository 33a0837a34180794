"""What the user does to the network beside single edits: clipboard, templates, blocks of one's own, order, notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QSizeF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog, QMenu

from engine.catalog.registry import entry
from engine.document import arranging, inserting, naming, notes, pasting, templates
from engine.document.errors import PlaygroundError
from engine.document.graph import CARD_GAP, Document
from engine.plan.fit import fit_output
from engine.plan.resolve import resolve
from playground.user_blocks import UserBlocks
from playground.words import sentence
from widgets.canvas.places import card_sizes
from widgets.canvas.search import Spot
from widgets.library import OWN

if TYPE_CHECKING:
    from engine.document.graph import Edge
    from playground.window import MainWindow
    from widgets.templates import TemplateDialog


class Editing(QObject):
    """Carries the actions of `edit_actions` out, and what the canvas and the library ask for."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._canvas, self._controller = window, window.canvas, window.controller
        self.blocks = UserBlocks()
        self.readers: list[Callable[[str], bool]] = [lambda text: window.files.read_pasted(text)]
        """Asked in turn what they make of a pasted text that holds no cards; the first that returns True took it."""
        canvas, controller = self._canvas, self._controller
        canvas.layer_dropped.connect(self.place_layer)
        canvas.layer_dropped_on_link.connect(self.insert_layer)
        canvas.layer_chosen.connect(self.add_at)
        canvas.merge_requested.connect(self.merge)
        canvas.field_changed.connect(controller.set_layer_field)
        canvas.renamed.connect(self.rename_card)
        canvas.unfold_requested.connect(controller.unfold)
        canvas.note_changed.connect(self._change_note)
        canvas.note_removed.connect(self._remove_note)
        canvas.context_menu_requested.connect(self.open_menu)
        library = window.library
        library.layer_chosen.connect(self.append_layer)
        library.block_renamed.connect(self._rename_block)
        library.block_deleted.connect(self._delete_block)
        self._show_blocks()

    @property
    def _document(self) -> Document:
        return self._controller.document

    def _say(self, error: PlaygroundError) -> None:
        self._controller.said.emit("warning", sentence(error.sentence), "")

    def _one_selected(self) -> str:
        return next(iter(self._controller.selection)) if len(self._controller.selection) == 1 else ""

    # --- the clipboard -------------------------------------------------------------------------------------------

    def copy(self) -> bool:
        """Put the selected cards, with the links between them, on the clipboard; returns whether there were any."""
        try:
            QGuiApplication.clipboard().setText(pasting.copy_cards(self._document, self._controller.selection))
        except PlaygroundError as error:
            self._say(error)
            return False
        return True

    def cut(self) -> None:
        """The same, and remove them."""
        chosen = sorted(self._controller.selection)
        if self.copy():
            self._controller.apply(self.tr("Cut"), lambda document: document.remove(chosen))

    def paste(self) -> None:
        """Put the cards on the clipboard at the pointer, else beside where they came from, and select them."""
        text = QGuiApplication.clipboard().text()
        if not pasting.holds_cards(text) and any(reader(text) for reader in self.readers):
            return
        point = self._canvas.pointer()
        self._add_cards(self.tr("Paste"), text, None if point is None else (point.x(), point.y()))

    def _add_cards(self, label: str, text: str, at: tuple[float, float] | None, spot: Spot | None = None) -> None:
        try:
            document, added = pasting.paste_cards(self._document, text, at)
            if spot is not None:
                document = _linked(document, added, spot)
        except PlaygroundError as error:
            self._say(error)
        else:
            self._controller.apply(label, lambda _: document, select=added)

    # --- layers --------------------------------------------------------------------------------------------------

    def search(self) -> None:
        """Search for a layer where the keyboard or the pointer is on the canvas; elsewhere, in the library."""
        if self._canvas.hasFocus():
            self._canvas.offers.search_here()
        else:
            self._window.find_layer()

    def append_layer(self, name: str) -> None:
        """Put a layer, or a block of one's own, behind the last card."""
        if not name.startswith(OWN):
            self._controller.append_layer(name)
            return
        nodes = self._document.networks[0].nodes
        ends = [node for node in nodes if not self._document.networks[0].outputs_of(node.id)]
        last = max(ends or nodes, key=lambda node: node.x, default=None)
        if last is None:
            self.place_layer(name, 0.0, 0.0)
        else:
            self.add_at(name, Spot(last.x + CARD_GAP, last.y, last.id))

    def place_layer(self, name: str, x: float, y: float) -> None:
        """Put it at a place, unconnected."""
        if name.startswith(OWN):
            self._add_block(name, Spot(x, y))
        else:
            self._controller.add_layer(name, x, y)

    def insert_layer(self, name: str, edge: Edge) -> None:
        """Put it in the middle of a link."""
        if name.startswith(OWN):
            source, target = self._document.node(edge.source), self._document.node(edge.target)
            self._add_block(name, Spot((source.x + target.x) / 2, (source.y + target.y) / 2, edge=edge))
        else:
            self._controller.insert_layer(name, edge)

    def add_at(self, name: str, spot: Spot) -> None:
        """Put it where the search was opened, linked with what it was opened at."""
        if name.startswith(OWN):
            self._add_block(name, spot)
        elif spot.edge is not None:
            self._controller.insert_layer(name, spot.edge)
        else:
            layer = entry("layers", name)()
            new_id = self._document.free_id(layer)
            label = self.tr("Add {layer}").format(layer=layer.label)

            def edit(document: Document) -> Document:
                network = document.network_of(spot.node).name if spot.node else None
                grown = document.add(layer, spot.x, spot.y, network=network)
                return _linked(grown, (new_id,), spot)

            self._controller.apply(label, edit, select=[new_id])

    def merge(self, source: str, target: str, port: int, merging: str) -> None:
        """Join a second link with the one at a port."""
        made = self._document.free_id(entry("layers", merging)())
        label = self.tr("Add {layer}").format(layer=merging)
        edit = partial(inserting.joined, source=source, target=target, port=port, merging=merging)
        self._controller.apply(label, edit, select=[made])

    # --- templates -----------------------------------------------------------------------------------------------

    def open_templates(self) -> TemplateDialog:
        """Offer the templates: behind the selected card, or in the place of the network."""
        from widgets.templates import TemplateDialog

        dialog = TemplateDialog(self._controller.plan, self._one_selected(), self._window)
        dialog.chosen.connect(self.insert_template)
        dialog.open()
        return dialog

    def insert_chosen_template(self, name: str) -> None:
        """Put a template, as it is proposed, behind the selected card or in the place of the network."""
        self.insert_template(name, (), self._one_selected())

    def insert_template(self, name: str, sizes: tuple[int, ...] = (), after: str = "") -> None:
        """Put a template behind a card; without one, in the place of the network. The output is fitted to the data."""
        added: tuple[str, ...] = ()

        def edit(document: Document) -> Document:
            nonlocal added
            grown, added = templates.started(document, name, _shapes, after, sizes)
            fitted = fit_output(grown)[0]
            sizes_of = card_sizes(resolve(fitted))
            if after:
                return arranging.arrange_behind(fitted, after, added, sizes_of)
            return arranging.arrange(fitted, sizes_of)

        title = templates.templates()[name].title
        label = self.tr("Insert {template}").format(template=title)
        if self._controller.apply(label, edit):
            self._controller.select([node_id for node_id in added if node_id in self._controller.plan.nodes])
            if not after:
                self._canvas.fit()

    # --- blocks of one's own -------------------------------------------------------------------------------------

    def save_block(self) -> None:
        """Keep the selected cards under a name, to be used again."""
        dialog = self._ask(self.tr("Save as my block"), self.tr("Name of the block"), self.blocks.free_name())
        chosen = frozenset(self._controller.selection)
        dialog.textValueSelected.connect(lambda name: self._save_block(name, chosen))
        dialog.open()

    def _save_block(self, name: str, chosen: frozenset[str]) -> None:
        try:
            self.blocks.save(name, pasting.copy_cards(self._document, chosen))
        except PlaygroundError as error:
            self._say(error)
            return
        self._show_blocks()
        self._controller.said.emit("info", self.tr("“{name}” is in the library now").format(name=name.strip()), "")

    def _rename_block(self, name: str) -> None:
        dialog = self._ask(self.tr("Rename my block"), self.tr("Name of the block"), name)
        dialog.textValueSelected.connect(lambda text: self._change_blocks(partial(self.blocks.rename, name, text)))
        dialog.open()

    def _delete_block(self, name: str) -> None:
        self._change_blocks(partial(self.blocks.delete, name))

    def _change_blocks(self, change: Callable[[], None]) -> None:
        try:
            change()
        except PlaygroundError as error:
            self._say(error)
        self._show_blocks()

    def _ask(self, title: str, question: str, text: str) -> QInputDialog:
        dialog = QInputDialog(self._window)
        dialog.setObjectName("dialog.block")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setLabelText(question)
        dialog.setTextValue(text)
        return dialog

    def _show_blocks(self) -> None:
        self._window.library.set_blocks(self.blocks.names())
        self._canvas.offers.blocks = tuple(self.blocks.names())

    def _add_block(self, name: str, spot: Spot) -> None:
        title = name.removeprefix(OWN)
        try:
            text = self.blocks.text(title)
        except PlaygroundError as error:
            self._say(error)
            self._show_blocks()
            return
        self._add_cards(self.tr("Add {layer}").format(layer=title), text, (spot.x, spot.y), spot)

    # --- order ---------------------------------------------------------------------------------------------------

    def align(self, side: str) -> None:
        """Put the selected cards on one line."""
        chosen, sizes = sorted(self._controller.selection), card_sizes(self._controller.plan)
        edit = partial(arranging.align, node_ids=chosen, side=side, sizes=sizes)
        self._controller.apply(self.tr("Align"), edit)

    def distribute(self, axis: str) -> None:
        """Leave equal gaps between the selected cards."""
        chosen, sizes = sorted(self._controller.selection), card_sizes(self._controller.plan)
        edit = partial(arranging.distribute, node_ids=chosen, across=axis == "across", sizes=sizes)
        self._controller.apply(self.tr("Distribute"), edit)

    def arrange(self) -> None:
        """Lay the network out in layers."""
        sizes = card_sizes(self._controller.plan)
        if self._controller.apply(self.tr("Arrange"), lambda document: arranging.arrange(document, sizes)):
            self._canvas.fit()

    # --- names and notes -----------------------------------------------------------------------------------------

    def rename(self) -> None:
        """Open the field for the name of the selected card."""
        if chosen := self._one_selected():
            self._canvas.in_place.open_name(chosen)

    def rename_card(self, node_id: str, name: str) -> None:
        """Call a card otherwise."""
        edit = partial(naming.rename, node_id=node_id, name=name)
        select = [name if each == node_id else each for each in self._controller.selection]
        self._controller.apply(self.tr("Rename"), edit, select=select)

    def add_note(self) -> None:
        """Put a note at the pointer, else in the middle of the view, and write in it."""
        point = self._canvas.pointer() or self._canvas.free_place(QSizeF(*notes.NOTE_SIZE))
        note = notes.Note(self.tr("Note"), round(point.x() / 8) * 8.0, round(point.y() / 8) * 8.0)
        if self._controller.apply(self.tr("Add a note"), partial(notes.add_note, note=note)):
            self._canvas.notes.write(len(self._document.networks[0].notes) - 1)

    def _change_note(self, index: int, note: notes.Note, finished: bool) -> None:
        edit = partial(notes.change_note, index=index, note=note)
        self._controller.apply(self.tr("Change the note"), edit, f"note {index}", finished=finished)

    def _remove_note(self, index: int) -> None:
        self._controller.apply(self.tr("Delete the note"), partial(notes.remove_note, index=index))

    # --- the menu of the canvas ----------------------------------------------------------------------------------

    def open_menu(self, position: QPoint) -> None:
        """Offer, at a point of the screen, what can be done with the selection."""
        menu = QMenu(self._window)
        menu.setObjectName("menu.canvas")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        menu.addMenu(self._window.menus["Network/Add layer"])
        for group in _MENU:
            menu.addSeparator()
            for name in group:
                menu.addAction(self._window.actions_by_id[name])
        menu.addMenu(self._window.menus["Network/Align"])
        menu.popup(position)


_MENU = (
    ("network.template", "network.add_note"),
    ("edit.cut", "edit.copy", "edit.paste", "edit.duplicate", "edit.delete", "edit.rename"),
    ("network.fold", "network.unfold", "network.save_block"),
    ("network.freeze", "network.unfreeze"),
    ("edit.select_all", "view.fit", "network.arrange"),
)


def _linked(document: Document, added: Sequence[str], spot: Spot) -> Document:
    """With new cards linked with what they were put at: their open input, and their open end."""
    waiting, ends = pasting.open_ends(document, added)
    if spot.edge is not None and waiting and ends:
        document = document.disconnect(spot.edge).connect(spot.edge.source, waiting[0])
        return document.connect(ends[-1], spot.edge.target, spot.edge.port)
    if spot.node and spot.forward and waiting:
        return document.connect(spot.node, waiting[0])
    if spot.node and not spot.forward and ends:
        return document.connect(ends[-1], spot.node, spot.port)
    return document


def _shapes(document: Document) -> dict[str, tuple[int, ...]]:
    nodes = resolve(document).nodes
    return {node_id: node.output_shape for node_id, node in nodes.items() if node.output_shape is not None}
