"""The pictures that excite the units of a card most, as they are found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLocale, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QToolButton,
    QWidget,
)

from widgets import icons, theme
from widgets.choices import QuietCombo
from widgets.controls import Segmented, format_number
from widgets.image_pixels import picture
from widgets.looking_panel import LookingPanel, heading
from widgets.why_tiles import Tile, Tiles

FOLLOW, KEEP = "follow", "keep"
_CONTROLS = 160


class ExcitePanel(LookingPanel):
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
        super().__init__(
            "excite",
            QCoreApplication.translate("ExcitePanel", "What would excite it"),
            QCoreApplication.translate(
                "ExcitePanel", "Choose images in Data to see which picture excites a unit most."
            ),
            parent,
        )
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
        self.again = QToolButton()
        self.again.setObjectName("excite.again")
        self.again.setAccessibleName(self.tr("Start again"))
        self.again.setToolTip(self.tr("Start again, from other noise"))
        self.again.setProperty("class", "flat")
        self.again.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(self.again, "refresh", "muted")
        self.again.clicked.connect(self.restarted)
        self.progress = QProgressBar()
        self.progress.setObjectName("excite.progress")
        self.progress.setAccessibleName(self.tr("Progress"))
        self.progress.setTextVisible(False)
        self.tiles = Tiles("excite.pictures", self.tr("Pictures that excite the units most"))
        self.tiles.current_changed.connect(lambda number: self.unit_chosen.emit(self._units[number]))
        self.tiles.pointed.connect(lambda number, x, y: self.noted.emit(self.tiles.tiles()[number].tip))
        self.tiles.left.connect(lambda: self.noted.emit(""))
        chosen = QWidget()
        row = QHBoxLayout(chosen)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        row.addWidget(self.layers, 1)
        row.addWidget(self.again)
        above = heading(self.tr("Units of"), self.layers)
        self.arrange([above, chosen, self.pages, self.weights, self.progress], self.tiles, _CONTROLS, 480)

    # --- values in -------------------------------------------------------------------------------------------------

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
        numbers = (values[name].tolist() for name in ("values", "noise", "rise"))
        found = zip(self._units, values["images"], *numbers, strict=True)
        self.tiles.set_tiles([self._tile(unit, image, *tile) for unit, image, *tile in found])
        self.show_content()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def _tile(self, unit: int, image: NDArray[np.uint8], value: float, noise: float, rise: float) -> Tile:
        title = self._title(unit)
        tip = self.tr(
            "{title}: {value}, and {noise} on average for the faint noise that it began with; before its activation it "
            "is raised {rise} times as far as such noise moves it"
        )
        return Tile(
            title,
            picture(image),
            foot=self._foot(value, rise),
            tip=tip.format(
                title=title, value=format_number(value), noise=format_number(noise), rise=format_number(rise, 2)
            ),
        )

    def _title(self, unit: int) -> str:
        if unit < len(self._names):
            return self._names[unit]
        return (self.tr("filter {number}") if self._channels else self.tr("unit {number}")).format(number=unit + 1)

    def _foot(self, value: float, rise: float) -> str:
        """How many times as far as noise moves it the unit is raised; its value where that says nothing."""
        if not math.isfinite(rise) or rise <= 0 or value <= 0 or rise >= 1000:
            return format_number(value, 2)
        times = QLocale().toString(rise, "f", 0 if rise >= 9.95 else 1)
        return self.tr("{times} × noise").format(times=times)

    # --- events ----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Controls above two rows of small pictures."""
        return QSize(200, 120)


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
            "rise": random.uniform(8, 90, 8),
            "step": np.array([48]),
        },
        128,
    )
    view.resize(820, 190)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
