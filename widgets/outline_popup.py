"""A small list to choose from: type a few letters, Enter. What is impossible is listed too and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from widgets import icons, theme
from widgets.search_popup import SearchPopup

_CHOICE = Qt.ItemDataRole.UserRole
_WIDTH, _ROW, _MOST_ROWS = 368, 38, 8


@dataclass(frozen=True)
class Choice:
    """One line: what it is called, what is said about it, and why it cannot be chosen if it cannot."""

    key: str
    text: str
    note: str = ""
    icon: str = ""
    refusal: str = ""
    words: str = ""
    """What else a search finds it by."""


class ChoicePopup(SearchPopup):
    """A search field over a list of choices. It goes with the choice, with Escape, or a click elsewhere."""

    chosen = Signal(str)
    """The key of the choice."""

    def __init__(self, title: str, choices: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__("choices", title, QCoreApplication.translate("ChoicePopup", "Search"), parent)
        heading = QLabel(title)
        heading.setProperty("class", "title")
        self.column.insertWidget(0, heading)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self.list.setItemDelegate(_ChoiceDelegate(self.list))
        self.list.currentItemChanged.connect(self._describe)
        for choice in choices:
            self._add(choice)
        self.list.setFixedHeight(max(1, min(len(choices), _MOST_ROWS)) * _ROW)
        self.setFixedWidth(_WIDTH)
        self.narrow("")

    def open_at(self, place: QPoint) -> None:
        """Show it with its upper left corner at a point of the screen, or as near as it fits."""
        self.adjustSize()
        screen = self.screen().availableGeometry()
        left = max(screen.left(), min(place.x(), screen.right() - self.width()))
        top = max(screen.top(), min(place.y(), screen.bottom() - self.height()))
        self.move(left, top)
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def offered(self) -> dict[str, str]:
        """The choices that the search has found, with the reason why each is impossible, or ""."""
        found = {}
        for row in range(self.list.count()):
            item = self.list.item(row)
            if not item.isHidden():
                choice: Choice = item.data(_CHOICE)
                found[choice.key] = choice.refusal
        return found

    def _add(self, choice: Choice) -> None:
        item = QListWidgetItem(choice.text, self.list)
        said = choice.refusal or choice.note
        item.setData(_CHOICE, choice)
        item.setSizeHint(QSize(0, _ROW))
        item.setToolTip(said)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{choice.text}, {said}" if said else choice.text)
        if choice.refusal:
            item.setFlags(Qt.ItemFlag.NoItemFlags)

    def narrow(self, text: str) -> None:
        """Show what is called so; those whose name begins with it come to the cursor first."""
        typed = text.casefold().split()
        best, rank = -1, 3
        for row in range(self.list.count()):
            item = self.list.item(row)
            choice: Choice = item.data(_CHOICE)
            words = f"{choice.text} {choice.words}".casefold()
            fits = all(word in words for word in typed)
            item.setHidden(not fits)
            if fits and not choice.refusal:
                name, wanted = choice.text.casefold(), text.strip().casefold()
                place = 0 if name == wanted else 1 if name.startswith(wanted) else 2
                if place < rank:
                    best, rank = row, place
        self.list.setCurrentRow(best)
        if best < 0:
            self._describe()

    def _describe(self) -> None:
        """Tell a screen reader, which stays with the field, what Enter would choose."""
        item = self.list.currentItem()
        words = item.data(Qt.ItemDataRole.AccessibleTextRole) if item is not None else self.tr("nothing found")
        self.search.setAccessibleDescription(words)

    def choose(self, item: QListWidgetItem | None) -> None:
        """Say what was chosen."""
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        choice: Choice = item.data(_CHOICE)
        self.close()
        self.chosen.emit(choice.key)


class _ChoiceDelegate(QStyledItemDelegate):
    """Draws icon, text and, in a second line, what is said about it."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        choice: Choice = index.data(_CHOICE)
        current, area = theme.current(), QRect(option.rect)
        state, view = option.state, option.widget
        text = QColor(current.muted if choice.refusal else current.text)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or (state & QStyle.StateFlag.State_MouseOver and not choice.refusal):
            ground = QColor(current.accent if selected else current.raised)
            ground.setAlphaF(0.18 if selected else 1.0)
            painter.setPen(QColor(current.accent) if selected else Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(area.adjusted(0, 0, -1, -1), theme.UNIT, theme.UNIT)
        if choice.icon:
            picture = icons.pixmap(choice.icon, text, theme.ICON, view.devicePixelRatioF())
            painter.drawPixmap(area.left() + theme.SPACING, area.center().y() - theme.ICON // 2 + 1, picture)
        words = area.adjusted(36, 3, -theme.SPACING, -3)
        said = choice.refusal or choice.note
        painter.setFont(theme.font(theme.NORMAL))
        painter.setPen(text)
        side = Qt.AlignmentFlag.AlignTop if said else Qt.AlignmentFlag.AlignVCenter
        line = painter.fontMetrics().elidedText(choice.text, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, side | Qt.AlignmentFlag.AlignLeft, line)
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(QColor(current.muted))
        line = painter.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, line)
        painter.restore()
