"""Axes around a plotting area in the look of the theme; ranges are given, never guessed, and nothing can be dragged.

Built from pyqtgraph's axes and view box alone: its PlotItem would make six menus for each plot, which outlive it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QGraphicsItem, QWidget

from widgets import theme

_LEFT_WIDTH = 44
_BOTTOM_HEIGHT = 20


class Plot(pg.GraphicsView):
    """Left and bottom axis and the area between them, to which graphics items are added in data coordinates."""

    hovered = Signal(float, float)
    """Data coordinates under the pointer."""
    left = Signal()
    """The pointer is gone."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False, defaultPadding=0.0)
        self.box.disableAutoRange()
        self.axes = {side: pg.AxisItem(side) for side in ("left", "bottom")}
        self.axes["left"].setWidth(_LEFT_WIDTH)
        self.axes["bottom"].setHeight(_BOTTOM_HEIGHT)
        layout = pg.GraphicsLayout()
        layout.setContentsMargins(0, 4, 4, 0)
        layout.setSpacing(0)
        layout.addItem(self.axes["left"], 0, 0)
        layout.addItem(self.box, 0, 1)
        layout.addItem(self.axes["bottom"], 1, 1)
        for axis in self.axes.values():
            axis.linkToView(self.box)
            axis.setZValue(1)
        self.setCentralItem(layout)
        self._ticks: list[tuple[float, str]] = []
        self.box.sigResized.connect(self._thin_ticks)
        self.viewport().setMouseTracking(True)
        self.dress()

    def add(self, item: QGraphicsItem) -> None:
        """Put an item into the area."""
        self.box.addItem(item, ignoreBounds=True)

    def set_ranges(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show the data coordinates from x[0] to x[1] and from y[0] to y[1]."""
        self.box.setRange(xRange=x, yRange=y, padding=0.0)

    def set_ticks(self, side: str, ticks: Sequence[tuple[float, str]]) -> None:
        """Label evenly spaced places on the "left" or "bottom" axis; on the left as many of them as have room."""
        if side == "left":
            self._ticks = list(ticks)
            self._thin_ticks()
        else:
            self.axes[side].setTicks([list(ticks), []])

    def _thin_ticks(self) -> None:
        line = 1.2 * self.fontMetrics().height()
        room = max(1, int(self.box.height() / line))
        self.axes["left"].setTicks([self._ticks[:: -(-len(self._ticks) // room) or 1], []])

    def dress(self) -> None:
        """Take colours and fonts from the theme."""
        colors = theme.current()
        self.setBackground(QColor(colors.surface))
        for axis in self.axes.values():
            axis.setPen(pg.mkPen(colors.line))
            axis.setTextPen(pg.mkPen(colors.muted))
            axis.setStyle(tickFont=theme.font(theme.SMALL), tickLength=-4, tickTextOffset=4)

    def place_of(self, x: float, y: float) -> QPoint:
        """Where data coordinates lie, in pixels of the viewport."""
        return self.mapFromScene(self.box.mapViewToScene(pg.Point(x, y)))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "axes"):
            self.dress()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what lies under the pointer."""
        super().mouseMoveEvent(event)
        place = self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))
        self.hovered.emit(place.x(), place.y())

    def leaveEvent(self, event: QEvent) -> None:
        """Say that the pointer is gone."""
        super().leaveEvent(event)
        self.left.emit()
