"""A small map of the plane under a caption that says what its colours stand for, or the value under the pointer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from widgets import theme
from widgets.colors import LEVELS
from widgets.controls import ElidedLabel
from widgets.heatmap import HIGH, LOW, HeatMap
from widgets.heatmap_colors import Kind

_SMALLEST = 88


class SeedsMap(QWidget):
    """A heat map with a name."""

    def __init__(self, object_name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._title = title
        self._image: NDArray[np.uint8] | None = None
        self._kind: Kind = "signed"
        self._ends = (-1.0, 1.0)
        self.caption = ElidedLabel(title)
        self.caption.setObjectName(f"{object_name}.caption")
        self.caption.setProperty("class", "muted")
        self.caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.map = HeatMap(f"{object_name}.map")
        self.map.setAccessibleName(title)
        self.map.setMinimumSize(_SMALLEST, _SMALLEST)
        self.map.probe_moved.connect(self._show_caption)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.caption)
        column.addWidget(self.map, 1)

    def set_picture(self, image: NDArray[np.uint8] | None, kind: Kind, ends: tuple[float, float]) -> None:
        """Show a picture (height, width) whose first and last colour stand for `ends`, but for one of classes."""
        self._image, self._kind, self._ends = image, kind, ends
        self.map.set_image(image, kind)
        self._show_caption()

    def _show_caption(self) -> None:
        text = self._value_text() or self._ends_text()
        self.caption.setText(f"{self._title} {text}" if text else self._title)
        self.map.setAccessibleDescription(text)

    def _ends_text(self) -> str:
        if self._kind == "classes":
            return ""
        low, high = self._ends
        return f"±{_short(high)}" if low == -high else f"{_short(low)} … {_short(high)}"

    def _value_text(self) -> str:
        """What the map shows at the probe, in words."""
        place, image = self.map.probe(), self._image
        if place is None or image is None:
            return ""
        height, width = image.shape
        column = round((place[0] - LOW) / (HIGH - LOW) * (width - 1))
        row = round((HIGH - place[1]) / (HIGH - LOW) * (height - 1))
        index = int(image[row, column])
        if self._kind == "classes":
            return self.tr("class {number}").format(number=index // LEVELS)
        low, high = self._ends
        return _short(low + (high - low) * index / 255)


def _short(value: float) -> str:
    """A value with two significant digits at most; what is nearly nothing is 0."""
    return QLocale().toString(0.0 if abs(value) < 5e-4 else value, "g", 2).replace("-", "−")


def _sample() -> QWidget:
    step = np.linspace(LOW, HIGH, 64)
    x, y = np.meshgrid(step, -step)
    widget = SeedsMap("sample.map", "Disagreement")
    widget.set_picture(np.rint(255 * np.exp(-x * x - y * y)).astype(np.uint8), "magnitude", (0.0, 0.43))
    widget.resize(160, 180)
    return widget


if __name__ == "__main__":
    theme.demo(_sample)
