"""The probe of a regression's surface: the network's own answers, the data set's own formula."""

from __future__ import annotations

import numpy as np

from engine.catalog.datasets.plane import Circle
from engine.catalog.datasets.typed import Formula
from engine.catalog.layers.dense import Dense
from engine.document.graph import Data
from engine.plan.resolve import resolve
from engine.probes.surface import Surface
from tests.engine.training.networks import chain, trainer


def test_numbers_are_those_of_network_and_formula() -> None:
    run = trainer(chain(Dense(3), Dense(1), data=Data(Formula("x1 - 2 * x2"))))
    found = Surface(resolution=6).measure(run)
    assert found["target"].tolist() == [[x1 - 2 * x2 for x1 in range(-5, 6, 2)] for x2 in range(5, -6, -2)]
    corner = run.outputs(np.array([[-5.0, 5.0]]), (run.plan.output or "",))[run.plan.output or ""]
    assert found["network"][0, 0] == corner[0, 0] and found["network"].shape == (6, 6)


def test_it_is_for_numbers_over_the_plane() -> None:
    assert Surface().fits(resolve(chain(Dense(1), data=Data(Formula("x1")))))
    assert not Surface().fits(resolve(chain(Dense(1), data=Data(Circle()))))
