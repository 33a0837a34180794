"""Pictures of what ends a run: the entry's own rule, applied to an example that learns and then overfits."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale

from engine.catalog.stopping import Look, Stopping
from widgets.controls_numbers import format_number
from widgets.pictures.sheet import Array, Context, Curve, Drawing, Mark

_POINTS = 600
_HORIZONS = tuple(lead * 10**power for power in range(1, 8) for lead in (5, 10, 20))
"""Lengths of the example in epochs; the shortest on which a rule ends in good time is shown."""
_EPOCHS_PER_SECOND = 100.0
_LATEST = 0.9
"""Part of the example by which a rule should have ended it, so that it can be seen what it spares."""


def stopping(entry: Stopping, context: Context) -> Drawing:
    """The test loss of an example, on a logarithmic scale, with the end that the rule gives it."""
    for horizon in _HORIZONS:
        epochs, loss = _example(horizon)
        end, best = _end(entry, epochs, loss)
        if end is not None and end <= _LATEST * horizon:
            break
    else:
        epochs, loss = _example(context.epochs)
        end, best = None, None
    x, y = epochs.astype(float), np.log10(loss)
    after = x >= (np.inf if end is None else end)
    curves = [Curve(x[~after], y[~after], "main")]
    marks = []
    if end is not None:
        curves.append(Curve(x[after], y[after], "faint"))
        curves[0] = Curve(np.append(x[~after], x[after][:1]), np.append(y[~after], y[after][:1]), "main")
        words = _tr("ends at {epoch}") if best is None else _tr("ends at {epoch}, back to {best}")
        text = words.format(epoch=_number(end), best=_number(best or 0))
        marks.append(Mark(float(end), text, float(y[after][0])))
    if best is not None:
        marks.insert(0, Mark(float(best), "", float(np.interp(best, x, y))))
    return Drawing(
        (0.0, float(x[-1])), (float(y.min()) - 0.2, 0.2), _tr("epoch"), _tr("log₁₀ of the test loss"),
        curves=tuple(curves), marks=tuple(marks), notes=(_note(end),),
    )  # fmt: skip


def _example(horizon: int) -> tuple[Array, Array]:
    """Epochs, whole numbers, and losses of a run that learns, ever more slowly, and then overfits."""
    epochs = np.unique(np.rint(np.linspace(0, horizon, _POINTS)).astype(np.int64))
    share = epochs / horizon
    return epochs, np.exp(-6.3 * (1 - np.exp(-4 * share)) + 6 * np.maximum(share - 0.4, 0) ** 2)


def _end(entry: Stopping, epochs: Array, loss: Array) -> tuple[int | None, int | None]:
    """The epoch at which the rule ends the example, and that of the weights it goes back to; None: it does not."""
    state: dict[str, float] = {}
    best: int | None = None
    due = entry.next_look(0)
    for epoch, value in zip(epochs[1:].tolist(), loss[1:].tolist(), strict=True):
        if epoch < due:
            continue
        if entry.look(Look(epoch, value, epoch / _EPOCHS_PER_SECOND), state) is not None:
            return epoch, best
        if entry.keeps_best and "best_epoch" in state:
            best = int(state["best_epoch"])
        due = entry.next_look(epoch)
    return None, None


def _note(end: int | None) -> str:
    if end is None:
        return _tr("Nothing ends this example: its loss falls, and rises again when it learns the noise.")
    words = _tr("An example with {speed} epochs a second, whose loss falls, and rises again when it learns the noise.")
    return words.format(speed=format_number(_EPOCHS_PER_SECOND))


def _number(value: int) -> str:
    return QLocale().toString(value)


def _tr(text: str) -> str:
    return QCoreApplication.translate("pictures", text)
