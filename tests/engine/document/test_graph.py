"""Edits of a document: what each changes, what it refuses, and that nothing else moves."""

from __future__ import annotations

import pickle

import pytest

from engine.catalog.activations import Relu
from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.merging import Add
from engine.catalog.layers.reshaping import Flatten
from engine.document.errors import GraphError, InvalidValueError, ShapeError
from engine.document.graph import CARD_GAP, Data, Document, Edge, Network, Training


@pytest.fixture
def document() -> Document:
    """input_1 → dense_1 → dense_2."""
    return Document((Network(),), Data(Circle())).append(Input()).append(Dense(4)).append(Dense(1))


def edges(document: Document) -> set[tuple[str, str, int]]:
    return {(edge.source, edge.target, edge.port) for edge in document.networks[0].edges}


def test_append_makes_a_chain_to_the_right(document: Document) -> None:
    assert [node.id for node in document.nodes] == ["input_1", "dense_1", "dense_2"]
    assert [node.x for node in document.nodes] == [0.0, CARD_GAP, 2 * CARD_GAP]
    assert edges(document) == {("input_1", "dense_1", 0), ("dense_1", "dense_2", 0)}


def test_an_edit_leaves_the_old_document_alone(document: Document) -> None:
    before = pickle.dumps(document)
    document.set_field("dense_1", "units", 7)
    document.remove(["dense_1"])
    document.move([("dense_2", 1, 2)])
    assert pickle.loads(before) == document
    with pytest.raises(AttributeError):
        document.seed = 3  # type: ignore[misc]


def test_ids_are_never_taken_twice(document: Document) -> None:
    without = document.remove(["dense_1"])
    assert without.free_id(Dense()) == "dense_1"
    assert document.free_id(Dense()) == "dense_3"
    assert [node.id for node in without.add(Dense()).nodes] == ["input_1", "dense_2", "dense_1"]


def test_remove_takes_the_links_along(document: Document) -> None:
    assert edges(document.remove(["dense_1"])) == set()
    assert edges(document.remove(["dense_2"])) == {("input_1", "dense_1", 0)}
    assert document.remove([]) == document
    with pytest.raises(GraphError, match="'dense_9'"):
        document.remove(["dense_1", "dense_9"])


def test_connect_takes_the_port_of_whoever_was_there(document: Document) -> None:
    linked = document.add(Dense()).connect("input_1", "dense_2")
    assert edges(linked) == {("input_1", "dense_1", 0), ("input_1", "dense_2", 0)}
    assert linked.connect("input_1", "dense_2") is linked


def test_connect_fills_the_ports_of_a_merging_card(document: Document) -> None:
    merged = document.add(Add()).connect("dense_1", "add_1").connect("dense_2", "add_1")
    assert {("dense_1", "add_1", 0), ("dense_2", "add_1", 1)} <= edges(merged)
    first = merged.networks[0].inputs_of("add_1")[0]
    assert ("dense_2", "add_1", 0) in edges(merged.disconnect(first))


@pytest.mark.parametrize(
    ("source", "target", "port", "sentence"),
    [
        ("dense_1", "input_1", None, "takes no input"),
        ("dense_1", "dense_2", 1, "must be below 1"),
        ("dense_1", "dense_2", -1, "must be below 1"),
        ("dense_9", "dense_2", None, "no card 'dense_9'"),
        ("dense_1", "dense_9", None, "no card 'dense_9'"),
    ],
)
def test_links_that_cannot_be_are_refused(
    document: Document, source: str, target: str, port: int | None, sentence: str
) -> None:
    with pytest.raises(GraphError, match=sentence):
        document.connect(source, target, port)


def test_networks_are_not_linked_with_each_other(document: Document) -> None:
    two = document.replace(networks=(*document.networks, Network("other"))).add(Dense(), network="other")
    with pytest.raises(GraphError, match="different networks"):
        two.connect("dense_1", "dense_3")
    with pytest.raises(GraphError, match="no network 'third'"):
        two.add(Dense(), network="third")
    assert two.network_of("dense_3").name == "other"
    assert [node.id for node in two.remove(["dense_3"]).nodes] == ["input_1", "dense_1", "dense_2"]


def test_disconnect_needs_the_link(document: Document) -> None:
    assert edges(document.disconnect(Edge("dense_1", "dense_2"))) == {("input_1", "dense_1", 0)}
    with pytest.raises(GraphError, match="not linked"):
        document.disconnect(Edge("input_1", "dense_2"))


