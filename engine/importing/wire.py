"""How much of an ONNX file is structure and how much is numbers, found before anything is parsed.

A message of two bytes takes about a hundred once it is parsed. Numbers stay as long as they are, so they may be many,
while everything else is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

_LENGTH_GIVEN, _GROUP_BEGINS, _GROUP_ENDS = 2, 3, 4
_FIXED: Mapping[int, int] = MappingProxyType({1: 8, 5: 4})
_PARTS: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {7: "graph"},
        "graph": {1: "node", 5: "tensor"},
        "node": {5: "attribute"},
        "attribute": {5: "tensor"},
        "tensor": {4: "numbers", 9: "numbers", 10: "numbers"},
    }
)
"""The messages within each message that lead to numbers, by the fields' numbers."""


class DamagedError(ValueError):
    """Bytes that are no message, or one with more structure than allowed."""


def check_structure(content: bytes, most: int) -> None:
    """Raise DamagedError unless the content is a message whose parts take at most so many bytes beside the numbers."""
    _walk(memoryview(content), "model", most)


def _walk(message: memoryview, kind: str, left: int) -> int:
    """How many bytes are still allowed after a message of this kind."""
    inside = _PARTS[kind]
    for number, head, payload in _fields(message):
        left -= head
        part = inside.get(number) if payload is not None else None
        if payload is None or part is None:
            left -= 0 if payload is None else len(payload)
        elif part != "numbers":
            left = _walk(payload, part, left)
        if left < 0:
            raise DamagedError("more structure than a network of this program has")
    return left


def _fields(message: memoryview) -> Iterator[tuple[int, int, memoryview | None]]:
    """The number of each field, the bytes it takes without its content, and its content if it has a length."""
    place = 0
    while place < len(message):
        start = place
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            _, place = _varint(message, place)
        elif kind in _FIXED:
            place += _FIXED[kind]
        elif kind == _LENGTH_GIVEN:
            length, begin = _varint(message, place)
            place = begin + length
            if place > len(message):
                raise DamagedError("a part reaches beyond its end")
            yield key >> 3, begin - start, message[begin:place]
            continue
        elif kind not in (_GROUP_BEGINS, _GROUP_ENDS):
            raise DamagedError("a field of an unknown kind")
        if place > len(message):
            raise DamagedError("a number reaches beyond its end")
        yield key >> 3, place - start, None


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message) and shift < 70:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise DamagedError("a number without an end")
