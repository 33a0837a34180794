"""The report as one A4 page, painted: what is long gives way, so that it always is one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from playground.diagram import pdf_of
from playground.report import Facts, Report
from playground.report_charts import LIGHT, letters, paint_confusion, paint_loss, paint_plane
from widgets import theme

PAGE = QSizeF(793.7, 1122.5)
"""A4 in 1/96 inch."""
MARGIN = 48.0
WIDTH = PAGE.width() - 2 * MARGIN
_GAP, _COLUMN_GAP = 20.0, 32.0
_LINE, _HEAD = 18.0, 24.0
_LEFT_SHARE = 0.56
"""Of the width that the table of layers has."""
_CHARTS = 232.0
_DIAGRAM_LEAST, _DIAGRAM_MOST = 112.0, 300.0
_NAMES = 84.0
"""Width of what facts are called."""
_HUGE = 24
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


def pdf(report: Report) -> bytes:
    """The page as a PDF file; texts are texts."""
    return pdf_of(PAGE, report.title, lambda painter: Page(painter, report).paint())


class Page:
    """Paints a report from the top down."""

    def __init__(self, painter: QPainter, report: Report) -> None:
        self._painter, self._report = painter, report

    def paint(self) -> None:
        """All of it."""
        painter, report = self._painter, self._report
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = self._paint_head(MARGIN)
        bottom = PAGE.height() - MARGIN
        self._text(MARGIN, bottom - 14, WIDTH, report.versions, letters(10), LIGHT.muted)
        bottom -= 14 + 12
        if report.remark:
            bottom -= 16
            self._text(MARGIN, bottom, WIDTH, report.remark, letters(), LIGHT.warning)
        charts = bottom - _CHARTS
        self._paint_charts(QRectF(MARGIN, charts, WIDTH, _CHARTS))
        room = charts - _GAP - top
        facts = self._column(None, 0.0)
        table = _HEAD + _LINE * (len(report.layers) + 2)
        least = min(max(facts, table), room - _DIAGRAM_LEAST - _GAP)
        tall = min(self._diagram_height(_DIAGRAM_MOST), room - least - _GAP)
        drawn = self._paint_diagram(QRectF(MARGIN, top, WIDTH, tall))
        self._paint_middle(QRectF(MARGIN, top + drawn + _GAP, WIDTH, charts - _GAP - (top + drawn + _GAP)))

    # --- from the top down -------------------------------------------------------------------------------------------

    def _paint_head(self, top: float) -> float:
        report, painter = self._report, self._painter
        date = letters(theme.NORMAL)
        wide = QFontMetricsF(date).horizontalAdvance(report.date) + 16
        self._text(MARGIN, top, WIDTH - wide, report.title, letters(_HUGE, QFont.Weight.Bold), LIGHT.text, 32)
        self._text(MARGIN, top + 8, WIDTH, report.date, date, LIGHT.muted, 20, _RIGHT)
        self._text(MARGIN, top + 34, WIDTH, report.subtitle, letters(theme.NORMAL), LIGHT.muted, 20)
        top += 64
        box = QRectF(MARGIN, top, WIDTH, 60)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(LIGHT.background))
        painter.drawRoundedRect(box, theme.RADIUS, theme.RADIUS)
        wide = WIDTH / len(report.headline)
        for number, (name, value) in enumerate(report.headline):
            left = MARGIN + number * wide + 16
            strong = LIGHT.accent if number == 0 else LIGHT.text
            self._text(left, top + 8, wide - 20, value, letters(20, QFont.Weight.DemiBold), strong, 26)
            self._text(left, top + 34, wide - 20, name, letters(), LIGHT.muted, 16)
        return top + 60 + _GAP

    def _diagram_height(self, most: float) -> float:
        placed = self._report.diagram.rows(WIDTH, most)
        return max((place.bottom() for _, place in placed), default=0.0)

    def _paint_diagram(self, area: QRectF) -> float:
        """Returns the height that it takes."""
        lowest = 0.0
        for part, place in self._report.diagram.rows(area.width(), area.height()):
            self._report.diagram.paint(self._painter, place.translated(area.topLeft()), part)
            lowest = max(lowest, place.bottom())
        return lowest

    def _paint_middle(self, area: QRectF) -> None:
        wide = (area.width() - _COLUMN_GAP) * _LEFT_SHARE
        self._paint_layers(QRectF(area.left(), area.top(), wide, area.height()))
        left = area.left() + wide + _COLUMN_GAP
        self._column(QRectF(left, area.top(), area.right() - left, area.height()), area.top())

    def _paint_layers(self, area: QRectF) -> None:
        report = self._report
        edges = (0.0, 0.27, 0.62, 0.84, 1.0)
        lefts = [area.left() + edge * area.width() for edge in edges]
        heads = (_tr("card"), _tr("layer"), _tr("output"), _tr("parameters"))
        y = self._heading(area.left(), area.top(), area.width(), _tr("Layers"))
        self._row(lefts, y, heads, letters(), LIGHT.muted)
        y += _LINE
        fitting = int((area.bottom() - y) / _LINE) - 1  # the last is that of the sum
        rows = report.layers
        shown = rows if len(rows) <= fitting else rows[: fitting - 1]
        for row in shown:
            self._rule(area, y)
            texts = (row.card, row.layer, row.shape, row.parameters)
            self._row(lefts, y, texts, letters(), LIGHT.text)
            y += _LINE
        if len(shown) < len(rows):
            self._rule(area, y)
            more = _tr("and {count} more").format(count=len(rows) - len(shown))
            self._text(area.left(), y, area.width(), more, letters(), LIGHT.muted, _LINE)
            y += _LINE
        self._rule(area, y, LIGHT.muted)
        total = (report.total.card, "", "", report.total.parameters)
        self._row(lefts, y, total, letters(theme.SMALL, QFont.Weight.DemiBold), LIGHT.text)

    def _row(self, lefts: Sequence[float], y: float, texts: Sequence[str], font: QFont, color: str) -> None:
        for number, text in enumerate(texts):
            last = number == len(texts) - 1
            wide = lefts[number + 1] - lefts[number] - (0 if last else 8)
            self._text(lefts[number], y, wide, text, font, color, _LINE, _RIGHT if last else _LEFT)

    def _column(self, area: QRectF | None, top: float) -> float:
        """Results, data and training below each other; without an area only measured. Returns where they end."""
        report = self._report
        wide = area.width() if area is not None else (WIDTH - _COLUMN_GAP) * (1 - _LEFT_SHARE)
        left = area.left() if area is not None else 0.0
        limit = area.bottom() if area is not None else 1e9
        y = top
        if report.results:
            y = self._results(left, y, wide, painted=area is not None)
        for title, facts in ((_tr("Data"), report.data), (_tr("Training"), report.training)):
            y += 12 if y > top else 0
            if y + _HEAD + _LINE > limit:
                break
            y = self._heading(left, y, wide, title) if area is not None else y + _HEAD
            y = self._facts(left, y, wide, facts, limit, painted=area is not None)
        return y

    def _results(self, left: float, y: float, wide: float, *, painted: bool) -> float:
        if painted:
            lefts = (left, left + 0.44 * wide, left + 0.72 * wide, left + wide)
            self._heading(left, y, wide, _tr("Results"))
            for number, name in ((1, _tr("training")), (2, _tr("test"))):
                place = lefts[number + 1] - lefts[number]
                self._text(lefts[number], y, place, name, letters(), LIGHT.muted, _LINE, _RIGHT)
            for number, row in enumerate(self._report.results):
                down = y + _HEAD + number * _LINE
                self._text(left, down, 0.44 * wide, row[0], letters(), LIGHT.muted, _LINE)
                for column in (1, 2):
                    place = lefts[column + 1] - lefts[column]
                    self._text(lefts[column], down, place, row[column], letters(), LIGHT.text, _LINE, _RIGHT)
        return y + _HEAD + _LINE * len(self._report.results)

    def _facts(self, left: float, y: float, wide: float, facts: Facts, limit: float, *, painted: bool) -> float:
        font = letters()
        metrics, room = QFontMetricsF(font), wide - _NAMES
        for name, value in facts:
            height = metrics.boundingRect(QRectF(0, 0, room, 400), _WRAP, value).height()
            height = max(_LINE, 4 + height)
            if y + height > limit:
                height, value = _LINE, metrics.elidedText(value, Qt.TextElideMode.ElideRight, room)
            if y + height > limit:
                break
            if painted:
                self._text(left, y, _NAMES - 8, name, font, LIGHT.muted, _LINE)
                self._painter.setFont(font)
                self._painter.setPen(QColor(LIGHT.text))
                self._painter.drawText(QRectF(left + _NAMES, y + 2, room, height), _WRAP, value)
            y += height
        return y

    def _paint_charts(self, area: QRectF) -> None:
        report = self._report
        side = area.height() - _HEAD
        squares = (report.plane is not None) + (report.confusion is not None)
        narrow = side * (0.85 if squares == 2 else 1.2)
        wide = area.width() - squares * (narrow + _COLUMN_GAP / 2)
        left = area.left()
        y = self._heading(left, area.top(), wide, _tr("Loss"))
        if len(report.history) > 1:
            paint_loss(self._painter, QRectF(left, y, wide, side), report.history)
        else:
            self._text(left, y, wide, _tr("Nothing has been trained yet."), letters(), LIGHT.muted)
        left += wide + _COLUMN_GAP / 2
        if report.plane is not None:
            self._heading(left, area.top(), narrow, _tr("Answer and training samples"))
            place = QRectF(left, y + 4, narrow, side - 4)
            plane = report.plane
            paint_plane(self._painter, place, plane.image, plane.by_class, plane.samples, plane.task)
            left += narrow + _COLUMN_GAP / 2
        if report.confusion is not None:
            title = _tr("Confusion, {samples}").format(samples=report.confusion_of)
            self._heading(left, area.top(), narrow, title)
            paint_confusion(self._painter, QRectF(left, y, narrow, side), report.confusion, report.classes)

    # --- small parts -------------------------------------------------------------------------------------------------

    def _heading(self, left: float, y: float, wide: float, text: str) -> float:
        """Returns where what it is about begins."""
        self._text(left, y, wide, text, letters(theme.NORMAL, QFont.Weight.DemiBold), LIGHT.text, _LINE)
        return y + _HEAD

    def _rule(self, area: QRectF, y: float, color: str = LIGHT.line) -> None:
        self._painter.setPen(QPen(QColor(color), 0.75))
        self._painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _text(
        self,
        left: float,
        top: float,
        wide: float,
        text: str,
        font: QFont,
        color: str,
        tall: float = 16.0,
        side: Qt.AlignmentFlag = _LEFT,
    ) -> None:
        """A line, cut with an ellipsis where it is too long."""
        self._painter.setFont(font)
        self._painter.setPen(QColor(color))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, wide + 0.5)
        self._painter.drawText(QRectF(left, top, wide, tall), side, shown)


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)
