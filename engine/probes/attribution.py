"""Why the network answers as it does: which pixels of a sample speak for a class, and which against it."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Choice, Hidden, Range, register
from engine.plan.plan import Plan
from engine.plan.target import Target
from engine.probes.probe import Arrays
from engine.probes.sample import SampleProbe
from engine.training.trainer import Inspection, Trainer

Array = NDArray[Any]

SALIENCY, TIMES_INPUT, INTEGRATED, GRAD_CAM, OCCLUSION = METHODS = (
    "saliency",
    "times_input",
    "integrated",
    "grad_cam",
    "occlusion",
)
"""The maps of an answer, in the order in which they are shown."""
SLOPES, ALL = "slopes", "all"
PARTS = (SLOPES, INTEGRATED, OCCLUSION)
"""What takes about as long each: saliency, gradient × input and Grad-CAM come together."""
_PART = 64
"""Samples that are looked at in one go."""


@register
class Attribution(SampleProbe):
    """Which pixels of a sample speak for a class: five maps of it, each with a way of asking of its own.

    What is explained is the score of the class: what its unit sums up, before the last activation.
    """

    class_number: Annotated[int, Hidden()] = -1
    node: Annotated[str, Hidden()] = ""
    steps: Annotated[int, Range(2, 1000)] = 50
    part: Annotated[str, Choice((ALL, *PARTS))] = ALL

    formula = "|∂s/∂x| · x ∂s/∂x · x ∫ ∂s/∂x dα · max(0, Σ α A) · s(x) − s(x without the window)"
    reference = "Simonyan et al., 2014; Shrikumar et al., 2016; Sundararajan et al., 2017; Selvaraju et al., 2017"
    inspects = True

    def fits(self, plan: Plan) -> bool:
        dataset = plan.document.data.dataset
        return dataset.pictures and dataset.task == "classification" and super().fits(plan)

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer, or that `part` of it; nothing where there is no such sample.

        "saliency", "times_input", "integrated", "occlusion" float32 (height, width), summed over the channels but for
        "saliency", the largest of them; "grad_cam" float32 (rows, columns) of the maps of `cam_node`, left out where
        there is none; "sums" float32 (3,): of the attributions of "integrated", and the score of the sample and of one
        that is all zeros. "image" uint8 (channels, height, width), "scores" float32 (classes,), "shares" bool (1,):
        they are probabilities, "class" (the one explained) and "answer" int64 (1,), "truth" int64 (1,) or (0,).
        """
        plan = trainer.plan
        assert plan.output is not None and plan.target is not None
        values = self.values(trainer)
        if not len(values):
            return {}
        look = trainer.inspection()
        x, output = look.scaled(values), look.responses(look.scaled(values), plan.output)
        answer = int(plan.target.decide(output)[0])
        number = self.class_number if 0 <= self.class_number < plan.target.class_count else answer
        question = weights_of(plan.target, number)
        parts = PARTS if self.part == ALL else (self.part,)
        answers: dict[str, Array] = {}
        for part in parts:
            if part == SLOPES:
                answers |= _slopes(look, plan.output, x, question, cam_node(plan, self.node))
            elif part == INTEGRATED:
                answers |= _integrated(look, plan.output, x, question, self.steps)
            else:
                found = occlusion(look, plan.output, x, question, *window(x.shape[-2:]))
                answers |= {OCCLUSION: found[0].sum(0)}
        shares, scores = probabilities(plan, output[0])
        return answers | {
            "image": values[0],
            "scores": scores,
            "shares": np.array([shares]),
            "class": np.array([number]),
            "answer": np.array([answer]),
            "truth": np.asarray(self.truth(trainer), np.int64),
        }


def probabilities(plan: Plan, output: Array) -> tuple[bool, Array]:
    """Whether the scores of one answer are probabilities, and the scores, float32 (classes,)."""
    assert plan.output is not None and plan.target is not None
    target, activation = plan.target, plan.nodes[plan.output].layer.output_activation
    if target.units == 1 and activation.name == "sigmoid" and (target.off, target.on) == (0.0, 1.0):
        return True, np.concatenate([1 - output, output]).astype(np.float32)
    return activation.name == "softmax", target.scores(output).astype(np.float32)


def weights_of(target: Target, number: int) -> Array:
    """What the outputs are multiplied by for the score of a class, (units,)."""
    if target.units == 1:
        return np.array([1.0 if number == 1 else -1.0], np.float32)
    return np.eye(target.units, dtype=np.float32)[number]


