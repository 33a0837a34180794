"""The network's answer over the plane: map, samples, legend, and what it says under the pointer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLocale, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from widgets import colors, theme
from widgets.controls import Chip, EmptyState, format_number
from widgets.drawing import readable_on
from widgets.heatmap import HIGH, LOW, HeatMap, Tool
from widgets.heatmap_colors import Kind
from widgets.heatmap_points import SamplePoints

Array = NDArray[Any]


class OutputView(QWidget):
    """What the network answers everywhere on [-6, 6]², with the samples on top."""

    read_out_changed = Signal(str)
    """The point under the pointer and the answer there, in words; empty when the pointer is elsewhere.

    It is no edit: it also changes when a new answer arrives under a resting pointer.
    """
    points_drawn = Signal(list, int)
    """Points [(x, y), …] that the user drew, and their class."""
    points_erased = Signal(float, float, float)
    """Centre x, y and radius of what the user rubbed out."""
    stroke_finished = Signal()
    """What was drawn or erased since the last press is complete."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("output")
        self.setAccessibleName(self.tr("Output"))
        self._values: Array | None = None
        self._kind: Kind = "signed"
        self._read_out = ""
        self.map = HeatMap("output.map")
        self.map.probe_moved.connect(self._refresh_read_out)
        self.map.points_drawn.connect(self.points_drawn)
        self.map.points_erased.connect(self.points_erased)
        self.map.stroke_finished.connect(self.stroke_finished)
        self.test_chip = Chip(self.tr("Show test data"), "output.show_test")
        self.test_chip.setChecked(True)
        self.test_chip.toggled.connect(self.map.set_test_visible)
        self.discrete_chip = Chip(self.tr("Discretize"), "output.discretize")
        self.discrete_chip.setToolTip(self.tr("Show which side wins, not by how much"))
        self.discrete_chip.toggled.connect(self.map.set_discrete)
        self.legend = Legend("output.legend")
        self.no_plane = EmptyState(
            self.tr(
                "These samples are no points of a plane, so there is no map. Curves and Metrics show how it learns."
            )
        )
        self.no_plane.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.UNIT)
        row.addWidget(self.test_chip)
        row.addWidget(self.discrete_chip)
        row.addStretch(1)
        row.addWidget(self.legend)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addWidget(self.map, 1)
        column.addWidget(self.no_plane, 1)
        column.addLayout(row)
        column.addStretch(0)  # takes what the square map leaves, so that its legend stays close

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the map be as tall as it is wide, and no taller."""
        self.map.setMaximumHeight(self.map.full_height(self.width()))
        super().resizeEvent(event)

    def set_plane(self, plane: bool) -> None:
        """Whether the samples are points of the plane; otherwise a sentence stands where the map would be."""
        for part in (self.map, self.test_chip, self.discrete_chip, self.legend):
            part.setVisible(plane)
        self.no_plane.setVisible(not plane)

    def set_image(self, image: NDArray[np.uint8] | None, kind: Kind = "signed", scale: float = 1.0) -> None:
        """Show a map (height, width), row 0 at x₂ = 6; None takes it away.

        Of kind "signed", index 0 … 255 stands for -scale … scale; of kind "classes", it is class · 32 + confidence.
        """
        self._kind = kind
        self.map.set_image(image, kind)
        self.legend.set_scale(kind, scale)
        if image is None:
            self.set_values(None)

    def set_values(self, values: NDArray[np.float32] | None) -> None:
        """The answers (units, height, width) behind the map, for the read-out."""
        self._values = values
        self._refresh_read_out()

    def set_samples(
        self,
        train: Array,
        train_targets: Array,
        test: Array,
        test_targets: Array,
        task: str = "classification",
        class_count: int = 2,
    ) -> None:
        """Show samples: points (samples, 2), targets (samples,) as class numbers or, of a regression, numbers."""
        self.map.set_samples(SamplePoints(train, train_targets, test, test_targets, task))
        self.legend.set_class_count(class_count)
        self.test_chip.setEnabled(len(test) > 0)
        self.test_chip.setToolTip(
            self.tr("Show the samples kept back for the test, as rings")
            if len(test)
            else self.tr("No samples are kept back for the test")
        )

    def set_focus(self, title: str | None) -> None:
        """Say that the map shows something else than the answer, such as "dense_2 · unit 3"; None: the answer again."""
        self.map.set_title(title or "")

    def set_drawing(self, tool: Tool) -> None:
        """What a drag on the map does: nothing (None), draw points of a class, or "erase"."""
        self.map.set_tool(tool)

    def clear(self) -> None:
        """Without map, samples and read-out."""
        self.map.clear()
        self.set_values(None)

    def read_out(self) -> str:
        """The point under the pointer and the answer there, in words, or nothing."""
        return self._read_out

    def _refresh_read_out(self) -> None:
        place = self.map.probe()
        text = "" if place is None else self._describe(*place)
        if text != self._read_out:
            self._read_out = text
            self.map.setAccessibleDescription(text)
            self.read_out_changed.emit(text)

    def _describe(self, x: float, y: float) -> str:
        where = f"x₁ {_fixed(x)}   x₂ {_fixed(y)}"
        if self._values is None:
            return where
        answer = _at(self._values, x, y)
        if self._kind == "signed":
            return f"{where}   →   {_fixed(float(answer[0]))}"
        best = int(answer.argmax())
        shares = answer.min() >= 0 and abs(float(answer.sum()) - 1) < 1e-3
        if shares:
            words = self.tr("class {number} ({share} %)").format(number=best, share=round(100 * float(answer[best])))
        else:
            words = self.tr("class {number} ({value})").format(number=best, value=_fixed(float(answer[best])))
        return f"{where}   →   {words}"


class Legend(QWidget):
    """What the colours stand for: a bar from -scale to scale, or a numbered swatch for each class."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Legend"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._kind: Kind = "signed"
        self._scale = 1.0
        self._classes = 2

    def set_scale(self, kind: Kind, scale: float) -> None:
        """What a map of this kind and scale needs."""
        if (kind, scale) != (self._kind, self._scale):
            self._kind, self._scale = kind, scale
            self.updateGeometry()
            self.update()

    def set_class_count(self, count: int) -> None:
        """How many classes there are swatches for."""
        self._classes = count
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as bar and labels, or the swatches."""
        if self._kind == "classes":
            return QSize(self._classes * (_SWATCH + 1), _SWATCH + 2)
        width = sum(QFontMetricsF(theme.font(theme.SMALL)).horizontalAdvance(text) for text in self._ends())
        return QSize(round(width) + _BAR + 2 * theme.UNIT, _SWATCH + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._kind == "classes":
            self._paint_classes(painter)
        else:
            self._paint_bar(painter)

    def _ends(self) -> tuple[str, str]:
        end = _short(self._scale)
        return f"−{end}", end

    def _paint_bar(self, painter: QPainter) -> None:
        current, (low, high) = theme.current(), self._ends()
        right = painter.fontMetrics().horizontalAdvance(high)
        bar = QRectF(self.width() - right - theme.UNIT - _BAR, (self.height() - 6) / 2, _BAR, 6)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            gradient.setColorAt(share, colors.signed_color(current, 2 * share - 1))
        painter.setPen(QColor(current.line))
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 3, 3)
        painter.setPen(QColor(current.muted))
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QRectF(0, 0, bar.left() - theme.UNIT, self.height()), Qt.AlignmentFlag.AlignRight | centre, low
        )
        painter.drawText(
            QRectF(bar.right() + theme.UNIT, 0, right + 2, self.height()), Qt.AlignmentFlag.AlignLeft | centre, high
        )

    def _paint_classes(self, painter: QPainter) -> None:
        current = theme.current()
        for number in range(self._classes):
            color = colors.class_color(current, number)
            box = QRectF(number * (_SWATCH + 1), 1, _SWATCH, _SWATCH)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(readable_on(color))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))


_SWATCH, _BAR = 14, 48


def _fixed(value: float) -> str:
    """Two decimals, so that the read-out does not jump; larger numbers as they are."""
    if not np.isfinite(value) or abs(value) >= 1000:
        return format_number(value)
    return QLocale().toString(round(value, 2) + 0.0, "f", 2).replace("-", "−")  # + 0.0: no minus before a zero


def _short(scale: float) -> str:
    return format_number(scale, 2).rstrip("0").rstrip(".,") if scale < 10 else format_number(scale, 2)


def _at(values: Array, x: float, y: float) -> NDArray[np.float64]:
    """Values (units, height, width) of a map between the centres of its pixels, at a point of the plane."""
    _, height, width = values.shape
    column = min(max((x - LOW) / (HIGH - LOW) * width - 0.5, 0.0), width - 1.0)
    row = min(max((HIGH - y) / (HIGH - LOW) * height - 0.5, 0.0), height - 1.0)
    left, top = min(int(column), max(width - 2, 0)), min(int(row), max(height - 2, 0))
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    across, down = column - left, row - top
    upper = values[:, top, left] * (1 - across) + values[:, top, right] * across
    lower = values[:, bottom, left] * (1 - across) + values[:, bottom, right] * across
    result: NDArray[np.float64] = np.asarray(upper * (1 - down) + lower * down, np.float64)
    return result


def _sample() -> QWidget:
    view = OutputView()
    step = np.linspace(LOW, HIGH, 100)
    x, y = np.meshgrid(step, -step)
    answer = np.tanh(2 * np.sin(np.hypot(x, y) * 1.2 - np.arctan2(x, y))).astype(np.float32)
    view.set_image(np.rint(127.5 + 127.5 * answer).astype(np.uint8), "signed", 1.0)
    view.set_values(answer[None])
    rng = np.random.default_rng(1)
    radius, side = np.tile(np.arange(125) / 125 * 5, 2), np.repeat([0, 1], 125)
    angle = 1.75 * np.pi * radius / 2.5 + np.pi * side
    points = np.stack([radius * np.sin(angle), radius * np.cos(angle)], 1) + rng.normal(0, 0.08, (250, 2))
    order = rng.permutation(250)
    view.set_samples(points[order[:125]], 1 - side[order[:125]], points[order[125:]], 1 - side[order[125:]])
    view.resize(304, 340)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
