"""Cards called otherwise, and how that is told from other edits."""

from __future__ import annotations

import numpy as np

from engine.catalog.layers.dense import Dense
from engine.document.examples import load_example
from engine.document.naming import rename, renamed_since
from engine.export.states import renamed
from engine.training.trainer import Snapshot

CIRCLE = load_example("circle").document


def test_a_new_name_is_told_from_every_other_edit() -> None:
    called = rename(CIRCLE, "dense_1", "hidden")
    assert renamed_since(CIRCLE, called) == {"dense_1": "hidden"}
    assert renamed_since(called, CIRCLE) == {"hidden": "dense_1"}
    assert renamed_since(CIRCLE, called.move([("hidden", 8.0, 16.0)])) == {"dense_1": "hidden"}
    assert renamed_since(CIRCLE, CIRCLE) == renamed_since(CIRCLE, CIRCLE.replace(seed=5)) == {}
    assert renamed_since(CIRCLE, called.replace(seed=5)) == {}
    assert renamed_since(CIRCLE, called.set_layer("hidden", Dense(units=9))) == {}
    assert renamed_since(CIRCLE, called.append(Dense())) == {}
    assert renamed_since(CIRCLE, called.remove(["hidden"])) == {}


def test_names_that_trade_places_are_followed() -> None:
    traded = rename(rename(rename(CIRCLE, "dense_1", "other"), "dense_2", "dense_1"), "other", "dense_2")
    assert renamed_since(CIRCLE, traded) == {"dense_1": "dense_2", "dense_2": "dense_1"}


def test_a_state_is_that_of_the_cards_under_their_new_names() -> None:
    one, two = np.ones(1, np.float32), np.zeros(1, np.float32)
    arrays = {"dense_1.weight": one, "dense_10.weight": two}
    watch = {"best.dense_1.weight": one, "seconds": two, "schedule.dense_1": two}
    found = renamed(Snapshot(3, 4, 0, arrays, {"dense_1.weight.m": one, "step": two}, watch=watch), {"dense_1": "a"})
    assert (found.epoch, found.step) == (3, 4)
    assert set(found.weights) == {"a.weight", "dense_10.weight"}
    assert set(found.optimizer) == {"a.weight.m", "step"}
    assert set(found.watch) == {"best.a.weight", "seconds", "schedule.dense_1"}
