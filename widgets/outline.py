"""The network as a tree: everything that the canvas can do, with the keyboard alone, and read out row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyleOptionViewItem, QTreeView, QWidget

from engine.document.graph import Edge
from engine.plan.plan import Plan
from widgets import theme
from widgets.canvas.dropping import dropped_layer, welcome
from widgets.canvas.search import Spot
from widgets.controls import EmptyState
from widgets.outline_editing import Editing
from widgets.outline_model import COUNT, NAME, SHAPE, OutlineModel
from widgets.outline_paint import RowDelegate, paint_ground
from widgets.outline_rows import Content, Kind

_INDENT = 16
_STYLE = """
QTreeView { show-decoration-selected: 0; selection-background-color: transparent; }
QTreeView::item, QTreeView::item:hover, QTreeView::item:selected { background: transparent; border: none; }
"""
Chosen = tuple[frozenset[str], Edge | None]


class OutlineView(QTreeView):
    """Cards, their inputs, and what is wrong with them. Setters never emit."""

    selection_changed = Signal(object, object)
    """frozenset of node ids, Edge or None."""
    card_activated = Signal(str)
    layer_chosen = Signal(str, object)
    """Name of a layer and its Spot, without a place on the canvas; a Spot without card and link is the end."""
    connect_requested = Signal(str, str, int)
    """Source, target, port or -1 for the first free one."""
    join_requested = Signal(str, str, int, str)
    """Source, target, a port that is taken, and the layer that is to join what was there with the source."""
    delete_requested = Signal()
    rename_requested = Signal(str, str)
    remedy_chosen = Signal(object, int)
    """Problem, number of its remedy."""
    refused = Signal(str)
    """Why what was asked for is impossible."""
    context_menu_requested = Signal(QPoint)
    """Position on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outline")
        self.setAccessibleName(self.tr("Outline of the network"))
        self.rows = OutlineModel(self)
        self.editing = Editing(self)
        self._told: Chosen = (frozenset(), None)
        self.blocks: Callable[[], Sequence[str]] = tuple
        """Asked for the user's own blocks, which searches list too."""
        self._silent = False
        self._dropping: QPersistentModelIndex | None = None
        self.setModel(self.rows)
        self.setItemDelegate(RowDelegate(self))
        self.setStyleSheet(_STYLE)
        self.setIndentation(_INDENT)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        header = self.header()
        header.setSectionsMovable(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(2 * theme.SPACING)
        header.setStretchLastSection(False)
        header.setResizeContentsPrecision(0)  # the rows in sight count
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (SHAPE, COUNT):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._empty = EmptyState(self.tr("No cards yet: press Insert"), " ", self.viewport())
        self._empty.setObjectName("outline.empty")
        self._empty.clicked.connect(self._choose_empty_remedy)
        self._empty.hide()
        self.rows.renamed.connect(self.rename_requested)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(self._on_double_clicked)

    # --- values in ---------------------------------------------------------------------------------------------------

    def set_plan(self, old: Plan | None, new: Plan) -> None:
        """Show a plan. What is open, the current row and the place stay; with `old` None all begins anew."""
        if old is None:
            self.collapseAll()
        before, card, held = (
            self._wrong(),
            self.rows.card_of(self.current_row()),
            QPersistentModelIndex(self.current_row()),
        )
        named, place = self._node_of(card), card.row()
        with self._quiet(), self._held_in_place(old is not None):
            self.rows.set_plan(new)
            if named and not held.isValid():
                self._go_near(named, place)
            for index in self._problem_rows():
                self.expand(index)
            for node_id, severity in self._wrong().items():
                if severity == "error" and before.get(node_id) != severity:
                    self.expand(self.rows.card(node_id))
            self._show_again()
        self._show_empty(new)

    def set_selection(self, ids: frozenset[str], edge: Edge | None) -> None:
        """Select these cards, or the input that a link reaches."""
        self._told = (frozenset(ids), edge)
        if self.chosen() != self._told:
            with self._quiet():
                self._show_again()

    def go_to_selection(self) -> None:
        """Make the row of what is selected the current one, or none."""
        ids, edge = self._told
        index = self.rows.port(edge.target, edge.port) if edge is not None else QModelIndex()
        if len(ids) == 1:
            index = self.rows.card(next(iter(ids)))
        self._set_current(index)

    def begin(self) -> None:
        """Make the first row the current one, if none is: it is read out, but not selected."""
        if not self.currentIndex().isValid():
            self._set_current(self.rows.index(0, NAME))

    def chosen(self) -> Chosen:
        """The cards, or the link, that the selected rows stand for."""
        selected = [self.rows.content(index) for index in self.selectionModel().selectedRows()]
        found = [content for content in selected if content is not None]
        cards = frozenset(content.node for content in found if content.kind is Kind.CARD)
        if cards:
            return cards, None
        edge = next((content.edge for content in found if content.edge is not None), None)
        if edge is not None:
            return frozenset(), edge
        owners = (content.node for content in found if content.kind is not Kind.PORT)
        return frozenset(node_id for node_id in owners if node_id), None

    def current(self) -> Content | None:
        """What the current row stands for."""
        return self.rows.content(self.currentIndex())

    def current_card(self) -> str:
        """The card whose own row is the current one; "" if it is another row."""
        content = self.current()
        return content.node if content is not None and content.kind is Kind.CARD else ""

    # --- events ------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Keep the keys that mean something here from the actions of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self.editing.use_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of the outline; the rest is a tree's."""
        use = self.editing.use_of(event)
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)  # it is what the field with the name has no use for
        elif use is not None:
            use()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_requested.emit()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Slash):
            event.ignore()  # they mean something to the window
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Select what the menu will be about."""
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            if index.isValid() and not self.selectionModel().isSelected(index):
                self.setCurrentIndex(index.siblingAtColumn(NAME))
        else:
            place = self.viewport().mapToGlobal(self.visualRect(self.current_row()).bottomLeft())
        self.context_menu_requested.emit(place)
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Layers of the library are welcome."""
        welcome(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show the row that the layer would come after."""
        self._show_drop(self.indexAt(event.position().toPoint()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It went elsewhere."""
        self._show_drop(QModelIndex())

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the layer after the card under the pointer, or into the link, or at the end."""
        self._show_drop(QModelIndex())
        name = dropped_layer(event.mimeData())
        if name is None:
            return
        content = self.rows.content(self.indexAt(event.position().toPoint()))
        spot = self.editing.spot_after(content) if content is not None else Spot(0.0, 0.0)
        self.layer_chosen.emit(name, spot)
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The empty state fills the view, and sentences wrap anew."""
        super().resizeEvent(event)
        self._empty.setGeometry(self.viewport().rect())
        if event.oldSize().width() != event.size().width():
            self.scheduleDelayedItemsLayout()

    def drawRow(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The ground of the row as a whole, then its cells."""
        first = index.sibling(index.row(), NAME)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        ringed = (self.hasFocus() and first == self.current_row()) or self._dropping == first
        area = QRect(0, option.rect.top(), self.viewport().width(), option.rect.height())
        paint_ground(painter, area, self.selectionModel().isSelected(index), hovered, ringed)
        super().drawRow(painter, option, index)

    # --- within ------------------------------------------------------------------------------------------------------

    def current_row(self) -> QModelIndex:
        """The first cell of the current row."""
        return self.currentIndex().siblingAtColumn(NAME)

    def _on_selection(self) -> None:
        if not self._silent and self.chosen() != self._told:
            self._told = self.chosen()
            self.selection_changed.emit(*self._told)

    def _on_clicked(self, index: QModelIndex) -> None:
        content = self.rows.content(index)
        if content is not None and content.kind is Kind.REMEDY:
            self.remedy_chosen.emit(content.problem, content.remedy)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        content = self.rows.content(index)
        if content is not None and content.kind is not Kind.REMEDY:
            self.editing.activate()

    def _show_drop(self, index: QModelIndex) -> None:
        self._dropping = QPersistentModelIndex(index.siblingAtColumn(NAME)) if index.isValid() else None
        self.viewport().update()

    def _show_again(self) -> None:
        """Select the rows of what is told, unless those that are selected stand for it."""
        ids, edge = self._told
        if self.chosen() == self._told:
            return
        rows = [self.rows.card(node_id) for node_id in ids]
        if edge is not None:
            rows = [self.rows.port(edge.target, edge.port)]
        wanted = QItemSelection()
        for index in sorted((row for row in rows if row.isValid()), key=lambda row: row.row()):
            wanted.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(wanted, flags.ClearAndSelect | flags.Rows)
        shown = wanted.indexes()
        if shown and self.current_row() not in shown:
            self.selectionModel().setCurrentIndex(shown[0], flags.NoUpdate)
            self.scrollTo(shown[0])

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        before, self._silent = self._silent, True
        try:
            yield
        finally:
            self._silent = before

    @contextmanager
    def _held_in_place(self, holds: bool) -> Iterator[None]:
        """The row at the top stays there, whatever comes or goes above it."""
        top = QPersistentModelIndex(self.indexAt(QPoint(_INDENT, 0)))
        before = self.visualRect(_plain(top)).top() if top.isValid() else 0
        bar = self.verticalScrollBar()
        yield
        if not holds:
            bar.setValue(0)
        elif top.isValid() and bar.value():
            self.executeDelayedItemsLayout()
            bar.setValue(bar.value() + self.visualRect(_plain(top)).top() - before)

    def _wrong(self) -> dict[str, str]:
        """The cards with which something is wrong: "error" or "warning"."""
        return {content.node: content.severity for content in self.rows.cards() if content.severity}

    def _problem_rows(self) -> Iterator[QModelIndex]:
        general = self.rows.rowCount() - len(self.rows.cards())
        yield from (self.rows.index(row, NAME) for row in range(general))
        for node_id in self._wrong():
            card = self.rows.card(node_id)
            indexes = (self.rows.index(row, NAME, card) for row in range(self.rows.rowCount(card)))
            yield from (index for index in indexes if self._is_problem(index))

    def _is_problem(self, index: QModelIndex) -> bool:
        content = self.rows.content(index)
        return content is not None and content.kind is Kind.PROBLEM

    def _node_of(self, index: QModelIndex) -> str:
        content = self.rows.content(index)
        return content.node if content is not None else ""

    def _go_near(self, node_id: str, place: int) -> None:
        """After the current row has gone: to its card, or to the one that took that one's place."""
        index = self.rows.card(node_id)
        if not index.isValid():
            index = self.rows.index(min(place, self.rows.rowCount() - 1), NAME)
        self._set_current(index)

    def _set_current(self, index: QModelIndex) -> None:
        with self._quiet():
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _show_empty(self, plan: Plan) -> None:
        remedy = next((problem.remedies[0] for problem in plan.problems if problem.kind == "empty"), None)
        is_empty = not plan.nodes
        self._empty.setVisible(is_empty)
        self.header().setVisible(not is_empty)
        self.setAccessibleDescription(self._empty.text() if is_empty else "")
        if is_empty and remedy is not None:
            words = theme.translate_catalog(remedy.label.template).format(**remedy.label.values)
            self._empty.button.setText(words)
            self._empty.button.setAccessibleName(words)

    def _choose_empty_remedy(self) -> None:
        plan = self.rows.plan
        problem = next((each for each in plan.problems if each.kind == "empty"), None) if plan is not None else None
        if problem is not None:
            self.remedy_chosen.emit(problem, 0)


def _plain(index: QPersistentModelIndex) -> QModelIndex:
    return index.sibling(index.row(), NAME)


def _sample() -> QWidget:
    from engine.catalog.registry import entry
    from engine.document.graph import Data, Document, Network
    from engine.plan.resolve import resolve

    document = Document((Network(),), Data(entry("datasets", "spiral")()))
    for layer in (entry("layers", "Input")(), *(entry("layers", "Dense")(units=units) for units in (8, 8, 1))):
        document = document.append(layer)
    document = document.add(entry("layers", "Add")(), 300.0, 200.0).connect("dense_1", "add_1")
    view = OutlineView()
    view.resize(320, 480)
    view.set_plan(None, resolve(document))
    view.set_selection(frozenset({"dense_2"}), None)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
