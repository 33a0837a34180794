"""The pictures that excite the units of a card most, as they are found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLocale, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.choices import QuietCombo
from widgets.controls import EmptyState, Segmented, format_number
from widgets.image_pixels import picture
from widgets.why_tiles import Tile, Tiles

FOLLOW, KEEP = "follow", "keep"
_CONTROLS = 160


class ExcitePanel(QWidget):
    """Shows what the probe Excitation found. Values in by `set_…`, which emit nothing."""

    layer_chosen = Signal(str)
    """The card whose units are looked for."""
    page_chosen = Signal(int)
    """The number of the first unit to show."""
    unit_chosen = Signal(int)
    """The unit whose picture was clicked."""
    weights_chosen = Signal(str)
    """FOLLOW: the pictures go with the training; KEEP: they are of the weights as they are now."""
    noted = Signal(str)
    """What is under the pointer, in words; empty when that is nothing."""
    restarted = Signal()
    """Begin anew, with other noise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("excite")
        self.setAccessibleName(self.tr("What would excite it"))
        self._layers: tuple[str, ...] = ()
        self._units: tuple[int, ...] = ()
        self._pages: tuple[int, ...] = ()
        self._names: tuple[str, ...] = ()
        self._channels = False
        self.layers = QuietCombo("excite.layer")
        self.layers.setAccessibleName(self.tr("Card whose units are excited"))
        self.layers.activated.connect(lambda index: self.layer_chosen.emit(self._layers[index]))
        self.pages = QuietCombo("excite.units")
        self.pages.setAccessibleName(self.tr("Units that are shown"))
        self.pages.activated.connect(lambda index: self.page_chosen.emit(self._pages[index]))
        self.weights = Segmented([(FOLLOW, self.tr("Follow")), (KEEP, self.tr("As it is now"))], "excite.weights")
        self.weights.setAccessibleName(self.tr("Whose weights"))
        self.weights.button(FOLLOW).setToolTip(self.tr("The pictures go with the weights while the network trains"))
        self.weights.button(KEEP).setToolTip(self.tr("The weights as they are at this moment, whatever it learns"))
        self.weights.chosen.connect(self.weights_chosen)
        self.again = QPushButton(self.tr("Start again"))
        self.again.setObjectName("excite.again")
        self.again.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.again.clicked.connect(self.restarted)
        self.progress = QProgressBar()
        self.progress.setObjectName("excite.progress")
        self.progress.setAccessibleName(self.tr("Progress"))
        self.progress.setTextVisible(False)
        self.tiles = Tiles("excite.pictures", self.tr("Pictures that excite the units most"))
        self.tiles.current_changed.connect(lambda number: self.unit_chosen.emit(self._units[number]))
        self.tiles.pointed.connect(lambda number, x, y: self.noted.emit(self.tiles.tiles()[number].tip))
        self.tiles.left.connect(lambda: self.noted.emit(""))
        self.empty = EmptyState("")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._make_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.addWidget(self._stack)
        self.set_reason(self.tr("Choose images in Data to see which picture excites a unit most."))

    def _make_page(self) -> QWidget:
        page = QWidget()
        self._controls = QWidget()
        column = QVBoxLayout(self._controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        heading = QLabel(self.tr("Units of"))
        heading.setProperty("class", "muted")
        heading.setFont(theme.font(theme.SMALL))
        heading.setBuddy(self.layers)
        column.addWidget(heading)
        column.addWidget(self.layers)
        column.addWidget(self.pages)
        column.addWidget(self.weights)
        column.addWidget(self.again)
        column.addWidget(self.progress)
        column.addStretch(1)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._parts.setContentsMargins(0, 0, 0, 0)
        self._parts.setSpacing(theme.MARGIN)
        self._parts.addWidget(self._controls)
        self._parts.addWidget(self.tiles, 1)
        return page

    # --- values in -------------------------------------------------------------------------------------------------

    def set_reason(self, text: str) -> None:
        """Say why there is nothing to show."""
        self.empty.set_text(text)
        self._stack.setCurrentIndex(0)

    def set_layers(self, nodes: Sequence[str], chosen: str) -> None:
        """The cards to choose from, and the one that is shown."""
        with QSignalBlocker(self.layers):
            if tuple(nodes) != self._layers:
                self._layers = tuple(nodes)
                self.layers.clear()
                self.layers.addItems(list(nodes))
            if chosen in self._layers:
                self.layers.setCurrentIndex(self._layers.index(chosen))

    def set_units(self, first: int, most: int, count: int, channels: bool, names: Sequence[str] = ()) -> None:
        """The units from the first on are shown, at most so many; whether they are channels, or classes with names."""
        self._units, self._channels = tuple(range(first, min(first + most, count))), channels
        self._names = tuple(names)
        self._pages = tuple(range(0, count, most)) if count > most else ()
        with QSignalBlocker(self.pages):
            self.pages.clear()
            text = self.tr("units {first} to {last}")
            self.pages.addItems([text.format(first=page + 1, last=min(page + most, count)) for page in self._pages])
            if first in self._pages:
                self.pages.setCurrentIndex(self._pages.index(first))
        self.pages.setVisible(bool(self._pages))

    def set_current(self, unit: int) -> None:
        """The unit that is chosen everywhere."""
        if unit in self._units and self._units.index(unit) < len(self.tiles.tiles()):
            self.tiles.set_current(self._units.index(unit))

    def set_weights(self, choice: str) -> None:
        """FOLLOW or KEEP."""
        self.weights.set_choice(choice)

    def set_values(self, values: Mapping[str, NDArray[Any]], steps: int) -> None:
        """Show what the probe Excitation answered; `steps` is how many there will be."""
        self.progress.setRange(0, steps)
        self.progress.setValue(int(values["step"][0]))
        found = zip(self._units, values["images"], values["values"], values["noise"], strict=True)
        self.tiles.set_tiles(
            [self._tile(unit, image, float(value), float(noise)) for unit, image, value, noise in found]
        )
        self._stack.setCurrentIndex(1)

    # --- what it shows ---------------------------------------------------------------------------------------------

    def _tile(self, unit: int, image: NDArray[np.uint8], value: float, noise: float) -> Tile:
        title = self._title(unit)
        tip = self.tr("{title}: {value}, and {noise} on average for the faint noise that it began with")
        return Tile(
            title,
            picture(image),
            foot=self._foot(value, noise),
            tip=tip.format(title=title, value=format_number(value), noise=format_number(noise)),
        )

    def _title(self, unit: int) -> str:
        if unit < len(self._names):
            return self._names[unit]
        return (self.tr("filter {number}") if self._channels else self.tr("unit {number}")).format(number=unit + 1)

    def _foot(self, value: float, noise: float) -> str:
        """How many times what noise gives was reached; the value itself where that says nothing."""
        if not math.isfinite(value) or not math.isfinite(noise) or noise <= 0 or value <= 0 or value / noise >= 1000:
            return format_number(value, 2)
        times = QLocale().toString(value / noise, "f", 0 if value / noise >= 9.95 else 1)
        return self.tr("{times} × noise").format(times=times)

    # --- events ----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Controls above two rows of small pictures."""
        return QSize(200, 120)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the controls beside the pictures, or above them in a narrow panel."""
        super().resizeEvent(event)
        beside = self.width() >= 480
        self._parts.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self._controls.setMaximumWidth(_CONTROLS if beside else 16_777_215)
        self._controls.setMinimumWidth(_CONTROLS if beside else 0)


def _sample() -> QWidget:
    random = np.random.default_rng(3)
    view = ExcitePanel()
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.set_layers(["conv2d_1", "dense_1"], "conv2d_1")
    view.set_units(0, 8, 24, True)
    view.set_values(
        {
            "images": random.integers(0, 255, (8, 1, 8, 8), np.uint8),
            "values": random.uniform(1, 4, 8),
            "noise": random.uniform(0.01, 0.4, 8),
            "step": np.array([48]),
        },
        128,
    )
    view.resize(820, 190)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
