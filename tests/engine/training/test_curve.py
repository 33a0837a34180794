from __future__ import annotations

import numpy as np
import pytest

from engine.training.curve import LIMIT, Curve, stride


def recorded(epochs: int, curve: Curve | None = None, start: int = 0) -> Curve:
    curve = curve or Curve()
    for epoch in range(start, epochs + 1):
        if curve.due(epoch):
            curve.record(epoch, (1 / (epoch + 1), 2.0, 0.5, 0.25, 0.03))
    return curve


def test_a_row_holds_what_was_measured() -> None:
    assert recorded(1).rows.tolist() == [[0, 1.0, 2.0, 0.5, 0.25, 0.03], [1, 0.5, 2.0, 0.5, 0.25, 0.03]]


@pytest.mark.parametrize(
    ("epochs", "rows", "distance"),
    [(1999, 2000, 1), (2000, 1001, 2), (3999, 2000, 2), (4000, 1001, 4), (20000, 1251, 16)],
)
def test_the_history_is_thinned_evenly_and_never_too_long(epochs: int, rows: int, distance: int) -> None:
    found = recorded(epochs).rows
    assert len(found) == rows <= LIMIT
    assert set(np.diff(found[:, 0])) == {distance} == {stride(epochs)}
    assert found[0, 0] == 0


def test_a_history_taken_up_goes_on_like_the_first() -> None:
    whole = recorded(5000)
    half = recorded(2345)
    resumed = Curve()
    resumed.replace(half.rows)
    assert recorded(5000, resumed, 2346).rows.tobytes() == whole.rows.tobytes()


def test_rows_are_a_copy() -> None:
    curve = recorded(3)
    curve.rows[:] = -1
    assert curve.rows[3, 0] == 3


def test_what_came_after_an_epoch_can_be_forgotten() -> None:
    curve = recorded(5)
    curve.truncate(2)
    assert list(curve.rows[:, 0]) == [0, 1, 2]
