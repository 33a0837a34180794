"""What every card answers to one sample: maps as small images, units as numbers."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.pooling import MaxPool1d, MaxPool2d, Pooling
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.registry import Hidden, register
from engine.plan.data import random_stream
from engine.plan.plan import Plan
from engine.probes.probe import Arrays
from engine.probes.sample import SampleProbe
from engine.probes.sliding import winners
from engine.probes.tiles import LARGEST, as_maps, never_negative, quantized, thinned
from engine.training.trainer import Trainer

MOST_UNITS = 4096
"""Units of a flat card that are sent."""


@register
class FeatureMaps(SampleProbe):
    """What some cards answer to one sample, and what their maps were made by: winners, masks, averages."""

    nodes: Annotated[tuple[str, ...], Hidden()] = ()
    channels: Annotated[int, Hidden()] = 0
    """How many maps of each card are wanted; 0: all, and what belongs to them."""

    formula = "each map by itself: 255 · v / max |v|, or 127.5 + 127.5 · v / max |v| where it can be negative"
    reference = "Zeiler & Fergus, ECCV 2014; Wang et al., CNN Explainer, 2020"

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer, by card; nothing where there is no such sample.

        A card of maps: "node" uint8 (maps, height, width) and float32 (maps,) each "node.scale" (the largest |v|),
        "node.low", "node.high", "node.mean" and "node.activity" (the mean |v|). A flat card: "node.values" float32
        (units,). Both: "node.signed" bool (1,). With all maps also "node.winners" bool (maps, height, width): which
        inputs of a maximum pooling were passed on; "node.mask" bool in the output's shape: what Dropout would let pass
        in this step; "node.running" float32 (2, maps): mean and deviation that BatchNorm keeps. And "step" int64 (1,),
        "truth" int64 (1,), or (0,), and "image" uint8 (channels, height, width) where samples are pictures.
        """
        plan = trainer.plan
        values = self.values(trainer)
        if not len(values):
            return {}
        nodes = tuple(node for node in self.nodes if node in plan.nodes)
        pools = [node for node in nodes if not self.channels and _is_maximum(plan, node)]
        asked = dict.fromkeys((*nodes, *(plan.nodes[node].sources[0] for node in pools)))
        outputs = trainer.outputs(values, tuple(asked))
        positive = never_negative(plan)
        answers: dict[str, NDArray[Any]] = {
            "step": np.array([trainer.step_count]),
            "truth": np.asarray(self.truth(trainer), np.int64),
        }
        if plan.document.data.dataset.pictures:
            answers["image"] = values[0]
        for node in nodes:
            answers |= self._card(node, outputs[node][0], node not in positive)
            if not self.channels:
                answers |= _beside(trainer, node, outputs)
        return answers

    def _card(self, node: str, output: NDArray[np.float32], signed: bool) -> dict[str, NDArray[Any]]:
        found: dict[str, NDArray[Any]] = {f"{node}.signed": np.array([signed])}
        if output.ndim == 1:
            return found | {f"{node}.values": np.array(output[: self.channels or MOST_UNITS])}
        maps = as_maps(output)
        maps = maps[: self.channels] if self.channels else maps
        tiles, scale = quantized(thinned(maps), signed)
        shown = maps[: len(tiles)].reshape(len(tiles), -1)
        found |= {node: tiles, f"{node}.scale": scale}
        if not self.channels:
            found |= {
                f"{node}.low": shown.min(axis=1),
                f"{node}.high": shown.max(axis=1),
                f"{node}.mean": shown.mean(axis=1),
                f"{node}.activity": np.abs(shown).mean(axis=1),
            }
        return found


def _is_maximum(plan: Plan, node: str) -> bool:
    layer, shape = plan.nodes[node].layer, plan.nodes[node].input_shapes
    return isinstance(layer, MaxPool1d | MaxPool2d) and max(shape[0][1:]) <= LARGEST


def _beside(trainer: Trainer, node: str, outputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[Any]]:
    """What belongs to a card's maps without being an output."""
    plan = trainer.plan
    layer = plan.nodes[node].layer
    if _is_maximum(plan, node):
        assert isinstance(layer, Pooling)
        return {f"{node}.winners": winners(layer, as_maps(outputs[plan.nodes[node].sources[0]][0]))}
    if isinstance(layer, Dropout):
        random = random_stream(plan.document.seed, "mask", node, trainer.step_count)
        passes = random.random(outputs[node][0].shape, np.float32) >= layer.rate
        return {f"{node}.mask": passes[:MOST_UNITS] if passes.ndim == 1 else as_maps(passes)}
    if isinstance(layer, BatchNorm):
        owner = plan.nodes[node].weights_of or node
        mean, variance = (trainer.parameter(f"{owner}.{name}") for name in ("running_mean", "running_var"))
        return {f"{node}.running": np.stack([mean, np.sqrt(variance)]).astype(np.float32)}
    return {}