def cam_nodes(plan: Plan) -> tuple[str, ...]:
    """The cards that give maps, (channels, rows, columns), in order; what an Input card passes on is none."""
    return tuple(
        node_id
        for node_id in plan.order
        if len(plan.nodes[node_id].output_shape or ()) == 3 and plan.nodes[node_id].layer.takes[1] > 0
    )


def cam_node(plan: Plan, wanted: str = "") -> str:
    """The card that Grad-CAM looks at: the one that is wanted if it gives maps, else the last convolution, else ""."""
    known = cam_nodes(plan)
    if wanted in known:
        return wanted
    convolutions = [node for node in known if plan.nodes[node].layer.category == "Convolution"]
    return next(reversed(convolutions or known), "")


def _slopes(look: Inspection, node: str, x: Array, weights: Array, maps_of: str) -> dict[str, Array]:
    """What the slope of one sample (1, channels, height, width) gives at once."""
    slope = look.input_gradient(x, node, weights, raw=True)
    found = {SALIENCY: np.abs(slope[0]).max(0), TIMES_INPUT: (x * slope)[0].sum(0)}
    if maps_of:
        found[GRAD_CAM] = grad_cam(look, node, x, weights, maps_of)[0]
    return found


def _integrated(look: Inspection, node: str, x: Array, weights: Array, steps: int) -> dict[str, Array]:
    """Integrated gradients of one sample, and what they should add up to."""
    found = integrated_gradients(look, node, x, weights, steps)
    ends = look.responses(np.concatenate([x, np.zeros_like(x)]), node, raw=True) @ weights
    sums = np.array([found.sum(dtype=np.float64), *ends], np.float32)
    return {INTEGRATED: found[0].sum(0), "sums": sums}


def integrated_gradients(look: Inspection, node: str, x: Array, weights: Array, steps: int) -> Array:
    """Slopes on the way from an input of zeros to one sample (1, *shape), at the middles of so many steps, · x.

    They add up to the difference of the scores at both ends, but for what the steps are too coarse for.
    """
    shares = (np.arange(steps, dtype=np.float32) + np.float32(0.5)) / np.float32(steps)
    total = np.zeros(x.shape, np.float64)
    for start in range(0, steps, _PART):
        part = shares[start : start + _PART].reshape(-1, *[1] * (x.ndim - 1))
        total += look.input_gradient(part * x, node, weights, raw=True).sum(0, dtype=np.float64)
    return np.asarray(x * total / steps, np.float32)


def grad_cam(look: Inspection, node: str, x: Array, weights: Array, at: str) -> Array:
    """The maps of a card, each times its mean slope, added up; below zero is zero. (1, rows, columns)."""
    values, slope = look.gradient_at(x, at, node, weights, raw=True)
    return np.maximum((values * slope.mean((2, 3), keepdims=True)).sum(1), 0)


def window(size: tuple[int, ...]) -> tuple[int, int]:
    """Side and stride of the window that hides a part of an image of that size: about a seventh of its shorter side."""
    side = max(2, round(min(size) / 7))
    return side, max(1, side // 2)


def occlusion(look: Inspection, node: str, x: Array, weights: Array, side: int, stride: int) -> Array:
    """How much the score falls when a square window of all channels is set to zero, on average over the windows.

    Of one sample (1, channels, height, width), of its shape.
    """
    height, width = x.shape[-2:]
    places = [(row, column) for row in _starts(height, side, stride) for column in _starts(width, side, stride)]
    hidden = np.zeros((len(places), height, width), np.bool_)
    for number, (row, column) in enumerate(places):
        hidden[number, row : row + side, column : column + side] = True
    score = float((look.responses(x, node, raw=True) @ weights)[0])
    falls = np.empty(len(places), np.float64)
    for start in range(0, len(places), _PART):
        part = slice(start, start + _PART)
        without = np.where(hidden[part, None], np.float32(0), x)
        falls[part] = score - look.responses(without, node, raw=True) @ weights
    found = np.einsum("p,phw->hw", falls, hidden) / np.maximum(hidden.sum(0), 1)
    channels = x.shape[1]
    return np.broadcast_to(found / channels, x.shape).astype(np.float32)


def _starts(length: int, side: int, stride: int) -> range:
    """Where windows begin along an axis; the last one may reach over its end."""
    return range(0, max(1, length - side + stride), stride)
