"""Which array of a file goes to which array of a network: found by name, then by shape in order."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from engine.document.errors import Sentence
from engine.export.description import file_names
from engine.export.layouts import turns
from engine.export.turning import KERAS, PYTORCH
from engine.importing.table import Matching, Row, not_finite
from engine.importing.weights import ForeignWeights
from engine.plan.plan import Plan

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "kernel": "weight",
        "gamma": "weight",
        "beta": "bias",
        "embeddings": "weight",
        "depthwise_kernel": "weight",
        "pointwise_kernel": "pointwise_weight",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
)
"""What Keras calls arrays, and what PyTorch does."""
_AROUND = ("module.", "_orig_mod.", "model.", "network.", "state_dict.")
"""What wrappers of PyTorch put before the names of what they wrap."""


def matched(found: ForeignWeights, plan: Plan) -> Matching:
    """What of a file goes where in the network of a ready plan: by name, then what is left by shape, in order.

    An array that fits nowhere, is of no use, or holds a number that is not finite, keeps its row with the reason.
    """
    shapes = plan.saved_shapes
    matching = Matching(found.file, (), found.arrays, shapes, turns(plan), found.layout)
    places: dict[str, str] = {}
    reasons: dict[str, Sentence] = {}
    by_name = _names(plan)
    for name, values in found.arrays.items():
        bad = not_finite(values)
        if bad is not None:
            reasons[name] = bad
            continue
        target = next((by_name[each] for each in _spellings(name) if each in by_name), None)
        if target is None or target in places.values():
            continue
        if matching.fits(target, values.shape):
            places[name] = target
        else:
            needed = {"parameter": target, "needed": shapes[target]}
            reasons[name] = Sentence("{parameter} has shape {needed} in this network", needed)
    _by_shape(matching, places, reasons)
    layout = found.layout or _told(matching, places)
    rows = []
    for name, values in found.arrays.items():
        place = places.get(name)
        if place is None:
            reason = reasons.get(name) or _no_place(values.shape, shapes)
            rows.append(Row(name, values.shape, reason=reason))
            continue
        ways = matching.fits(place, values.shape)
        turned = layout == KERAS if len(ways) > 1 else ways[0]
        rows.append(Row(name, values.shape, place, turned, len(ways) > 1 and not found.layout))
    return dataclasses.replace(matching, rows=tuple(rows))


def _names(plan: Plan) -> dict[str, str]:
    """The network's arrays by every name they go by: ours, and those of the exported PyTorch module."""
    written = {in_file: name for name, in_file in file_names(plan).items()}
    return written | {name: name for name in plan.saved_shapes}


def _spellings(name: str) -> Iterator[str]:
    """A name of a file as the network may have it: as it is, without wrappers, in PyTorch's words."""
    found = re.sub(r":\d+$", "", name).replace("/", ".")
    while True:
        yield found
        before, _, last = found.rpartition(".")
        yield f"{before}.{_WORDS.get(last, last)}"
        around = next((each for each in _AROUND if found.startswith(each)), None)
        if around is None:
            return
        found = found.removeprefix(around)


def _by_shape(matching: Matching, places: dict[str, str], reasons: Mapping[str, Sentence]) -> None:
    """Give each array that is left the first free place that its kind and shape fit; layers stay in their order."""
    free = [name for name in _in_order(matching.shapes) if name not in places.values()]
    kinds = {_kind(name) for name in matching.shapes}
    for name, values in matching.arrays.items():
        if name in places or name in reasons:
            continue
        kind = _kind(next(iter(reversed(list(_spellings(name))))))
        for place in free:
            if (kind not in kinds or kind == _kind(place)) and matching.fits(place, values.shape):
                places[name] = place
                free.remove(place)
                break


def _in_order(shapes: Mapping[str, tuple[int, ...]]) -> Iterable[str]:
    """The network's arrays card by card."""
    cards = list(dict.fromkeys(name.partition(".")[0] for name in shapes))
    return sorted(shapes, key=lambda name: cards.index(name.partition(".")[0]))


def _kind(name: str) -> str:
    """The last word of a name: "weight", "bias", "running_mean" …"""
    return name.rpartition(".")[2]


def _told(matching: Matching, places: Mapping[str, str]) -> str:
    """The layout that the kernels of a file betray whose shapes fit one way alone; PyTorch's where none does."""
    ways = [matching.fits(place, matching.arrays[name].shape) for name, place in places.items()]
    turned = [place in matching.turns for place in places.values()]
    only = [way[0] for way, kernel in zip(ways, turned, strict=True) if kernel and len(way) == 1]
    return KERAS if only and all(only) else PYTORCH


def _no_place(shape: tuple[int, ...], shapes: Mapping[str, tuple[int, ...]]) -> Sentence:
    if shape in shapes.values():
        return Sentence("all arrays of shape {shape} in this network have been given others", {"shape": shape})
    return Sentence("nothing in this network has shape {shape}", {"shape": shape})
