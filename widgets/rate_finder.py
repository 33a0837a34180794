"""The learning-rate finder: starts and stops a search, shows the loss over the rate, and offers a rate to use."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.catalog.registry import Range
from widgets import theme
from widgets.background import BackgroundPanel
from widgets.controls import NumberField, Segmented, format_number
from widgets.rate_curve import Mark, RateCurve

LOW, HIGH, STEPS = 1e-5, 10.0, 500
_RATES = Range(1e-6, 10.0, logarithmic=True)
_STEPS = Range(20, 10_000, 50)
_WIDE, _NARROW = 620, 570
"""Width from which controls and progress share a line, and under which the controls need two."""

Choice = Literal["tenth_of_lowest", "steepest", "picked"]


class RateFinderPanel(BackgroundPanel):
    """Values in by `set_…`, which emit nothing; what the user wants out."""

    started = Signal(float, float, int, bool)
    """Lowest and highest rate, how many steps, and whether to begin with the present weights instead of afresh."""
    rate_chosen = Signal(float)
    """The learning rate the user wants to use."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("rate_finder", QCoreApplication.translate("RateFinderPanel", "Learning rate"), parent)
        self._present = math.nan
        self._offers: dict[str, float | None] = dict.fromkeys(("tenth_of_lowest", "steepest", "picked"))
        self.low, self.high = (NumberField(_RATES, f"rate_finder.{name}") for name in ("low", "high"))
        self.steps = NumberField(_STEPS, "rate_finder.steps", integer=True)
        for field, value in ((self.low, LOW), (self.high, HIGH), (self.steps, STEPS)):
            field.set_value(value)
        self.from_weights = QCheckBox(self.tr("from present weights"))
        self.from_weights.setObjectName("rate_finder.from_weights")
        self.from_weights.setAccessibleName(self.from_weights.text())
        self.from_weights.setToolTip(self.tr("Begin with the weights of the run instead of fresh ones"))
        self.curve = RateCurve("rate_finder.curve")
        self.curve.picked.connect(self._pick)
        self.choice = Segmented(
            [
                ("tenth_of_lowest", self.tr("Tenth of lowest")),
                ("steepest", self.tr("Steepest")),
                ("picked", self.tr("Picked")),
            ],
            "rate_finder.choice",
        )
        self.choice.setAccessibleName(self.tr("Which rate"))
        self.choice.chosen.connect(lambda _: self._show_offers())
        for key, tip in (
            ("tenth_of_lowest", self.tr("A tenth of the rate with the lowest loss: a good way before it turns up")),
            ("steepest", self.tr("Where the loss falls most steeply")),
            ("picked", self.tr("Click into the curve, or press Enter there, to pick a rate")),
        ):
            self.choice.button(key).setToolTip(tip)
        self.use = QPushButton()
        self.use.setObjectName("rate_finder.use")
        self.use.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.use.setProperty("class", "primary")
        self.use.clicked.connect(self._use)
        self.assemble(self._make_controls(), self._make_results())
        self._show_offers()

    def _make_controls(self) -> QBoxLayout:
        controls = QHBoxLayout()
        controls.setSpacing(theme.SPACING)
        words = (
            (self.low, self.tr("to"), self.tr("lowest rate"), 76),
            (self.high, "", self.tr("highest rate"), 76),
            (self.steps, self.tr("steps"), self.tr("steps"), 84),
        )
        for field, text, name, width in words:
            field.setAccessibleName(name)
            field.setToolTip(name)
            field.setFixedWidth(width)
            controls.addWidget(field)
            if text:
                label = QLabel(text)
                label.setProperty("class", "muted")
                controls.addWidget(label)
        controls.addStretch(1)
        begin = QHBoxLayout()
        begin.setSpacing(theme.SPACING)
        begin.addWidget(self.from_weights)
        begin.addWidget(self.button)
        begin.addStretch(1)
        self._controls = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._controls.setSpacing(theme.SPACING)
        self._controls.addLayout(controls)
        self._controls.addLayout(begin)
        return self._controls

    def _make_results(self) -> QWidget:
        page = QWidget()
        offer = QHBoxLayout()
        offer.setSpacing(theme.SPACING)
        offer.addWidget(self.choice)
        offer.addWidget(self.use)
        offer.addStretch(1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.UNIT)
        column.addWidget(self.curve, 1)
        column.addLayout(offer)
        return page

    # --- values in -------------------------------------------------------------------------------------------------

    def set_present(self, rate: float) -> None:
        """Say which learning rate the document has."""
        self._present = rate
        self._show_offers()

    def set_progress(self, done: int, total: int, seconds: float, finished: bool, diverged: bool) -> None:
        """Say how many steps of how many are taken after how long, whether the search is over, and if so, how."""
        over = "diverged" if diverged else "finished" if done == total else "stopped"
        self._advance(over if finished else "running", done, total, seconds, float(done))

    def set_curve(
        self,
        rates: NDArray[np.float32],
        losses: NDArray[np.float32],
        smoothed: NDArray[np.float32],
        steepest: float | None,
        tenth_of_lowest: float | None,
    ) -> None:
        """Show the loss after the step with each rate, (steps,) each, and the rates suggested (None: not yet, or none).

        Raises ValueError for arrays of different length.
        """
        self.curve.set_curve(rates, losses, smoothed)
        self._offers.update(steepest=steepest, tenth_of_lowest=tenth_of_lowest)
        self._show_offers()

    # --- what it says ----------------------------------------------------------------------------------------------

    def invitation(self, problem: str) -> str:
        """What can be learned here, or why not yet."""
        if problem:
            return self.tr("A rate can be searched for once the network can train: {problem}").format(problem=problem)
        return self.tr(
            "Which learning rate? Train a copy of the run while its rate rises, and see where the loss falls."
        )

    def ends(self) -> dict[str, str]:
        """A search also ends when the loss is no longer a number."""
        return super().ends() | {"diverged": self.tr("{count} · then it diverged")}

    def offered(self) -> float | None:
        """The rate that the button would use; None if there is none."""
        return self._offers[self.choice.choice()]

    def _show_offers(self) -> None:
        """Say and mark what is offered; a choice that there is none for cannot be taken."""
        names = {
            "tenth_of_lowest": self.tr("tenth of lowest"),
            "steepest": self.tr("steepest"),
            "picked": self.tr("picked"),
        }
        for key, rate in self._offers.items():
            self.choice.button(key).setEnabled(rate is not None)
        chosen = self.choice.choice()
        rate = self.offered()
        marks = [Mark(value, names[key], key == chosen) for key, value in self._offers.items() if value is not None]
        self.curve.set_marks(marks, self._present)
        text = self.tr("Use this rate") if rate is None else self.tr("Use {rate}").format(rate=format_number(rate, 2))
        self.use.setText(text)
        self.use.setAccessibleName(text)
        self.use.setEnabled(rate is not None)
        none = self.tr("The loss has not fallen yet: no rate can be suggested") if self.begun else ""
        self.use.setToolTip(self.tr("Makes it the learning rate of the optimizer") if rate is not None else none)

    # --- what the user does ----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Forget the last search and ask for the next, between rates that differ."""
        low, high = sorted((float(self.low.number()), float(self.high.number())))
        if low == high:
            low = high / 10 if high / 10 >= _RATES.low else low
            high = high if low < high else 10 * high
        self.low.set_value(low)
        self.high.set_value(high)
        steps = int(self.steps.number())
        nothing = np.empty(0, np.float32)
        self.curve.set_ends(low, high)
        self._offers["picked"] = None
        self.choice.set_choice("tenth_of_lowest")
        self.set_progress(0, steps, 0.0, False, False)
        self.set_curve(nothing, nothing, nothing, None, None)
        self.started.emit(low, high, steps, self.from_weights.isChecked())

    def _pick(self, rate: float) -> None:
        self._offers["picked"] = float(f"{rate:.2g}")
        self.choice.set_choice("picked")
        self._show_offers()

    def _use(self) -> None:
        rate = self.offered()
        if rate is not None:
            self.rate_chosen.emit(rate)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put things beside or under each other, as there is room."""
        super().resizeEvent(event)
        beside, under = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._head.setDirection(beside if self.width() >= _WIDE else under)
        self._controls.setDirection(beside if self.width() >= _NARROW else under)


def _sample() -> QWidget:
    rates = np.geomspace(LOW, HIGH, STEPS)[:455]
    place = np.log10(rates)
    smooth = 0.1 + 0.5 / (1 + np.exp(3 * (place + 2))) + np.exp(4 * (place - 0.5))
    wobbles = 1 + 0.04 * np.random.default_rng(0).standard_normal(len(rates))
    view = RateFinderPanel()
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.set_present(0.003)
    view.set_progress(455, STEPS, 0.3, True, True)
    shown, losses, smoothed = (x.astype(np.float32) for x in (rates, smooth * wobbles, smooth))
    view.set_curve(shown, losses, smoothed, 0.01, 0.047)
    view.rate_chosen.connect(view.set_present)
    view.resize(800, 260)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
