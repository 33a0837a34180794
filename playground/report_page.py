"""The report as one A4 page, painted: what is long gives way, so that it always is one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from playground.diagram import pdf_of
from playground.report import Facts, Report
from playground.report_charts import LIGHT, letters, paint_confusion, paint_fit, paint_loss, paint_plane
from widgets import theme

PAGE = QSizeF(793.7, 1122.5)
"""A4 in 1/96 inch."""
MARGIN = 48.0
WIDTH = PAGE.width() - 2 * MARGIN
_GAP, _COLUMN_GAP, CHART_GAP = 20.0, 32.0, 16.0
_LINE, _HEAD = 18.0, 24.0
_LEFT_SHARE = 0.56
"""Of the width that the table of layers has."""
_CHARTS, _LARGEST_CHARTS = 216.0, 296.0
_DIAGRAM_LEAST, _DIAGRAM_MOST = 112.0, 320.0
_NAMES = 84.0
"""Width of what facts are called."""
_BETWEEN = 12.0
"""Above a heading within a column."""
_FEW = 10
"""Layers up to which the data stand below them."""
_HUGE = 24
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


def pdf(report: Report) -> bytes:
    """The page as a PDF file; texts are texts."""
    return pdf_of(PAGE, report.title, lambda painter: Page(painter, report).paint())


def data_is_left(report: Report) -> bool:
    """Whether the table of layers leaves room below it for what is said about the data."""
    return len(report.layers) <= _FEW


def chart_widths(report: Report, side: float, wide: float) -> tuple[float, float]:
    """Of the loss, and of each of the charts beside it, which are so tall."""
    squares = sum(chart is not None for chart in (report.plane, report.confusion, report.fit))
    narrow = min(side * (0.85 if squares == 2 else 1.2), (0.28 if squares == 2 else 0.45) * wide)
    return wide - squares * (narrow + CHART_GAP), narrow


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
        middle = self._middle_height()
        tall = bottom - _CHARTS - _GAP - middle - _GAP - top
        top += self._paint_diagram(QRectF(MARGIN, top, WIDTH, tall)) + _GAP
        # What nobody else needs makes the charts larger.
        charts = min(_LARGEST_CHARTS, max(_CHARTS, bottom - top - middle - _GAP))
        self._paint_middle(QRectF(MARGIN, top, WIDTH, bottom - charts - _GAP - top))
        self._paint_charts(QRectF(MARGIN, bottom - charts, WIDTH, charts))

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

    def _paint_diagram(self, area: QRectF) -> float:
        """Returns the height that it takes, at least some and at most so much that the rest does not look lost."""
        tall, lowest = min(max(area.height(), _DIAGRAM_LEAST), _DIAGRAM_MOST), 0.0
        for part, place in self._report.diagram.rows(area.width(), tall):
            self._report.diagram.paint(self._painter, place.translated(area.topLeft()), part)
            lowest = max(lowest, place.bottom())
        return lowest

    def _middle_height(self) -> float:
        """What tables and settings need."""
        left, right = self._columns()
        return max(left, right)

    def _columns(self) -> tuple[float, float]:
        """What both columns need; the data stand below the layers where these are few, else above the training."""
        report = self._report
        wide = (WIDTH - _COLUMN_GAP) * (1 - _LEFT_SHARE)
        layers = _HEAD + _LINE * (len(report.layers) + 2)
        data, training = (
            _BETWEEN + _HEAD + self._facts_height(wide, facts) for facts in (report.data, report.training)
        )
        results = _HEAD + _LINE * len(report.results)
        if data_is_left(report):
            return layers + data, results + training
        return layers, results + data + training

    def _paint_middle(self, area: QRectF) -> None:
        report = self._report
        wide = (area.width() - _COLUMN_GAP) * _LEFT_SHARE
        data = (_tr("Data"), report.data)
        left = QRectF(area.left(), area.top(), wide, area.height())
        y = self._paint_layers(left)
        if data_is_left(report):
            self._paint_facts(left, y + _BETWEEN, *data)
        right = QRectF(left.right() + _COLUMN_GAP, area.top(), area.width() - wide - _COLUMN_GAP, area.height())
        y = self._paint_results(right)
        if not data_is_left(report):
            y = self._paint_facts(right, y + _BETWEEN, *data)
        self._paint_facts(right, y + _BETWEEN, _tr("Training"), report.training)

    def _paint_layers(self, area: QRectF) -> float:
        """Returns where the table ends."""
        report = self._report
        edges = (0.0, 0.23, 0.63, 0.83, 1.0)
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
        return y + _LINE

    def _row(self, lefts: Sequence[float], y: float, texts: Sequence[str], font: QFont, color: str) -> None:
        for number, text in enumerate(texts):
            last = number == len(texts) - 1
            wide = lefts[number + 1] - lefts[number] - (0 if last else 8)
            self._text(lefts[number], y, wide, text, font, color, _LINE, _RIGHT if last else _LEFT)

    def _paint_results(self, area: QRectF) -> float:
        """Returns where they end."""
        results = self._report.results
        if not results:
            return area.top() - _BETWEEN
        edges = [area.left() + share * area.width() for share in (0.0, 0.44, 0.72, 1.0)]
        self._heading(area.left(), area.top(), area.width(), _tr("Results"))
        heads = ("", _tr("training"), _tr("test"))
        for number, row in enumerate((heads, *results)):
            y = area.top() + (number - 1) * _LINE + (_HEAD if number else _LINE)
            for column, text in enumerate(row):
                wide = edges[column + 1] - edges[column]
                muted = number == 0 or column == 0
                side = _RIGHT if column else _LEFT
                self._text(edges[column], y, wide, text, letters(), LIGHT.muted if muted else LIGHT.text, _LINE, side)
        return area.top() + _HEAD + _LINE * len(results)

    def _facts_height(self, wide: float, facts: Facts) -> float:
        return sum(self._fact_height(wide, value) for _, value in facts)

    def _fact_height(self, wide: float, value: str) -> float:
        room = QRectF(0, 0, wide - _NAMES, 400)
        return max(_LINE, 4 + QFontMetricsF(letters()).boundingRect(room, _WRAP, value).height())

    def _paint_facts(self, area: QRectF, y: float, title: str, facts: Facts) -> float:
        """Names and values below a heading, as many as there is room for; returns where they end."""
        font, room = letters(), area.width() - _NAMES
        if y + _HEAD + _LINE > area.bottom():
            return y
        y = self._heading(area.left(), y, area.width(), title)
        for name, value in facts:
            tall = self._fact_height(area.width(), value)
            if y + tall > area.bottom():
                tall = _LINE
                value = QFontMetricsF(font).elidedText(value, Qt.TextElideMode.ElideRight, room)
            if y + tall > area.bottom() + 1:
                break
            self._text(area.left(), y, _NAMES - 8, name, font, LIGHT.muted, _LINE)
            self._painter.setFont(font)
            self._painter.setPen(QColor(LIGHT.text))
            self._painter.drawText(QRectF(area.left() + _NAMES, y + 2, room, tall), _WRAP, value)
            y += tall
        return y

    def _paint_charts(self, area: QRectF) -> None:
        report = self._report
        side = area.height() - _HEAD
        wide, narrow = chart_widths(report, side, area.width())
        left = area.left()
        y = self._heading(left, area.top(), wide, _tr("Loss"))
        if len(report.history) > 1:
            paint_loss(self._painter, QRectF(left, y, wide, side), report.history)
        else:
            self._text(left, y, wide, _tr("Nothing has been trained yet."), letters(), LIGHT.muted)
        left += wide + CHART_GAP
        if report.plane is not None:
            self._heading(left, area.top(), narrow, _tr("Answer on the plane"))
            place = QRectF(left, y + 4, narrow, side - 4)
            plane = report.plane
            paint_plane(self._painter, place, plane.image, plane.by_class, plane.samples, plane.task)
            left += narrow + CHART_GAP
        if report.confusion is not None:
            title = _tr("Confusion, {samples}").format(samples=report.confusion_of)
            self._heading(left, area.top(), narrow, title)
            paint_confusion(self._painter, QRectF(left, y, narrow, side), report.confusion, report.classes)
        if report.fit is not None:
            self._heading(left, area.top(), narrow, _tr("Predictions, {samples}").format(samples=report.fit.of))
            paint_fit(self._painter, QRectF(left, y, narrow, side), report.fit.predicted, report.fit.true)

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
