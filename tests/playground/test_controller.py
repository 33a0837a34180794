from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from engine.catalog.activations import Relu
from engine.catalog.layers.dense import Dense
from engine.catalog.optimizers import SGD
from engine.catalog.registry import entry
from engine.document.errors import Sentence
from engine.document.examples import load_example
from engine.document.graph import CARD_GAP, Document, Edge
from engine.plan.resolve import resolve
from engine.probes.probe import Probe
from engine.training.trainer import Snapshot
from engine.worker.messages import Failure
from playground.background import BackgroundWork
from playground.controller import Controller
from playground.files import empty_document
from playground.session import Session, difference


class Recorder(QObject):
    """Takes the place of the client and writes down what the process would have been told."""

    ready = Signal(object)
    starting = Signal()
    frame = Signal(object)
    failure = Signal(object)
    lost = Signal(str)
    restarted = Signal(int, float)
    recovered = Signal()
    stopped = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[Any, ...]] = []
        self.snapshot: Snapshot | None = None
        self.running = False
        kinds = ("study", "rate", "embedding", "export", "import")
        works = (BackgroundWork(kind, self.told.append, self) for kind in kinds)
        self.studies, self.rate_finder, self.embeddings, self.exports, self.imports = works

    def load(self, document: Document, snapshot: Snapshot | None = None) -> int:
        self.told.append(("load", document))
        return 1

    def edit(self, document: Document) -> None:
        self.told.append(("edit", document))

    def play(self, steps_per_second: float = math.inf) -> None:
        self.told.append(("play", steps_per_second))

    def pause(self) -> None:
        self.told.append(("pause",))

    def step(self, unit: str) -> None:
        self.told.append(("step", unit))

    def set_probes(self, probes: tuple[Probe, ...]) -> None:
        self.told.append(("probes", probes))

    def take(self) -> list[str]:
        """The names of what was told since the last call."""
        told, self.told = self.told, []
        return [words[0] for words in told]


@pytest.fixture
def client(qapp: object) -> Recorder:
    return Recorder()


@pytest.fixture
def controller(client: Recorder) -> Controller:
    made = Controller(load_example("circle").document, Session(client))  # type: ignore[arg-type]
    assert client.take() == ["load"]
    return made


def set_rate(controller: Controller, rate: float, finished: bool = True) -> None:
    controller.set_training_field("optimizer", ("learning_rate",), rate, finished)


@pytest.mark.parametrize(
    ("edit", "meaning"),
    [
        (lambda document: document.move([("dense_1", 1.0, 2.0)]), "none"),
        (lambda document: document.set_training(optimizer=SGD(learning_rate=0.1)), "edit"),
        (lambda document: document.set_training(batch_size=7), "edit"),
        (lambda document: document.set_data(seed=9), "edit"),
        (lambda document: document.set_field("dense_1", "activation", Relu()), "edit"),
        (lambda document: document.insert_before("dense_2", "Dropout"), "edit"),
        (lambda document: document.set_data(dataset=document.data.dataset.replace(noise=10.0)), "edit"),
        (lambda document: document.set_data(dataset=entry("datasets", "xor")()), "load"),
        (lambda document: document.replace(seed=2), "load"),
        (lambda document: document.set_field("dense_1", "units", 5), "load"),
        (lambda document: document.toggle_column("input_1", "x1_squared"), "load"),
        (lambda document: document.insert_before("dense_2", "Dense"), "load"),
    ],
)
def test_what_an_edit_means_for_the_run(edit: Callable[[Document], Document], meaning: str) -> None:
    document = load_example("circle").document
    assert difference(resolve(document), resolve(edit(document))) == meaning


def test_the_first_plan_is_loaded() -> None:
    assert difference(None, resolve(load_example("circle").document)) == "load"


