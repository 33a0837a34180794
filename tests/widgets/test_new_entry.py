"""One class is all that a new entry of the catalogue costs: palette, form, picture, file and both backends find it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.catalog.layers.dense import Dense
from engine.catalog.registry import Entry, Hidden, entries, form, from_json, kinds, register, to_json, unregister
from engine.document.examples import load_example
from engine.document.graph import Document, Training
from engine.document.serialization import document_from_json, document_to_json
from engine.plan.resolve import resolve
from engine.training.backends import BACKENDS, choose
from tests.engine.export.exported import Exported
from widgets import pictures
from widgets.chooser import EntryList
from widgets.data import DataPanel
from widgets.inspector import Inspector
from widgets.library import LibraryPanel
from widgets.theme import Theme

MODELS = {"layers": "Dense", "activations": "tanh", "optimizers": "SGD", "losses": "mse", "initializers": "normal"}
"""What the dummy of a kind inherits from; the first entry of the kind where any will do."""


@pytest.fixture(params=kinds())
def dummy(request: pytest.FixtureRequest) -> Iterator[type[Entry]]:
    """A class of a kind, declared as any module of the catalogue would."""
    kind = request.param
    known = entries(kind)
    model = known[MODELS.get(kind, next(iter(known)))]
    made = type("BrandNew", (model,), {"__doc__": "Nobody has seen this before.", "name": "brand_new", "order": 1000})
    cls: type[Entry] = register(made)
    try:
        yield cls
    finally:
        unregister(cls)
        pictures.draw.cache_clear()


def place(document: Document, cls: type[Entry]) -> Document | None:
    """A document that uses the entry; None for a kind that documents do not hold."""
    entry, kind = cls(), cls.kind
    dense = next(node.id for node in document.nodes if isinstance(node.layer, Dense))
    if kind == "layers":
        edge = document.networks[0].inputs_of(dense)[0]
        return document.insert_between(edge, entry)  # type: ignore[arg-type]
    if kind == "datasets":
        return document.set_data(dataset=entry)
    for field in form(Training):
        if field.chooses == kind:
            return document.set_training(**{field.name: entry})
    for field in form(Dense):
        if field.chooses == kind:
            return document.set_field(dense, field.name, entry)
    return None


def test_it_is_listed_and_explained(dummy: type[Entry], qtbot: QtBot, theme: Theme) -> None:
    assert list(entries(dummy.kind))[-1] == "brand_new"
    assert dummy.description == "Nobody has seen this before."
    choices = EntryList(next(iter(entries(dummy.kind).values()))(), "choices")
    qtbot.addWidget(choices)
    assert choices.names()[-1] == "brand_new"
    if dummy.kind == "layers":
        library = LibraryPanel()
        qtbot.addWidget(library)
        assert "Nobody has seen this before." in library.list.item_of("brand_new").toolTip()
    if pictures.has_picture(dummy.kind):
        picture = pictures.draw(dummy())
        assert not picture.empty


def test_it_is_written_and_read(dummy: type[Entry]) -> None:
    assert from_json(dummy.kind, to_json(dummy())) == dummy()
    document = place(load_example("circle").document, dummy)
    if document is not None:
        data = document_to_json(document)
        assert "brand_new" in repr(data)
        assert document_from_json(data) == document


def test_it_is_shown_in_its_form(dummy: type[Entry], qtbot: QtBot, theme: Theme) -> None:
    document = place(load_example("circle").document, dummy)
    if document is None:
        return
    if dummy.kind == "datasets":
        panel = DataPanel()
        qtbot.addWidget(panel)
        panel.set_document(document, "input_1")
        own = {field.name for field in form(dummy) if not isinstance(field.constraint, Hidden)}
        assert own <= {path[0] for path in panel.form.paths()}
        return
    inspector = Inspector()
    qtbot.addWidget(inspector)
    used = frozenset(node.id for node in document.nodes if "brand_new" in repr(to_json(node.layer)))
    inspector.set_state(document, resolve(document), used, None)
    if dummy.kind == "layers":
        assert inspector.layer_form.entry() == dummy()
        return
    shown = inspector.layer_form if used else inspector.training_form
    assert dummy() in [shown.value(*path) for path in shown.paths()]


def test_both_backends_run_it(dummy: type[Entry]) -> None:
    document = place(load_example("circle").document, dummy)
    if document is None:
        return
    plan = resolve(document)
    assert plan.ready
    for backend in BACKENDS if choose(plan)[0] is BACKENDS[0] else BACKENDS[1:]:
        run = backend.make(plan)
        run.step("epoch")
        assert run.epoch == 1


def test_the_exported_code_trains_as_the_program_does(dummy: type[Entry]) -> None:
    """Its own `build` and `compute` are what is written down."""
    document = place(load_example("circle").document, dummy)
    if document is None:
        return
    exported = Exported(document)
    exported.train(3)
    for name, values in exported.weights().items():
        np.testing.assert_allclose(values, exported.run.parameter(name), rtol=1e-5, atol=1e-6, err_msg=name)
