"""What all views look at: one sample, and one unit of one card. Not part of the document: looking changes nothing."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.plan.plan import Plan


class Focus(QObject):
    """The chosen sample and the chosen unit of one window."""

    changed = Signal()
    """Another sample or unit is chosen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sample = 0
        """Place among all samples, those to learn from first."""
        self.image: tuple[int, ...] = ()
        """What was drawn in place of a sample, its bytes by (channel, row, column); empty: nothing."""
        self.node = ""
        """The card of the chosen unit; empty: none is chosen."""
        self.unit = 0
        """The unit, or the channel, counted from 0."""
        self._data: object = None

    def choose_sample(self, sample: int) -> None:
        """Look at a sample of the data."""
        self._set(sample, (), self.node, self.unit)

    def draw(self, image: tuple[int, ...]) -> None:
        """Look at a picture that was drawn; an empty one goes back to the sample of the data."""
        self._set(self.sample, image, self.node, self.unit)

    def choose_unit(self, node: str, unit: int = 0) -> None:
        """Look at a unit or channel of a card."""
        self._set(self.sample, self.image, node, unit)

    def follow(self, plan: Plan) -> None:
        """Another document: what it has no more is left; other data begin with the first sample to test on."""
        data = plan.document.data
        node = self.node if self.node in plan.nodes else ""
        if data == self._data:
            self._set(self.sample, self.image, node, self.unit if node else 0)
            return
        self._data = data
        learnt, count = data.dataset.train_count(data.train_share), data.dataset.sample_count
        self._set(learnt if learnt < count else 0, (), node, self.unit if node else 0)

    def _set(self, sample: int, image: tuple[int, ...], node: str, unit: int) -> None:
        if (sample, image, node, unit) != (self.sample, self.image, self.node, self.unit):
            self.sample, self.image, self.node, self.unit = sample, image, node, unit
            self.changed.emit()
