"""Pictures of one size side by side, each with a title above and a line below: as large as there is room for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets import theme
from widgets.colors import signed_table, viridis_table
from widgets.image_pixels import fitted, paint, picture

_TITLE, _FOOT = 18, 18
_LEAST, _MOST = 56, 480
_DIMMED = 0.55
"""How much of a picture is left under what is laid over it."""


@dataclass(frozen=True, eq=False)
class Tile:
    """One picture: what it is called, what is painted, what is said of it."""

    title: str
    picture: QImage | None = None
    over: QImage | None = None
    """Laid over the picture, which is dimmed."""
    smooth: bool = False
    """Whether what is laid over is a field of few places, and not of pixels."""
    foot: str = ""
    role: str = "muted"
    """The colour of the line below, as the theme names it."""
    tip: str = ""
    missing: str = ""
    """Why there is no picture."""


class Tiles(QWidget):
    """Shows tiles; values in by `set_tiles`, which emits nothing. Arrow keys go from one to the next."""

    pointed = Signal(int, float, float)
    """Number of the tile under the pointer, and the place in its picture as shares of width and height."""
    left = Signal()
    """The pointer is on no picture."""
    current_changed = Signal(int)
    """The user went to a tile, by keyboard or with a click."""

    def __init__(self, object_name: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._tiles: tuple[Tile, ...] = ()
        self._aspect = 1.0
        self._current = 0

    # --- values in -------------------------------------------------------------------------------------------------

    def set_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these, in their order."""
        self._tiles = tuple(tiles)
        self._current = min(self._current, max(0, len(tiles) - 1))
        known = next((tile.picture for tile in tiles if tile.picture is not None), None)
        self._aspect = known.width() / known.height() if known is not None else 1.0
        self._describe()
        self.update()

    def set_current(self, number: int) -> None:
        """Mark another tile. Raises IndexError for a number that there is not."""
        if not 0 <= number < len(self._tiles):
            raise IndexError(f"number (={number}) must be below {len(self._tiles)}")
        self._current = number
        self._describe()
        self.update()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def tiles(self) -> tuple[Tile, ...]:
        """What is shown."""
        return self._tiles

    def current(self) -> int:
        """The number of the tile that the keyboard is at."""
        return self._current

    def place(self, number: int) -> QRectF:
        """Where a tile's picture is, in pixels of the widget."""
        columns, width = self._grid()
        height = width / self._aspect
        row, column = divmod(number, columns)
        return QRectF(
            column * (width + theme.SPACING) + 2,
            row * (height + _TITLE + _FOOT + theme.UNIT) + _TITLE,
            width,
            height,
        )

    def _grid(self) -> tuple[int, float]:
        """How many columns there are, and how wide a picture is: the arrangement with the largest pictures."""
        count = max(1, len(self._tiles))
        best = 1, 0.0
        for columns in range(1, count + 1):
            rows = math.ceil(count / columns)
            wide = (self.width() - 4 - (columns - 1) * theme.SPACING) / columns
            tall = (self.height() - 2 - (rows - 1) * theme.UNIT) / rows - _TITLE - _FOOT
            width = min(wide, tall * self._aspect)
            if width > best[1] + 0.5:
                best = columns, width
        return best[0], float(max(16, min(_MOST, int(best[1]))))

    def sizeHint(self) -> QSize:
        """One row of pictures of a usual size."""
        return QSize(max(1, len(self._tiles)) * 132, 120 + _TITLE + _FOOT)

    def minimumSizeHint(self) -> QSize:
        """Two rows of small pictures."""
        columns = max(1, math.ceil(len(self._tiles) / 2))
        return QSize(columns * _LEAST, _LEAST + _TITLE + _FOOT)

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for number, tile in enumerate(self._tiles):
            self._paint_tile(painter, number, tile)

    def _paint_tile(self, painter: QPainter, number: int, tile: Tile) -> None:
        colors, place = theme.current(), self.place(number)
        painter.fillRect(place, QColor(colors.raised))
        if tile.picture is not None:
            exact = fitted(tile.picture, place)
            if tile.over is not None:
                painter.fillRect(exact, QColor("black"))
                painter.setOpacity(_DIMMED)
            paint(painter, tile.picture, exact)
            painter.setOpacity(1.0)
            if tile.over is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, tile.smooth)
                painter.drawImage(exact, tile.over)
        elif tile.missing:
            painter.setFont(theme.font(theme.SMALL))
            painter.setPen(QColor(colors.muted))
            painter.drawText(
                place.adjusted(6, 6, -6, -6), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, tile.missing
            )
        wide = QRectF(place.left(), 0, place.width() + theme.SPACING, 0)
        painter.setFont(theme.font(theme.SMALL, QFont.Weight.DemiBold))
        painter.setPen(QColor(colors.text))
        self._line(painter, tile.title, wide.translated(0, place.top() - _TITLE), _TITLE)
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(QColor(getattr(colors, tile.role)))
        self._line(painter, tile.foot, wide.translated(0, place.bottom()), _FOOT)
        if self.hasFocus() and number == self._current:
            painter.setPen(QPen(QColor(colors.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place.adjusted(-1, -1, 1, 1))

    def _line(self, painter: QPainter, text: str, area: QRectF, height: int) -> None:
        area.setHeight(height)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    # --- events ----------------------------------------------------------------------------------------------------

    def at(self, point: QPointF) -> int | None:
        """The number of the tile whose picture is at a point of the widget."""
        found = (number for number in range(len(self._tiles)) if self.place(number).contains(point))
        return next(found, None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self.at(event.position())
        if number is None:
            self.left.emit()
            return
        place = self.place(number)
        x, y = event.position().x() - place.left(), event.position().y() - place.top()
        self.pointed.emit(number, min(x / place.width(), 0.9999), min(y / place.height(), 0.9999))

    def leaveEvent(self, event: QEvent) -> None:
        self.left.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.at(event.position())
        if number is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._go(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._grid()[0]
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_Home: -self._current,
            Qt.Key.Key_End: len(self._tiles) - 1 - self._current,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        elif 0 <= self._current + step < len(self._tiles):
            self._go(self._current + step)

    def _go(self, number: int) -> None:
        self.set_current(number)
        self.current_changed.emit(number)

    def _describe(self) -> None:
        if self._tiles:
            tile = self._tiles[self._current]
            text = ": ".join(part for part in (tile.title, tile.foot or tile.missing) if part)
            if text != self.accessibleDescription():
                self.setAccessibleDescription(text)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Say what a tile shows."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = next(
                (
                    number
                    for number in range(len(self._tiles))
                    if self.place(number).adjusted(0, -_TITLE, 0, _FOOT).contains(event.pos())
                ),
                None,
            )
            QToolTip.showText(event.globalPos(), self._tiles[number].tip if number is not None else "", self)
            return True
        return super().event(event)


def signed_picture(values: NDArray[Any], scale: float) -> QImage:
    """Numbers (height, width) as colours: −scale is orange, 0 the ground, scale blue."""
    indices = np.clip(np.rint(127.5 + 127.5 * values / scale), 0, 255).astype(np.uint8)
    return _colored(np.array(signed_table(theme.current()), np.uint32)[indices])


def magnitude_picture(values: NDArray[Any], scale: float) -> QImage:
    """Numbers (height, width) from 0 to scale as colours from dark to light."""
    indices = np.clip(np.rint(255 * values / scale), 0, 255).astype(np.uint8)
    return _colored(np.array(viridis_table(), np.uint32)[indices])


def signed_veil(values: NDArray[Any], scale: float) -> QImage:
    """Numbers (height, width) to lay over a picture: orange and blue, the more transparent the nearer to 0."""
    current = theme.current()
    ends = [QColor(current.negative).rgb() & 0xFFFFFF, QColor(current.positive).rgb() & 0xFFFFFF]
    return _veil(np.where(values > 0, ends[1], ends[0]), np.abs(values) / scale)


def magnitude_veil(values: NDArray[Any], scale: float) -> QImage:
    """Numbers (height, width) from 0 to scale to lay over a picture: the more transparent the smaller."""
    indices = np.clip(np.rint(255 * values / scale), 0, 255).astype(np.uint8)
    return _veil(np.array(viridis_table(), np.int64)[indices] & 0xFFFFFF, values / scale)


def largest(values: NDArray[Any]) -> float:
    """The largest of finite numbers, whatever their sign, for a scale; 1 where all are 0."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0)) or 1.0


def _veil(rgb: NDArray[Any], share: NDArray[Any]) -> QImage:
    alpha = np.rint(230 * np.clip(np.nan_to_num(share), 0, 1)).astype(np.uint32)
    return _image(alpha << 24 | rgb.astype(np.uint32), QImage.Format.Format_ARGB32)


def _colored(pixels: NDArray[np.uint32]) -> QImage:
    return _image(pixels, QImage.Format.Format_RGB32)


def _image(pixels: NDArray[np.uint32], kind: QImage.Format) -> QImage:
    height, width = pixels.shape
    return QImage(np.ascontiguousarray(pixels).tobytes(), width, height, 4 * width, kind).copy()


def _sample() -> QWidget:
    random = np.random.default_rng(1)
    image = random.integers(0, 255, (1, 8, 8), np.uint8)
    values = random.normal(0, 1, (8, 8))
    view = Tiles("tiles", "Maps")
    view.set_tiles(
        [
            Tile("sample 12", picture(image), foot="5"),
            Tile("alone", signed_picture(values, largest(values)), foot="Σ 0.31"),
            Tile("over", picture(image), signed_veil(values, largest(values)), foot="Σ 0.31"),
            Tile("missing", missing="There is no convolution"),
        ]
    )
    view.resize(640, 180)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
