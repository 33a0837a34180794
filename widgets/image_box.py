"""What stands in the way of image data, and what can be done about it: download it, wait for it, find its folder."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from widgets import icons, theme

_PARTS = 1000


@dataclass(frozen=True)
class Standing:
    """How things stand with the data.

    Attributes:
        text: One or two sentences.
        severity: "muted", "warning" or "error".
        share: How much of the work under way is done, from 0 to 1; below 0 that is not known; None: there is none.
        buttons: Key and words of each button; the first is the one to take.
    """

    text: str
    severity: str = "muted"
    share: float | None = None
    buttons: tuple[tuple[str, str], ...] = ()


class ImageBox(QWidget):
    """One standing at a time, or nothing."""

    chosen = Signal(str)
    """Key of the button that was clicked."""

    def __init__(self, object_name: str = "data.images", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(self.tr("State of the data"))
        self._standing: Standing | None = None
        self._sign: QLabel | None = None
        self._severity = ""
        self.text = QLabel()
        self.text.setObjectName(f"{object_name}.text")
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setObjectName(f"{object_name}.progress")
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.setTextVisible(False)
        self._buttons: dict[str, QPushButton] = {}
        self._head = QHBoxLayout()
        self._head.setSpacing(theme.SPACING)
        self._head.addWidget(self.text, 1)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(theme.SPACING)
        self._foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACING)
        column.addLayout(self._head)
        column.addWidget(self.bar)
        column.addLayout(self._foot)
        self.set_standing(None)

    def set_standing(self, standing: Standing | None) -> None:
        """Show how things stand; None: all is well and nothing is shown. Emits nothing."""
        if standing == self._standing and not (standing is None and not self.isHidden()):
            return
        self._standing = standing
        self.setVisible(standing is not None)
        if standing is None:
            return
        self.text.setText(standing.text)
        self.setAccessibleDescription(standing.text)
        self._show_sign(standing.severity)
        self.bar.setVisible(standing.share is not None)
        if standing.share is not None:
            self.bar.setRange(0, 0 if standing.share < 0 else _PARTS)
            self.bar.setValue(round(_PARTS * max(0.0, standing.share)))
        self._show_buttons(standing.buttons)

    def standing(self) -> Standing | None:
        """What is shown."""
        return self._standing

    def button(self, key: str) -> QPushButton:
        """A button that is shown. Raises KeyError."""
        return self._buttons[key]

    def _show_sign(self, severity: str) -> None:
        if severity == self._severity:
            return
        self._severity = severity
        if self._sign is not None:
            self._head.removeWidget(self._sign)
            self._sign.hide()
            self._sign.deleteLater()
            self._sign = None
        if severity != "muted":
            self._sign = icons.label(severity, severity)
            self._head.insertWidget(0, self._sign, 0, Qt.AlignmentFlag.AlignTop)
        self.text.setProperty("class", "error" if severity == "error" else "muted")
        self.text.style().polish(self.text)

    def _show_buttons(self, wanted: tuple[tuple[str, str], ...]) -> None:
        keys = [key for key, _ in wanted]
        if keys != list(self._buttons):
            for button in self._buttons.values():
                self._foot.removeWidget(button)
                button.hide()
                button.deleteLater()
            self._buttons = {key: self._make_button(key) for key in keys}
        for number, (key, words) in enumerate(wanted):
            button = self._buttons[key]
            button.setText(words)
            button.setAccessibleName(words)
            name = "primary" if number == 0 and key != "cancel" else ""
            if button.property("class") != name:
                button.setProperty("class", name)
                button.style().polish(button)

    def _make_button(self, key: str) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(f"{self.objectName()}.{key}")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._foot.insertWidget(self._foot.count() - 1, button)
        button.show()
        return button


def _sample() -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setSpacing(2 * theme.MARGIN)
    for number, standing in enumerate(
        (
            Standing("MNIST is not on this computer yet.", "muted", None, (("download", "Download (11 MB)"),)),
            Standing("Downloading: 3.2 of 11 MB, 1.4 MB/s, 6 s left", "muted", 0.29, (("cancel", "Cancel"),)),
            Standing(
                "There is no connection to the network. Data can be placed by hand, too.",
                "error",
                None,
                (("download", "Try again"),),
            ),
        )
    ):
        box = ImageBox(f"sample.{number}")
        column.addWidget(box)
        box.set_standing(standing)
    column.addStretch(1)
    page.resize(264, 300)
    return page


if __name__ == "__main__":
    theme.demo(_sample)
