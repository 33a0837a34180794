"""The fonts of this computer that can write plain letters and digits."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

SIZE = 80
"""Pixels: how large fonts are opened."""
_MOST_FONTS = 12
_MOST_FILES = 10_000
_MOST_BYTES = 20_000_000
_SUFFIXES = (".ttf", ".otf")
_NO_LETTERS = re.compile(
    "symbol|dingbat|emoji|wingding|webding|icon|awesome|math|music|braille|barcode|ornament|marlett|material|cursor|"
    "opens___|mtextra|bssym|segmdl|segoeui(sl|hist)|holomdl|lastresort|d0500",
    re.IGNORECASE,
)
_WELL_KNOWN = re.compile("dejavu|liberation|arial|helvet|times|courier|verdana|georgia|noto|ubuntu|roboto|free", re.I)
_STYLED = re.compile("bold|black|heavy|light|thin|medium|italic|oblique|condensed|narrow|-(bd|it|b|i)", re.I)
_TEXT = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def folders() -> tuple[Path, ...]:
    """Where this system keeps fonts: its own ones, and those of the user."""
    home = Path.home()
    if sys.platform == "win32":
        windows, local = os.environ.get("WINDIR", r"C:\Windows"), os.environ.get("LOCALAPPDATA")
        found = [Path(windows) / "Fonts"]
        return (*found, Path(local) / "Microsoft" / "Windows" / "Fonts") if local else tuple(found)
    if sys.platform == "darwin":
        return Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"
    data = os.environ.get("XDG_DATA_HOME")
    own = Path(data) if data else home / ".local" / "share"
    return Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), own / "fonts", home / ".fonts"


def usable_fonts() -> tuple[FreeTypeFont, ...]:
    """A dozen fonts, Pillow's own first, of which each writes every letter and digit in a way of its own.

    They are looked for once, in the order of their names, so that a computer always finds the same ones.
    """
    return _usable(folders())


@lru_cache(maxsize=2)
def _usable(places: tuple[Path, ...]) -> tuple[FreeTypeFont, ...]:
    from PIL import ImageFont

    own = ImageFont.load_default(SIZE)
    assert isinstance(own, ImageFont.FreeTypeFont)
    found, families = [own], {_family("Aileron")}
    for path in _files(places):
        if len(found) == _MOST_FONTS:
            break
        if _family(path.stem) in families:
            continue
        try:
            if path.stat().st_size > _MOST_BYTES:
                continue
            font = ImageFont.truetype(str(path), SIZE)
            if _writes(font):
                found.append(font)
                families.add(_family(path.stem))
        except (OSError, ValueError):  # a damaged font is none
            continue
    return tuple(found)


def _files(places: tuple[Path, ...]) -> list[Path]:
    """The font files, those of families that most computers have first."""
    files = []
    for path in _walk(places):
        if path.suffix.lower() in _SUFFIXES and not _NO_LETTERS.search(path.name):
            files.append(path)
    return sorted(files, key=_place)


def _place(path: Path) -> tuple[bool, bool, str, str]:
    stem = path.stem
    return _WELL_KNOWN.search(stem) is None, _STYLED.search(stem) is not None, path.name.casefold(), str(path)


def _walk(places: tuple[Path, ...]) -> Iterator[Path]:
    seen = 0
    for place in places:
        for folder, _, names in os.walk(place):
            for name in names:
                seen += 1
                if seen > _MOST_FILES:
                    return
                yield Path(folder) / name


def _family(name: str) -> str:
    """What fonts are called that differ by weight, width or slant alone.

    >>> _family("DejaVuSans-BoldOblique"), _family("DejaVuSerif")
    ('dejavusans', 'dejavuserif')
    """
    return re.split(r"[-_ \[]", name)[0].casefold()


def _writes(font: FreeTypeFont) -> bool:
    """Whether it has every letter and digit, and does not put one sign for several."""
    unknown = _picture(font, "\U0010fffe")
    seen = {unknown}
    for letter in _TEXT:
        picture = _picture(font, letter)
        if picture in seen or not any(picture[1]):
            return False
        seen.add(picture)
    return True


def _picture(font: FreeTypeFont, text: str) -> tuple[tuple[int, ...], bytes]:
    written = written_by(font, text)
    return written.shape, written.tobytes()


def written_by(font: FreeTypeFont, text: str, stroke: int = 0) -> NDArray[np.uint8]:
    """A text, white on black, cut off where its ink ends: (height, width). `stroke` is how many pixels are added."""
    from PIL import Image, ImageDraw

    left, top, right, bottom = font.getbbox(text, stroke_width=stroke)
    picture = Image.new("L", (max(1, int(right - left) + 2), max(1, int(bottom - top) + 2)))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, 255, font, stroke_width=stroke)
    inside = picture.getbbox()
    return np.asarray(picture.crop(inside) if inside else picture, np.uint8)
