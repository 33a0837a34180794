"""A machine that edits, undoes, saves and loads in any order: whatever comes, the document stays whole."""

from __future__ import annotations

import dataclasses
import json
import pickle
import random
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from engine.catalog.registry import entry
from engine.document.arranging import SIDES, align, arrange, distribute
from engine.document.errors import GraphError, PlaygroundError
from engine.document.examples import load_example
from engine.document.graph import MOST_NODES, Data, Document, Network, Node
from engine.document.history import History
from engine.document.inserting import MERGING, appended, copied_beside, inserted, joined
from engine.document.naming import rename
from engine.document.notes import Note, add_note, change_note, remove_note
from engine.document.pasting import copy_cards, holds_cards, paste_cards
from engine.document.placeholder import Placeholder
from engine.document.project import Project, load, save
from engine.document.serialization import document_from_json, document_to_json, parse_json
from engine.document.templates import insert, templates
from engine.plan.plan import Plan
from engine.plan.resolve import resolve, resolve_after
from tests.engine.plan import edits

STEPS, A_RUN = 5_000, 50
"""Steps of a test, and of one run of the machine from a fresh document on."""
TURNS = 30
"""How often a few runs are begun, at most, until all steps are taken."""
LONG_PARTS = 20
"""How many times as many steps `make check-long` takes; in parts, so that no single test takes minutes."""

CIRCLE = load_example("circle").document
STARTS = {
    "circle": CIRCLE,
    "skip": load_example("skip").document,
    "empty": Document((Network(),), Data(CIRCLE.data.dataset)),
    "two networks": CIRCLE.replace(networks=(*CIRCLE.networks, Network("second"))),
}


def duplicate(rng: random.Random, document: Document) -> Document:
    return copied_beside(document, frozenset(_some_cards(rng, document)), 40.0)[0]


def paste(rng: random.Random, document: Document) -> Document:
    text = copy_cards(document, _some_cards(rng, document))
    assert holds_cards(text)
    return paste_cards(document, text, rng.choice([None, (0.0, 0.0), (1e4, -1e4)]))[0]


def paste_what_is_damaged(rng: random.Random, document: Document) -> Document:
    text = copy_cards(document, _some_cards(rng, document))
    place = rng.randrange(len(text))
    return paste_cards(document, text[:place] + rng.choice(["", '"', "0", "}"]) + text[place + 1 :])[0]


def insert_template(rng: random.Random, document: Document) -> Document:
    """A template behind a card; what was linked to other cards stays so."""
    plan = resolve(document)
    shapes = {node_id: known.output_shape for node_id, known in plan.nodes.items() if known.output_shape}
    after = rng.choice(sorted(shapes) or ["nobody"])
    images = len(shapes.get(after, ())) == 3
    fitting = sorted(each.id for each in templates().values() if not each.images or images)
    grown, added = insert(document, rng.choice(fitting), shapes, after)
    assert len(set(added)) == len(added) > 0
    for network in document.networks:
        for edge in network.edges:
            assert edge.source == after or edge in grown.network_of(edge.target).edges
        for node in network.nodes:
            assert len(grown.network_of(node.id).inputs_of(node.id)) == len(network.inputs_of(node.id))
    return grown


def append_to(rng: random.Random, document: Document) -> Document:
    return appended(document, _some_card(rng, document), edits.some_entry(rng, "layers"))


def insert_in_link(rng: random.Random, document: Document) -> Document:
    links = [edge for network in document.networks for edge in network.edges]
    return inserted(document, rng.choice(links), edits.some_entry(rng, "layers")) if links else document


def join(rng: random.Random, document: Document) -> Document:
    source, target = _some_card(rng, document), _some_card(rng, document)
    return joined(document, source, target, rng.randrange(2), rng.choice(MERGING))


def align_cards(rng: random.Random, document: Document) -> Document:
    return align(document, _some_cards(rng, document), rng.choice(SIDES))


def distribute_cards(rng: random.Random, document: Document) -> Document:
    return distribute(document, _some_cards(rng, document), rng.random() < 0.5)


def arrange_all(rng: random.Random, document: Document) -> Document:
    sizes = {node.id: (rng.uniform(50, 300), rng.uniform(50, 300)) for node in document.nodes}
    arranged = arrange(document, sizes)
    assert arranged.moved_since(document) is not None, "nothing but places has changed"
    return arranged


def rename_card(rng: random.Random, document: Document) -> Document:
    name = rng.choice(["encoder", "my_layer", "dense_1", "", "two words", "x" * 65, "é"])
    return rename(document, _some_card(rng, document), name)


def some_note(rng: random.Random, document: Document) -> Document:
    notes = document.networks[0].notes
    note = Note(rng.choice(["", "why", "two\nlines", "é" * 2000, "x" * 2001]), rng.uniform(-2e6, 2e6), 0.0, 100.0, 50.0)
    place = rng.randrange(len(notes) + 1)
    change = rng.choice(["add", "change", "remove"])
    if change == "add":
        return add_note(document, note)
    return change_note(document, place, note) if change == "change" else remove_note(document, place)


