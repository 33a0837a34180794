"""Drives a canvas: where things are on the screen, and the events of mouse and drag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.catalog.registry import entry
from engine.document.graph import Data, Document, Edge, Network
from engine.plan.plan import Plan
from widgets.canvas import Canvas
from widgets.canvas.layout import CardLayout
from widgets.canvas.sample import chain, maps
from widgets.canvas.style import DROP_TYPE

LEFT = Qt.MouseButton.LeftButton
Show = Callable[..., Canvas]
SIGNALS = (
    "selection_changed", "moved", "connect_requested", "disconnect_requested", "layer_dropped",
    "layer_dropped_on_link", "delete_requested", "neuron_hovered", "neuron_left", "neuron_clicked",
    "parameter_edited", "remedy_chosen", "append_requested", "card_activated", "open_library_requested",
    "context_menu_requested", "layer_chosen", "merge_requested", "field_changed",
)  # fmt: skip


def give_values(canvas: Canvas, plan: Plan, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    parameters = {name: rng.normal(size=parameter.shape) for name, parameter in plan.parameters.items()}
    canvas.set_parameters(parameters)
    canvas.set_maps(maps(plan, parameters))
    return parameters


def heard(canvas: Canvas) -> list[tuple[Any, ...]]:
    """Everything that the canvas says from now on: (signal, arguments …)."""
    said: list[tuple[Any, ...]] = []
    for name in SIGNALS:
        getattr(canvas, name).connect(lambda *arguments, name=name: said.append((name, *arguments)))
    return said


def layout_of(canvas: Canvas, node_id: str) -> CardLayout:
    return canvas.board.cards[node_id].layout


def pixel(canvas: Canvas, node_id: str, inner: QPointF | None = None) -> QPoint:
    """A point of a card, by default its title, in the viewport."""
    card = canvas.board.cards[node_id]
    inner = inner if inner is not None else card.layout.header.center()
    return canvas.mapFromScene(card.position + inner)


def tile(canvas: Canvas, node_id: str, unit: int) -> QPoint:
    return pixel(canvas, node_id, layout_of(canvas, node_id).tiles[unit].center())


def on_weight(canvas: Canvas, edge: Edge, unit: int, input_: int) -> QPoint:
    """A point on the curve of a weight, half-way."""
    link = canvas.board.links[edge]
    source, target = link.source.layout.tiles[input_], link.target.layout.tiles[unit]
    start = link.source.position + QPointF(source.right(), source.center().y())
    end = link.target.position + QPointF(target.left(), target.center().y())
    return canvas.mapFromScene((start + end) / 2)


def drag(canvas: Canvas, start: QPoint, end: QPoint, button: Qt.MouseButton = LEFT, release: bool = True) -> None:
    viewport = canvas.viewport()
    QTest.mouseMove(viewport, start)
    QTest.mousePress(viewport, button, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(viewport, start + (end - start) * (step / 5))
        QApplication.processEvents()
    if release:
        QTest.mouseRelease(viewport, button, pos=end)


def click(canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(canvas.viewport(), LEFT, modifiers, at)


def hover(canvas: Canvas, at: QPoint) -> None:
    QTest.mouseMove(canvas.viewport(), at)
    QApplication.processEvents()


def double_click(canvas: Canvas, at: QPoint) -> None:
    QTest.mouseDClick(canvas.viewport(), LEFT, pos=at)
    QTest.mouseRelease(canvas.viewport(), LEFT, pos=at)  # QTest leaves the button down


def empty_spot(canvas: Canvas) -> QPoint:
    return QPoint(8, canvas.viewport().height() - 8)


def branched() -> Document:
    """Input → Dense 3 and Dense 2 → Concatenate → Dense 1."""
    layer = {name: entry("layers", name) for name in ("Input", "Dense", "Concatenate")}
    document = Document((Network(),), Data(entry("datasets", "circle")()))
    document = document.add(layer["Input"]()).add(layer["Dense"](units=3), 200, -120)
    document = document.add(layer["Dense"](units=2), 200, 120).add(layer["Concatenate"](), 400)
    document = document.add(layer["Dense"](units=1), 600)
    document = document.connect("input_1", "dense_1").connect("input_1", "dense_2")
    document = document.connect("dense_1", "concatenate_1").connect("dense_2", "concatenate_1")
    return document.connect("concatenate_1", "dense_3")


def picture(canvas: Canvas) -> QImage:
    QApplication.processEvents()
    return canvas.viewport().grab().toImage()


def close_to(color: QColor, other: str | QColor, within: int = 12) -> bool:
    other = QColor(other)
    pairs = zip(color.getRgb()[:3], other.getRgb()[:3], strict=True)
    return all(abs(one - two) <= within for one, two in pairs)


def out_port(canvas: Canvas, node_id: str) -> QPoint:
    return pixel(canvas, node_id, layout_of(canvas, node_id).out_port)


def in_port(canvas: Canvas, node_id: str, port: int = 0) -> QPoint:
    return pixel(canvas, node_id, layout_of(canvas, node_id).in_ports[port])


def drop(canvas: Canvas, at: QPoint, data: QMimeData, release: bool = True) -> bool:
    buttons, modifiers = LEFT, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(canvas.viewport(), QDragEnterEvent(at, copy, data, buttons, modifiers))
    QApplication.sendEvent(canvas.viewport(), QDragMoveEvent(at, copy, data, buttons, modifiers))
    event = QDropEvent(QPointF(at), copy, data, buttons, modifiers)
    event.ignore()
    if release:
        QApplication.sendEvent(canvas.viewport(), event)
    return event.isAccepted()


def leave(canvas: Canvas) -> None:
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())


def layer_data(name: str) -> QMimeData:
    data = QMimeData()
    data.setData(DROP_TYPE, name.encode())
    return data


def wrong() -> Document:
    cut = chain([4, 3]).disconnect(Edge("dense_1", "dense_2"))
    return cut.add(entry("layers", "Dense")(units=2), 352, 300)
