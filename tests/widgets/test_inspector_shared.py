"""Several selected cards are edited together."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.catalog.activations import Relu
from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.regularizing import Dropout
from engine.document.graph import Document
from engine.plan.resolve import resolve
from widgets.canvas.sample import chain
from widgets.inspector import Inspector
from widgets.inspector_shared import differing_fields, not_shared, shared_fields
from widgets.theme import Theme


def shown(qtbot: Any, document: Document, *ids: str) -> Inspector:
    inspector = Inspector()
    qtbot.addWidget(inspector)
    inspector.resize(320, 700)
    with qtbot.waitExposed(inspector):
        inspector.show()
    inspector.set_state(document, resolve(document), frozenset(ids), None)
    return inspector


def test_what_layers_share_is_of_one_kind_and_range() -> None:
    names = [field.name for field in shared_fields([Dense(), Conv2d()])]
    assert "activation" in names and "weight_initializer" in names and "units" not in names
    assert "units" in not_shared([Dense(), Conv2d()])
    assert shared_fields([Dense(), Dropout()]) == []
    assert differing_fields([Dense(units=3), Dense(units=4)]) == ["units"]


def test_a_field_of_several_cards_changes_in_all(qtbot: Any, theme: Theme) -> None:
    document = chain([4, 3, 1])
    inspector = shown(qtbot, document, "dense_1", "dense_2")
    said: list[tuple[Any, ...]] = []
    inspector.shared_field_changed.connect(lambda *change: said.append(change))
    field = inspector.layer_form.control("units")
    field.setFocus()
    field.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(field, "6")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert said == [(("dense_1", "dense_2"), "units", 6, True)]
    assert "differ in units" in inspector._description.text()


def test_a_field_inside_an_entry_hands_the_whole_entry_on(qtbot: Any, theme: Theme) -> None:
    document = chain([4, 3, 1]).set_field("dense_2", "activation", Relu())
    inspector = shown(qtbot, document, "dense_1", "dense_2")
    said: list[tuple[Any, ...]] = []
    inspector.shared_field_changed.connect(lambda *change: said.append(change))
    inspector.layer_form.offer(("activation",), Relu())
    assert said == [(("dense_1", "dense_2"), "activation", Relu(), True)]


def test_cards_without_a_common_field_show_none(qtbot: Any, theme: Theme) -> None:
    document = chain([4, 1]).insert_before("dense_2", "Dropout")
    inspector = shown(qtbot, document, "dense_1", "dropout_1")
    assert not inspector.layer_form.isVisible()
