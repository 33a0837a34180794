"""Cards on one line, evenly spread, and laid out in layers."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.datasets.plane import Circle
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.merging import Add, Concatenate
from engine.document.arranging import align, arrange, arrange_behind, distribute
from engine.document.errors import GraphError
from engine.document.graph import Data, Document, Network

SIZE = (120.0, 100.0)


def cards(*places: tuple[float, float]) -> Document:
    document = Document((Network(),), Data(Circle()))
    for x, y in places:
        document = document.add(Dense(), x, y)
    return document


def places(document: Document) -> dict[str, tuple[float, float]]:
    return {node.id: (node.x, node.y) for node in document.nodes}


def branched() -> Document:
    """Input → Dense, Dense → Concatenate → Dense, with a skip link from the Input to an Add."""
    document = Document((Network(),), Data(Circle())).add(Input(), 30, 70)
    for layer in (Dense(), Dense(), Concatenate(), Dense(), Add()):
        document = document.add(layer, 500, 10)
    for source, target in (
        ("input_1", "dense_1"),
        ("input_1", "dense_2"),
        ("dense_1", "concatenate_1"),
        ("dense_2", "concatenate_1"),
        ("concatenate_1", "dense_3"),
        ("dense_3", "add_1"),
        ("input_1", "add_1"),
    ):
        document = document.connect(source, target)
    return document


def overlaps(document: Document, sizes: dict[str, tuple[float, float]]) -> list[tuple[str, str]]:
    found = []
    for one, other in combinations(document.nodes, 2):
        (w1, h1), (w2, h2) = sizes[one.id], sizes[other.id]
        if abs(one.x - other.x) < (w1 + w2) / 2 and abs(one.y - other.y) < (h1 + h2) / 2:
            found.append((one.id, other.id))
    return found


def test_cards_are_aligned_at_an_edge_or_their_middle() -> None:
    document, sizes = cards((0, 0), (50, 90)), {"dense_1": (100.0, 40.0), "dense_2": (200.0, 80.0)}
    both = ["dense_1", "dense_2"]
    assert places(align(document, both, "left", sizes)) == {"dense_1": (0, 0), "dense_2": (50, 90)}
    assert places(align(document, both, "right", sizes)) == {"dense_1": (100, 0), "dense_2": (50, 90)}
    assert places(align(document, both, "center", sizes)) == {"dense_1": (25, 0), "dense_2": (25, 90)}
    assert places(align(document, both, "top", sizes)) == {"dense_1": (0, 0), "dense_2": (50, 20)}
    assert places(align(document, both, "middle", sizes)) == {"dense_1": (0, 45), "dense_2": (50, 45)}
    assert places(align(document, both, "bottom", sizes)) == {"dense_1": (0, 110), "dense_2": (50, 90)}
    with pytest.raises(GraphError, match="at least 2"):
        align(document, ["dense_1"], "left")


def test_cards_are_spread_with_equal_gaps_and_the_outermost_stay() -> None:
    document = cards((0, 0), (100, 5), (500, 9))
    sizes = {"dense_1": (100.0, 40.0), "dense_2": (200.0, 40.0), "dense_3": (100.0, 40.0)}
    spread = distribute(document, ["dense_3", "dense_1", "dense_2"], True, sizes)
    assert places(spread) == {"dense_1": (0, 0), "dense_2": (250, 5), "dense_3": (500, 9)}
    tall = distribute(cards((0, 0), (0, 10), (0, 100)), ["dense_1", "dense_2", "dense_3"], False)
    assert places(tall)["dense_2"] == (0, 50)
    with pytest.raises(GraphError, match="at least 3"):
        distribute(document, ["dense_1", "dense_2"], True)


def test_a_network_is_laid_out_behind_what_it_reads_without_overlap() -> None:
    document = branched()
    sizes = {node.id: SIZE for node in document.nodes}
    laid = arrange(document, sizes)
    at = places(laid)
    assert at["input_1"] == (30, 70)
    assert all(at[edge.source][0] + SIZE[0] < at[edge.target][0] for edge in laid.networks[0].edges)
    assert at["dense_1"][0] == at["dense_2"][0] and abs(at["dense_1"][1] - at["dense_2"][1]) >= SIZE[1]
    assert overlaps(laid, sizes) == []
    # The skip link gets a lane of its own: it does not run across the cards that it passes.
    assert at["dense_3"][1] != at["add_1"][1]


def test_what_is_laid_out_already_stays_and_a_small_edit_moves_little() -> None:
    document = branched()
    sizes = {node.id: SIZE for node in document.nodes}
    laid = arrange(document, sizes)
    assert arrange(laid, sizes) == laid
    grown = laid.append(Dense())
    after = places(arrange(grown, {**sizes, "dense_4": SIZE}))
    assert all(abs(after[each][0] - x) + abs(after[each][1] - y) <= 48 for each, (x, y) in places(laid).items())


def test_links_that_cross_are_untangled() -> None:
    document = cards((0, 0), (0, 200), (300, 0), (300, 200))
    document = document.connect("dense_1", "dense_4").connect("dense_2", "dense_3")
    at = places(arrange(document, {node.id: SIZE for node in document.nodes}))
    assert (at["dense_1"][1] < at["dense_2"][1]) == (at["dense_4"][1] < at["dense_3"][1])


def test_a_part_is_laid_out_behind_a_card_and_the_rest_makes_room_without_being_laid_out() -> None:
    document = cards((0, 40), (200, 500), (220, -300), (0, 0), (0, 0))
    document = document.connect("dense_1", "dense_4").connect("dense_4", "dense_5")
    sizes = {node.id: SIZE for node in document.nodes}
    laid = places(arrange_behind(document, "dense_1", ["dense_4", "dense_5"], sizes))
    assert laid["dense_1"] == (0, 40) and laid["dense_4"][1] == laid["dense_5"][1] == 40
    assert 0 < laid["dense_4"][0] < laid["dense_5"][0] < laid["dense_2"][0]
    assert laid["dense_3"][0] - laid["dense_2"][0] == 20 and laid["dense_2"][1] == 500
    assert overlaps(arrange_behind(document, "dense_1", ["dense_4", "dense_5"], sizes), sizes) == []


@given(st.data())
def test_any_graph_is_laid_out_without_overlap_circles_too_and_stays(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    document = Document((Network(),), Data(Circle()))
    for _ in range(count):
        document = document.add(Add(), data.draw(st.floats(-99, 99)), data.draw(st.floats(-99, 99)))
    ids = [node.id for node in document.nodes]
    for _ in range(data.draw(st.integers(0, 20))):
        document = document.connect(data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids)))
    sizes = {each: (data.draw(st.integers(80, 300)), data.draw(st.integers(40, 400))) for each in ids}
    laid = arrange(document, sizes)
    assert overlaps(laid, sizes) == []
    assert laid.networks[0].edges == document.networks[0].edges
    assert arrange(laid, sizes) == laid
