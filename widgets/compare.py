"""Entries of a kind beside each other, large, with sliders for their fields; one of them can be taken as it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.registry import Entry, entries
from widgets import theme
from widgets.choices import ChoiceCombo
from widgets.controls import Segmented
from widgets.form import EntryForm, Path, with_field
from widgets.form_texts import describe_entry
from widgets.pictures import Context, Drawing, draw
from widgets.pictures.paint import legend
from widgets.pictures.paths import surfaces
from widgets.pictures.together import aligned, overlaid
from widgets.pictures.view import Picture, notes_of
from widgets.slider_number import SliderNumber

SIZE = QSize(1080, 720)
_FIRST = 4
"""So many are beside each other to begin with."""
_CARD = 308
_LIST = 208
_NAME = Qt.ItemDataRole.UserRole


class CompareDialog(QDialog):
    """Opens on an entry and its neighbours; what is checked in the list is shown."""

    used = Signal(object)
    """The entry, with its settings, that the user wants to use."""

    def __init__(
        self, entry: Entry, context: Context, size: QSize | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        kind = theme.translate_catalog(entry.kind)
        self.setWindowTitle(self.tr("Compare {kind}").format(kind=kind))
        self.setAccessibleName(self.windowTitle())
        self._context = context
        self._kind = entry.kind
        self.cards: dict[str, Card] = {}
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(lambda _button: self._draw())
        self._build_list(entry)
        self.arrangement = Segmented(
            [("side", self.tr("Side by side")), ("over", self.tr("Overlaid"))], "compare.arrangement"
        )
        self.arrangement.chosen.connect(lambda _choice: self._draw())
        self.surface = ChoiceCombo(tuple(name for name, _ in surfaces()), "compare.surface")
        self.surface.setAccessibleName(self.tr("Surface"))
        for number, (_, label) in enumerate(surfaces()):
            self.surface.setItemText(number, theme.translate_catalog(label))
        self.surface.setMaximumWidth(200)
        self.surface.chosen.connect(self._take_surface)
        self.together = Picture("compare.together", 260)
        self.together.hide()
        self.names = QLabel()
        self.names.setTextFormat(Qt.TextFormat.RichText)
        self.names.setWordWrap(True)
        self.names.hide()
        self._build_page()
        self.use_button = QPushButton(self.tr("Use this"))
        self.use_button.setObjectName("compare.use")
        self.use_button.setProperty("class", "primary")
        self.use_button.setAutoDefault(False)  # Enter ends the typing of a number
        self.use_button.clicked.connect(self._use)
        self.close_button = QPushButton(self.tr("Close"))
        self.close_button.setObjectName("compare.close")
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self.reject)
        self._lay_out()
        self._put(entry)
        for name in self._neighbours(entry):
            self._put(entries(self._kind)[name]())
        self._check_list()
        self.cards[entry.name].radio.setChecked(True)
        self.resize(size or SIZE)
        self._draw()
        self.page.viewport().installEventFilter(self)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _build_list(self, entry: Entry) -> None:
        self.search = QLineEdit()
        self.search.setObjectName("compare.search")
        self.search.setAccessibleName(self.tr("Search"))
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = QListWidget()
        self.list.setObjectName("compare.list")
        self.list.setAccessibleName(self.tr("What is compared"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for name, cls in entries(entry.kind).items():
            item = QListWidgetItem(theme.translate_catalog(cls.label), self.list)
            item.setData(_NAME, name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            item.setToolTip(describe_entry(cls))
        self.list.setCurrentRow(list(entries(entry.kind)).index(entry.name))
        self.list.itemChanged.connect(self._checked)

    def _build_page(self) -> None:
        body = QWidget()
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.SPACING)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, theme.SPACING, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.together)
        column.addWidget(self.names)
        column.addLayout(self._grid)
        column.addStretch(1)
        self.page = QScrollArea()
        self.page.setObjectName("compare.page")
        self.page.setWidgetResizable(True)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.page.setWidget(body)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.SPACING)
        left.addWidget(self.search)
        left.addWidget(self.list, 1)
        side = QWidget()
        side.setFixedWidth(_LIST)
        side.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        head = QHBoxLayout()
        head.setSpacing(theme.MARGIN)
        head.addWidget(self.arrangement)
        head.addWidget(self.surface, 1)
        head.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(theme.SPACING)
        right.addLayout(head)
        right.addWidget(self.page, 1)
        top = QHBoxLayout()
        top.setSpacing(theme.MARGIN)
        top.addWidget(side)
        top.addLayout(right, 1)
        foot = QHBoxLayout()
        foot.setSpacing(theme.SPACING)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.use_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addLayout(top, 1)
        column.addLayout(foot)
        self.surface.setVisible(self._kind == "optimizers")

    # --- what is compared ------------------------------------------------------------------------------------------

    def names_shown(self) -> list[str]:
        """The entries that are beside each other."""
        return list(self.cards)

    def chosen(self) -> Entry:
        """The entry that "Use this" would take, with its settings."""
        return next(card for card in self.cards.values() if card.radio.isChecked()).entry

    def _neighbours(self, entry: Entry) -> list[str]:
        """The entries around one in the order of the catalogue."""
        names = list(entries(self._kind))
        first = min(max(names.index(entry.name) - 1, 0), max(len(names) - _FIRST, 0))
        return [name for name in names[first : first + _FIRST] if name != entry.name][: _FIRST - 1]

    def _put(self, entry: Entry) -> None:
        card = Card(entry)
        card.changed.connect(self._draw)
        self._group.addButton(card.radio)
        self.cards[entry.name] = card

    def _check_list(self) -> None:
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            shown = item.data(_NAME) in self.cards
            item.setCheckState(Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)

    def _checked(self, item: QListWidgetItem) -> None:
        name = item.data(_NAME)
        if item.checkState() == Qt.CheckState.Checked and name not in self.cards:
            self._put(entries(self._kind)[name]())
        elif item.checkState() == Qt.CheckState.Unchecked and name in self.cards:
            if len(self.cards) == 1:  # one is always there to be used
                self._check_list()
                return
            card = self.cards.pop(name)
            self._group.removeButton(card.radio)
            if card.radio.isChecked():
                next(iter(self.cards.values())).radio.setChecked(True)
            card.hide()
            card.setParent(None)
            card.deleteLater()
        self._draw()

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(not all(word in item.text().casefold() for word in words))

    def _take_surface(self, name: str) -> None:
        self._context = replace(self._context, surface=name)
        self._draw()

    def _use(self) -> None:
        chosen = self.chosen()
        self.accept()
        self.used.emit(chosen)

    # --- pictures --------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Bring pictures, order and the button in line with cards and settings."""
        cards = list(self.cards.values())
        drawings = [draw(card.entry, self._context) for card in cards]
        labels = [theme.translate_catalog(card.entry.label) for card in cards]
        strong = next(number for number, card in enumerate(cards) if card.radio.isChecked())
        over = overlaid(drawings, labels, strong)
        self.arrangement.setVisible(over is not None)
        shown_over = over is not None and self.arrangement.choice() == "over"
        self.together.setVisible(shown_over)
        self.names.setVisible(shown_over)
        if shown_over and over is not None:
            self.together.set_drawing(over)
            self.names.setText(legend(over))
            self.names.setVisible(bool(self.names.text()))
        for card, drawing in zip(cards, aligned(drawings), strict=True):
            card.show_drawing(None if shown_over else drawing)
            card.set_chosen(card.radio.isChecked())
        self.use_button.setText(self.tr("Use {name}").format(name=labels[strong]))
        self.use_button.setAccessibleName(self.use_button.text())
        self._arrange()

    def _arrange(self) -> None:
        columns = max(1, (self.page.viewport().width() - theme.SPACING) // _CARD)
        for card in self.cards.values():
            self._grid.removeWidget(card)
        before: QWidget = self.arrangement.button(self.arrangement.choice())
        for number, card in enumerate(self.cards.values()):
            self._grid.addWidget(card, number // columns, number % columns, Qt.AlignmentFlag.AlignTop)
            card.show()
            QWidget.setTabOrder(before, card.radio)
            before = card.end_of_tabs(card.radio)
        for column in range(max(columns, self._grid.columnCount())):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        QWidget.setTabOrder(before, self.close_button)
        QWidget.setTabOrder(self.close_button, self.use_button)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """As many cards in a row as have room."""
        if watched is self.page.viewport() and event.type() == QEvent.Type.Resize:
            self._arrange()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        """The names below the picture have the colours of the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "use_button"):
            self._draw()


class Card(QFrame):
    """One entry: its name to choose it by, its picture, its fields with sliders, what it does."""

    changed = Signal()
    """Another setting."""

    def __init__(self, entry: Entry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry = entry
        name = f"compare.{entry.name}"
        self.setObjectName(name)
        self.setProperty("class", "panel")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.radio = QRadioButton(theme.translate_catalog(entry.label))
        self.radio.setObjectName(f"{name}.choose")
        self.radio.setAccessibleName(self.radio.text())
        self.radio.setFont(theme.font(theme.NORMAL, QFont.Weight.DemiBold))
        self.radio.setToolTip(describe_entry(type(entry)))
        self.picture = Picture(f"{name}.picture", 180)
        self.notes = QLabel()
        self.notes.setProperty("class", "muted")
        self.notes.setTextFormat(Qt.TextFormat.RichText)
        self.notes.setWordWrap(True)
        self.form = EntryForm(name, sliders=True)
        self.form.set_entry(entry)
        self.form.changed.connect(self._change)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.SPACING, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.SPACING)
        for part in (self.radio, self.picture, self.notes, self.form):
            column.addWidget(part)
        self.form.setVisible(bool(self.form.paths()))

    def show_drawing(self, drawing: Drawing | None) -> None:
        """Show a picture with its notes, or none."""
        self.picture.setVisible(drawing is not None)
        if drawing is not None:
            self.picture.set_drawing(drawing)
        self.notes.setText(notes_of(drawing or Drawing(), theme.translate_catalog(self.entry.formula)))

    def set_chosen(self, chosen: bool) -> None:
        """Outline it or not."""
        wanted = "chosen" if chosen else "panel"
        if self.property("class") != wanted:
            self.setProperty("class", wanted)
            self.style().unpolish(self)
            self.style().polish(self)

    def end_of_tabs(self, start: QWidget) -> QWidget:
        """Put the fields behind a widget in the order of Tab; the last of them."""
        before = start
        for control in self.form.chain():
            for part in (control.slider, control.field) if isinstance(control, SliderNumber) else (control,):
                QWidget.setTabOrder(before, part)
                before = part
        return before

    def _change(self, path: Path, value: Any, _finished: bool) -> None:
        self.entry = with_field(self.entry, path, value)
        self.form.set_entry(self.entry)
        self.radio.setChecked(True)
        self.changed.emit()


def _sample() -> QWidget:
    return CompareDialog(entries("activations")["leaky_relu"](), Context())


if __name__ == "__main__":
    theme.demo(_sample)
