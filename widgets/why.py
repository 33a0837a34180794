"""Why the network answers as it does: for one sample, five maps of what speaks for a class and what against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QSizePolicy,
    QWidget,
)

from widgets import theme
from widgets.choices import QuietCombo
from widgets.controls import Segmented, format_number
from widgets.image_pixels import picture
from widgets.looking_panel import LookingPanel, heading
from widgets.why_tiles import (
    Tile,
    Tiles,
    largest,
    magnitude_picture,
    magnitude_veil,
    signed_picture,
    signed_veil,
)

Values = Mapping[str, NDArray[Any]]

_CONTROLS = 160
_SWATCH = 9
_MAPS = ("saliency", "times_input", "integrated", "grad_cam", "occlusion")
_MAGNITUDES = ("saliency", "grad_cam")


class WhyPanel(LookingPanel):
    """Shows what the probe Attribution measured. Values in by `set_…`, which emit nothing."""

    class_chosen = Signal(int)
    """The class to explain; −1: whichever the network answers."""
    layer_chosen = Signal(str)
    """The card whose maps Grad-CAM weighs; empty: the last convolution."""
    noted = Signal(str)
    """What is under the pointer, in words; empty when that is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "why",
            QCoreApplication.translate("WhyPanel", "Why this answer"),
            QCoreApplication.translate("WhyPanel", "Choose images in Data to see which pixels an answer comes from."),
            parent,
        )
        self._values: Values = {}
        self._sample = ""
        self._names: tuple[str, ...] = ()
        self._layers: tuple[str, ...] = ()
        self._pointed: tuple[int, float, float] | None = None
        self.classes = QuietCombo("why.class")
        self.classes.setAccessibleName(self.tr("Class that is explained"))
        self.classes.activated.connect(lambda index: self.class_chosen.emit(index - 1))
        self.ground = Segmented([("over", self.tr("Over it")), ("alone", self.tr("Alone"))], "why.ground")
        self.ground.setAccessibleName(self.tr("How the maps are shown"))
        self.ground.chosen.connect(self._show)
        self.layers = QuietCombo("why.layer")
        self.layers.setAccessibleName(self.tr("Card whose maps Grad-CAM weighs"))
        self.layers.setToolTip(self.layers.accessibleName())
        self.layers.activated.connect(self._choose_layer)
        self.key = Key("why.key")
        self.tiles = Tiles("why.maps", self.tr("Maps of the answer"))
        self.tiles.pointed.connect(self._point)
        self.tiles.left.connect(self._leave)
        above = heading(self.tr("What speaks for"), self.classes)
        self.arrange([above, self.classes, self.ground, self.layers, self.key], self.tiles, _CONTROLS, 560)

    # --- values in -------------------------------------------------------------------------------------------------

    def set_reason(self, text: str) -> None:
        """Say why there is nothing to show."""
        self._values = {}
        super().set_reason(text)

    def set_class_names(self, names: Sequence[str]) -> None:
        """What the classes are called, in their order."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            with QSignalBlocker(self.classes):
                self.classes.clear()
                self.classes.addItems([self.tr("the answer"), *names])

    def set_class(self, number: int) -> None:
        """The class that is explained; −1: whichever the network answers."""
        with QSignalBlocker(self.classes):
            self.classes.setCurrentIndex(number + 1)

    def set_layers(self, nodes: Sequence[str], chosen: str) -> None:
        """The cards that Grad-CAM can weigh, and the one it does."""
        with QSignalBlocker(self.layers):
            if tuple(nodes) != self._layers:
                self._layers = tuple(nodes)
                self.layers.clear()
                self.layers.addItems([self.tr("Grad-CAM of {node}").format(node=node) for node in nodes])
            if chosen in self._layers:
                self.layers.setCurrentIndex(self._layers.index(chosen))
        self.layers.setVisible(len(self._layers) > 1)

    def set_sample(self, text: str) -> None:
        """What the sample is called."""
        self._sample = text

    def set_values(self, values: Values) -> None:
        """Show what the probe Attribution answered; what it leaves out stays, if it is about the same question."""
        if not values:
            self.set_reason(self.tr("There is no such sample any more; choose another one."))
            return
        known = self._values
        same = all(name in known and np.array_equal(known[name], values[name]) for name in ("image", "class"))
        self._values = {**known, **values} if same else values
        self._show_classes()
        self._show()
        self.show_content()

    # --- what it shows ---------------------------------------------------------------------------------------------

    def _name(self, number: int) -> str:
        return self._names[number] if 0 <= number < len(self._names) else str(number)

    def _score(self, number: int) -> str:
        value = float(self._values["scores"][number])
        if self._values["shares"][0]:
            return self.tr("{share} %").format(share=QLocale().toString(100 * value, "f", 1))
        return format_number(value)

    def _show_classes(self) -> None:
        answer = int(self._values["answer"][0])
        texts = [self.tr("answer: {name} · {score}").format(name=self._name(answer), score=self._score(answer))]
        for number in range(len(self._values["scores"])):
            texts.append(self.tr("{name} · {score}").format(name=self._name(number), score=self._score(number)))
        for index, text in enumerate(texts[: self.classes.count()]):
            if self.classes.itemText(index) != text:
                self.classes.setItemText(index, text)
        self.key.set_name(self._name(int(self._values["class"][0])))

    def _show(self) -> None:
        if not self._values:
            return
        self.tiles.set_tiles([self._sample_tile(), *(self._tile(name) for name in _MAPS)])
        self._note()

    def _sample_tile(self) -> Tile:
        answer, truth = int(self._values["answer"][0]), self._values["truth"]
        foot, role = self.tr("answer {name}").format(name=self._name(answer)), "muted"
        if len(truth) and int(truth[0]) != answer:
            foot, role = (
                self.tr("{answer}, not {truth}").format(answer=self._name(answer), truth=self._name(int(truth[0]))),
                "error",
            )
        tip = self.tr("The sample, what the network answers, and what it is where that is another class")
        return Tile(self._sample or self.tr("sample"), picture(self._values["image"]), foot=foot, role=role, tip=tip)

    def _tile(self, name: str) -> Tile:
        title, foot, tip = self._texts(name)
        values = self._values.get(name)
        if values is None:
            return Tile(title, tip=tip, missing=self.tr("needs a card that gives maps") if name == "grad_cam" else "")
        if not np.isfinite(values).all():
            return Tile(title, tip=tip, missing=self.tr("not a finite number"))
        scale, magnitude = largest(values), name in _MAGNITUDES
        if self.ground.choice() == "alone" and name != "grad_cam":
            drawn = magnitude_picture(values, scale) if magnitude else signed_picture(values, scale)
            return Tile(title, drawn, foot=foot, tip=tip)
        ground = self._values["image"] if self.ground.choice() == "over" else np.zeros_like(self._values["image"])
        veil = magnitude_veil(values, scale) if magnitude else signed_veil(values, scale)
        if self.ground.choice() == "alone":
            veil = magnitude_picture(values, scale)
        return Tile(title, picture(ground), veil, smooth=name == "grad_cam", foot=foot, tip=tip)

    def _texts(self, name: str) -> tuple[str, str, str]:
        """Title, line below and explanation of a map."""
        if name == "saliency":
            return (
                self.tr("saliency"),
                self.tr("|slope|"),
                self.tr("How fast the score of the class changes with each pixel, up or down"),
            )
        if name == "times_input":
            return (
                self.tr("grad × input"),
                self.tr("slope × pixel"),
                self.tr("The slope at each pixel times its value: black pixels count nothing"),
            )
        if name == "integrated":
            return (
                self.tr("integrated grad"),
                self._completeness(),
                self._integrated_tip(),
            )
        if name == "grad_cam":
            index = self.layers.currentIndex()
            node = self._layers[index] if 0 <= index < len(self._layers) else ""
            return (
                self.tr("Grad-CAM"),
                self.tr("maps of {node}").format(node=node) if node else "",
                self.tr("The maps of a card, each weighed by its mean slope: where it found what speaks for the class"),
            )
        return (
            self.tr("occlusion"),
            self.tr("score lost"),
            self.tr("How far the score falls when a small window of the sample is set to zero"),
        )

    def _completeness(self) -> str:
        """By how much the sum of integrated gradients misses what it should be."""
        if "sums" not in self._values:
            return ""
        total, score, blank = (float(value) for value in self._values["sums"])
        gap = abs(total - (score - blank)) / max(abs(score - blank), 1e-9)
        return self.tr("gap {gap} %").format(gap=QLocale().toString(min(100 * gap, 999.0), "f", 1))

    def _integrated_tip(self) -> str:
        text = self.tr(
            "Integrated gradients: slopes on the way from a sample of zeros to this one, times the pixels. They add up "
            "to what the score gains on the way; the gap is what 50 steps miss of it"
        )
        if "sums" not in self._values:
            return text
        total, score, blank = (format_number(float(value)) for value in self._values["sums"])
        sums = self.tr("Sum {total}; the score rises from {blank} to {score}")
        return text + "\n" + sums.format(total=total, score=score, blank=blank)

    def _choose_layer(self, index: int) -> None:
        self.layer_chosen.emit(self._layers[index])

    # --- the pointer -----------------------------------------------------------------------------------------------

    def _point(self, number: int, x: float, y: float) -> None:
        self._pointed = number, x, y
        self._note()

    def _leave(self) -> None:
        self._pointed = None
        self.noted.emit("")

    def _note(self) -> None:
        """Say what is under the pointer; again with each answer, for it changes under a pointer that rests."""
        if self._pointed is None or not self._values:
            return
        number, x, y = self._pointed
        if number == 0:
            values, title = self._values["image"].mean(0), self.tr("pixel")
        elif _MAPS[number - 1] in self._values:
            values, title = self._values[_MAPS[number - 1]], self._texts(_MAPS[number - 1])[0]
        else:
            self.noted.emit("")
            return
        row, column = int(y * values.shape[0]), int(x * values.shape[1])
        text = self.tr("{what} · row {row}, column {column}: {value}")
        self.noted.emit(
            text.format(what=title, row=row + 1, column=column + 1, value=format_number(float(values[row, column])))
        )

    # --- events ----------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        """Controls above two rows of small maps."""
        return QSize(self.tiles.minimumSizeHint().width(), 120)

    def changeEvent(self, event: QEvent) -> None:
        """Show the maps in the colours of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show()


