"""The list that a choice among entries opens: searched by typing, with thumbnails, the entry under the cursor large."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.registry import Entry, entries
from widgets import theme
from widgets.form_texts import explain_entry
from widgets.pictures import Context, draw, has_picture
from widgets.pictures.paint import legend
from widgets.pictures.view import THUMBNAIL, PicturePane, thumbnail
from widgets.search_popup import SearchKeys

_ROW = 32
_MOST_ROWS = 12
_SEARCHED = 6
"""Lists with more entries than these have a search field."""
_LIST_WIDTH, _PREVIEW_WIDTH = 236, 268
_PREVIEW_HEIGHT, _LEGEND_HEIGHT = 352, 104
"""Room for the longest words, and for the names of many curves."""
_ENTRY = Qt.ItemDataRole.UserRole
_WORDS = Qt.ItemDataRole.UserRole + 1


class Chooser(QFrame):
    """Opens below a field and closes itself: with a choice, with Escape, with a click elsewhere."""

    chosen = Signal(str)
    """The name of the entry that was taken."""
    closed = Signal()

    def __init__(self, entry: Entry, context: Context, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName(object_name)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("class", "panel")
        self._entry, self._context = entry, context
        self.search = QLineEdit()
        self.search.setObjectName(f"{object_name}.search")
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.textChanged.connect(self._filter)
        self.list = EntryList(entry, f"{object_name}.entries")
        self.list.currentItemChanged.connect(self._preview)
        self.list.itemClicked.connect(self._take)
        self.list.installEventFilter(self)
        SearchKeys(self.search, self.list, self._take)
        self._nothing = QLabel(self.tr("Nothing matches."))
        self._nothing.setProperty("class", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMinimumHeight(_ROW)
        self._nothing.hide()
        self._columns = QHBoxLayout(self)
        self._columns.setContentsMargins(theme.SPACING, theme.SPACING, theme.SPACING, theme.SPACING)
        self._columns.setSpacing(theme.MARGIN)
        left = QVBoxLayout()
        left.setSpacing(theme.UNIT)
        left.addWidget(self.search)
        left.addWidget(self.list)
        left.addWidget(self._nothing)
        left.addStretch(1)
        self._columns.addLayout(left)
        drawn = has_picture(entry.kind)
        self.preview = Preview(f"{object_name}.preview", drawn=drawn)
        if drawn:
            named = legend(draw(entry, context))
            self.preview.setMinimumHeight(_PREVIEW_HEIGHT + (_LEGEND_HEIGHT if named else 0))
        self._columns.addWidget(self.preview)
        searched = self.list.count() > _SEARCHED
        self.search.setVisible(searched)
        self.setFocusProxy(self.search if searched else self.list)
        self._preview()

    def open_under(self, field: QWidget) -> None:
        """Show the list right below a field, or above it where there is no room; the preview on the inner side."""
        self.ensurePolished()
        size = self.sizeHint()
        screen = field.screen().availableGeometry()
        low = field.mapToGlobal(QPoint(0, field.height() + 2))
        from_right = low.x() + size.width() > screen.right()
        if from_right:  # list below the field, preview on its left
            self._columns.setDirection(QHBoxLayout.Direction.RightToLeft)
        x = low.x() + field.width() - size.width() if from_right else low.x()
        y = low.y()
        if y + size.height() > screen.bottom():
            above = field.mapToGlobal(QPoint(0, 0)).y() - size.height() - 2
            y = above if above >= screen.top() else max(screen.top(), screen.bottom() - size.height())
        self.setGeometry(QRect(QPoint(max(min(x, screen.right() - size.width()), screen.left()), y), size))
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the list: take with Enter; letters search."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentItem())
        elif not self.search.isHidden() and event.text().strip():
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            self.search.insert(event.text())
        else:
            return super().eventFilter(watched, event)
        return True

    def closeEvent(self, event: QCloseEvent) -> None:
        """Say that it is over."""
        super().closeEvent(event)
        self.closed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A square window: no corner of another colour shows behind a round frame."""
        current, painter = theme.current(), QPainter(self)
        painter.fillRect(self.rect(), QColor(current.surface))
        painter.setPen(QPen(QColor(current.line), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _filter(self, text: str) -> None:
        found = self.list.show_matching(text)
        self.list.setVisible(found)
        self._nothing.setVisible(not found)

    def _preview(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.preview.set_entry(item.data(_ENTRY), self._context)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None and not item.isHidden():
            name = item.data(_ENTRY).name
            self.close()
            self.chosen.emit(name)


class Preview(QWidget):
    """One entry large: name, picture, what it does, formula, paper."""

    def __init__(self, object_name: str, *, drawn: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setFixedWidth(_PREVIEW_WIDTH)
        self.title = QLabel()
        self.title.setFont(theme.font(theme.NORMAL, QFont.Weight.DemiBold))
        self.pane = PicturePane(f"{object_name}.pane", compares=False, formula=False, height=124)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.UNIT, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.title)
        column.addWidget(self.pane)
        column.addWidget(self.words)
        self.pane.setVisible(drawn)
        column.addStretch(1)

    def set_entry(self, entry: Entry, context: Context) -> None:
        """Show another entry."""
        self.title.setText(theme.translate_catalog(entry.label))
        self.pane.set_entry(entry, context)
        self.words.setText(f"<p>{explain_entry(type(entry))}")


class EntryList(QListWidget):
    """The entries of a kind with thumbnails, the one that holds now marked and current."""

    def __init__(self, entry: Entry, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Choices"))
        self.setProperty("class", "choices")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setItemDelegate(_Delegate(self, entry.name, drawn=has_picture(entry.kind)))
        self.setFixedWidth(_LIST_WIDTH)
        for name, cls in entries(entry.kind).items():
            shown = entry if name == entry.name else cls()
            label = theme.translate_catalog(cls.label)
            item = QListWidgetItem(label, self)
            item.setData(_ENTRY, shown)
            item.setData(_WORDS, " ".join((name, label, theme.translate_catalog(cls.description))).casefold())
            item.setSizeHint(QSize(0, _ROW))
            if name == entry.name:
                self.setCurrentItem(item)
        self.setFixedHeight(min(self.count(), _MOST_ROWS) * _ROW)
        self.itemEntered.connect(self.setCurrentItem)

    def names(self) -> list[str]:
        """The entries that are shown, in order."""
        items = (self.item(row) for row in range(self.count()))
        return [item.data(_ENTRY).name for item in items if not item.isHidden()]

    def show_matching(self, text: str) -> bool:
        """Show the entries that every word of a text occurs in, those with it in their name first in line."""
        words = text.casefold().split()
        best: QListWidgetItem | None = None
        found = False
        for row in range(self.count()):
            item = self.item(row)
            hit = all(word in item.data(_WORDS) for word in words)
            item.setHidden(not hit)
            named = hit and all(word in item.text().casefold() for word in words)
            if hit and (best is None or (named and not _named(best, words))):
                best = item
            found = found or hit
        if best is not None and (words or self.currentItem() is None or self.currentItem().isHidden()):
            self.setCurrentItem(best)
        current = self.currentItem()
        if current is not None:
            self.scrollToItem(current)
        return found


class _Delegate(QStyledItemDelegate):
    """Draws thumbnail, name, and a dot beside the one that holds now."""

    def __init__(self, parent: QWidget, present: str, *, drawn: bool) -> None:
        super().__init__(parent)
        self._present, self._drawn = present, drawn

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        current = theme.current()
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        view: QWidget = option.widget
        entry: Entry = index.data(_ENTRY)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            ground = QColor(current.accent)
            ground.setAlphaF(0.18)
            painter.setPen(QPen(QColor(current.accent), 1))
            painter.setBrush(ground)
            painter.drawRoundedRect(QRectF(area).adjusted(0.5, 0.5, -1.5, -0.5), theme.UNIT, theme.UNIT)
        left = area.left() + theme.SPACING
        if self._drawn:
            picture = thumbnail(entry, view.devicePixelRatioF())
            painter.drawPixmap(left, area.top() + (area.height() - THUMBNAIL.height()) // 2, picture)
            left += THUMBNAIL.width() + theme.SPACING
        holds = entry.name == self._present
        painter.setFont(theme.font(theme.NORMAL, QFont.Weight.DemiBold if holds else QFont.Weight.Normal))
        painter.setPen(QColor(current.text))
        words = QRect(left, area.top(), area.right() - left - theme.SPACING, area.height())
        text = painter.fontMetrics().elidedText(
            index.data(Qt.ItemDataRole.DisplayRole), Qt.TextElideMode.ElideRight, words.width()
        )
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()


def _named(item: QListWidgetItem, words: list[str]) -> bool:
    return all(word in item.text().casefold() for word in words)


def _sample() -> QWidget:
    return Chooser(entries("activations")["tanh"](), Context(), "sample.list")


if __name__ == "__main__":
    theme.demo(_sample)
