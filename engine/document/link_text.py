"""A document as one line of text that can be sent and pasted: without weights, packed, with a checksum.

`playground:1:<checksum>:<document>`: the first eight hexadecimal digits of a SHA-256 over the packed bytes, then these,
JSON packed by zlib, in base64url.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib

from engine.document.errors import FileError
from engine.document.graph import Document
from engine.document.serialization import document_from_json, document_to_json, parse_json

PREFIX = "playground:"
VERSION = 1
LONGEST = 2**20
"""Characters that a link text may have; a larger project is shared as a file."""
_MOST_BYTES = 2**24
"""What a text may unpack to: as much as the document of a project file."""
_DIGITS = 8
_SHAPE = re.compile(rf"{PREFIX}(\d{{1,9}}):([0-9a-f]{{{_DIGITS}}}):([A-Za-z0-9_-]*)=*", re.ASCII)


def to_text(document: Document) -> str:
    """The document as link text. Raises FileError for one that is too large to be sent so."""
    content = json.dumps(document_to_json(document), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    packed = zlib.compress(content.encode(errors="backslashreplace"), 9)
    text = f"{PREFIX}{VERSION}:{_checksum(packed)}:{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"
    if len(text) > LONGEST:
        raise FileError("this project is too large for a link text; save it as a file instead")
    return text


def is_link_text(text: str) -> bool:
    """Whether a text looks like one; `from_text` may still find it damaged."""
    return text.lstrip().startswith(PREFIX)


def from_text(text: str) -> Document:
    """The document of a link text; blanks and line ends that a mail put in are left out.

    Raises FileError in one sentence, and no other exception, whatever the text is.
    """
    if len(text) > 2 * LONGEST:
        raise FileError("the text is too long for a link text")
    found = _SHAPE.fullmatch("".join(text.split()))
    if found is None:
        if is_link_text(text):
            raise FileError("the link text is damaged; copy all of it again")
        raise FileError('this is no link text; one begins with "{prefix}"', prefix=PREFIX)
    version, checksum, coded = found.groups()
    if int(version) != VERSION:
        raise FileError(
            "the link text was made by another version ({version}); this one reads {own}",
            version=int(version),
            own=VERSION,
        )
    try:
        packed = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise FileError("the link text is damaged; copy all of it again") from error
    if _checksum(packed) != checksum:
        raise FileError("the link text is damaged; copy all of it again")
    return document_from_json(parse_json(_unpacked(packed), "the link text"), "the link text")


def _checksum(packed: bytes) -> str:
    return hashlib.sha256(packed).hexdigest()[:_DIGITS]


def _unpacked(packed: bytes) -> bytes:
    """What was packed; stops at the limit, whatever a hostile text would unpack to."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, _MOST_BYTES)
    except zlib.error as error:
        raise FileError("the link text is damaged; copy all of it again") from error
    if not unpacker.eof:
        raise FileError("the link text is damaged, or unpacks to more than a document can be")
    return content
