"""Many seeds at once: how often a network succeeds, how its final losses are spread, where the runs disagree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLocale, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.catalog.registry import Range
from widgets import theme
from widgets.background import BackgroundPanel
from widgets.controls import ElidedLabel, NumberField
from widgets.heatmap_colors import Kind
from widgets.seeds_histogram import LossHistogram
from widgets.seeds_map import SeedsMap

FEWEST, MOST, USUAL = 2, 1000, 100
"""Seeds of one study."""
MOST_EPOCHS = 100_000
_WIDE = 560
"""Width from which controls and progress share a line, and the maps stand beside the histogram."""


class SeedsPanel(BackgroundPanel):
    """Starts and stops a study of many seeds and shows what it finds."""

    started = Signal(int, int)
    """How many seeds the user wants to try, and for how many epochs each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("seeds", QCoreApplication.translate("SeedsPanel", "Seeds"), parent)
        self.count = NumberField(Range(FEWEST, MOST), "seeds.count", integer=True)
        self.count.set_value(USUAL)
        self.epochs = NumberField(Range(1, MOST_EPOCHS), "seeds.epochs", integer=True)
        self.button.setProperty("class", "primary")
        self.verdict = ElidedLabel()
        self.verdict.setObjectName("seeds.verdict")
        self.histogram = LossHistogram("seeds.histogram")
        self.mean = SeedsMap("seeds.mean", self.tr("Mean answer"))
        self.disagreement = SeedsMap("seeds.disagreement", self.tr("Disagreement"))
        self.disagreement.setToolTip(self.tr("Standard deviation of the answers over the runs"))
        self.assemble(self._make_controls(), self._make_results())
        self.set_maps(None, None)

    def _make_controls(self) -> QBoxLayout:
        controls = QHBoxLayout()
        controls.setSpacing(theme.SPACING)
        for text, field, width in ((self.tr("seeds"), self.count, 76), (self.tr("epochs"), self.epochs, 88)):
            label = QLabel(text)
            label.setProperty("class", "muted")
            label.setBuddy(field)
            field.setAccessibleName(text)
            field.setFixedWidth(width)
            controls.addWidget(field)
            controls.addWidget(label)
        controls.addWidget(self.button)
        controls.addStretch(1)
        return controls

    def _make_results(self) -> QWidget:
        page = QWidget()
        spread = QVBoxLayout()
        spread.setSpacing(theme.UNIT)
        spread.addWidget(self.verdict)
        spread.addWidget(self.histogram, 1)
        maps = QHBoxLayout()
        maps.setSpacing(theme.SPACING)
        maps.addWidget(self.mean)
        maps.addWidget(self.disagreement)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom, page)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(theme.MARGIN)
        self._body.addLayout(spread, 4)
        self._body.addLayout(maps, 3)
        return page

    # --- values in -------------------------------------------------------------------------------------------------

    def set_epochs(self, epochs: int) -> None:
        """Offer to train for so many epochs, at most `MOST_EPOCHS`."""
        self.epochs.set_value(min(epochs, MOST_EPOCHS))

    def set_progress(self, done: int, total: int, seconds: float, finished: bool, reached: float | None = None) -> None:
        """Say how many runs of how many are over after how long, and whether the study is.

        The bar shows `reached`, which also counts the parts done of the runs under way; without it, `done`.
        """
        state = "running" if not finished else "finished" if done == total else "stopped"
        self._advance(state, done, total, seconds, float(done) if reached is None else reached)

    def set_losses(self, losses: NDArray[np.float32], solved: NDArray[np.bool_], goal: str) -> None:
        """Show final losses (runs,), NaN where a run diverged, and which of the runs reached the goal, named in words.

        Raises ValueError for arrays of different length.
        """
        self.histogram.set_losses(losses, solved, goal)
        self.verdict.setText(self._verdict(losses, solved, goal))
        self.histogram.setAccessibleDescription(self.verdict.text())

    def set_maps(
        self,
        mean: NDArray[np.uint8] | None,
        disagreement: NDArray[np.uint8] | None,
        kind: Kind = "signed",
        ends: tuple[float, float] = (-1.0, 1.0),
        spread: float = 1.0,
    ) -> None:
        """Show the mean answer and the disagreement over the plane, (height, width) each; None: there are none.

        The mean is an index into the table of its kind, a signed one from the first of `ends` to the second; the
        disagreement 0 … 255 stands for 0 … `spread`.
        """
        self.mean.set_picture(mean, kind, ends)
        self.disagreement.set_picture(disagreement, "magnitude", (0.0, spread))
        for shown, image in ((self.mean, mean), (self.disagreement, disagreement)):
            shown.setVisible(image is not None)

    # --- what it says ----------------------------------------------------------------------------------------------

    def invitation(self, problem: str) -> str:
        """What can be learned here, or why not yet."""
        if problem:
            return self.tr("Many seeds can be tried once the network can train: {problem}").format(problem=problem)
        return self.tr("Is it luck? Train this network from many seeds, and see how often it succeeds.")

    def _verdict(self, losses: NDArray[np.float32], solved: NDArray[np.bool_], goal: str) -> str:
        if not losses.size:
            return self.tr("The first runs are under way…")
        parts = []
        if goal:
            share = QLocale().toString(100 * float(solved.mean()), "f", 0 if losses.size < 1000 else 1)
            parts.append(self.tr("{share} % reached {goal}").format(share=share, goal=goal))
        diverged = int((~np.isfinite(losses)).sum())
        if diverged:
            parts.append(self.tr("%n diverged", "", diverged))
        return " · ".join(parts)

    # --- events ----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Forget the last study and ask for the next."""
        count = int(self.count.number())
        self.set_losses(np.empty(0, np.float32), np.empty(0, np.bool_), "")
        self.set_maps(None, None)
        self.set_progress(0, count, 0.0, False)
        self.started.emit(count, int(self.epochs.number()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put things beside or under each other, as there is room."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        direction = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        self._head.setDirection(direction)
        self._body.setDirection(direction)


def _sample() -> QWidget:
    rng = np.random.default_rng(0)
    losses = np.exp(rng.normal(-5.5, 0.8, 312)).astype(np.float32)
    losses[::9] = np.exp(rng.normal(-2.2, 0.3, 35)).astype(np.float32)
    losses[:4] = np.nan
    step = np.linspace(-6, 6, 64)
    x, y = np.meshgrid(step, -step)
    answer = np.tanh(8 - x * x - y * y)
    view = SeedsPanel()
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.set_epochs(300)
    view.set_progress(312, 1000, 4.1, False)
    view.set_losses(losses, losses < 0.05, "test accuracy ≥ 90 %")
    pictures = [np.rint(values).astype(np.uint8) for values in (127.5 + 127.5 * answer, 255 * (1 - answer**2))]
    view.set_maps(pictures[0], pictures[1], "signed", (-1.0, 1.0), 0.58)
    view.resize(800, 220)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
