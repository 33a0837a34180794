"""Long lines of source, broken as a formatter would: what is in brackets stands below them, a part a line."""

from __future__ import annotations

WIDTH = 100
"""Longest line."""
_OPEN, _CLOSE = "([{", ")]}"


def wrapped(line: str, width: int = WIDTH) -> str:
    """A logical line of Python in lines of at most so many characters, where brackets allow it.

    >>> print(wrapped("x = f(first, g(second))", 16))
    x = f(
        first,
        g(second),
    )
    """
    if len(line) <= width:
        return line
    start = _longest_bracket(line)
    if start is None:
        return line
    end = _closing(line, start)
    indent = " " * (len(line) - len(line.lstrip()))
    parts = _parts(line[start + 1 : end])
    if len(parts) == 1 and line[start] == "(" and line[end - 1] != ",":
        inside = wrapped(f"{indent}    {parts[0]}", width)
    else:
        inside = "\n".join(wrapped(f"{indent}    {part},", width) for part in parts)
    return f"{line[: start + 1]}\n{inside}\n{wrapped(f'{indent}{line[end:]}', width)}"


def _longest_bracket(line: str) -> int | None:
    """Where the outermost bracket opens that holds most."""
    found, best, place = None, 1, 0
    while place < len(line):
        if line[place] == '"':
            place = line.index('"', place + 1)
        elif line[place] in _OPEN:
            end = _closing(line, place)
            if end - place > best:
                found, best = place, end - place
            place = end
        place += 1
    return found


def _closing(line: str, start: int) -> int:
    """Where the bracket that opens at `start` closes."""
    depth, place = 0, start
    while True:
        if line[place] == '"':
            place = line.index('"', place + 1)
        elif line[place] in _OPEN:
            depth += 1
        elif line[place] in _CLOSE:
            depth -= 1
            if not depth:
                return place
        place += 1


def _parts(inside: str) -> list[str]:
    """What commas outside of inner brackets separate."""
    found, begin, place = [], 0, 0
    while place < len(inside):
        if inside[place] == '"':
            place = inside.index('"', place + 1)
        elif inside[place] in _OPEN:
            place = _closing(inside, place)
        elif inside[place] == ",":
            found.append(inside[begin:place].strip())
            begin = place + 1
        place += 1
    rest = inside[begin:].strip()
    return [*found, rest] if rest else found
