"""The pictures that excite units most, found by climbing: a few steps with each answer, so that training goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import Hidden, Range, register
from engine.plan.data import random_stream
from engine.plan.plan import Plan
from engine.probes.probe import Arrays, Probe
from engine.training.trainer import Inspection, Trainer

Array = NDArray[Any]

MOST_UNITS = 16
"""Units that are looked at together."""
_NOISE, _FAINT = 32, 0.05
"""Pictures of noise that a unit's answer is compared with, and how far they are from blank, as a share of the range."""
_WORK = 30_000_000
"""Multiply-adds that one answer may take."""
_FASTEST = 4
"""Most steps in one answer."""
_RATE, _DECAY = 0.12, 0.05
"""How far a step moves the pixel that matters most, as a share of its range, and the part of its way that each pixel
goes back to where it began: what matters little stays blank. Both fall to a fifth."""
_BLUR, _BLUR_EVERY, _SHARP = 0.6, 4, 0.75
"""Width of the blur in pixels at the start, how often it is applied, and from which part of the way no more."""


@dataclass
class _Climb:
    """How far the pictures of some units are: shares (units, channels, height, width) of the range of a pixel."""

    key: tuple[Any, ...]
    shares: Array
    blank: Array
    """Where they began, but for the noise: the share at which the network gets a zero, (1, channels, height, width)."""
    step: int = 0


