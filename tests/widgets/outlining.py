"""What the tests of the outline share: a network, its tree, and the lists that it opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.catalog.registry import entry
from engine.document.graph import Document, Edge
from engine.plan.resolve import resolve
from widgets.canvas.sample import chain
from widgets.canvas.search import LayerSearch, Spot
from widgets.outline import OutlineView
from widgets.outline_model import NAME, OutlineModel
from widgets.outline_popup import ChoicePopup

ALT, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
SIGNALS = (
    *("selection_changed", "card_activated", "layer_chosen"),
    *("connect_requested", "join_requested", "delete_requested", "rename_requested", "remedy_chosen", "refused"),
)


def layer(name: str, **fields: Any) -> Any:
    return entry("layers", name)(**fields)


def branched() -> Document:
    """input_1 → dense_1 → dense_2 → add_1 → dense_3, with the skip link dense_1 → add_1."""
    document = chain([4, 4]).append(layer("Add")).append(layer("Dense", units=1))
    return document.connect("dense_1", "add_1")


@pytest.fixture
def view(show: Callable[..., None]) -> OutlineView:
    made = OutlineView()
    made.set_plan(None, resolve(branched()))
    show(made, 300, 640)
    made.setFocus()
    return made


def listen(view: OutlineView) -> list[tuple[str, tuple[Any, ...]]]:
    """Everything that it says from now on."""
    heard: list[tuple[str, tuple[Any, ...]]] = []
    for name in SIGNALS:
        getattr(view, name).connect(lambda *values, name=name: heard.append((name, values)))
    return heard


def texts(model: OutlineModel, parent: QModelIndex | None = None) -> list[str]:
    above = parent if parent is not None else QModelIndex()
    return [model.index(row, NAME, above).data() for row in range(model.rowCount(above))]


def go(view: OutlineView, index: QModelIndex) -> None:
    assert index.isValid()
    view.setCurrentIndex(index)


def popup() -> ChoicePopup | LayerSearch:
    found = QApplication.activePopupWidget()
    assert isinstance(found, ChoicePopup | LayerSearch)
    return found


def offered() -> dict[str, str]:
    found = popup()
    assert isinstance(found, ChoicePopup)
    return found.offered()


def behind(node_id: str) -> Spot:
    return Spot(0.0, 0.0, node_id)


def within(source: str, target: str, port: int = 0) -> Spot:
    return Spot(0.0, 0.0, edge=Edge(source, target, port))


def press(qtbot: QtBot, view: OutlineView, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
    qtbot.keyClick(view, key, modifiers if modifiers is not None else Qt.KeyboardModifier.NoModifier)
