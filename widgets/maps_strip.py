"""What every layer gives for one sample, layer after layer: maps, cells and bars that scroll."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from widgets import theme
from widgets.maps_layout import Block, SeenLayer, Sheet, arrange
from widgets.maps_paint import StripPainter
from widgets.maps_texts import shape_text, tile_text
from widgets.maps_values import Arrays, MapValues, beside_sizes

_EDGE = 3.0
"""Room around everything, for the frame of what is chosen."""
Place = tuple[str, int]
"""A card and one of its units."""
_STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


class MapsStrip(QAbstractScrollArea):
    """All layers of a network. Values in by `set_…`, which emit nothing; what the user opens comes out."""

    opened = Signal(str, int)
    """The user clicked a map or a unit, or pressed Enter on it: its card and number."""
    scrolled = Signal()
    """Other layers than before are in sight."""

    def __init__(self, object_name: str, name: str, values: MapValues, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.values = values
        self._layers: list[SeenLayer] = []
        self._orders: dict[str, list[int]] = {}
        self._sorted = False
        self._sheet = Sheet((), QSizeF(), True)
        self._beside: dict[str, tuple[int, int]] = {}
        self._hovered: Place | None = None
        self._chosen: Place | None = None
        self._truth: int | None = None
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self._on_scrolled)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_layers(self, layers: Sequence[SeenLayer]) -> None:
        """Show other layers, in their order; what was known of the others is forgotten."""
        if list(layers) != self._layers:
            self._layers = list(layers)
            self._orders.clear()
            self._hovered = None
            self.values.forget()
            self._beside = {}
            self._arrange()

    def set_maps(self, answer: Arrays) -> None:
        """Show what the probe FeatureMaps measured."""
        self.values.set_maps(answer)
        truth = answer.get("truth")
        self._truth = int(truth[0]) if truth is not None and len(truth) else None
        if self._sorted and any(layer.node not in self._orders for layer in self._layers):
            self._sort()
        self._fit()

    def set_kernels(self, answer: Arrays) -> None:
        """Show what the probe Kernels measured beside the maps."""
        self.values.set_kernels(answer)
        self._fit()

    def clear_kernels(self, keep_room: bool) -> None:
        """Something else is to be shown beside the maps, or nothing."""
        self.values.clear_kernels()
        if not keep_room:
            self._beside = {}
            self._fit()
        self.viewport().update()

    def set_sorted(self, by_activity: bool) -> None:
        """Put the most active maps of each layer first, as they are now; or all in their own order."""
        self._sorted = by_activity
        self._sort()

    def resort(self) -> None:
        """Sort again: another sample is shown."""
        self._orders.clear()

    def set_own_scale(self, own: bool) -> None:
        """Give each map its own scale, or all of a layer the same."""
        self.values.set_own_scale(own)
        self.viewport().update()

    def set_chosen(self, node: str, unit: int) -> None:
        """Outline a unit of a card; "" for none."""
        chosen = (node, unit) if node else None
        if chosen != self._chosen:
            self._chosen = chosen
            self.viewport().update()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def layers_in_sight(self) -> tuple[str, ...]:
        """The cards of which something can be seen."""
        seen = self._seen()
        return tuple(block.layer.node for block in self._sheet.blocks if block.area.intersects(seen))

    def place_of(self, node: str, unit: int) -> QRectF | None:
        """Where a unit is, in pixels of the viewport."""
        for block in self._sheet.blocks:
            if block.layer.node == node and unit < block.layer.tiles:
                return block.tiles[self._order(block.layer).index(unit)].translated(self._offset())
        return None

    def text_of(self, node: str, unit: int) -> str:
        """What is said of a unit, with its numbers."""
        layer = next(layer for layer in self._layers if layer.node == node)
        return tile_text(layer, unit, self.values)

    def layer(self, node: str) -> SeenLayer | None:
        """The layer of a card, if it is shown."""
        return next((layer for layer in self._layers if layer.node == node), None)

    def chosen(self) -> Place | None:
        """The card and unit that are outlined."""
        return self._chosen

    def hovered(self) -> Place | None:
        """The card and unit under the pointer or the keyboard."""
        return self._hovered

    def sizeHint(self) -> QSize:
        """Room for two rows of maps."""
        return QSize(640, 164)

    def minimumSizeHint(self) -> QSize:
        """Small: it scrolls."""
        return QSize(160, 96)

    # --- layout ----------------------------------------------------------------------------------------------------

    def _fit(self) -> None:
        """Paint again; lay out again only where a picture came to stand beside maps."""
        beside = self._beside | beside_sizes(self._layers, self.values.maps, self.values.kernels)
        if beside != self._beside:
            self._beside = beside
            self._arrange()
        self.viewport().update()

    def _arrange(self) -> None:
        metrics = QFontMetricsF(theme.font(theme.SMALL))
        bar = self.style().pixelMetric(self.style().PixelMetric.PM_ScrollBarExtent)
        room = QSizeF(self.width() - 2 * _EDGE, self.height() - 2 * _EDGE)
        wide = room.width() > 1.4 * room.height()
        room = QSizeF(room.width() - (not wide) * bar, room.height() - wide * bar)
        ratio = self.devicePixelRatioF()
        self._sheet = arrange(
            self._layers,
            room,
            ratio,
            self._beside,
            metrics.horizontalAdvance,
            lambda layer: _head_width(layer, metrics.horizontalAdvance),
        )
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        size = self._sheet.size + QSizeF(2 * _EDGE, 2 * _EDGE)
        across.setRange(0, max(0, round(size.width() - self.width())) if wide else 0)
        down.setRange(0, 0 if wide else max(0, round(size.height() - self.height())))
        across.setPageStep(self.width())
        down.setPageStep(self.height())
        across.setSingleStep(40)
        down.setSingleStep(40)
        self.viewport().update()

    def _sort(self) -> None:
        known = [layer for layer in self._layers if self.values.knows(layer.node)]
        if not self._sorted:
            self._orders.clear()
        for layer in known if self._sorted else ():
            if layer.node not in self._orders and not layer.names and layer.tiles > 1:
                self._orders[layer.node] = self.values.order(layer)
        self.viewport().update()

    def _order(self, layer: SeenLayer) -> Sequence[int]:
        found = self._orders.get(layer.node)
        return found if found is not None and len(found) == layer.tiles else range(layer.tiles)

    def _offset(self) -> QPointF:
        return QPointF(_EDGE - self.horizontalScrollBar().value(), _EDGE - self.verticalScrollBar().value())

    def _seen(self) -> QRectF:
        return QRectF(self.viewport().rect()).translated(-self._offset())

    def _at(self, place: QPointF) -> Place | None:
        """What lies under a point of the viewport."""
        point = place - self._offset()
        for block in self._sheet.blocks:
            for slot, unit in enumerate(self._order(block.layer)):
                beside = bool(block.beside) and block.beside[slot].contains(point)
                if beside or block.tiles[slot].contains(point):
                    return block.layer.node, unit
        return None

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.translate(self._offset())
        seen = self._seen()
        brush = StripPainter(painter, self.values, self._truth)
        for block in self._sheet.blocks:
            if block.area.intersects(seen):
                brush.paint(block, self._order(block.layer), seen)
        for place, strong in ((self._chosen, True), (self._hovered, self.hasFocus())):
            if place is not None:
                self._frame(brush, place, strong)

    def _frame(self, brush: StripPainter, place: Place, strong: bool) -> None:
        where = self.place_of(*place)
        if where is not None:
            brush.frame(where.translated(-self._offset()), strong)

    # --- events ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out for another room."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Draw again in the colours of another theme."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.values.recolor()
            self.viewport().update()
        super().changeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll along the layers, whichever way the wheel turns."""
        bar = self.horizontalScrollBar() if self._sheet.wide else self.verticalScrollBar()
        turn = event.angleDelta().y() or event.angleDelta().x()
        bar.setValue(bar.value() - round(turn / 2))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a unit."""
        self._point(self._at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        self._point(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open what was clicked."""
        found = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self.opened.emit(*found)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Belongs to the press."""
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys go from unit to unit, Enter opens it."""
        key = Qt.Key(event.key())
        if key in _STEPS:
            self._go(*_STEPS[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and self._layers:
            layer = self._layers[0 if key == Qt.Key.Key_Home else -1]
            self._read((layer.node, self._order(layer)[0]))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._hovered is not None:
            self.opened.emit(*self._hovered)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin with what is chosen, or the first map."""
        super().focusInEvent(event)
        if self._hovered is None and self._layers and event.reason() != Qt.FocusReason.MouseFocusReason:
            known = self._chosen is not None and self.place_of(*self._chosen) is not None
            self._read(self._chosen if known else (self._layers[0].node, 0))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Point at nothing."""
        super().focusOutEvent(event)
        self._point(None)

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell the numbers of the map under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.text_of(*found) if found else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def _on_scrolled(self) -> None:
        self.viewport().update()
        self.scrolled.emit()

    def _point(self, place: Place | None) -> None:
        if place != self._hovered:
            self._hovered = place
            shape = Qt.CursorShape.PointingHandCursor if place is not None else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)
            self.viewport().update()

    def _read(self, place: Place | None) -> None:
        """Point at a unit by the keyboard: it comes into sight, and a screen reader is told."""
        self._hovered = place
        where = self.place_of(*place) if place is not None else None
        if place is not None and where is not None:
            self.setAccessibleDescription(self.text_of(*place))
            across, down = self.horizontalScrollBar(), self.verticalScrollBar()
            left, right = round(where.left() - _EDGE), round(where.right() + _EDGE - self.viewport().width())
            above, below = round(where.top() - _EDGE), round(where.bottom() + _EDGE - self.viewport().height())
            across.setValue(across.value() + (left if left < 0 else max(0, right)))
            down.setValue(down.value() + (above if above < 0 else max(0, below)))
        self.viewport().update()

    def _go(self, dx: int, dy: int) -> None:
        """To the nearest unit in a direction."""
        here = self.place_of(*self._hovered) if self._hovered is not None else None
        if here is None:
            self._read((self._layers[0].node, 0) if self._layers else None)
            return
        start = here.center() - self._offset()
        best: tuple[float, Place] | None = None
        for block in self._sheet.blocks:
            found = _nearest(block, start, dx, dy)
            if found is not None and (best is None or found[0] < best[0]):
                best = found[0], (block.layer.node, self._order(block.layer)[found[1]])
        if best is not None:
            self._read(best[1])

    def point_of(self, node: str, unit: int) -> QPoint:
        """The middle of a unit, in pixels of the viewport. Raises KeyError for one that is not shown."""
        found = self.place_of(node, unit)
        if found is None:
            raise KeyError((node, unit))
        return found.center().toPoint()


def _head_width(layer: SeenLayer, width: Callable[[str], float]) -> float:
    """Room for what stands above a layer; the numbers of a scale change, and so get the room of wide ones."""
    scale = "" if layer.names or layer.is_input else "  ·  ± 0.05"
    return max(1.1 * width(layer.title), width(shape_text(layer) + scale)) + 2


def _nearest(block: Block, start: QPointF, dx: int, dy: int) -> tuple[float, int] | None:
    """How far the nearest tile of a block in a direction is, and its place."""
    best: tuple[float, int] | None = None
    for slot, tile in enumerate(block.tiles):
        away = tile.center() - start
        along, across = away.x() * dx + away.y() * dy, abs(away.x() * dy) + abs(away.y() * dx)
        if along > 1 and (best is None or along + 2.5 * across < best[0]):
            best = along + 2.5 * across, slot
    return best