@register
class Excitation(Probe):
    """What units answer to most strongly: pictures that begin as noise and climb the slope of the unit.

    Each step moves the picture a little (jitter) and now and then blurs it, so that no single pixel is found, but
    shapes. Another `start` begins anew; another `turn` goes on. `moment` says whose weights: 0 follows the training,
    another number means those when it was first asked for.
    """

    node: Annotated[str, Hidden()] = ""
    units: Annotated[tuple[int, ...], Hidden()] = ()
    start: Annotated[int, Hidden()] = 0
    turn: Annotated[int, Hidden()] = 0
    moment: Annotated[int, Hidden()] = 0
    steps: Annotated[int, Range(1, 10_000)] = 128

    formula = "x ← blur(x + η ∂z/∂x / |∂z/∂x|), z the mean pre-activation"
    reference = "Erhan et al., 2009; Simonyan et al., 2014; Mordvintsev et al., 2015"
    inspects = True

    def fits(self, plan: Plan) -> bool:
        shape = plan.nodes[self.node].output_shape if self.node in plan.nodes else None
        inside = bool(shape) and all(0 <= unit < (shape or (0,))[0] for unit in self.units)
        return plan.ready and plan.document.data.dataset.pictures and inside and 0 < len(self.units) <= MOST_UNITS

    def measure(self, trainer: Trainer) -> Arrays:
        """The answer.

        "images" uint8 (units, channels, height, width); "values" float32 (units,), what each unit answers to its
        picture, of a channel at its best place; "noise" float32 (units,), what it answers on average to faint noise as
        the pictures began with, of a channel at all places; "rise" float32 (units,), how many times as far as such
        noise moves it each unit is raised above what it gives for a blank picture, all before its activation: what ends
        somewhere, such as the probability of a class, is raised without end there; "step" int64 (1,), how far they are
        of `steps`.
        """
        plan = trainer.plan
        look = trainer.inspection(self.moment)
        low, span = _range(look, plan)
        climb = look.notes.get(self.name)
        key = (self.node, self.units, self.start)
        if climb is None or climb.key != key:
            blank = np.clip(-low / np.maximum(span, 1e-12), 0, 1)
            climb = look.notes[self.name] = _Climb(key, _noise(blank, len(self.units), self.start), blank)
        each = 3 * max(1, plan.cost.multiply_adds) * len(self.units)
        for _ in range(max(1, min(_FASTEST, _WORK // each))):
            if climb.step < self.steps or self.moment == 0:
                _step(look, self.node, climb, self.units, low, span, self.steps)
        numbers = np.arange(len(self.units))
        pictures, faint = low + climb.shares * span, low + _noise(climb.blank, _NOISE, 0) * span
        found = look.responses(pictures, self.node)[numbers, list(self.units)]
        noise = look.responses(faint, self.node)[:, list(self.units)]
        return {
            "images": np.rint(255 * climb.shares).astype(np.uint8),
            "values": found.reshape(len(self.units), -1).max(1),
            "noise": noise.reshape(_NOISE, len(self.units), -1).mean((0, 2)),
            "rise": self._rise(look, pictures, faint, low + climb.blank * span),
            "step": np.array([min(climb.step, self.steps)]),
        }

    def _rise(self, look: Inspection, pictures: Array, faint: Array, blank: Array) -> Array:
        """How far each picture raises its unit, in what faint noise moves it on average; of a channel, at its best."""
        chosen, numbers = list(self.units), np.arange(len(self.units))
        rest = look.responses(blank, self.node, raw=True)[0, chosen]
        raised = (look.responses(pictures, self.node, raw=True)[numbers, chosen] - rest).reshape(len(chosen), -1)
        moved = np.abs(look.responses(faint, self.node, raw=True)[:, chosen] - rest).reshape(_NOISE, len(chosen), -1)
        rise: Array = raised.max(1) / np.maximum(moved.mean((0, 2)), 1e-12)
        return rise.astype(np.float32)


def excitable(plan: Plan) -> tuple[str, ...]:
    """The cards whose units can be looked for, in order: those that learn, or have an activation."""
    return tuple(
        node
        for node in plan.order
        if plan.nodes[node].output_shape
        and (plan.nodes[node].parameters or hasattr(plan.nodes[node].layer, "activation"))
    )


def _range(look: Inspection, plan: Plan) -> tuple[Array, Array]:
    """A black picture as the network gets it, and how far white is from it, (1, channels, height, width) each."""
    shape = plan.document.data.dataset.input_shape(())
    low = look.scaled(np.zeros((1, *shape), np.uint8))
    return low, look.scaled(np.full((1, *shape), 255, np.uint8)) - low


def _noise(blank: Array, count: int, start: int) -> Array:
    """Faint noise around a blank picture, (count, channels, height, width)."""
    random = random_stream(start, "excitation")
    return np.clip(blank + random.normal(0, _FAINT, (count, *blank.shape[1:])), 0, 1).astype(np.float32)


def _step(
    look: Inspection, node: str, climb: _Climb, units: tuple[int, ...], low: Array, span: Array, steps: int
) -> None:
    """One step of all pictures, each up the slope of its unit before the activation: beyond it there may be none.

    Of a channel, places count as much as it answers there: what it answers to is to be somewhere, and not everywhere.
    """
    share = min(1.0, climb.step / steps)
    random = np.random.default_rng([climb.step, len(units)])
    most = round(min(climb.shares.shape[-2:]) / 14)
    down, right = (random.integers(-most, most + 1, 2) if share < _SHARP else np.zeros(2, int)).tolist()
    inputs = low + np.roll(climb.shares, (down, right), (-2, -1)) * span
    answers = look.responses(inputs, node, raw=True)
    weights, numbers = np.zeros_like(answers), np.arange(len(units))
    if answers.ndim == 2:
        weights[numbers, list(units)] = 1
    else:
        chosen = np.maximum(answers[numbers, list(units)], 0)
        silent = chosen.reshape(len(units), -1).max(1) == 0
        chosen[silent] = 1
        weights[numbers, list(units)] = chosen
    slope = look.input_gradient(inputs, node, weights, raw=True) * span
    slope = np.roll(slope, (-down, -right), (-2, -1))
    shapes = slope - slope.mean((1, 2, 3), keepdims=True)  # a picture that is only brighter shows nothing
    gain = (np.clip(climb.shares + _RATE * _unit(shapes), 0, 1) - climb.shares) * slope
    slope = np.where(gain.sum((1, 2, 3), keepdims=True) > 0, shapes, slope)  # where brightness lowers it, none is added
    way = _RATE * _unit(slope) - _DECAY * (climb.shares - climb.blank)
    shares = climb.shares + (1 - 0.8 * share) * way
    if share < _SHARP and climb.step % _BLUR_EVERY == _BLUR_EVERY - 1:
        shares = _blurred(shares, _BLUR * (1 - share / _SHARP))
    climb.shares = np.clip(shares, 0, 1).astype(np.float32)
    climb.step += 1


def _unit(slope: Array) -> Array:
    """Slopes of which the largest of each picture is 1."""
    found: Array = slope / np.maximum(np.abs(slope).max((1, 2, 3), keepdims=True), 1e-12)
    return found


def _blurred(values: Array, width: float) -> Array:
    """Pictures blurred by three taps along both axes, of that standard deviation in pixels."""
    side = min(width * width / 2, 1 / 3)
    for axis in (-2, -1):
        padded = np.pad(values, [(0, 0)] * (values.ndim + axis) + [(1, 1)] + [(0, 0)] * (-axis - 1), mode="edge")
        count = values.shape[axis]
        before, after = padded.take(range(count), axis), padded.take(range(2, count + 2), axis)
        values = (1 - 2 * side) * values + side * (before + after)
    return values
