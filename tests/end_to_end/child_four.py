"""Journey four, carried out by xdotool on a real window: `python -m tests.end_to_end.child_four taken FOLDER`.

A network is trained and taken away in three forms through the dialog "Export"; what the dialog says is noted, and
what the window's run holds is written down, for a program that knows nothing of this one to be compared with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.document.serialization import document_to_json
from playground.app import create_window
from tests.end_to_end.child import Facts
from tests.end_to_end.child_two import Builder, main
from widgets.export_dialog import ExportDialog

FORMS = ("ONNX", "safetensors", "NumPy inference")
"""As the list of the dialog calls them."""
READ = 150.0
"""Seconds: the training process may have to import PyTorch, and each reader starts a Python of its own."""


class Taken(Builder):
    """By the keyboard to the dialog, by mouse through it."""

    steps: ClassVar[tuple[str, ...]] = ("trained", "run_written_down", "exported", "left", "closed")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.window = create_window("blobs", theme="dark")
        self.window.show()
        self.canvas = self.window.canvas

    def trained(self) -> Facts:
        self.focus(self.window)
        self.until(lambda: self.window.session.status is not None and self.rests(), "a network that can train")
        loss = self.loss()
        self.press("space")
        self.until(lambda: self.epoch() >= 20 and self.loss() < 0.7 * loss, "the blobs are learnt")
        self.press("space")
        self.until(self.rests, "it rests")
        return {"loss": [loss, self.loss()], "epoch": self.epoch()}

    def run_written_down(self) -> Facts:
        """The document and the weights, as the window holds them while it exports."""
        np.savez(self.folder / "weights.npz", **self.weights())  # type: ignore[arg-type]  # its flag is no keyword here
        (self.folder / "document.json").write_text(json.dumps(document_to_json(self.window.controller.document)))
        return {"step": self.step()}

    def exported(self) -> Facts:
        exporting = self.window.files.exporting
        self.press("ctrl+e")
        self.until(lambda: exporting.dialog is not None and exporting.dialog.isVisible(), "the dialog")
        dialog = exporting.dialog
        assert dialog is not None
        self.focus(dialog)
        said: dict[str, str] = {}
        for label in FORMS:
            self.choose_form(dialog, label)
            if not said:
                self.click(dialog.path, times=3)
                self.until(lambda: dialog.path.selectedText() == dialog.path.text(), "the path is selected")
                path = str(self.folder / "taken")
                self.do("type", "--delay", "8", path)
                self.until(lambda path=path: dialog.path.text() == path, "the path is typed")
            self.click(dialog.export)
            self.until(dialog.open_folder.isVisible, f"{label} is written", READ)
            said[label] = dialog.outcome.text()
        return {"said": said, "step": self.step()}

    def choose_form(self, dialog: ExportDialog, label: str) -> None:
        """Click a row of the list, and wait until what it would write is shown."""
        row = next(row for row in range(dialog.list.count()) if dialog.list.item(row).text() == label)
        item = dialog.list.item(row)
        dialog.list.scrollToItem(item)
        self.click(dialog.list.viewport(), dialog.list.visualItemRect(item).center())
        self.until(lambda: dialog.list.currentItem() is item and dialog.title.text() == label, f"{label} is chosen")
        self.until(lambda: not dialog.bar.isVisible(), f"{label} is shown", READ)
        assert dialog.files.text(), dialog.outcome.text()

    def left(self) -> Facts:
        exporting = self.window.files.exporting
        dialog = exporting.dialog
        assert dialog is not None
        self.click(dialog.close_button)
        self.until(lambda: exporting.dialog is None, "the dialog is closed")
        self.focus(self.window)
        return {"files": sorted(path.name for path in self.folder.glob("taken.*"))}


if __name__ == "__main__":
    main({"taken": Taken})
