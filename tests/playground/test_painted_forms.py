"""Pictures and reports of a run: what stands in them, and that texts stay texts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPixmap
from pytestqt.qtbot import QtBot

from engine.catalog.layers.dense import Dense
from engine.document.examples import load_example
from engine.document.graph import Document
from playground.diagram import Diagram
from playground.report import described, report_of
from playground.report_answers import METRICS, Asker
from playground.report_charts import paint_confusion, paint_fit
from playground.report_html import html
from playground.report_page import pdf
from playground.window import MainWindow
from playground.window_forms import SUFFIXES, WindowForm, window_forms
from tests.windows import PATIENCE, epoch, rest, step
from widgets import theme


def form(name: str) -> WindowForm:
    return next(found for found in window_forms() if found.name == name)


def made(window: MainWindow, name: str) -> bytes:
    """The file of a form, which it also shows."""
    chosen = form(name)
    files = chosen.files(window, f"x{chosen.suffix}")
    assert list(files) == [f"x{chosen.suffix}"]
    shown = chosen.preview(files)
    assert isinstance(shown, QPixmap) and shown.width() > 100
    return files[f"x{chosen.suffix}"]


def texts(svg: bytes) -> str:
    """All that is written in a picture."""
    tree = ElementTree.fromstring(svg)
    return "|".join("".join(item.itertext()).strip() for item in tree.iter("{http://www.w3.org/2000/svg}text"))


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", content))


@pytest.fixture
def trained(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window after two epochs, at rest."""
    for number in (1, 2):
        window.session.step("epoch")
        qtbot.waitUntil(lambda number=number: epoch(window) == number, timeout=PATIENCE)
    rest(window, qtbot)
    return window


def opened(window: MainWindow, qtbot: QtBot, document: Document) -> None:
    window.controller.open(document)
    qtbot.waitUntil(lambda: step(window) == 0, timeout=PATIENCE)


def deep() -> Document:
    """Seventeen cards, one after another."""
    document = load_example("circle").document
    while len(document.nodes) < 17:
        document = document.insert_before(document.nodes[1].id, Dense(3))
    return document


def test_every_form_says_what_it_is_and_ends_as_is_known_without_a_window() -> None:
    forms = window_forms()
    assert {found.name: found.suffix for found in forms} == dict(SUFFIXES)
    assert all(found.label and found.group and found.description.endswith(".") for found in forms)


def test_the_network_as_svg_holds_every_title_as_text(trained: MainWindow) -> None:
    svg = made(trained, "diagram_svg")
    written = texts(svg)
    for card in trained.canvas.board.cards.values():
        assert card.layout.title in written and card.layout.shape in written
    assert b"sans-serif" in svg and svg.count(b"<image") == 9  # each unit's picture, and those of both inputs
    # Every weight is a line of its own: 2 · 4 + 4 · 2 + 2 in the colours of their signs.
    light = theme.LIGHT
    lines = [part for part in svg.split(b"<g ") if b"<path" in part and b'fill="none"' in part]
    signed = [part for part in lines if any(color.encode() in part for color in (light.positive, light.negative))]
    assert sum(part.count(b"<path") for part in signed) == 18


def test_neither_selection_nor_theme_nor_buttons_are_in_the_picture(trained: MainWindow, qtbot: QtBot) -> None:
    plain = made(trained, "diagram_png")
    trained.canvas.set_selection(frozenset({"dense_1"}), None)
    trained.choose_theme("light")
    again = made(trained, "diagram_png")
    trained.choose_theme("dark")
    trained.canvas.set_selection(frozenset(), None)
    assert plain == again
    image = QImage.fromData(plain)
    area = Diagram(trained.canvas.board).area
    assert image.size() == (area.size() * 2).toSize()
    assert image.pixelColor(1, 1).name() == "#ffffff"
    assert theme.current() is theme.DARK
    rest(trained, qtbot)


