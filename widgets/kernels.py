"""Kernels: the weights of every layer as images, and the film of one of them over the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.choice_grid import ChoiceGrid
from widgets.controls import Chip, ElidedLabel
from widgets.kernels_values import Film, KernelValues, kernel_name, step_text
from widgets.looking_panel import LookingPanel
from widgets.maps_layout import SeenLayer
from widgets.maps_pixels import crisp
from widgets.maps_strip import MapsStrip
from widgets.maps_values import Arrays

WEIGHTS, START, GRADIENT, CHANGE = "weights", "start", "gradient", "change"
_LEFT, _PICTURE, _CAPTION = 3.0, 44.0, 14.0


class FilmStrip(QWidget):
    """One kernel over the run, from its start to now."""

    def __init__(self, film: Film, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("kernels.film")
        self.setAccessibleName(self.tr("The chosen kernel over the run"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._film = film
        self._node, self._unit = "", 0

    def show_unit(self, node: str, unit: int) -> None:
        """Show another kernel."""
        self._node, self._unit = node, unit
        self.update()

    def steps(self) -> list[int]:
        """The steps whose pictures are shown."""
        return [step for step, _, _ in self._film.strip(self._node, self._unit, self._most())]

    def sizeHint(self) -> QSize:
        """One row of pictures with their steps."""
        return QSize(320, round(_PICTURE + _CAPTION))

    def minimumSizeHint(self) -> QSize:
        """As narrow as one picture."""
        return QSize(round(_PICTURE), round(_PICTURE + _CAPTION))

    def _most(self) -> int:
        return max(1, int((self.width() - _LEFT + 4) // (_PICTURE + 4)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.current()
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(QColor(colours.muted))
        shown = self._film.strip(self._node, self._unit, self._most())
        if not shown:
            area = QRectF(0, 0, self.width(), self.height())
            words = self.tr("Choose a kernel to see how it changes over the run.")
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap), words)
        for place, (step, pictures, number) in enumerate(shown):
            left = _LEFT + place * (_PICTURE + 4)
            size = crisp(pictures.width, pictures.height, _PICTURE, _PICTURE, self.devicePixelRatioF())
            pictures.paint(painter, number, QRectF(left, _PICTURE - size[1], *size))
            caption = QRectF(left + size[0] / 2 - _PICTURE / 2 - 2, _PICTURE, _PICTURE + 4, _CAPTION)
            flags = Qt.AlignmentFlag.AlignCenter
            if caption.left() < 0:
                caption.setLeft(left)
                flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.setPen(QColor(colours.text if place == len(shown) - 1 else colours.muted))
            painter.drawText(caption, flags, step_text(step))

    def event(self, event: QEvent) -> bool:
        """Say the step of the picture under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place, steps = int((event.pos().x() - _LEFT) // (_PICTURE + 4)), self.steps()
            text = self.tr("step {step}").format(step=steps[place]) if 0 <= place < len(steps) else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)


class KernelsPanel(LookingPanel):
    """Shows what the probe Kernels measured. Values in by `set_…`, which emit nothing."""

    chosen = Signal(str, int)
    """The user chose a kernel: its card and unit."""
    wants_changed = Signal()
    """Other layers came into sight, or something else of them is to be shown."""

    def __init__(self, film: Film, parent: QWidget | None = None) -> None:
        super().__init__(
            "kernels",
            QCoreApplication.translate("KernelsPanel", "Kernels"),
            QCoreApplication.translate(
                "KernelsPanel", "The weights of the network are shown here once it can be trained."
            ),
            parent,
        )
        self.values = KernelValues()
        self.strip = KernelStrip("kernels.strip", self.tr("The kernels of each layer"), self.values)
        self.film = FilmStrip(film)
        self.what = ChoiceGrid(
            [
                (WEIGHTS, self.tr("Weights"), self.tr("What each unit looks for")),
                (START, self.tr("Start"), self.tr("The weights before the first step, which the seed fixes")),
                (GRADIENT, self.tr("Gradient"), self.tr("The gradient of each kernel in the last step")),
                (CHANGE, self.tr("Change"), self.tr("How far each kernel has come from its start")),
            ],
            "kernels.what",
            2,
        )
        self.what.setAccessibleName(self.tr("What is shown of the kernels"))
        self.what.chosen.connect(self._on_what)
        self.own_scale = Chip(self.tr("own scale"), "kernels.own_scale")
        self.own_scale.setToolTip(self.tr("Each kernel in a scale of its own. Off: one for all of a layer"))
        self.own_scale.toggled.connect(self.strip.set_own_scale)
        self.sorted = Chip(self.tr("by length"), "kernels.sorted")
        self.sorted.setToolTip(self.tr("The longest kernels first, in the order in which they are now"))
        self.sorted.toggled.connect(self.strip.set_sorted)
        self.caption = ElidedLabel()
        self.caption.setObjectName("kernels.caption")
        self.caption.setProperty("class", "muted")
        self.strip.opened.connect(self._choose)
        self.strip.scrolled.connect(self.wants_changed)
        chips = QWidget()
        row = QHBoxLayout(chips)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        for chip in (self.sorted, self.own_scale):
            row.addWidget(chip)
        row.addStretch(1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.strip, 1)
        column.addWidget(self.film)
        self.arrange([self.what, chips, self.caption], right)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_layers(self, layers: Sequence[SeenLayer]) -> None:
        """Show the kernels of these layers."""
        self.strip.set_layers(layers)
        self.show_content()

    def set_kernels(self, answer: Arrays) -> None:
        """Show what the probe Kernels measured."""
        self.strip.set_kernels(answer)
        if self.sorted.isChecked():
            self.strip.set_sorted(True)
        self.film.update()

    def set_chosen(self, node: str, unit: int) -> None:
        """Outline a kernel and show its film."""
        self.strip.set_chosen(node, unit)
        self.film.show_unit(node, unit)
        layer = self.strip.layer(node)
        self.caption.setText(f"{layer.title} · {kernel_name(unit)}" if layer is not None else "")

    # --- what it shows ---------------------------------------------------------------------------------------------

    def _choose(self, node: str, unit: int) -> None:
        self.set_chosen(node, unit)
        self.chosen.emit(node, unit)

    def _on_what(self, _key: str) -> None:
        self.strip.clear_kernels(True)
        self.wants_changed.emit()

    def turned(self, beside: bool) -> None:
        """Let the choices stand in two rows, or in one."""
        self.what.set_columns(2 if beside else 4)


class KernelStrip(MapsStrip):
    """The kernels of all layers."""

    def text_of(self, node: str, unit: int) -> str:
        """What is said of a kernel, with its numbers."""
        layer = self.layer(node)
        assert layer is not None and isinstance(self.values, KernelValues)
        return self.values.text(layer, unit)


def _sample() -> QWidget:
    random = np.random.default_rng(1)
    kernels = random.integers(0, 256, (8, 1, 5, 5), dtype=np.uint8)
    answer: dict[str, NDArray[Any]] = {
        "conv": kernels,
        "conv.scale": np.ones(8, np.float32),
        "conv.norm": np.ones(8, np.float32),
    }
    film = Film()
    for step in range(0, 400, 20):
        film.note({**answer, "step": np.array([step])})
    panel = KernelsPanel(film)
    panel.set_layers([SeenLayer("conv", "Conv2d 8", (8, 5, 5), facts="1 × 5 × 5")])
    panel.set_kernels(answer)
    panel.set_chosen("conv", 2)
    panel.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    panel.resize(800, 190)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
