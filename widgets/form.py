"""A form made from declarations: one row per field, nested entries indented below the choice that holds them.

Fields that belong to a group stand under its heading, which folds them away; a choice of entries can show its picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.catalog.registry import Entry, Field, entries, form
from engine.document.errors import PlaygroundError
from widgets import theme
from widgets.choices import EntryCombo
from widgets.form_rows import Fold, Formats, Heading, Path, Row, Wanted, flatten, make_row, summary
from widgets.form_texts import describe_field, say
from widgets.pictures import Context
from widgets.pictures.view import PicturePane
from widgets.text_field import TextField

__all__ = ["EntryForm", "FieldForm", "Path", "with_field"]

_LABEL_WIDTH = 64


def with_field(entry: Any, path: Path, value: Any) -> Any:
    """A copy of an entry with the field at a path changed. Raises InvalidValueError for a value it cannot hold."""
    name, *rest = path
    inner = with_field(getattr(entry, name), tuple(rest), value) if rest else value
    return entry.replace(**{name: inner})


class FieldForm(QWidget):
    """Rows for fields and their values. A setter keeps the rows that stay, with their focus and what is being typed."""

    changed = Signal(tuple, object, bool)
    """Path of a field, the value the user gave it, and whether the gesture (a drag) is finished."""
    compare_requested = Signal(tuple)
    """Path of a choice whose entries the user wants to see beside each other."""
    unfolded_changed = Signal()
    """The user opened or closed a group or a picture."""
    opened = Signal(QWidget)
    """What has just come to light below what the user clicked."""

    def __init__(
        self,
        object_name: str,
        check: Callable[[Path, Any], object],
        formats: Formats = MappingProxyType({}),
        parent: QWidget | None = None,
        *,
        sliders: bool = False,
    ) -> None:
        """`check(path, value)` raises a PlaygroundError for a value that must be refused.

        `formats` says, by name of field, how a slider writes its value; `sliders` gives every number a slider.
        """
        super().__init__(parent)
        self.setObjectName(object_name)
        self._check = check
        self._formats = formats
        self._sliders = sliders
        self._rows: dict[Path, Row] = {}
        self._wanted: dict[Path, Wanted] = {}
        self._headings: dict[Fold, Heading] = {}
        self._accessories: dict[Path, QWidget] = {}
        self._chain: list[QWidget] = []
        self._unfolded: set[str] = set()
        self._context: Callable[[Path], Context] = lambda _path: Context()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACING)
        self._grid.setVerticalSpacing(theme.SPACING)
        self._grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
        self._grid.setColumnStretch(1, 1)

    def set_fields(self, fields: Sequence[tuple[Field, Any]]) -> None:
        """Show fields with their values: first those without a group, then group by group, in their order."""
        found: list[Wanted] = []
        for field, value in sorted(fields, key=lambda item: _place(fields, item[0])):
            flatten((), field, value, found)
        wanted = {item.path: item for item in found}
        kept = {
            path: row for path, row in self._rows.items() if path in wanted and row.signature == wanted[path].signature
        }
        for path, row in self._rows.items():
            if path not in kept:
                _drop(*row.widgets())
        values = {path: item.value for path, item in self._wanted.items()}
        rows: dict[Path, Row] = {}
        for path, item in wanted.items():
            if path in kept:
                row = kept[path]
                row.error.setHidden(row.error.isHidden() or item.value != values[path])
            else:
                row = self._make_row(item)
            row.show_value(item.value)
            rows[path] = row
        arranged = len(kept) < len(rows) or list(rows) != list(self._rows)
        self._rows, self._wanted = rows, wanted
        self._keep_headings()
        if arranged:
            self._arrange()
        self._show_summaries()
        self.refresh_pictures()

    def set_accessory(self, name: str, widget: QWidget) -> None:
        """Put a widget (a button) at the right of a field that is yet to be shown."""
        self._accessories[(name,)] = widget

    def set_context(self, context: Callable[[Path], Context]) -> None:
        """What the picture of the choice at a path depends on besides the entry; asked for when one is drawn."""
        self._context = context

    def context(self, path: Path) -> Context:
        """What the picture of the choice at a path depends on."""
        return self._context(path)

    def refresh_pictures(self) -> None:
        """Bring the pictures that can be seen in line with the entries and what they depend on."""
        for path, row in self._rows.items():
            if row.pane is not None and not row.pane.isHidden():
                row.pane.set_entry(self._wanted[path].value, self._context(path))

    def shows_picture(self, *path: str) -> bool:
        """Whether the picture of the choice at a path is open and can be seen."""
        row = self._rows.get(path)
        return row is not None and row.pane is not None and row.pane.isVisible()

    def unfolded(self) -> frozenset[str]:
        """The names of the groups and pictures that are open."""
        return frozenset(self._unfolded)

    def set_unfolded(self, names: Iterable[str]) -> None:
        """Open these groups and pictures and close the others; emits nothing."""
        self._unfolded = set(names)
        self._arrange()
        self.refresh_pictures()

    def foldable(self) -> list[str]:
        """The names of all groups and pictures that can be open now."""
        pictures = [_picture_name(path) for path, row in self._rows.items() if row.toggle is not None]
        return [*(_fold_name(fold) for fold in self._headings), *pictures]

    def heading(self, *fold: str) -> Heading:
        """The heading of a group, by the path of the entry that has it and its title. Raises KeyError."""
        return self._headings[fold]

    def toggle(self, *path: str) -> QWidget | None:
        """The button that opens the picture of a choice, if it has one."""
        return self._rows[path].toggle

    def pane(self, *path: str) -> PicturePane | None:
        """The picture of a choice, once it was opened."""
        return self._rows[path].pane

    def value(self, *path: str) -> Any:
        """The value shown at a path. Raises KeyError when it has no row."""
        return self._wanted[path].value

    def control(self, *path: str) -> QWidget:
        """The control of the field at a path. Raises KeyError when it has no row."""
        return self._rows[path].control

    def error_text(self, *path: str) -> str:
        """The sentence shown under a field, or nothing."""
        error = self._rows[path].error
        return "" if error.isHidden() else error.text()

    def chain(self) -> list[QWidget]:
        """What can have the focus, in the order of Tab; some of it may be folded away."""
        return self._chain

    def paths(self) -> list[Path]:
        """The fields that have a row, from top to bottom."""
        return list(self._rows)

    # --- rows ------------------------------------------------------------------------------------------------------

    def _make_row(self, wanted: Wanted) -> Row:
        path, object_name = wanted.path, ".".join((self.objectName(), *wanted.path))
        row = make_row(
            wanted,
            object_name,
            self._formats,
            self.offer,
            lambda text: self._refusal(path, text),
            sliders=self._sliders,
        )
        name, tip, control = row.label.text(), describe_field(wanted.field), row.control
        control.setAccessibleName(name)
        row.label.setToolTip(tip)
        if not isinstance(control, EntryCombo):
            control.setToolTip(tip)
        row.label.setBuddy(control)
        if isinstance(control, EntryCombo):
            control.set_context(lambda: self._context(path))
        if isinstance(control, TextField):
            control.typed.connect(lambda text, wrong: self._show_typed(path, text, wrong))
        if row.toggle is not None:
            row.toggle.clicked.connect(lambda checked: self._unfold(_picture_name(path), checked))
        return row

    def offer(self, path: Path, value: Any, *, finished: bool = True) -> None:
        """Take a value as if the user had given it; say under the field why it is one that cannot be held."""
        row = self._rows[path]
        refusal = self._refusal(path, value)
        if refusal:
            row.error.setText(refusal)
            row.error.show()
            row.show_value(self._wanted[path].value)
            return
        for other in self._rows.values():
            if not (isinstance(other.control, TextField) and other.control.property("invalid")):
                other.error.hide()
        self.changed.emit(path, value, finished)

    def _refusal(self, path: Path, value: Any) -> str:
        try:
            self._check(path, value)
        except PlaygroundError as error:
            return say(error.sentence)
        return ""

    def _show_typed(self, path: Path, text: str, wrong: str) -> None:
        """Say what is wrong with a text, or show in the picture of its entry what it would do."""
        row = self._rows[path]
        row.error.setText(wrong)
        row.error.setVisible(bool(wrong))
        owner = self._rows.get(path[:-1])
        if not wrong and owner is not None and owner.pane is not None and not owner.pane.isHidden():
            entry = with_field(self._wanted[path[:-1]].value, path[-1:], text)
            owner.pane.set_entry(entry, self._context(path[:-1]))

    # --- groups and pictures ---------------------------------------------------------------------------------------

    def _keep_headings(self) -> None:
        folds = dict.fromkeys(fold for item in self._wanted.values() for fold in item.folds)
        for fold in [fold for fold in self._headings if fold not in folds]:
            _drop(self._headings.pop(fold))
        for fold in folds:
            if fold not in self._headings:
                name = _fold_name(fold)
                heading = Heading(theme.translate_catalog(fold[-1]), f"{self.objectName()}.{name}", len(fold) - 1)
                heading.toggled.connect(lambda open_, name=name: self._unfold(name, open_))
                self._headings[fold] = heading

    def _show_summaries(self) -> None:
        for fold, heading in self._headings.items():
            heading.summary.setText(summary(self._wanted, fold))

    def _unfold(self, name: str, open_: bool) -> None:
        (self._unfolded.add if open_ else self._unfolded.discard)(name)
        self._arrange()
        self.refresh_pictures()
        self.unfolded_changed.emit()
        if open_:
            shown = [row.pane for path, row in self._rows.items() if _picture_name(path) == name]
            inner = [row.control for row in self._rows.values() if row.folds and _fold_name(row.folds[-1]) == name]
            for widget in (*shown, *inner[-1:]):
                if widget is not None:
                    self.opened.emit(widget)

    def _arrange(self) -> None:
        """Lay all rows out again; widgets keep their focus while they move."""
        for part in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            self._grid.removeWidget(part)  # an item that is only taken lives on and hides from Qt that heights change
        chain: list[QWidget] = []
        line, placed = 0, set[Fold]()
        for path, row in self._rows.items():
            for depth, fold in enumerate(row.folds):
                if fold not in placed:
                    placed.add(fold)
                    heading = self._headings[fold]
                    self._grid.addWidget(heading, line, 0, 1, 3)  # first: a part without a parent is a window
                    heading.set_open(_fold_name(fold) in self._unfolded)
                    heading.setVisible(self._open(row.folds[:depth]))
                    chain.append(heading.button)
                    line += 1
            line = self._place(path, row, line, chain, self._open(row.folds))
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)
        self._chain = chain
        self.updateGeometry()

    def _place(self, path: Path, row: Row, line: int, chain: list[QWidget], seen: bool) -> int:
        """Put a row's widgets into the grid from a line on; the line below them."""
        accessory = self._accessories.get(path)
        beside = accessory or row.toggle
        self._grid.addWidget(row.label, line, 0)
        self._grid.addWidget(row.control, line, 1, 1, 2 if beside is None else 1)
        self._grid.addWidget(row.error, line + 1, 0, 1, 3)
        row.label.setVisible(seen)
        row.control.setVisible(seen)
        if not seen:
            row.error.hide()
        chain.append(row.control)
        if beside is not None:
            self._grid.addWidget(beside, line, 2)
            beside.setVisible(seen)
            chain.append(beside)
        if row.toggle is not None:
            drawn = _picture_name(path) in self._unfolded
            row.toggle.setChecked(drawn)
            if drawn and row.pane is None:
                row.pane = self._make_pane(path)
            if row.pane is not None:
                self._grid.addWidget(row.pane, line + 2, 0, 1, 3)
                row.pane.setVisible(seen and drawn)
                chain.append(row.pane.button)
        return line + 3

    def _make_pane(self, path: Path) -> PicturePane:
        pane = PicturePane(".".join((self.objectName(), *path, "pane")))
        pane.compare_requested.connect(lambda: self.compare_requested.emit(path))
        pane.set_entry(self._wanted[path].value, self._context(path))
        return pane

    def _open(self, folds: tuple[Fold, ...]) -> bool:
        return all(_fold_name(fold) in self._unfolded for fold in folds)


