"""Frozen classes whose methods are made later, against Python's own `dataclass(frozen=True)`."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Any, ClassVar

import pytest

from engine.document.frozen import frozen


@frozen
class Point:
    """Two numbers."""

    kind: ClassVar[str] = "points"
    x: float
    y: float = 2.0
    names: tuple[str, ...] = field(default_factory=tuple, compare=False)


@frozen
class Named(Point):
    """One with a name."""

    name: str = "a"


@frozen(kw_only=True)
class Base:
    """By keyword only."""

    base: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", abs(self.base))


@frozen
class Derived(Base):
    """An own field before what is inherited."""

    own: int


@frozen(eq=False)
class Alone:
    """Equal to nothing but itself."""

    x: int


@frozen
class Bare:
    """Without a field."""


def own_point() -> type[Any]:
    """The same class as Python makes it."""

    @dataclass(frozen=True)
    class Point:
        x: float
        y: float = 2.0
        names: tuple[str, ...] = field(default_factory=tuple, compare=False)

    return Point


def test_it_is_what_python_makes() -> None:
    own = own_point()
    for arguments in ((1.0,), (1.0, 3.0), (1.0, 3.0, ("b",))):
        mine, other = Point(*arguments), own(*arguments)
        assert dataclasses.asdict(mine) == dataclasses.asdict(other)
        assert hash(mine) == hash(other)
        assert repr(mine) == repr(other).split("<locals>.")[-1]
    assert [f.name for f in dataclasses.fields(Point)] == [f.name for f in dataclasses.fields(own)]
    assert Point.__match_args__ == own.__match_args__  # type: ignore[attr-defined]


def test_equality_compares_fields_of_the_same_class() -> None:
    assert Point(1.0) == Point(1.0, names=("other",))
    assert Point(1.0) != Point(2.0)
    assert Point(1.0) != Named(1.0)
    assert len({Point(1.0), Point(1.0), Named(1.0), Named(1.0, name="b")}) == 3
    assert Alone(1) != Alone(1)
    assert Bare() == Bare()


@pytest.mark.parametrize("arguments", [(), (1.0, 2.0, (), 4), ("x", 1, 2, 3)])
def test_wrong_arguments_are_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="positional argument"):
        Point(*arguments)


def test_nothing_can_be_changed() -> None:
    for thing in (Point(1.0), Named(1.0), Derived(2), Bare()):
        with pytest.raises(FrozenInstanceError):
            thing.x = 2.0  # type: ignore[union-attr,misc]
        with pytest.raises(FrozenInstanceError):
            del thing.x  # type: ignore[union-attr]


def test_fields_by_keyword_and_the_hook_after_them() -> None:
    assert (Derived(5, base=-3).own, Derived(5, base=-3).base) == (5, 3)
    with pytest.raises(TypeError):
        Derived(5, 3)  # type: ignore[misc]


def test_copies() -> None:
    for thing in (Point(1.0, names=("a", "b")), Named(1.0), Derived(2, base=-2), Bare()):
        assert pickle.loads(pickle.dumps(thing)) == thing == copy.deepcopy(thing)
    assert dataclasses.replace(Named(1.0), name="c") == Named(1.0, name="c")  # type: ignore[type-var]


def test_methods_of_its_own_are_kept() -> None:
    @frozen
    class Loud:
        """With words of its own."""

        x: int

        def __repr__(self) -> str:
            return "loud"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Loud)

    assert repr(Loud(1)) == "loud"
    assert Loud(1) == Loud(2)
    assert hash(Loud(1)) == hash(Loud(1))


def test_the_methods_are_made_once() -> None:
    @frozen
    class Late:
        """Not used yet."""

        x: int

    before = Late.__init__
    Late(1)
    made = Late.__init__
    Late(2)
    assert before is not made is Late.__init__
