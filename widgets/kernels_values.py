"""The kernels of all layers as pictures, and how one of them became what it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLocale

from widgets.controls_numbers import format_number
from widgets.maps_layout import SeenLayer
from widgets.maps_pixels import MapSheet, mosaic, mosaic_size
from widgets.maps_values import KERNELS, Arrays, MapValues

_LONG = 12
"""Weights in a row from which a kernel is folded to about a square."""


class KernelValues(MapValues):
    """What the probe Kernels measured, in the place of maps: one picture for each unit."""

    def map_sheet(self, node: str) -> MapSheet | None:
        """The kernels of a layer as pictures."""
        if node not in self.kernels:
            return None
        kernels, scale = self.kernels[node], self.kernels[f"{node}.scale"]
        full = None if self.own_scale else float(scale.max(initial=0.0))
        return self._made((node, KERNELS), lambda: mosaic(squared(kernels), scale, full))

    def beside_sheet(self, layer: SeenLayer) -> MapSheet | None:
        """Nothing stands beside a kernel."""
        return None

    def knows(self, node: str) -> bool:
        """Whether there is an answer about a layer."""
        return node in self.kernels

    def order(self, layer: SeenLayer) -> list[int]:
        """The units of a layer, the longest kernel first."""
        norms = self.kernels.get(f"{layer.node}.norm")
        if norms is None:
            return list(range(layer.maps))
        found: list[int] = np.argsort(-norms, kind="stable").tolist()
        return found + list(range(len(found), layer.maps))

    def text(self, layer: SeenLayer, unit: int) -> str:
        """What is said of a kernel under the pointer."""
        norm, scale = (self.kernels.get(f"{layer.node}.{what}") for what in ("norm", "scale"))
        head = f"{layer.title} · {kernel_name(unit)}"
        if norm is None or scale is None or unit >= len(norm):
            return head
        text = QCoreApplication.translate("KernelsPanel", "length {norm}, largest ± {scale}")
        return head + "\n" + text.format(norm=format_number(float(norm[unit])), scale=format_number(float(scale[unit])))


def kernel_name(unit: int) -> str:
    """What one of a layer's kernels is called."""
    return QCoreApplication.translate("KernelsPanel", "kernel {number}").format(number=QLocale().toString(unit + 1))


