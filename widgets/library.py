"""The layers there are: searched, described, dragged onto the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QDrag, QFont, QHelpEvent, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.registry import Entry, entries
from widgets import icons, theme
from widgets.controls import EmptyState
from widgets.form_texts import describe_entry
from widgets.pictures import Context
from widgets.pictures.tips import show_tip
from widgets.search_popup import SearchKeys

MIME_TYPE = "application/x-playground-layer"
"""What a drag carries: the name of a layer, in UTF-8."""

OWN = "own:"
"""Stands before the name of a block of the user's own, where layers are named otherwise."""

_NAME = Qt.ItemDataRole.UserRole
_DESCRIPTION = Qt.ItemDataRole.UserRole + 1
_ICON = Qt.ItemDataRole.UserRole + 2
_OWNED = Qt.ItemDataRole.UserRole + 3
"""Whether it is a block of the user's own, or the heading above them."""
_ROW, _HEADING = 38, 24


class LibraryPanel(QWidget):
    """A search field over the list of layers, by category."""

    layer_chosen = Signal(str)
    """Name of the layer to append: double click or Enter."""
    block_renamed = Signal(str)
    """The user wants another name for a block of his own."""
    block_deleted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("library")
        self.setAccessibleName(self.tr("Library"))
        self.search = QLineEdit()
        self.search.setObjectName("library.search")
        self.search.setAccessibleName(self.tr("Search layers"))
        self.search.setPlaceholderText(self.tr("Search layers   /"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list = LayerList()
        self.list.layer_chosen.connect(self.layer_chosen)
        SearchKeys(self.search, self.list, self.list.choose)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._open_menu)
        self._empty = EmptyState("", self.tr("Show all layers"))
        self._empty.setObjectName("library.empty")
        self._empty.clicked.connect(self.search.clear)
        stack = QWidget()
        self._stack = QStackedLayout(stack)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.search)
        column.addWidget(stack, 1)
        self._filter("")

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def set_blocks(self, names: Sequence[str]) -> None:
        """List these blocks of the user's own behind the layers."""
        self.list.set_blocks(names)
        self._filter(self.search.text())

    def _open_menu(self, position: QPoint) -> None:
        item = self.list.itemAt(position)
        if item is None or not (name := item.data(_NAME)):
            return
        menu = QMenu(self)
        menu.setObjectName("library.menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = [("add", self.tr("Add behind the last card"), lambda: self.layer_chosen.emit(name))]
        if name.startswith(OWN):
            block = name.removeprefix(OWN)
            rows.append(("rename", self.tr("Rename…"), lambda: self.block_renamed.emit(block)))
            rows.append(("delete", self.tr("Delete"), lambda: self.block_deleted.emit(block)))
        for key, text, handler in rows:
            action = menu.addAction(text)
            action.setObjectName(f"library.menu.{key}")
            action.triggered.connect(handler)
        menu.popup(self.list.viewport().mapToGlobal(position))

    def names(self) -> list[str]:
        """The layers that the search has found, in the order of the list."""
        return self.list.names()

    def empty_text(self) -> str:
        """The sentence shown instead of the list, or nothing."""
        return self._empty.text() if self._stack.currentWidget() is self._empty else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give up a search with Escape."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        if gives_up := event.key() == Qt.Key.Key_Escape and bool(self.search.text()):
            self.search.clear()
        return gives_up

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """`/` begins a search; a window that has an action with this key takes it before."""
        item = self.list.currentItem()
        name = str(item.data(_NAME) or "") if item is not None else ""
        if event.text() == "/":
            self.focus_search()
        elif event.key() == Qt.Key.Key_F2 and name.startswith(OWN):
            self.block_renamed.emit(name.removeprefix(OWN))
        elif event.key() == Qt.Key.Key_Delete and name.startswith(OWN):
            self.block_deleted.emit(name.removeprefix(OWN))
        else:
            super().keyPressEvent(event)

    def _filter(self, text: str) -> None:
        self.list.show_matching(text)
        found = self.list.names()
        if not found:
            self._empty.set_text(self.tr("No layer matches “{text}”.").format(text=text.strip()))
        self._stack.setCurrentWidget(self.list if found else self._empty)


class LayerList(QListWidget):
    """The layers under headings. A drag carries the layer's name."""

    layer_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("library.list")
        self.setAccessibleName(self.tr("Layers"))
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setItemDelegate(_LayerDelegate(self))
        self._fill()
        self.itemDoubleClicked.connect(self.choose)

    def set_blocks(self, names: Sequence[str]) -> None:
        """List these blocks of the user's own behind the layers."""
        for item in reversed([item for item in self._items() if item.data(_OWNED)]):
            self.takeItem(self.row(item))
        if names:
            self._add_heading(self.tr("My blocks")).setData(_OWNED, True)
        for name in names:
            item = QListWidgetItem(name, self)
            item.setSizeHint(QSize(0, _ROW))
            item.setData(_NAME, OWN + name)
            item.setData(_OWNED, True)
            item.setData(_ICON, icon_name("Block"))
            item.setData(_DESCRIPTION, f"{name}\n" + self.tr("My blocks"))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, self.tr("A block of your own"))

    def names(self) -> list[str]:
        """The layers that are shown, in order."""
        return [item.data(_NAME) for item in self._items() if item.data(_NAME) and not item.isHidden()]

    def item_of(self, name: str) -> QListWidgetItem:
        """The item of a layer. Raises StopIteration for an unknown name."""
        return next(item for item in self._items() if item.data(_NAME) == name)

    def show_matching(self, text: str, without: Sequence[str] = ()) -> None:
        """Show the layers that every word of a text occurs in (name, label, category or description), but not these."""
        words = text.casefold().split()
        heading: QListWidgetItem | None = None
        first: QListWidgetItem | None = None
        for item in self._items():
            if not item.data(_NAME):
                heading = item
                heading.setHidden(True)
                continue
            hit = item.data(_NAME) not in without and all(word in item.data(_DESCRIPTION).casefold() for word in words)
            item.setHidden(not hit)
            if hit and heading is not None:
                heading.setHidden(False)
                first = first or item
        row = self.currentRow()
        if words and first is not None:
            self.setCurrentItem(first)
        elif row >= 0 and self.item(row).isHidden():
            self.setCurrentRow(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose with Enter; Down from nowhere takes the first layer."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose(self.currentItem())
        elif event.key() == Qt.Key.Key_Down and self.currentRow() < 0 and self.names():
            self.setCurrentItem(self.item_of(self.names()[0]))
        elif event.text() == "/":
            event.ignore()  # the list would look for an item of that name
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Del and F2 are about the block of one's own that has the keyboard, not about the cards on the canvas."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            item = self.currentItem()
            own = item is not None and str(item.data(_NAME) or "").startswith(OWN)
            if own and event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Delete):
                event.accept()
                return True
        return super().event(event)

    def mimeTypes(self) -> list[str]:
        """What a drag carries."""
        return [MIME_TYPE]

    def mimeData(self, items: Any) -> QMimeData:
        """The name of the dragged layer."""
        data = QMimeData()
        names = [item.data(_NAME) for item in items if item.data(_NAME)]
        if names:
            data.setData(MIME_TYPE, names[0].encode())
            data.setText(names[0])
        return data

    def viewportEvent(self, event: QEvent) -> bool:
        """Draw the tool tip when it is asked for."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self.itemAt(event.pos())
            if item is not None and item.data(_NAME) in entries("layers"):
                show_tip(event.globalPos(), entries("layers")[item.data(_NAME)](), Context(), self)
                return True
        return super().viewportEvent(event)

    def startDrag(self, supported: Qt.DropAction) -> None:
        """Drag a small card with the layer's label."""
        if self.currentRow() < 0:
            return
        item = self.currentItem()
        drag = QDrag(self)
        drag.setMimeData(self.mimeData([item]))
        drag.setPixmap(self._card(item))
        drag.setHotSpot(QPoint(theme.SPACING, 14))
        drag.exec(Qt.DropAction.CopyAction)

    def _fill(self) -> None:
        categories: dict[str, list[type[Entry]]] = {}
        for cls in entries("layers").values():
            categories.setdefault(cls.category, []).append(cls)
        for category, layers in categories.items():
            self._add_heading(theme.translate_catalog(category))
            for cls in layers:
                self._add(cls, category)

    def _add_heading(self, text: str) -> QListWidgetItem:
        heading = QListWidgetItem(text, self)
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        heading.setSizeHint(QSize(0, _HEADING))
        return heading

    def _add(self, cls: type[Entry], category: str) -> None:
        translate = theme.translate_catalog
        item = QListWidgetItem(translate(cls.label), self)
        item.setSizeHint(QSize(0, _ROW))
        item.setData(_NAME, cls.name)
        item.setData(_ICON, icon_name(cls.name))
        words = (cls.name, cls.label, translate(cls.label), category, translate(category), translate(cls.description))
        item.setData(_DESCRIPTION, "\n".join(words))
        item.setToolTip(describe_entry(cls))
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, translate(cls.description))

    def _items(self) -> list[QListWidgetItem]:
        return [self.item(row) for row in range(self.count())]

    def choose(self, item: QListWidgetItem | None) -> None:
        """Say which layer was chosen, if the item is one that is shown."""
        if item is not None and not item.isHidden() and item.data(_NAME):
            self.layer_chosen.emit(item.data(_NAME))

    def _card(self, item: QListWidgetItem) -> QPixmap:
        current, ratio = theme.current(), self.devicePixelRatioF()
        text = item.text()
        font = theme.font(theme.NORMAL, QFont.Weight.DemiBold)
        width = self.fontMetrics().horizontalAdvance(text) + 56
        card = QPixmap(round(width * ratio), round(28 * ratio))
        card.setDevicePixelRatio(ratio)
        card.fill(Qt.GlobalColor.transparent)
        painter = QPainter(card)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(current.accent))
        painter.setBrush(QColor(current.surface))
        painter.drawRoundedRect(QRect(0, 0, width - 1, 27), theme.RADIUS, theme.RADIUS)
        painter.drawPixmap(8, 6, icons.pixmap(item.data(_ICON), QColor(current.text), theme.ICON, ratio))
        painter.setPen(QColor(current.text))
        painter.setFont(font)
        painter.drawText(QRect(32, 0, width - 32, 28), Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()
        return card


class _LayerDelegate(QStyledItemDelegate):
    """Draws a heading, or icon, label, one line of description and the handle to drag it by."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        current = theme.current()
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        view: QWidget = option.widget
        text = index.data(Qt.ItemDataRole.DisplayRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not index.data(_NAME):
            painter.setFont(theme.font(theme.SMALL))
            painter.setPen(QColor(current.muted))
            place = area.adjusted(0, 0, 0, -theme.UNIT)
            painter.drawText(place, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, text)
            painter.restore()
            return
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        self._paint_ground(painter, area, state, hovered)
        ratio = view.devicePixelRatioF()
        middle = area.center().y() - theme.ICON // 2 + 1
        icon = icons.pixmap(index.data(_ICON), QColor(current.text), theme.ICON, ratio)
        painter.drawPixmap(area.left() + theme.SPACING, middle, icon)
        words = area.adjusted(36, 3, -theme.SPACING - (20 if hovered else 0), -3)
        painter.setFont(theme.font(theme.NORMAL))
        painter.setPen(QColor(current.text))
        painter.drawText(words, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, text)
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(QColor(current.muted))
        description = index.data(Qt.ItemDataRole.AccessibleDescriptionRole)
        line = painter.fontMetrics().elidedText(description, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, line)
        if hovered:
            grip = icons.pixmap("grip", QColor(current.muted), theme.ICON, ratio)
            painter.drawPixmap(area.right() - theme.ICON - theme.UNIT, middle, grip)
        painter.restore()

    def _paint_ground(self, painter: QPainter, area: QRect, state: QStyle.StateFlag, hovered: bool) -> None:
        current = theme.current()
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if not (selected or hovered):
            return
        ground = QColor(current.accent if selected else current.raised)
        if selected:
            ground.setAlphaF(0.18)
        focused = selected and bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QPen(QColor(current.accent), 1) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(area.adjusted(0, 0, -1, -1), theme.UNIT, theme.UNIT)


def icon_name(layer_name: str) -> str:
    """The icon of a layer, or that of its category, or the one for layers without either."""
    return icons.of_layer(layer_name)


def _sample() -> QWidget:
    panel = LibraryPanel()
    panel.resize(240, 420)
    panel.list.setCurrentRow(3)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