def test_the_network_as_pdf_is_one_page_of_its_size(trained: MainWindow, tmp_path: Path) -> None:
    content = made(trained, "diagram_pdf")
    assert content.startswith(b"%PDF") and pages(content) == 1
    read = read_pdf(content, tmp_path)
    if read is not None:
        assert "Dense 4" in read[1] and "(4,)" in read[1]


def read_pdf(content: bytes, folder: Path) -> tuple[str, str] | None:
    """What poppler says about a PDF file and reads in it; None where it is not installed."""
    if shutil.which("pdfinfo") is None or shutil.which("pdftotext") is None:
        return None
    (folder / "x.pdf").write_bytes(content)
    about, text = (
        subprocess.run([*words], capture_output=True, text=True, check=True).stdout
        for words in (["pdfinfo", str(folder / "x.pdf")], ["pdftotext", "-layout", str(folder / "x.pdf"), "-"])
    )
    return about, text


def test_the_report_holds_the_numbers_of_the_run(trained: MainWindow, tmp_path: Path) -> None:
    trained.files.set_place(None, "a <b> & c")
    report = report_of(trained)
    assert report.title == "a <b> & c" and not report.remark
    status = trained.session.status
    assert status is not None
    assert dict(report.headline)["epochs"] == "2" and dict(report.headline)["parameters"] == "25"
    assert [row[0] for row in report.results][:2] == ["loss", "accuracy"]
    assert float(report.results[0][2]) == pytest.approx(status.evaluation.test_loss, rel=1e-2)
    assert report.confusion is not None and report.confusion.sum() == 250
    share = np.trace(report.confusion) / 250
    assert share == pytest.approx(status.evaluation.test_metric)
    np.testing.assert_array_equal(report.history[:, 0], [0, 1, 2])
    assert "seed 1" in report.versions and "PyTorch" in report.versions and "numba" in report.versions
    page = html(report).decode()
    assert "<h1>a &lt;b&gt; &amp; c</h1>" in page and "<b> &" not in page
    for value in (report.results[0][2], f"{100 * share:.1f} %", "SGD, learning rate 0.03", "250 to learn from"):
        assert value in page
    assert page.count("<svg") == 4 and "http://" not in re.sub(r'http://www\.w3\.org/[^"]*', "", page)
    names = re.findall(r'\sid="([^"]+)"', page)
    assert len(names) == len(set(names))
    content = pdf(report)
    assert content.startswith(b"%PDF") and pages(content) == 1
    read = read_pdf(content, tmp_path)
    if read is not None:
        assert re.search(r"Pages:\s+1\n", read[0]) and "A4" in read[0]
        for value in ("a <b> & c", report.results[0][2], "dense_1", "Dense 4 · tanh", "seed 1"):
            assert value in read[1]


def test_a_long_network_is_cut_into_rows_and_its_table_too(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot, deep())
    report = report_of(window)
    assert len(report.layers) == 17 and len(report.history) == 1
    assert pages(pdf(report)) == 1
    placed = report.diagram.rows(700.0, 600.0)
    assert len(placed) > 1
    assert all(QRectF(0, 0, 700, 600).adjusted(-1, -1, 1, 1).contains(place) for _, place in placed)
    parts = [part for part, _ in placed]
    assert parts[0].right() == parts[1].left()  # nothing is left out, and no card is cut
    cards = window.canvas.board.cards.values()
    assert not any(card.scene_frame.left() < parts[0].right() < card.scene_frame.right() for card in cards)
    assert form("loss_svg").refusal(window) and not form("report_pdf").refusal(window)


def test_a_card_whose_picture_is_out_of_sight_has_one_all_the_same(trained: MainWindow, qtbot: QtBot) -> None:
    for card in trained.canvas.board.cards.values():
        card.clear_live()
    assert made(trained, "diagram_svg").count(b"<image") == 9
    rest(trained, qtbot)