class EntryForm(FieldForm):
    """The form of one entry of the catalogue."""

    def __init__(
        self,
        object_name: str = "form",
        formats: Mapping[str, Callable[[float], str]] = MappingProxyType({}),
        parent: QWidget | None = None,
        *,
        sliders: bool = False,
    ) -> None:
        super().__init__(object_name, self._try, formats, parent, sliders=sliders)
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


def _place(fields: Sequence[tuple[Field, Any]], field: Field) -> int:
    """0 for a field without a group, then the number of its group in order of appearance."""
    groups = list(dict.fromkeys(item.group for item, _ in fields if item.group))
    return groups.index(field.group) + 1 if field.group else 0


def _fold_name(fold: Fold) -> str:
    return ".".join(fold)


def _picture_name(path: Path) -> str:
    return ".".join((*path, "picture"))


def _drop(*widgets: QWidget) -> None:
    for widget in widgets:
        widget.hide()
        widget.setParent(None)
        widget.deleteLater()


def _sample() -> QWidget:
    widget = EntryForm("sample.form")
    widget.set_unfolded(("activation.picture", "Initial values"))
    widget.set_entry(entries("layers")["Dense"](activation=entries("activations")["leaky_relu"]()))
    widget.changed.connect(lambda path, value, _: widget.set_entry(with_field(widget.entry(), path, value)))
    widget.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    widget.resize(328, 520)
    return widget


if __name__ == "__main__":
    theme.demo(_sample)
