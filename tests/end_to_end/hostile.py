"""Hostile project files, one function for each kind; here those whose members say what cannot be.

They carry hashes that fit, as only a hostile program would make them: what lies behind the hashes is then reached.
"""

from __future__ import annotations

import copy
import functools
import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.catalog.registry import entries
from engine.export.weights import encode
from tests.end_to_end.hostile_zips import (
    NAMES,
    NUMBERS,
    Made,
    bombs,
    doubled_names,
    flipped,
    flipped_behind_the_hash,
    forged_headers,
    forged_zip64,
    links_as_members,
    nested_zips,
    originals,
    other_formats,
    overlapping,
    packed,
    path_tricks,
    rearranged,
    some_members,
    truncated,
    with_document,
    wrong_hashes,
)

_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 1e308, -1e308, 0.5, "", "x", "a" * 5000, "\ud800",
    [], [[]], {}, {"type": "Dense"}, {"type": "circle"}, {"type": []}, "dense_1", "../../x", "__class__", [0] * 5000,
)  # fmt: skip
_FORMULAS = (
    "__import__('os').system('touch evil')", "x" * 5000, "(" * 3000 + "x" + ")" * 3000, "x**" * 800 + "x",
    "exp(" * 900 + "x" + ")" * 900, "9**9**9**9", "x[0]", "lambda: 0", "1/0", "", "\n", "x;x", "-" * 4000 + "x",
)  # fmt: skip
_FILES = (
    "/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem", "../../x.csv", "x" * 5000, "a\0b", "", "/", ".",
    "https://example.com/x.csv", "\\\\host\\share\\x.csv", "\ud800.csv",
)  # fmt: skip


