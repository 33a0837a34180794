"""What a form is made of: rows with a control for one field each, and headings that fold rows away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from engine.catalog.registry import Choice, Entry, Field, Hidden, Range, Text, entries, form
from widgets import icons, theme
from widgets.choices import ChoiceCombo, EntryCombo
from widgets.controls import ElidedLabel, LabelledSlider, NumberField, format_number
from widgets.controls_numbers import suffix_of
from widgets.pictures import has_picture
from widgets.pictures.view import PicturePane
from widgets.slider_number import SliderNumber
from widgets.text_field import TextField

Path = tuple[str, ...]
"""Names of fields from the outside in: ("activation", "negative_slope")."""
Fold = tuple[str, ...]
"""A group of fields: the path of the entry that has them, then its title."""
Formats = Mapping[str, Callable[[float], str]]

INDENT = theme.MARGIN
_SLIDER_STEPS = 24
"""Bounded numbers with at most so many steps get a slider."""


@dataclass
class Row:
    """One field as it is shown: label, control, the sentence under it when a value was refused, and its picture."""

    label: QLabel
    control: QWidget
    error: QLabel
    signature: tuple[Any, ...]
    show_value: Callable[[Any], None]
    folds: tuple[Fold, ...] = ()
    """The groups that must be open for it to be seen, from the outside in."""
    toggle: QToolButton | None = None
    pane: PicturePane | None = None

    def widgets(self) -> list[QWidget]:
        """Everything that goes when the row goes."""
        return [w for w in (self.label, self.control, self.error, self.toggle, self.pane) if w is not None]


@dataclass(frozen=True)
class Wanted:
    """A field that is to have a row."""

    path: Path
    field: Field
    value: Any
    folds: tuple[Fold, ...]

    @property
    def signature(self) -> tuple[Any, ...]:
        """What decides which control it needs: rows with another signature are made anew."""
        field = self.field
        return field.kind, field.constraint, field.chooses is None and slides(field, self.value), self.folds


class Heading(QWidget):
    """The title of a group: a click folds its fields away and says in a few words what in them is not as usual."""

    toggled = Signal(bool)
    """Whether the fields shall be seen."""

    def __init__(self, title: str, object_name: str, depth: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton()
        self.button.setObjectName(object_name)
        self.button.setText(title)
        self.button.setAccessibleName(title)
        self.button.setProperty("class", "heading")
        self.button.setCheckable(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(self.toggled)
        self.summary = ElidedLabel()
        self.summary.setProperty("class", "muted")
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(depth * INDENT, 0, 0, 0)
        row.setSpacing(theme.SPACING)
        row.addWidget(self.button)
        row.addWidget(self.summary, 1)
        row.addStretch()
        self.set_open(False)

    def set_open(self, open_: bool) -> None:
        """Show whether the fields can be seen; emits nothing."""
        self.button.setChecked(open_)
        icons.assign(self.button, "chevron-down" if open_ else "chevron-right", "muted")
        self.summary.setVisible(not open_)


def flatten(prefix: Path, field: Field, value: Any, found: list[Wanted], folds: tuple[Fold, ...] = ()) -> None:
    """The rows of a field: itself, then those of the entry it holds, its groups last."""
    if isinstance(field.constraint, Hidden):
        return
    path = (*prefix, field.name)
    if field.group:
        folds = (*folds, (*prefix, field.group))
    found.append(Wanted(path, field, value, folds))
    if field.chooses:
        inner = form(type(value))
        for plain in sorted(inner, key=lambda item: bool(item.group)):
            flatten(path, plain, getattr(value, plain.name), found, folds)


def make_row(
    wanted: Wanted,
    object_name: str,
    formats: Formats,
    offer: Callable[..., None],
    look: Callable[[str], str],
    *,
    sliders: bool = False,
) -> Row:
    """The widgets of a field.

    `offer(path, value, finished=…)` takes what the user gives; `look(text)` says what is wrong with a typed text.
    """
    path, field = wanted.path, wanted.field
    label = QLabel(theme.translate_catalog(field.label))
    label.setProperty("class", "muted")
    label.setIndent((len(path) - 1) * INDENT)
    error = QLabel()
    error.setProperty("class", "error")
    error.setObjectName(f"{object_name}.error")
    error.setWordWrap(True)
    error.hide()
    control, show_value = _make_control(wanted, object_name, formats, offer, look, sliders)
    row = Row(label, control, error, wanted.signature, show_value, wanted.folds)
    if isinstance(control, EntryCombo) and has_picture(field.chooses):
        row.toggle = _make_toggle(f"{object_name}.picture", label.text())
    return row


def _make_toggle(object_name: str, name: str) -> QToolButton:
    toggle = QToolButton()
    toggle.setObjectName(object_name)
    text = QCoreApplication.translate("form", "Picture of {name}").format(name=name)
    toggle.setAccessibleName(text)
    toggle.setToolTip(text)
    toggle.setProperty("class", "flat")
    toggle.setCheckable(True)
    toggle.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    toggle.setFixedSize(24, 24)
    icons.assign(toggle, "picture", "muted")
    return toggle


def _make_control(
    wanted: Wanted,
    object_name: str,
    formats: Formats,
    offer: Callable[..., None],
    look: Callable[[str], str],
    wide: bool,
) -> tuple[QWidget, Callable[[Any], None]]:
    path, field = wanted.path, wanted.field
    limits = field.constraint
    if field.chooses:
        combo = EntryCombo(field.chooses, object_name)
        combo.chosen.connect(lambda name: offer(path, entries(field.chooses or "")[name]()))
        return combo, combo.set_entry
    if field.kind is bool:
        box = QCheckBox()
        box.setObjectName(object_name)
        box.clicked.connect(lambda checked: offer(path, checked))
        return box, lambda shown: _silently(box, box.setChecked, shown)
    if isinstance(limits, Choice):
        options = ChoiceCombo(limits.options, object_name)
        options.chosen.connect(lambda option: offer(path, option))
        return options, options.set_choice
    if isinstance(limits, Text):
        text = TextField(look, limits.example, object_name)
        text.value_committed.connect(lambda given: offer(path, given))
        return text, text.set_value
    assert isinstance(limits, Range), f"{field.name} needs a Range to have a form"
    if wide:
        both = SliderNumber(theme.translate_catalog(field.label), limits, object_name, integer=field.kind is int)
        both.value_changed.connect(lambda given: offer(path, given, finished=False))
        both.value_committed.connect(lambda given: offer(path, given))
        return both, both.set_value
    if slides(field, wanted.value):
        return _make_slider(wanted, limits, object_name, formats, offer)
    number = NumberField(limits, object_name, integer=field.kind is int)
    number.value_committed.connect(lambda given: offer(path, given))

    def show_number(shown: float) -> None:
        if number.number() != shown:  # setting the same number would undo what is being typed
            number.set_value(shown)

    return number, show_number


def _make_slider(
    wanted: Wanted, limits: Range, object_name: str, formats: Formats, offer: Callable[..., None]
) -> tuple[QWidget, Callable[[Any], None]]:
    path, field = wanted.path, wanted.field
    whole = field.kind is int
    step = step_of(field)
    stepped = Range(limits.low, limits.high, step, limits.logarithmic)
    name = theme.translate_catalog(field.label)
    slider = LabelledSlider(name, stepped, object_name, formats.get(field.name, text_of(field)))
    slider.label.hide()
    convert: Callable[[float], float] = round if whole else float
    slider.value_changed.connect(lambda given: offer(path, convert(given), finished=False))
    slider.value_committed.connect(lambda given: offer(path, convert(given)))
    slider.setFocusProxy(slider.slider)
    return slider, slider.set_value


def step_of(field: Field) -> float | None:
    """The step of a number: declared, or 1 for a whole one."""
    limits = field.constraint
    assert isinstance(limits, Range)
    return limits.step or (1.0 if field.kind is int else None)


def slides(field: Field, value: Any) -> bool:
    """Whether a slider can show a number: few steps, and the value (from a file, say) lies on one of them."""
    limits = field.constraint
    if not isinstance(limits, Range) or limits.logarithmic or (step := step_of(field)) is None:
        return False
    count, position = (limits.high - limits.low) / step, (value - limits.low) / step
    return count <= _SLIDER_STEPS and abs(count - round(count)) < 1e-9 and abs(position - round(position)) < 1e-9


def summary(values: Mapping[Path, Wanted], fold: Fold) -> str:
    """What in a group is not as it would be by default, in a few words."""
    parts = []
    for wanted in values.values():
        if wanted.folds and wanted.folds[-1] == fold and len(wanted.path) == len(fold):
            if wanted.value == wanted.field.default:
                continue
            name = theme.translate_catalog(wanted.field.label)
            if isinstance(wanted.value, Entry):
                parts.append(f"{name}: {theme.translate_catalog(wanted.value.label)}")
            elif isinstance(wanted.value, bool):
                parts.append(f"{name} {'✓' if wanted.value else '✗'}")
            else:
                number = isinstance(wanted.value, int | float)
                shown = text_of(wanted.field)(wanted.value) if number else str(wanted.value)
                parts.append(f"{name} {shown}")
    return " · ".join(parts)


def text_of(field: Field) -> Callable[[float], str]:
    """How a number of a field is written: with its unit."""
    limits = field.constraint
    unit = suffix_of(limits) if isinstance(limits, Range) else ""
    steps_whole = isinstance(limits, Range) and float(limits.step or 0.5).is_integer()

    def text(value: float) -> str:
        whole = field.kind is int or (steps_whole and float(value).is_integer())
        return (str(round(value)) if whole else format_number(value, 2)) + unit

    return text


def _silently(widget: QWidget, setter: Callable[[Any], object], value: Any) -> None:
    with QSignalBlocker(widget):
        setter(value)
