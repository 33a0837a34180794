"""Pictures of what is a function of one number: activations, losses, schedules; from the entries' own formulas."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale

from engine.catalog.activations import Activation
from engine.catalog.losses import Loss
from engine.catalog.registry import defaults
from engine.catalog.schedules import Schedule
from widgets.controls_numbers import format_number
from widgets.pictures.sheet import Array, Bars, Bounds, Context, Curve, Drawing, Mark, spread_of

_POINTS = 401
_TALLEST = 3.5
"""Values beyond this many units leave an activation's picture: its shape is near zero."""


def activation(entry: Activation, context: Context) -> Drawing:
    """f and f' from -5 to 5, over the histogram of what arrives at the card where it is known."""
    low, high = -5.0, 5.0
    found = context.pre_activations
    if found is not None:
        low, high = min(low, found.edges[0]), max(high, found.edges[-1])
    x = np.linspace(low, high, _POINTS)
    value, slope = _value_and_slope(entry, x)
    shown = (Curve(x, value, "main", "f"), Curve(x, slope, "second", "f′"))
    y_range = spread_of(shown)
    y_range = max(y_range[0], -_TALLEST), min(y_range[1], _TALLEST)
    bars = None
    notes: tuple[str, ...] = ()
    if found is not None:
        counts = np.asarray(found.counts, float)
        heights = y_range[1] * 0.9 * counts / max(float(counts.max()), 1.0)
        bars = Bars(np.asarray(found.edges), heights, faint=True)
        middles = (np.asarray(found.edges[:-1]) + np.asarray(found.edges[1:])) / 2
        flat = float(counts[np.abs(np.interp(middles, x, slope)) < 0.05].sum() / max(counts.sum(), 1.0))
        text = _tr("Behind it: what arrives at this card now; {share} % of it where f′ is nearly 0.")
        notes = (text.format(share=round(100 * flat)),)
    return Drawing((low, high), y_range, "x", "", bars=bars, curves=shown, notes=notes)


def _value_and_slope(entry: Activation, x: Array) -> tuple[Array, Array]:
    """Both on (n,); an activation that joins its units (softmax) is asked for one of three, the others at 0."""
    if entry.elementwise:
        return np.asarray(entry.value(x), float), np.asarray(entry.derivative(x), float)
    units = np.zeros((x.size, 3))
    units[:, 0] = x
    one = np.zeros_like(units)
    one[:, 0] = 1.0
    return np.asarray(entry.value(units), float)[:, 0], np.asarray(entry.pullback(units, one), float)[:, 0]


def schedule(entry: Schedule, context: Context) -> Drawing:
    """The learning rate over the planned epochs, and where the run stands."""
    epochs = context.epochs
    x = np.linspace(0.0, float(epochs), min(1201, max(201, epochs + 1)))
    y = context.rate * np.asarray(entry.factor(x, epochs), float)
    if entry.adaptive:
        y = y * _stalled(entry, x)
    curves = [Curve(x, y, "main")]
    low, high = spread_of(tuple(curves), 0.0)
    momentum = entry.momentum(x, epochs)
    if momentum is not None:  # between 0 and 1, over the whole height
        curves = [Curve(x, y, "main", _tr("rate")), Curve(x, high * momentum, "second", _tr("momentum, 0 … 1"))]
    marks: tuple[Mark, ...] = ()
    if context.epoch is not None:
        rate = float(np.interp(context.epoch, x, y)) if context.now is None else context.now
        text = _tr("you are here: {rate}").format(rate=format_number(rate))
        marks = (Mark(context.epoch, text, rate),)
    end = float(y[-1])
    words = _tr("From {first} to {last} over {epochs} epochs.")
    if entry.adaptive:
        words = _tr("From {first} to {last} over {epochs} epochs, if the loss fell for a quarter of them only.")
    note = words.format(first=format_number(float(y[0])), last=format_number(end), epochs=QLocale().toString(epochs))
    return Drawing(
        (0.0, float(epochs)), (max(low, -0.02 * high), high), _tr("epoch"), _tr("learning rate"),
        curves=tuple(curves), marks=marks, notes=(note,),
    )  # fmt: skip


