"""A few images of the data with the names of their classes; changed anew as they are learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QToolTip, QVBoxLayout, QWidget

from engine.catalog.datasets.images import ImageDataset
from engine.plan.data import random_stream
from widgets import icons, theme
from widgets.image_pixels import fitted, paint, picture

COLUMNS = 5
SMALLEST, LARGEST = 28, 56
"""Side of an image in a narrow and in a wide panel."""
_CAPTION = 15


class ImageStrip(QWidget):
    """Images in rows, each with a caption or none of them."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._pictures: list[QImage] = []
        self._captions: tuple[str, ...] = ()

    def set_images(self, images: Sequence[NDArray[np.uint8]], captions: Sequence[str] = ()) -> None:
        """Show images (channels, height, width) uint8, with captions (or none)."""
        resized = len(images) != len(self._pictures) or bool(captions) != bool(self._captions)
        self._pictures = [picture(image) for image in images]
        self._captions = tuple(captions)
        self.setAccessibleDescription(", ".join(self._captions))
        if resized:
            self.updateGeometry()
        self.update()

    def count(self) -> int:
        """How many images there are."""
        return len(self._pictures)

    def captions(self) -> tuple[str, ...]:
        """What stands below the images."""
        return self._captions

    def place(self, number: int) -> QRectF:
        """Where an image is painted; it may fill less, as its shape asks."""
        side, columns = self._side(self.width())
        row, column = divmod(number, columns)
        return QRectF(column * (side + theme.UNIT), row * self._pitch(side), side, side)

    def hasHeightForWidth(self) -> bool:
        """The wider, the taller, as long as images grow."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all rows at a width."""
        side, columns = self._side(width)
        rows = -(-len(self._pictures) // columns)
        return max(0, rows * self._pitch(side) - (0 if self._captions else theme.UNIT))

    def sizeHint(self) -> QSize:
        """Images of a usual size."""
        width = COLUMNS * (44 + theme.UNIT) - theme.UNIT
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """As narrow as the smallest images."""
        width = COLUMNS * (SMALLEST + theme.UNIT) - theme.UNIT
        return QSize(width, self.heightForWidth(width))

    def event(self, event: QEvent) -> bool:
        """Say the whole caption of the image under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self.at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), self._captions[number] if number is not None else "", self)
            return True
        return super().event(event)

    def at(self, x: float, y: float) -> int | None:
        """The number of the captioned image at a point."""
        for number in range(len(self._captions)):
            if self.place(number).adjusted(0, 0, 0, _CAPTION).contains(x, y):
                return number
        return None

    def paintEvent(self, event: QPaintEvent) -> None:
        current = theme.current()
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        metrics = QFontMetricsF(painter.font(), self)
        for number, image in enumerate(self._pictures):
            area = self.place(number)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(current.raised))
            painter.drawRect(area)
            paint(painter, image, fitted(image, area))
            if number < len(self._captions):
                below = QRectF(area.left(), area.bottom(), area.width(), _CAPTION)
                text = metrics.elidedText(self._captions[number], Qt.TextElideMode.ElideRight, below.width())
                painter.setPen(QPen(QColor(current.muted)))
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)

    def changeEvent(self, event: QEvent) -> None:
        """Paint in the colours of another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()

    def _side(self, width: int) -> tuple[int, int]:
        """The side of an image and the number of columns at a width."""
        columns = max(COLUMNS, (width + theme.UNIT) // (LARGEST + theme.UNIT))
        side = (width - (columns - 1) * theme.UNIT) // columns
        return min(max(side, SMALLEST), LARGEST), columns

    def _pitch(self, side: int) -> int:
        return side + (_CAPTION if self._captions else 0) + theme.UNIT


class SamplePreview(QWidget):
    """What the data look like: samples with their classes and, where they are changed at random, how they may look."""

    def __init__(self, object_name: str = "data.preview", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Samples"))
        self._values: NDArray[Any] | None = None
        self._dataset: ImageDataset | None = None
        self._turn = 0
        self.samples = ImageStrip(f"{object_name}.samples")
        self.samples.setAccessibleName(self.tr("Some samples and their classes"))
        self.changed = ImageStrip(f"{object_name}.changed")
        self.changed.setAccessibleName(self.tr("The same samples, changed at random"))
        self.again = QToolButton()
        self.again.setObjectName(f"{object_name}.again")
        self.again.setAccessibleName(self.tr("Change them anew"))
        self.again.setToolTip(self.tr("Change them anew"))
        self.again.setProperty("class", "flat")
        self.again.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.assign(self.again, "refresh", "muted")
        self.again.clicked.connect(self._change_anew)
        caption = QLabel(self.tr("changed anew each time"))
        caption.setToolTip(self.tr("So they are learnt from: changed at random, each time in another way"))
        caption.setProperty("class", "muted")
        caption.setFont(theme.font(theme.SMALL))
        caption.setWordWrap(True)
        self._head = QWidget()
        row = QHBoxLayout(self._head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACING)
        row.addWidget(caption, 1)
        row.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        for part in (self.samples, self._head, self.changed):
            column.addWidget(part)
        self._show_changed()

    def set_samples(self, values: NDArray[Any] | None, captions: Sequence[str] = ()) -> None:
        """Show samples (count, channels, height, width) uint8 and what they are; None: there are none yet."""
        self._values = values
        self.samples.set_images([] if values is None else list(values), captions)
        self._show_changed()

    def set_dataset(self, dataset: ImageDataset | None) -> None:
        """How samples are changed when they are learnt from."""
        if dataset != self._dataset:
            self._dataset = dataset
            self._show_changed()

    def _change_anew(self) -> None:
        self._turn += 1
        self._show_changed()

    def _show_changed(self) -> None:
        dataset, values = self._dataset, self._values
        changes = dataset is not None and values is not None and dataset.augments
        self._head.setVisible(changes)
        self.changed.setVisible(changes)
        if dataset is not None and values is not None and changes:
            self.changed.set_images(list(dataset.augmented(values, random_stream(self._turn, "preview"))))


def _sample() -> QWidget:
    from engine.catalog.datasets.digits import Digits

    dataset = Digits(rotation=20.0, shift=1, noise=5.0)
    few = dataset.few(10)
    preview = SamplePreview()
    preview.set_dataset(dataset)
    preview.set_samples(few.values, [dataset.all_class_names[label] for label in few.labels.tolist()])
    preview.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    preview.resize(264, 320)
    return preview


if __name__ == "__main__":
    theme.demo(_sample)
