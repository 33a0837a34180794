"""One map large: its kernel over the input patch under the pointer, and the multiply-add written out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSizeF, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from widgets import icons, theme
from widgets.controls import ElidedLabel
from widgets.looking_panel import SIDE, Stepper, is_wide, turn
from widgets.maps_layout import SeenLayer
from widgets.maps_terms import LARGEST, MEAN, PRODUCTS, Written
from widgets.maps_terms_board import TermsBoard
from widgets.maps_texts import unit_name
from widgets.maps_values import Arrays, MapValues


class MapDetail(QWidget):
    """One unit of a layer with its value written out, and the way back."""

    closed = Signal()
    pixel_moved = Signal()
    unit_chosen = Signal(str, int)
    """The user went to another unit of the card."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers_see.detail")
        self._layers: dict[str, SeenLayer] = {}
        self._settled = True
        """Whether the value to begin with is chosen: for that its map must be known."""
        self.board = TermsBoard()
        self.board.pixel_moved.connect(self._on_moved)
        self.board.channel_moved.connect(self._describe)
        self.board.unit_stepped.connect(self._step)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self.board)
        self._scroll.viewport().setAutoFillBackground(False)
        self.board.setAutoFillBackground(False)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._make_head()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(theme.MARGIN)
        self._box.addWidget(self._head)
        self._box.addWidget(self._scroll, 1)

    def _make_head(self) -> None:
        self._head = QWidget()
        self._head.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.back = QPushButton(self.tr("All layers"))
        self.back.setObjectName("layers_see.back")
        self.back.setAccessibleName(self.back.text())
        self.back.setToolTip(self.tr("Back to all layers (Escape)"))
        self.back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(self.back, "chevron-left", "text")
        self.back.clicked.connect(self.closed)
        self.title = ElidedLabel()
        self.title.setProperty("class", "title")
        self.stepper = Stepper(
            ("layers_see.unit_before", self.tr("The unit before (Page Up)")),
            ("layers_see.unit_after", self.tr("The next unit (Page Down)")),
        )
        self.stepper.stepped.connect(self._step)
        self.place = QLabel()
        self.place.setProperty("class", "muted")
        self.place.setTextFormat(Qt.TextFormat.PlainText)
        self._head_box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._head)
        self._head_box.setContentsMargins(0, 0, 0, 0)
        self._head_box.setSpacing(theme.SPACING)
        self._head_box.addWidget(self.back)
        for widget in (self.title, self.stepper, self.place):
            self._head_box.addWidget(widget, 1)
        self._head_box.addStretch(0)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_layers(self, layers: Sequence[SeenLayer]) -> None:
        """What layers there are."""
        self._layers = {layer.node: layer for layer in layers}
        known = self._layers.get(self.board.view.layer.node)
        if known != self.board.view.layer:
            self.board.view.written = None
            if known is not None:
                self.show_unit(known.node, min(self.board.view.unit, known.maps - 1))

    def set_maps(self, values: MapValues) -> None:
        """Newer maps."""
        view = self.board.view
        view.values = values
        if not self._settled and view.layer.node in values.maps:
            self._settled = True
            view.pixel = self._brightest(view.layer, view.unit)
        self.board.update()

    def show_unit(self, node: str, unit: int) -> bool:
        """Show a unit of a card; False if there is none."""
        layer = self._layers.get(node)
        if layer is None or not 0 <= unit < layer.maps:
            return False
        view = self.board.view
        if (node, unit) != (view.layer.node, view.unit) or view.layer != layer:
            moved = node != view.layer.node
            view.layer, view.unit, view.source = layer, unit, self._layers.get(layer.source)
            view.written, view.channel = None, 0
            if moved:
                known = view.values is not None and node in view.values.maps
                self._settled = known
                view.pixel = self._brightest(layer, unit)
            self.board.renew()
        self._describe()
        return True

    def set_terms(self, node: str, unit: int, row: int, column: int, answer: Arrays) -> None:
        """Show what the probe Terms measured for one value of the unit that is shown."""
        view = self.board.view
        if (node, unit) != (view.layer.node, view.unit) or not answer:
            return
        before = view.written
        channels = len(answer["channels"]) if "channels" in answer else 1
        view.channel = min(view.channel, channels - 1)
        view.written, view.answered = Written(answer, view.channel), (row, column)
        if before is None or before.kind != view.written.kind or not _same_window(before, view.written):
            self.board.renew()
        self.board.update()
        self._describe()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def layer(self) -> str:
        """The card that is shown; empty if it is no more."""
        node = self.board.view.layer.node
        return node if node in self._layers else ""

    def pixel(self) -> tuple[str, int, int, int]:
        """Card, unit, row and column of the value that is to be written out."""
        view = self.board.view
        return view.layer.node, view.unit, *view.pixel

    def written(self) -> Written | None:
        """All numbers that are shown of the value."""
        return self.board.view.written

    def take_focus(self) -> None:
        """Let the arrow keys choose the value."""
        self.board.setFocus(Qt.FocusReason.OtherFocusReason)

    def _brightest(self, layer: SeenLayer, unit: int) -> tuple[int, int]:
        """Where to begin: the largest value of the map, or its middle."""
        height, width = layer.side
        values = self.board.view.values
        maps = values.maps.get(layer.node) if values is not None else None
        if maps is None or unit >= len(maps) or maps.shape[1:] != (height, width):
            return height // 2, width // 2
        row, column = np.unravel_index(int(maps[unit].argmax()), (height, width))
        return int(row), int(column)

    def _describe(self) -> None:
        view = self.board.view
        layer = view.layer
        self.title.setText(layer.title)
        name = unit_name(layer, view.unit)
        of = self.tr("{unit} of {count}").format(unit=name, count=layer.maps)
        self.stepper.label.setText(name if layer.names else of)
        self.stepper.set_ends(view.unit == 0, view.unit + 1 == layer.maps)
        text = ""
        if len(layer.shape) > 1:
            text = self.tr("row {row}, column {column}").format(row=view.pixel[0] + 1, column=view.pixel[1] + 1)
        written = view.written
        if written is not None and written.kind in (PRODUCTS, LARGEST, MEAN) and len(written.channels) > 1:
            more = self.tr("channel {number} of {count}")
            text += "\n" + more.format(number=view.channel + 1, count=len(written.channels))
        self.place.setText(text)
        self.board.setAccessibleDescription(self.board.sentence())

    def _on_moved(self) -> None:
        self._settled = True
        self._describe()
        self.pixel_moved.emit()

    def _step(self, step: int) -> None:
        view = self.board.view
        if self.show_unit(view.layer.node, view.unit + step):
            self.unit_chosen.emit(view.layer.node, view.unit)

    # --- events ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words beside the picture, or above it, as there is room."""
        super().resizeEvent(event)
        wide = is_wide(self)
        turn(self._box, wide)
        turn(self._head_box, not wide)
        for number in range(1, 4):
            self._head_box.setStretch(number, 0 if wide else 1)
        self._head_box.setStretch(4, 1 if wide else 0)
        self._head.setMinimumWidth(SIDE if wide else 0)
        self._head.setMaximumWidth(SIDE if wide else 16_777_215)
        width = self.width() - (SIDE + theme.MARGIN if wide else 0)
        height = self.height() - (0 if wide else self._head.sizeHint().height() + theme.MARGIN)
        bar = self.style().pixelMetric(self.style().PixelMetric.PM_ScrollBarExtent)
        self.board.set_room(QSizeF(width - bar * (not wide), height - bar * wide))


def _same_window(one: Written, other: Written) -> bool:
    return all(
        one.answer[name].shape == other.answer[name].shape if name in one.answer else name not in other.answer
        for name in ("patch", "channels")
    )
