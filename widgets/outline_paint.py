"""How a row of the outline looks: a card in two lines, inputs and remedies in one, a problem in as many as it needs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from widgets import icons, theme
from widgets.outline_model import CONTENT, COUNT, NAME, SHAPE
from widgets.outline_rows import Content, Kind

if TYPE_CHECKING:
    from widgets.outline import OutlineView

_TWO_LINES, _LINE, _BUTTON = 38, 24, 28
_GAP = 6
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_TOP, _MIDDLE, _BOTTOM = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignBottom
_WRAP = int(Qt.TextFlag.TextWordWrap | _LEFT | _TOP)
_RIGHT_ELIDED = Qt.TextElideMode.ElideRight


class RowDelegate(QStyledItemDelegate):
    """Paints a row as a whole when its first cell is asked for; the other cells keep their widths."""

    def __init__(self, view: OutlineView) -> None:
        super().__init__(view)
        self._view = view

    # --- measures ----------------------------------------------------------------------------------------------------

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Height of the row, and the width that a cell of numbers needs."""
        content: Content = index.data(CONTENT)
        if index.column() != NAME:
            return QSize(_width(index.data()) + 2 * theme.SPACING, _LINE)
        if content.kind in (Kind.CARD, Kind.PART):
            return QSize(0, _TWO_LINES)
        if content.kind is Kind.REMEDY:
            return QSize(0, _BUTTON)
        if content.kind is Kind.PROBLEM:
            return QSize(0, self._problem_height(content, index))
        return QSize(0, _LINE)

    def _problem_height(self, content: Content, index: QModelIndex | QPersistentModelIndex) -> int:
        depth, above = 1, index.parent()
        while above.isValid():
            depth, above = depth + 1, above.parent()
        room = self._view.viewport().width() - depth * self._view.indentation() - theme.ICON - _GAP - theme.UNIT
        area = QRect(0, 0, max(room, 80), 10_000)
        return max(_LINE, QFontMetrics(theme.font(theme.SMALL)).boundingRect(area, _WRAP, content.text).height() + 8)

    # --- drawing -----------------------------------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        if index.column() != NAME:
            return
        content: Content = index.data(CONTENT)
        area = QRect(option.rect)
        area.setRight(self._view.viewport().width() - theme.UNIT)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if content.kind is Kind.CARD:
            self._paint_card(painter, area, content)
        elif content.kind is Kind.PART:
            self._paint_part(painter, area, content)
        elif content.kind is Kind.PORT:
            self._paint_port(painter, area, content)
        elif content.kind is Kind.PROBLEM:
            self._paint_problem(painter, area, content)
        else:
            self._paint_remedy(painter, area, content)
        painter.restore()

    def _paint_card(self, painter: QPainter, area: QRect, content: Content) -> None:
        words = self._paint_icon(painter, area, content.icon, "text").adjusted(0, 3, 0, -3)
        first = QRect(words)
        first.setRight(self._paint_numbers(painter, words, content) - theme.SPACING)
        if content.severity:
            first.setRight(first.right() - theme.ICON)
        _text(painter, first, content.text, "text", theme.NORMAL, _TOP, QFont.Weight.Medium)
        if content.severity:
            x = first.left() + min(painter.fontMetrics().horizontalAdvance(content.text), first.width()) + 3
            self._paint_sign(painter, x, first.top() + 1, content.severity)
        _text(painter, words, content.note, "muted", theme.SMALL, _BOTTOM)

    def _paint_numbers(self, painter: QPainter, words: QRect, content: Content) -> int:
        """Shape and parameters at the right end of their columns; returns where the shape begins."""
        header = self._view.header()
        for column, text in ((COUNT, content.count), (SHAPE, content.shape)):
            end = header.sectionViewportPosition(column) + header.sectionSize(column) - theme.SPACING
            _text(painter, QRect(0, words.top() + 2, end, words.height()), text, "muted", theme.SMALL, _TOP | _RIGHT)
        return end - painter.fontMetrics().horizontalAdvance(content.shape)

    def _paint_part(self, painter: QPainter, area: QRect, content: Content) -> None:
        words = self._paint_icon(painter, area, content.icon, "muted").adjusted(0, 3, 0, -3)
        _text(painter, words, content.text, "muted", theme.NORMAL, _TOP)
        _text(painter, words, content.note, "muted", theme.SMALL, _BOTTOM)

    def _paint_port(self, painter: QPainter, area: QRect, content: Content) -> None:
        words = area.adjusted(theme.UNIT, 0, 0, 0)
        role = "text" if content.edge is not None else "muted"
        _text(painter, words, f"{content.text} {content.note}".strip(), role, theme.SMALL, _MIDDLE)

    def _paint_problem(self, painter: QPainter, area: QRect, content: Content) -> None:
        self._paint_sign(painter, area.left(), area.top() + 4, content.severity)
        words = area.adjusted(theme.ICON + _GAP, 4, 0, 0)
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(QColor(theme.current().text))
        painter.drawText(words, _WRAP, content.text)

    def _paint_remedy(self, painter: QPainter, area: QRect, content: Content) -> None:
        current = theme.current()
        button = area.adjusted(0, 2, -theme.UNIT, -3)
        painter.setPen(QPen(QColor(current.line), 1))
        painter.setBrush(QColor(current.raised))
        painter.drawRoundedRect(button, theme.RADIUS - 1, theme.RADIUS - 1)
        words = button.adjusted(theme.SPACING, 0, -theme.SPACING, 0)
        _text(painter, words, content.text, "text", theme.SMALL, _MIDDLE, elide=Qt.TextElideMode.ElideMiddle)

    def _paint_icon(self, painter: QPainter, area: QRect, name: str, role: str) -> QRect:
        """The icon at the left; returns what is left for words."""
        color = QColor(getattr(theme.current(), role))
        picture = icons.pixmap(name, color, theme.ICON, self._view.devicePixelRatioF())
        painter.drawPixmap(area.left(), area.center().y() - theme.ICON // 2 + 1, picture)
        return area.adjusted(theme.ICON + theme.SPACING, 0, 0, 0)

    def _paint_sign(self, painter: QPainter, x: int, y: int, severity: str) -> None:
        name = "warning" if severity == "warning" else "error"
        color = QColor(getattr(theme.current(), name))
        painter.drawPixmap(x, y, icons.pixmap(name, color, theme.ICON, self._view.devicePixelRatioF()))

    # --- a name that is typed ----------------------------------------------------------------------------------------

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        """A field for the name of a card."""
        editor = QLineEdit(parent)
        editor.setObjectName("outline.name")
        editor.setAccessibleName(self._view.tr("Name of the card"))
        return editor

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        """Begin with the name as it is."""
        assert isinstance(editor, QLineEdit)
        editor.setText(index.data(Qt.ItemDataRole.EditRole))

    def setModelData(
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Hand over what was typed."""
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text(), Qt.ItemDataRole.EditRole)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Over the words of the row."""
        area = QRect(option.rect)
        area.setRight(self._view.viewport().width() - theme.UNIT)
        editor.setGeometry(area.adjusted(theme.ICON + theme.UNIT, 4, 0, -4))


def paint_ground(painter: QPainter, area: QRect, selected: bool, hovered: bool, ringed: bool) -> None:
    """What lies under a row: tinted where it is selected, ringed where the keyboard or a dragged layer is."""
    current = theme.current()
    ground = QColor(current.accent if selected else current.raised)
    if selected:
        ground.setAlphaF(0.18)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(current.accent), 1) if ringed else Qt.PenStyle.NoPen)
    painter.setBrush(ground if selected or hovered else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area.adjusted(0, 0, -1, -1), theme.UNIT, theme.UNIT)
    painter.restore()


@lru_cache(maxsize=1000)
def _width(text: str) -> int:
    return QFontMetrics(theme.font(theme.SMALL)).horizontalAdvance(text)


def _text(
    painter: QPainter,
    area: QRect,
    text: str,
    role: str,
    size: int,
    side: Qt.AlignmentFlag,
    weight: QFont.Weight = QFont.Weight.Normal,
    elide: Qt.TextElideMode = _RIGHT_ELIDED,
) -> None:
    painter.setFont(theme.font(size, weight))
    painter.setPen(QColor(getattr(theme.current(), role)))
    painter.drawText(area, side, painter.fontMetrics().elidedText(text, elide, area.width()))
