"""The data: which set, its fields, how it is split and batched, and the columns the network gets to see."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QLocale, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from engine.catalog.datasets.images import ImageDataset
from engine.catalog.registry import Field, entries, form
from engine.document.graph import SEEDS, Data, Document, Training
from widgets import icons, theme
from widgets.controls import Chip, FlowLayout, NumberField
from widgets.drawing import DrawingTools
from widgets.form import FieldForm, Path, with_field
from widgets.form_texts import describe_entry
from widgets.heatmap import Tool
from widgets.image_box import ImageBox
from widgets.image_strip import SamplePreview
from widgets.table_box import TableBox
from widgets.thumbnails import Thumbnails

_TRAIN_SHARE = next(field for field in form(Data) if field.name == "train_share")
_BATCH_SIZE = next(field for field in form(Training) if field.name == "batch_size")
_DATA_SEED = Field("data_seed", int, SEEDS, 1)
_DRAWN = "drawn"
_WIDTH = 240


class DataPanel(QScrollArea):
    """Everything about the data. It shows a document; what the user wants changed comes out as signals."""

    dataset_chosen = Signal(str)
    """Name of the data set to use from now on."""
    data_field_changed = Signal(str, object, bool)
    """Field of the data set, its value, whether the drag is finished."""
    train_share_changed = Signal(float, bool)
    """Share of the samples to learn from, whether the drag is finished."""
    batch_size_changed = Signal(int)
    data_seed_changed = Signal(int)
    column_toggled = Signal(str)
    """Name of the column that the input card shall begin or cease to pass on."""
    drawing_changed = Signal(object)
    """What a drag on the map shall do: a class number, "erase", or None."""
    clear_drawn = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data")
        self.setAccessibleName(self.tr("Data"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._document: Document | None = None
        self.thumbnails = Thumbnails()
        self.thumbnails.chosen.connect(self.dataset_chosen)
        self.tools = DrawingTools()
        self.tools.tool_chosen.connect(self.drawing_changed)
        self.tools.cleared.connect(self.clear_drawn)
        self.tools.hide()
        self.table_box = TableBox()
        self.image_box = ImageBox()
        self.preview = SamplePreview()
        self.preview.hide()
        self.split = QLabel()
        self.split.setObjectName("data.split")
        self.split.setProperty("class", "muted")
        self.split.setWordWrap(True)
        self.split.hide()
        self.form = FieldForm("data", self._try, _FORMATS)
        self.form.changed.connect(self._pass_on)
        self.reroll_button = QToolButton()
        self.reroll_button.setObjectName("data.draw_new")
        self.reroll_button.setAccessibleName(self.tr("Draw new data"))
        self.reroll_button.setToolTip(self.tr("Draw new data: the same set with the next seed"))
        self.reroll_button.setProperty("class", "flat")
        self.reroll_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(self.reroll_button, "reroll")
        self.reroll_button.clicked.connect(self._draw_new)
        self.form.set_accessory("data_seed", self.reroll_button)
        self._caption = QLabel()
        self._caption.setProperty("class", "muted")
        self._caption.hide()
        self._chips: dict[str, Chip] = {}
        self._columns: tuple[str, ...] = ()
        self._chip_box = QWidget()
        self._chip_box.setObjectName("data.columns")
        self._flow = FlowLayout(self._chip_box, spacing=theme.UNIT)
        self._body = QWidget()
        self._column = column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        images = self.image_box, self.preview, self.split
        for part in (self.thumbnails, self.table_box, *images, self.tools, self.form, self._caption, self._chip_box):
            column.addWidget(part)
        column.addStretch(1)
        self.setWidget(self._body)

    def sizeHint(self) -> QSize:
        """As tall as everything in it, so that a dock gives it no more."""
        width = max(_WIDTH, self._body.minimumSizeHint().width())
        return QSize(width, self._column.heightForWidth(width))

    def set_document(self, document: Document, input_node_id: str | None) -> None:
        """Show the data of a document and the columns of one of its input cards (None: there is none)."""
        self._document = document
        data = document.data
        self.thumbnails.set_choice(data.dataset.name)
        self.table_box.set_dataset(data.dataset)
        own = sorted(form(type(data.dataset)), key=lambda field: field.name == "samples")  # what is tried most first
        fields: list[tuple[Field, Any]] = [(field, getattr(data.dataset, field.name)) for field in own]
        common = [
            (_TRAIN_SHARE, data.train_share),
            (_BATCH_SIZE, document.training.batch_size),
            (_DATA_SEED, data.seed),
        ]
        published = data.dataset.split_is_published  # then nothing is drawn and nobody splits
        fields += [item for item in common if item[0] is _BATCH_SIZE or not published]
        self.form.set_fields(fields)
        self.reroll_button.setVisible(not published)
        self._show_images(data)
        drawn = data.dataset.name == _DRAWN
        self.tools.setVisible(drawn)
        if drawn:
            self.tools.set_class_count(data.dataset.class_count)
            self.tools.set_empty(data.dataset.sample_count == 0)
        self._set_columns(document, input_node_id)

    def drawing_tool(self) -> Tool:
        """What a drag on the map does now: a class number, "erase", or None, as always with data that is not drawn."""
        document = self._document
        return self.tools.tool() if document is not None and document.data.dataset.name == _DRAWN else None

    def note(self) -> str:
        """Which data there is, for the head of the panel: "spiral · 500 points"."""
        if self._document is None:
            return ""
        dataset = self._document.data.dataset
        count = dataset.sample_count
        if dataset.plane:
            text = self.tr("1 point") if count == 1 else self.tr("{count} points")
        else:
            text = self.tr("1 sample") if count == 1 else self.tr("{count} samples")
        return f"{theme.translate_catalog(dataset.title)} · {text.format(count=QLocale().toString(count))}"

    def chip(self, column: str) -> Chip:
        """The switch of a column. Raises KeyError."""
        return self._chips[column]

    def _show_images(self, data: Data) -> None:
        dataset = data.dataset
        images = dataset if isinstance(dataset, ImageDataset) else None
        self.preview.setVisible(images is not None)
        self.preview.set_dataset(images)
        self.split.setVisible(dataset.split_is_published)
        if images is None:
            return
        limit = self.form.control("limit")
        if isinstance(limit, NumberField):
            limit.setSpecialValueText(self.tr("all of them"))
        if dataset.split_is_published:
            count, learnt = dataset.sample_count, dataset.train_count(data.train_share)
            text = self.tr("{train} to learn from, {test} to test, as published")
            locale = QLocale()
            self.split.setText(text.format(train=locale.toString(learnt), test=locale.toString(count - learnt)))

    def _set_columns(self, document: Document, input_node_id: str | None) -> None:
        dataset = document.data.dataset
        columns = tuple(dataset.columns)
        if columns != self._columns:
            self._make_chips(columns)
        layer = document.node(input_node_id).layer if input_node_id is not None else None
        chosen = () if layer is None else getattr(layer, "columns", ()) or dataset.default_columns
        for name, chip in self._chips.items():
            chip.setChecked(name in chosen)
            chip.setEnabled(layer is not None)
        inputs = [node for node in document.nodes if node.layer.takes[1] == 0]
        self._caption.setVisible(bool(columns) and len(inputs) != 1)
        self._caption.setText(
            self.tr("The network has no input card yet.")
            if layer is None
            else self.tr("what {card} passes on").format(card=input_node_id)
        )

    def _make_chips(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._flow.clear()
        features, self._chips = entries("features"), {}
        for name in columns:
            cls = features.get(name)
            chip = Chip(theme.translate_catalog(cls.label) if cls else name, f"data.column.{name}", self._chip_box)
            if cls is not None:
                chip.setToolTip(describe_entry(cls))
            chip.clicked.connect(lambda checked, name=name: self._toggle(name, checked))
            self._flow.addWidget(chip)
            self._chips[name] = chip
            chip.show()
        self._chip_box.setVisible(bool(columns))

    def _toggle(self, name: str, checked: bool) -> None:
        self._chips[name].setChecked(not checked)  # the document decides: its last column stays on
        self.column_toggled.emit(name)

    def _try(self, path: Path, value: Any) -> None:
        assert self._document is not None
        name = path[0]
        if name == _TRAIN_SHARE.name:
            self._document.set_data(train_share=value)
        elif name == _DATA_SEED.name:
            self._document.set_data(seed=value)
        elif name == _BATCH_SIZE.name:
            dataclasses.replace(self._document.training, batch_size=value)
        else:
            with_field(self._document.data.dataset, path, value)

    def _pass_on(self, path: Path, value: Any, finished: bool) -> None:
        name = path[0]
        if name == _TRAIN_SHARE.name:
            self.train_share_changed.emit(value, finished)
        elif name == _DATA_SEED.name:
            self.data_seed_changed.emit(value)
        elif name == _BATCH_SIZE.name:
            self.batch_size_changed.emit(value)
        else:
            self.data_field_changed.emit(name, value, finished)

    def _draw_new(self) -> None:
        if self._document is not None:
            self.data_seed_changed.emit((self._document.data.seed + 1) % (int(SEEDS.high) + 1))


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


_FORMATS = MappingProxyType({"train_share": _share})


def _sample() -> QWidget:
    from engine.document.graph import Network

    layers = entries("layers")
    document = Document((Network(),), Data(entries("datasets")["spiral"](noise=10.0)))
    document = document.add(layers["Input"]()).append(layers["Dense"]())
    panel = DataPanel()
    panel.set_document(document, "input_1")
    panel.resize(240, 420)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
