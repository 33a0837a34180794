"""Files of weights for the tests: good ones, and what damage or malice makes of them."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save

RNG = np.random.default_rng(5)
ARRAYS: Mapping[str, Any] = {
    "fc1.weight": RNG.normal(size=(4, 3)).astype(np.float32),
    "fc1.bias": RNG.normal(size=4),
    "conv.weight": RNG.normal(size=(2, 3, 3, 2)).astype(np.float16),
    "steps": np.array(7),
    "empty": np.zeros((0, 3), np.float32),
}


def safetensors_file() -> bytes:
    return save(dict(ARRAYS), {"layout": "pytorch", "about": '{"a": [1, 2]}'})


def npz_file() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **dict(ARRAYS), metadata=np.array('{"layout": "keras"}'))
    return stream.getvalue()


def state_dict_file(content: Any = None) -> bytes:
    stream = io.BytesIO()
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    state = module.state_dict()
    state["view"] = torch.arange(12.0).reshape(3, 4).t()
    state["half"] = torch.ones(3, dtype=torch.bfloat16)
    torch.save({"epoch": 3, "state_dict": state} if content is None else content, stream)
    return stream.getvalue()


FILES: Mapping[str, Callable[[], bytes]] = {
    ".safetensors": cache(safetensors_file),
    ".npz": cache(npz_file),
    ".pt": cache(state_dict_file),
}


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def npy(header: str, content: bytes = b"") -> bytes:
    """An array file with a header of one's own."""
    written = header.encode()
    return b"\x93NUMPY\x01\x00" + len(written).to_bytes(2, "little") + written + content


def tensors(header: Any, content: bytes = b"") -> bytes:
    """A safetensors file with a header of one's own."""
    written = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + content


def mutated(kind: str, content: bytes, chance: random.Random) -> bytes:
    """The file, damaged: anywhere, or in what it says about its arrays alone, with all sums and lengths put right."""
    if chance.random() < 0.5:
        return _damaged(content, chance)
    if kind == ".safetensors":
        length = int.from_bytes(content[:8], "little")
        return tensors(_damaged(content[8 : 8 + length], chance), content[8 + length :])
    parts = members(content)
    name = chance.choice(
        [name for name in parts if name.endswith((".npy", "data.pkl", "byteorder")) or "/data/" in name]
    )
    start = parts[name][:128] if name.endswith(".npy") else parts[name]
    parts[name] = _damaged(start, chance) + parts[name][len(start) :]
    return zipped(parts)


_WORDS = (
    b"0", b"9", b"-1", b"99999999", b"\xff\xff\xff\x7f", b"[", b"]", b"(", b",", b"f8", b"O", b"F32", b"F64", b"I8",
    b"cos\nsystem\n", b"R", b".", b"\x00", b"K", b"}", b'"', b"True", b"1e9", b"q", b"t",
)  # fmt: skip


def _damaged(content: bytes, chance: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        place = chance.randrange(len(found) + 1)
        match chance.randrange(7):
            case 0:
                found[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del found[place : place + chance.choice((1, 4, 100))]
            case 2:
                found[place:place] = chance.choice(_WORDS)
            case 3:
                word = chance.choice(_WORDS)
                found[place : place + len(word)] = word
            case 4:
                found = found[:place] if chance.random() < 0.3 else found
            case 5:
                other = chance.randrange(len(found) + 1)
                found[place:place] = found[other : other + chance.randrange(1, 60)]
            case _:
                digits = [at for at, byte in enumerate(found) if 48 <= byte <= 57]
                if digits:
                    found[chance.choice(digits)] = chance.randrange(48, 58)
    return bytes(found)
