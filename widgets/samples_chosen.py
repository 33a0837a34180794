"""The chosen sample: its picture, what it was taken for, its loss over the run, and what lies near it for a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLocale, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from widgets import theme
from widgets.controls import ElidedLabel
from widgets.image_pixels import fitted, paint, picture
from widgets.samples_loss import LossCurve
from widgets.samples_neighbours import NeighbourStrip

_PICTURE, _LARGEST = 56, 120
"""Side of the picture."""
_BESIDE, _STACKED = 230, 188
"""Width from which the curve stands beside the words, and height from which under them."""


class ChosenSample(QWidget):
    """Values in by setters, which emit nothing."""

    chosen = Signal(int)
    """The user chose a neighbour: its place among all samples."""
    layer_chosen = Signal(str)
    """The card in whose outputs neighbours shall be looked for."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Chosen sample"))
        self.picture = _Picture(f"{object_name}.picture")
        self.title = _line(f"{object_name}.title", muted=True)
        self.answer = _line(f"{object_name}.answer", bold=True)
        self.truth = _line(f"{object_name}.truth")
        self.loss = LossCurve(f"{object_name}.loss", self)  # at once: without a parent it would be a window
        self.layer = QComboBox()
        self.layer.setObjectName(f"{object_name}.layer")
        self.layer.setAccessibleName(self.tr("Layer in which neighbours are near"))
        self.layer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.layer.setMinimumContentsLength(7)
        self.layer.activated.connect(lambda _: self.layer_chosen.emit(self.layer_choice()))
        self.among = _line(f"{object_name}.among", muted=True)
        self.neighbours = NeighbourStrip(f"{object_name}.neighbours")
        self.neighbours.chosen.connect(self.chosen)
        self._lay_out()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(1)
        for label in (self.title, self.answer, self.truth):
            words.addWidget(label)
        words.addStretch(1)
        self._top = QHBoxLayout()
        self._top.setSpacing(theme.SPACING)
        self._top.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        self._top.addLayout(words, 3)
        caption = _line("", muted=True)
        caption.setText(self.tr("Nearest in"))
        caption.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACING)
        head.addWidget(caption)
        head.addWidget(self.layer)
        head.addWidget(self.among, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.UNIT)
        self._column.addLayout(self._top)
        self._column.addLayout(head)
        self._column.addWidget(self.neighbours, 1)
        self._stacked: bool | None = None

    def _turn(self) -> None:
        """The curve beside the words, or under them where there is height for it; nowhere if there is neither."""
        narrow, stacked = self.width() < _BESIDE, self.height() >= _STACKED
        self.loss.setVisible(stacked or not narrow)
        side = min(_LARGEST, max(_PICTURE, self.width() // 3), max(_PICTURE, self.height() // 3))
        self.picture.setFixedSize(side, side)
        if stacked != self._stacked:
            self._stacked = stacked
            for layout in (self._top, self._column):
                layout.removeWidget(self.loss)
            if stacked:
                self._column.insertWidget(1, self.loss, 1)
                self._column.setStretch(3, 2)
            else:
                self._top.addWidget(self.loss, 2)

    def minimumSizeHint(self) -> QSize:
        """Picture and words over a row of neighbours."""
        return QSize(168, 132)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the parts as there is room."""
        super().resizeEvent(event)
        self._turn()

    # --- values in -------------------------------------------------------------------------------------------------

    def set_picture(self, image: NDArray[np.uint8] | None) -> None:
        """Show an image (channels, height, width), or none."""
        self.picture.set_image(image)

    def set_words(self, title: str, answer: str, truth: str, wrong: bool) -> None:
        """What is said of it; what is `wrong` stands out."""
        self.title.setText(title)
        self.answer.setText(answer)
        self.truth.setText(truth)
        if self.truth.property("class") != ("warning" if wrong else "muted"):
            self.truth.setProperty("class", "warning" if wrong else "muted")
            self.truth.style().polish(self.truth)
        self.setAccessibleDescription(". ".join(text for text in (title, answer, truth) if text))

    def set_history(self, points: NDArray[np.float64]) -> None:
        """Its loss over the run: epoch and loss, (points, 2)."""
        self.loss.set_points(points)

    def set_layers(self, layers: Sequence[tuple[str, str]]) -> None:
        """The cards, by id and title, in whose outputs neighbours are looked for; the last hidden one is first."""
        held = self.layer_choice()
        known = [(self.layer.itemData(number), self.layer.itemText(number)) for number in range(self.layer.count())]
        if known == list(layers):
            return
        with QSignalBlocker(self.layer):
            self.layer.clear()
            for node_id, title in layers:
                self.layer.addItem(title, node_id)
            place = next((number for number, (node_id, _) in enumerate(layers) if node_id == held), len(layers) - 2)
            self.layer.setCurrentIndex(max(0, place) if layers else -1)

    def layer_choice(self) -> str:
        """The id of the card in whose outputs neighbours are looked for; empty: there is none."""
        return str(self.layer.currentData() or "")

    def set_neighbours(self, answer: Mapping[str, NDArray[Any]], own: int, learnt: int) -> None:
        """What the probe Neighbours answered.

        `own` is the class of the chosen sample, −1 where it has none; `learnt`: how many samples are to be learnt from.
        """
        if not answer:
            self.neighbours.clear()
            self.among.setText("")
            return
        self.neighbours.set_neighbours(
            answer["samples"], answer["distances"], answer["truths"], answer["images"], own, learnt
        )
        looked, _ = answer["looked"].tolist()
        self.among.setText(self.tr("among {count}").format(count=QLocale().toString(looked)))

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called."""
        self.neighbours.set_class_names(names)


class _Picture(QWidget):
    """An image, as large as there is room, its pixels squares."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Picture of the sample"))
        self._image: QImage | None = None

    def set_image(self, image: NDArray[np.uint8] | None) -> None:
        """Show another one."""
        self._image = None if image is None else picture(image)
        self.update()

    def is_known(self) -> bool:
        """Whether there is one."""
        return self._image is not None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = min(self.width(), self.height())
        area = QRectF(0, 0, side, side)
        painter.fillRect(area, QColor(theme.current().raised))
        if self._image is not None:
            paint(painter, self._image, fitted(self._image, area))

    def changeEvent(self, event: QEvent) -> None:
        """Paint in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()


def _line(object_name: str, *, muted: bool = False, bold: bool = False) -> ElidedLabel:
    label = ElidedLabel()
    label.setObjectName(object_name)
    if muted:
        label.setProperty("class", "muted")
        label.setFont(theme.font(theme.SMALL))
    elif bold:
        label.setFont(theme.font(theme.NORMAL, QFont.Weight.DemiBold))
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return label
