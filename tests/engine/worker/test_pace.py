from __future__ import annotations

import math

import pytest

from engine.worker.pace import EARLY, FASTEST, SHARE, SLOWEST, FramePace, Rate, StepPace


def test_steps_come_at_their_time() -> None:
    pace = StepPace()
    pace.start(2.0, 10.0)
    assert pace.running and pace.wait(10.0) == 0
    pace.took(10.0)
    assert pace.wait(10.1) == pytest.approx(0.4)
    pace.took(10.5)
    assert pace.wait(10.5) == pytest.approx(0.5)


def test_lost_time_is_not_made_up_for() -> None:
    pace = StepPace()
    pace.start(100.0, 0.0)
    pace.took(50.0)
    steps = 0
    while not pace.wait(50.0):
        pace.took(50.0)
        steps += 1
    assert steps <= SLOWEST * 100 + 1


def test_a_new_speed_counts_from_now() -> None:
    pace = StepPace()
    pace.start(0.1, 0.0)
    pace.took(0.0)
    assert pace.wait(1.0) == pytest.approx(9.0)
    pace.start(10.0, 1.0)
    assert pace.wait(1.0) == pytest.approx(0.1)
    pace.start(math.inf, 1.0)
    assert pace.wait(1.0) == 0
    pace.stop()
    assert not pace.running


@pytest.mark.parametrize(("cost", "gap"), [(0.0001, FASTEST), (0.004, 0.04), (0.5, SLOWEST)])
def test_frames_take_their_share_within_bounds(cost: float, gap: float) -> None:
    pace = FramePace()
    assert pace.wait(0.0) == 0
    pace.sent(1.0, cost)
    assert pace.wait(1.0) == pytest.approx(gap)
    assert pace.wait(1.0 + gap) == 0
    assert cost / gap <= SHARE + 1e-9 or gap == SLOWEST


def test_frames_that_are_a_little_early_do_not_come_more_often() -> None:
    pace = FramePace()
    pace.sent(0.0, 0.0)
    for number in range(1, 60):
        assert pace.wait(number * FASTEST - 1.1 * EARLY) == pytest.approx(1.1 * EARLY)
        assert pace.wait(number * FASTEST - 0.9 * EARLY) == 0
        pace.sent(number * FASTEST - 0.9 * EARLY, 0.0)
    assert pace.wait(59 * FASTEST) == pytest.approx(FASTEST)


def test_a_frame_that_is_a_little_late_does_not_delay_the_next() -> None:
    pace = FramePace()
    for number in range(60):
        pace.sent(number * FASTEST + 0.4 * FASTEST * (number % 2), 0.0)
    assert pace.wait(0.0) == pytest.approx(60 * FASTEST)
    pace.sent(60.6 * FASTEST, 0.0)
    assert pace.wait(0.0) == pytest.approx(61.6 * FASTEST)
    pace.sent(61 * FASTEST, 0.0)  # early: the user did something
    assert pace.wait(0.0) == pytest.approx(62 * FASTEST)


def test_the_rate_is_that_of_the_last_second() -> None:
    rate = Rate()
    assert rate.per_second == 0
    for tenth in range(51):
        now = tenth / 10
        rate.note(now, min(now, 4) * 100)
    assert rate.per_second < 10
    rate.restart()
    rate.note(0.0, 0.0)
    rate.note(0.5, 10.0)
    assert rate.per_second == 20