def _some_card(rng: random.Random, document: Document) -> str:
    return rng.choice(document.nodes).id if document.nodes else "nobody"


def _some_cards(rng: random.Random, document: Document) -> list[str]:
    ids = [node.id for node in document.nodes]
    return rng.sample(ids, rng.randint(0, len(ids)))


MORE_EDITS = (
    duplicate, paste, paste_what_is_damaged, insert_template, append_to, insert_in_link, join, align_cards,
    distribute_cards, arrange_all, rename_card, some_note,
)  # fmt: skip
EDITS = {edit.__name__: edit for edit in (*edits.EDITS, *MORE_EDITS)}
REFUSED = {"paste_what_is_damaged"}
"""What may fail every time."""


def as_opened(document: Document) -> Document:
    """What comes back from a file: a card of an unknown layer, as damaged text makes one, has the ports in use.

    No file can say how many it has, so one that has lost a link has a port less when it is opened again.
    """
    for network in document.networks:
        for node in network.nodes:
            if isinstance(node.layer, Placeholder):
                ports = [edge.port + 1 for edge in network.edges if edge.target == node.id]
                document = document.set_layer(node.id, node.layer.replace(inputs=max(ports, default=1)))
    return document


def check_document(document: Document) -> None:
    """What holds for every document, good network or bad."""
    ids = [node.id for node in document.nodes]
    assert len(set(ids)) == len(ids)
    names = [network.name for network in document.networks]
    assert names and len(set(names)) == len(names)
    for network in document.networks:
        ports = [(edge.target, edge.port) for edge in network.edges]
        assert len(set(ports)) == len(ports)
        for edge in network.edges:
            assert edge.source in network.by_id
            assert 0 <= edge.port < network.node(edge.target).layer.takes[1]


def check_plan(plan: Plan, before: Plan | None = None) -> None:
    """Every problem is said in a sentence, and each button beside it takes that problem away.

    Of the problems that a plan `before` had too, only every fifth is tried again: each document that the machine comes
    by has many of the one before, and trying them all takes most of the time.
    """
    document = plan.document
    had = {(each.node, str(each.sentence)) for each in (*before.problems, *before.warnings)} if before else set()
    assert set(plan.nodes) == {node.id for node in document.nodes}
    assert plan.ready == (not plan.problems)
    for place, problem in enumerate((*plan.problems, *plan.warnings)):
        assert "\n" not in str(problem.sentence)
        assert problem.remedies or problem.severity == "warning"
        if (problem.node, str(problem.sentence)) in had and (place + len(document.nodes)) % 5:
            continue
        for remedy in problem.remedies:
            mended = remedy.edit(document)
            check_document(mended)
            again = resolve(mended)
            left = again.problems if problem.severity == "error" else again.warnings
            assert problem not in left, f"{problem.sentence}: {remedy.label} does not help"


