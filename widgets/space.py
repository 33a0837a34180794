"""The outputs of a layer in two dimensions: by PCA as the network trains, by t-SNE or Isomap when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QWidget,
)

from widgets import colors, theme
from widgets.choices import QuietCombo
from widgets.controls import ElidedLabel, Segmented, format_number
from widgets.image_pixels import picture
from widgets.looking_panel import LookingPanel, heading
from widgets.space_map import SpaceMap

Values = Mapping[str, NDArray[Any]]

PCA, TSNE, ISOMAP = "PCA", "t-SNE", "Isomap"
_CONTROLS = 176
_LEGEND = 15


class SpacePanel(LookingPanel):
    """Shows what the probes Space and WarpedGrid measured. Values in by `set_…`, which emit nothing."""

    layer_chosen = Signal(str)
    """The card whose outputs are shown."""
    method_chosen = Signal(str)
    """PCA, "t-SNE" or "Isomap"; the latter two are to be computed now, again if they were before."""
    sample_chosen = Signal(int)
    """The place among all of a sample that was clicked."""
    noted = Signal(str)
    """What is under the pointer, in words; empty when that is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "space",
            QCoreApplication.translate("SpacePanel", "Space"),
            QCoreApplication.translate(
                "SpacePanel", "Where the samples lie in a layer is shown once the network can train."
            ),
            parent,
        )
        self._values: Values = {}
        self._layers: tuple[str, ...] = ()
        self._names: tuple[str, ...] = ()
        self._sample = -1
        self._images: dict[int, Any] = {}
        self.layers = QuietCombo("space.layer")
        self.layers.setAccessibleName(self.tr("Card whose outputs are shown"))
        self.layers.activated.connect(lambda index: self.layer_chosen.emit(self._layers[index]))
        self.method = Segmented([(PCA, PCA), (TSNE, TSNE), (ISOMAP, ISOMAP)], "space.method")
        self.method.setAccessibleName(self.tr("How many dimensions become two"))
        tips = {
            PCA: self.tr("The two directions in which the outputs differ most; follows the training"),
            TSNE: self.tr("Keeps neighbours together; computed beside the training, for the weights as they are then"),
            ISOMAP: self.tr("Keeps the ways from neighbour to neighbour; computed beside the training"),
        }
        for key, tip in tips.items():
            self.method.button(key).setToolTip(tip)
        self.method.chosen.connect(self.method_chosen)
        self.again = QPushButton(self.tr("Compute again"))
        self.again.setObjectName("space.again")
        self.again.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.again.clicked.connect(lambda: self.method_chosen.emit(self.method.choice()))
        self.status = ElidedLabel()
        self.status.setObjectName("space.status")
        self.status.setProperty("class", "muted")
        self.status.setFont(theme.font(theme.SMALL))
        self.legend = ClassLegend("space.legend")
        self.map = SpaceMap("space.map")
        self.map.pointed.connect(self._note)
        self.map.chosen.connect(self._choose)
        above = heading(self.tr("Outputs of"), self.layers)
        controls = [above, self.layers, self.method, self.status, self.again, self.legend]
        self.arrange(controls, self.map, _CONTROLS, 480)
        self.set_computing(None)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_reason(self, text: str) -> None:
        """Say why there is nothing to show."""
        self._values = {}
        super().set_reason(text)

    def set_layers(self, nodes: Sequence[str], chosen: str) -> None:
        """The cards to choose from, and the one that is shown."""
        with QSignalBlocker(self.layers):
            if tuple(nodes) != self._layers:
                self._layers = tuple(nodes)
                self.layers.clear()
                self.layers.addItems(list(nodes))
            if chosen in self._layers:
                self.layers.setCurrentIndex(self._layers.index(chosen))

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called, in their order; none for a regression."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            marks = marks_of(names)
            self.map.set_marks(marks)
            self.legend.set_classes(names, marks)

    def set_method(self, method: str) -> None:
        """How many dimensions become two."""
        self.method.set_choice(method)
        self.set_computing(None)
        self.map.forget_range()

    def set_sample(self, place: int) -> None:
        """The sample that is chosen everywhere, by its place among all."""
        self._sample = place
        self._show_ring()

    def set_images(self, values: Values) -> None:
        """The pictures of the samples, as the probe SpaceImages answers them."""
        self._images = {
            int(place): picture(image) for place, image in zip(values["places"], values["images"], strict=True)
        }
        self._show_images()

    def set_values(self, values: Values) -> None:
        """Show what the probe Space answered, or WarpedGrid, or a map of the same names."""
        self._values = values
        targets, answers = values["targets"], values["answers"]
        if self._names:
            self.map.set_points(values["points"], targets.astype(np.int64), targets != answers)
        else:
            scale = float(np.abs(targets).max(initial=0.0)) or 1.0
            nothing = np.zeros(len(targets), np.int64)
            self.map.set_points(values["points"], nothing, nothing > 0, targets / scale)
        by_class = "kind" in values and int(values["kind"][0]) == 1
        self.map.set_grid(values.get("grid"), values.get("image"), by_class)
        if "explained" in values:
            first, second = (QLocale().toString(100 * float(share), "f", 0) for share in values["explained"])
            text = self.tr("{first} % → and {second} % ↑ of the spread")
            self.status.setText(text.format(first=first, second=second))
        self._show_ring()
        self._show_images()
        self.show_content()

    def set_computing(self, text: str | None) -> None:
        """Say how far a map is that is computed beside the training; None where none is asked for."""
        self.again.setVisible(text is not None)
        if text is not None:
            self.status.setText(text)

    def set_busy(self, busy: bool) -> None:
        """Whether a map is being computed."""
        self.again.setEnabled(not busy)

    # --- what it shows ---------------------------------------------------------------------------------------------

    def _show_ring(self) -> None:
        places = self._values.get("places")
        found = np.flatnonzero(places == self._sample) if places is not None else np.empty(0)
        self.map.set_ring(int(found[0]) if len(found) else -1)

    def _show_images(self) -> None:
        places = self._values.get("places")
        if places is None or not self._images:
            self.map.set_images(())
            return
        found = [self._images.get(int(place)) for place in places]
        known = found[: found.index(None)] if None in found else found  # one that came last has no picture yet
        self.map.set_images([image for image in known if image is not None])

    def _choose(self, number: int) -> None:
        self.sample_chosen.emit(int(self._values["places"][number]))

    def _note(self, number: int) -> None:
        places = self._values.get("places")
        if places is None or not 0 <= number < len(places):
            self.noted.emit("")
            return
        truth, answer = (self._name(self._values[part][number]) for part in ("targets", "answers"))
        text = self.tr("{truth}, answered {answer}")
        self.noted.emit(text.format(truth=truth, answer=answer))

    def _name(self, value: Any) -> str:
        if not self._names:
            return format_number(float(value))
        return self._names[int(value)] if 0 <= int(value) < len(self._names) else str(int(value))

    # --- events ----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Controls above a small map."""
        return QSize(180, 120)

    def changeEvent(self, event: QEvent) -> None:
        """Draw in the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.map.update()


class ClassLegend(QWidget):
    """Which colour or letter stands for which class; nothing where the letters are the names."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Classes"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._names: tuple[str, ...] = ()
        self._marks: tuple[str, ...] = ()

    def set_classes(self, names: Sequence[str], marks: Sequence[str]) -> None:
        """What the classes are called, and the letters that stand for them."""
        self._names, self._marks = tuple(names), tuple(marks)
        self.setAccessibleDescription(", ".join(names))
        self.setVisible(bool(names) and tuple(names) != self._marks)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Two columns."""
        return QSize(160, -(-len(self._names) // 2) * _LEGEND)

    def paintEvent(self, event: QPaintEvent) -> None:
        current, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = self.width() // 2
        for number, name in enumerate(self._names):
            row, column = divmod(number, 2)
            x, y = column * half, row * _LEGEND
            color = colors.class_color(current, number)
            if number < len(self._marks):
                painter.setFont(theme.font(theme.SMALL, QFont.Weight.Bold))
                painter.setPen(color)
                painter.drawText(x, y, 12, _LEGEND, Qt.AlignmentFlag.AlignCenter, self._marks[number])
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color)
                painter.drawEllipse(x + 2, y + 4, 7, 7)
            painter.setFont(theme.font(theme.SMALL))
            painter.setPen(QColor(current.muted))
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, half - 18)
            painter.drawText(x + 15, y, half - 18, _LEGEND, Qt.AlignmentFlag.AlignVCenter, text)


def marks_of(names: Sequence[str]) -> tuple[str, ...]:
    """A letter for each class where there are more of them than colours, or where one says their names; else none."""
    if all(len(name) == 1 for name in names) and len(set(names)) == len(names) and len(names) > 2:
        return tuple(names)
    if len(names) <= colors.CLASSES:
        return ()
    first = [name[:1].upper() for name in names]
    if len(set(first)) == len(first):
        return tuple(first)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return tuple(letters[number % len(letters)] for number in range(len(names)))


def _sample() -> QWidget:
    random = np.random.default_rng(2)
    targets = random.integers(0, 10, 300)
    middles = random.normal(0, 4, (10, 2))
    view = SpacePanel()
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.set_layers(["conv2d_1", "dense_1", "dense_2"], "dense_1")
    view.set_class_names([str(number) for number in range(10)])
    view.set_values(
        {
            "points": middles[targets] + random.normal(0, 1, (300, 2)),
            "places": np.arange(300),
            "targets": targets,
            "answers": np.where(random.random(300) < 0.05, 3, targets),
            "explained": np.array([0.41, 0.22]),
        }
    )
    view.set_sample(20)
    view.resize(800, 190)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
