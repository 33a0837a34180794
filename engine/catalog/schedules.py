"""Schedules: how the learning rate moves over the planned epochs."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.catalog.registry import Choice, Entry, Group, Range, Text, register, shared
from engine.document.errors import InvalidValueError

Array = NDArray[Any]
State = dict[str, float]

_SHARE = Range(0.0, 1.0, 0.01)
_EPOCHS = Range(0.01, 1e6, logarithmic=True)
_MOST_PIECES = 100


@shared
class Schedule(Entry, kind="schedules"):
    """A factor on the optimizer's learning rate.

    An entry gives `course`, or, if it goes by the loss, `look` and `adapted`.
    """

    warmup_epochs: Annotated[int, Range(0, 10_000, 1), Group("Warm-up")] = 0
    """So long the rate first rises in a straight line from 0 to where the schedule proper begins, which then has the
    epochs that are left (Goyal et al., 2017)."""

    adaptive: ClassVar[bool] = False
    """Whether it wants to `look` at the loss after every epoch."""

    def factor(self, epoch: ArrayLike, epochs: int) -> Array:
        """The factor after `epoch` (fractions count) of `epochs` planned ones.

        `epoch` is a number or an array of any shape; the factors have that shape. What is laid out over the planned
        epochs stays beyond them as at their end.
        """
        now, left = self._after_warmup(epoch, epochs)
        course = np.asarray(self.course(np.maximum(now, 0.0), left))
        if not self.warmup_epochs:
            return course
        return np.asarray(course * np.minimum(1.0, np.asarray(epoch) / self.warmup_epochs))

    def course(self, epoch: Array, epochs: float) -> Array:
        """The factor without warm-up: `epoch` counts from its end, `epochs` (at least 1) are left."""
        raise NotImplementedError

    def momentum(self, epoch: ArrayLike, epochs: int) -> Array | None:
        """The momentum to use instead of the optimizer's own, arguments as of `factor`; None leaves that as it is."""
        return None

    def look(self, epoch: int, loss: float, state: State) -> None:
        """See the loss of the test samples (of training where there are none) after an epoch, if it is adaptive.

        `state` starts as an empty dict and holds what the schedule remembers.
        """

    def adapted(self, state: State) -> float:
        """The factor that follows from what was seen, on top of `factor`."""
        return 1.0

    def _after_warmup(self, epoch: ArrayLike, epochs: int) -> tuple[Array, float]:
        """Epochs since the end of the warm-up, negative before it, and how many are planned from there on."""
        return np.asarray(epoch, np.float64) - self.warmup_epochs, max(1.0, epochs - self.warmup_epochs)


@register
class ConstantRate(Schedule):
    """The learning rate stays as it is."""

    name = "constant"
    formula = "factor = 1"
    reference = "The default"
    order = 1

    def course(self, epoch: Array, epochs: float) -> Array:
        return np.ones(np.shape(epoch))


@register
class InverseTime(Schedule):
    """Falls quickly at first, then ever more slowly: to a half after a number of epochs, a third after twice as many.

    Keras' decay is 1 / (steps in `decay_epochs`).
    """

    decay_epochs: Annotated[float, _EPOCHS] = 20.0
    power: Annotated[float, Range(0.1, 5.0, 0.1)] = 1.0

    label = "inverse time (power)"
    formula = "factor = 1 / (1 + epoch / decay_epochs)^power"
    reference = "Robbins & Monro, 1951, whose theorem needs rates that fall like 1/t"
    order = 2

    def course(self, epoch: Array, epochs: float) -> Array:
        return np.asarray((1.0 + epoch / self.decay_epochs) ** -self.power)


@register
class Exponential(Schedule):
    """Is multiplied by the same number over every stretch of epochs: with 0.1 and 20, a tenth after each 20 epochs.

    PyTorch's ExponentialLR takes the factor of a single epoch, which is decay^(1 / decay_epochs).
    """

    decay: Annotated[float, Range(0.001, 1.0, 0.01)] = 0.1
    decay_epochs: Annotated[float, _EPOCHS] = 20.0

    formula = "factor = decay^(epoch / decay_epochs)"
    reference = "Senior et al., ICASSP 2013"
    order = 3

    def course(self, epoch: Array, epochs: float) -> Array:
        return np.asarray(self.decay ** (epoch / self.decay_epochs))


@register
class Step(Schedule):
    """Stays, then drops by the same factor, again and again after every so many epochs."""

    decay: Annotated[float, Range(0.001, 1.0, 0.01)] = 0.5
    step_epochs: Annotated[int, Range(1, 1_000_000, 1)] = 100

    formula = "factor = decay^⌊epoch / step_epochs⌋"
    reference = "He et al., CVPR 2016, who divide by ten"
    order = 4

    def course(self, epoch: Array, epochs: float) -> Array:
        return np.asarray(self.decay ** np.floor(epoch / self.step_epochs))


