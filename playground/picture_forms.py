"""The forms of export that the window paints: the network, its loss, a page about the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter, QPixmap

from engine.document.errors import PlaygroundError
from engine.probes.curves import Curves
from playground.diagram import Diagram, image_of, png_of, svg_of
from playground.report import Report, report_of
from playground.report_answers import ask, ask_pictures
from playground.report_charts import paint_loss
from playground.report_html import html
from playground.report_page import PAGE, Page, pdf
from playground.window_forms import SUFFIXES, WindowForm
from playground.words import sentence

if TYPE_CHECKING:
    from playground.window import MainWindow

_SHOWN = QSizeF(640.0, 384.0)
"""A preview is as wide as the first, or so tall that it fits."""
_LOSS = QRectF(0, 0, 720, 400)
_SCALE = 2.0

Painted = tuple[bytes, QImage]
"""A file, and a picture of what it shows."""


@dataclass
class PaintedForm:
    """A form of export in words, and how it is made. It keeps the picture of what it made last."""

    name: str
    label: str
    group: str
    description: str
    make: Callable[[MainWindow], Painted]
    refuse: Callable[[MainWindow], str]
    _picture: QImage = field(default_factory=QImage)

    @property
    def suffix(self) -> str:
        """How its file's name ends."""
        return SUFFIXES[self.name]

    def refusal(self, window: MainWindow) -> str:
        """Why there is nothing to export so now; nothing if there is."""
        return self.refuse(window)

    def files(self, window: MainWindow, name: str) -> Mapping[str, bytes]:
        """The one file that there is. Raises PlaygroundError."""
        refusal = self.refusal(window)
        if refusal:
            raise PlaygroundError(refusal.replace("{", "{{").replace("}", "}}"))
        content, self._picture = self.make(window)
        return {name: content}

    def preview(self, files: Mapping[str, bytes]) -> QPixmap:
        """A picture of what was made last."""
        return QPixmap.fromImage(self._picture)


def painted_forms() -> tuple[WindowForm, ...]:
    """All of them, their texts in the language of the window."""
    pictures, report = _tr("Pictures"), _tr("Report")
    network = _tr("The whole network as the canvas shows it, on white, with the pictures of its units.")
    lines = _tr("Lines stay lines and texts stay texts, at any size.")
    loss = _tr("Training and test loss over the epochs.")
    page = _tr("A page about the run: network, layers, data, settings, results, curves, confusion, versions and seeds.")
    return (
        PaintedForm("diagram_svg", _tr("Network (SVG)"), pictures, f"{network} {lines}", _diagram_svg, _without_cards),
        PaintedForm("diagram_pdf", _tr("Network (PDF)"), pictures, f"{network} {lines}", _diagram_pdf, _without_cards),
        PaintedForm("diagram_png", _tr("Network (PNG)"), pictures, network, _diagram_png, _without_cards),
        PaintedForm("loss_svg", _tr("Loss curve (SVG)"), pictures, f"{loss} {lines}", _loss_svg, _untrained),
        PaintedForm("loss_png", _tr("Loss curve (PNG)"), pictures, loss, _loss_png, _untrained),
        PaintedForm("report_pdf", _tr("Report (PDF)"), report, page, _report_pdf, _not_ready),
        PaintedForm(
            "report_html",
            _tr("Report (HTML)"),
            report,
            f"{page} {_tr('One file, without others.')}",
            _report_html,
            _not_ready,
        ),
    )


# --- what keeps them from being made ---------------------------------------------------------------------------------


def _without_cards(window: MainWindow) -> str:
    return "" if window.controller.plan.nodes else _tr("There is no card yet to make a picture of.")


def _not_ready(window: MainWindow) -> str:
    plan = window.controller.plan
    return sentence(plan.problems[0].sentence) if plan.problems else ""


def _untrained(window: MainWindow) -> str:
    status = window.session.status
    trained = status is not None and status.step > 0
    return _not_ready(window) or ("" if trained else _tr("Nothing has been trained yet, so there is no curve."))


# --- how they are made -----------------------------------------------------------------------------------------------


def _diagram(window: MainWindow) -> Diagram:
    if window.controller.plan.ready:
        ask_pictures(window)
    return Diagram(window.canvas.board)


def _diagram_svg(window: MainWindow) -> Painted:
    diagram = _diagram(window)
    return diagram.svg(window.files.name()), _shown(diagram.area.size(), diagram.paint_all)


def _diagram_pdf(window: MainWindow) -> Painted:
    diagram = _diagram(window)
    return diagram.pdf(window.files.name()), _shown(diagram.area.size(), diagram.paint_all)


def _diagram_png(window: MainWindow) -> Painted:
    diagram = _diagram(window)
    return diagram.png(), _shown(diagram.area.size(), diagram.paint_all)


def _loss(window: MainWindow) -> Callable[[QPainter], None]:
    answers = ask(window, [Curves()])
    if Curves() not in answers:
        raise PlaygroundError("the run did not answer in time; try once more")
    rows: NDArray[np.float64] = answers[Curves()]["rows"]
    return lambda painter: paint_loss(painter, _LOSS.adjusted(8, 12, -8, -8), rows)


def _loss_svg(window: MainWindow) -> Painted:
    paint = _loss(window)
    return svg_of(_LOSS.size(), window.files.name(), paint), _shown(_LOSS.size(), paint)


def _loss_png(window: MainWindow) -> Painted:
    paint = _loss(window)
    return png_of(image_of(_LOSS.size(), _SCALE, paint)), _shown(_LOSS.size(), paint)


def _report_pdf(window: MainWindow) -> Painted:
    report = report_of(window)
    return pdf(report), _page(report)


def _report_html(window: MainWindow) -> Painted:
    report = report_of(window)
    return html(report), _page(report)


def _page(report: Report) -> QImage:
    return _shown(QSizeF(PAGE.width(), 1.0), lambda painter: Page(painter, report).paint(), PAGE.height())


def _shown(size: QSizeF, paint: Callable[[QPainter], None], tall: float = 0.0) -> QImage:
    """A picture for the dialog: whole, or, where it says how tall it is, as wide as there is room."""
    whole = QSizeF(size.width(), tall or size.height())
    share = min(1.0, _SHOWN.width() / size.width(), _SHOWN.height() / size.height())
    image = image_of(whole, share * _SCALE, paint)
    image.setDevicePixelRatio(_SCALE)
    return image


def _tr(text: str) -> str:
    return QCoreApplication.translate("pictures", text)
