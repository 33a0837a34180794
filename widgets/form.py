"""A form made from declarations: one row per field, nested entries indented below the choice that holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from engine.catalog.registry import Choice, Entry, Field, Hidden, Range, entries, form
from engine.document.errors import PlaygroundError
from widgets import theme
from widgets.controls import LabelledSlider, NumberField, format_number
from widgets.form_texts import describe_entry, describe_field, say

Path = tuple[str, ...]
"""Names of fields from the outside in: ("activation", "negative_slope")."""

_INDENT = theme.MARGIN
_SLIDER_STEPS = 24
"""Bounded numbers with at most so many steps get a slider."""
_LABEL_WIDTH = 64


def with_field(entry: Any, path: Path, value: Any) -> Any:
    """A copy of an entry with the field at a path changed. Raises InvalidValueError for a value it cannot hold."""
    name, *rest = path
    inner = with_field(getattr(entry, name), tuple(rest), value) if rest else value
    return entry.replace(**{name: inner})


@dataclass
class Row:
    """One field as it is shown: label, control, and the sentence under it when a value was refused."""

    label: QLabel
    control: QWidget
    error: QLabel
    signature: tuple[Any, ...]
    show_value: Callable[[Any], None]


class FieldForm(QWidget):
    """Rows for fields and their values. A setter keeps the rows that stay, with their focus and what is being typed."""

    changed = Signal(tuple, object, bool)
    """Path of a field, the value the user gave it, and whether the gesture (a drag) is finished."""

    def __init__(
        self,
        object_name: str,
        check: Callable[[Path, Any], object],
        formats: Mapping[str, Callable[[float], str]] = MappingProxyType({}),
        parent: QWidget | None = None,
    ) -> None:
        """`check(path, value)` raises a PlaygroundError for a value that must be refused.

        `formats` says, by name of field, how a slider writes its value.
        """
        super().__init__(parent)
        self.setObjectName(object_name)
        self._check = check
        self._formats = formats
        self._rows: dict[Path, Row] = {}
        self._values: dict[Path, Any] = {}
        self._accessories: dict[Path, QWidget] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACING)
        self._grid.setVerticalSpacing(theme.SPACING)
        self._grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)

    def set_fields(self, fields: Sequence[tuple[Field, Any]]) -> None:
        """Show fields with their values, in their order."""
        wanted: list[tuple[Path, Field, Any]] = []
        for field, value in fields:
            _flatten((), field, value, wanted)
        signatures = {path: _signature(field, value) for path, field, value in wanted}
        kept = {path: row for path, row in self._rows.items() if row.signature == signatures.get(path)}
        for path, row in self._rows.items():
            if path not in kept:
                for widget in (row.label, row.control, row.error):
                    widget.hide()
                    widget.setParent(None)
                    widget.deleteLater()
        made = False
        values = {path: value for path, _, value in wanted}
        rows: dict[Path, Row] = {}
        for path, field, value in wanted:
            if path not in kept:
                row = self._make_row(path, field, value, signatures[path])
                made = True
            else:
                row = kept[path]
                row.error.setHidden(row.error.isHidden() or value != self._values[path])
            row.show_value(value)
            rows[path] = row
        arranged = made or list(rows) != list(self._rows)
        self._rows, self._values = rows, values
        if arranged:
            self._arrange()

    def set_accessory(self, name: str, widget: QWidget) -> None:
        """Put a widget (a button) at the right of a field that is yet to be shown."""
        self._accessories[(name,)] = widget

    def control(self, *path: str) -> QWidget:
        """The control of the field at a path. Raises KeyError when it has no row."""
        return self._rows[path].control

    def error_text(self, *path: str) -> str:
        """The sentence shown under a field, or nothing."""
        error = self._rows[path].error
        return "" if error.isHidden() else error.text()

    def paths(self) -> list[Path]:
        """The fields that have a row, from top to bottom."""
        return list(self._rows)

    # --- rows ------------------------------------------------------------------------------------------------------

    def _make_row(self, path: Path, field: Field, value: Any, signature: tuple[Any, ...]) -> Row:
        name = theme.translate_catalog(field.label)
        label = QLabel(name)
        label.setProperty("class", "muted")
        label.setIndent((len(path) - 1) * _INDENT)
        object_name = ".".join((self.objectName(), *path))
        control, show_value = self._make_control(path, field, value, object_name)
        control.setAccessibleName(name)
        tip = describe_field(field)
        label.setToolTip(tip)
        if not isinstance(control, QComboBox):
            control.setToolTip(tip)
        label.setBuddy(control)
        error = QLabel()
        error.setProperty("class", "error")
        error.setObjectName(f"{object_name}.error")
        error.setWordWrap(True)
        error.hide()
        return Row(label, control, error, signature, show_value)

    def _make_control(
        self, path: Path, field: Field, value: Any, object_name: str
    ) -> tuple[QWidget, Callable[[Any], None]]:
        if field.chooses:
            combo = EntryCombo(field.chooses, object_name)
            combo.chosen.connect(lambda name: self._offer(path, entries(field.chooses or "")[name]()))
            return combo, combo.set_entry
        if field.kind is bool:
            box = QCheckBox()
            box.setObjectName(object_name)
            box.clicked.connect(lambda checked: self._offer(path, checked))
            return box, lambda shown: _silently(box, box.setChecked, shown)
        if isinstance(field.constraint, Choice):
            options = ChoiceCombo(field.constraint.options, object_name)
            options.chosen.connect(lambda option: self._offer(path, option))
            return options, options.set_choice
        limits = field.constraint
        assert isinstance(limits, Range), f"{field.name} needs a Range to have a form"
        if _slides(field, value):
            return self._make_slider(path, field, limits, object_name)
        number = NumberField(limits, object_name, integer=field.kind is int)
        number.value_committed.connect(lambda given: self._offer(path, given))

        def show_number(shown: float) -> None:
            if number.number() != shown:  # setting the same number would undo what is being typed
                number.set_value(shown)

        return number, show_number

    def _make_slider(
        self, path: Path, field: Field, limits: Range, object_name: str
    ) -> tuple[QWidget, Callable[[Any], None]]:
        whole = field.kind is int
        stepped = Range(limits.low, limits.high, _step(field), limits.logarithmic)
        name = theme.translate_catalog(field.label)
        words = self._formats.get(field.name, _whole if whole else _plain)
        slider = LabelledSlider(name, stepped, object_name, words)
        slider.label.hide()
        convert: Callable[[float], float] = round if whole else float
        slider.value_changed.connect(lambda given: self._offer(path, convert(given), finished=False))
        slider.value_committed.connect(lambda given: self._offer(path, convert(given)))
        slider.setFocusProxy(slider.slider)
        return slider, slider.set_value

    def _offer(self, path: Path, value: Any, *, finished: bool = True) -> None:
        """Pass on a value the fields can hold; say under the field why they cannot hold another."""
        row = self._rows[path]
        try:
            self._check(path, value)
        except PlaygroundError as error:
            row.error.setText(say(error.sentence))
            row.error.show()
            row.show_value(self._values[path])
            return
        for other in self._rows.values():
            other.error.hide()
        self.changed.emit(path, value, finished)

    def _arrange(self) -> None:
        """Lay all rows out again; widgets keep their focus while they move."""
        while self._grid.takeAt(0) is not None:
            pass
        previous: QWidget | None = None
        for number, (path, row) in enumerate(self._rows.items()):
            self._grid.addWidget(row.label, 2 * number, 0)
            accessory = self._accessories.get(path)
            self._grid.addWidget(row.control, 2 * number, 1, 1, 2 if accessory is None else 1)
            self._grid.addWidget(row.error, 2 * number + 1, 0, 1, 3)
            for widget in (row.control, accessory):
                if widget is None:
                    continue
                if widget is accessory:
                    self._grid.addWidget(widget, 2 * number, 2)
                if previous is not None:
                    QWidget.setTabOrder(previous, widget)
                previous = widget
        self.updateGeometry()


class EntryForm(FieldForm):
    """The form of one entry of the catalogue."""

    def __init__(
        self,
        object_name: str = "form",
        formats: Mapping[str, Callable[[float], str]] = MappingProxyType({}),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(object_name, self._try, formats, parent)
        self._entry: Entry | None = None

    def entry(self) -> Entry | None:
        """The entry that is shown."""
        return self._entry

    def set_entry(self, entry: Entry | None, without: Sequence[str] = ()) -> None:
        """Show an entry's fields, but those named in `without`; None: an empty form."""
        if entry is not None and self._entry is not None and type(entry) is not type(self._entry):
            super().set_fields(())  # another thing: nothing of what was shown or typed is about it
        self._entry = entry
        shown = [] if entry is None else [field for field in form(type(entry)) if field.name not in without]
        super().set_fields([(field, getattr(entry, field.name)) for field in shown])

    def _try(self, path: Path, value: Any) -> object:
        return with_field(self._entry, path, value)


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
        control, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(control, option, part, self).width() - theme.UNIT
        text: str = option.currentText
        option.currentText = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawComplexControl(control, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class EntryCombo(QuietCombo):
    """A choice among the entries of a kind; each item explains itself in its tool tip."""

    chosen = Signal(str)
    """The name of the entry the user chose."""

    def __init__(self, kind: str, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(object_name, parent)
        for name, cls in entries(kind).items():
            self.addItem(theme.translate_catalog(cls.label), name)
            self.setItemData(self.count() - 1, describe_entry(cls), Qt.ItemDataRole.ToolTipRole)
        self.activated.connect(self._activated)
        self._shown = ""

    def set_entry(self, entry: Entry) -> None:
        """Show the choice of an entry."""
        self._shown = entry.name
        _silently(self, self.setCurrentIndex, self.findData(entry.name))
        self.setToolTip(describe_entry(type(entry)))

    def _activated(self, index: int) -> None:
        if self.itemData(index) != self._shown:
            self.chosen.emit(self.itemData(index))


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
        _silently(self, self.setCurrentIndex, self.findData(option))


def _flatten(prefix: Path, field: Field, value: Any, found: list[tuple[Path, Field, Any]]) -> None:
    """The rows of a field: itself, then those of the entry it holds."""
    if isinstance(field.constraint, Hidden):
        return
    path = (*prefix, field.name)
    found.append((path, field, value))
    if field.chooses:
        for inner in form(type(value)):
            _flatten(path, inner, getattr(value, inner.name), found)


def _signature(field: Field, value: Any) -> tuple[Any, ...]:
    """What decides which control a field needs: rows with another signature are made anew."""
    return field.kind, field.constraint, field.chooses is None and _slides(field, value)


def _step(field: Field) -> float | None:
    limits = field.constraint
    assert isinstance(limits, Range)
    return limits.step or (1.0 if field.kind is int else None)


def _slides(field: Field, value: Any) -> bool:
    """Whether a slider can show a number: few steps, and the value (from a file, say) lies on one of them."""
    limits = field.constraint
    if not isinstance(limits, Range) or limits.logarithmic or (step := _step(field)) is None:
        return False
    count, position = (limits.high - limits.low) / step, (value - limits.low) / step
    return count <= _SLIDER_STEPS and abs(count - round(count)) < 1e-9 and abs(position - round(position)) < 1e-9


def _whole(value: float) -> str:
    return str(round(value))


def _plain(value: float) -> str:
    return format_number(value, 2)


def _silently(widget: QWidget, setter: Callable[[Any], object], value: Any) -> None:
    with QSignalBlocker(widget):
        setter(value)


def _sample() -> QWidget:
    widget = EntryForm("sample.form")
    widget.set_entry(entries("layers")["Dense"](activation=entries("activations")["leaky_relu"]()))
    widget.changed.connect(lambda path, value, _: widget.set_entry(with_field(widget.entry(), path, value)))
    widget.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    widget.resize(328, 320)
    return widget


if __name__ == "__main__":
    theme.demo(_sample)
