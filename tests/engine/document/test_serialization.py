"""Documents as JSON: what comes back is what was written, and nothing foreign gets in."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.datasets.drawn import Drawn
from engine.document import serialization
from engine.document.errors import FileError
from engine.document.examples import examples
from engine.document.graph import Document
from engine.document.notes import Note, add_note
from engine.document.serialization import MOST_NODES, VERSION, document_from_json, document_to_json, parse_json
from engine.plan.resolve import resolve

DOCUMENTS = {name: example.document for name, example in examples().items()}
DOCUMENTS["drawn"] = DOCUMENTS["circle"].set_data(dataset=Drawn().add([(1.5, -2.0), (0.0, 6.0)], 1))
SKIP = document_to_json(DOCUMENTS["skip"])


def changed(edit: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    data = copy.deepcopy(SKIP)
    edit(data)
    return data


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_comes_back_as_it_was(name: str) -> None:
    document = DOCUMENTS[name]
    text = json.dumps(document_to_json(document), allow_nan=False)
    assert document_from_json(parse_json(text.encode(), "it")) == document


def test_what_is_left_out_takes_its_default() -> None:
    data = {"format": "neural-playground", "version": 1, "data": {"dataset": {"type": "xor"}}, "networks": [{}]}
    document = document_from_json(data)
    assert document.training == type(document.training)()
    assert (document.seed, document.data.train_share, document.networks[0].name) == (1, 0.5, "network")


Edit = Callable[[dict[str, Any]], Any]
node = lambda data, number=0: data["networks"][0]["nodes"][number]  # noqa: E731
edge = lambda data, number=0: data["networks"][0]["edges"][number]  # noqa: E731

REFUSED: list[tuple[str, Edit]] = [
    ("it is not a document", lambda d: d.update(format="other")),
    ("made by a newer version \\(3\\); this one reads up to 2", lambda d: d.update(version=3)),
    ("version", lambda d: d.update(version=0)),
    ("version", lambda d: d.update(version="1")),
    ("unknown field 'extra'", lambda d: d.update(extra=1)),
    ("seed", lambda d: d.update(seed=-1)),
    ("seed", lambda d: d.update(seed=1.5)),
    ("seed", lambda d: d.update(seed=True)),
    ("seed", lambda d: d.update(seed=2**70)),
    ("scheme", lambda d: d.update(scheme="adversarial")),
    ("data must be an object", lambda d: d.pop("data")),
    ("networks must be a list", lambda d: d.pop("networks")),
    ("at least one network", lambda d: d.update(networks=[])),
    ("networks must be at most 16", lambda d: d.update(networks=[{"name": str(i)} for i in range(17)])),
    ("2 networks are called network", lambda d: d.update(networks=[{}, {}])),
    ("train_share", lambda d: d["data"].update(train_share=2)),
    ("train_share", lambda d: d["data"].update(train_share="half")),
    ("train_share", lambda d: d["data"].update(train_share=math.nan)),
    ("there is no 'mnist9' among the datasets", lambda d: d["data"].update(dataset={"type": "mnist9"})),
    ("must be an object", lambda d: d["data"].update(dataset="circle")),
    ("noise", lambda d: d["data"]["dataset"].update(noise=99)),
    ("batch_size", lambda d: d["training"].update(batch_size=0)),
    ("batch_size", lambda d: d["training"].update(batch_size=10.5)),
    ("optimizer", lambda d: d["training"].update(optimizer={"type": "Adma"})),
    ("learning_rate", lambda d: d["training"]["optimizer"].update(learning_rate="fast")),
    ("card dense_9: there is no layer of this name", lambda d: node(d).update(id="dense_9", layer={"type": "De nse"})),
    ("notes must be a list", lambda d: d["networks"][0].update(notes={})),
    ("text of a note", lambda d: d["networks"][0].update(notes=[{"x": 1}])),
    ("text of a note", lambda d: d["networks"][0].update(notes=[{"text": "half \ud800"}])),
    ("note has an unknown field 'z'", lambda d: d["networks"][0].update(notes=[{"text": "", "z": 1}])),
    ("width", lambda d: d["networks"][0].update(notes=[{"text": "", "width": 0}])),
    ("at most 2000 characters", lambda d: d["networks"][0].update(notes=[{"text": "x" * 2001}])),
    ("card input_1: .*columns", lambda d: node(d)["layer"].update(columns=[{}, []])),
    ("card dense_1: units", lambda d: node(d, 2)["layer"].update(units=10**9)),
    ("card dense_1: Dense has no field 'unit'", lambda d: node(d, 2)["layer"].update(unit=3)),
    (
        "card dense_1: an entry of the activations must be an object",
        lambda d: node(d, 2)["layer"].update(activation="tanh"),
    ),
    ("2 cards are called input_1", lambda d: d["networks"][0]["nodes"].append(node(d))),
    ("letters, digits and underscores", lambda d: node(d).update(id="dense.1")),
    ("letters, digits and underscores", lambda d: node(d).update(id="")),
    ("letters, digits and underscores", lambda d: node(d).update(id=3)),
    ("letters, digits and underscores", lambda d: node(d).update(id="dense_1\n")),
    ("x \\(=inf\\) is too large", lambda d: node(d).update(x=math.inf)),
    ("y \\(=nan\\) is too large", lambda d: node(d).update(y=math.nan)),
    ("x \\(=1.*\\) is too large", lambda d: node(d).update(x=10**400)),
    ("x \\(=None\\) must be a number", lambda d: node(d).update(x=None)),
    ("leads to 'nobody', which is no card", lambda d: edge(d).update(source="nobody")),
    ("leads to \\[\\], which is no card", lambda d: edge(d).update(target=[])),
    ("port \\(=1\\) of dense_1", lambda d: edge(d).update(port=1)),
    ("port \\(=-1\\) of dense_1", lambda d: edge(d).update(port=-1)),
    ("port \\(=0\\) of input_1", lambda d: edge(d).update(target="input_1")),
    ("two links lead to one port", lambda d: d["networks"][0]["edges"].append(edge(d))),
    ("links must be a list", lambda d: d["networks"][0].update(edges={})),
    (f"cards must be at most {MOST_NODES}", lambda d: d["networks"][0].update(nodes=[{}] * (MOST_NODES + 1))),
    ("name", lambda d: d["networks"][0].update(name="two\nlines")),
]


@pytest.mark.parametrize(("sentence", "edit"), REFUSED, ids=[sentence for sentence, _ in REFUSED])
def test_what_is_wrong_is_said_in_one_sentence(sentence: str, edit: Edit) -> None:
    with pytest.raises(FileError, match=sentence) as caught:
        document_from_json(changed(edit), "mine.nnp")
    assert str(caught.value).startswith("mine.nnp ")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[NaN]", b"[Infinity]", b"[" * 100_000, b"1" * 5000, b'"\xed\xa0\x80"']
)
def test_text_that_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(FileError, match=r"mine\.nnp is damaged"):
        parse_json(content, "mine.nnp")


@pytest.mark.parametrize("value", [None, 1, "text", [], [1], {"format": ["neural-playground"]}, 10**400], ids=repr)
def test_data_that_is_no_document_is_refused(value: Any) -> None:
    with pytest.raises(FileError):
        document_from_json(value)


# --- mutated ---------------------------------------------------------------------------------------------------------

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["dense_1", "input_1", "Add", "Dense", "tanh", "circle", "SGD", "\ud800", ""]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.sampled_from(["type", "id", "layer", "x"]), st.integers() | st.text(max_size=5), max_size=3),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += places(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            found += places(part, (*path, number))
    return found


PLACES = {name: places(document_to_json(document)) for name, document in DOCUMENTS.items()}


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A document's JSON with one to four values replaced, taken out, doubled or renamed."""
    name = draw(st.sampled_from(sorted(DOCUMENTS)))
    data = document_to_json(DOCUMENTS[name])
    for path in draw(st.lists(st.sampled_from(PLACES[name]), min_size=1, max_size=4)):
        holder: Any = data
        try:
            for part in path[:-1]:
                holder = holder[part]
            old = holder[path[-1]]
        except (LookupError, TypeError):
            continue
        if isinstance(holder, str):  # put there by the replacement before
            continue
        match draw(st.sampled_from(["replace", "replace", "remove", "double", "rename"])):
            case "replace":
                holder[path[-1]] = draw(ODD)
            case "remove":
                del holder[path[-1]]
            case "double" if isinstance(holder, list):
                holder.append(copy.deepcopy(old))
            case "rename" if isinstance(holder, dict):
                holder[draw(st.text(max_size=5))] = holder.pop(path[-1])
    return data


