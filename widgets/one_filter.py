"""The panel of one filter: which it is, and what it gives for many samples."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QLabel, QWidget

from widgets import theme
from widgets.controls import ElidedLabel
from widgets.filter_samples import FilterSamples
from widgets.looking_panel import LookingPanel, Stepper


class OneFilterPanel(LookingPanel):
    """One filter and many samples. Values in by `set_…`, which emit nothing."""

    unit_stepped = Signal(int)
    """The user asks for the next filter of the layer (1) or the one before (-1)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "one_filter", QCoreApplication.translate("OneFilterPanel", "One filter, many samples"), "", parent
        )
        self.samples = FilterSamples()
        self.title = ElidedLabel()
        self.title.setObjectName("one_filter.title")
        self.title.setProperty("class", "title")
        self.stepper = Stepper(
            ("one_filter.earlier", self.tr("The filter before")), ("one_filter.later", self.tr("The next filter"))
        )
        self.stepper.label.setObjectName("one_filter.unit")
        self.stepper.stepped.connect(self.unit_stepped)
        self.range = QLabel()
        self.range.setObjectName("one_filter.range")
        self.range.setProperty("class", "muted")
        self.arrange([self.title, self.stepper, self.range], self.samples)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_filter(self, title: str, unit: str, first: bool, last: bool) -> None:
        """Name the filter, and say whether it is the first or the last of its layer."""
        self.title.setText(title)
        self.stepper.label.setText(unit)
        self.stepper.set_ends(first, last)
        self.show_content()

    def set_range(self, text: str) -> None:
        """Say what the colours of the maps stand for."""
        self.range.setText(text)


def _sample() -> QWidget:
    panel = OneFilterPanel()
    panel.set_filter("Conv2d 8", "filter 3 of 8", False, False)
    panel.resize(800, 170)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
