"""What is known of the layers that are shown: their maps, and what stands beside them, as pictures in a scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from widgets import theme
from widgets.image_pixels import picture
from widgets.maps_layout import SeenLayer
from widgets.maps_pixels import MapSheet, mosaic, mosaic_size, nice_ceiling, sheet

Arrays = Mapping[str, NDArray[Any]]
_LARGER = 0.85
"""Share of the maps whose largest value is within the scale of their layer."""
_FALLEN = 0.25
"""Part of the scale under which the larger values must come for it to begin again."""
MAPS, KERNELS, GRADIENTS, CHANGE = "maps", "kernels", "gradients", "change"


class MapValues:
    """The newest answers about one sample, and the scale of each layer.

    The scale of a layer is that of its larger values since it was first shown, rounded up, so that what gets brighter
    gets larger: also from one moment of the run to the next. It only begins again when all values got much smaller.
    """

    def __init__(self) -> None:
        self.maps: dict[str, NDArray[Any]] = {}
        self.kernels: dict[str, NDArray[Any]] = {}
        self.own_scale = False
        """Whether each map has a scale of its own."""
        self._full: dict[str, float] = {}
        self._sheets: dict[tuple[str, str], MapSheet] = {}
        self._image: QImage | None = None
        self._step = -1

    # --- values in -------------------------------------------------------------------------------------------------

    def set_maps(self, answer: Arrays) -> None:
        """Take what the probe FeatureMaps measured. A run that went back begins its scales again."""
        step = int(answer["step"][0]) if "step" in answer else self._step
        if step < self._step:
            self._full.clear()
        self._step = step
        self.maps |= answer
        self._sheets.clear()
        self._image = None
        for name, found in answer.items():
            node, _, what = name.rpartition(".")
            if what in ("scale", "values") and found.size:
                self._rescale(node, np.abs(found[np.isfinite(found)]))

    def _rescale(self, node: str, sizes: NDArray[Any]) -> None:
        """Follow the larger values of a layer; a single one that is far larger is cut off."""
        full = nice_ceiling(float(np.quantile(sizes, _LARGER))) if sizes.size else 0.0
        known = self._full.get(node, 0.0)
        if full > known or 0 < full <= _FALLEN * known:
            self._full[node] = full

    def set_kernels(self, answer: Arrays) -> None:
        """Take what the probe Kernels measured."""
        self.kernels |= answer
        self._drop_kernels()

    def clear_kernels(self) -> None:
        """Something else is to be shown of the kernels."""
        self.kernels = {}
        self._drop_kernels()

    def _drop_kernels(self) -> None:
        for key in [key for key in self._sheets if key[1] == KERNELS]:
            del self._sheets[key]

    def set_own_scale(self, own: bool) -> None:
        """Give each map its own scale, or all of a layer the same."""
        self.own_scale = own
        self._sheets.clear()

    def forget(self) -> None:
        """Another network or other data."""
        self.maps, self.kernels, self._image, self._step = {}, {}, None, -1
        self._full.clear()
        self._sheets.clear()

    def recolor(self) -> None:
        """The theme has changed."""
        self._sheets.clear()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def full(self, node: str) -> float:
        """The value at which the colours of a layer are full."""
        return self._full.get(node, 0.0)

    def signed(self, node: str) -> bool:
        """Whether a layer's values can be negative."""
        found = self.maps.get(f"{node}.signed")
        return found is not None and bool(found[0])

    def number(self, node: str, what: str, unit: int) -> float | None:
        """One of the numbers of a map: "scale", "low", "high", "mean", "activity"; of a unit: "values"."""
        found = self.maps.get(f"{node}.{what}")
        return float(found[unit]) if found is not None and unit < len(found) else None

    def image(self) -> QImage | None:
        """The sample itself, where it is a picture."""
        if self._image is None and "image" in self.maps:
            self._image = picture(self.maps["image"])
        return self._image

    def map_sheet(self, node: str) -> MapSheet | None:
        """The maps of a layer as pictures."""
        return self._made((node, MAPS), lambda: self._make_maps(node)) if node in self.maps else None

    def large_sheet(self, node: str) -> MapSheet | None:
        """The same for one map that is shown by itself: each in a scale of its own."""
        if node not in self.maps:
            return None
        maps, scale, signed = self.maps[node], self.maps[f"{node}.scale"], self.signed(node)
        return self._made((node, "large"), lambda: sheet(maps, scale, signed, None))

    def beside_sheet(self, layer: SeenLayer) -> MapSheet | None:
        """What stands beside the maps of a layer, as pictures."""
        node = layer.node
        if f"{node}.winners" in self.maps:
            return self._made((node, "winners"), lambda: self._make_winners(layer))
        if f"{node}.mask" in self.maps and len(layer.shape) > 1:
            return self._made((node, "mask"), lambda: MapSheet(_two_tone(self.maps[f"{node}.mask"])))
        if layer.weighs and node in self.kernels:
            return self._made((node, KERNELS), lambda: self._make_kernels(node))
        return None

    def knows(self, node: str) -> bool:
        """Whether there is an answer about a layer."""
        return node in self.maps or f"{node}.values" in self.maps

    def order(self, layer: SeenLayer) -> list[int]:
        """The units of a layer, the most active first."""
        found = self.maps.get(f"{layer.node}.activity")
        if found is None:
            values = self.maps.get(f"{layer.node}.values")
            found = None if values is None else np.abs(values)
        if found is None:
            return list(range(layer.maps))
        ordered: list[int] = np.argsort(-np.nan_to_num(found), kind="stable").tolist()
        return ordered + list(range(len(ordered), layer.maps))

    def _made(self, key: tuple[str, str], make: Callable[[], MapSheet]) -> MapSheet:
        if key not in self._sheets:
            self._sheets[key] = make()
        return self._sheets[key]

    def _make_maps(self, node: str) -> MapSheet:
        full = None if self.own_scale else self.full(node)
        return sheet(self.maps[node], self.maps[f"{node}.scale"], self.signed(node), full)

    def _make_winners(self, layer: SeenLayer) -> MapSheet:
        """The inputs of a maximum pooling; those that no window chose stand back."""
        won = self.maps[f"{layer.node}.winners"]
        maps = self.maps.get(layer.source)
        if maps is None or maps.shape != won.shape:
            return MapSheet(_two_tone(won))
        full = None if self.own_scale else self.full(layer.source)
        return sheet(maps, self.maps[f"{layer.source}.scale"], self.signed(layer.source), full, ~won)

    def _make_kernels(self, node: str) -> MapSheet:
        kernels, scale = self.kernels[node], self.kernels[f"{node}.scale"]
        return mosaic(kernels, scale, None if self.own_scale else float(scale.max(initial=0.0)))


def beside_sizes(layers: list[SeenLayer], arrays: Arrays, kernels: Arrays) -> dict[str, tuple[int, int]]:
    """The layers that have a picture beside each map, with its width and height in pixels of its own."""
    found: dict[str, tuple[int, int]] = {}
    for layer in layers:
        if len(layer.shape) < 2:
            continue
        if f"{layer.node}.running" in arrays:
            found[layer.node] = (40, 56)
        elif (mask := arrays.get(f"{layer.node}.winners", arrays.get(f"{layer.node}.mask"))) is not None:
            found[layer.node] = (mask.shape[2], mask.shape[1])
        elif layer.weighs and layer.node in kernels:
            found[layer.node] = mosaic_size(*kernels[layer.node].shape[1:])
    return found


def _two_tone(mask: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """What is let through in the colour of text, the rest in that of the ground."""
    colours = theme.current()
    passed, blocked = (np.uint32(QColor(name).rgb()) for name in (colours.muted, colours.raised))
    return np.where(mask, passed, blocked)
