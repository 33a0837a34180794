"""Warnings in the window: a mark on the card, words where the pointer rests, buttons in the inspector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entries
from engine.document.examples import load_example
from engine.document.graph import Document, Network
from engine.plan.resolve import resolve
from tests.widgets.canvas.driving import close_to
from widgets import theme as themes
from widgets.canvas import Canvas
from widgets.inspector import Inspector
from widgets.problems import ProblemList
from widgets.theme import Theme

ACTIVATIONS, LAYERS = entries("activations"), entries("layers")
CIRCLE = load_example("circle").document
LINEAR = CIRCLE.set_field("dense_1", "activation", ACTIVATIONS["linear"]())
SENTENCE = "Without an activation between them, dense_1 and dense_2 can compute no more than a single layer"


@pytest.fixture
def canvas(qtbot: QtBot, theme: Theme) -> Callable[[Document], Canvas]:
    def shown(document: Document) -> Canvas:
        widget = Canvas()
        qtbot.addWidget(widget)
        widget.resize(900, 600)
        with qtbot.waitExposed(widget):
            widget.show()
        widget.set_plan(None, resolve(document))
        return widget

    return shown


@pytest.fixture
def inspector(qtbot: QtBot, theme: Theme) -> Inspector:
    widget = Inspector()
    qtbot.addWidget(widget)
    widget.resize(304, 500)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def show(inspector: Inspector, document: Document, *selection: str) -> None:
    inspector.set_state(document, resolve(document), frozenset(selection), None)


def mark(canvas: Canvas, node_id: str) -> QRectF:
    """Where the mark of a card is, in the viewport."""
    card = canvas.board.cards[node_id]
    corner = card.position + card.layout.frame.topRight()
    area = QRectF(corner + QPointF(-26.0, -6.0), corner + QPointF(-10.0, 10.0))
    return QRectF(canvas.mapFromScene(area).boundingRect())


def amber(image: QImage, area: QRectF) -> int:
    """How many points of an area come near to the colour of warnings."""
    wanted = QColor(themes.current().warning)
    near = 0
    for x in range(int(area.left()), int(area.right())):
        for y in range(int(area.top()), int(area.bottom())):
            near += close_to(image.pixelColor(x, y), wanted, 40)
    return near


def test_a_card_with_a_warning_has_a_mark_and_keeps_its_border(canvas: Any) -> None:
    shown = canvas(LINEAR)
    image = shown.viewport().grab().toImage()
    assert amber(image, mark(shown, "dense_1")) > 10
    assert amber(image, mark(shown, "dense_2")) == 0
    card = shown.board.cards["dense_1"]
    assert not card.wrong and not shown.board.boxes
    assert [warning.kind for warning in card.warnings] == ["linear"]


def test_the_mark_goes_with_the_warning(canvas: Any) -> None:
    shown = canvas(LINEAR)
    before = resolve(LINEAR)
    mended = before.warnings[0].remedies[0].edit(LINEAR)
    shown.set_plan(before, resolve(mended))
    assert amber(shown.viewport().grab().toImage(), mark(shown, "dense_1")) == 0
    assert shown.board.cards["dense_1"].warnings == ()


def rest(canvas: Canvas, node_id: str, inner: QPointF) -> None:
    """Let the pointer rest on a point of a card."""
    at = canvas.mapFromScene(canvas.board.cards[node_id].position + inner)
    event = QHelpEvent(QEvent.Type.ToolTip, at, canvas.viewport().mapToGlobal(at))
    QApplication.sendEvent(canvas.viewport(), event)


def test_the_pointer_at_rest_tells_warning_and_cost(canvas: Any, qtbot: QtBot) -> None:
    shown = canvas(LINEAR)
    layouts = {node_id: card.layout for node_id, card in shown.board.cards.items()}
    rest(shown, "dense_1", layouts["dense_1"].header.center())
    for words in ("dense_1", SENTENCE, "(2,) → (4,)", "parameters", "12", "multiply-adds", "memory"):
        assert words in QToolTip.text()
    rest(shown, "dense_2", layouts["dense_2"].header.center())
    assert "dense_2" in QToolTip.text() and SENTENCE not in QToolTip.text()
    rest(shown, "dense_1", layouts["dense_1"].tiles[0].center())  # a neuron shows what it computes elsewhere
    qtbot.waitUntil(lambda: not QToolTip.isVisible())
    rest(shown, "dense_3", layouts["dense_3"].header.center())
    assert "dense_3" in QToolTip.text()
    rest(shown, "dense_3", QPointF(0.0, -250.0))
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_the_keyboard_hears_it(canvas: Any) -> None:
    shown = canvas(LINEAR)
    shown.setFocus()
    QTest.keyClick(shown, Qt.Key.Key_Tab)
    QTest.keyClick(shown, Qt.Key.Key_Tab)
    assert shown.keyboard.node == "dense_1"
    assert SENTENCE in shown.accessibleDescription()


def test_the_inspector_of_the_card_offers_the_remedy(inspector: Inspector, qtbot: QtBot) -> None:
    show(inspector, LINEAR, "dense_1")
    assert inspector.problems.sentences() == [f"{SENTENCE}."]
    heard: list[Any] = []
    inspector.remedy_chosen.connect(lambda problem, index: heard.append((problem, index)))
    qtbot.mouseClick(inspector.problems.button(0, 0), Qt.MouseButton.LeftButton)
    [(problem, index)] = heard
    mended = problem.remedies[index].edit(LINEAR)
    assert mended == CIRCLE
    show(inspector, mended, "dense_1")
    assert inspector.problems.sentences() == []


def test_warnings_of_no_card_show_with_the_training(inspector: Inspector) -> None:
    document = LINEAR.set_training(batch_size=1000)
    show(inspector, document)
    assert [sentence[:23] for sentence in inspector.problems.sentences()] == ["The batch size of 1000 "]
    show(inspector, document, "dense_1")
    assert inspector.problems.sentences() == [f"{SENTENCE}."]
    show(inspector, document, "dense_1", "dense_2")
    assert inspector.problems.sentences() == [f"{SENTENCE}."]
    show(inspector, document, "dense_3")
    assert inspector.problems.sentences() == []


def test_what_is_said_of_a_card_without_being_its_own_shows_there(inspector: Inspector) -> None:
    document = CIRCLE.set_field("dense_1", "units", 65_536).set_field("dense_2", "units", 65_536)
    show(inspector, document, "dense_2")
    (sentence,) = inspector.problems.sentences()
    assert "64.0 GB" in sentence


def test_errors_and_warnings_have_signs_of_their_own(qtbot: QtBot, theme: Theme) -> None:
    widget = ProblemList("test.problems")
    qtbot.addWidget(widget)
    widget.set_problems([*resolve(CIRCLE.set_field("dense_3", "units", 3)).problems, *resolve(LINEAR).warnings])
    widget.show()
    pictures = [widget.findChild(QWidget, f"test.problems.{number}") for number in (0, 1)]
    signs = [picture.findChildren(QLabel)[0].pixmap().toImage() for picture in pictures if picture is not None]
    assert len(signs) == 2 and signs[0] != signs[1]


def test_the_cost_of_a_card(inspector: Inspector) -> None:
    document = CIRCLE.replace(networks=(Network(),))
    for layer in (
        LAYERS["Input"](),
        LAYERS["Dense"](units=36, trainable=False),
        LAYERS["Reshape"](),
        LAYERS["Conv2d"](filters=2),
        LAYERS["Conv2d"](filters=2),
        LAYERS["Flatten"](),
        LAYERS["Dense"](units=1),
    ):
        document = document.append(layer)
    show(inspector, document, "conv2d_2")
    facts = dict(inspector.facts.facts())
    assert facts["receptive field"] == "5 × 5 of 6 × 6"
    assert facts["memory"] == "6.2 kB"  # 38 values four times, and 10 samples of 72 outputs twice, four bytes each
    show(inspector, document, "dense_1")
    facts = dict(inspector.facts.facts())
    assert (facts.get("parameters"), facts["not trainable"]) == (None, "108")
    show(inspector, document)
    facts = dict(inspector.facts.facts())
    assert (facts["parameters"], facts["not trainable"]) == ("131", "108")
    assert "receptive field" not in facts


def test_a_frozen_card_says_so(canvas: Any) -> None:
    shown = canvas(CIRCLE.set_field("dense_1", "trainable", False))
    assert shown.board.cards["dense_1"].layout.subtitle == "tanh · 12 p frozen"
    assert shown.board.cards["dense_2"].layout.subtitle == "tanh · 10 p"
