"""Small pictures of the data sets, drawn from a few points or images of theirs; one is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from engine.catalog.datasets.dataset import Dataset, PlaneDataset, Samples
from engine.catalog.datasets.images import ImageDataset
from engine.catalog.registry import entries, form
from engine.plan.data import random_stream
from widgets import icons, theme
from widgets.form_texts import describe_entry
from widgets.heatmap_points import point_color
from widgets.image_pixels import fitted, paint, picture

COLUMNS = 5
SMALLEST, LARGEST = 28, 56
"""Side of a picture in a narrow and in a wide panel."""
_POINTS = {"classification": 140, "regression": 900}
_RADIUS = {"classification": 1.1, "regression": 1.4}
_SHADES = 16
"""Colours on each side of zero for the targets of a regression; mixing a colour costs more than drawing a dot."""
_SEED = 1
_ICON = 20
_FRAME = 3
"""Around the images of a data set, so that the outline of the choice covers none of them."""
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
MOSAIC = 4
"""Images of which the picture of a data set is made."""


class Thumbnails(QWidget):
    """One picture for each data set that is drawn or comes as images; the chosen one is outlined.

    Points of the plane are drawn here; images are given by `set_images`.
    """

    chosen = Signal(str)
    """The name of the data set the user chose, by mouse or arrow keys."""

    def __init__(self, object_name: str = "data.sets", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("Data sets"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.UNIT)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(grid)
        row.addStretch(1)
        self._buttons: dict[str, Thumbnail] = {}
        self._choice = ""
        self._places: dict[tuple[int, int], str] = {}
        known = entries("datasets").values()
        plane = [cls for cls in known if cls.plane]
        images = [cls for cls in known if cls.pictures and not hasattr(cls, "located")]  # those are the user's own
        rows = -(-len(plane) // COLUMNS)
        for first, sets in ((0, plane), (rows, images)):
            for number, cls in enumerate(sets):
                place = first + number // COLUMNS, number % COLUMNS
                self._places[place] = cls.name
                grid.addWidget(self._add(cls), *place)
        self.set_choice("")

    def _add(self, cls: type[Any]) -> Thumbnail:
        kind = ImageThumbnail if cls.pictures else PlaneThumbnail
        button = self._buttons[cls.name] = kind(cls, f"{self.objectName()}.{cls.name}")
        button.clicked.connect(lambda: self._click(cls.name))
        button.installEventFilter(self)
        return button

    def minimumSizeHint(self) -> QSize:
        """As narrow as the smallest pictures."""
        return QSize(COLUMNS * SMALLEST + (COLUMNS - 1) * theme.UNIT, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the pictures share the width."""
        super().resizeEvent(event)
        side = (self.width() - (COLUMNS - 1) * theme.UNIT) // COLUMNS
        for button in self._buttons.values():
            button.set_side(min(max(side, SMALLEST), LARGEST))

    def button(self, name: str) -> Thumbnail:
        """The picture of a data set. Raises KeyError."""
        return self._buttons[name]

    def image_sets(self) -> tuple[str, ...]:
        """The names of the data sets whose pictures are to be given."""
        return tuple(name for name, button in self._buttons.items() if isinstance(button, ImageThumbnail))

    def set_images(self, name: str, values: NDArray[Any] | None) -> None:
        """Draw a data set with a few images of it, (count, channels, height, width) uint8; None: it is not there."""
        button = self._buttons[name]
        if isinstance(button, ImageThumbnail):
            button.set_images(values)

    def choice(self) -> str:
        """The name of the data set that is chosen, or nothing."""
        return self._choice

    def set_choice(self, name: str) -> None:
        """Outline another data set; a name without a picture leaves none outlined."""
        self._choice = name if name in self._buttons else ""
        entrance = self._choice or next(iter(self._buttons), "")
        for other, button in self._buttons.items():  # Tab enters the pictures once, at the choice
            button.setChecked(other == name)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if other == entrance else Qt.FocusPolicy.ClickFocus)

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # type: ignore[override]
        """Choose with the arrow keys."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        key = Qt.Key(event.key())
        here = next(place for place, name in self._places.items() if self._buttons[name] is watched)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._click(self._places[here])
        elif key not in _STEPS:
            return super().eventFilter(watched, event)
        elif (name := self._neighbour(here, key)) is not None:
            self._buttons[name].setFocus(Qt.FocusReason.TabFocusReason)
            self._click(name)
        return True

    def _neighbour(self, place: tuple[int, int], key: Qt.Key) -> str | None:
        """The data set before or behind another, or above or below it."""
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            names = list(self._buttons)
            number = names.index(self._places[place]) + _STEPS[key]
            return names[number] if 0 <= number < len(names) else None
        row, column = place[0] + _STEPS[key], place[1]
        beside = [other for other in self._places if other[0] == row]
        return self._places[min(beside, key=lambda other: abs(other[1] - column))] if beside else None

    def _click(self, name: str) -> None:
        self._buttons[name].setChecked(name == self._choice)  # what is outlined is what was set, not what was clicked
        if name != self._choice:
            self.chosen.emit(name)


class Thumbnail(QAbstractButton):
    """The picture of one data set: a subclass draws it."""

    def __init__(self, cls: type[Dataset], object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(theme.translate_catalog(cls.label))
        self.setAccessibleDescription(theme.translate_catalog(cls.description))
        self.setToolTip(describe_entry(cls))
        self.setCheckable(True)
        self.setFixedSize(44, 44)
        self._picture: QPixmap | None = None
        # Twenty pictures take longer than a frame, so the window is painted without them first.
        self._drawing = QTimer(self, interval=0, singleShot=True)
        self._drawing.timeout.connect(self._draw_picture)

    def set_side(self, side: int) -> None:
        """Be larger or smaller."""
        if side != self.width():
            self.setFixedSize(side, side)
            self.redraw()

    def sizeHint(self) -> QSize:
        """The fixed size."""
        return self.size()

    def changeEvent(self, event: QEvent) -> None:
        """Draw again in the colours of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.redraw()
        super().changeEvent(event)

    def redraw(self) -> None:
        """What it shows has changed."""
        self._drawing.start()

    def draw(self, painter: QPainter, side: int, ratio: float) -> None:
        """Paint what is inside the outline, `side` pixels wide and high."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        current, ratio = theme.current(), self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._drawing.start()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current.raised))
        painter.drawRoundedRect(QRectF(self.rect()), theme.UNIT, theme.UNIT)
        if self._picture is not None:
            painter.drawPixmap(self.rect(), self._picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked():
            painter.setPen(QPen(QColor(current.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), theme.UNIT, theme.UNIT)
        elif self.underMouse():
            painter.setPen(QPen(QColor(current.muted), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.UNIT, theme.UNIT)
        if self.hasFocus():
            painter.setPen(QPen(QColor(current.text), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5), 3, 3)

    def _draw_picture(self) -> None:
        side, ratio = self.width(), self.devicePixelRatioF()
        drawn = QPixmap(round(side * ratio), round(side * ratio))
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self.draw(painter, side, ratio)
        painter.end()
        self._picture = drawn
        self.update()


class PlaneThumbnail(Thumbnail):
    """Some points of a data set on the plane."""

    def __init__(self, cls: type[PlaneDataset], object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(cls, object_name, parent)
        self._task = cls().task
        self._samples = _few_samples(cls, _POINTS[self._task])

    def draw(self, painter: QPainter, side: int, ratio: float) -> None:
        if not len(self._samples):
            _draw_icon(painter, "pencil", side, ratio)
        low, high = PlaneDataset.view
        scale = (side - 6) / (high - low)
        radius = _RADIUS[self._task]
        keys = self._samples.targets
        if self._task == "regression":
            keys = np.rint(keys * _SHADES) / _SHADES
        shown = keys.tolist()
        brushes = {key: QBrush(point_color(key, self._task)) for key in set(shown)}
        for (x, y), key in zip(self._samples.values.tolist(), shown, strict=True):
            painter.setBrush(brushes[key])
            painter.drawEllipse(QPointF(3 + (x - low) * scale, 3 + (high - y) * scale), radius, radius)


class ImageThumbnail(Thumbnail):
    """Four images of a data set; a sign while they are not there."""

    def __init__(self, cls: type[ImageDataset], object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(cls, object_name, parent)
        self._tip = self.toolTip()
        self._images: list[QImage] = []
        self._absent = False

    def set_images(self, values: NDArray[Any] | None) -> None:
        """Show some images (count, channels, height, width) uint8; None: they are not on this computer."""
        self._absent = values is None
        self._images = [] if values is None else [picture(image) for image in values[:MOSAIC]]
        missing = self.tr("Not on this computer yet; choose it to download it")
        self.setToolTip(f"{self._tip}<p>{missing}</p>" if self._absent else self._tip)
        self.redraw()

    def draw(self, painter: QPainter, side: int, ratio: float) -> None:
        if not self._images:
            _draw_icon(painter, "download" if self._absent else "image", side, ratio)
            return
        half = (side - 2 * _FRAME - 1) / 2
        for number, image in enumerate(self._images):
            place = QRectF(_FRAME + (number % 2) * (half + 1), _FRAME + (number // 2) * (half + 1), half, half)
            paint(painter, image, fitted(image, place))


def _draw_icon(painter: QPainter, name: str, side: int, ratio: float) -> None:
    icon = icons.pixmap(name, QColor(theme.current().muted), _ICON, ratio)
    painter.drawPixmap(QPointF((side - _ICON) / 2, (side - _ICON) / 2), icon)


def _few_samples(cls: type[PlaneDataset], count: int) -> Samples:
    """A draw of the data set with its default fields, but few points."""
    fields = {field.name for field in form(cls)}
    dataset = cls(samples=count) if "samples" in fields else cls()  # type: ignore[call-arg]
    return dataset.draw(random_stream(_SEED, "data"))


def _sample() -> QWidget:
    from engine.catalog.datasets.digits import Digits

    shown = Thumbnails()
    for name in shown.image_sets():
        shown.set_images(name, Digits().few(MOSAIC).values if name == Digits.name else None)
    shown.set_choice(Digits.name)
    shown.resize(240, shown.sizeHint().height())
    return shown


if __name__ == "__main__":
    theme.demo(_sample)
