"""Small pictures of the plane data sets, drawn from a real draw of few points; one is chosen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from engine.catalog.datasets.dataset import PlaneDataset, Samples
from engine.catalog.registry import entries, form
from engine.plan.data import random_stream
from widgets import icons, theme
from widgets.form_texts import describe_entry
from widgets.heatmap_points import point_color

COLUMNS = 5
SMALLEST, LARGEST = 28, 56
"""Side of a picture in a narrow and in a wide panel."""
_POINTS = {"classification": 140, "regression": 900}
_RADIUS = {"classification": 1.1, "regression": 1.4}
_SHADES = 16
"""Colours on each side of zero for the targets of a regression; mixing a colour costs more than drawing a dot."""
_SEED = 1


class Thumbnails(QWidget):
    """One picture for each data set whose samples are points of the plane; the chosen one is outlined."""

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
        plane = [cls for cls in entries("datasets").values() if cls.plane]
        for number, cls in enumerate(plane):
            button = Thumbnail(cls, f"{object_name}.{cls.name}")
            button.clicked.connect(lambda _checked, name=cls.name: self._click(name))
            button.installEventFilter(self)
            grid.addWidget(button, number // COLUMNS, number % COLUMNS)
            self._buttons[cls.name] = button
        self.set_choice("")

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
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -COLUMNS, Qt.Key.Key_Down: COLUMNS}
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        key, names = Qt.Key(event.key()), list(self._buttons)
        here = next(index for index, button in enumerate(self._buttons.values()) if button is watched)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._click(names[here])
        elif key not in steps:
            return super().eventFilter(watched, event)
        elif 0 <= here + steps[key] < len(names):
            name = names[here + steps[key]]
            self._buttons[name].setFocus(Qt.FocusReason.TabFocusReason)
            self._click(name)
        return True

    def _click(self, name: str) -> None:
        self._buttons[name].setChecked(name == self._choice)  # what is outlined is what was set, not what was clicked
        if name != self._choice:
            self.chosen.emit(name)


class Thumbnail(QAbstractButton):
    """The picture of one data set."""

    def __init__(self, cls: type[PlaneDataset], object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(theme.translate_catalog(cls.label))
        self.setAccessibleDescription(theme.translate_catalog(cls.description))
        self.setToolTip(describe_entry(cls))
        self.setCheckable(True)
        self.setFixedSize(44, 44)
        self._task = cls().task
        self._samples = _few_samples(cls, _POINTS[self._task])
        self._picture: QPixmap | None = None

    def set_side(self, side: int) -> None:
        """Be larger or smaller."""
        if side != self.width():
            self._picture = None
            self.setFixedSize(side, side)

    def sizeHint(self) -> QSize:
        """The fixed size."""
        return self.size()

    def changeEvent(self, event: QEvent) -> None:
        """Draw again in the colours of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._picture = None
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        current, ratio = theme.current(), self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = self._draw(ratio)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current.raised))
        painter.drawRoundedRect(QRectF(self.rect()), theme.UNIT, theme.UNIT)
        painter.drawPixmap(0, 0, self._picture)
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

    def _draw(self, ratio: float) -> QPixmap:
        side = self.width()
        picture = QPixmap(round(side * ratio), round(side * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not len(self._samples):
            icon = icons.pixmap("pencil", QColor(theme.current().muted), 20, ratio)
            painter.drawPixmap(QPointF((side - 20) / 2, (side - 20) / 2), icon)
        painter.setPen(Qt.PenStyle.NoPen)
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
        painter.end()
        return picture


def _few_samples(cls: type[PlaneDataset], count: int) -> Samples:
    """A draw of the data set with its default fields, but few points."""
    fields = {field.name for field in form(cls)}
    dataset = cls(samples=count) if "samples" in fields else cls()  # type: ignore[call-arg]
    return dataset.draw(random_stream(_SEED, "data"))


if __name__ == "__main__":
    theme.demo(Thumbnails)
