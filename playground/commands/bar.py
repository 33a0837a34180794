"""A line on standard error that shows how far something is."""

from __future__ import annotations

import math
import sys
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.worker.headless import Standing

_WIDTH = 30
_SECONDS = 0.1
_MINUTE, _HOUR = 60, 3600


class Bar:
    """One line that is written over as the work goes on."""

    def __init__(self) -> None:
        self._next = 0.0
        self._shown = False

    @property
    def wanted(self) -> bool:
        """Whether somebody looks at it."""
        return sys.stderr.isatty()

    def show(self, standing: Standing) -> None:
        """Where a training is, how fast it goes, and how long it will take."""
        words = (
            f"epoch {int(standing.epoch):,} of {standing.epochs:,}, training loss {standing.loss:.4g}, "
            f"{standing.steps_per_second:,.0f} steps/s, {time_words(standing.seconds_left)} left"
        )
        self._draw(standing.epoch, standing.epochs, words)

    def count(self, done: int, total: int, reached: float) -> None:
        """How many of the seeds of a study are over."""
        self._draw(reached, total, f"{done:,} of {total:,} seeds")

    def steps(self, done: int, total: int) -> None:
        """How many steps are taken."""
        self._draw(done, total, f"{done:,} of {total:,} steps")

    def _draw(self, done: float, total: int, words: str) -> None:
        now = monotonic()
        if now < self._next and done < total:
            return
        self._next, self._shown = now + _SECONDS, True
        filled = int(_WIDTH * done / total)
        line = f"{'█' * filled}{'·' * (_WIDTH - filled)} {words}"
        print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
            self._shown = False


def time_words(seconds: float) -> str:
    """A span of time in minutes and seconds.

    >>> time_words(75), time_words(7325), time_words(math.inf)
    ('1:15', '2:02:05', '?')
    """
    if not math.isfinite(seconds):
        return "?"
    whole = max(0, round(seconds))
    hours, minutes = whole // _HOUR, whole % _HOUR // _MINUTE
    return f"{hours}:{minutes:02}:{whole % _MINUTE:02}" if hours else f"{minutes}:{whole % _MINUTE:02}"