class Key(QWidget):
    """What orange and blue stand for: a swatch and words for each."""

    def __init__(self, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name = ""
        self._describe()

    def set_name(self, name: str) -> None:
        """The class that is spoken for."""
        if name != self._name:
            self._name = name
            self._describe()
            self.update()

    def texts(self) -> tuple[str, str]:
        """What stands beside the two swatches."""
        return self.tr("against {name}").format(name=self._name), self.tr("for {name}").format(name=self._name)

    def _describe(self) -> None:
        against, speaks_for = self.texts()
        self.setAccessibleName(
            self.tr("orange: {against}, blue: {speaks_for}").format(against=against, speaks_for=speaks_for)
        )

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(120, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        current, painter, x = theme.current(), QPainter(self), 0.0
        painter.setFont(theme.font(theme.SMALL))
        metrics = painter.fontMetrics()
        for color, text in zip((current.negative, current.positive), self.texts(), strict=True):
            painter.fillRect(int(x), (self.height() - _SWATCH) // 2, _SWATCH, _SWATCH, QColor(color))
            x += _SWATCH + theme.UNIT
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(24, int(self.width() / 2 - _SWATCH - 12)))
            painter.setPen(QColor(current.muted))
            painter.drawText(int(x), (self.height() + metrics.ascent() - metrics.descent()) // 2, shown)
            x += metrics.horizontalAdvance(shown) + theme.MARGIN


def _sample() -> QWidget:
    random = np.random.default_rng(3)
    image = np.zeros((1, 8, 8), np.uint8)
    image[0, 1:7, 3:5] = 230
    noise = {name: random.normal(0, 1, (8, 8)) * (image[0] / 255 + 0.1) for name in _MAPS}
    noise["saliency"] = abs(noise["saliency"])
    noise["grad_cam"] = abs(random.normal(0, 1, (4, 4)))
    view = WhyPanel()
    view.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
    view.set_class_names([str(number) for number in range(10)])
    view.set_layers(["conv2d_1", "conv2d_2"], "conv2d_2")
    view.set_sample("sample 1,502")
    scores = np.full(10, 0.01, np.float32)
    scores[1] = 0.91
    view.set_values(
        {
            **noise,
            "sums": np.array([5.66, 5.59, -0.07]),
            "image": image,
            "scores": scores,
            "shares": np.array([True]),
            "class": np.array([1]),
            "answer": np.array([1]),
            "truth": np.array([7]),
        }
    )
    view.resize(900, 190)
    return view


if __name__ == "__main__":
    theme.demo(_sample)
