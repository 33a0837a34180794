"""What the dialogs share that open data of one's own: settings of data set and split, a verdict, two buttons."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from engine.catalog.datasets.dataset import Dataset
from engine.catalog.registry import Field, form
from engine.document.graph import SEEDS, Data
from widgets import theme
from widgets.form import FieldForm, Path

SHARE = next(field for field in form(Data) if field.name == "train_share")
SEED = Field("data_seed", int, SEEDS, 1)


class ImportDialog(QDialog):
    """A page with a form at the side, a sentence below that says what would be learnt from, and "use" and "cancel"."""

    def __init__(
        self,
        name: str,
        title: str,
        use_text: str,
        data: Data,
        kind: type[Dataset],
        fields: Sequence[Field],
        form_width: int,
        parent: QWidget | None = None,
    ) -> None:
        """`data` gives the settings to begin with: of its split, and `fields` if its data set is of that kind."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        held = data.dataset
        self.own_fields = tuple(fields)
        self.values: dict[str, Any] = {
            field.name: getattr(held, field.name) if isinstance(held, kind) else field.default for field in fields
        }
        self.values |= {SHARE.name: data.train_share, SEED.name: data.seed}
        self.form = FieldForm(f"{name}.form", lambda _path, _value: None, _FORMATS)
        self.form.setFixedWidth(form_width)
        self.form.changed.connect(self._take)
        self.verdict = QLabel()
        self.verdict.setObjectName(f"{name}.verdict")
        self.verdict.setWordWrap(True)
        self.verdict.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox()
        self.cancel = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.cancel.setObjectName(f"{name}.cancel")
        self.use = QPushButton(use_text)
        self.use.setObjectName(f"{name}.use")
        self.use.setAccessibleName(use_text)
        self.use.setProperty("class", "primary")
        self.use.setDefault(True)
        self.buttons.addButton(self.use, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept_data)
        self.buttons.rejected.connect(self.reject)

    def lay_out(self, head: QLayout, beside_form: QWidget, below: QWidget, stretches: tuple[int, int]) -> None:
        """Put the page together; `stretches` are those of the middle and of what is below it."""
        settings = QVBoxLayout()
        settings.setContentsMargins(0, 0, 0, 0)
        settings.addWidget(self.form)
        settings.addStretch(1)
        middle = QHBoxLayout()
        middle.setSpacing(theme.MARGIN)
        middle.addWidget(beside_form, 1)
        middle.addLayout(settings)
        foot = QHBoxLayout()
        foot.setSpacing(theme.MARGIN)
        foot.addWidget(self.verdict, 1)
        foot.addWidget(self.buttons)
        page = QVBoxLayout(self)
        page.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        page.setSpacing(theme.SPACING)
        page.addLayout(head)
        page.addLayout(middle, stretches[0])
        page.addWidget(below, stretches[1])
        page.addLayout(foot)

    def show_fields(self, left_out: Sequence[str] = ()) -> None:
        """Show the settings as they are, but for those that do not matter now."""
        fields = [(field, self.values[field.name]) for field in (*self.own_fields, SHARE, SEED)]
        self.form.set_fields([item for item in fields if item[0].name not in left_out])

    def show_verdict(self, text: str, role: str, ready: bool) -> None:
        """Say what would be learnt from, or why the data cannot be used; `role` is "muted" or "error"."""
        self.verdict.setText(text)
        self.verdict.setProperty("class", role)
        self.verdict.style().polish(self.verdict)
        self.use.setEnabled(ready)
        self.use.setToolTip("" if ready else text)
        self.use.setAccessibleDescription(self.use.toolTip())

    def split_settings(self) -> tuple[float, int]:
        """The share to train on, and the seed of the split."""
        return self.values[SHARE.name], self.values[SEED.name]

    def accept_data(self) -> None:
        """The data shall be used, if they can be."""
        raise NotImplementedError

    def setting_changed(self, name: str, finished: bool) -> None:
        """The user changed a setting; `finished` is False while a slider is dragged."""
        raise NotImplementedError

    def _take(self, path: Path, value: Any, finished: bool) -> None:
        self.values[path[0]] = value
        self.setting_changed(path[0], finished)


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


_FORMATS = MappingProxyType({SHARE.name: _percent})