def _stalled(entry: Schedule, x: Array) -> Array:
    """What a schedule that goes by the loss makes of one that falls for a quarter of the time and then stays."""
    state: dict[str, float] = {}
    found = np.empty_like(x)
    for number, epoch in enumerate(np.minimum(x, x[-1] / 4).tolist()):
        entry.look(round(float(x[number])), float(np.exp(-8 * epoch / x[-1])), state)
        found[number] = entry.adapted(state)
    return found


def loss(entry: Loss, context: Context) -> Drawing:
    """The loss and its slope against what it is about: the error, the angle, the margin, or a score."""
    del context
    fitting = [item for item in defaults("activations") if entry.accepts(item)]
    if entry.fuses or entry.per_class or "regression" not in entry.tasks:
        return _class_loss(entry, fitting)
    lowest = min((item.bounds[0] for item in fitting), default=-np.inf)
    target = 1.0 if lowest >= 0 else 0.0  # some are defined for positive numbers alone
    error = np.linspace(max(-3.0, lowest - target), 3.0, _POINTS)
    value, slope = _of_one(entry, error + target, np.full_like(error, target))
    if np.unique(np.round(value[np.isfinite(value)], 6)).size <= 3:
        return _angle_loss(entry)
    label = _tr("error y − t, t = 1") if target else _tr("error y − t")
    return _loss_drawing(error, value, slope, label, ())


def _angle_loss(entry: Loss) -> Drawing:
    """Of a loss that heeds directions alone: an answer of two numbers, turned around."""
    angle = np.linspace(-180.0, 180.0, _POINTS)
    turned = np.stack([np.cos(np.radians(angle)), np.sin(np.radians(angle))], axis=-1)
    truth = np.tile([1.0, 0.0], (angle.size, 1))
    value = np.asarray(entry.value(turned, truth), float)
    return _loss_drawing(angle, value, np.gradient(value, np.radians(angle)), _tr("angle between y and t (°)"), ())


def _class_loss(entry: Loss, fitting: list[Activation]) -> Drawing:
    joint = entry.per_class or (bool(fitting) and not any(item.elementwise for item in fitting))
    if joint:
        score = np.linspace(-6.0, 6.0, _POINTS)
        scores = np.zeros((score.size, 3))
        scores[:, 0] = score
        truth = np.zeros_like(scores)
        truth[:, 0] = 1.0
        value = np.asarray(entry.value(scores, truth), float)
        if np.unique(np.round(value, 6)).size <= 3:
            return _angle_loss(entry)
        slope = np.asarray(entry.gradient(scores, truth), float)[:, 0]
        return _loss_drawing(score, value, slope, _tr("score of the true class, others 0"), ())
    levels = entry.levels(fitting[0]) if fitting else (0.0, 1.0)
    bounds: Bounds = (-5.0, 5.0) if entry.fuses else (-2.5, 2.5)
    x = np.linspace(*bounds, _POINTS)
    value, slope = _of_one(entry, x, np.full_like(x, levels[1]))
    other, _ = _of_one(entry, x, np.full_like(x, levels[0]))
    label = _tr("logit z") if entry.fuses else _tr("answer y")
    name = _tr("true class {level}").format(level=f"{levels[0]:+g}".replace("-", "−") if levels[0] else "0")
    return _loss_drawing(x, value, slope, label, (Curve(x, other, "faint", name),))


def _of_one(entry: Loss, prediction: Array, target: Array) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        value = np.asarray(entry.value(prediction[:, None], target[:, None]), float)
        slope = np.asarray(entry.gradient(prediction[:, None], target[:, None]), float)[:, 0]
    return value, slope


def _loss_drawing(x: Array, value: Array, slope: Array, label: str, others: tuple[Curve, ...]) -> Drawing:
    curves = (Curve(x, value, "main", "L"), Curve(x, slope, "second", _tr("slope")), *others)
    y_range = spread_of((curves[0], *others), 0.0)
    lowest = float(np.nanmin(np.where(np.isfinite(slope), slope, np.nan)))
    low = max(min(y_range[0], lowest), -0.5 * y_range[1])
    return Drawing((float(x[0]), float(x[-1])), (low, y_range[1]), label, "", curves=curves)


def _tr(text: str) -> str:
    return QCoreApplication.translate("pictures", text)
