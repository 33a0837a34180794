"""Layers see: what every layer gives for one sample, and one of its values written out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from widgets import theme
from widgets.choice_grid import ChoiceGrid
from widgets.controls import Chip
from widgets.looking_panel import LookingPanel, Stepper
from widgets.maps_detail import MapDetail
from widgets.maps_layout import SeenLayer
from widgets.maps_strip import MapsStrip
from widgets.maps_values import CHANGE, GRADIENTS, KERNELS, MAPS, Arrays, MapValues


class LayersSee(LookingPanel):
    """Shows what the probes FeatureMaps, Kernels and Terms measured. Values in by `set_…`, which emit nothing."""

    opened = Signal(str, int)
    """The user opened a map: its card and number."""
    closed = Signal()
    """The user went back to all layers."""
    pixel_asked = Signal()
    """Another value is to be written out: see `detail.pixel`."""
    sample_stepped = Signal(int)
    """The user asks for the next sample (1) or the one before (-1)."""
    wants_changed = Signal()
    """Other layers came into sight, or other kernels are to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "layers_see",
            QCoreApplication.translate("LayersSee", "Layers see"),
            QCoreApplication.translate(
                "LayersSee", "Choose data that are images, and see here what each layer makes of them."
            ),
            parent,
        )
        self.strip = MapsStrip("layers_see.strip", self.tr("What each layer gives for the chosen sample"), MapValues())
        self.detail = MapDetail()
        self.beside = ChoiceGrid(
            [
                (MAPS, self.tr("Maps"), self.tr("The maps alone")),
                (KERNELS, self.tr("Kernels"), self.tr("Beside each map the kernel that made it")),
                (GRADIENTS, self.tr("Gradients"), self.tr("Beside each map the gradient of its kernel, last step")),
                (CHANGE, self.tr("Change"), self.tr("Beside each map how far its kernel has come from its start")),
            ],
            "layers_see.beside",
            2,
        )
        self.beside.setAccessibleName(self.tr("Beside each map"))
        self.sorted = Chip(self.tr("by activity"), "layers_see.sorted")
        self.sorted.setToolTip(self.tr("Most active maps first, in the order in which they are now"))
        self.own_scale = Chip(self.tr("own scale"), "layers_see.own_scale")
        self.own_scale.setToolTip(
            self.tr("Each map in a scale of its own. Off: one for all maps of a layer, from its start to its end")
        )
        self.stepper = Stepper(
            ("layers_see.earlier", self.tr("The sample before")), ("layers_see.later", self.tr("The next sample"))
        )
        self.stepper.setMinimumWidth(132)
        self.sample = self.stepper.label
        self.sample.setObjectName("layers_see.sample")
        self.sample.setMinimumWidth(0)
        chips = QWidget()
        row = QHBoxLayout(chips)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.sorted)
        row.addWidget(self.own_scale)
        row.addStretch(1)
        self.arrange([self.stepper, self.beside, chips], self.strip)
        self._stack.addWidget(self.detail)
        self._connect()

    def _connect(self) -> None:
        self.beside.chosen.connect(self._on_beside)
        self.stepper.stepped.connect(self.sample_stepped)
        self.sorted.toggled.connect(self.strip.set_sorted)
        self.own_scale.toggled.connect(self.strip.set_own_scale)
        self.strip.opened.connect(self._open)
        self.strip.scrolled.connect(self.wants_changed)
        self.detail.closed.connect(self.close_map)
        self.detail.pixel_moved.connect(self.pixel_asked)
        self.detail.unit_chosen.connect(self.opened)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_layers(self, layers: Sequence[SeenLayer]) -> None:
        """Show layers, in the order of the network."""
        self.strip.set_layers(layers)
        self.detail.set_layers(layers)
        if not self.shows_content() or not self.detail.layer():
            self.show_content()

    def set_maps(self, answer: Arrays) -> None:
        """Show what the probe FeatureMaps measured."""
        self.strip.set_maps(answer)
        self.detail.set_maps(self.strip.values)

    def set_kernels(self, answer: Arrays) -> None:
        """Show what the probe Kernels measured beside the maps."""
        self.strip.set_kernels(answer)

    def set_terms(self, node: str, unit: int, row: int, column: int, answer: Arrays) -> None:
        """Show what the probe Terms measured for one value."""
        self.detail.set_terms(node, unit, row, column, answer)

    def set_sample(self, text: str, tip: str = "") -> None:
        """Name the sample. It is another one than before: the maps are sorted again."""
        if text != self.sample.text():
            self.sample.setText(text)
            self.sample.setToolTip(tip)
            self.strip.resort()

    def set_chosen(self, node: str, unit: int) -> None:
        """Outline a unit of a card; where a map is open, open this one."""
        self.strip.set_chosen(node, unit)
        if self.is_open() and node:
            self.detail.show_unit(node, unit)

    # --- what it shows ---------------------------------------------------------------------------------------------

    def is_open(self) -> bool:
        """Whether one map is shown large."""
        return self._stack.currentWidget() is self.detail

    def open_map(self, node: str, unit: int) -> None:
        """Show one map large, with its value written out."""
        if self.detail.show_unit(node, unit):
            self._stack.setCurrentWidget(self.detail)
            self.detail.take_focus()
            self.wants_changed.emit()

    def close_map(self) -> None:
        """Show all layers again."""
        self.show_content()
        self.strip.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()
        self.wants_changed.emit()

    def _open(self, node: str, unit: int) -> None:
        self.opened.emit(node, unit)
        self.open_map(node, unit)

    def _on_beside(self, key: str) -> None:
        self.strip.clear_kernels(key != MAPS)
        self.wants_changed.emit()

    # --- events ----------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes back to all layers."""
        if event.key() == Qt.Key.Key_Escape and self.is_open():
            self.close_map()
        else:
            super().keyPressEvent(event)

    def turned(self, beside: bool) -> None:
        """Let the choices stand in two rows, or in one."""
        self.beside.set_columns(2 if beside else 4)
