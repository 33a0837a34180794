"""The network's answer over the plane: the boundary that bends."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from engine.catalog.activations import Activation
from engine.catalog.registry import Hidden, Range, register
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.plan.target import Target
from engine.probes.neuron_maps import centre_and_scale, grid, largest, signed_image
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

SIGNED, CLASSES = 0, 1
"""Values of "kind": a number around a middle, or a class with its confidence."""
LEVELS = 32
"""Steps of confidence; a pixel of kind CLASSES is class · LEVELS + level."""


@register
class Decision(Probe):
    """What the network, or one unit of a card, answers at every point of the plane."""

    resolution: Annotated[int, Range(8, 1000)] = 100
    node: Annotated[str, Hidden()] = ""
    unit: Annotated[int, Hidden()] = -1
    values: Annotated[bool, Hidden()] = True

    formula = "one unit: 127.5 + 127.5 · (v − centre) / scale; classes: argmax and its confidence"
    reference = "Smilkov et al., TensorFlow Playground, 2016"

    def fits(self, plan: Plan) -> bool:
        return super().fits(plan) and plan.document.data.dataset.plane and self._fits_unit(plan)

    def _fits_unit(self, plan: Plan) -> bool:
        if not self.node:
            return True
        found = plan.nodes.get(self.node)
        shape = None if found is None else found.output_shape
        return shape is not None and len(shape) == 1 and 0 <= self.unit < shape[0]

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer.

        "image" uint8 (resolution, resolution); "kind" int64 (1,); "scale" and "centre" float32 (1,) of a signed image;
        and, if `values` is on, "values" float32 (units, resolution, resolution): the answers themselves.
        """
        node = self.node or trainer.plan.output
        assert node is not None
        return self.picture(trainer.plan, trainer.outputs(grid(self.resolution), (node,))[node])

    def picture(self, plan: Plan, values: NDArray[np.float32]) -> Arrays:
        """The same for answers that are known: (resolution², units) float32, row by row from the top."""
        node = self.node or plan.output
        assert node is not None and plan.target is not None
        activation = plan.nodes[node].layer.output_activation
        if self.node:
            values = values[:, self.unit : self.unit + 1]
            centre, bound = centre_and_scale(activation)
            return self._signed(values, centre, np.float32(bound) if bound else largest(values)[0])
        target = plan.target
        if target.task == "regression":
            targets = split(plan.document.data).train.targets
            bound = float(np.abs(targets).max(initial=0.0)) or 1.0
            return self._signed(values, 0.0, np.float32(bound))
        if target.units == 1:
            return self._signed(values, (target.off + target.on) / 2, np.float32((target.on - target.off) / 2))
        return self._classes(values, target, activation)

    def _kept(self, values: NDArray[np.float32]) -> Arrays:
        if not self.values:
            return {}
        return {"values": np.ascontiguousarray(values.T).reshape(-1, self.resolution, self.resolution)}

    def _signed(self, values: NDArray[np.float32], centre: float, scale: np.float32) -> Arrays:
        image = signed_image(values[:, :1], np.array([scale], np.float32), centre)
        return {
            "image": image.reshape(self.resolution, self.resolution),
            "kind": np.array([SIGNED]),
            "scale": np.array([scale], np.float32),
            "centre": np.array([centre], np.float32),
            **self._kept(values),
        }

    def _classes(self, values: NDArray[np.float32], target: Target, activation: Activation) -> Arrays:
        classes = values.argmax(axis=1)
        ordered = np.partition(values, -2, axis=1)
        if activation.name == "softmax":
            chance = 1 / target.units
            confidence = (ordered[:, -1] - chance) / (1 - chance)
        else:  # no probabilities: how far the best answer leads, as a share of the step from "not" to "this"
            confidence = (ordered[:, -1] - ordered[:, -2]) / (target.on - target.off)
        level = np.rint(np.clip(confidence, 0, 1) * (LEVELS - 1)).astype(np.uint8)
        image = classes.astype(np.uint8) * LEVELS + level
        return {
            "image": image.reshape(self.resolution, self.resolution),
            "kind": np.array([CLASSES]),
            "scale": np.ones(1, np.float32),
            "centre": np.zeros(1, np.float32),
            **self._kept(values),
        }
