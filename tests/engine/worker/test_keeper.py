"""What is kept of a run for views that are opened later: from its first step, bounded, and gone with the run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.document.examples import load_example
from engine.plan.resolve import resolve
from engine.probes.kernels import Kernels
from engine.probes.layer_histograms import ACTIVATIONS, GRADIENTS, KINDS, WEIGHTS, LayerHistograms
from engine.probes.past import KERNELS, Past, moments, packed, to_keep
from engine.probes.probe import Arrays
from engine.training import moments as kept
from engine.training.backends import choose
from engine.training.moments import Moments
from engine.training.trainer import Snapshot
from engine.worker import keeper
from engine.worker.messages import Edit, Load, Play, Step
from tests.engine.worker.test_session import CIRCLE, Outside

NODES = ("dense_1", "dense_2", "dense_3")
PAST = tuple(Past(what=what) for what in (KERNELS, *KINDS))


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    """A session that keeps moments as often as there are steps."""
    monkeypatch.setattr(keeper, "SECONDS", 0.0)
    monkeypatch.setattr(keeper, "SHARE", math.inf)
    return Outside()


def steps(past: Arrays | None) -> list[int]:
    assert past is not None
    return [int(moment["step"][0]) for moment in moments(past)]


def train(outside: Outside, count: int) -> None:
    """So many steps, each of which is a chance to look for one thing."""
    for _ in range(count):
        outside.tell(Step(1, "batch"))


def asked(outside: Outside) -> list[list[int]]:
    return [steps(answer) for answer in outside.frame(probes=PAST).answers]


def test_a_panel_that_opens_late_gets_the_run_from_its_first_step(outside: Outside) -> None:
    outside.frame(Load(1, CIRCLE))
    outside.tell(Play(1, math.inf), turns=1)  # before the first step there is a first moment
    train(outside, 40)
    answers = outside.frame(probes=(*PAST, LayerHistograms(WEIGHTS, NODES), Kernels(NODES))).answers
    film, *histories = (moments(answer) for answer in answers[:4] if answer is not None)
    assert len(film) > 5 and film[0]["step"][0] == 0 and film[0]["dense_1"].shape == (4, 1, 1, 2)
    assert not np.array_equal(film[0]["dense_1"], film[-1]["dense_1"])
    for history, quantity in zip(histories, KINDS, strict=True):
        found = [int(moment["step"][0]) for moment in history]
        assert found == sorted(set(found)) and len(found) > 5, quantity
        last = history[-1]
        assert f"{NODES[1]}.counts" in last and ("dense_2.units" in last) == (quantity == ACTIVATIONS)
        assert ("dense_2.update" in last) == (quantity == WEIGHTS)


def test_what_was_kept_is_what_the_panel_would_have_been_answered(outside: Outside) -> None:
    outside.frame(Load(1, CIRCLE))
    seen = {}
    for _ in range(16):
        outside.tell(Step(1, "batch"))
        frame = outside.frame(probes=(LayerHistograms(GRADIENTS, NODES),))
        seen[frame.status.step] = frame.answers[0]
    past = outside.frame(probes=(Past(what=GRADIENTS),)).answers[0]
    assert past is not None and len(moments(past)) > 1
    for moment in moments(past):
        now = seen[int(moment["step"][0])]
        assert now is not None and set(now) == set(moment)
        assert all(np.array_equal(moment[name], now[name]) for name in now)


def test_it_is_bounded_evenly_spaced_and_gone_with_the_run(outside: Outside) -> None:
    outside.frame(Load(1, CIRCLE))
    train(outside, 12 * kept.MOST)
    for found in asked(outside):
        assert kept.MOST // 3 < len(found) <= kept.MOST
        gaps = np.diff(found)
        assert gaps[1:].max() <= 3 * gaps[1:].min()
        assert found[0] <= 10
    assert outside.frame(Load(2, CIRCLE), probes=PAST, run=2).answers == ({}, {}, {}, {})


def test_a_run_that_goes_back_keeps_what_was_before(outside: Outside) -> None:
    outside.frame(Load(1, CIRCLE))
    train(outside, 20)
    snapshot = outside.frame(snapshot=True).snapshot
    train(outside, 20)
    before = asked(outside)
    assert isinstance(snapshot, Snapshot) and snapshot.step == 20
    back = outside.frame(Load(2, CIRCLE, snapshot), probes=PAST, run=2).answers
    assert [steps(answer) for answer in back] == [[step for step in found if step <= 20] for found in before]
    assert any(back)
    curves = snapshot.curves.copy()
    curves[0, 1] += 1  # a run with another past
    other = Snapshot(snapshot.epoch, snapshot.step, 0, snapshot.weights, snapshot.optimizer, curves, snapshot.watch)
    assert outside.frame(Load(3, CIRCLE, other), probes=PAST, run=3).answers == ({}, {}, {}, {})


def test_an_edit_goes_on_with_its_past(outside: Outside) -> None:
    outside.frame(Load(1, CIRCLE))
    train(outside, 10)
    before = asked(outside)
    outside.tell(Edit(1, CIRCLE.set_training(batch_size=CIRCLE.batch_size + 1)))
    train(outside, 10)
    for old, new in zip(before, asked(outside), strict=True):
        assert new[: len(old)] == old and len(new) > len(old)


def test_without_a_window_nothing_is_kept(outside: Outside) -> None:
    outside.tell(Load(1, CIRCLE), Play(1, math.inf), turns=5)
    trainer = outside.session.trainer
    assert trainer is not None and trainer.step_count and not any(map(trainer.moments.of, (KERNELS, *KINDS)))


def test_looking_takes_its_share_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a clock of its own: each look takes 10 ms, and a hundred times that passes before the next."""
    clock, looks = [0.0], []

    def measure(_trainer: object, probe: object) -> Arrays:
        clock[0] += 0.01
        looks.append((clock[0], probe))
        return {"step": np.array([0])}

    monkeypatch.setattr(keeper, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(keeper, "process_time", lambda: clock[0])
    plan = resolve(CIRCLE)
    trainer = choose(plan)[0].make(plan)
    keeping = keeper.Keeper(measure)
    for number in range(20_000):
        trainer.step_count = number
        keeping.keep(trainer)
        clock[0] += 0.004
    assert (len(looks) - 1) * 0.01 <= keeper.SHARE * clock[0] and len(looks) > 0.9 * keeper.SHARE * clock[0] / 0.01
    assert {probe for _, probe in looks} == set(to_keep(plan).values())  # none waits for ever


def test_moments_are_thinned_and_forgotten() -> None:
    found = Moments()
    for step in range(10_000):
        if found.due("a", step):
            found.add("a", step, {"step": np.array([step])})
    steps = [int(answer["step"][0]) for answer in found.of("a")]
    assert steps[0] == 0 and kept.MOST // 2 <= len(steps) <= kept.MOST and not found.of("b")
    found.truncate(steps[5])
    assert [int(answer["step"][0]) for answer in found.of("a")] == steps[:6]
    found.add("a", steps[2], {"step": np.array([-1])})
    assert len(found.of("a")) == 3 and found.of("a")[-1]["step"][0] == -1


def test_answers_are_packed_whatever_each_of_them_has() -> None:
    answers = [
        {"step": np.array([1]), "old": np.zeros(2), "a": np.zeros(3)},
        {"step": np.array([2]), "a": np.ones(4)},
        {"step": np.array([3])},
        {"step": np.array([4]), "a": np.full(4, 2.0)},
    ]
    back = moments(packed(answers))
    assert [set(answer) for answer in back] == [{"step", "old"}, {"step", "a"}, {"step"}, {"step", "a"}]
    assert back[3]["a"].tolist() == [2.0] * 4 and [int(answer["step"][0]) for answer in back] == [1, 2, 3, 4]
    assert packed([]) == {} and moments({}) == []


def test_of_wide_layers_few_kernels_are_kept() -> None:
    document = load_example("digits").document
    plan = resolve(document)
    probe = to_keep(plan)[KERNELS]
    assert isinstance(probe, Kernels)
    trainer = choose(plan)[0].make(plan)
    narrow = Kernels(probe.nodes, most=100).measure(trainer)
    for node in probe.nodes:
        assert narrow[node].size <= 100 or len(narrow[node]) == 1
