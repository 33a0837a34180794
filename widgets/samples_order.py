"""Which samples a gallery shows, in which order, by loss, number or confidence, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLocale

WORST, NUMBER, LEAST_SURE, MOST_SURE = "worst", "number", "least_sure", "most_sure"
TRAIN, TEST = "train", "test"


@dataclass(frozen=True, eq=False)
class SampleTable:
    """What is known of the judged samples, a row for each, those to learn from first.

    `answer`, `truth`, `confidence` and `loss` are (rows,). `learnt` of them, the first ones, are of `size` samples to
    learn from. `shares`: confidence is a probability. `moment` says when they were answered so, in epochs.
    """

    answer: NDArray[np.int16]
    truth: NDArray[np.int16]
    confidence: NDArray[np.float32]
    loss: NDArray[np.float32]
    learnt: int
    size: int
    shares: bool
    moment: float
    now: bool

    @classmethod
    def of(cls, answers: Mapping[str, NDArray[Any]]) -> SampleTable:
        """From what the probe AnswersOfSamples answered."""
        return cls(
            answers["answer"],
            answers["truth"],
            answers["confidence"],
            answers["loss"],
            int(answers["learnt"][0]),
            int(answers["learnt"][1]),
            bool(answers["shares"][0]),
            float(answers["moment"][0]),
            bool(answers["now"][0]),
        )

    def __len__(self) -> int:
        return len(self.answer)

    def same_as(self, other: SampleTable) -> bool:
        """Whether it says the same, at the same moment."""
        mine, others = (
            (table.moment, table.now, table.shares, table.learnt, table.size, table.answer.tobytes(),
             table.truth.tobytes(), table.loss.tobytes(), table.confidence.tobytes())
            for table in (self, other)
        )  # fmt: skip
        return mine == others

    def rows(self, part: str) -> NDArray[np.int64]:
        """The rows of the samples to learn from, or to test on."""
        return np.arange(self.learnt) if part == TRAIN else np.arange(self.learnt, len(self))

    def place(self, row: int) -> int:
        """The place of a row's sample among all samples."""
        return row if row < self.learnt else self.size + row - self.learnt

    def row(self, place: int) -> int | None:
        """The row of the sample at a place; None if it is not judged, or not there."""
        if 0 <= place < self.learnt:
            return place
        row = self.learnt + place - self.size
        return row if self.size <= place and row < len(self) else None

    def confusion(self, part: str, classes: int) -> NDArray[np.int64]:
        """How often the class of the row was answered as that of the column, (classes, classes)."""
        rows = self.rows(part)
        pairs = self.truth[rows].astype(np.int64) * classes + self.answer[rows]
        return np.bincount(pairs, minlength=classes**2)[: classes**2].reshape(classes, classes)

    def ordered(
        self, part: str, order: str, cell: tuple[int, int] | None = None, only_wrong: bool = False
    ) -> NDArray[np.int64]:
        """The rows to show, in their order; of a cell of the confusion (true class, answered class), or all."""
        rows = self.rows(part)
        if cell is not None:
            rows = rows[(self.truth[rows] == cell[0]) & (self.answer[rows] == cell[1])]
        if only_wrong:
            rows = rows[self.truth[rows] != self.answer[rows]]
        if order == WORST:
            loss = np.where(np.isfinite(self.loss[rows]), self.loss[rows], np.inf)
            return rows[np.argsort(-loss, kind="stable")]
        if order in (LEAST_SURE, MOST_SURE):
            sign = 1 if order == LEAST_SURE else -1
            return rows[np.argsort(sign * self.confidence[rows], kind="stable")]
        return rows


def sample_name(place: int, learnt: int) -> str:
    """What the sample at a place is called; so many are there to learn from."""
    if place < learnt:
        text = QCoreApplication.translate("SampleGallery", "Train sample {number}")
        return text.format(number=QLocale().toString(place + 1))
    text = QCoreApplication.translate("SampleGallery", "Test sample {number}")
    return text.format(number=QLocale().toString(place - learnt + 1))
