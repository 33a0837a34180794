"""Small dialogs: keys, about, and the question about unsaved changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QFont, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QMessageBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.worker.messages import Ready
from widgets import theme

if TYPE_CHECKING:
    from widgets.canvas.hints import Hint

Answer = Literal["save", "discard", "cancel"]


def program_version() -> str:
    """The installed version; "unknown" when run from a folder that was never installed."""
    from importlib.metadata import PackageNotFoundError, version  # takes longer to import than this module to run

    try:
        return version("neural-playground")
    except PackageNotFoundError:
        return QCoreApplication.translate("dialogs", "unknown")


def ask_to_save(parent: QWidget, name: str, edited: bool = True, seconds: float = 0.0) -> Answer:
    """Ask what shall become of edits, of so many seconds of training, or of both, that no file holds."""
    translate = QCoreApplication.translate
    if edited and seconds:
        title = translate("dialogs", "Unsaved work")
        text = translate("dialogs", "Save the changes to “{name}” and its training? No file holds {time} of it.")
    elif edited:
        title = translate("dialogs", "Unsaved changes")
        text = translate("dialogs", "Save the changes to “{name}”?")
    else:
        title = translate("dialogs", "Unsaved training")
        text = translate("dialogs", "Save the training of “{name}”? No file holds {time} of it.")
    box = QMessageBox(parent)
    box.setObjectName("dialog.save")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setText(text.format(name=name, time=_duration(seconds)))
    button = QMessageBox.StandardButton
    box.setStandardButtons(button.Save | button.Discard | button.Cancel)
    box.setDefaultButton(button.Save)
    chosen = box.exec()
    box.deleteLater()
    answers: dict[int, Answer] = {int(button.Save): "save", int(button.Discard): "discard"}
    return answers.get(chosen, "cancel")


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return QCoreApplication.translate("dialogs", "{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return QCoreApplication.translate("dialogs", "{minutes} min").format(minutes=minutes)


def show_error(parent: QWidget | None, text: str) -> None:
    """Say in one sentence what went wrong."""
    box = QMessageBox(QMessageBox.Icon.Warning, "Neural Playground", text, QMessageBox.StandardButton.Ok, parent)
    box.setObjectName("dialog.error")
    box.exec()
    box.deleteLater()


def show_about(parent: QWidget, ready: Ready | None) -> None:
    """Say what this is, which version, and what it runs on."""
    import html

    versions = ready.versions if ready is not None else {}
    lines = [
        "<b>Neural Playground</b> " + html.escape(program_version()),
        html.escape(QCoreApplication.translate("dialogs", "Assemble a neural network by hand and watch it learn.")),
        html.escape(QCoreApplication.translate("dialogs", "Free software under the MIT licence.")),
        html.escape(" · ".join(f"{name} {number}" for name, number in versions.items())),
    ]
    box = QMessageBox(parent)
    box.setObjectName("dialog.about")
    box.setWindowTitle(QCoreApplication.translate("dialogs", "About Neural Playground"))
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setText("<br><br>".join(line for line in lines if line))
    box.exec()
    box.deleteLater()


def show_shortcuts(parent: QWidget, actions: Sequence[QAction]) -> None:
    """List the keys, and what keys and mouse do on the canvas and in the outline."""
    from widgets import outline_editing  # the outline is made when it is first asked for
    from widgets.canvas import hints

    translate = QCoreApplication.translate
    native = QKeySequence.SequenceFormat.NativeText
    dialog = QDialog(parent)
    dialog.setObjectName("dialog.shortcuts")
    dialog.setWindowTitle(translate("dialogs", "Keyboard shortcuts"))
    parts = {
        translate("dialogs", "Everywhere"): [
            (action.text().rstrip("…"), ", ".join(key.toString(native) for key in action.shortcuts()))
            for action in actions
            if action.shortcuts()
        ],
        translate("dialogs", "On the canvas"): [_hint(hint) for hint in hints.ALL],
        translate("dialogs", "In the outline"): [_hint(hint) for hint in outline_editing.HINTS],
    }
    grid = QTableWidget(0, 2)
    grid.setObjectName("dialog.shortcuts.table")
    grid.setAccessibleName(dialog.windowTitle())
    grid.horizontalHeader().hide()
    grid.verticalHeader().hide()
    grid.setShowGrid(False)
    grid.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    for title, rows in parts.items():
        heading = QTableWidgetItem(title)
        heading.setFont(theme.font(theme.NORMAL, QFont.Weight.DemiBold))
        heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
        _add_row(grid, heading)
        for text, keys in rows:
            _add_row(grid, QTableWidgetItem(text), QTableWidgetItem(keys))
    grid.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    grid.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.addWidget(grid)
    column.addWidget(buttons)
    dialog.resize(600, 560)
    dialog.exec()
    dialog.deleteLater()


def _add_row(grid: QTableWidget, *items: QTableWidgetItem) -> None:
    row = grid.rowCount()
    grid.insertRow(row)
    for place, item in enumerate(items):
        grid.setItem(row, place, item)
    if len(items) == 1:
        grid.setSpan(row, 0, 1, 2)


def _hint(hint: Hint) -> tuple[str, str]:
    """What is done, and how."""
    native = QKeySequence.SequenceFormat.NativeText
    keys = ", ".join(QKeySequence(key).toString(native) for key in hint.keys)
    said = QCoreApplication.translate("hints", hint.said) if hint.said else keys
    return QCoreApplication.translate("hints", hint.words), said