def test_a_rate_is_changed_while_it_trains(controller: Controller, client: Recorder) -> None:
    controller.session.play()
    set_rate(controller, 0.1)
    assert client.take() == ["play", "edit"]
    assert controller.document.training.optimizer.learning_rate == 0.1
    assert controller.session.running


def test_a_wider_layer_begins_again_and_goes_on_training(
    controller: Controller, client: Recorder, qtbot: QtBot
) -> None:
    controller.session.play()
    client.take()
    with qtbot.waitSignal(controller.session.restarted):
        controller.set_layer_field("dense_1", ("units",), 6, True)
    assert client.take() == ["load", "play"]
    assert controller.session.running


def test_a_network_that_cannot_train_pauses(controller: Controller, client: Recorder) -> None:
    controller.session.play()
    client.take()
    controller.disconnect_cards(Edge("dense_1", "dense_2"))
    assert client.take() == ["pause"]
    assert not controller.plan.ready
    controller.session.play()
    controller.session.step("batch")
    controller.session.reset()
    assert client.take() == []


def test_undoing_what_broke_it_keeps_the_weights(controller: Controller, client: Recorder) -> None:
    controller.disconnect_cards(Edge("dense_1", "dense_2"))
    controller.undo()
    assert client.take() == []
    assert controller.plan.ready


def test_moving_a_card_tells_the_process_nothing_and_is_one_undo(controller: Controller, client: Recorder) -> None:
    start = controller.document
    for step in range(5):
        controller.move([("dense_1", 200.0 + 8 * step, 8.0)], finished=step == 4)
    assert client.take() == []
    assert controller.document.node("dense_1").x == 232.0
    controller.undo()
    assert controller.document == start


def test_two_drags_are_two_undos(controller: Controller) -> None:
    set_rate(controller, 0.04, finished=False)
    set_rate(controller, 0.05)
    set_rate(controller, 0.06, finished=False)
    set_rate(controller, 0.07)
    controller.undo()
    assert controller.document.training.optimizer.learning_rate == 0.05
    controller.undo()
    assert controller.document.training.optimizer.learning_rate == 0.03
    controller.redo()
    assert controller.document.training.optimizer.learning_rate == 0.05


def test_a_refused_edit_changes_nothing_and_says_why(controller: Controller, qtbot: QtBot) -> None:
    before = controller.document
    with qtbot.waitSignal(controller.said) as said:
        controller.connect_cards("dense_1", "input_1")
    severity, text, _ = said.args
    assert severity == "warning"
    assert text == "input_1 takes no input: samples enter the network there"
    assert controller.document is before


def test_reset_loads_the_same_document_and_stands_still(controller: Controller, client: Recorder) -> None:
    controller.session.play()
    client.take()
    controller.session.reset()
    assert client.take() == ["pause", "load"]


def test_reroll_is_an_edit(controller: Controller, client: Recorder) -> None:
    controller.reroll()
    assert controller.document.seed == 2
    assert client.take() == ["load"]
    controller.undo()
    assert controller.document.seed == 1


def test_a_remedy_mends_the_graph(controller: Controller) -> None:
    controller.disconnect_cards(Edge("dense_1", "dense_2"))
    problems = {problem.kind for problem in controller.plan.problems}
    assert "unconnected" in problems
    for _ in range(3):
        controller.mend()
    assert controller.plan.ready


def test_an_empty_project_has_a_remedy(client: Recorder) -> None:
    controller = Controller(empty_document(), Session(client))  # type: ignore[arg-type]
    assert client.take() == []
    controller.mend()
    assert controller.plan.ready
    assert client.take() == ["load"]


def test_a_layer_dropped_on_a_link_makes_room(controller: Controller) -> None:
    controller.insert_layer("Dense", Edge("dense_1", "dense_2"))
    places = {node.id: node.x for node in controller.document.nodes}
    assert places["dense_1"] < places["dense_4"] < places["dense_2"] < places["dense_3"]
    gaps = [places["dense_4"] - places["dense_1"], places["dense_2"] - places["dense_4"]]
    assert min(gaps) >= CARD_GAP
    assert controller.selection == {"dense_4"}


