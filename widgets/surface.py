"""A regression as it is: what should be answered in blue, what the network answers in red."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from widgets import theme
from widgets.controls import EmptyState, Segmented
from widgets.surface_paint import Camera, Heights, paint_contours, paint_cut, paint_surfaces

_LEVELS = (-0.8, -0.4, 0.0, 0.4, 0.8)
"""Heights of the contours, as parts of the largest target."""
_WIDE = 560
"""Width from which all three pictures stand side by side."""
_TURN, _KEY = 0.5, 5.0
"""Degrees for a pixel of a drag, and for a key."""


class SurfacePicture(QWidget):
    """The picture alone: a drag or the arrow keys turn the surfaces, or move the cut."""

    cut_moved = Signal(float)
    """x₂ at which the cut is."""

    def __init__(self, mode: str, parent: QWidget | None = None) -> None:
        """A "surface", "contours" or a "cut"."""
        super().__init__(parent)
        self.mode = mode
        self.setObjectName(f"regression.{mode}")
        names = {
            "surface": self.tr("Target and network as surfaces"),
            "contours": self.tr("Lines of equal height of target and network"),
            "cut": self.tr("Target and network along a cut"),
        }
        self.setAccessibleName(names[mode])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.camera = Camera()
        self.row = 0
        self._network: Heights | None = None
        self._target: Heights | None = None
        self._pressed: QPointF | None = None

    def sizeHint(self) -> QSize:
        return QSize(280, 180)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 100)

    def set_values(self, network: Heights, target: Heights | None) -> None:
        """Show other numbers, of one grid; no target where there is no formula for it."""
        if self._network is None or len(network) != len(self._network):
            known = np.abs(network if target is None else target)
            self.row = int(known.max(axis=1).argmax())  # where there is something to see
        self._network, self._target = network, target
        self.update()

    def bound(self) -> float:
        """The height that fills the picture: that of the target, or of the network where there is none."""
        shown = self._target if self._target is not None else self._network
        largest = float(np.abs(shown).max()) if shown is not None else 0.0
        return largest or 1.0

    def x2(self) -> float:
        """Where the cut is."""
        n = len(self._network) if self._network is not None else 1
        return 6.0 - (self.row + 0.5) * 12.0 / n

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._network is None:
            return
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        surfaces = [(self._target, QColor(colors.accent))] if self._target is not None else []
        surfaces.append((self._network, QColor(colors.error)))
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self.mode == "surface":
            paint_surfaces(painter, area, surfaces, self.bound(), self.camera)
        elif self.mode == "contours":
            paint_contours(painter, area, surfaces, [level * self.bound() for level in _LEVELS])
        else:
            rows = [(heights[self.row].astype(np.float64), color) for heights, color in surfaces]
            paint_cut(painter, area, rows, 1.25 * self.bound(), "x₁")
        if self.hasFocus():
            painter.setPen(QColor(colors.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    # --- turning -----------------------------------------------------------------------------------------------------

    def _move(self, right: float, up: float, degrees: float) -> None:
        if self.mode == "surface":
            self.camera = self.camera.moved(degrees * right, -degrees * up)
        elif self.mode == "cut" and self._network is not None and up:
            self.row = min(len(self._network) - 1, max(0, self.row - (1 if up > 0 else -1)))
            self.cut_moved.emit(self.x2())
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and self.mode == "surface":
            way = event.position() - self._pressed
            self._pressed = event.position()
            self._move(way.x(), -way.y(), _TURN)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.camera = Camera()
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.mode == "cut":
            self._move(0, event.angleDelta().y(), _KEY)
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
        }  # fmt: skip
        way = ways.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
        else:
            self._move(*way, _KEY)


class RegressionPanel(QWidget):
    """The picture, what is in it, and in which of three ways it is drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("regression")
        self.setAccessibleName(self.tr("Regression"))
        options = [
            ("surface", self.tr("Surface")),
            ("contours", self.tr("Contours")),
            ("cut", self.tr("Cut")),
        ]
        self.choice = Segmented(options, "regression.mode")
        self.choice.setAccessibleName(self.tr("How it is drawn"))
        self.legend = QLabel()
        self.legend.setObjectName("regression.legend")
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.pictures = {mode: SurfacePicture(mode) for mode, _ in options}
        self.choice.chosen.connect(self._arrange)
        self.pictures["cut"].cut_moved.connect(lambda _: self._show_legend())
        self.empty = EmptyState("")
        head = QHBoxLayout()
        head.setSpacing(theme.MARGIN)
        head.addWidget(self.choice)
        head.addWidget(self.legend, 1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addLayout(head)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACING)
        for picture in self.pictures.values():
            row.addWidget(picture, 1)
        column.addLayout(row, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self._has_target = True
        self._arrange()

    def set_values(self, network: Heights, target: Heights | None) -> None:
        """Show what the network answers on a grid, and what it should."""
        self._has_target = target is not None
        for picture in self.pictures.values():
            picture.set_values(network, target)
        self._stack.setCurrentIndex(1)
        self._show_legend()

    def set_reason(self, text: str) -> None:
        """Show why there is nothing to see."""
        self.empty.set_text(text)
        self._stack.setCurrentIndex(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Show all three beside each other where there is room, else the chosen one."""
        wide = self.width() >= _WIDE
        self.choice.setVisible(not wide)
        for mode, picture in self.pictures.items():
            picture.setVisible(wide or mode == self.choice.choice())
        self._show_legend()

    def _show_legend(self) -> None:
        colors = theme.current()
        parts = []
        if self._has_target:
            parts.append(f'<span style="color:{colors.accent}">▬</span> ' + self.tr("target"))
        parts.append(f'<span style="color:{colors.error}">▬</span> ' + self.tr("network"))
        if not self.pictures["cut"].isHidden():
            place = QLocale().toString(self.pictures["cut"].x2(), "f", 2)
            parts.append(self.tr("cut at x₂ = {place}").format(place=place))
        self.legend.setText(" &nbsp; ".join(parts))


def _sample() -> QWidget:
    ticks = (np.arange(25) + 0.5) / 25 * 12 - 6
    x1, x2 = np.meshgrid(ticks, ticks[::-1])
    panel = RegressionPanel()
    target = np.sin(x1) * np.cos(x2)
    panel.set_values((0.7 * target + 0.1 * x1 / 6).astype(np.float32), target.astype(np.float32))
    panel.resize(700, 260)
    return panel


if __name__ == "__main__":
    theme.demo(_sample)
