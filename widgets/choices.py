"""Combo boxes of forms: a choice among words, and a choice among entries that are seen before they are taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QIcon, QPaintEvent, QPixmap, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from engine.catalog.registry import Entry, entries
from widgets import theme
from widgets.form_texts import describe_entry
from widgets.pictures import Context, has_picture
from widgets.pictures.tips import show_tip
from widgets.pictures.view import thumbnail

if TYPE_CHECKING:
    from widgets.chooser import Chooser

_THUMBNAIL = QSize(36, 18)
_LATER_MS = 60
"""How long a thumbnail waits: some take as long as a frame, and what was chosen is to show in the network first."""


class QuietCombo(QComboBox):
    """A combo box that the wheel turns only with focus, so that scrolling a form changes nothing in it."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setMaxVisibleItems(16)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only with focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits of a long choice, with its … where it is cut: Qt cuts through a letter."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        picture, option.currentText = self.shown()
        if picture is not None:
            option.currentIcon, option.iconSize = picture, _THUMBNAIL
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def shown(self) -> tuple[QIcon | None, str]:
        """The picture and the words of the choice as they are drawn: words that do not fit beside it stand alone."""
        option, picture, metrics = QStyleOptionComboBox(), self.picture(), self.fontMetrics()
        self.initStyleOption(option)
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(control, option, part, self).width() - theme.UNIT
        text: str = option.currentText
        beside = room - _THUMBNAIL.width() - theme.UNIT
        if picture is not None and metrics.horizontalAdvance(text) <= beside:
            return picture, text
        return None, metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)

    def picture(self) -> QIcon | None:
        """What is drawn before the choice."""
        return None


class EntryCombo(QuietCombo):
    """A choice among the entries of a kind. Its list shows what each does, and is searched by typing."""

    chosen = Signal(str)
    """The name of the entry the user chose."""

    def __init__(self, kind: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(object_name, parent)
        self._entry: Entry | None = None
        self._kind = kind
        self._chooser: Chooser | None = None
        blank = QPixmap(_THUMBNAIL)
        blank.fill(Qt.GlobalColor.transparent)
        self._icon = QIcon(blank)
        self._drawn: tuple[Entry, float, str] | None = None
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self._draw)
        self._context: Callable[[], Context] = Context
        for name, cls in entries(kind).items():
            self.addItem(theme.translate_catalog(cls.label), name)
        self.activated.connect(self._activated)

    def set_context(self, context: Callable[[], Context]) -> None:
        """What the pictures depend on, asked for when one is drawn."""
        self._context = context

    def set_entry(self, entry: Entry) -> None:
        """Show the choice of an entry."""
        self._entry = entry
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findData(entry.name))
        self.setToolTip(describe_entry(type(entry)))
        self.update()

    def picture(self) -> QIcon | None:
        """A thumbnail of the choice; a blank one until it is drawn, for which no paint event waits."""
        if self._entry is None or not has_picture(self._kind):
            return None
        wanted = self._entry, self.devicePixelRatioF(), theme.current().name
        if wanted != self._drawn:
            self._drawn = wanted
            if not self._later.isActive():
                self._later.start()
        return self._icon

    def _draw(self) -> None:
        if self._drawn is not None:
            entry, ratio, _ = self._drawn
            self._icon = QIcon(thumbnail(entry, ratio, _THUMBNAIL))
            self.update()

    def chooser(self) -> Chooser | None:
        """The list, while it is open."""
        return self._chooser

    def showPopup(self) -> None:
        """Open the list with pictures instead of Qt's."""
        if self._entry is None or self._chooser is not None:
            return
        from widgets.chooser import Chooser  # most windows show themselves sooner without it

        self._chooser = chooser = Chooser(self._entry, self._context(), f"{self.objectName()}.list", self)
        chooser.chosen.connect(self._take)
        chooser.closed.connect(self._forget)
        chooser.open_under(self)

    def hidePopup(self) -> None:
        """Close the list."""
        if self._chooser is not None:
            self._chooser.close()
        super().hidePopup()

    def event(self, event: QEvent) -> bool:
        """Draw the tool tip when it is asked for."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._entry is not None:
            show_tip(event.globalPos(), self._entry, self._context(), self)
            return True
        return super().event(event)

    def _forget(self) -> None:
        self._chooser = None
        self.update()

    def _take(self, name: str) -> None:
        if self._entry is not None and name != self._entry.name:
            self.chosen.emit(name)

    def _activated(self, index: int) -> None:
        self._take(self.itemData(index))


class ChoiceCombo(QuietCombo):
    """A choice among words."""

    chosen = Signal(str)

    def __init__(self, options: Sequence[str], object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(object_name, parent)
        for option in options:
            self.addItem(theme.translate_catalog(option), option)
        self.activated.connect(lambda index: self.chosen.emit(self.itemData(index)))

    def set_choice(self, option: str) -> None:
        """Show an option."""
        with QSignalBlocker(self):
            self.setCurrentIndex(self.findData(option))
