"""The picture of one value: where its window lies on the input, every product, what they add up to, where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from widgets import image_pixels, theme
from widgets.drawing import readable_on
from widgets.heatmap_colors import table
from widgets.maps_board_layout import LABEL, STACKED, BoardLayout, BoardView
from widgets.maps_layout import SeenLayer
from widgets.maps_pixels import MapSheet
from widgets.maps_terms import LARGEST, VALUE, Written, cell_text, decimals

if TYPE_CHECKING:
    from collections.abc import Callable


class BoardPainter:
    """Paints the picture with one painter."""

    def __init__(self, painter: QPainter, view: BoardView, layout: BoardLayout) -> None:
        self._painter, self._view, self._layout = painter, view, layout
        self._colours = theme.current()
        self._small, self._bold = theme.font(theme.SMALL), theme.font(theme.SMALL, QFont.Weight.DemiBold)

    def paint(self, focused: bool, cell: tuple[int, int] | None) -> None:
        """Paint all parts; `cell` of the window is under the pointer."""
        tr = QCoreApplication.translate
        view, layout = self._view, self._layout
        if layout.input is not None and view.source is not None:
            self._input(layout.input, view.source)
        written = view.written
        if written is not None and written.kind != VALUE:
            names: dict[str, tuple[str, Callable[[], NDArray[np.float64]]]] = {
                "patch": (tr("LayersSee", "input"), lambda: written.inputs),
                "kernel": (tr("LayersSee", "kernel"), lambda: written.weights),
                "product": (tr("LayersSee", "products"), lambda: written.products),
            }
            for name, area in layout.grids.items():
                words, numbers = names[name]
                self._label(area, words)
                self._grid(area, numbers(), written, name, cell)
            self._painter.setFont(theme.font(theme.LARGE))
            self._painter.setPen(QColor(self._colours.muted))
            for place, sign in layout.signs:
                where = QRectF(place.x() - 10, place.y() - 12, 20, 24)
                self._painter.drawText(where, Qt.AlignmentFlag.AlignCenter, sign)
        self._sum()
        self._output(focused)

    # --- maps ------------------------------------------------------------------------------------------------------

    def _input(self, area: QRectF, source: SeenLayer) -> None:
        view, values = self._view, self._view.values
        written = view.written
        number = int(written.channels[view.channel]) if written is not None and written.kind != VALUE else view.unit
        image = values.image() if values is not None and source.is_input else None
        sheet = values.large_sheet(source.node) if values is not None else None
        if image is not None and source.maps == 1:
            image_pixels.paint(self._painter, image, area)
        elif sheet is not None and number < sheet.count:
            sheet.paint(self._painter, number, area)
        else:
            self._painter.fillRect(area, QColor(self._colours.raised))
        text = QCoreApplication.translate("LayersSee", "{number} of {count}")
        self._label(area, text.format(number=number + 1, count=source.maps), source.title)
        if written is not None and written.kind != VALUE:
            self._window(area, source, written)

    def _window(self, area: QRectF, source: SeenLayer, written: Written) -> None:
        """Where the window lies on the input; of a maximum pooling, who won."""
        rows, columns = written.answer["rows"], written.answer["columns"]
        height, width = source.side
        x, y = area.width() / width, area.height() / height
        hit = [(r, c) for r in rows[rows >= 0].tolist() for c in columns[columns >= 0].tolist()]
        if not hit:
            return
        pixels = [QRectF(area.left() + c * x, area.top() + r * y, x, y) for r, c in hit]
        whole = QRectF(pixels[0])
        for pixel in pixels:
            whole = whole.united(pixel)
        if len(hit) * x * y < 0.9 * whole.width() * whole.height():  # dilated or spread: with holes
            self._painter.setPen(QPen(QColor(self._colours.accent), 1))
            self._painter.drawRects(pixels)
        self._outline(whole)
        if written.kind == LARGEST:
            k, m = written.winner()
            place = QRectF(area.left() + int(columns[m]) * x, area.top() + int(rows[k]) * y, x, y)
            self._outline(place.adjusted(2, 2, -2, -2) if min(x, y) > 8 else place)

    def _output(self, focused: bool) -> None:
        view, area = self._view, self._layout.output
        if area is None:
            return
        sheet = view.values.large_sheet(view.layer.node) if view.values is not None else None
        if sheet is not None and view.unit < sheet.count:
            sheet.paint(self._painter, view.unit, area)
        else:
            self._painter.fillRect(area, QColor(self._colours.raised))
        text = QCoreApplication.translate("LayersSee", "map {number}")
        self._label(area, text.format(number=view.unit + 1), view.layer.title)
        height, width = view.layer.side
        x, y = area.width() / width, area.height() / height
        row, column = view.pixel
        if focused:
            self._painter.setPen(QPen(QColor(self._colours.accent), 1))
            self._painter.setBrush(Qt.BrushStyle.NoBrush)
            self._painter.drawRect(area.adjusted(-2, -2, 1, 1))
        self._outline(QRectF(area.left() + column * x, area.top() + row * y, x, y))

    def _outline(self, where: QRectF) -> None:
        """A frame that is seen on every colour."""
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(QColor(self._colours.background), 4))
        self._painter.drawRect(where)
        self._painter.setPen(QPen(QColor(self._colours.accent), 2))
        self._painter.drawRect(where)

    def _label(self, area: QRectF, text: str, before: str = "") -> None:
        """Words above a part; what stands before them is left out where there is no room."""
        self._painter.setFont(self._small)
        self._painter.setPen(QColor(self._colours.muted))
        room = QRectF(area.left(), area.top() - LABEL, max(area.width() + 12, STACKED), LABEL - 2)
        metrics = QFontMetricsF(self._small)
        long = f"{before} · {text}"
        text = long if before and metrics.horizontalAdvance(long) <= room.width() else text
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        self._painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    # --- numbers ---------------------------------------------------------------------------------------------------

    def _grid(
        self, area: QRectF, numbers: NDArray[np.float64], written: Written, name: str, cell: tuple[int, int] | None
    ) -> None:
        rows, columns = numbers.shape
        width, height = area.width() / columns, area.height() / rows
        finite = np.abs(numbers[np.isfinite(numbers)])
        largest = float(finite.max(initial=0.0)) or 1.0
        inside = written.inside | (name == "kernel")
        winner = written.winner() if written.kind == LARGEST else None
        painter = self._painter
        painter.setFont(self._small)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        shares = np.where(inside, np.nan_to_num(numbers / largest), 0.0)
        indices = np.clip(np.rint(127.5 + 127.5 * shares), 0, 255).astype(np.uint8)
        pixels = table(self._colours, "signed", False)[indices]
        pixels[np.isnan(numbers)] = QColor(self._colours.surface).rgb()
        MapSheet(pixels[None]).paint(painter, 0, area)
        if self._layout.numbered:
            self._numbers(area, numbers, pixels, inside)
        painter.setPen(QPen(QColor(self._colours.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._layout.numbered:
            for row in range(rows + 1):
                y = area.top() + row * height
                painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            for column in range(columns + 1):
                x = area.left() + column * width
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        else:
            painter.drawRect(area)
        for marked in (winner, cell):
            if marked is not None and marked[0] < rows and marked[1] < columns:
                place = QRectF(area.left() + marked[1] * width, area.top() + marked[0] * height, width, height)
                painter.setPen(QPen(QColor(self._colours.accent), 2))
                painter.drawRect(place.adjusted(1, 1, -1, -1))

    def _numbers(
        self, area: QRectF, numbers: NDArray[np.float64], pixels: NDArray[np.uint32], inside: NDArray[np.bool_]
    ) -> None:
        """Write the numbers into their cells; what lies beyond the border is muted."""
        places = min(decimals(numbers), 2 if self._layout.narrow else 3)
        width, height = area.width() / numbers.shape[1], area.height() / numbers.shape[0]
        muted = QColor(self._colours.muted)
        for (row, column), value in np.ndenumerate(numbers):
            if np.isnan(value):
                continue
            place = QRectF(area.left() + column * width, area.top() + row * height, width, height)
            seen = inside[row, column]
            self._painter.setPen(readable_on(QColor.fromRgb(int(pixels[row, column]))) if seen else muted)
            self._painter.drawText(place, Qt.AlignmentFlag.AlignCenter, cell_text(float(value), places))

    def _sum(self) -> None:
        painter, layout, view = self._painter, self._layout, self._view
        lines = view.sum_lines()
        places = max(2, decimals(np.array([value for _, value, _ in lines])))
        for area, (words, value, strong) in zip(layout.lines, lines, strict=True):
            painter.setFont(self._bold if strong else self._small)
            painter.setPen(QColor(self._colours.text if strong else self._colours.muted))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | middle, words)
            painter.setPen(QColor(self._colours.text))
            number = area.adjusted(0, 0, -12, 0)
            painter.drawText(number, Qt.AlignmentFlag.AlignRight | middle, cell_text(value, places))
        if layout.bars and view.written is not None:
            self._bars(view.written)

    def _bars(self, written: Written) -> None:
        """The sum of each channel; that of the one that is written out stands on an accent."""
        sums = written.sums()
        largest = float(np.abs(sums).max(initial=0.0)) or 1.0
        for number, place in enumerate(self._layout.bars):
            share = float(sums[number]) / largest
            half = place.height() / 2
            bar = QRectF(place.left() + 1, place.center().y(), max(1.0, place.width() - 2), abs(share) * (half - 2))
            if share > 0:
                bar.moveBottom(place.center().y())
            if number == self._view.channel:
                self._painter.fillRect(place, QColor(self._colours.raised))
                mark = QRectF(place.left(), place.bottom() - 2, place.width(), 2)
                self._painter.fillRect(mark, QColor(self._colours.accent))
            self._painter.fillRect(bar, QColor(self._colours.positive if share >= 0 else self._colours.negative))
        first, last = self._layout.bars[0], self._layout.bars[-1]
        self._painter.setPen(QPen(QColor(self._colours.line), 1))
        y = first.center().y()
        self._painter.drawLine(QPointF(first.left(), y), QPointF(last.right(), y))
