"""One filter on many samples: its map on one sample of every class, and which samples excite it most."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, Range, register
from engine.plan.data import Split, split
from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.probes.tiles import never_negative, quantized, thinned
from engine.training.trainer import Trainer

SEARCHED = 2000
"""Most samples that are searched for those that excite a filter most."""
MOST_CLASSES = 40
"""Classes of which a sample is shown."""


@register
class FilterMaps(Probe):
    """What one filter gives for one sample of every class, and for some more samples."""

    node: Annotated[str, Hidden()] = ""
    unit: Annotated[int, Hidden()] = 0
    samples: Annotated[tuple[int, ...], Hidden()] = ()

    formula = "the unit's map on the first test sample of each class, then on the samples that are asked for"
    reference = "Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014"

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer; nothing for a card or unit that is not there.

        For so many samples: "samples" int64 (n,), their places; "truths" int64 (n,), −1 where a class is no number;
        "maps" uint8 (n, height, width), all by one "scale" float32 (1,); "strengths" float32 (n,), the largest value
        of each; "images" uint8 (n, channels, height, width) of samples that are pictures. "classes" int64 (1,): the
        first so many of them are one of every class; "signed" bool (1,).
        """
        plan = trainer.plan
        if not _has_unit(plan, self.node, self.unit):
            return {}
        parts = split(plan.document.data)
        firsts = _of_every_class(parts) if plan.document.data.dataset.task == "classification" else ()
        wanted = [place for place in self.samples if 0 <= place < len(parts.values)]
        places = np.array([*firsts, *wanted], np.int64)
        if not len(places):
            return {}
        values = np.array(parts.values[places])
        maps = _unit_maps(trainer, values, self.node, self.unit)
        signed = self.node not in never_negative(plan)
        tiles, scale = quantized(thinned(maps)[None], signed)
        truths = np.full(len(places), -1, np.int64)
        if plan.document.data.dataset.task == "classification":
            truths = np.concatenate([parts.train.targets, parts.test.targets])[places]
        found: dict[str, NDArray[Any]] = {
            "samples": places,
            "truths": truths,
            "maps": tiles[0],
            "scale": scale,
            "strengths": maps.reshape(len(maps), -1).max(axis=1),
            "classes": np.array([len(firsts)]),
            "signed": np.array([signed]),
        }
        return found | ({"images": values} if plan.document.data.dataset.pictures else {})


@register
class FilterSearch(Probe):
    """How strongly one filter answers to some of the test samples: a part of a search, so that none takes long."""

    node: Annotated[str, Hidden()] = ""
    unit: Annotated[int, Hidden()] = 0
    first: Annotated[int, Hidden()] = 0
    count: Annotated[int, Range(1, SEARCHED, 1)] = 100

    formula = "max over the unit's map"
    reference = "Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014"

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer; nothing for a card or unit that is not there.

        "strongest" float32 (n,): the largest value of the map on the samples from "first" int64 (1,), a place among all
        samples; n is 0 behind the end. "end" int64 (1,): how many samples the search has. "step" int64 (1,).
        """
        plan = trainer.plan
        if not _has_unit(plan, self.node, self.unit):
            return {}
        begin, end = _searched(split(plan.document.data))
        first = min(begin + self.first, end)
        values = np.array(split(plan.document.data).values[first : min(first + self.count, end)])
        strongest = np.empty(0, np.float32)
        if len(values):
            maps = _unit_maps(trainer, values, self.node, self.unit)
            strongest = maps.reshape(len(maps), -1).max(axis=1)
        return {
            "strongest": strongest,
            "first": np.array([first]),
            "end": np.array([end - begin]),
            "step": np.array([trainer.step_count]),
        }


def _has_unit(plan: Plan, node: str, unit: int) -> bool:
    known = plan.nodes.get(node)
    return known is not None and known.output_shape is not None and 0 <= unit < known.output_shape[0]


def _searched(parts: Split) -> tuple[int, int]:
    """The places from and to before which samples are searched: those to test on, if there are any."""
    learnt = len(parts.train)
    first = learnt if len(parts.test) else 0
    return first, min(first + SEARCHED, len(parts.values))


def _of_every_class(parts: Split) -> tuple[int, ...]:
    """The place of the first sample of every class among those to test on; without a test, among all."""
    tested = bool(len(parts.test))
    targets = parts.test.targets if tested else parts.train.targets
    _, firsts = np.unique(targets[: 10 * SEARCHED], return_index=True)
    offset = len(parts.train) if tested else 0
    return tuple((firsts[:MOST_CLASSES] + offset).tolist())


def _unit_maps(trainer: Trainer, values: NDArray[Any], node: str, unit: int) -> NDArray[np.float32]:
    """One unit's maps (samples, height, width)."""
    output = trainer.outputs(values, (node,))[node][:, unit]
    if output.ndim == 3:
        return output
    return output[:, None, :] if output.ndim == 2 else output[:, None, None]
