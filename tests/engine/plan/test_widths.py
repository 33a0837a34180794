"""Branches of different widths: one button makes them equal."""

from __future__ import annotations

from engine.catalog.layers.convolution import Conv2d
from engine.catalog.layers.dense import Dense, Input
from engine.catalog.layers.layer import Layer
from engine.catalog.layers.merging import Add, Concatenate
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.document.examples import load_example
from engine.document.graph import Document, Network
from engine.plan.plan import Problem
from engine.plan.resolve import resolve

EMPTY = load_example("circle").document.replace(networks=(Network(),))


def clash(document: Document, node_id: str = "add_1") -> Problem:
    (problem,) = resolve(document).nodes[node_id].problems
    assert problem.kind == "shape"
    return problem


def branches(first: Layer, second: Layer, merging: Layer | None = None) -> Document:
    """Two cards behind an Input, joined."""
    document = EMPTY.append(Input()).append(Dense(units=36)).append(Reshape())
    if not isinstance(first, Conv2d):
        document = EMPTY.append(Input())
    end = document.networks[0].nodes[-1].id
    names = []
    for layer in (first, second):
        names.append(document.free_id(layer))
        document = document.add(layer, 400, 100 * len(names)).connect(end, names[-1])
    document = document.add(merging or Add(), 600, 0)
    joint = document.networks[0].nodes[-1].id
    return document.connect(names[0], joint).connect(names[1], joint)


def test_the_narrower_branch_becomes_as_wide_as_the_wider() -> None:
    document = branches(Dense(units=3), Dense(units=8)).append(Dense(units=1))
    offered = clash(document).remedies
    assert [str(remedy.label) for remedy in offered] == ["Use Concatenate instead", "Set units of dense_1 to 8"]
    assert resolve(offered[1].edit(document)).ready


def test_convolutions_have_filters() -> None:
    document = branches(Conv2d(filters=3), Conv2d(filters=8)).append(Flatten()).append(Dense(units=1))
    remedy = clash(document).remedies[1]
    assert str(remedy.label) == "Set filters of conv2d_1 to 8"
    assert resolve(remedy.edit(document)).ready


def test_a_skip_link_from_an_input_decides() -> None:
    document = EMPTY.append(Input()).append(Dense(units=8)).append(Dropout()).add(Add(), 600, 0)
    document = document.connect("input_1", "add_1").connect("dropout_1", "add_1").append(Dense(units=1))
    remedy = clash(document).remedies[1]
    assert str(remedy.label) == "Set units of dense_1 to 2", "the input cannot get wider"
    assert resolve(remedy.edit(document)).ready


def test_three_branches() -> None:
    document = branches(Dense(units=3), Dense(units=8)).add(Dense(units=5), 400, 300)
    document = document.connect("input_1", "dense_3").connect("dense_3", "add_1").append(Dense(units=1))
    remedy = clash(document).remedies[1]
    assert str(remedy.label) == "Set units of dense_1, dense_3 to 8"
    assert resolve(remedy.edit(document)).ready


def test_none_where_widths_are_not_the_matter() -> None:
    images = branches(Conv2d(stride=2), Conv2d(filters=8))
    assert [str(remedy.label) for remedy in clash(images).remedies] == ["Use Concatenate instead"]
    joined = branches(Conv2d(stride=2), Conv2d(filters=8), Concatenate())
    assert [str(remedy.label) for remedy in clash(joined, "concatenate_1").remedies] == ["Insert Flatten before it"]
    assert len(clash(EMPTY.append(Input()).append(Conv2d()), "conv2d_1").remedies) == 1
