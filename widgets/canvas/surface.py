"""A view with a dotted ground that zooms, pans and keeps its content fitted."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QNativeGestureEvent, QPainter, QPen, QPixmapCache, QPolygonF, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from engine.document.graph import Edge
from widgets.canvas.board import Board
from widgets.canvas.camera import Camera
from widgets.canvas.hits import Hit
from widgets.canvas.minimap import MiniMap

_GRID = 24.0
_FINEST_GRID = 0.5
"""Zoom below which every other dot is left out."""
_NOTCH = 120
"""Of a wheel, in eighths of a degree."""
_LONGEST_HOLD = 60
"""Milliseconds for which painting may wait for the weights of a new run."""
_FITTINGS = 4
"""Rounds until the view and what keeps its size in it agree to a pixel or two."""
_CACHE = 48 * 1024
"""Kilobytes for pictures of links that wait for weights; at Qt's 10 MB those of a large network evict each other."""
_LINK_BUDGET = 0.0012
"""Seconds of a frame that may go into redrawing links; the rest waits for the next."""
_NEXT_LINKS = 16
"""Milliseconds until waiting links are redrawn without new values, once begun."""


class Surface(QGraphicsView):
    """A board seen through a camera."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.board = Board(self)
        self.setScene(self.board)
        self.camera = Camera(self, self.board.set_zoom)
        QPixmapCache.setCacheLimit(_CACHE)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.BoundingRectViewportUpdate)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        # The ground covers all of it: Qt need not paint what lies behind first, window and all.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(240, 160)
        self._hold_timer = QTimer(self)
        self._hold_timer.setSingleShot(True)
        self._hold_timer.setInterval(_LONGEST_HOLD)
        self._hold_timer.timeout.connect(self.release)
        self._last_link: Edge | None = None
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.timeout.connect(lambda: self.refresh_links(_NEXT_LINKS))
        self.minimap = MiniMap(self)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self.minimap.follow)
            bar.rangeChanged.connect(self.minimap.follow)

    def fit(self) -> None:
        """Show everything, and keep doing so while the window changes, until the user zooms or pans."""
        for _ in range(_FITTINGS if self.board.boxes else 1):  # what is said of cards does not shrink with them
            self.camera.fit(self.board.content())
        self.minimap.follow()

    def look_at(self, point: QPointF) -> None:
        """Bring a point of the scene into the middle."""
        self.pan(self.mapFromScene(point) - self.viewport().rect().center())

    def hit(self, point: QPointF) -> Hit:
        """What lies under a point of the scene."""
        return self.board.hit(point, self.camera.zoom)

    def pan(self, away: QPoint) -> None:
        """Move the view by pixels."""
        self.camera.pan(away)

    def hold(self) -> None:
        """Wait with painting for the weights that are under way, a few frames at most: all that changes does at once.

        Painted without them, links would be grey for one frame, at the price of that frame.
        """
        self.viewport().setUpdatesEnabled(False)
        self._hold_timer.start()

    def release(self) -> None:
        """Paint again: the weights are there, or do not come."""
        self._hold_timer.stop()
        if not self.viewport().updatesEnabled():
            self.viewport().setUpdatesEnabled(True)

    def refresh_links(self, pause: int) -> None:
        """Redraw links with new weights, as many as fit in a frame's share.

        The next frame goes on behind them; if none comes within `pause` milliseconds, they are redrawn without it.
        """
        started = time.perf_counter()
        stale = list(self.board.stale_links())
        behind = next((k + 1 for k, link in enumerate(stale) if link.edge == self._last_link), 0)
        waiting = stale[behind:] + stale[:behind]
        while waiting and time.perf_counter() - started < _LINK_BUDGET:
            link = waiting.pop(0)
            link.refresh()
            self._last_link = link.edge
        if any(link.has_picture for link in waiting):
            self._refresh_timer.start(pause)

    def restyle(self) -> None:
        """Wear the theme that the application wears now."""
        self.board.restyle()
        self.resetCachedContent()
        self.viewport().update()
        self.minimap.update()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """The ground, with a dot on every crossing of the grid."""
        rect = QRectF(rect)
        style = self.board.style_
        painter.fillRect(rect, style.background)
        step = _GRID if self.camera.zoom >= _FINEST_GRID else 4 * _GRID
        columns = range(int(rect.left() // step), int(rect.right() // step) + 2)
        rows = range(int(rect.top() // step), int(rect.bottom() // step) + 2)
        pen = QPen(style.dot, self.devicePixelRatioF())
        pen.setCosmetic(True)
        painter.setPen(pen)
        row = QPolygonF([QPointF(x * step, 0.0) for x in columns])
        for y in rows:
            painter.drawPoints(row.translated(0.0, y * step))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl zooms to the pointer; otherwise the view scrolls, sideways with Shift."""
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.camera.zoom_by(1.25 ** (angle.y() / _NOTCH), event.position().toPoint())
        else:
            away = pixels if not pixels.isNull() else angle * 0.5
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not away.x():
                away = QPoint(away.y(), 0)
            self.pan(-away)
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        """Zoom with two fingers."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.camera.zoom_by(1.0 + event.value(), event.position().toPoint())
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit again while nobody chose another view."""
        super().resizeEvent(event)
        if self.camera.is_fitted:
            self.fit()
        self.minimap.follow()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme and the language."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.LanguageChange):
            self.restyle()
