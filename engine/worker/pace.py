"""Clocks of the training process: when to step, when to answer, how fast it goes. Times are seconds, from outside."""

from __future__ import annotations

import math
from collections import deque

SHARE = 0.1
"""Part of the time that frames may take."""
FASTEST = 1 / 60
"""Shortest time between two frames."""
SLOWEST = 1 / 10
"""Longest time between two frames, whatever they cost."""
EARLY = 0.002
"""So much too early a frame may be made: training for the little time that is left would cost more than it gives."""


class StepPace:
    """Says when the next step is due, at a given number of steps a second."""

    def __init__(self) -> None:
        self.running = False
        self.steps_per_second = math.inf
        self._next = 0.0

    def start(self, steps_per_second: float, now: float) -> None:
        """Go, or change the speed; the first step is due at once, later ones at their time."""
        interval = 0.0 if math.isinf(steps_per_second) else 1 / max(steps_per_second, 1e-3)
        self._next = min(self._next, now + interval) if self.running else now
        self.running, self.steps_per_second = True, steps_per_second

    def stop(self) -> None:
        """Stand still."""
        self.running = False

    def wait(self, now: float) -> float:
        """Seconds until a step is due."""
        return 0.0 if math.isinf(self.steps_per_second) else max(0.0, self._next - now)

    def took(self, now: float) -> None:
        """A step has been taken; time lost for more than one step is not made up for."""
        interval = 1 / max(self.steps_per_second, 1e-3)
        self._next = max(self._next + interval, now - SLOWEST)


class FramePace:
    """Spaces frames so that they take at most `SHARE` of the time, between `FASTEST` and `SLOWEST` apart."""

    def __init__(self) -> None:
        self._next = -math.inf

    def sent(self, start: float, seconds: float) -> None:
        """A frame was begun at `start` and cost so many seconds.

        One that was early, or less than half a gap late, does not move those after it, so that their rate is what it
        should be.
        """
        gap = min(SLOWEST, max(FASTEST, seconds / SHARE))
        self._next = (self._next if -EARLY <= start - self._next < gap / 2 else start) + gap

    def wait(self, now: float) -> float:
        """Seconds until the next frame may be made."""
        return left if (left := self._next - now) > EARLY else 0.0


class Rate:
    """Measures progress per second over the last second or so."""

    def __init__(self, window: float = 1.0) -> None:
        self._window = window
        self._notes: deque[tuple[float, float]] = deque()

    def restart(self) -> None:
        """Forget the past."""
        self._notes.clear()

    def note(self, now: float, progress: float) -> None:
        """Progress stands at this value now."""
        self._notes.append((now, progress))
        while len(self._notes) > 2 and self._notes[1][0] < now - self._window:
            self._notes.popleft()

    @property
    def per_second(self) -> float:
        """Progress per second; 0 before there are two notes."""
        if len(self._notes) < 2:
            return 0.0
        (first, start), (last, end) = self._notes[0], self._notes[-1]
        return max(0.0, (end - start) / (last - first)) if last > first else 0.0
