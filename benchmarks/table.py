"""A measured row, the machine it was measured on, and the table that says what was met."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS = 5
_TURNS = 20


@dataclass(frozen=True)
class Row:
    """One measured budget. `values` are the runs; `bound` is met when the median lies on its right side."""

    what: str
    values: tuple[float, ...]
    unit: str
    bound: float | None
    at_least: bool = False
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the budget holds; None for a row that only informs."""
        if self.bound is None:
            return None
        return self.median >= self.bound if self.at_least else self.median <= self.bound

    @property
    def verdict(self) -> str:
        """Met, or by which factor it is missed."""
        if self.met is None:
            return "for information"
        if self.met:
            return "met"
        assert self.bound is not None
        factor = self.bound / self.median if self.at_least else self.median / self.bound
        return f"**missed, × {factor:.2f}**"

    def markdown(self) -> str:
        """The row of the table."""
        spread = f"{min(self.values):.3g}–{max(self.values):.3g}"
        bound = "" if self.bound is None else f"{'≥' if self.at_least else '≤'} {self.bound:g} {self.unit}"
        return (
            f"| {self.what} | {self.median:.3g} {self.unit} | {spread} | {len(self.values)} "
            f"| {bound} | {self.verdict} | {self.note} |"
        )


Measure = Callable[[], Sequence[Row]]


def repeat(measure: Callable[[], float], runs: int = RUNS) -> tuple[float, ...]:
    """The measure, several times over."""
    return tuple(measure() for _ in range(runs))


def in_turns(ours: Callable[[float], float], theirs: Callable[[float], float], seconds: float) -> tuple[float, float]:
    """The mean speeds of two, each called with how long to work.

    They take short turns, so that what else the machine does meets both alike.
    """
    rates = [(ours(seconds / _TURNS), theirs(seconds / _TURNS)) for _ in range(_TURNS)]
    return statistics.fmean(rate for rate, _ in rates), statistics.fmean(rate for _, rate in rates)


def machine() -> str:
    """Processor, cores, system and the versions that matter, one line each."""
    processor = platform.processor() or platform.machine()
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        names = [line.split(":", 1)[1].strip() for line in cpu_info.read_text().splitlines() if "model name" in line]
        processor = names[0] if names else processor
    packages = ("numpy", "torch", "PySide6-Essentials", "pyqtgraph")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return (
        f"- processor: {processor}, {os.cpu_count()} cores visible, load {os.getloadavg()[0]:.1f}\n"
        f"- system: {platform.system()} {platform.release()}, Python {platform.python_version()}\n"
        f"- versions: {versions}"
    )


HEADER = "| what | median | spread | runs | budget | verdict | how |\n|---|---|---|---|---|---|---|"
