"""Hostile project files whose zip is the trouble: damaged, forged, tricky, or a bomb. One function for each kind.

Each takes a random generator and gives the bytes of a file.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import random
import struct
import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.document.examples import load_example
from engine.document.serialization import document_to_json
from engine.export.weights import encode
from engine.plan.resolve import resolve

Members = dict[str, bytes]
Made = Callable[[random.Random], bytes]

NAMES = ("circle", "skip", "xor")
_ESCAPES = (
    "../evil.txt", "../../../../tmp/evil.txt", "/tmp/evil.txt", "/etc/passwd", "C:\\evil.txt", "..\\evil.txt",
    "document.json/../document.json", "./document.json", "document.json/", "document.json ", "DOCUMENT.JSON",
    "\u202ejson.tnemucod", "a" * 60_000, "évil/\u0000.txt", "~/.bashrc", "file:///etc/passwd", "con", "-rf", "*",
)  # fmt: skip
NUMBERS = (0, 1, 2, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


@functools.cache
def originals() -> Mapping[str, Members]:
    """The members of whole projects, with weights of the right shapes."""
    found = {}
    for name in NAMES:
        document = load_example(name).document
        rng = np.random.default_rng(1)
        weights = {key: rng.normal(size=shape) for key, shape in resolve(document).saved_shapes.items()}
        progress = {"epoch": 12, "step": 300, "position": 0}
        found[name] = {
            "document.json": json.dumps(document_to_json(document)).encode(),
            "progress.json": json.dumps(progress).encode(),
            "weights.safetensors": encode(weights),
        }
    return found


def some_members(rng: random.Random) -> Members:
    return dict(originals()[rng.choice(NAMES)])


def packed(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED, *, hashed: bool = True) -> bytes:
    """A zip of the members, with the manifest that belongs to them."""
    content = dict(members)
    if hashed:
        hashes = {name: hashlib.sha256(part).hexdigest() for name, part in content.items()}
        content["manifest.json"] = json.dumps({"sha256": hashes}).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return stream.getvalue()


def with_document(rng: random.Random, edit: Callable[[dict[str, Any]], Any]) -> bytes:
    """A project whose document was edited as data; its hash fits."""
    members = some_members(rng)
    data = json.loads(members["document.json"])
    edit(data)
    members["document.json"] = json.dumps(data).encode()
    return packed(members, rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))


def any_bytes(rng: random.Random) -> bytearray:
    return bytearray(packed(some_members(rng), rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])))


# --- damage ----------------------------------------------------------------------------------------------------------


def truncated(rng: random.Random) -> bytes:
    content = any_bytes(rng)
    cut = rng.randrange(len(content)) if rng.random() < 0.5 else len(content) - rng.randrange(1, 300)
    return bytes(content[: max(0, cut)] if rng.random() < 0.8 else content[-max(1, cut) :])


def flipped(rng: random.Random) -> bytes:
    content = any_bytes(rng)
    for _ in range(rng.randint(1, 8)):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def flipped_behind_the_hash(rng: random.Random) -> bytes:
    members = some_members(rng)
    name = rng.choice(sorted(members))
    part = bytearray(members[name])
    for _ in range(rng.randint(1, 4)):
        part[rng.randrange(len(part))] ^= 1 << rng.randrange(8)
    members[name] = bytes(part)
    return packed(members)


def rearranged(rng: random.Random) -> bytes:
    """Pieces taken out, put in, doubled or overwritten."""
    content = any_bytes(rng)
    for _ in range(rng.randint(1, 3)):
        place, length = rng.randrange(len(content)), rng.randint(1, 400)
        piece = rng.choice([b"", rng.randbytes(length), bytes(content[place : place + length]) * 2, b"PK\x01\x02" * 9])
        content[place : place + rng.choice([0, length])] = piece
        if not content:
            break
    return bytes(content)


def other_formats(rng: random.Random) -> bytes:
    starts = [b"", b"\x89PNG\r\n", b"\x80\x04cposix\nsystem\n", b"\x1f\x8b\x08", b"%PDF", b"{", b"PK\x05\x06"]
    body = rng.choice(starts) + rng.randbytes(rng.choice([0, 1, 22, 500, 5000]))
    return body + bytes(any_bytes(rng)) if rng.random() < 0.3 else body


# --- forged ----------------------------------------------------------------------------------------------------------

_HEADERS = {b"PK\x03\x04": 30, b"PK\x01\x02": 46, b"PK\x05\x06": 22}


def forged_headers(rng: random.Random) -> bytes:
    """Fields of the zip's own headers set to other numbers: sizes, offsets, counts, lengths, methods, flags."""
    content = any_bytes(rng)
    for _ in range(rng.randint(1, 3)):
        signature, size = rng.choice(sorted(_HEADERS.items()))
        places = [place for place in range(len(content) - size) if content[place : place + 4] == signature]
        places += [len(content) - 22] if signature == b"PK\x05\x06" else []
        width = rng.choice([2, 4])
        field = rng.choice(places) + rng.randrange(4, size - width + 1)
        number = rng.choice([*NUMBERS, rng.getrandbits(32)]) & (2 ** (8 * width) - 1)
        content[field : field + width] = number.to_bytes(width, "little")
    return bytes(content)


