"""The report as one HTML file that needs nothing beside it: pictures stand in it as SVG, every text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from string import Template

from PySide6.QtCore import QCoreApplication, QLocale, QRectF, QSizeF
from PySide6.QtGui import QPainter

from playground.diagram import Paint, svg_of
from playground.report import Facts, Report
from playground.report_charts import paint_confusion, paint_fit, paint_loss, paint_plane
from playground.report_page import WIDTH, chart_widths, data_is_left
from widgets import theme

_DIAGRAM_TALL = 360.0
_CHART_TALL = 208.0

_PAGE = Template("""<!DOCTYPE html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
@page { size: A4; margin: 12mm; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 48px 16px; max-width: 730px; background: $surface; color: $text;
  font: 13px/20px $fonts; font-variant-numeric: tabular-nums; -webkit-print-color-adjust: exact; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; }
h1 { margin: 0; font-size: 24px; line-height: 32px; overflow-wrap: anywhere; }
h2 { margin: 24px 0 8px; font-size: 13px; line-height: 20px; }
p { margin: 0; }
.muted, .headline span, th, dt, footer { color: $muted; }
.headline { display: flex; flex-wrap: wrap; margin: 16px 0 20px; padding: 8px 16px; gap: 8px 16px; border-radius: 6px;
  background: $background; }
.headline div { flex: 1 1 120px; }
.headline b { display: block; font-size: 20px; line-height: 28px; font-weight: 600; }
.headline div:first-child b { color: $accent; }
.headline span, table, dl, footer { font-size: 11px; line-height: 16px; }
svg { display: block; max-width: 100%; height: auto; }
.sides { display: grid; grid-template-columns: 55fr 45fr; column-gap: 32px; }
.charts { display: flex; flex-wrap: wrap; gap: 0 16px; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 400; }
td, th { padding: 1px 8px 1px 0; vertical-align: top; }
.layers td { border-top: 1px solid $line; }
.layers tr:last-child td { border-top-color: $muted; font-weight: 600; }
.numbers td:nth-child(n+2), .numbers th:nth-child(n+2), .layers td:last-child, .layers th:last-child {
  text-align: right; padding-right: 0; }
.numbers td:first-child { color: $muted; }
dl { display: grid; grid-template-columns: 84px 1fr; margin: 0; row-gap: 2px; }
dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 24px; padding-top: 8px; border-top: 1px solid $line; }
@media (max-width: 600px) { .sides { grid-template-columns: 1fr; } }
@media print { body { padding: 0; max-width: none; } }
</style>
</head>
<body>
<header><h1>$title</h1><span class="muted">$date</span></header>
<p class="muted">$subtitle</p>
<div class="headline">$headline</div>
$diagram
<div class="sides">
<section><h2>$layers_title</h2>$layers$left</section>
<section><h2>$results_title</h2>$results$right<h2>$training_title</h2>$training</section>
</div>
<div class="charts">$charts</div>
<footer>$remark$versions</footer>
</body>
</html>
""")


def html(report: Report) -> bytes:
    """The page as a file, UTF-8."""
    now = theme.LIGHT
    fonts = ", ".join(f"'{name}'" if " " in name else name for name in theme.FAMILIES)
    rows = [(row.card, row.layer, row.shape, row.parameters) for row in (*report.layers, report.total)]
    heads = (_tr("card"), _tr("layer"), _tr("output"), _tr("parameters"))
    texts = {
        "language": QLocale().bcp47Name(),
        "title": report.title,
        "date": report.date,
        "subtitle": report.subtitle,
        "layers_title": _tr("Layers"),
        "results_title": _tr("Results"),
        "training_title": _tr("Training"),
        "versions": report.versions,
    }
    data = f"<h2>{escape(_tr('Data'))}</h2>{_list(report.data)}"
    parts = {
        "fonts": f"{fonts}, sans-serif",
        "headline": "".join(
            f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for name, value in report.headline
        ),
        "diagram": _diagram(report),
        "layers": _table("layers", heads, rows),
        "results": _table("numbers", ("", _tr("training"), _tr("test")), report.results),
        "left": data if data_is_left(report) else "",
        "right": "" if data_is_left(report) else data,
        "training": _list(report.training),
        "charts": "".join(_charts(report)),
        "remark": f"<p>{escape(report.remark)}</p>" if report.remark else "",
    }
    colors = {name: getattr(now, name) for name in ("surface", "background", "text", "muted", "line", "accent")}
    return _PAGE.substitute(colors, **{name: escape(text) for name, text in texts.items()}, **parts).encode()


def _table(kind: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _list(facts: Facts) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts) + "</dl>"


def _diagram(report: Report) -> str:
    placed = report.diagram.rows(WIDTH, _DIAGRAM_TALL)
    if not placed:
        return ""
    tall = max(place.bottom() for _, place in placed)

    def paint(painter: QPainter) -> None:
        for part, place in placed:
            report.diagram.paint(painter, place, part)

    return _inline(QSizeF(WIDTH, tall), _tr("Network"), paint, "network")


def _charts(report: Report) -> Iterable[str]:
    wide, narrow = chart_widths(report, _CHART_TALL, WIDTH)
    first, other = QRectF(0, 0, wide, _CHART_TALL), QRectF(0, 0, narrow, _CHART_TALL)
    if len(report.history) > 1:
        yield _chart(_tr("Loss"), "loss", first, lambda painter: paint_loss(painter, first, report.history))
    plane, counts, fit = report.plane, report.confusion, report.fit
    if plane is not None:
        values = (plane.image, plane.by_class, plane.samples, plane.task)
        title = _tr("Answer on the plane")
        yield _chart(title, "plane", other, lambda painter: paint_plane(painter, other, *values))
    if counts is not None:
        title = _tr("Confusion, {samples}").format(samples=report.confusion_of)
        names = report.classes
        yield _chart(title, "confusion", other, lambda painter: paint_confusion(painter, other, counts, names))
    if fit is not None:
        title = _tr("Predictions, {samples}").format(samples=fit.of)
        yield _chart(title, "fit", other, lambda painter: paint_fit(painter, other, fit.predicted, fit.true))


def _chart(title: str, name: str, area: QRectF, paint: Paint) -> str:
    return f"<section><h2>{escape(title)}</h2>{_inline(area.size(), title, paint, name)}</section>"


def _inline(size: QSizeF, title: str, paint: Paint, name: str) -> str:
    """What is painted as an element of the page; its inner names begin with `name`, so that none stands there twice."""
    text = svg_of(size, title, paint, ground=False).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'width="[\d.]+mm" height="[\d.]+mm"', f'width="{size.width():.0f}" role="img"', text, count=1)
    return re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", text)


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)
