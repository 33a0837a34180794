"""Published files: where they are, and how they are known. What fetches them is in `downloads`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Remote:
    """A file that can be downloaded from any of some places.

    Attributes:
        name: Its name in the folder.
        size: Bytes.
        sha256: Its SHA-256 in hexadecimal digits.
        urls: Where it is, the best first.
    """

    name: str
    size: int
    sha256: str
    urls: tuple[str, ...]


def everywhere(name: str, size: int, sha256: str, *folders: str) -> Remote:
    """A file that lies in each of some folders of the net."""
    return Remote(name, size, sha256, tuple(f"{folder}/{name}" for folder in folders))
