"""Where samples lie among the outputs of a card, seen in two dimensions."""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, Range, register
from engine.plan.data import split
from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Trainer

Array = NDArray[Any]

SAMPLES = 300
"""Samples that are shown: more would hide each other."""
_ENOUGH = 100
"""Samples to test on from which on those to learn from are left out."""
_WORK, _FEWEST = 50_000_000, 64
"""Multiply-adds that one look may take, and how many samples are shown however many these are."""
_BLOCK, _TURNS = 6, 40
"""Vectors with which the two largest directions are looked for, and most turns that this takes."""
_COLUMNS = 2048
"""Features of which the directions are made: of more, as many are, evenly spread over places and channels alike."""
_THUMBNAIL = 32
"""Longest side of a thumbnail."""


class Axes(NamedTuple):
    """Two directions among the outputs of a card."""

    step: int
    """Every so manieth of the features counts: all, but where there are very many."""
    mean: Array
    """(features that count,)."""
    directions: Array
    """(2, features that count), orthonormal; zeros where there are fewer features than two."""
    explained: Array
    """(2,): the share of the variance along each."""

    def project(self, values: Array) -> Array:
        """Values (samples, features) in the two directions, (samples, 2)."""
        directions = self.directions.T.astype(values.dtype)
        return np.ascontiguousarray(values[:, :: self.step]) @ directions - self.mean @ self.directions.T


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
        return self.seen(trainer)[0]

    def seen(self, trainer: Trainer) -> tuple[dict[str, Array], Axes]:
        """The answer, and the directions that it is seen in."""
        places = chosen(trainer.plan, self.samples)
        count = len(places)
        if self.sample >= 0 and self.sample not in places:
            places = np.append(places, self.sample)
        values, known = outputs(trainer, self.node, places)
        axes = self.axes(values[:count])
        return {
            "points": axes.project(values).astype(np.float32),
            "places": places,
            **known,
            "explained": axes.explained.astype(np.float32),
        }, axes

    def axes(self, values: Array) -> Axes:
        """The two directions of outputs (samples, features)."""
        return principal_axes(values)


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
    fast = max(_FEWEST, _WORK // max(1, plan.cost.multiply_adds))
    return np.arange(first, min(count, first + min(most, fast)))


def outputs(trainer: Trainer, node: str, places: Array) -> tuple[Array, dict[str, Array]]:
    """What a card gives for samples, (samples, features) float32; their "targets" and "answers"."""
    plan = trainer.plan
    assert plan.output is not None and plan.target is not None
    samples = split(plan.document.data)
    found = trainer.outputs(np.array(samples.values[places]), tuple(dict.fromkeys((node, plan.output))))
    targets = np.concatenate([samples.train.targets, samples.test.targets])[places]
    known = {"targets": targets, "answers": np.asarray(plan.target.decide(found[plan.output]))}
    return found[node].reshape(len(places), -1), known


def principal_axes(values: Array) -> Axes:
    """The two directions in which values (samples, features) differ most.

    Of more than 2,048 features so many count, evenly spread: what a convolution gives says the same many times over.
    The component of each that is largest is positive, so that the same values are always seen the same way.
    """
    step = -(-values.shape[1] // _COLUMNS)
    while step > 1 and math.gcd(step, values.shape[1]) > 1:
        step += 1  # or whole columns of pixels would be left out
    counted = np.ascontiguousarray(values[:, ::step])
    finite = counted if np.isfinite(counted.sum()) else np.nan_to_num(counted, posinf=0.0, neginf=0.0)
    mean = finite.mean(0)
    samples, features = finite.shape
    wide = features > samples
    # Sums of products in single precision are exact enough where there are many features, and take half of the time.
    centred = (finite - mean).astype(np.float32 if wide and values.dtype == np.float32 else np.float64)
    spread, vectors = _largest((centred @ centred.T if wide else centred.T @ centred).astype(np.float64))
    directions = np.zeros((2, features))
    if wide:
        vectors = centred.T @ vectors
        vectors /= np.maximum(np.linalg.norm(vectors, axis=0), 1e-300)
    directions[: len(spread)] = vectors.T
    ends = directions[np.arange(2), np.abs(directions).argmax(1)]
    directions[ends < 0] *= -1
    explained = np.zeros(2)
    explained[: len(spread)] = spread / max(float(np.square(centred).sum(dtype=np.float64)), 1e-300)
    return Axes(step, mean, directions, explained)


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
        if np.allclose(values[-2:], before[-2:], rtol=1e-8, atol=1e-300):
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
