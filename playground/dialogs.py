"""Small dialogs: keys, about, and the question about unsaved changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
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

Answer = Literal["save", "discard", "cancel"]


def program_version() -> str:
    """The installed version; "unknown" when run from a folder that was never installed."""
    from importlib.metadata import PackageNotFoundError, version  # takes longer to import than this module to run

    try:
        return version("neural-playground")
    except PackageNotFoundError:
        return QCoreApplication.translate("dialogs", "unknown")


def ask_to_save(parent: QWidget, name: str) -> Answer:
    """Ask what shall become of unsaved changes."""
    box = QMessageBox(parent)
    box.setObjectName("dialog.save")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(QCoreApplication.translate("dialogs", "Unsaved changes"))
    box.setText(QCoreApplication.translate("dialogs", "Save the changes to “{name}”?").format(name=name))
    button = QMessageBox.StandardButton
    box.setStandardButtons(button.Save | button.Discard | button.Cancel)
    box.setDefaultButton(button.Save)
    chosen = box.exec()
    box.deleteLater()
    answers: dict[int, Answer] = {int(button.Save): "save", int(button.Discard): "discard"}
    return answers.get(chosen, "cancel")


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
    """List the keys and what they do."""
    rows = [(action.text().rstrip("…"), action.shortcuts()) for action in actions if action.shortcuts()]
    dialog = QDialog(parent)
    dialog.setObjectName("dialog.shortcuts")
    dialog.setWindowTitle(QCoreApplication.translate("dialogs", "Keyboard shortcuts"))
    grid = QTableWidget(len(rows), 2)
    grid.setObjectName("dialog.shortcuts.table")
    grid.setAccessibleName(dialog.windowTitle())
    grid.horizontalHeader().hide()
    grid.verticalHeader().hide()
    grid.setShowGrid(False)
    grid.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    grid.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    native = QKeySequence.SequenceFormat.NativeText
    for number, (text, keys) in enumerate(rows):
        grid.setItem(number, 0, QTableWidgetItem(text))
        grid.setItem(number, 1, QTableWidgetItem(", ".join(key.toString(native) for key in keys)))
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    column.addWidget(grid)
    column.addWidget(buttons)
    dialog.resize(440, 520)
    dialog.exec()
    dialog.deleteLater()
