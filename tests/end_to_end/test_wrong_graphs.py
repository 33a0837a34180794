"""A wrong network is explained on its card, cannot be played, and one click on the card mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from engine.catalog.activations import Softmax
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.embedding import Embedding
from engine.catalog.layers.merging import Add, Concatenate
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import BinaryCrossEntropy
from engine.document.examples import load_example
from engine.document.graph import Document, Edge
from playground.window import MainWindow
from tests.widgets.canvas.driving import click
from tests.windows import rest
from widgets.canvas.problem import ProblemBox

PATIENCE = 30_000

Edit = Callable[[Document], Document]


@pytest.fixture
def window(shared_window: MainWindow, qtbot: QtBot) -> Iterator[MainWindow]:
    """The example "circle" at epoch 0: input_1 → dense_1 (4) → dense_2 (2) → dense_3 (1)."""
    shared_window.session.pause()
    shared_window.controller.open(load_example("circle").document)
    qtbot.waitUntil(lambda: shared_window.session.status is not None, timeout=PATIENCE)
    yield shared_window
    rest(shared_window, qtbot)


def check(window: MainWindow, qtbot: QtBot, card: str, edit: Edit, sentence: str, remedy: str) -> None:
    """Make the mistake, read what is said, click the remedy on the card, and train."""
    controller, transport = window.controller, window.transport
    assert controller.apply("Make a mistake", edit)

    box = window.canvas.board.boxes[card]
    assert window.canvas.board.cards[card].wrong
    assert box.text() == sentence
    for button in (transport.play, transport.step):
        assert not button.isEnabled()
    assert transport.play.toolTip() == window.actions_by_id["train.play"].toolTip() == sentence
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Space)
    assert not window.session.running

    click(window.canvas, button_of(window, box, remedy))
    assert controller.plan.ready, [problem.sentence for problem in controller.plan.problems]
    assert not window.canvas.board.boxes
    assert transport.play.isEnabled() and transport.step.isEnabled()
    qtbot.mouseClick(transport.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.status is not None and window.session.status.step > 0, timeout=PATIENCE)
    assert window.session.running
    window.session.pause()


def button_of(window: MainWindow, box: ProblemBox, remedy: str) -> QPoint:
    """Where a remedy of a card stands in the canvas; it must be in sight."""
    labels = [box.label(number) for number in range(len(box.buttons))]
    rect = box.buttons[labels.index(remedy)][0]
    place = window.canvas.mapFromScene(box.mapToScene(rect.center()))
    assert window.canvas.viewport().rect().contains(place)
    return place


def test_a_card_without_an_input(window: MainWindow, qtbot: QtBot) -> None:
    check(
        window, qtbot, "dense_2",
        lambda document: document.disconnect(Edge("dense_1", "dense_2")),
        "Nothing is connected to this card's input",
        "Connect dense_1 to dense_2",
    )  # fmt: skip


def test_cards_in_a_circle(window: MainWindow, qtbot: QtBot) -> None:
    def edit(document: Document) -> Document:
        document = document.insert_between(Edge("dense_1", "dense_2"), Concatenate())
        return document.connect("input_1", "concatenate_1").connect("dense_2", "concatenate_1")

    check(
        window, qtbot, "dense_2", edit,
        "These cards feed each other in a circle: dense_2 → concatenate_1 → dense_2; a network needs a direction",
        "Cut the link dense_2 → concatenate_1",
    )  # fmt: skip


def test_shapes_that_cannot_be_added(window: MainWindow, qtbot: QtBot) -> None:
    def edit(document: Document) -> Document:
        document = document.set_field("dense_2", "units", 8)
        document = document.insert_between(Edge("dense_2", "dense_3"), Add())
        return document.connect("dense_1", "add_1")

    check(
        window, qtbot, "add_1", edit,
        "Add needs inputs of one shape, but got (8,) and (4,); use Concatenate, or give them equal units",
        "Use Concatenate instead",
    )  # fmt: skip


def test_more_outputs_than_the_data_asks_for(window: MainWindow, qtbot: QtBot) -> None:
    check(
        window, qtbot, "dense_3",
        lambda document: document.set_field("dense_3", "units", 5),
        "The data has 2 classes, so the last layer needs units = 1, not 5",
        "Set units of dense_3 to 1",
    )  # fmt: skip


def test_fewer_outputs_than_there_are_classes(window: MainWindow, qtbot: QtBot) -> None:
    blobs = load_example("blobs").document.data.dataset
    check(
        window, qtbot, "dense_3",
        lambda document: document.set_data(dataset=blobs),
        "The data has 5 classes, so the last layer needs units = 5, not 1",
        "Set units of dense_3 to 5",
    )  # fmt: skip


def test_a_loss_that_does_not_fit_the_activation(window: MainWindow, qtbot: QtBot) -> None:
    check(
        window, qtbot, "dense_3",
        lambda document: document.set_training(loss=BinaryCrossEntropy()),
        "binary cross-entropy does not fit an output with tanh; it needs sigmoid",
        "Set the activation to sigmoid",
    )  # fmt: skip


def test_softmax_over_a_single_unit(window: MainWindow, qtbot: QtBot) -> None:
    check(
        window, qtbot, "dense_3",
        lambda document: document.set_field("dense_3", "activation", Softmax()),
        "The data has 2 classes, so the last layer needs units = 2, not 1",
        "Set units of dense_3 to 2",
    )  # fmt: skip


def test_a_layer_dropped_beside_the_network(window: MainWindow, qtbot: QtBot) -> None:
    check(
        window, qtbot, "dense_4",
        lambda document: document.add(Dense(), 352, 300),
        "Nothing is connected to this card's input",
        "Remove dense_4",
    )  # fmt: skip


def test_a_branch_that_leads_nowhere(window: MainWindow, qtbot: QtBot) -> None:
    check(
        window, qtbot, "dense_4",
        lambda document: document.add(Dense(1), 40, 300).connect("dense_1", "dense_4"),
        "Nothing uses this card's output; the network's answer is dense_3",
        "Make it an output",
    )  # fmt: skip
    assert [output.node for output in window.controller.plan.outputs] == ["dense_3", "dense_4"]
    assert window.canvas.board.cards["output_1"].layout.subtitle == "weight 1"


def test_numbers_that_are_no_categories(window: MainWindow, qtbot: QtBot) -> None:
    def edit(document: Document) -> Document:
        document = document.insert_between(Edge("input_1", "dense_1"), Embedding())
        return document.insert_between(Edge("embedding_1", "dense_1"), Flatten())

    check(
        window, qtbot, "embedding_1", edit,
        "Embedding takes whole numbers that stand for categories, but this data brings 1.46",
        "Use a Dense layer instead",
    )  # fmt: skip
