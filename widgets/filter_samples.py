"""One filter, many samples: its map on one sample of every class, and on those that excite it most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from widgets import image_pixels, theme
from widgets.controls_numbers import format_number
from widgets.maps_pixels import MapSheet, crisp, sheet

_EDGE, _GAP, _BETWEEN = 3.0, 6.0, 20.0
_HEAD, _CAPTION = 18.0, 15.0
_LEAST, _USUAL, _MOST = 32.0, 56.0, 84.0
"""Sides of a picture."""
_SHORT = 2
"""Characters of a class that stands before a number."""
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


@dataclass(frozen=True)
class _Place:
    """Where a sample stands: its picture, and the filter's map under it."""

    image: QRectF
    map: QRectF

    @cached_property
    def area(self) -> QRectF:
        """All of it, with what is said below."""
        return self.image.united(self.map).adjusted(0, 0, 0, _CAPTION)


class FilterSamples(QAbstractScrollArea):
    """Samples with the map of one filter. Values in by `set_…`, which emit nothing."""

    sample_chosen = Signal(int)
    """The user clicked a sample, or pressed Enter on it: its place in the data."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("one_filter.samples")
        self.setAccessibleName(self.tr("The chosen filter on many samples"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._answer: Mapping[str, NDArray[Any]] = {}
        self._names: tuple[str, ...] = ()
        self._images: list[QImage] = []
        self._sheet: MapSheet | None = None
        self._places: list[_Place] = []
        self._heads: list[tuple[QRectF, str]] = []
        self._wide = True
        self._hovered: int | None = None
        self._chosen = -1
        self._searched = ""
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self.viewport().update)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_answer(self, answer: Mapping[str, NDArray[Any]]) -> None:
        """Show what the probe FilterMaps measured; nothing, if empty."""
        same = self._signature(answer) == self._signature(self._answer)
        self._answer = answer
        self._images = [image_pixels.picture(image) for image in answer.get("images", ())]
        self._make_sheet()
        if not same:
            self._arrange()
            if self._hovered is not None and self._hovered >= len(self._places):
                self._hovered = None
        self.viewport().update()

    def set_names(self, names: Sequence[str]) -> None:
        """What the classes are called."""
        self._names = tuple(names)
        self.viewport().update()

    def set_chosen(self, sample: int) -> None:
        """Outline a sample, wherever it is shown."""
        self._chosen = sample
        self.viewport().update()

    def set_searched(self, text: str) -> None:
        """Say how far the search for the most exciting samples is."""
        if text != self._searched:
            self._searched = text
            self._arrange()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def samples(self) -> list[int]:
        """The samples that are shown, by their place in the data."""
        found: list[int] = self._answer["samples"].tolist() if self._answer else []
        return found

    def text_of(self, number: int) -> str:
        """What is said of the sample at a place of the picture."""
        answer = self._answer
        lines = [self.tr("sample {number}").format(number=int(answer["samples"][number]) + 1)]
        name = self._name(number)
        if name:
            lines.append(self.tr("class {name}").format(name=name))
        strength = float(answer["strengths"][number])
        lines.append(self.tr("largest value of the map {value}").format(value=format_number(strength)))
        return "\n".join(lines)

    def point_of(self, number: int) -> QPointF:
        """The middle of the picture of a sample, in pixels of the viewport."""
        return self._places[number].image.center() + self._offset()

    def sizeHint(self) -> QSize:
        """One row of samples."""
        return QSize(560, 150)

    def minimumSizeHint(self) -> QSize:
        """Small: it scrolls."""
        return QSize(160, 96)

    @staticmethod
    def _signature(answer: Mapping[str, NDArray[Any]]) -> object:
        """What the layout depends on."""
        if not answer:
            return None
        return len(answer["samples"]), answer["maps"].shape, int(answer["classes"][0])

    def _name(self, number: int) -> str:
        truth = int(self._answer["truths"][number])
        return self._names[truth] if 0 <= truth < len(self._names) else ""

    def _make_sheet(self) -> None:
        answer = self._answer
        self._sheet = None
        if answer:
            maps, scale = answer["maps"], np.repeat(answer["scale"], len(answer["maps"]))
            self._sheet = sheet(maps, scale, bool(answer["signed"][0]), None)

    # --- layout ----------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        answer = self._answer
        self._places, self._heads = [], []
        width, height = self.width() - 2 * _EDGE, self.height() - 2 * _EDGE
        self._wide = width > 1.4 * height
        bar = self.style().pixelMetric(self.style().PixelMetric.PM_ScrollBarExtent)
        right = bottom = 0.0
        if answer:
            count, classes = len(answer["samples"]), int(answer["classes"][0])
            groups = [(0, classes, self.tr("One sample of every class")), (classes, count, self._best_text())]
            x = y = 0.0
            for first, last, words in groups:
                group = self._group(x, y, last - first, width - bar, height - bar, words)
                x, y = (group.right() + _BETWEEN, 0.0) if self._wide else (0.0, group.bottom() + _GAP)
                right, bottom = max(right, group.right()), max(bottom, group.bottom())
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setRange(0, max(0, round(right - width)) if self._wide else 0)
        down.setRange(0, 0 if self._wide else max(0, round(bottom - height)))
        for scroll, page in ((across, width), (down, height)):
            scroll.setPageStep(round(page))
            scroll.setSingleStep(40)
        self.viewport().update()

    def _best_text(self) -> str:
        return self._searched or self.tr("Excite it most")

    def _group(self, x: float, y: float, count: int, width: float, height: float, words: str) -> QRectF:
        """Place a number of samples under words; where they stand."""
        ratio, sizes = self.devicePixelRatioF(), self._answer["maps"].shape[1:]
        room = (height - _HEAD - _CAPTION - 2) / 2 if self._wide else _USUAL
        side = min(_MOST, max(_LEAST, room))
        image = self._answer.get("images")
        shown = crisp(sizes[1], sizes[0], side, side, ratio)
        pictures = (0.0, 0.0) if image is None else _filling(image.shape[3], image.shape[2], max(shown))
        cell = max(shown[0], pictures[0], 30.0)
        pitch = QRectF(0, 0, cell + _GAP, pictures[1] + 2 + shown[1] + _CAPTION + _GAP)
        columns = max(1, count if self._wide else int((width + _GAP) // pitch.width()))
        metrics = QFontMetricsF(theme.font(theme.SMALL, QFont.Weight.DemiBold))
        area = QRectF(x, y, metrics.horizontalAdvance(words) + 4, _HEAD)
        self._heads.append((QRectF(area), words))
        for number in range(count):
            row, column = divmod(number, columns)
            left, top = x + column * pitch.width(), y + _HEAD + row * pitch.height()
            above = QRectF(left + (cell - pictures[0]) / 2, top, *pictures)
            below = QRectF(left + (cell - shown[0]) / 2, top + pictures[1] + 2, *shown)
            self._places.append(_Place(above, below))
            area = area.united(QRectF(left, top, cell, pitch.height()))
        return area

    def _offset(self) -> QPointF:
        return QPointF(_EDGE - self.horizontalScrollBar().value(), _EDGE - self.verticalScrollBar().value())

    def _at(self, place: QPointF) -> int | None:
        point = place - self._offset()
        return next((number for number, found in enumerate(self._places) if found.area.contains(point)), None)

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self.viewport()), theme.current()
        painter.translate(self._offset())
        seen = QRectF(self.viewport().rect()).translated(-self._offset())
        painter.setFont(theme.font(theme.SMALL, QFont.Weight.DemiBold))
        painter.setPen(QColor(colours.text))
        for area, words in self._heads:
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words)
        painter.setFont(theme.font(theme.SMALL))
        for number, place in enumerate(self._places):
            if place.area.intersects(seen):
                self._paint_sample(painter, number, place)

    def _paint_sample(self, painter: QPainter, number: int, place: _Place) -> None:
        colours = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if number < len(self._images):
            image_pixels.paint(painter, self._images[number], place.image)
        if self._sheet is not None:
            self._sheet.paint(painter, number, place.map)
        classes, strength = int(self._answer["classes"][0]), float(self._answer["strengths"][number])
        name = self._name(number)
        value = format_number(strength, 2)
        text = name if number < classes and name else f"{name} · {value}" if 0 < len(name) <= _SHORT else value
        caption = QRectF(place.map.center().x() - 24, place.map.bottom() + 1, 48, _CAPTION)
        painter.setPen(QColor(colours.muted))
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(max(36.0, place.map.width() + 4)))
        painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, shown)
        if number == self._hovered or int(self._answer["samples"][number]) == self._chosen:
            strong = number != self._hovered or self.hasFocus()
            painter.setPen(QPen(QColor(colours.accent if strong else colours.text), 2 if strong else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.image.united(place.map).adjusted(-1, -1, 1, 1))

    # --- events ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out for another room."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Draw again in the colours of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._make_sheet()
            self.viewport().update()
        super().changeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll along the samples, whichever way the wheel turns."""
        bar = self.horizontalScrollBar() if self._wide else self.verticalScrollBar()
        bar.setValue(bar.value() - round((event.angleDelta().y() or event.angleDelta().x()) / 2))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a sample."""
        self._point(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        self._point(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the sample that was clicked."""
        number = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and number is not None:
            self.sample_chosen.emit(self.samples()[number])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Belongs to the press."""
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys, Home and End go from sample to sample, Enter chooses it."""
        step = _STEPS.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and self._places:
            self._read(0 if event.key() == Qt.Key.Key_Home else len(self._places) - 1)
        elif step is not None and self._places:
            number = 0 if self._hovered is None else self._hovered + step
            self._read(min(max(number, 0), len(self._places) - 1))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._hovered is not None:
            self.sample_chosen.emit(self.samples()[self._hovered])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin with the first sample."""
        super().focusInEvent(event)
        if self._hovered is None and self._places and event.reason() != Qt.FocusReason.MouseFocusReason:
            self._read(0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Point at nothing."""
        super().focusOutEvent(event)
        self._point(None)

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell the numbers of the sample under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if number is None else self.text_of(number), self.viewport())
            return True
        return super().viewportEvent(event)

    def _point(self, number: int | None) -> None:
        if number != self._hovered:
            self._hovered = number
            shape = Qt.CursorShape.ArrowCursor if number is None else Qt.CursorShape.PointingHandCursor
            self.viewport().setCursor(shape)
            self.viewport().update()

    def _read(self, number: int) -> None:
        self._hovered = number
        self.setAccessibleDescription(self.text_of(number))
        area = self._places[number].area.translated(self._offset())
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        left, right = round(area.left() - _EDGE), round(area.right() + _EDGE - self.viewport().width())
        above, below = round(area.top() - _EDGE), round(area.bottom() + _EDGE - self.viewport().height())
        across.setValue(across.value() + (left if left < 0 else max(0, right)))
        down.setValue(down.value() + (above if above < 0 else max(0, below)))
        self.viewport().update()


def _filling(width: int, height: int, side: float) -> tuple[float, float]:
    """The size of a picture as large as a square has room for: beside its map it should not look small."""
    factor = side / max(width, height)
    return width * factor, height * factor


def _sample() -> QWidget:
    random = np.random.default_rng(1)
    view = FilterSamples()
    view.set_names([str(k) for k in range(10)])
    view.set_answer(
        {
            "samples": np.arange(19),
            "truths": np.arange(19) % 10,
            "maps": random.integers(0, 256, (19, 8, 8), dtype=np.uint8),
            "images": random.integers(0, 256, (19, 1, 8, 8), dtype=np.uint8),
            "scale": np.ones(1, np.float32),
            "strengths": random.random(19, np.float32),
            "classes": np.array([10]),
            "signed": np.array([False]),
        }
    )
    view.resize(800, 170)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