def _heap(rng: random.Random) -> Callable[[dict[str, Any]], Any]:
    count = rng.choice([10**3, 10**4, 2 * 10**4])
    node = {"id": "dense_1", "layer": {"type": "Dense"}}

    def network(data: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = data["networks"][0]
        return found

    def block(depth: int) -> dict[str, Any]:
        layer: dict[str, Any] = {"type": "Flatten"}
        for _ in range(depth):
            layer = {"type": "Block", "cards": json.dumps([{"layer": layer, "sources": [-1]}] * rng.choice([1, 1, 2]))}
        return layer

    edits: list[Callable[[dict[str, Any]], Any]] = [
        lambda data: network(data).update(nodes=[node] * count),
        lambda data: network(data).update(
            nodes=[{"id": f"n{i}", "layer": {"type": "Dense"}} for i in range(min(count, 6000))], edges=[]
        ),
        lambda data: network(data).update(edges=network(data)["edges"] * count),
        lambda data: network(data).update(edges=[{"source": "input_1", "target": "dense_1", "port": count}]),
        lambda data: data.update(networks=data["networks"] * count),
        lambda data: data.update(networks=[{"name": f"n{i}"} for i in range(17)]),
        lambda data: network(data)["nodes"][1]["layer"].update(units=10 ** rng.choice([4, 5, 6, 9, 18, 30])),
        lambda data: network(data)["nodes"].append({"id": "b_1", "layer": block(rng.choice([1, 5, 9, 12]))}),
        lambda data: network(data)["nodes"][0]["layer"].update(columns=["x1"] * count),
        lambda data: network(data)["nodes"][0].update(id="a" * count),
        lambda data: network(data).update(name="a" * count),
        lambda data: data["data"]["dataset"].update(samples=10 ** rng.choice([4, 6, 9, 12, 30])),
        lambda data: data["data"].update(dataset={"type": "drawn", "points": [[0.0, 0.0, 0]] * count}),
        lambda data: data["training"].update(epochs=10 ** rng.choice([7, 8, 30]), batch_size=2**40),
        lambda data: data.update({str(number): number for number in range(count)}),
        lambda data: data.update(seed=10 ** rng.choice([9, 10, 400])),
    ]
    return rng.choice(edits)


def huge_counts(rng: random.Random) -> bytes:
    return with_document(rng, _heap(rng))


def deep_nesting(rng: random.Random) -> bytes:
    members = some_members(rng)
    depth = rng.choice([50, 900, 1100, 10**5])
    opening, closing = rng.choice([("[", "]"), ('{"a":', "}")])
    text = opening * depth + rng.choice(["1", "", "[]"]) + closing * rng.choice([depth, 0])
    name = rng.choice(["document.json", "progress.json"])
    if rng.random() < 0.5 and name == "document.json":
        whole = members[name].decode()
        text = whole.replace('"nodes": [', f'"nodes": [{text},', 1)
    return packed({**members, name: text.encode()})


def typed_formulas(rng: random.Random) -> bytes:
    """Text where the catalogue takes formulas: nothing of it may ever be run."""
    formula = rng.choice(_FORMULAS)
    kind, name, field = rng.choice(_text_fields())

    def edit(data: dict[str, Any]) -> None:
        entry = {"type": name, field: formula}
        if kind == "datasets":
            data["data"]["dataset"] = entry
        elif kind == "losses":
            data["training"]["loss"] = entry
        else:
            data["networks"][0]["nodes"][1]["layer"]["activation"] = entry

    return with_document(rng, edit)


@functools.cache
def _text_fields() -> tuple[tuple[str, str, str], ...]:
    from engine.catalog.registry import Text, form, kinds

    return tuple(
        (kind, cls.name, field.name)
        for kind in kinds()
        for cls in entries(kind).values()
        for field in form(cls)
        if isinstance(field.constraint, Text)
    )


# --- what the members say --------------------------------------------------------------------------------------------


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        found += _places(part, (*path, key))
    return found


def odd_values(rng: random.Random) -> bytes:
    """One to four values of the document replaced, taken out, doubled or renamed."""

    def edit(data: dict[str, Any]) -> None:
        for _ in range(rng.randint(1, 4)):
            path = rng.choice(_places(data))
            holder: Any = data
            for part in path[:-1]:
                holder = holder[part]
            match rng.choice(["replace", "replace", "entry", "remove", "double", "rename"]):
                case "replace":
                    holder[path[-1]] = copy.deepcopy(rng.choice(_ODD))
                case "entry":
                    kind = rng.choice(["layers", "activations", "optimizers", "losses", "datasets"])
                    holder[path[-1]] = {"type": rng.choice(sorted(entries(kind)))}
                case "remove":
                    del holder[path[-1]]
                case "double" if isinstance(holder, list):
                    holder.append(copy.deepcopy(holder[path[-1]]))
                case "rename" if isinstance(holder, dict):
                    holder[rng.choice(["type", "id", "", "x" * 300])] = holder.pop(path[-1])
            if not data:
                return

    return with_document(rng, edit)


def odd_progress(rng: random.Random) -> bytes:
    members = some_members(rng)
    value: Any = rng.choice([*_ODD, {"epoch": rng.choice(_ODD)}, {"step": 2**63 - 1}, {"x" * 9999: 1}])
    members["progress.json"] = json.dumps(value).encode()
    return packed(members)


def odd_weights(rng: random.Random) -> bytes:
    """Weights whose own header lies, whose numbers are none, or which belong to another network."""
    members = some_members(rng)
    content = members["weights.safetensors"]
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    name = rng.choice(sorted(header))
    match rng.randrange(8):
        case 0:
            return packed({**members, "weights.safetensors": rng.choice(NUMBERS).to_bytes(8, "little") + content[8:]})
        case 1:
            header[name]["shape"] = rng.choice([[], [0], [2**62], [2**40, 2**40], [-1], "x", [1.5], [1] * 500])
        case 2:
            header[name]["data_offsets"] = rng.choice([[0, 2**63], [8, 0], [-4, 4], [0], [0, 0], None, [2**64, 0]])
        case 3:
            header[name]["dtype"] = rng.choice(["F64", "I8", "BF16", "F8_E4M3", "BOOL", "U64", "X", "", 3, None])
        case 4:
            header = {f"{key}{'x' * rng.choice([0, 1, 5000])}": part for key, part in header.items()}
        case 5:
            header = rng.choice([{}, {"__metadata__": {"a": 1}}, {"__metadata__": {"a": "b"}}, [], None, {"a": {}}])
        case 6:
            bad = rng.choice([b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", b"\x00\x00\x80\xff"])
            return packed({**members, "weights.safetensors": content[:-4] + bad})
        case _:
            return packed({**members, "weights.safetensors": originals()[rng.choice(NAMES)]["weights.safetensors"]})
    text = json.dumps(header).encode()
    return packed({**members, "weights.safetensors": len(text).to_bytes(8, "little") + text + content[8 + length :]})


def odd_state(rng: random.Random) -> bytes:
    """What an optimizer remembers, and the curves of the run, in bytes that mean something else."""
    members = some_members(rng)
    weights = members["weights.safetensors"]
    for name in rng.choice([("state",), ("history",), ("state", "history")]):
        junk = bytearray(weights)
        junk[rng.randrange(8, len(junk))] ^= 1 << rng.randrange(8)
        odd = {"optimizer.momentum": np.full((2, 3), np.nan), "train_loss": np.zeros((0, 7)), "x" * 300: np.ones(1)}
        content = [b"", b"{}", weights, bytes(junk), encode(odd), weights[: rng.randrange(len(weights))]]
        members[f"{name}.safetensors"] = rng.choice(content)
    return packed(members)


def odd_tables(rng: random.Random) -> bytes:
    """Tables of the user's own that lie anywhere, and say of themselves what cannot be."""
    table: dict[str, Any] = {
        "type": "table", "file": rng.choice(_FILES), "names": ["a", "b"], "target": "c", "categorical": ["c"],
        "levels": [["no", "yes"]], "rows": 10, "complete": 10, "stamp": [1, 1, "0" * 64],
    }  # fmt: skip
    for _ in range(rng.randint(0, 2)):
        table[rng.choice(sorted(table))] = rng.choice([*_ODD, ["a"] * 5000, [["a"] * 5000], 10**12])
    return with_document(rng, lambda data: data["data"].update(dataset=table))


def odd_notes(rng: random.Random) -> bytes:
    note: dict[str, Any] = {"text": "why", "x": 0, "y": 0, "width": 100, "height": 50}
    note[rng.choice(sorted(note))] = rng.choice([*_ODD, "x" * 10**6, "<img src='file:///etc/passwd'>"])
    notes: Any = rng.choice([[note], [note] * 501, note, [[]], None])
    return with_document(rng, lambda data: data["networks"][0].update(notes=notes))


KINDS: tuple[Made, ...] = (
    truncated, flipped, flipped_behind_the_hash, rearranged, other_formats, forged_headers, forged_zip64, wrong_hashes,
    doubled_names, path_tricks, links_as_members, nested_zips, bombs, overlapping, huge_counts, deep_nesting,
    typed_formulas, odd_values, odd_progress, odd_weights, odd_state,
    odd_tables, odd_notes,
)  # fmt: skip
