"""Names with their values, below each other: what is known about something and cannot be changed there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from widgets import theme
from widgets.controls import ElidedLabel, format_number

Fact = tuple[str, str]
"""A name and its value, as they are shown."""


class Facts(QWidget):
    """Names and values in two columns, aligned with the form above them."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self._labels: list[tuple[QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACING)
        self._grid.setVerticalSpacing(theme.UNIT)
        self._grid.setColumnStretch(1, 1)

    def set_facts(self, facts: Sequence[Fact]) -> None:
        """Show names with their values."""
        while len(self._labels) < len(facts):
            name, value = QLabel(), ElidedLabel()
            name.setMinimumWidth(64)
            name.setProperty("class", "muted")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(name, len(self._labels), 0)
            self._grid.addWidget(value, len(self._labels), 1)
            self._labels.append((name, value))
        for row, labels in enumerate(self._labels):
            for column, label in enumerate(labels):
                label.setVisible(row < len(facts))
                if row < len(facts) and label.text() != facts[row][column]:
                    label.setText(facts[row][column])
        self.setVisible(bool(facts))

    def of_statistics(self, values: Mapping[str, NDArray[Any]]) -> list[Fact]:
        """The values in a card: outputs, mean ± standard deviation; silent units; gradient. A dash for what is unknown.

        There are always as many, so that nothing jumps when the first numbers come.
        """
        outputs = silent = "—"
        if "outputs" in values:
            mean, spread = values["outputs"][:2].tolist()
            outputs = f"{format_number(mean)} ± {format_number(spread)}"
        if "silent" in values:
            count, units = values["silent"].tolist()
            silent = self.tr("{silent} of {units}").format(silent=count, units=units)
        gradient = float(values["gradient"][0]) if "gradient" in values else None
        return [
            (self.tr("outputs"), outputs),
            (self.tr("silent units"), silent),
            (self.tr("gradient"), format_number(gradient)),
        ]

    def facts(self) -> list[Fact]:
        """What is shown."""
        return [(name.text(), value.text()) for name, value in self._labels if not name.isHidden()]


def _sample() -> QWidget:
    facts = Facts("sample.facts")
    facts.set_facts([("shape", "(2,) → (8,)"), ("parameters", "24"), ("multiply-adds", "16")])
    facts.resize(240, 80)
    return facts


if __name__ == "__main__":
    theme.demo(_sample)
