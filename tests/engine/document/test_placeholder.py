"""Layers of a newer version: kept with all their fields, marked on their card, and never offered."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from engine.catalog.registry import entries, to_json
from engine.document.errors import FileError, InvalidValueError
from engine.document.examples import load_example
from engine.document.graph import Document
from engine.document.link_text import from_text, to_text
from engine.document.pasting import copy_cards, paste_cards
from engine.document.placeholder import MOST_INPUTS, Placeholder
from engine.document.project import Project, load, save
from engine.document.serialization import document_from_json, document_to_json
from engine.plan.resolve import resolve

NEW = {"type": "Conv9d", "filters": 3, "deep": {"activation": {"type": "swash", "by": [1, 2.5, None, True, "é"]}}}


def newer(layer: Any = None, card: int = 2) -> dict[str, Any]:
    """The example "skip" as a newer version might have written it."""
    data = copy.deepcopy(document_to_json(load_example("skip").document))
    data["networks"][0]["nodes"][card]["layer"] = copy.deepcopy(NEW if layer is None else layer)
    return data


def placeholders(document: Document) -> list[Placeholder]:
    return [node.layer for node in document.nodes if isinstance(node.layer, Placeholder)]


def test_an_unknown_layer_is_written_back_as_it_came(tmp_path: Path) -> None:
    document = document_from_json(newer())
    assert document_to_json(document) == newer()
    save(tmp_path / "newer.nnp", Project(document))
    assert load(tmp_path / "newer.nnp").document == document
    assert json.loads(json.dumps(to_json(placeholders(document)[0]))) == NEW
    assert pickle.loads(pickle.dumps(document)) == document


def test_half_a_character_in_a_field_is_kept_too(tmp_path: Path) -> None:
    document = document_from_json(newer({"type": "Conv9d", "\ud800": "half \udfff"}))
    save(tmp_path / "half.nnp", Project(document))
    assert load(tmp_path / "half.nnp").document == document == from_text(to_text(document))


def test_its_card_says_so_and_can_be_removed() -> None:
    document = document_from_json(newer())
    plan = resolve(document)
    node_id = document.nodes[2].id
    [problem] = plan.nodes[node_id].problems
    assert str(problem.sentence) == "This version does not know the layer Conv9d"
    assert not plan.ready
    mended = problem.remedies[0].edit(document)
    assert placeholders(mended) == [] and len(mended.nodes) == len(document.nodes) - 1
    assert not any("Conv9d" in str(problem.sentence) for problem in resolve(mended).problems)


def test_it_is_edited_around_like_any_card() -> None:
    document = document_from_json(newer())
    [before] = placeholders(document)
    node_id = document.nodes[2].id
    text = copy_cards(document, [node_id, document.nodes[3].id])
    document = (
        document.move([(node_id, 5.0, 6.0)]).set_field("dense_2", "units", 3).append(entries("layers")["Dense"]())
    )
    document, pasted = paste_cards(document, text)
    assert len(pasted) == 2 and "unknown_1" in pasted
    assert [layer.as_json() for layer in placeholders(document)] == [before.as_json()] * 2
    resolve(document)
    with pytest.raises(InvalidValueError, match="Conv9d"):
        resolve(document.fold([node_id]))


def test_all_links_into_it_are_kept() -> None:
    data = newer(card=4)
    target = data["networks"][0]["nodes"][4]["id"]
    links = [edge for edge in data["networks"][0]["edges"] if edge["target"] == target]
    assert len(links) == 2
    document = document_from_json(data)
    assert placeholders(document)[0].takes == (0, 2)
    assert document_to_json(document) == data
    links[0]["port"] = MOST_INPUTS + 7
    with pytest.raises(FileError, match="port"):
        document_from_json(data)


def test_a_card_that_loses_its_links_keeps_its_ports(tmp_path: Path) -> None:
    data = newer(card=next(n for n, node in enumerate(newer()["networks"][0]["nodes"]) if node["id"] == "add_1"))
    document = document_from_json(data)
    assert [layer.inputs for layer in placeholders(document)] == [2]
    bare = document.disconnect(*[edge for edge in document.networks[0].edges if edge.target == "add_1"][1:])
    save(tmp_path / "bare.nnp", Project(bare))
    assert load(tmp_path / "bare.nnp").document == bare == from_text(to_text(bare))
    pasted, [new_id] = paste_cards(bare, copy_cards(bare, ["add_1"]))
    assert pasted.node(new_id).layer == bare.node("add_1").layer
    several = document_to_json(bare)
    several["networks"][0]["nodes"][0]["inputs"] = 1_000_000  # of a card that is known it says nothing
    assert document_from_json(several) == bare


def test_a_block_that_holds_one_is_kept_whole() -> None:
    cards = [{"layer": {"type": "Dense", "units": 4}, "sources": [-1]}, {"layer": NEW, "sources": [0]}]
    block = {"type": "Block", "weights": "own", "cards": json.dumps(cards)}
    document = document_from_json(newer(block))
    assert [layer.label for layer in placeholders(document)] == ["Block"]
    assert document_to_json(document) == newer(block)
    nested = {"type": "Block", "cards": json.dumps([{"layer": block, "sources": [-1]}])}
    assert len(placeholders(document_from_json(newer(nested)))) == 1


def test_no_library_offers_it() -> None:
    assert "Unknown" not in entries("layers") and Placeholder not in entries("layers").values()


@pytest.mark.parametrize(
    ("sentence", "layer"),
    [
        ("name", {"type": ""}),
        ("name", {"type": "a b"}),
        ("name", {"type": "<b>bold</b>"}),
        ("name", {"type": "x" * 65}),
        ("there is no 3", {"type": 3}),
        ("must be an object", [NEW]),
        ("Dense has no field", {"type": "Dense", "unit": 3}),
        ("no 'swash'", {"type": "Dense", "activation": {"type": "swash"}}),
    ],
)
def test_what_is_no_layer_is_refused(sentence: str, layer: Any) -> None:
    with pytest.raises(FileError, match=sentence):
        document_from_json(newer(layer))


@pytest.mark.parametrize("kind", ["optimizer", "loss", "schedule", "stopping", "clipping"])
def test_other_unknown_entries_are_refused_in_a_sentence(kind: str) -> None:
    data = newer({"type": "Dense"})
    data["training"][kind] = {"type": "of_tomorrow"}
    with pytest.raises(FileError, match="there is no 'of_tomorrow' among the"):
        document_from_json(data, "mine.nnp")
