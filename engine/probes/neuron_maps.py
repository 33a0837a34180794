"""What every unit of some cards answers over the plane, as small images."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from engine.catalog.activations import Activation
from engine.catalog.datasets.dataset import PlaneDataset
from engine.catalog.registry import Hidden, Range, register
from engine.plan.plan import NodePlan, Plan
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

MOST_UNITS = 64
"""Cards with more units are not drawn unit by unit."""


@lru_cache(maxsize=4)
def grid(resolution: int) -> NDArray[np.float64]:
    """The centres of the pixels of the plane view, (resolution², 2), read-only; the first row has the largest x₂."""
    low, high = PlaneDataset.view
    centres = low + (np.arange(resolution) + 0.5) * (high - low) / resolution
    x1, x2 = np.meshgrid(centres, centres[::-1])
    points = np.stack([x1.ravel(), x2.ravel()], axis=1)
    points.flags.writeable = False
    return points


def signed_image(
    values: NDArray[np.float32], scale: NDArray[np.float32], centre: float = 0.0, *, bounded: bool = False
) -> NDArray[np.uint8]:
    """Columns of numbers (samples, units) as images (units, samples): centre − scale is 0, centre + scale is 255.

    What lies beyond is cut off, unless it is known to be `bounded`: nothing lies beyond then.
    """
    factor = (127.5 / scale)[:, None].astype(np.float32)
    image = np.multiply(values.T, factor, order="C")
    image += np.float32(128) - np.float32(centre) * factor  # half a step above 127.5: cutting the fraction then rounds
    if not bounded:
        np.clip(image, 0, 255, out=image)
    return image.astype(np.uint8)


def centre_and_scale(activation: Activation) -> tuple[float, float | None]:
    """The middle of a bounded activation's range and its half width; (0, None) if it is unbounded."""
    low, high = activation.bounds
    if math.isinf(low) or math.isinf(high):
        return 0.0, None
    return (low + high) / 2, (high - low) / 2


@register
class NeuronMaps(Probe):
    """What every unit of some cards answers over the plane: orange below its middle, blue above."""

    nodes: Annotated[tuple[str, ...], Hidden()] = ()
    resolution: Annotated[int, Range(8, 1000)] = 100

    formula = "127.5 + 127.5 · v / scale; scale: the bound of a bounded activation, else the largest |v|"
    reference = "Smilkov et al., TensorFlow Playground, 2016"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and plan.document.data.dataset.plane

    def measure(self, trainer: Trainer) -> Arrays:
        """Per card "node" uint8 (units, resolution, resolution), "node.scale" and "node.centre" float32 (units,)."""
        plan = trainer.plan
        shown = tuple(node for node in self.nodes if _drawable(plan.nodes.get(node)))
        answers: dict[str, NDArray[np.generic]] = {}
        for node, values in trainer.outputs(grid(self.resolution), shown).items():
            centre, scale = centre_and_scale(plan.nodes[node].layer.output_activation)
            units = values.shape[1]
            scales = np.full(units, scale, np.float32) if scale is not None else largest(values)
            # The largest of finite numbers bounds them too.
            image = signed_image(values, scales, centre, bounded=bool(np.isfinite(scales).all()))
            answers[node] = image.reshape(units, self.resolution, self.resolution)
            answers[f"{node}.scale"] = scales
            answers[f"{node}.centre"] = np.full(units, centre, np.float32)
        return answers


def largest(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest |v| of each column, (units,); 1 where all are 0."""
    found = np.maximum(values.max(axis=0), -values.min(axis=0)).astype(np.float32)
    found[found == 0] = 1.0
    return found


def _drawable(node: NodePlan | None) -> bool:
    shape = None if node is None else node.output_shape
    return shape is not None and len(shape) == 1 and shape[0] <= MOST_UNITS
