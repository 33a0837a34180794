"""Kernels: the weights of every layer as images, and the film of one of them over the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QStackedWidget, QToolTip, QVBoxLayout, QWidget

from widgets import theme
from widgets.choice_grid import ChoiceGrid
from widgets.controls import Chip, ElidedLabel, EmptyState
from widgets.kernels_values import Film, KernelValues, kernel_name, step_text
from widgets.maps_layout import SeenLayer
from widgets.maps_pixels import crisp
from widgets.maps_strip import MapsStrip
from widgets.maps_values import Arrays

WEIGHTS, START, GRADIENT, CHANGE = "weights", "start", "gradient", "change"
_SIDE = 168
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


class KernelsPanel(QWidget):
    """Shows what the probe Kernels measured. Values in by `set_…`, which emit nothing."""

    chosen = Signal(str, int)
    """The user chose a kernel: its card and unit."""
    wants_changed = Signal()
    """Other layers came into sight, or something else of them is to be shown."""

    def __init__(self, film: Film, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("kernels")
        self.setAccessibleName(self.tr("Kernels"))
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
        self.empty = EmptyState(self.tr("The weights of the network are shown here once it can be trained."))
        self.strip.opened.connect(self._choose)
        self.strip.scrolled.connect(self.wants_changed)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._make_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _make_page(self) -> QWidget:
        page = QWidget()
        self._controls = QWidget()
        chips = QWidget()
        row = QBoxLayout(QBoxLayout.Direction.LeftToRight, chips)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.UNIT)
        for chip in (self.sorted, self.own_scale):
            row.addWidget(chip)
        row.addStretch(1)
        self._controls_box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._controls)
        self._controls_box.setContentsMargins(0, 0, 0, 0)
        self._controls_box.setSpacing(theme.SPACING)
        for widget in (self.what, chips, self.caption):
            self._controls_box.addWidget(widget)
        self._controls_box.addStretch(1)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.strip, 1)
        column.addWidget(self.film)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(theme.MARGIN)
        self._box.addWidget(self._controls)
        self._box.addWidget(right, 1)
        return page

    # --- values in -------------------------------------------------------------------------------------------------

    def set_empty(self, text: str) -> None:
        """Show a sentence in place of the kernels."""
        self.empty.set_text(text)
        self._stack.setCurrentIndex(0)

    def set_layers(self, layers: Sequence[SeenLayer]) -> None:
        """Show the kernels of these layers."""
        self.strip.set_layers(layers)
        self._stack.setCurrentIndex(1)

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

    def shows_layers(self) -> bool:
        """Whether there are kernels to be shown."""
        return self._stack.currentIndex() == 1

    def _choose(self, node: str, unit: int) -> None:
        self.set_chosen(node, unit)
        self.chosen.emit(node, unit)

    def _on_what(self, _key: str) -> None:
        self.strip.clear_kernels(True)
        self.wants_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the controls beside the kernels, or above them, as there is room."""
        super().resizeEvent(event)
        wide = self.width() > 1.4 * self.height()
        direction = QBoxLayout.Direction
        self._box.setDirection(direction.LeftToRight if wide else direction.TopToBottom)
        self._controls_box.setDirection(direction.TopToBottom if wide else direction.LeftToRight)
        self._controls.setMinimumWidth(_SIDE if wide else 0)
        self._controls.setMaximumWidth(_SIDE if wide else 16_777_215)
        self.what.set_columns(2 if wide else 4)


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
