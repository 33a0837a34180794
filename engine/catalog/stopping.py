"""Stopping rules: when a run ends by itself."""

from __future__ import annotations

import sys
from typing import Annotated

from engine.catalog.registry import Entry, Range, register
from engine.document.errors import Sentence
from engine.document.frozen import frozen

State = dict[str, float]

NEVER = sys.maxsize
_NO_BETTER = "Stopped after epoch {epoch}: the loss has not become better since epoch {best} ({loss})"
_BACK = (
    "Stopped after epoch {epoch}: the loss has not become better since epoch {best} ({loss}), whose weights are back"
)


@frozen
class Look:
    """What a rule sees at the end of an epoch."""

    epoch: int
    loss: float
    """Of the test samples; of the training samples where none are held back."""
    seconds: float
    """Spent on training this run until now."""


class Stopping(Entry, kind="stoppings"):
    """Says at the end of an epoch whether the run has come to its end. A run that goes on after that is a new try."""

    @property
    def keeps_best(self) -> bool:
        """Whether the run returns to the weights of the epoch `state["best_epoch"]` when it ends."""
        return False

    def next_look(self, epoch: int) -> int:
        """The first epoch after this one whose end it wants to see."""
        return NEVER

    def look(self, seen: Look, state: State) -> Sentence | None:
        """Why the run ends here; None: it goes on.

        `state` starts as an empty dict and holds what the rule remembers. It is left as the rule needs it should the
        run go on after its end.
        """
        return None


@register
class NeverStop(Stopping):
    """Goes on until it is paused."""

    name = "never"
    formula = "no end"
    reference = "TensorFlow Playground"
    order = 1


@register
class EarlyStopping(Stopping):
    """Ends the run when the test loss has not become better for a number of epochs; may go back to the best weights.

    Where no samples are held back it looks at the training loss.
    """

    patience: Annotated[int, Range(1, 1_000_000, 1)] = 10
    smallest_improvement: Annotated[float, Range(0.0, 100.0, 0.0001)] = 0.0
    restore_best_weights: bool = True

    formula = "end when epoch − epoch of the best loss ≥ patience"
    reference = "Prechelt, Early stopping — but when?, 1998"
    order = 2

    @property
    def keeps_best(self) -> bool:
        """As the user wants."""
        return self.restore_best_weights

    def next_look(self, epoch: int) -> int:
        """Every one."""
        return epoch + 1

    def look(self, seen: Look, state: State) -> Sentence | None:
        """Wait for a better loss."""
        if "best" not in state or seen.loss < state["best"] - self.smallest_improvement:
            state["best"], state["best_epoch"] = seen.loss, float(seen.epoch)
            return None
        best, loss = int(state["best_epoch"]), state["best"]
        if seen.epoch - best < self.patience:
            return None
        state.clear()
        return Sentence(
            _BACK if self.restore_best_weights else _NO_BETTER,
            {"epoch": seen.epoch, "best": best, "loss": f"{loss:.4g}"},
        )


@register
class StopAtLoss(Stopping):
    """Ends the run when the test loss has fallen to a value; looks at the training loss where nothing is held back."""

    loss: Annotated[float, Range(0.0, 1e6, 0.01)] = 0.01

    label = "at a loss"
    formula = "end when loss ≤ value"
    reference = "The oldest rule there is"
    order = 3

    def next_look(self, epoch: int) -> int:
        """Every one."""
        return epoch + 1

    def look(self, seen: Look, state: State) -> Sentence | None:
        """Compare; after it has ended the run, the loss has to rise above the value before it can do so again."""
        if seen.loss > self.loss:
            state.clear()
            return None
        if "reached" in state:
            return None
        state["reached"] = 1.0
        return Sentence(
            "Stopped after epoch {epoch}: the loss of {loss} has reached {wanted}",
            {"epoch": seen.epoch, "loss": f"{seen.loss:.4g}", "wanted": f"{self.loss:.4g}"},
        )


@register
class StopAtEpoch(Stopping):
    """Ends the run at the end of an epoch."""

    epoch: Annotated[int, Range(1, 10_000_000, 1)] = 100

    label = "at an epoch"
    formula = "end when epoch = value"
    reference = "The oldest rule there is"
    order = 4

    def next_look(self, epoch: int) -> int:
        """That one alone."""
        return self.epoch if epoch < self.epoch else NEVER

    def look(self, seen: Look, state: State) -> Sentence | None:
        """It is asked at that epoch only."""
        return Sentence("Stopped after epoch {epoch}, as planned", {"epoch": seen.epoch})


@register
class StopAfterTime(Stopping):
    """Ends the run after so many seconds of training, at the end of the epoch; pauses do not count."""

    seconds: Annotated[float, Range(0.1, 1e6, 0.5)] = 60.0

    label = "after a time"
    formula = "end when seconds of training ≥ value"
    reference = "A budget, as in MLPerf"
    order = 5

    def next_look(self, epoch: int) -> int:
        """Every one."""
        return epoch + 1

    def look(self, seen: Look, state: State) -> Sentence | None:
        """Count from the start, or from the last time it ended the run."""
        if seen.seconds - state.get("since", 0.0) < self.seconds:
            return None
        state["since"] = seen.seconds
        return Sentence(
            "Stopped after epoch {epoch}: {seconds} seconds of training are over",
            {"epoch": seen.epoch, "seconds": f"{self.seconds:g}"},
        )
