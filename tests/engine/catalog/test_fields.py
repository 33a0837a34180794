"""What the fields of an entry may hold."""

from __future__ import annotations

import pytest

from engine.catalog.registry import Range
from engine.document.errors import InvalidValueError


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (Range(0.0, 180.0, unit="°"), "rotation (=200.0) must lie between 0.0 and 180.0°"),
        (Range(0, 50, unit="%"), "rotation (=200.0) must lie between 0 and 50 %"),
        (Range(0, 50), "rotation (=200.0) must lie between 0 and 50"),
    ],
)
def test_a_refusal_names_the_unit(constraint: Range, words: str) -> None:
    constraint.check("rotation", 50 if constraint.high == 50 else 180.0)
    with pytest.raises(InvalidValueError) as refused:
        constraint.check("rotation", 200.0)
    assert str(refused.value) == words
