"""The outline as a model for a tree view. It follows a plan by the smallest changes, so that a view keeps its place."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from engine.plan.plan import Plan
from widgets.outline_rows import Branch, Content, Kind, branches

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
CONTENT = Qt.ItemDataRole.UserRole
"""The `Content` of a row."""
NAME, SHAPE, COUNT = range(3)
"""The columns."""


class _Row:
    """A row in its place."""

    def __init__(self, parent: _Row | None, number: int = 0, content: Content | None = None) -> None:
        self.parent = parent
        self.number = number
        self.content = content
        self.branch: Branch | None = None
        self.children: list[_Row] = []

    @property
    def key(self) -> str:
        return self.content.key if self.content is not None else ""


class OutlineModel(QAbstractItemModel):
    """Cards, their ports, what is wrong with them and what would mend it."""

    renamed = Signal(str, str)
    """A card and the name that was typed for it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.plan: Plan | None = None
        self._root = _Row(None)
        self._rows: dict[int, _Row] = {0: self._root}
        self._numbers = itertools.count(1)

    # --- values in ---------------------------------------------------------------------------------------------------

    def set_plan(self, plan: Plan) -> None:
        """Show a plan: rows that are no more go, new ones come, the others stay what they were."""
        before, self.plan = self.plan, plan
        if before is not None and before.problems == plan.problems and plan.document.moved_since(before.document):
            return  # cards in other places; rows do not say where
        self._carry_names(before, plan)
        kept = {row.key: row.branch for row in self._root.children if row.branch is not None}
        self._follow(self._root, NOWHERE, branches(plan, before, kept))

    def _carry_names(self, before: Plan | None, plan: Plan) -> None:
        """A card that was only renamed keeps its row, with what is open under it."""
        gone = [node_id for node_id in before.nodes if node_id not in plan.nodes] if before is not None else []
        come = [node_id for node_id in plan.nodes if node_id not in before.nodes] if before is not None else []
        if before is None or len(gone) != 1 or len(come) != 1:
            return
        if list(before.nodes).index(gone[0]) != list(plan.nodes).index(come[0]):
            return
        if before.nodes[gone[0]].layer != plan.nodes[come[0]].layer:
            return
        for row in self._root.children:
            if row.key == gone[0] and row.content is not None and row.content.kind is Kind.CARD:
                row.content, row.branch = Content(Kind.CARD, come[0], come[0], node=come[0]), None

    def _follow(self, row: _Row, index: QModelIndex, wanted: Sequence[Branch]) -> None:
        keys = {branch.content.key for branch in wanted}
        for place in range(len(row.children) - 1, -1, -1):
            if row.children[place].key not in keys:
                self.beginRemoveRows(index, place, place)
                self._forget(row.children.pop(place))
                self.endRemoveRows()
        for place, branch in enumerate(wanted):
            start = self._place(row, branch.content.key, place)
            if start is None:
                self.beginInsertRows(index, place, place)
                row.children.insert(place, self._made(row, branch))
                self.endInsertRows()
                continue
            if start != place:
                self.beginMoveRows(index, start, start, index, place)
                row.children.insert(place, row.children.pop(start))
                self.endMoveRows()
            if row.children[place].branch is not branch:
                self._change(row.children[place], branch, place)

    def _place(self, row: _Row, key: str, start: int) -> int | None:
        """Where the row of that key is among the children, from `start` on."""
        children = row.children
        return next((place for place in range(start, len(children)) if children[place].key == key), None)

    def _made(self, parent: _Row, branch: Branch) -> _Row:
        row = _Row(parent, next(self._numbers), branch.content)
        row.branch = branch
        self._rows[row.number] = row
        row.children = [self._made(row, child) for child in branch.children]
        return row

    def _forget(self, row: _Row) -> None:
        del self._rows[row.number]
        for child in row.children:
            self._forget(child)

    def _change(self, row: _Row, branch: Branch, place: int) -> None:
        same = row.content == branch.content
        row.branch, row.content = branch, branch.content  # equal remedies may still act on another network
        index = self.createIndex(place, NAME, row.number)
        if not same:
            self.dataChanged.emit(index, self.createIndex(place, COUNT, row.number))
        self._follow(row, index, branch.children)

    # --- finding -----------------------------------------------------------------------------------------------------

    def content(self, index: Index) -> Content | None:
        """What an index stands for; None outside of the rows."""
        return self._row(index).content if index.isValid() else None

    def cards(self) -> list[Content]:
        """The contents of the rows of cards."""
        found = (row.content for row in self._root.children)
        return [content for content in found if content is not None and content.kind is Kind.CARD]

    def card(self, node_id: str) -> QModelIndex:
        """The row of a card; an invalid index if there is none."""
        return self._find(NOWHERE, Kind.CARD, node_id)

    def port(self, node_id: str, port: int) -> QModelIndex:
        """The row of an input of a card; an invalid index if there is none."""
        card = self.card(node_id)
        return self._find(card, Kind.PORT, f"port {port}") if card.isValid() else NOWHERE

    def card_of(self, index: Index) -> QModelIndex:
        """The row of the card that a row belongs to; an invalid index for what concerns the whole network."""
        content = self.content(index)
        return self.card(content.node) if content is not None else NOWHERE

    def _find(self, parent: QModelIndex, kind: Kind, key: str) -> QModelIndex:
        for place, row in enumerate(self._row(parent).children):
            if row.content is not None and row.content.kind is kind and row.key == key:
                return self.createIndex(place, NAME, row.number)
        return NOWHERE

    def _row(self, index: Index) -> _Row:
        # An index that somebody kept for too long names a row that is gone: then it has nothing to say.
        return self._rows.get(index.internalId() if index.isValid() else 0) or _Row(None)

    # --- what a view asks --------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return len(self._row(parent).children) if parent.column() <= NAME else 0

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 3

    def index(self, row: int, column: int, parent: Index = NOWHERE) -> QModelIndex:
        children = self._row(parent).children
        if not 0 <= row < len(children) or not 0 <= column <= COUNT:
            return NOWHERE
        return self.createIndex(row, column, children[row].number)

    def parent(self, index: Index | None = None) -> Any:
        if index is None:
            return super().parent()
        above = self._row(index).parent if index.isValid() else None
        if above is None or above.parent is None:
            return NOWHERE
        return self.createIndex(above.parent.children.index(above), NAME, above.number)

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        content = self.content(index)
        if content is not None and content.kind is Kind.CARD and index.column() == NAME:
            found |= Qt.ItemFlag.ItemIsEditable
        return found

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        content = self.content(index)
        if content is None:
            return None
        column = index.column()
        if role == CONTENT:
            return content
        if role == Qt.ItemDataRole.DisplayRole:
            return (content.text, content.shape, content.count)[column]
        if role == Qt.ItemDataRole.EditRole and column == NAME:
            return content.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return (content.spoken, content.spoken_shape, content.spoken_count)[column]
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and column == NAME:
            return content.hint
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{content.text} {content.note}".strip() if column == NAME else None
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A name was typed; the plan that follows brings it, or it was refused."""
        content = self.content(index)
        if content is None or role != Qt.ItemDataRole.EditRole or str(value) == content.text:
            return False
        self.renamed.emit(content.node, str(value).strip())
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        names = (self.tr("Card"), self.tr("Shape"), self.tr("Parameters"))
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(names):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return names[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == NAME else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return None