def test_a_regression_has_the_answer_on_the_plane_its_predictions_and_no_confusion(
    window: MainWindow, qtbot: QtBot
) -> None:
    opened(window, qtbot, load_example("plane").document)
    report = report_of(window)
    assert report.fit is not None and report.fit.of == "test samples" and len(report.fit.true) == 500
    page = html(report).decode()
    assert "Predictions, test samples" in page and "predicted" in page
    assert report.confusion is None and report.plane is not None and not report.plane.by_class
    assert dict(report.data)["task"] == "regression"
    assert page.count("<svg") == 3 and pages(pdf(report)) == 1


def test_who_waits_for_an_answer_asks_for_nothing_afterwards(trained: MainWindow, qtbot: QtBot) -> None:
    report_of(trained)
    asker = trained.findChild(Asker)
    assert asker is not None and asker.wanted(trained.controller.plan, False) == [] and METRICS in asker.answers
    assert len(trained.findChildren(Asker)) == 1
    rest(trained, qtbot)


def test_a_report_can_be_made_while_the_network_trains(window: MainWindow, qtbot: QtBot) -> None:
    window.session.play()
    qtbot.waitUntil(lambda: step(window) > 0, timeout=PATIENCE)
    report = report_of(window)
    assert window.session.running and not report.remark and report.confusion is not None
    assert len(report.history) > 1 and " epochs, " in dict(report.training)["trained"]
    rest(window, qtbot)


def test_the_loss_is_a_picture_with_words(trained: MainWindow) -> None:
    written = texts(made(trained, "loss_svg"))
    assert "training" in written and "test" in written and "epoch" in written
    assert made(trained, "loss_png").startswith(b"\x89PNG")


def test_an_empty_canvas_has_no_picture_and_says_so(window: MainWindow) -> None:
    window.controller.open(window.controller.document.remove([node.id for node in window.controller.document.nodes]))
    assert "no card" in form("diagram_svg").refusal(window) and form("report_pdf").refusal(window)


def test_the_confusion_of_many_classes_fits() -> None:
    from playground.diagram import svg_of

    counts = np.arange(100).reshape(10, 10)
    names = [f"a class with a long name {number}" for number in range(10)]
    svg = svg_of(QSizeF(300, 200), "x", lambda painter: paint_confusion(painter, QRectF(0, 0, 300, 200), counts, names))
    tree = ElementTree.fromstring(svg)
    assert "99" in texts(svg)
    for item in tree.iter("{http://www.w3.org/2000/svg}text"):
        assert -200 <= float(item.attrib["x"]) <= 300 and -200 <= float(item.attrib["y"]) <= 200


def dots(predicted: list[float], true: list[float]) -> list[tuple[float, float]]:
    """Where the samples are drawn, on a sheet of 240 × 200."""
    from playground.diagram import svg_of

    values = np.array(predicted), np.array(true)
    svg = svg_of(QSizeF(240, 200), "x", lambda painter: paint_fit(painter, QRectF(0, 0, 240, 200), *values))
    circles = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}circle")
    return [(float(item.attrib["cx"]), float(item.attrib["cy"])) for item in circles]


def test_predictions_stand_above_the_line_where_they_are_too_large() -> None:
    (exact, high, low) = dots([0.0, 2.0, 1.0], [0.0, 1.0, 2.0])
    assert exact[0] < high[0] < low[0] and high[1] < low[1] < exact[1]
    assert high[0] - exact[0] == pytest.approx(exact[1] - low[1], abs=0.1)  # one unit is as long in both directions
    assert all(0 <= x <= 240 and 0 <= y <= 200 for x, y in (exact, high, low))


def test_predictions_that_are_no_numbers_or_all_the_same_are_no_trouble() -> None:
    assert dots([float("nan")], [1.0]) == []
    assert len(dots([1.0, 1.0, float("inf")], [1.0, 1.0, 1.0])) == 2


def test_entries_are_described_without_what_is_zero_as_always() -> None:
    training = load_example("circle").document.training
    assert described(training.optimizer) == "SGD, learning rate 0.03"
    assert described(training.optimizer.replace(momentum=0.9, nesterov=True)).endswith("momentum 0.9, nesterov")
