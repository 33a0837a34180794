"""Stopping rules, fed with losses by hand."""

from __future__ import annotations

import pytest

from engine.catalog.registry import defaults
from engine.catalog.stopping import (
    NEVER,
    EarlyStopping,
    Look,
    NeverStop,
    State,
    StopAfterTime,
    StopAtEpoch,
    StopAtLoss,
    Stopping,
)


def stops(rule: Stopping, losses: list[float], seconds: float = 1.0) -> list[int]:
    """The epochs after which it stops a run with these losses that goes on each time, `seconds` an epoch."""
    state: State = {}
    found, epoch = [], 0
    while (epoch := rule.next_look(epoch)) <= len(losses):
        reason = rule.look(Look(epoch, losses[epoch - 1], epoch * seconds), state)
        if reason is not None:
            found.append(epoch)
            assert str(epoch) in str(reason)
    return found


@pytest.mark.parametrize(
    ("rule", "losses", "epochs"),
    [
        (NeverStop(), [1.0] * 50, []),
        (EarlyStopping(patience=3), [3, 2, 1, 1, 1, 0.5, 0.6, 0.6], []),
        (EarlyStopping(patience=3), [3, 2, 1, 1, 1, 1, 1, 1, 1, 1], [6, 10]),
        (EarlyStopping(patience=2, smallest_improvement=0.1), [3, 2.95, 2.91, 2.8, 2.7], [3]),
        (EarlyStopping(patience=1), [1, 2, 3, 4], [2, 4]),
        (StopAtLoss(loss=0.5), [1, 0.6, 0.5, 0.4, 0.3], [3]),
        (StopAtLoss(loss=0.5), [1, 0.4, 0.4, 0.9, 0.4, 0.4], [2, 5]),
        (StopAtEpoch(epoch=7), [1.0] * 50, [7]),
        (StopAfterTime(seconds=2.5), [1.0] * 10, [3, 6, 9]),
    ],
    ids=lambda item: repr(item) if isinstance(item, Stopping) else "",
)
def test_a_run_ends_at_the_epoch(rule: Stopping, losses: list[float], epochs: list[int]) -> None:
    assert stops(rule, losses) == epochs


def test_the_best_epoch_is_known_for_its_weights() -> None:
    rule, state = EarlyStopping(patience=4), {}
    best = []
    for epoch, loss in enumerate([3, 1, 2, 0.5, 0.7, 0.6], 1):
        assert rule.look(Look(epoch, loss, 0.0), state) is None
        best.append(state["best_epoch"])
    assert best == [1, 2, 2, 4, 4, 4]
    assert rule.keeps_best and not EarlyStopping(restore_best_weights=False).keeps_best


def test_a_sentence_says_whether_the_weights_are_back() -> None:
    for restore in (True, False):
        rule, state = EarlyStopping(patience=1, restore_best_weights=restore), State()
        rule.look(Look(1, 0.25, 0.0), state)
        said = str(rule.look(Look(2, 0.5, 0.0), state))
        assert "since epoch 1 (0.25)" in said and ("weights are back" in said) == restore


def test_only_the_rule_that_never_ends_never_looks() -> None:
    for rule in defaults("stoppings"):
        assert (rule.next_look(0) == NEVER) == isinstance(rule, NeverStop)
        assert not rule.keeps_best or isinstance(rule, EarlyStopping)
    assert StopAtEpoch(epoch=5).next_look(5) == NEVER