def squared(kernels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Kernels (units, channels, height, width) of which long rows are folded, filled up with what stands for 0."""
    units, channels, height, width = kernels.shape
    if height > 1 or width < _LONG:
        return kernels
    rows, columns = _folded(width)
    found = np.full((units, channels, rows * columns), 127, np.uint8)
    found[:, :, :width] = kernels[:, :, 0]
    return found.reshape(units, channels, rows, columns)


def picture_shape(channels: int, height: int, width: int) -> tuple[int, int]:
    """Height and width of the picture of such a kernel."""
    if height == 1 and width >= _LONG:
        height, width = _folded(width)
    shown = mosaic_size(channels, height, width)
    return shown[1], shown[0]


def _folded(width: int) -> tuple[int, int]:
    columns = math.ceil(math.sqrt(width))
    return -(-width // columns), columns


@dataclass(frozen=True)
class Shot:
    """Kernels of a layer at one step of the run."""

    step: int
    kernels: NDArray[np.uint8]
    scale: NDArray[np.float32]
    partial: bool = False
    """Whether only the first kernels of the layer are there."""

    def fits(self, other: Shot) -> bool:
        """Whether both are of one layer."""
        first = self.partial or other.partial
        return self.kernels.shape[first:] == other.kernels.shape[first:]


MOST_SHOTS = 48
MOST_BYTES = 12_000_000
"""All that is kept of a run: of wide layers fewer moments."""


class Film:
    """How kernels came about: moments of a run, spaced evenly and thinned as the run gets longer.

    Of two moments nearer than the spacing only the first is kept. When there are too many, every second one goes and
    the spacing doubles; so a run of any length costs the same.
    """

    def __init__(self) -> None:
        self._shots: dict[str, list[Shot]] = {}
        self._spacing: dict[str, int] = {}
        self._newest: dict[str, Shot] = {}

    def forget(self) -> None:
        """Another run."""
        self._shots.clear()
        self._spacing.clear()
        self._newest.clear()

    def note(self, answer: Arrays, start: bool = False) -> None:
        """Keep what the probe Kernels measured of weights; with `start`, those of the seed, as step 0."""
        step = 0 if start else int(answer["step"][0])
        for node, kernels in answer.items():
            if f"{node}.scale" in answer:
                self._keep(node, Shot(step, kernels, answer[f"{node}.scale"]), start)

    def _keep(self, node: str, shot: Shot, start: bool) -> None:
        shots = self._shots.setdefault(node, [])
        if start:
            if not shots or shots[0].step > 0:
                shots.insert(0, shot)
            return
        while shots and (shots[-1].step > shot.step or not shots[-1].fits(shot)):
            shots.pop()
        self._newest[node] = shot
        spacing = self._spacing.setdefault(node, 1)
        if not shots or shot.step - shots[-1].step >= spacing:
            shots.append(shot)
        most = max(8, min(MOST_SHOTS, MOST_BYTES // max(1, shot.kernels.nbytes)))
        if len(shots) > most:
            del shots[1::2]
            self._spacing[node] = max(2 * spacing, shots[-1].step // most)

    def take_past(self, answers: Sequence[Arrays]) -> None:
        """Put in what was kept elsewhere, the oldest first; what is known of the same steps stays as it is."""
        past: dict[str, dict[int, Shot]] = {}
        for answer in answers:
            for node, kernels in answer.items():
                if f"{node}.scale" in answer:
                    step = int(answer["step"][0])
                    past.setdefault(node, {})[step] = Shot(step, kernels, answer[f"{node}.scale"], True)
        for node, shots in past.items():
            shots |= {shot.step: shot for shot in self.shots(node)}
            self._shots[node], self._spacing[node] = [], 1
            for step in sorted(shots):
                self._keep(node, shots[step], False)

    def has_start(self, node: str) -> bool:
        """Whether the kernels that the seed gave a layer are known."""
        return any(shot.step == 0 for shot in self._shots.get(node, ())[:1])

    def shots(self, node: str) -> list[Shot]:
        """What is kept of a layer, the newest last."""
        shots, newest = list(self._shots.get(node, ())), self._newest.get(node)
        if newest is not None and (not shots or newest.step > shots[-1].step):
            shots.append(newest)
        return shots

    def strip(self, node: str, unit: int, most: int) -> list[tuple[int, MapSheet, int]]:
        """At most so many moments of one kernel, evenly chosen: step, pictures, and which of these it is.

        All are in one scale, that of the largest weight there was.
        """
        shots = [shot for shot in self.shots(node) if unit < len(shot.kernels)]
        if not shots or most < 1:
            return []
        chosen = np.unique(np.linspace(0, len(shots) - 1, min(most, len(shots))).round().astype(int)).tolist()
        if most == 1:
            chosen = [len(shots) - 1]
        picked = [shots[number] for number in chosen]
        kernels: Any = np.stack([shot.kernels[unit] for shot in picked])
        scale = np.array([shot.scale[unit] for shot in picked], np.float32)
        pictures = mosaic(squared(kernels), scale, float(max(shot.scale[unit] for shot in shots)))
        return [(shot.step, pictures, number) for number, shot in enumerate(picked)]


def step_text(step: int) -> str:
    """A step under its picture: 1,200 or 12 k."""
    locale = QLocale()
    if step >= 10_000:
        return QCoreApplication.translate("KernelsPanel", "{number} k").format(number=locale.toString(step // 1000))
    return locale.toString(step)


def layers_of(found: Sequence[tuple[str, str, tuple[int, int, int, int], str]]) -> list[SeenLayer]:
    """Layers to be shown, from their cards, titles, shapes of kernels (units, channels, height, width) and facts."""
    return [
        SeenLayer(node, title, (shape[0], *picture_shape(*shape[1:])), facts=facts)
        for node, title, shape, facts in found
    ]
