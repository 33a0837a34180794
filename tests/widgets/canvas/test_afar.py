"""What cards say at every zoom, and blocks: what they hold, and how they are opened."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.document.examples import load_example
from tests.widgets.canvas.driving import Show, pixel
from widgets.canvas import Canvas
from widgets.canvas.card_texts import title_lines
from widgets.canvas.hits import Part
from widgets.canvas.style import COMPACT, Style
from widgets.canvas.tips import card_tip
from widgets.theme import Theme


def at_zoom(canvas: Canvas, zoom: float) -> None:
    middle = canvas.viewport().rect().center()
    canvas.camera.zoom_by(zoom / canvas.camera.zoom, middle)


def written(canvas: Canvas, node_id: str) -> int:
    """How many pixels of a card's upper part are of the colour of texts."""
    card = canvas.board.cards[node_id]
    area = canvas.mapFromScene(card.layout.header.translated(card.position)).boundingRect().adjusted(2, 2, -2, -2)
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32).copy(area)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3]
    return int((pixels.astype(int).sum(axis=2) > 3 * 180).sum())


def test_a_title_is_as_large_from_afar(show: Show) -> None:
    canvas = show(load_example("circle").document)
    at_zoom(canvas, COMPACT - 0.01)
    near = written(canvas, "dense_1")
    at_zoom(canvas, 0.45)
    assert written(canvas, "dense_1") > 0.5 * near > 0
    at_zoom(canvas, 0.12)
    assert written(canvas, "dense_1") == 0, "there is room for the icon alone"


def test_a_title_gives_up_icon_size_and_line_before_letters(theme: Theme) -> None:
    style = Style()
    wide, narrow = (each.horizontalAdvance("Conv2d 16") for each in (style.afar_metrics, style.afar_small_metrics))
    assert title_lines("Conv2d 16", wide + 20, 24, style) == (("Conv2d 16",), True, False)
    assert title_lines("Conv2d 16", wide, 24, style) == (("Conv2d 16",), False, False)
    assert title_lines("Conv2d 16", narrow, 24, style) == (("Conv2d 16",), False, True)
    assert title_lines("Conv2d 16", narrow - 1, 24, style) == (("Conv2d", "16"), False, True)
    [line], _, _ = title_lines("Conv2d 16", narrow - 1, 12, style)
    assert line.endswith("…")


def test_what_cannot_be_read_is_not_changed_by_a_click(show: Show) -> None:
    canvas = show(load_example("circle").document)
    canvas.select(frozenset(["dense_1"]), None)
    card = canvas.board.cards["dense_1"]
    parts = set()
    for zoom in (1.0, 0.5):
        at_zoom(canvas, zoom)
        header = card.layout.header.translated(card.position)
        xs = np.arange(header.left(), header.right(), 3.0)
        row = {canvas.hit(header.topLeft() + QPoint(int(x - header.left()), 34)).part for x in xs}
        parts.add((zoom, Part.ACTIVATION in row))
    assert parts == {(1.0, True), (0.5, False)}


def test_a_block_tells_what_it_holds_and_is_opened_by_a_double_click(show: Show, qtbot: QtBot) -> None:
    document = load_example("circle").document
    chosen = [node.id for node in document.nodes if node.layer.name == "Dense"][:1]
    canvas = show(document.fold(chosen), values=False)
    card, plan = canvas.board.cards["block_1"], canvas.board.plan
    assert card.layout.subtitle.startswith("1 card")
    assert plan is not None
    tip = card_tip(plan, card.node, ())
    assert chosen[0] in tip and "Double-click opens" in tip
    with qtbot.waitSignal(canvas.unfold_requested) as opened, qtbot.assertNotEmitted(canvas.card_activated):
        qtbot.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=pixel(canvas, "block_1"))
    assert opened.args == ["block_1"]
