"""Formulas of the catalogue, written as plain text there, set with raised and lowered parts and slanted letters."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

_CODE = re.compile(r"`([^`]*)`")
_LOWERED = re.compile(r"(?<![A-Za-zΑ-ω_])([A-Za-zΑ-ω]|fan)_(?:\{([^{}]*)\}|([A-Za-z]+|[0-9])(?![A-Za-z0-9_]))")
_RAISED = re.compile(r"\^(?:\(([^()]*)\)|\{([^{}]*)\}|(⌊[^⌋]*⌋|[−-]?[\w.|]+))")
_JOINED = re.compile(r"(?<=[A-Za-z0-9])_(?=[A-Za-z0-9])")
# A letter alone, with its hat; but not the article before a word, nor the end of "it's".
_LETTER = re.compile(
    r"(?<![A-Za-zΑ-ω'’\u0300-\u036f])(?!a [a-z]{2})([A-Za-zα-ω][\u0300-\u036f]?)(?![A-Za-z0-9Α-ω\u0300-\u036f])"
)
_TAGS = {"\x01": "<sub>", "\x02": "</sub>", "\x03": "<sup>", "\x04": "</sup>", "\x05": "<i>", "\x06": "</i>"}


@lru_cache(maxsize=512)
def typeset(formula: str) -> str:
    """Rich text of a formula: x^2 raised, fan_in lowered, single letters slanted, parts after ";" on their own lines.

    >>> typeset("y = x^2 + fan_in")
    '<i>y</i> = <i>x</i><sup>2</sup> + fan<sub>in</sub>'
    """
    text = _CODE.sub(r"\1", formula)
    text = _LOWERED.sub(lambda hit: f"{hit[1]}\x01{hit[2] or hit[3]}\x02", text)
    text = _RAISED.sub(lambda hit: f"\x03{hit[1] or hit[2] or hit[3]}\x04", text)
    text = _JOINED.sub("\u00a0", text)
    text = _LETTER.sub("\x05\\1\x06", text)
    text = "<br>".join(escape(part, quote=False) for part in re.split(r";\s+", text))
    for mark, tag in _TAGS.items():
        text = text.replace(mark, tag)
    return text
