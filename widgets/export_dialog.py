"""Taking a network away: what form, what the file will hold, where it goes, and the proof that it is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.catalog.registry import Entry
from widgets import icons, theme
from widgets.controls import ElidedLabel
from widgets.form import EntryForm, with_field
from widgets.source_view import SourceView

SIZE = QSize(960, 660)
_LIST = 216
_NAME = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Offer:
    """A form of export as the list shows it. `options` is the entry whose fields are its options, if it has any."""

    name: str
    label: str
    group: str
    suffix: str
    description: str
    options: Entry | None = None
    refusal: str = ""
    """Why this network cannot be exported so."""
    proven: bool = False
    """Whether an independent reader can prove it."""


class ExportDialog(QDialog):
    """Shows the forms of export; what the user wants to see or to write comes out as a signal."""

    looked_at = Signal(str, object)
    """Name and options of the form whose files shall be shown."""
    wanted = Signal(str, object, str, bool)
    """Name and options of a form, the path of its main file, and whether it shall be proven."""
    choose_requested = Signal(str)
    """The user wants to choose the place of a file whose name ends so."""
    cancelled = Signal()
    folder_requested = Signal(str)
    """The user wants to see the folder of what was written."""

    def __init__(self, offers: Sequence[Offer], path: str, parent: QWidget | None = None) -> None:
        """`path` is that of the main file without its suffix. No form is chosen until `choose_form`."""
        super().__init__(parent)
        self.setObjectName("export")
        self.setWindowTitle(self.tr("Export"))
        self.setAccessibleName(self.windowTitle())
        self._offers = {offer.name: offer for offer in offers}
        self._options: dict[str, Entry | None] = {offer.name: offer.options for offer in offers}
        self._written = ""
        self._busy = False
        self._build()
        self._lay_out()
        self._fill()
        self.resize(SIZE)
        self.set_stem(path)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.list = QListWidget()
        self.list.setObjectName("export.forms")
        self.list.setAccessibleName(self.tr("Forms of export"))
        self.list.setFixedWidth(_LIST)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentItemChanged.connect(lambda item, _before: self._show_form(item))
        self.title = QLabel()
        self.title.setObjectName("export.title")
        self.title.setProperty("class", "title")
        self.description = _paragraph("export.description")
        self.description.setProperty("class", "muted")
        self.form = EntryForm("export.form")
        self.form.changed.connect(self._set_option)
        self.source = SourceView("export.preview")
        self.picture = QLabel()
        self.picture.setObjectName("export.picture")
        self.picture.setAccessibleName(self.tr("Preview"))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        scrolled = QScrollArea()
        scrolled.setWidget(self.picture)
        scrolled.setWidgetResizable(True)
        self.preview = QStackedWidget()
        self.preview.addWidget(self.source)
        self.preview.addWidget(scrolled)
        self.files = ElidedLabel()
        self.files.setObjectName("export.files")
        self.files.setProperty("class", "muted")
        self.path = QLineEdit()
        self.path.setObjectName("export.path")
        self.path.setAccessibleName(self.tr("File"))
        self.path.textChanged.connect(lambda _text: self._enable())
        self.choose = self._button("choose", self.tr("Choose…"))
        self.choose.clicked.connect(lambda: self.choose_requested.emit(self._offer().suffix))
        self.prove = QCheckBox(self.tr("Prove it: let an independent program read it and compare its answers"))
        self.prove.setObjectName("export.prove")
        self.prove.setAccessibleName(self.prove.text())
        self.prove.setChecked(True)
        self.bar = QProgressBar()
        self.bar.setObjectName("export.progress")
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 0)
        self.bar.setFixedSize(96, theme.UNIT)
        self.sign = QLabel()
        self.sign.setFixedWidth(theme.ICON)
        self.outcome = _paragraph("export.outcome")
        self.outcome.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open_folder = self._button("folder", self.tr("Open folder"))
        self.open_folder.clicked.connect(lambda: self.folder_requested.emit(str(Path(self._written).parent)))
        self.close_button = self._button("close", self.tr("Close"))
        self.close_button.clicked.connect(self.reject)
        self.export = self._button("export", self.tr("Export"))
        self.export.setProperty("class", "primary")
        self.export.setDefault(True)
        self.export.clicked.connect(self._export)

    def _button(self, name: str, text: str) -> QPushButton:
        made = QPushButton(text)
        made.setObjectName(f"export.{name}")
        made.setAccessibleName(text.rstrip("…"))
        made.setAutoDefault(False)
        return made

    def _lay_out(self) -> None:
        page = QVBoxLayout()
        page.setSpacing(theme.SPACING)
        page.addWidget(self.title)
        page.addWidget(self.description)
        page.addWidget(self.form)
        page.addWidget(self.preview, 1)
        page.addWidget(self.files)
        upper = QHBoxLayout()
        upper.setSpacing(theme.MARGIN)
        upper.addWidget(self.list)
        upper.addLayout(page, 1)
        place = QHBoxLayout()
        place.setSpacing(theme.SPACING)
        place.addWidget(QLabel(self.tr("File")))
        place.addWidget(self.path, 1)
        place.addWidget(self.choose)
        outcome = QHBoxLayout()
        outcome.setSpacing(theme.SPACING)
        outcome.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignVCenter)
        outcome.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignVCenter)
        outcome.addWidget(self.outcome, 1)
        foot = QHBoxLayout()
        foot.setSpacing(theme.SPACING)
        foot.addLayout(outcome, 1)
        foot.addWidget(self.open_folder)
        foot.addWidget(self.close_button)
        foot.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addLayout(upper, 1)
        column.addLayout(place)
        column.addWidget(self.prove)
        column.addLayout(foot)

    def _fill(self) -> None:
        group = ""
        for offer in self._offers.values():
            if offer.group != group:
                group = offer.group
                heading = QListWidgetItem(group, self.list)
                heading.setFont(theme.font(theme.SMALL, QFont.Weight.DemiBold))
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
            item = QListWidgetItem(offer.label, self.list)
            item.setData(_NAME, offer.name)
            item.setToolTip(offer.refusal or offer.description)
            if offer.refusal:
                item.setForeground(self.palette().placeholderText())

    # --- values in -------------------------------------------------------------------------------------------------

    def choose_form(self, name: str) -> None:
        """Choose a form; the first possible one for a name that is unknown or impossible now."""
        possible = [offer.name for offer in self._offers.values() if not offer.refusal] or list(self._offers)
        wanted = name if name in possible else possible[0]
        row = next(row for row in range(self.list.count()) if self.list.item(row).data(_NAME) == wanted)
        self.list.setCurrentRow(row)

    def form_name(self) -> str:
        """The name of the form that is chosen."""
        return self._offer().name

    def set_stem(self, path: str) -> None:
        """Say where the file will lie, without the suffix of its name."""
        self._stem = path
        self.path.setText(path + self._offer().suffix)

    def set_preview(self, preview: str | QPixmap, files: Mapping[str, int]) -> None:
        """Show what the files will hold, and their sizes in bytes; emits nothing."""
        if isinstance(preview, QPixmap):
            self.picture.setPixmap(preview)
            self.preview.setCurrentIndex(1)
        else:
            self.source.set_source(preview, self._offer().suffix)
            self.preview.setCurrentIndex(0)
        locale, form = QLocale(), QLocale.DataSizeFormat.DataSizeSIFormat
        sizes = [f"{name} ({locale.formattedDataSize(size, 1, form)})" for name, size in files.items()]
        self.files.setText(" · ".join(sizes))
        if not self._busy:
            self._say("", "")
        self._enable()

    def set_stage(self, words: str) -> None:
        """Say what is being done; the rest waits."""
        self._busy = True
        self._say("", words)
        self._enable()

    def set_done(self, path: str, words: str, severity: str) -> None:
        """Say what came of it: severity "success" or "error"; `path` is that of the file that was written."""
        self._busy, self._written = False, path
        self._say(severity, words)
        self._enable()

    def set_failed(self, words: str) -> None:
        """Say why nothing came of it."""
        self._busy = False
        self.files.setText("")
        self._say("error", words)
        self._enable()

    # --- what the user does ----------------------------------------------------------------------------------------

    def keyPressEvent(self, event: Any) -> None:
        """Escape gives up what is under way before it closes."""
        if event.key() == Qt.Key.Key_Escape and self._busy:
            self._cancel()
        else:
            super().keyPressEvent(event)

    def reject(self) -> None:
        """Close; what is under way is given up."""
        if self._busy:
            self._cancel()
        super().reject()

    def _offer(self) -> Offer:
        item = self.list.currentItem()
        name = item.data(_NAME) if item is not None else None
        return self._offers[name] if name in self._offers else next(iter(self._offers.values()))

    def _show_form(self, item: QListWidgetItem | None) -> None:
        if item is None or item.data(_NAME) is None:
            return
        offer, before = self._offer(), self.path.text()
        self.title.setText(offer.label)
        self.description.setText(offer.description)
        options = self._options[offer.name]
        self.form.set_entry(options)
        self.form.setVisible(options is not None and bool(type(options).field_names))
        suffixes = sorted((each.suffix for each in self._offers.values()), key=len, reverse=True)
        stem = next((before.removesuffix(suffix) for suffix in suffixes if before.endswith(suffix)), before)
        self.set_stem(stem or self._stem)
        self.prove.setVisible(offer.proven)
        self._written = ""
        self._look()

    def _set_option(self, path: tuple[str, ...], value: Any, finished: bool) -> None:
        name = self._offer().name
        self._options[name] = with_field(self._options[name], path, value)
        self.form.set_entry(self._options[name])
        if finished:
            self._look()

    def _look(self) -> None:
        offer = self._offer()
        if offer.refusal:
            self.source.set_source("")
            self.preview.setCurrentIndex(0)
            self.set_failed(offer.refusal)
            return
        self._say("", self.tr("Making a preview…"), working=True)
        self._enable()
        self.looked_at.emit(offer.name, self._options[offer.name])

    def _export(self) -> None:
        if self._busy:
            self._cancel()
            return
        offer, path = self._offer(), self.path.text().strip()
        if not path.endswith(offer.suffix):
            path += offer.suffix
            self.path.setText(path)
        self._written = ""
        self.wanted.emit(offer.name, self._options[offer.name], path, offer.proven and self.prove.isChecked())

    def _cancel(self) -> None:
        self._busy = False
        self._say("", self.tr("Cancelled: nothing was written."))
        self._enable()
        self.cancelled.emit()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def _say(self, severity: str, words: str, *, working: bool = False) -> None:
        self.outcome.setText(words)
        self.sign.setVisible(bool(severity))
        if severity:
            self.sign.setPixmap(icons.icon(severity, severity).pixmap(theme.ICON))
        self.bar.setVisible(self._busy or working)

    def _enable(self) -> None:
        offer = self._offer()
        for part in (self.list, self.form, self.path, self.choose, self.prove, self.close_button):
            part.setEnabled(not self._busy)
        self.export.setText(self.tr("Cancel") if self._busy else self.tr("Export"))
        self.export.setAccessibleName(self.export.text())
        self.export.setEnabled(self._busy or (not offer.refusal and bool(self.path.text().strip())))
        self.open_folder.setVisible(bool(self._written) and not self._busy)


def _paragraph(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _sample() -> QWidget:
    from engine.catalog.registry import entries

    offers = [
        Offer(name, cls.label, cls.group, cls.suffix, cls.description, cls(), proven=True)
        for name, cls in entries("formats").items()
    ]
    dialog = ExportDialog(offers, "/home/ada/spiral")
    dialog.choose_form("numpy")
    dialog.set_preview("import numpy as np\n\n\ndef predict(x):\n    return np.tanh(x)\n", {"spiral.py": 2345})
    dialog.set_done("/home/ada/spiral.py", "spiral.py gives the same answers in Python 3.11", "success")
    return dialog


if __name__ == "__main__":
    theme.demo(_sample)
