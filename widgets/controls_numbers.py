"""Controls that hold a number: a field, a slider; and how numbers are written."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from engine.catalog.registry import Range
from widgets import theme

_SERIES = (1.0, 2.0, 5.0)
"""Steps of a logarithmic field, per decade."""
_POSITIONS = 240
"""Positions of a slider without steps of its own."""


def format_number(value: float | None, digits: int = 3) -> str:
    """A measured number with `digits` significant digits, in the user's locale: 0.0124, 98.4, 1.20e-05; None is —."""
    if value is None or math.isnan(value):
        return "—" if value is None else "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    locale = QLocale()
    magnitude = abs(value)
    if value != 0 and not 1e-3 <= magnitude < 1e6:
        return locale.toString(value, "e", digits - 1)
    decimals = digits - 1 - (math.floor(math.log10(magnitude)) if value else 0)
    return locale.toString(value, "f", min(max(decimals, 0), digits + 2))


def suffix_of(constraint: Range) -> str:
    """What stands behind each number of a range: its unit, in the language of the window."""
    unit = constraint.unit
    return constraint.suffix.removesuffix(unit) + theme.translate_catalog(unit) if unit else ""


class NumberField(QDoubleSpinBox):
    """A number within a Range, typed or stepped.

    Takes and shows the locale's decimal separator, accepts a full stop too, and writes tiny and huge numbers as
    1e-05. Stepping a logarithmic range walks 1, 2, 5, 10. The wheel turns it only while it has the focus.
    """

    value_committed = Signal(object)
    """A new value, int or float, after Enter, loss of focus or a step."""

    def __init__(
        self, constraint: Range, object_name: str, integer: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._integer = integer
        self._logarithmic = constraint.logarithmic
        self._given = 0.0
        self.setObjectName(object_name)
        self.setDecimals(0 if integer else 15)
        self.setRange(constraint.low, constraint.high)
        self.setSingleStep(constraint.step or (1.0 if integer else _nice_step(constraint.high - constraint.low)))
        self.setSuffix(suffix_of(constraint))
        self.setKeyboardTracking(False)
        self.setAccelerated(True)
        self.setCorrectionMode(QAbstractSpinBox.CorrectionMode.CorrectToNearestValue)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setGroupSeparatorShown(integer)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(64)
        self.lineEdit().setTextMargins(theme.SPACING - 2, 0, 0, 0)  # a style sheet's left padding does not reach it
        self.valueChanged.connect(lambda _value: self.value_committed.emit(self.number()))

    def number(self) -> int | float:
        """The value, as int in an integer field."""
        if self._integer:
            return round(self.value())
        # The box rounds to its decimals: a third that was given is still a third while nobody changes it.
        return self._given if self.value() == round(self._given, self.decimals()) else self.value()

    def set_value(self, value: float) -> None:
        """Show a value; emits nothing."""
        self._given = value
        with QSignalBlocker(self):
            self.setValue(value)

    def textFromValue(self, value: float) -> str:
        """Shortest text that reads back as the value."""
        locale = self.locale()
        if self._integer:
            if not self.isGroupSeparatorShown():
                return str(round(value))
            return locale.toString(round(value))
        if value != 0 and not 1e-4 <= abs(value) < 1e7:
            mantissa, exponent = f"{value:.6e}".split("e")
            return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}".replace(".", locale.decimalPoint())
        return f"{value:.10f}".rstrip("0").rstrip(".").replace(".", locale.decimalPoint())

    def valueFromText(self, text: str) -> float:
        """The number a text says; the present value for a text that says none."""
        number = self._parse(text)
        return self.value() if number is None else number

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept what is a number in range; leave what may become one; refuse other characters."""
        number = self._parse(text)
        typed = text.removesuffix(self.suffix())
        if number is not None and self.minimum() <= number <= self.maximum():
            return QValidator.State.Acceptable, text, position
        allowed = set("0123456789+-−" if self._integer else "0123456789+-−eE.") | {
            self.locale().decimalPoint() if not self._integer else "",
            *self.locale().groupSeparator(),
            " ",
        }
        state = QValidator.State.Intermediate if set(typed) <= allowed else QValidator.State.Invalid
        return state, text, position

    def fixup(self, text: str) -> str:
        """The nearest number in range, or the present value, for a text that cannot stay."""
        number = self._parse(text)
        value = self.value() if number is None else min(max(number, self.minimum()), self.maximum())
        return self.textFromValue(value)

    def stepBy(self, steps: int) -> None:
        """Step through the range, by 1-2-5 where it is logarithmic."""
        if not self._logarithmic:
            super().stepBy(steps)
            return
        value = self.value()
        for _ in range(abs(steps)):
            value = _next_in_series(value, 1 if steps > 0 else -1, self.minimum())
        self.setValue(value)
        self.selectAll()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only with focus, so that scrolling a form changes nothing in it."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _parse(self, text: str) -> float | None:
        locale = self.locale()
        plain = text.removesuffix(self.suffix()).strip().replace("−", "-").replace(" ", "")
        if self.isGroupSeparatorShown():
            plain = plain.replace(locale.groupSeparator(), "")
        try:
            number = float(plain.replace(locale.decimalPoint(), "."))
        except ValueError:
            return None
        return number if math.isfinite(number) and not (self._integer and number != int(number)) else None


class LabelledSlider(QWidget):
    """A label, a slider over a Range and the value in words."""

    value_changed = Signal(float)
    """The value under the handle, while it moves."""
    value_committed = Signal(float)
    """The value the user settled on: handle released, key, click or wheel."""

    def __init__(
        self,
        label: str,
        constraint: Range,
        object_name: str,
        text_of: Callable[[float], str] = format_number,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._range = constraint
        self._text_of = text_of
        self._steps = round((constraint.high - constraint.low) / constraint.step) if constraint.step else _POSITIONS
        self.setObjectName(object_name)
        self.label = QLabel(label)
        self.label.setProperty("class", "muted")
        self.slider = FocusedSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName(f"{object_name}.slider")
        self.slider.setAccessibleName(label)
        self.slider.setRange(0, self._steps)
        self.slider.setPageStep(max(1, self._steps // 10))
        self.label.setBuddy(self.slider)
        self._text = QLabel()
        self._text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACING)
        row.addWidget(self.label)
        row.addWidget(self.slider, 1)
        row.addWidget(self._text)
        # At least as wide as a share, so that the sliders of a panel end below each other.
        texts = ["100 %", *(text_of(self._value_at(k)) for k in (0, self._steps))]
        self._text.setMinimumWidth(max(map(self._text.fontMetrics().horizontalAdvance, texts)) + theme.UNIT)
        self._committed = self.value()
        self._show_text()
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self._settle)

    def value(self) -> float:
        """The value under the handle."""
        return self._value_at(self.slider.value())

    def text(self) -> str:
        """The value in words, as shown."""
        return self._text.text()

    def set_value(self, value: float) -> None:
        """Move the handle to the nearest position; emits nothing. A handle being dragged stays with the user."""
        if self.slider.isSliderDown():
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._position_of(value))
        self._committed = self.value()
        self._show_text()

    def _moved(self) -> None:
        self._show_text()
        self.value_changed.emit(self.value())
        if not self.slider.isSliderDown():
            self._settle()

    def _settle(self) -> None:
        if self.value() != self._committed:
            self._committed = self.value()
            self.value_committed.emit(self._committed)

    def _show_text(self) -> None:
        text = self._text_of(self.value())
        self._text.setText(text)
        self.slider.setAccessibleDescription(text)

    def _value_at(self, position: int) -> float:
        low, high = self._range.low, self._range.high
        share = position / self._steps
        if self._range.logarithmic:
            return float(low * (high / low) ** share)
        value = low + (high - low) * share
        # Steps of 0.1 shall read 0.3, not 0.30000000000000004.
        return round(value, 12) if self._range.step else value

    def _position_of(self, value: float) -> int:
        low, high = self._range.low, self._range.high
        value = min(max(value, low), high)
        if self._range.logarithmic:
            return round(math.log(value / low) / math.log(high / low) * self._steps)
        return round((value - low) / (high - low) * self._steps)


class FocusedSlider(QSlider):
    """A slider that the wheel moves only while it has the focus."""

    def __init__(self, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(48)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only with focus, so that scrolling a form changes nothing in it."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def _nice_step(span: float) -> float:
    """A hundredth of the span, rounded down to a power of ten."""
    return float(10.0 ** math.floor(math.log10(span / 100.0))) if span > 0 else 1.0


def _next_in_series(value: float, direction: int, low: float) -> float:
    """The neighbour of a value among … 0.1 0.2 0.5 1 2 5 …; zero, where it is the lowest, lies below 1e-6."""
    if value <= 0:
        return 1e-6 if direction > 0 else low
    decade = math.floor(math.log10(value))
    candidates = [factor * 10.0**power for power in range(decade - 1, decade + 2) for factor in _SERIES]
    if direction > 0:
        found = min(c for c in candidates if c > value * (1 + 1e-9))
    else:
        found = max(c for c in candidates if c < value * (1 - 1e-9))
        if low <= 0 and found < 0.9e-6:
            return low
    return float(f"{found:.6g}")
