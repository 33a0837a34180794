"""Where things lie on a card."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF

from engine.catalog.registry import entries, entry
from engine.document.graph import CARD_GAP, Data, Document, Network
from engine.plan.plan import Plan
from engine.plan.resolve import resolve
from widgets.canvas.layout import WIDEST, CardLayout, lay_out
from widgets.canvas.reach import legal_ends
from widgets.canvas.sample import chain
from widgets.canvas.style import MOST_MAPPED, MOST_UNITS, PADDING, Style
from widgets.theme import ICON, Theme


@pytest.fixture
def style(theme: Theme) -> Style:
    return Style()


def laid_out(plan: Plan, node_id: str, style: Style, links_in: int = 1) -> CardLayout:
    return lay_out(plan.nodes[node_id], plan, links_in, style)


@pytest.mark.parametrize("units", [1, 2, MOST_UNITS, MOST_UNITS + 1, MOST_MAPPED, MOST_MAPPED + 1])
def test_everything_lies_within_the_frame_and_nothing_overlaps(units: int, style: Style) -> None:
    plan = resolve(chain([units, 1]))
    layout = laid_out(plan, "dense_1", style)
    assert layout.is_open == (units <= MOST_UNITS)
    assert len(layout.tiles) == (units if layout.is_open else 8 if units <= MOST_MAPPED else 0)
    body = QRectF(layout.frame)
    body.setTop(layout.header.bottom())
    assert all(body.contains(rect) for rect in layout.tiles)
    assert not any(one.intersects(two) for k, one in enumerate(layout.tiles) for two in layout.tiles[:k])
    assert layout.frame.center().isNull()
    assert layout.frame.width() % 8 == 0


def test_texts_say_what_matters(style: Style) -> None:
    plan = resolve(chain([8, 1], columns=("x1", "x2", "sin_x1")))
    dense, inputs = laid_out(plan, "dense_1", style), laid_out(plan, "input_1", style)
    assert (dense.title, dense.subtitle, dense.shape) == ("Dense 8", "tanh · 32 p", "(8,)")
    assert inputs.labels == ("x₁", "x₂", "sin x₁")
    assert inputs.subtitle == entry("datasets", "circle").label


def test_filters_stand_behind_the_title_and_switches_are_named_where_they_are_on(style: Style) -> None:
    document = chain([4]).append(entry("layers", "Reshape")()).append(entry("layers", "Conv2d")(filters=6))
    plan = resolve(document)
    convolution = laid_out(plan, "conv2d_1", style)
    assert (convolution.title, convolution.subtitle, convolution.shape) == ("Conv2d 6", "ReLU · 60 p", "(6, 2, 2)")
    scales = chain([4]).append(entry("layers", "Scale")()).append(entry("layers", "Scale")(fixed=True))
    assert laid_out(resolve(scales), "scale_1", style).subtitle == "factor 1 · 4 p"
    assert laid_out(resolve(scales), "scale_2", style).subtitle == "factor 1 · fixed"


@pytest.mark.parametrize("name", [name for name, cls in entries("layers").items() if cls.takes == (1, 1)])
def test_the_line_under_the_title_keeps_neighbours_apart(name: str, style: Style) -> None:
    layer = entry("layers", name)()
    axes = len(layer.examples[0][0])
    document = chain([16])
    if axes > 1:
        reshape = entry("layers", "Reshape")
        document = document.append(reshape(channels=4) if axes == 3 else reshape("sequence", channels=4))
    document = document.append(layer)
    layout = laid_out(resolve(document), document.nodes[-1].id, style)
    heading = ICON + 6 + style.title_metrics.horizontalAdvance(layout.title)
    assert layout.shape
    assert layout.frame.width() < max(WIDEST, heading + 2 * PADDING) + 8
    assert WIDEST + 8 <= CARD_GAP


def test_a_long_title_widens_the_card(style: Style) -> None:
    document = chain([4]).replace_layer("dense_1", "Concatenate")
    layout = laid_out(resolve(document), "dense_1", style)
    needed = style.title_metrics.horizontalAdvance(layout.title)
    assert layout.frame.width() >= needed + 20


def test_every_layer_of_the_catalogue_has_a_card(style: Style) -> None:
    for name in entries("layers"):
        document = Document((Network(),), Data(entry("datasets", "circle")())).add(entry("layers", name)())
        plan = resolve(document)
        (node_id,) = plan.nodes
        layout = laid_out(plan, node_id, style, 0)
        assert layout.title
        assert len(layout.in_ports) >= entry("layers", name).takes[0]


def test_a_merging_card_has_one_port_to_spare(style: Style) -> None:
    document = chain([4]).replace_layer("dense_1", "Add")
    plan = resolve(document)
    for links, ports in ((0, 2), (1, 2), (2, 3), (64, 64)):
        assert len(laid_out(plan, "dense_1", style, links).in_ports) == ports


def test_links_are_offered_where_they_close_no_circle(style: Style) -> None:
    plan = resolve(chain([4, 4, 1]).add(entry("layers", "Dense")()))
    assert legal_ends(plan, "dense_2", forward=True) == {"dense_3", "dense_4"}
    assert legal_ends(plan, "dense_1", forward=False) == {"input_1", "dense_4"}
    assert legal_ends(plan, "dense_3", forward=True) == {"dense_4"}
