"""A number that is typed exactly or moved with a slider beside it."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.catalog.registry import Range
from widgets import theme
from widgets.controls_numbers import FocusedSlider, NumberField

_POSITIONS = 240
_WIDE = 1000
"""Ranges of more steps than these get finer towards their low end, where the useful values lie."""
_BEND = 4.0


class SliderNumber(QWidget):
    """A slider over a Range and a field that shows the value as it is."""

    value_changed = Signal(object)
    """The value under the handle while it is dragged."""
    value_committed = Signal(object)
    """The value the user settled on."""

    def __init__(
        self, name: str, constraint: Range, object_name: str, integer: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self._range, self._integer = constraint, integer
        step = constraint.step or (1.0 if integer else None)
        span = constraint.high - constraint.low
        self._steps = min(round(span / step), _POSITIONS) if step else _POSITIONS
        self._step = step
        self._bent = not constraint.logarithmic and step is not None and span / step > _WIDE
        self.field = NumberField(constraint, f"{object_name}.number", integer=integer)
        self.field.setAccessibleName(name)
        self.field.setFixedWidth(88)
        self.slider = FocusedSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName(f"{object_name}.slider")
        self.slider.setAccessibleName(name)
        self.slider.setRange(0, self._steps)
        self.slider.setPageStep(max(1, self._steps // 10))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACING)
        row.addWidget(self.slider, 1)
        row.addWidget(self.field)
        self.setFocusProxy(self.slider)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(lambda: self.value_committed.emit(self.number()))
        self.field.value_committed.connect(self._typed)

    def number(self) -> int | float:
        """The value."""
        return self.field.number()

    def set_value(self, value: float) -> None:
        """Show a value; emits nothing. A handle being dragged stays with the user."""
        if self.field.number() != value:
            self.field.set_value(value)
        if not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(self._position_of(value))

    def _moved(self, position: int) -> None:
        value = self._value_at(position)
        self.field.set_value(value)
        self.value_changed.emit(self.number())
        if not self.slider.isSliderDown():
            self.value_committed.emit(self.number())

    def _typed(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._position_of(value))
        self.value_committed.emit(value)

    def _value_at(self, position: int) -> float:
        low, high = self._range.low, self._range.high
        share = position / self._steps
        if self._range.logarithmic and low > 0:
            return min(max(float(f"{low * (high / low) ** share:.2g}"), low), high)
        value = low + (high - low) * (share**_BEND if self._bent else share)
        if self._step is not None:
            value = low + round((value - low) / self._step) * self._step
        return round(value, 12)

    def _position_of(self, value: float) -> int:
        low, high = self._range.low, self._range.high
        value = min(max(value, low), high)
        if self._range.logarithmic and low > 0:
            return round(math.log(value / low) / math.log(high / low) * self._steps)
        share = (value - low) / (high - low)
        return round((share ** (1 / _BEND) if self._bent else share) * self._steps)


def _sample() -> QWidget:
    number = SliderNumber("rate", Range(1e-6, 10.0, logarithmic=True), "sample.rate")
    number.set_value(0.03)
    number.resize(280, 32)
    return number


if __name__ == "__main__":
    theme.demo(_sample)