def forged_zip64(rng: random.Random) -> bytes:
    """The records of zips beyond 4 GiB, which promise whatever they like."""
    content = any_bytes(rng)
    end = len(content) - 22
    huge = rng.choice([2**63 - 1, 2**64 - 1, 2**40, 2**32, 5])
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, huge, huge, huge, rng.choice([0, end, huge]))
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, rng.choice([end, 0, huge]), 1)
    content[end:end] = record + locator
    content[-22 + 8 : -22 + 20] = b"\xff" * 12
    return bytes(content)


def wrong_hashes(rng: random.Random) -> bytes:
    members = some_members(rng)
    right = {name: hashlib.sha256(part).hexdigest() for name, part in members.items()}
    name = rng.choice(sorted(members))
    wrong: Any = rng.choice(["", "0" * 64, right[name].upper(), right[name][:-1], None, [right[name]], 7, {}])
    manifest = rng.choice(
        [
            {"sha256": {**right, name: wrong}},
            {"sha256": {key: value for key, value in right.items() if key != name}},
            {"sha256": {**right, "weights.safetensors2": "0" * 64, "../x": wrong}},
            {"sha256": wrong},
            {"md5": right},
            wrong,
        ]
    )
    members["manifest.json"] = json.dumps(manifest).encode()
    return packed(members, hashed=False)


def doubled_names(rng: random.Random) -> bytes:
    content = io.BytesIO(bytes(any_bytes(rng)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(content, "a") as archive:
            for _ in range(rng.choice([1, 2, 500])):
                archive.writestr(rng.choice(["document.json", "manifest.json", "weights.safetensors", "x"]), b"{}")
    return content.getvalue()


def path_tricks(rng: random.Random) -> bytes:
    """Members that would land elsewhere if anybody unpacked them; links; members under names that are nearly right."""
    members = some_members(rng)
    stream = io.BytesIO(packed(members))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(stream, "a") as archive:
            for _ in range(rng.randint(1, 4)):
                info = zipfile.ZipInfo(rng.choice(_ESCAPES))
                info.external_attr = rng.choice([0o120777, 0o40755, 0o100644, 0o60666, 0o104755]) << 16
                archive.writestr(info, rng.choice([b"/etc/passwd", b"../../x", b"", b"x" * 999]))
    content = stream.getvalue()
    if rng.random() < 0.5:  # the document itself becomes a link, or loses its name
        before = rng.choice([b"document.json", b"weights.safetensors", b"manifest.json"])
        content = content.replace(before, rng.choice([b"../" + before[3:], b"/tm/" + before[4:], before.upper()]))
    return content


def links_as_members(rng: random.Random) -> bytes:
    """A known name that claims to be a symbolic link, a folder or a device."""
    members = some_members(rng)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        hashes = {name: hashlib.sha256(part).hexdigest() for name, part in members.items()}
        for name, part in {**members, "manifest.json": json.dumps({"sha256": hashes}).encode()}.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = rng.choice([0o120777, 0o40755, 0o20666, 0o100644]) << 16 | rng.choice([0, 16])
            archive.writestr(info, rng.choice([part, part, b"/etc/passwd"]))
    return stream.getvalue()


def nested_zips(rng: random.Random) -> bytes:
    inner = bytes(any_bytes(rng))
    for _ in range(rng.randint(0, 5)):
        inner = packed({**some_members(rng), rng.choice(["document.json", "weights.safetensors", "more.nnp"]): inner})
    members = {**some_members(rng), rng.choice(["document.json", "weights.safetensors", "progress.json"]): inner}
    return packed(members)


# --- oversized -------------------------------------------------------------------------------------------------------


@functools.cache
def _squeezed(name: str, size: int, byte: bytes) -> bytes:
    members = {**originals()["xor"], name: byte * size}
    return packed(members, zipfile.ZIP_DEFLATED)


def bombs(rng: random.Random) -> bytes:
    """A few kilobytes that unpack to many megabytes, with an honest header or with one that promises little."""
    name, size = rng.choice(
        [
            ("document.json", 2**24 + 1),
            ("document.json", 2**24),
            ("document.json", 2**25),
            ("manifest.json", 2**24),
            ("progress.json", 2**24),
            ("progress.json", 2**16),
            ("weights.safetensors", 2**28),
            ("unknown.bin", 2**24),
        ]
    )
    content = _squeezed(name, size, b" " if size > 2**26 else rng.choice([b" ", b"["]))
    if rng.random() < 0.5:
        lie = rng.choice([1000, 0, 1, size - 1, 2**16, 2**24]).to_bytes(4, "little")
        content = content.replace(size.to_bytes(4, "little"), lie)
    return content


def overlapping(rng: random.Random) -> bytes:
    """Many entries of the central directory that all share one compressed body."""
    content = bytearray(_squeezed("document.json", 2**24, b" "))
    start = int.from_bytes(content[-6:-2], "little")
    directory = bytes(content[start:-22])
    count = rng.choice([2, 100, 2000])
    end = bytearray(content[-22:])
    end[8:12] = struct.pack("<HH", min(4 * count, 0xFFFF), min(4 * count, 0xFFFF))
    end[12:16] = struct.pack("<L", len(directory) * count)
    return bytes(content[:start]) + directory * count + bytes(end)
