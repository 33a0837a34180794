"""Another output in the window: its weight is changed while it trains, and its map is shown as any card's."""

from __future__ import annotations

from PySide6.QtWidgets import QDoubleSpinBox
from pytestqt.qtbot import QtBot

from engine.catalog.layers.dense import Dense
from engine.catalog.layers.output import Output
from engine.document.graph import Document
from playground.window import MainWindow
from tests.windows import PATIENCE, step


def branch(document: Document) -> Document:
    document = document.add(Dense(1), 40, 300).connect("dense_1", "dense_4")
    return document.add(Output(), 240, 300).connect("dense_4", "output_1")


def test_a_further_output_is_weighed_while_the_network_trains(window: MainWindow, qtbot: QtBot) -> None:
    controller = window.controller
    controller.apply("Add an output", branch)
    assert controller.plan.ready and controller.plan.output == "dense_3"
    window.session.play()
    qtbot.waitUntil(lambda: step(window) > 100, timeout=PATIENCE)
    card = window.canvas.board.cards["output_1"]
    assert card.layout.subtitle == "weight 1" and len(card.layout.tiles) == 1
    controller.select(["output_1"])
    qtbot.waitUntil(lambda: window.inspector.selection() == controller.selection, timeout=PATIENCE)
    (weight,) = [
        box for box in window.inspector.layer_form.findChildren(QDoubleSpinBox) if box.accessibleName() == "weight"
    ]
    before = step(window)
    weight.setValue(0.5)
    assert controller.document.node("output_1").layer == Output(0.5)
    qtbot.waitUntil(lambda: step(window) > before, timeout=PATIENCE)  # it goes on, and does not start again
    assert window.session.running
    assert [output.weight for output in controller.plan.outputs] == [1.0, 0.5]
    controller.undo()
    assert controller.document.node("output_1").layer == Output()
