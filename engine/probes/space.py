"""Where samples lie among the outputs of a card, seen in two dimensions."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, Range, register
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

Array = NDArray[Any]

SAMPLES = 400
"""Samples that are shown: more would hide each other."""
_ENOUGH = 100
"""Samples to test on from which on those to learn from are left out."""
_WORK = 100_000_000
"""Multiply-adds that one look may take."""
_BLOCK, _TURNS = 10, 60
"""Vectors with which the two largest directions are looked for, and most turns that this takes."""
_THUMBNAIL = 32
"""Longest side of a thumbnail."""


class Axes(NamedTuple):
    """Two directions among the outputs of a card."""

    mean: Array
    """(features,)."""
    directions: Array
    """(2, features), orthonormal; zeros where there are fewer features than two."""
    explained: Array
    """(2,): the share of the variance along each."""

    def project(self, values: Array) -> Array:
        """Values (samples, features) in the two directions, (samples, 2)."""
        return (values - self.mean) @ self.directions.T


@register
class Space(Probe):
    """The outputs of a card for some samples in the two directions in which they differ most."""

    node: Annotated[str, Hidden()] = ""
    sample: Annotated[int, Hidden()] = -1
    samples: Annotated[int, Range(2, 2000)] = SAMPLES

    formula = "(x − mean) · the first two principal components"
    reference = "Pearson, 1901; Jolliffe, Principal Component Analysis, 2002"

    def fits(self, plan: Plan) -> bool:
        return plan.ready and self.node in plan.nodes and plan.document.data.dataset.sample_count > 1

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer.

        "points" float32 (samples, 2); "places" int64 (samples,), where they stand among all; "targets" (samples,), what
        they should be answered with, and "answers", what they are; "explained" float32 (2,), the share of the variance
        along each direction. `sample` is among them, whichever it is, but counts nothing for the directions.
        """
        places = chosen(trainer.plan, self.samples)
        axes, values = self.axes(trainer, places)
        if self.sample >= 0 and self.sample not in places:
            places = np.append(places, self.sample)
            values = np.concatenate([values, outputs(trainer, self.node, places[-1:])])
        return {
            "points": axes.project(values).astype(np.float32),
            "places": places,
            **truths(trainer, places),
            "explained": axes.explained.astype(np.float32),
        }

    def axes(self, trainer: Trainer, places: Array) -> tuple[Axes, Array]:
        """The two directions, and the outputs that they were found in."""
        values = outputs(trainer, self.node, places)
        return principal_axes(values), values


@register
class SpaceImages(Probe):
    """Small pictures of the samples that `Space` shows."""

    samples: Annotated[int, Range(2, 2000)] = SAMPLES

    formula = "every so manieth pixel"
    reference = "engine.probes.space.Space"
    changes = False

    def fits(self, plan: Plan) -> bool:
        return plan.ready and plan.document.data.dataset.pictures

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer: "places" int64 (samples,) and "images" uint8 (samples, channels, height, width)."""
        places = chosen(trainer.plan, self.samples)
        images = split(trainer.plan.document.data).values[places]
        step = -(-max(images.shape[-2:]) // _THUMBNAIL)
        return {"places": places, "images": np.ascontiguousarray(images[..., ::step, ::step])}


def space_nodes(plan: Plan) -> tuple[str, ...]:
    """The cards whose outputs are a space to look at, in order."""
    return tuple(
        node
        for node in plan.order
        if plan.nodes[node].output_shape is not None
        and (bool(plan.nodes[node].parameters) or hasattr(plan.nodes[node].layer, "activation"))
    )


def chosen(plan: Plan, most: int) -> Array:
    """The places, among all, of the samples that are shown: those to test on, with the others where they are few."""
    samples = split(plan.document.data)
    learnt, count = len(samples.train), len(samples.values)
    first = learnt if count - learnt >= _ENOUGH else 0
    fast = max(_ENOUGH, _WORK // max(1, plan.cost.multiply_adds))
    return np.arange(first, min(count, first + min(most, fast)))


def outputs(trainer: Trainer, node: str, places: Array) -> Array:
    """What a card gives for samples, (samples, features) float32."""
    values = np.array(split(trainer.plan.document.data).values[places])
    found: Array = trainer.outputs(values, (node,))[node]
    return found.reshape(len(places), -1)


def truths(trainer: Trainer, places: Array) -> dict[str, Array]:
    """What samples should be answered with, and what they are."""
    plan = trainer.plan
    assert plan.output is not None and plan.target is not None
    samples = split(plan.document.data)
    targets = np.concatenate([samples.train.targets, samples.test.targets])[places]
    answers = plan.target.decide(trainer.outputs(np.array(samples.values[places]), (plan.output,))[plan.output])
    return {"targets": targets, "answers": np.asarray(answers)}


def principal_axes(values: Array) -> Axes:
    """The two directions in which values (samples, features) differ most.

    The component of each that is largest is positive, so that the same values are always seen the same way.
    """
    finite = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    mean = finite.mean(0)
    centred = finite - mean
    samples, features = centred.shape
    wide = features > samples
    spread, vectors = _largest(centred @ centred.T if wide else centred.T @ centred)
    directions = np.zeros((2, features))
    if wide:
        vectors = centred.T @ vectors
        vectors /= np.maximum(np.linalg.norm(vectors, axis=0), 1e-300)
    directions[: len(spread)] = vectors.T
    ends = directions[np.arange(2), np.abs(directions).argmax(1)]
    directions[ends < 0] *= -1
    explained = np.zeros(2)
    explained[: len(spread)] = spread / max(float(np.square(centred).sum()), 1e-300)
    return Axes(mean, directions, explained)


def _largest(matrix: Array) -> tuple[Array, Array]:
    """The two largest eigenvalues of a symmetric matrix without negative ones, and their vectors, as columns.

    A few vectors are multiplied with it again and again, on one core: to find all of them, as LAPACK does, takes ten
    times as long, and its threads wait for each other where others want the cores.
    """
    size = len(matrix)
    block = np.linalg.qr(np.random.default_rng(0).normal(size=(size, min(size, _BLOCK))))[0]
    before = np.zeros(block.shape[1])
    for _ in range(_TURNS):
        image = np.einsum("ij,jk->ik", matrix, block)
        values = np.linalg.eigvalsh(block.T @ image)
        if np.allclose(values[-2:], before[-2:], rtol=1e-10, atol=1e-300):
            break
        before, block = values, np.linalg.qr(image)[0]
    values, turns = np.linalg.eigh(block.T @ np.einsum("ij,jk->ik", matrix, block))
    block = block @ turns
    return np.maximum(values[::-1][:2], 0), block[:, ::-1][:, :2]


def turned(points: Array, before: Array) -> Array:
    """The signs (2,) with which points (samples, 2) lie nearest to where the same samples lay before.

    >>> turned(np.array([[1.0, 2.0], [-1.0, 1.0]]), np.array([[-1.0, 2.0], [1.0, 1.5]])).tolist()
    [-1.0, 1.0]
    """
    return np.where((points * before).sum(0) < 0, -1.0, 1.0)