class Editing(RuleBasedStateMachine):
    """A history, and beside it the list of documents that it ought to hold."""

    steps: ClassVar[int] = 0
    taken: ClassVar[set[str]] = set()
    """The edits that have changed a document, over all runs."""
    thorough: ClassVar[bool] = False
    """Whether each remedy is tried in each document."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.dragged: str | None = None

    @initialize(name=st.sampled_from(sorted(STARTS)))
    def start(self, name: str) -> None:
        self.history = History(STARTS[name], limit=10_000)
        self.documents = [STARTS[name]]
        self.place = 0
        self.plan = resolve(STARTS[name])
        self.tried: list[Document] = []

    def _push(self, document: Document, what: str, merge_key: str | None = None) -> None:
        changed = document != self.documents[self.place]
        assert self.history.push(document, what, merge_key) == changed
        if not changed:
            return
        merged = merge_key is not None and merge_key == self.dragged
        del self.documents[self.place + 1 :]
        if merged:
            self.documents[self.place] = document
        else:
            self.documents.append(document)
            self.place += 1
        self.dragged = merge_key
        Editing.taken.add(what)

    def _edit(self, name: str, seed: int) -> None:
        if len(self.history.document.nodes) > edits.MOST_NODES:
            name = "remove"
        try:
            document = EDITS[name](random.Random(seed), self.history.document)
        except PlaygroundError as error:
            assert "\n" not in str(error)
        else:
            self._push(document, name)

    # What is wrong is mended often, so that edits meet networks that can be trained, and those that nearly can.
    @precondition(lambda self: self.plan.problems)
    @rule(seed=st.integers(0, 2**32))
    def mend(self, seed: int) -> None:
        Editing.steps += 1
        rng = random.Random(seed)
        for _ in range(8):
            self._edit("take_remedy", rng.randrange(2**32))

    @precondition(lambda self: self.history.document.nodes)
    @rule(number=st.integers(0, 100), x=st.floats(-2e6, 2e6), y=st.floats(-2e6, 2e6))
    def drag(self, number: int, x: float, y: float) -> None:
        """A step of a drag: those of one card in a row are one edit."""
        Editing.steps += 1
        nodes = self.history.document.nodes
        node_id = nodes[number % len(nodes)].id
        self._push(self.history.document.move([(node_id, x, y)]), "drag", f"move {node_id}")

    @rule()
    def undo(self) -> None:
        Editing.steps += 1
        self.place, self.dragged = max(0, self.place - 1), None
        assert self.history.undo() == self.documents[self.place]

    @rule()
    def redo(self) -> None:
        Editing.steps += 1
        self.place, self.dragged = min(len(self.documents) - 1, self.place + 1), None
        assert self.history.redo() == self.documents[self.place]

    @rule(number=st.integers(0, 100))
    def go_to(self, number: int) -> None:
        """As a click in the list of edits."""
        Editing.steps += 1
        self.place, self.dragged = number % len(self.documents), None
        assert self.history.go_to(self.place) == self.documents[self.place]

    @rule()
    def save_and_load(self) -> None:
        Editing.steps += 1
        path = Path(self.folder.name) / "mine.nnp"
        project = Project(self.history.document, b"weights", {"step": Editing.steps})
        save(path, project)
        assert load(path) == dataclasses.replace(project, document=as_opened(project.document))
        self.history.mark_saved()
        assert not self.history.modified
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    @rule()
    def through_text_and_process(self) -> None:
        """As JSON, in which files hold it, and pickled, in which the training process gets it."""
        Editing.steps += 1
        document = self.history.document
        text = json.dumps(document_to_json(document), allow_nan=False)
        again = document_from_json(parse_json(text.encode(), "it"))
        assert again == as_opened(document)
        assert json.dumps(document_to_json(again)) == text
        assert pickle.loads(pickle.dumps(document)) == document

    @invariant()
    def all_is_well(self) -> None:
        document = self.history.document
        assert document == self.documents[self.place]
        assert (self.history.undo_label is None) == (self.place == 0)
        assert (self.history.redo_label is None) == (self.place == len(self.documents) - 1)
        check_document(document)
        before, self.plan = self.plan, resolve(document)
        assert self.plan == resolve_after(before, document)
        if not any(document is tried for tried in self.tried):  # after an undo it was tried before
            self.tried.append(document)
            check_plan(self.plan, None if Editing.thorough or before.document == document else before)

    def teardown(self) -> None:
        if hasattr(self, "history"):
            for expected in reversed(self.documents[: self.place]):
                assert self.history.undo() == expected
            assert self.history.undo_label is None
            for expected in self.documents[1:]:
                assert self.history.redo() == expected
            assert self.history.redo_label is None
        self.folder.cleanup()


def _rule_of(name: str) -> Any:
    def edit(self: Editing, seed: int) -> None:
        Editing.steps += 1
        self._edit(name, seed)

    edit.__name__ = name
    return rule(seed=st.integers(0, 2**32))(edit)


# One rule for each edit, so that what a failure prints reads like a story.
for _name in EDITS:
    setattr(Editing, _name, _rule_of(_name))


@pytest.mark.timeout(900)  # five minutes to make a failure small
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, LONG_PARTS))])
def test_whatever_is_done_the_document_stays_whole(part: int, capsys: pytest.CaptureFixture[str]) -> None:
    Editing.steps, Editing.taken, Editing.thorough = 0, set(), part > 0
    wanted = (set(EDITS) | {"drag"}) - REFUSED
    for turn in range(TURNS):  # how many steps a run takes, and which, is drawn
        if settings().derandomize:  # as where CI is set: all turns would be the same
            seed(TURNS * part + turn)(Editing)
        run_state_machine_as_test(Editing, settings=settings(max_examples=20, stateful_step_count=A_RUN))
        if Editing.steps >= STEPS and Editing.taken >= wanted:
            break
    with capsys.disabled():
        print(f"\n{Editing.steps:,} steps, {len(Editing.taken)} kinds of edit")
    assert Editing.steps >= STEPS
    assert Editing.taken >= wanted


def test_a_document_does_not_grow_beyond_what_can_be_opened_again() -> None:
    layer = CIRCLE.node("dense_1").layer
    nodes = tuple(Node(f"card_{number}", layer) for number in range(MOST_NODES))
    full = CIRCLE.replace(networks=(Network(nodes=nodes),))
    assert document_from_json(document_to_json(full)) == full
    with pytest.raises(GraphError, match="5,000 cards already"):
        full.add(layer)


def test_what_is_no_text_elsewhere_is_saved(tmp_path: Path) -> None:
    """What the system calls a file need not be characters, and half of a pair from a clipboard is none."""
    document = add_note(CIRCLE, Note("half \ud83d")).set_data(
        dataset=entry("datasets", "table")(file="/tmp/\udcff.csv")
    )
    save(tmp_path / "mine.nnp", Project(document))
    assert load(tmp_path / "mine.nnp").document == document
    assert document.networks[0].notes[0].text == "half ?"