def test_fields_are_checked(document: Document) -> None:
    changed = document.set_field("dense_1", "activation", Relu())
    assert changed.node("dense_1").layer == Dense(4, Relu())  # type: ignore[call-arg]
    with pytest.raises(InvalidValueError, match="units"):
        document.set_field("dense_1", "units", 0)


def test_another_layer_drops_the_links_it_has_no_port_for(document: Document) -> None:
    merged = document.add(Add()).connect("dense_1", "add_1").connect("dense_2", "add_1")
    single = merged.replace_layer("add_1", "Flatten")
    assert single.node("add_1").layer == Flatten()
    assert ("dense_1", "add_1", 0) in edges(single) and ("dense_2", "add_1", 1) not in edges(single)
    with pytest.raises(InvalidValueError, match="did you mean Flatten"):
        document.replace_layer("dense_1", "Flaten")


def test_insert_between_keeps_the_port(document: Document) -> None:
    merged = document.add(Add()).connect("dense_1", "add_1").connect("dense_2", "add_1")
    link = Edge("dense_2", "add_1", 1)
    inserted = merged.insert_between(link, Flatten())
    assert {("dense_2", "flatten_1", 0), ("flatten_1", "add_1", 1), ("dense_1", "add_1", 0)} <= edges(inserted)
    assert ("dense_2", "add_1", 1) not in edges(inserted)
    node = inserted.node("flatten_1")
    assert node.x == (merged.node("dense_2").x + merged.node("add_1").x) / 2


def test_insert_before_splits_every_link_into_a_card(document: Document) -> None:
    merged = document.add(Add()).connect("dense_1", "add_1").connect("dense_2", "add_1")
    split = merged.insert_before("add_1", "Flatten")
    assert {("flatten_1", "add_1", 0), ("flatten_2", "add_1", 1)} <= edges(split)
    assert len(split.nodes) == len(merged.nodes) + 2


def test_moved_nodes_are_told_from_other_changes(document: Document) -> None:
    moved = document.move([("dense_1", 7.0, 8.0)])
    assert moved.moved_since(document) == (moved.node("dense_1"),)
    assert document.moved_since(document) == ()
    others = [
        moved.set_field("dense_1", "units", 5),
        moved.replace(seed=document.seed + 1),
        moved.append(Dense()),
        moved.remove(["dense_1"]),
        moved.disconnect(document.networks[0].edges[0]),
        moved.replace(networks=(*moved.networks, Network("second"))),
    ]
    assert [other.moved_since(document) for other in others] == [None] * len(others)


def test_columns_are_switched_in_the_order_of_the_catalogue(document: Document) -> None:
    def columns(changed: Document) -> tuple[str, ...]:
        layer = changed.node("input_1").layer
        assert isinstance(layer, Input)
        return layer.columns

    more = document.toggle_column("input_1", "x1_x2")
    assert columns(more) == ("x1", "x2", "x1_x2")
    assert columns(more.toggle_column("input_1", "x1")) == ("x2", "x1_x2")
    last = document.toggle_column("input_1", "x1")
    assert columns(last) == ("x2",)
    assert last.toggle_column("input_1", "x2") is last


def test_settings_are_checked() -> None:
    data = Data(Circle())
    for train_share in (0.0, 0.95, float("nan")):
        with pytest.raises(InvalidValueError, match="train_share"):
            Data(Circle(), train_share)
    with pytest.raises(InvalidValueError, match="seed"):
        Data(Circle(), seed=-1)
    with pytest.raises(InvalidValueError, match="batch_size"):
        Training(batch_size=0)
    with pytest.raises(InvalidValueError, match="epochs"):
        Training(epochs=0)
    with pytest.raises(InvalidValueError, match="seed"):
        Document((Network(),), data, seed=2**31)
    with pytest.raises(InvalidValueError, match="at least one network"):
        Document((), data)
    with pytest.raises(InvalidValueError, match="scheme"):
        Document((Network(),), data, scheme="adversarial")


def test_settings_are_changed_one_by_one(document: Document) -> None:
    assert document.set_data(seed=9).data == Data(Circle(), 0.5, 9)
    assert document.set_training(epochs=5).training.epochs == 5
    assert document.set_training(epochs=5).networks is document.networks


def test_errors_keep_their_sentence_through_pickle() -> None:
    error = ShapeError(
        "Dense (units={units}) needs {what}", remedy=("Insert", "insert_before", "Flatten"), units=3, what="x"
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is ShapeError
    assert str(again) == "Dense (units=3) needs x"
    assert again.sentence == error.sentence