class Pieces(Text):
    """Epochs and the factor from each of them on: "5: 0.5, 15: 0.1"."""

    def check(self, argument: str, value: Any) -> None:
        """Raise InvalidValueError unless the epochs rise and every factor lies between 0 and 10."""
        _pieces(argument, value)


@lru_cache(maxsize=64)
def _pieces(argument: str, text: str) -> tuple[Array, Array]:
    """Where the pieces but the first begin, and the factor of every piece. Raises InvalidValueError."""
    starts, factors = [], [1.0]
    for part in text.split(","):
        epoch, colon, factor = part.partition(":")
        try:
            starts.append(float(epoch))
            factors.append(float(factor))
        except ValueError:
            colon = ""
        # A comparison with what is not a number is false.
        rises = len(starts) < 2 or starts[-1] > starts[-2]
        if not (colon and rises and 0.0 < starts[-1] <= 1e7 and 0.0 <= factors[-1] <= 10.0):
            raise InvalidValueError(
                "{argument} stops making sense at {part}: it wants rising epochs, each with the factor from there on, "
                "at most 10, such as 5: 0.5, 15: 0.1",
                argument=argument,
                part=repr(part.strip()[:40]),
            )
    if len(starts) > _MOST_PIECES:
        raise InvalidValueError(
            "{argument} has {count} pieces; at most {most} are allowed",
            argument=argument,
            count=len(starts),
            most=_MOST_PIECES,
        )
    return np.array(starts), np.array(factors)


@register
class Piecewise(Schedule):
    """Full rate at first, then from each epoch that is named the share of it that stands there.

    "5: 0.5, 15: 0.1" with a rate of 0.01 means 0.01 for five epochs, 0.005 for ten, and 0.001 from then on.
    """

    pieces: Annotated[str, Pieces("5: 0.5, 15: 0.1")] = "5: 0.5, 15: 0.1"

    formula = "factor = that of the last epoch named which is over; 1 before"
    reference = "Keras, PiecewiseConstantDecay (which names the rates themselves)"
    order = 5

    def course(self, epoch: Array, epochs: float) -> Array:
        starts, factors = _pieces("pieces", self.pieces)
        return np.asarray(factors[np.searchsorted(starts, epoch, side="right")])


@register
class Polynomial(Schedule):
    """Falls over the planned epochs in a straight line (power 1), or in a curve that is steep first (above 1)."""

    power: Annotated[float, Range(0.1, 5.0, 0.1)] = 1.0
    final_share: Annotated[float, _SHARE] = 0.0

    formula = "factor = final + (1 − final) · (1 − epoch / epochs)^power"
    reference = "Chen et al., DeepLab, 2018, with power 0.9"
    order = 6

    def course(self, epoch: Array, epochs: float) -> Array:
        left = 1.0 - np.minimum(1.0, epoch / epochs)
        return np.asarray(self.final_share + (1 - self.final_share) * left**self.power)


@register
class Cosine(Schedule):
    """Falls gently from the full rate to a small share of it over the planned epochs."""

    final_share: Annotated[float, _SHARE] = 0.0

    formula = "factor = final + (1 − final) · ½ (1 + cos(π · epoch / epochs))"
    reference = "Loshchilov & Hutter, SGDR, ICLR 2017, equation 5, without restarts"
    order = 7

    def course(self, epoch: Array, epochs: float) -> Array:
        share = np.minimum(1.0, np.asarray(epoch) / epochs)
        return np.asarray(self.final_share + (1 - self.final_share) * 0.5 * (1 + np.cos(np.pi * share)))


@register
class CosineRestarts(Schedule):
    """Falls like a cosine, jumps back to the full rate, and falls again, each time for longer.

    A jump may throw the weights out of a narrow valley into a wider one.
    """

    first_epochs: Annotated[float, Range(1.0, 1e6, logarithmic=True)] = 50.0
    stretch: Annotated[float, Range(1.0, 4.0, 0.25)] = 2.0
    final_share: Annotated[float, _SHARE] = 0.0

    label = "cosine with restarts"
    formula = "factor = final + (1 − final) · ½ (1 + cos(π · epochs since the restart / epochs of this fall))"
    reference = "Loshchilov & Hutter, SGDR, ICLR 2017, equation 5; stretch is its T_mult"
    order = 8

    def course(self, epoch: Array, epochs: float) -> Array:
        turn = self._turns(np.asarray(epoch, np.float64) / self.first_epochs)
        begun = self._begins(turn)
        share = (epoch / self.first_epochs - begun) / (self._begins(turn + 1) - begun)
        return np.asarray(self.final_share + (1 - self.final_share) * 0.5 * (1 + np.cos(np.pi * share)))

    def _begins(self, turn: Array) -> Array:
        """When a fall begins, in lengths of the first one."""
        if self.stretch == 1:
            return turn
        return np.asarray((self.stretch**turn - 1) / (self.stretch - 1))

    def _turns(self, time: Array) -> Array:
        """How many falls are over, of which the logarithm is right but for its last digit."""
        if self.stretch == 1:
            return np.asarray(np.floor(time))
        turn = np.floor(np.log1p(time * (self.stretch - 1)) / np.log(self.stretch))
        return np.asarray(turn + (time >= self._begins(turn + 1)) - (time < self._begins(turn)))


