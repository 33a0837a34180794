"""Zoom and place of the view: fits the content until the user takes over."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsView

SMALLEST, LARGEST = 0.1, 4.0
FIT_AT_MOST = 1.25
_MARGIN = 24
_WORLD = 100_000.0


class Camera:
    """Moves a view over its scene."""

    def __init__(self, view: QGraphicsView, zoomed: Callable[[float], None]) -> None:
        self._view = view
        self._zoomed = zoomed
        self.is_fitted = True
        """Whether the content is still shown as `fit` placed it; then it stays so when the window changes."""
        view.setSceneRect(-_WORLD, -_WORLD, 2 * _WORLD, 2 * _WORLD)

    @property
    def zoom(self) -> float:
        """Pixels per unit of the scene."""
        return self._view.transform().m11()

    def fit(self, content: QRectF) -> None:
        """Centre the content, as large as it fits, at most at 125 %."""
        self.is_fitted = True
        if content.isEmpty():
            return
        room = self._view.viewport().rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if room.width() <= 0 or room.height() <= 0:
            return
        zoom = min(room.width() / content.width(), room.height() / content.height(), FIT_AT_MOST)
        self._set_zoom(max(zoom, SMALLEST))
        self._view.centerOn(content.center())

    def zoom_by(self, factor: float, pixel: QPoint) -> None:
        """Zoom so that what lies under a pixel of the viewport stays there."""
        self.is_fitted = False
        zoom = min(max(self.zoom * factor, SMALLEST), LARGEST)
        under = self._view.mapToScene(pixel)
        self._set_zoom(zoom)
        now = self._view.mapFromScene(under)
        self._scroll(now - pixel)

    def pan(self, away: QPoint) -> None:
        """Move the view by pixels."""
        self.is_fitted = False
        self._scroll(away)

    def reveal(self, area: QRectF) -> None:
        """Scroll as little as it takes to show an area of the scene."""
        if not self.visible().contains(area):
            self.is_fitted = False
            self._view.ensureVisible(area, _MARGIN, _MARGIN)

    def visible(self) -> QRectF:
        """What is seen of the scene."""
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def center(self) -> QPointF:
        """The point of the scene in the middle of the view."""
        return self.visible().center()

    def _set_zoom(self, zoom: float) -> None:
        self._view.resetTransform()
        self._view.scale(zoom, zoom)
        self._zoomed(zoom)

    def _scroll(self, away: QPoint) -> None:
        for bar, distance in (
            (self._view.horizontalScrollBar(), away.x()),
            (self._view.verticalScrollBar(), away.y()),
        ):
            bar.setValue(bar.value() + distance)