@settings(max_examples=300)
@given(mutated())
def test_mutated_json_gives_a_document_or_a_sentence(data: Any) -> None:
    try:
        document = document_from_json(data)
    except FileError as error:
        assert str(error).count("\n") == 0
        return
    assert isinstance(document, Document)
    assert document_from_json(document_to_json(document)) == document
    resolve(document)


# --- versions --------------------------------------------------------------------------------------------------------


def test_every_older_version_can_be_made_the_present_one() -> None:
    assert set(serialization._MIGRATIONS) == set(range(1, VERSION))
    for version in range(1, VERSION + 1):
        data = changed(lambda d, version=version: d.update(version=version))
        assert document_from_json(data) == DOCUMENTS["skip"]


def test_migrations_are_carried_out_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version to come that calls the seed another name, and one after it that counts it from 0."""

    def rename(data: dict[str, Any]) -> dict[str, Any]:
        return {("start" if key == "seed" else key): value for key, value in data.items()}

    def count(data: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in data.items() if key != "start"}
        return kept | {"seed": data["start"] - 1}

    migrations = {**serialization._MIGRATIONS, VERSION: rename, VERSION + 1: count}
    monkeypatch.setattr(serialization, "_MIGRATIONS", migrations)
    monkeypatch.setattr(serialization, "VERSION", VERSION + 2)
    for version in range(1, VERSION + 1):
        data = changed(lambda d, version=version: d.update(version=version, seed=7))
        assert document_from_json(data).seed == 6
    written = document_to_json(DOCUMENTS["skip"])
    assert written["version"] == VERSION + 2
    assert document_from_json(written) == DOCUMENTS["skip"], "what is of the present version is left as it is"


def test_notes_come_back() -> None:
    document = add_note(DOCUMENTS["xor"], Note("Two\nlines", -5.0, 6.5, 100.0, 50.0))
    assert document_from_json(document_to_json(document)) == document