def test_an_input_card_does_not_fit_into_a_link(controller: Controller, qtbot: QtBot) -> None:
    with qtbot.waitSignal(controller.said):
        controller.insert_layer("Input", Edge("dense_1", "dense_2"))
    assert len(controller.document.nodes) == 4


def test_a_layer_is_appended_behind_the_last_or_a_chosen_card(controller: Controller) -> None:
    controller.append_layer("Dense")
    assert Edge("dense_3", "dense_4") in controller.document.networks[0].edges
    controller.append_layer("Dense", "dense_1")
    assert Edge("dense_1", "dense_5") in controller.document.networks[0].edges


def test_copies_keep_the_links_between_them(controller: Controller) -> None:
    controller.select(["dense_1", "dense_2"])
    controller.duplicate_selection()
    assert controller.selection == {"dense_4", "dense_5"}
    edges = controller.document.networks[0].edges
    assert Edge("dense_4", "dense_5") in edges
    assert not [edge for edge in edges if edge.target == "dense_4"]
    assert controller.document.node("dense_4").layer == Dense(4, **_of(controller, "dense_1"))


def test_cards_are_folded_into_a_block_and_taken_apart(controller: Controller) -> None:
    before = controller.document
    controller.select(["dense_1", "dense_2"])
    controller.fold_selection()
    assert controller.selection == {"block_1"}
    assert controller.plan.ready and controller.plan.cost.parameters == resolve(before).cost.parameters
    controller.unfold_selection()
    assert sorted(node.layer.name for node in controller.document.nodes) == sorted(
        node.layer.name for node in before.nodes
    )
    controller.undo()
    controller.undo()
    assert controller.document == before


def test_what_is_no_block_stays_and_it_is_said(controller: Controller, qtbot: QtBot) -> None:
    before = controller.document
    for choose, words in ((["input_1", "dense_1"], "samples enter"), (["dense_1"], "is no block")):
        controller.select(choose)
        act = controller.fold_selection if len(choose) > 1 else controller.unfold_selection
        with qtbot.waitSignal(controller.said) as said:
            act()
        assert words in said.args[1]
        assert controller.document == before


def _of(controller: Controller, node_id: str) -> dict[str, Any]:
    layer = controller.document.node(node_id).layer
    names = ("activation", "use_bias", "weight_initializer", "bias_initializer", "weight_regularizer")
    return {name: getattr(layer, name) for name in names}


def test_what_is_deleted_is_no_longer_selected(controller: Controller, qtbot: QtBot) -> None:
    controller.select(["dense_2"])
    with qtbot.waitSignal(controller.selection_changed):
        controller.delete_selection()
    assert controller.selection == frozenset()
    controller.undo()
    controller.select([], Edge("dense_1", "dense_2"))
    controller.delete_selection()
    assert controller.edge is None
    assert len(controller.document.networks[0].edges) == 2


def test_a_change_that_the_process_refuses_begins_a_new_run(controller: Controller, client: Recorder) -> None:
    controller.session.play()
    client.take()
    client.failure.emit(Failure(1, "edit", Sentence("no")))
    assert client.take() == ["load", "play"]


def test_another_failure_pauses_and_is_passed_on(controller: Controller, client: Recorder, qtbot: QtBot) -> None:
    controller.session.play()
    with qtbot.waitSignal(controller.session.failed):
        client.failure.emit(Failure(1, "diverged", Sentence("no"), "dense_1"))
    assert not controller.session.running


def test_opening_another_document_forgets_the_history(controller: Controller, client: Recorder) -> None:
    controller.reroll()
    client.take()
    controller.open(load_example("xor").document)
    assert client.take() == ["load"]
    assert controller.history.undo_label is None
    assert not controller.history.modified