@register
class OneCycle(Schedule):
    """Rises to the full rate and falls back, then to almost nothing; momentum does the opposite.

    PyTorch's OneCycleLR has two phases of cosines from 1/25 to 1/250000 as its default; the paper's has three, which
    are straight lines. Its momentum takes the place of the optimizer's own, if that has one.
    """

    rise: Annotated[float, Range(0.05, 0.49, 0.01)] = 0.45
    """Share of the planned epochs in which the rate rises; with the third phase it falls for as long."""
    start_share: Annotated[float, Range(0.001, 1.0, logarithmic=True)] = 0.1
    final_share: Annotated[float, Range(1e-8, 1.0, logarithmic=True)] = 1e-4
    shape: Annotated[str, Choice(("linear", "cosine"))] = "linear"
    third_phase: bool = True
    """Whether it falls to where it started before it falls to the final share."""
    cycle_momentum: bool = True
    momentum_at_start: Annotated[float, Range(0.01, 0.999, 0.01)] = 0.95
    momentum_at_peak: Annotated[float, Range(0.01, 0.999, 0.01)] = 0.85

    label = "one-cycle"
    formula = "factor: start_share → 1 → start_share → final_share;  momentum: at start → at peak → at start"
    reference = "Smith, A disciplined approach to neural network hyper-parameters, 2018"
    order = 9

    def course(self, epoch: Array, epochs: float) -> Array:
        between = (1.0, self.start_share) if self.third_phase else (1.0,)
        return self._through(epoch / epochs, (self.start_share, *between, self.final_share))

    def momentum(self, epoch: ArrayLike, epochs: int) -> Array | None:
        """From that at the start to that at the peak of the rate, and back; it stays in the last of three phases."""
        if not self.cycle_momentum:
            return None
        now, left = self._after_warmup(epoch, epochs)
        high, low = self.momentum_at_start, self.momentum_at_peak
        values = (high, low, high, high) if self.third_phase else (high, low, high)
        return self._through(np.maximum(now, 0.0) / left, values)

    def _through(self, share: Array, values: tuple[float, ...]) -> Array:
        """What passes from one value to the next in each phase, at a share of the planned epochs."""
        phases = np.arange(len(values), dtype=np.float64)
        ends = (0.0, self.rise, 2 * self.rise, 1.0) if self.third_phase else (0.0, self.rise, 1.0)
        phase = np.interp(np.minimum(1.0, share), ends, phases)
        if self.shape == "cosine":
            whole = np.floor(phase)
            phase = whole + 0.5 * (1 - np.cos(np.pi * (phase - whole)))
        return np.asarray(np.interp(phase, phases, values))


@register
class ReduceOnPlateau(Schedule):
    """Lowers the rate when the test loss has stopped getting better; the training loss if nothing is held back.

    As in Keras it waits for `patience` epochs; PyTorch's ReduceLROnPlateau, for the same number, for one more.
    """

    decay: Annotated[float, Range(0.001, 0.99, 0.01)] = 0.5
    patience: Annotated[int, Range(1, 100_000, 1)] = 5
    smallest_improvement: Annotated[float, Range(0.0, 100.0, 0.0001)] = 0.0001
    least_share: Annotated[float, Range(0.0, 1.0, 0.001)] = 0.001

    label = "reduce on plateau"
    adaptive = True
    formula = (
        "factor ← max(least_share, decay · factor) after `patience` epochs without a loss below best − improvement"
    )
    reference = "Senior et al., ICASSP 2013 (performance scheduling)"
    order = 10

    def course(self, epoch: Array, epochs: float) -> Array:
        return np.ones(np.shape(epoch))

    def look(self, epoch: int, loss: float, state: State) -> None:
        """Count the epochs since the loss was best, and lower the factor when they are too many."""
        if epoch <= self.warmup_epochs:
            return
        if "best" not in state or loss < state["best"] - self.smallest_improvement:
            state["best"], state["since"] = loss, float(epoch)
        elif epoch - state["since"] >= self.patience:
            state["factor"] = max(self.least_share, self.decay * self.adapted(state))
            state["since"] = float(epoch)

    def adapted(self, state: State) -> float:
        """Full until it was lowered."""
        return state.get("factor", 1.0)
