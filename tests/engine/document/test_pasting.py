"""Cards as text, and back: copies, names, merging cards, circles."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.catalog.datasets.plane import Circle
from engine.catalog.initializers import FromRun
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.merging import Add
from engine.document.errors import GraphError
from engine.document.examples import load_example
from engine.document.graph import Data, Document, Edge, Network
from engine.document.inserting import circle_of, copied_beside, joined
from engine.document.naming import is_own_name, rename
from engine.document.notes import MOST_NOTES, Note, add_note, change_note, remove_note
from engine.document.pasting import copy_cards, holds_cards, open_ends, paste_cards
from engine.document.serialization import document_from_json, document_to_json


def circle() -> Document:
    return load_example("circle").document


def links(document: Document) -> set[tuple[str, str, int]]:
    return {(edge.source, edge.target, edge.port) for edge in document.networks[0].edges}


# --- the clipboard ---------------------------------------------------------------------------------------------------


def test_cards_are_pasted_with_the_links_between_them_and_no_others() -> None:
    document = circle().set_field("dense_1", "units", 7)
    text = copy_cards(document, ["dense_2", "dense_1"])
    grown, added = paste_cards(document, text)
    assert added == ("dense_4", "dense_5")
    assert grown.node("dense_4").layer == document.node("dense_1").layer
    assert links(grown) - links(document) == {("dense_4", "dense_5", 0)}
    assert open_ends(grown, added) == (("dense_4",), ("dense_5",))


def test_cards_pasted_again_lie_beside_those_before() -> None:
    document = circle()
    text = copy_cards(document, ["dense_1"])
    for _ in range(3):
        document, _added = paste_cards(document, text)
    places = {(node.x, node.y) for node in document.nodes}
    assert len(places) == len(document.nodes)


def test_cards_are_pasted_around_a_point_in_another_document() -> None:
    text = copy_cards(circle(), ["dense_1", "dense_2"])
    grown, added = paste_cards(Document((Network(),), Data(Circle())), text, (1000.0, -500.0))
    xs, ys = [grown.node(each).x for each in added], [grown.node(each).y for each in added]
    assert abs(sum(xs) / 2 - 1000) <= 4 and abs(sum(ys) / 2 + 500) <= 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[1, 2]",
        "{}",
        '{"format": "neural-playground-cards"',
        '{"format": "neural-playground-cards", "version": 1, "nodes": 3}',
        '{"format": "neural-playground-cards", "version": 1, "nodes": []}',
        '{"format": "neural-playground-cards", "version": 99, "nodes": []}',
        '{"format": "neural-playground-cards", "version": 1, "nodes": [{"id": "../x", "layer": {}}]}',
    ],
)
def test_text_that_holds_no_cards_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(GraphError, match=r"holds no cards|cannot be read"):
        paste_cards(circle(), text)


def test_any_cut_of_the_text_is_refused_in_a_sentence() -> None:
    text = copy_cards(circle(), ["dense_1", "dense_2"])
    for length in range(0, len(text), 7):
        with pytest.raises(GraphError):
            paste_cards(circle(), text[:length])


def test_text_of_another_kind_is_told_from_cards() -> None:
    assert holds_cards(copy_cards(circle(), ["dense_1"]))
    assert not holds_cards(json.dumps({"format": "something else"}))
    with pytest.raises(GraphError, match="choose the cards"):
        copy_cards(circle(), [])


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_renamed_card_keeps_its_links_and_its_layer() -> None:
    document = rename(circle(), "dense_2", "encoder")
    assert ("dense_1", "encoder", 0) in links(document) and ("encoder", "dense_3", 0) in links(document)
    assert document.node("encoder").layer == circle().node("dense_2").layer
    assert is_own_name("encoder") and is_own_name("dense_one") and not is_own_name("dense_12")


def test_weights_taken_from_a_run_go_with_the_card() -> None:
    values = FromRun.of(np.ones((4, 2), np.float32), "a run")
    document = circle().set_field("dense_1", "weight_initializer", values)
    renamed = rename(document, "dense_1", "eye")
    assert renamed.node("eye").layer.weight_initializer == values  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["", "two words", "é", "a" * 65, "a.b", "dense_2", "input_1"])
def test_names_that_are_taken_or_not_allowed_are_refused(name: str) -> None:
    with pytest.raises(GraphError, match=r"must be letters|choose a name"):
        rename(circle(), "dense_1", name)


# --- a second link ---------------------------------------------------------------------------------------------------


def test_a_second_link_is_joined_by_a_merging_card() -> None:
    document = joined(circle(), "input_1", "dense_3", 0, "Concatenate")
    assert ("dense_2", "concatenate_1", 0) in links(document)
    assert ("input_1", "concatenate_1", 1) in links(document)
    assert ("concatenate_1", "dense_3", 0) in links(document)
    assert document.node("dense_2").x < document.node("concatenate_1").x < document.node("dense_3").x


def test_joining_refuses_a_circle_and_a_free_port() -> None:
    with pytest.raises(GraphError, match="dense_1 → dense_2 → dense_3 → dense_1"):
        joined(circle(), "dense_3", "dense_1", 0, "Add")
    free = circle().disconnect(Edge("dense_1", "dense_2"))
    with pytest.raises(GraphError, match="is free"):
        joined(free, "input_1", "dense_2", 0, "Add")


def test_a_circle_is_found_the_short_way() -> None:
    assert circle_of(circle(), "dense_2", "dense_1") == ("dense_1", "dense_2", "dense_1")
    assert circle_of(circle(), "dense_1", "dense_3") == ()
    assert circle_of(circle(), "dense_1", "dense_1") == ("dense_1", "dense_1")


def test_copies_beside_keep_the_ports_of_their_links() -> None:
    document = Document((Network(),), Data(Circle())).add(Input()).add(Dense()).add(Add())
    document = document.connect("input_1", "add_1", 0).connect("dense_1", "add_1", 1)
    grown, copies = copied_beside(document, frozenset({"dense_1", "add_1"}), 40.0)
    assert copies == ["dense_2", "add_2"]
    assert links(grown) - links(document) == {("dense_2", "add_2", 1)}


# --- notes -----------------------------------------------------------------------------------------------------------


def test_notes_are_added_changed_removed_and_written() -> None:
    document = add_note(add_note(circle(), Note("one", 8, 16)), Note("two"))
    document = change_note(document, 0, Note("first", 1, 2, 200, 100))
    assert [note.text for note in document.networks[0].notes] == ["first", "two"]
    assert document_from_json(document_to_json(document)) == document
    assert document.moved_since(circle()) is None
    assert [note.text for note in remove_note(document, 0).networks[0].notes] == ["two"]


def test_notes_have_limits_said_in_a_sentence() -> None:
    with pytest.raises(GraphError, match="at most 2000"):
        Note("x" * 2001)
    with pytest.raises(GraphError, match="width"):
        Note("x", width=1.0)
    with pytest.raises(GraphError, match="no note number 1"):
        change_note(circle(), 0, Note("x"))
    assert add_note(circle(), Note("far", 1e9)).networks[0].notes[0].x == 1e6
    full = circle()
    for _ in range(MOST_NOTES):
        full = add_note(full, Note("x"))
    with pytest.raises(GraphError, match="already"):
        add_note(full, Note("x"))
