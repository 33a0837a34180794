"""Long lines of source, broken as a formatter would: what is in brackets stands below them, a part a line."""

from __future__ import annotations

WIDTH = 100
"""Longest line."""
_OPEN, _CLOSE, _QUOTES = "([{", ")]}", "\"'"


def formatted(source: str, width: int = WIDTH) -> str:
    """Source with its long lines broken, but for what stands in texts of several lines."""
    found, inside = [], False
    for line in source.splitlines():
        found.append(line if inside else wrapped(line, width))
        inside ^= line.count('"""') % 2 == 1
    return "".join(f"{line}\n" for line in found)


def wrapped(line: str, width: int = WIDTH) -> str:
    """A logical line of Python in lines of at most so many characters, where brackets allow it.

    >>> print(wrapped("x = f(first, g(second))", 16))
    x = f(
        first,
        g(second),
    )
    """
    if len(line) <= width or line.lstrip().startswith(('"""', "#")):
        return line
    start = _longest_bracket(line)
    if start is None:
        return line
    end = _closing(line, start)
    indent = " " * (len(line) - len(line.lstrip()))
    parts = _parts(line[start + 1 : end])
    if len(parts) == 1 and line[start] in "([" and line[end - 1] != ",":
        inside = wrapped(f"{indent}    {parts[0]}", width)
    else:
        inside = "\n".join(wrapped(f"{indent}    {part},", width) for part in parts)
    return f"{line[: start + 1]}\n{inside}\n{wrapped(f'{indent}{line[end:]}', width)}"


def _text_end(line: str, start: int) -> int:
    """Where the text ends that begins at `start`."""
    quote, place = line[start], start + 1
    while line[place] != quote:
        place += 2 if line[place] == "\\" else 1
    return place


def _longest_bracket(line: str) -> int | None:
    """Where the outermost bracket opens that holds most."""
    found, best, place = None, 1, 0
    while place < len(line):
        if line[place] in _QUOTES:
            place = _text_end(line, place)
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
        if line[place] in _QUOTES:
            place = _text_end(line, place)
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
        if inside[place] in _QUOTES:
            place = _text_end(inside, place)
        elif inside[place] in _OPEN:
            place = _closing(inside, place)
        elif inside[place] == ",":
            found.append(inside[begin:place].strip())
            begin = place + 1
        place += 1
    rest = inside[begin:].strip()
    return [*found, rest] if rest else found
