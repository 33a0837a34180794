from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from engine.catalog.datasets.table import Table, opened
from engine.catalog.registry import entry
from engine.document.errors import PlaygroundError
from engine.document.examples import load_example
from engine.document.project import Project, save
from engine.plan.fit import fit_output
from engine.tables.content import suggested
from engine.tables.files import read_table
from playground import file_work, looks, own_data
from playground.__main__ import main
from playground.app import create_window
from playground.settings import Settings
from playground.window import MainWindow
from tests.windows import PATIENCE, epoch
from widgets.table_import import TableImport


def flowers(folder: Path, rows: int = 90) -> Path:
    """Three kinds that a network can tell apart by two of the three numbers."""
    rng = np.random.default_rng(5)
    lines = ["width;height;noise;kind"]
    for row in range(rows):
        kind = row % 3
        width, height = rng.normal(kind, 0.2), rng.normal(20 * (kind == 1), 2)
        lines.append(f"{width:.3f};{height:.2f};{rng.normal():.3f};{('rose', 'lily', 'iris')[kind]}".replace(".", ","))
    path = folder / "flowers.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def choose_file(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_: (str(path), "")))


def shown(window: MainWindow, qtbot: QtBot) -> TableImport:
    qtbot.waitUntil(lambda: window.own_data.dialog is not None and window.own_data.dialog.isVisible(), timeout=PATIENCE)
    assert window.own_data.dialog is not None
    return window.own_data.dialog


def use(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(shown(window, qtbot).use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.own_data.dialog is None)


def test_a_table_is_opened_by_clicks_and_learnt(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_file(monkeypatch, flowers(tmp_path))
    before = window.controller.document
    qtbot.mouseClick(window.data.table_box.open, Qt.MouseButton.LeftButton)
    use(window, qtbot)
    document, plan = window.controller.document, window.controller.plan
    assert isinstance(document.data.dataset, Table)
    assert plan.ready, plan.problems
    assert plan.output is not None and plan.nodes[plan.output].output_shape == (3,)
    assert window.data.note() == "flowers.csv · 90 samples"
    assert window.data.chip("noise").isChecked()
    assert window.output.no_plane.isVisibleTo(window.output) and not window.output.map.isVisibleTo(window.output)
    window.controller.set_training_field("optimizer", (), entry("optimizers", "Adam")(learning_rate=0.02), True)
    qtbot.waitUntil(lambda: window.session.status is not None, timeout=PATIENCE)
    assert window.session.status is not None
    start = window.session.status.evaluation.train_loss
    window.actions_by_id["train.play"].trigger()
    qtbot.waitUntil(lambda: epoch(window) >= 200, timeout=PATIENCE)
    window.session.pause()
    end = window.session.status.evaluation
    assert math.isfinite(end.test_loss) and end.train_loss < 0.3 * start
    assert end.test_metric > 0.9
    while window.controller.history.undo_label is not None:
        window.controller.undo()
    assert window.controller.document == before
    assert window.output.map.isVisibleTo(window.output)


def test_classes_keep_their_names(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.own_data.open_path(flowers(tmp_path))
    use(window, qtbot)
    window.open_metrics()
    qtbot.waitUntil(lambda: window.metrics.classes.rowCount() == 3, timeout=PATIENCE)
    assert [window.metrics.classes.item(row, 0).text() for row in range(3)] == ["iris", "lily", "rose"]
    window.controller.open(load_example("circle").document)
    qtbot.waitUntil(lambda: window.metrics.classes.rowCount() == 2, timeout=PATIENCE)
    assert window.metrics.classes.item(0, 0).text() == "0"
    window.reset_layout()


class Slow(file_work.Reading):
    """Reads when it is let."""

    may = Event()

    def run(self) -> Any:
        self.may.wait(PATIENCE / 1000)
        return super().run()


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Files are read once this is set."""
    monkeypatch.setattr(file_work, "Reading", Slow)
    Slow.may.clear()
    yield Slow.may
    Slow.may.set()


def test_a_large_file_is_read_while_the_window_goes_on(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, slow_disk: Event
) -> None:
    path = flowers(tmp_path)
    window.own_data.open_path(path)
    assert window.own_data.dialog is None
    assert window.status.cancel.isVisible()
    window.own_data.open_path(path)
    assert window.messages.messages()[0].text.startswith("Another file is being read")
    slow_disk.set()
    dialog = shown(window, qtbot)
    assert dialog.table() is not None
    assert not window.status.cancel.isVisible()
    dialog.reject()
    assert window.controller.document.data.dataset.name == "circle"


def test_reading_can_be_cancelled(window: MainWindow, qtbot: QtBot, tmp_path: Path, slow_disk: Event) -> None:
    path = flowers(tmp_path)
    window.own_data.open_path(path)
    qtbot.mouseClick(window.status.cancel, Qt.MouseButton.LeftButton)
    assert not window.status.cancel.isVisible()
    window.own_data.open_path(path)  # nothing stands in its way
    slow_disk.set()
    shown(window, qtbot).reject()


def test_what_was_to_be_read_for_a_document_ends_with_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, slow_disk: Event
) -> None:
    window.own_data.open_path(flowers(tmp_path))
    window.controller.open(load_example("circle").document)
    assert not window.status.cancel.isVisible()
    slow_disk.set()
    qtbot.wait(20)  # were it heard of, a dialog would come now
    assert window.own_data.dialog is None


def test_a_file_that_has_changed_is_read_again_while_the_window_goes_on(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, slow_disk: Event
) -> None:
    slow_disk.set()
    window.own_data.open_path(flowers(tmp_path))
    use(window, qtbot)
    flowers(tmp_path, rows=60)
    window.controller.looks.again()
    qtbot.waitUntil(lambda: not window.controller.plan.ready, timeout=PATIENCE)
    before = window.controller.document
    slow_disk.clear()
    window.controller.mend()
    assert window.status.cancel.isVisible() and window.controller.document is before
    slow_disk.set()
    qtbot.waitUntil(lambda: window.controller.plan.ready, timeout=PATIENCE)
    assert window.controller.document.data.dataset.sample_count == 60
    assert window.controller.history.undo_label == "Read the file again"


def test_reading_tells_its_share_and_ends_when_nobody_wants_it(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "1,2\n" * 20_000)
    shares: list[float] = []
    read_table(str(path), told=shares.append)
    assert len(shares) >= 3 and shares == sorted(shares) and 0.5 < shares[-1] <= 1.0
    path.write_text("a,b\n" + "1,3\n" * 20_000)
    reading = file_work.Reading(partial(own_data.read, str(path), None))
    reading.cancel()
    with pytest.raises(PlaygroundError, match="cancelled"):
        reading.run()


def test_what_was_read_with_its_heading_found_out_is_not_read_again(tmp_path: Path) -> None:
    path = flowers(tmp_path)
    content = read_table(str(path))
    assert read_table(str(path), content.header) is content


class Drive:
    """A disk that answers when it is let, and then says that nothing is there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers = Event()
        self.asked = 0
        self.gone = False
        stat = os.stat

        def look(path: str) -> os.stat_result:
            self.asked += 1
            self.answers.wait(PATIENCE / 1000)
            if self.gone:
                raise FileNotFoundError(path)
            return stat(path)

        monkeypatch.setattr("engine.tables.files.os", SimpleNamespace(stat=look))


def test_a_drive_that_does_not_answer_hangs_no_edit(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.own_data.open_path(flowers(tmp_path))
    use(window, qtbot)
    monkeypatch.setattr(looks, "SECONDS", 0.0)  # every edit looks at the file
    drive = Drive(monkeypatch)
    for seed in (2, 3, 4):
        window.controller.set_data("Draw new data", seed=seed)
    assert drive.asked == 1
    assert window.controller.plan.ready
    drive.gone = True
    drive.answers.set()
    qtbot.waitUntil(lambda: not window.controller.plan.ready, timeout=PATIENCE)
    assert "is not there" in str(window.controller.plan.problems[0].sentence)
    assert "is not there" in window.data.table_box.facts.text()
    drive.gone = False
    window.controller.looks.again()
    assert window.controller.plan.ready
    assert not window.data.table_box.locate.isVisibleTo(window)


def test_a_file_is_looked_at_once_a_second(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.own_data.open_path(flowers(tmp_path))
    use(window, qtbot)
    qtbot.waitUntil(lambda: window.controller.plan.seen.at_hand, timeout=PATIENCE)
    monkeypatch.setattr(looks, "SECONDS", 1000.0)
    drive = Drive(monkeypatch)
    drive.answers.set()
    for _ in range(5):
        window.controller.append_layer("Dense")
    assert drive.asked == 0


def test_a_table_dropped_on_the_window_is_shown(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(flowers(tmp_path)))])
    action, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), action, data, button, key)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), action, data, button, key))
    shown(window, qtbot).reject()


def test_a_file_that_is_no_table_is_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK no archive")
    window.own_data.open_path(path)
    assert window.own_data.dialog is None
    assert window.messages.messages()[0].text == ("broken.npz: this is no archive of NumPy arrays, or it is damaged")
    window.reset_layout()


def test_the_heading_is_read_anew(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("a,b\nc,d\nc,b\n")
    window.own_data.open_path(path)
    dialog = shown(window, qtbot)
    qtbot.mouseClick(dialog.header, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.columns.roles().target == "column 2")
    dialog.reject()


def test_columns_are_changed_later_as_one_edit(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.actions_by_id["data.columns"].trigger()
    assert "not a table of your own" in window.messages.messages()[0].text
    window.own_data.open_path(flowers(tmp_path))
    use(window, qtbot)
    before = window.controller.document
    window.actions_by_id["data.columns"].trigger()
    combo = shown(window, qtbot).columns.role_combo("noise")
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    use(window, qtbot)
    assert window.controller.document.data.dataset.columns == ("width", "height")
    assert window.controller.plan.ready
    window.controller.undo()
    assert window.controller.document == before


def test_a_file_that_is_gone_is_located(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = flowers(tmp_path)
    window.own_data.open_path(path)
    use(window, qtbot)
    document = window.controller.document
    window.controller.open(load_example("circle").document)
    moved = path.rename(tmp_path / "moved.csv")
    window.controller.open(document)
    assert [problem.kind for problem in window.controller.plan.problems] == ["no_samples"]
    assert len(window.controller.document.nodes) == len(document.nodes)
    assert not window.actions_by_id["train.play"].isEnabled()
    assert "is not there" in window.data.table_box.facts.text()
    choose_file(monkeypatch, moved)
    qtbot.mouseClick(window.data.table_box.locate, Qt.MouseButton.LeftButton)
    assert window.controller.plan.ready
    assert window.data.table_box.name.text() == "moved.csv"
    window.actions_by_id["train.step_epoch"].trigger()
    qtbot.waitUntil(lambda: epoch(window) == 1, timeout=PATIENCE)


def test_a_file_that_changes_while_it_is_learnt_from_is_one_sentence(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = flowers(tmp_path)
    window.own_data.open_path(path)
    use(window, qtbot)
    window.actions_by_id["train.play"].trigger()
    qtbot.waitUntil(lambda: epoch(window) > 5, timeout=PATIENCE)
    flowers(tmp_path, rows=60)
    window.controller.set_data("Change seed", seed=2)
    qtbot.waitUntil(lambda: not window.session.running, timeout=PATIENCE)
    assert str(window.controller.plan.problems[0].sentence).endswith("has changed since it was opened")
    window.controller.mend()
    assert window.controller.plan.ready
    assert window.controller.document.data.dataset.sample_count == 60


def test_the_command_line_trains_on_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = flowers(tmp_path)
    content = read_table(str(path))
    document, _ = fit_output(load_example("circle").document.set_data(dataset=opened(content, suggested(content))))
    save(tmp_path / "flowers.nnp", Project(document))
    reports = []
    for _ in range(2):
        assert main(["train", str(tmp_path / "flowers.nnp"), "--epochs", "300", "--json"]) == 0
        reports.append(json.loads(capsys.readouterr().out.splitlines()[-1]))
    assert reports[0]["test"]["accuracy"] > 0.9
    assert reports[0]["weights_sha256"] == reports[1]["weights_sha256"]
    path.unlink()
    assert main(["train", str(tmp_path / "flowers.nnp")]) == 2
    said = capsys.readouterr().err
    assert f"The file {path} is not there, or cannot be reached" in said and "Traceback" not in said


def test_tables_are_remembered(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    def settings() -> Settings:
        return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))

    path = flowers(tmp_path)
    first = create_window("circle", settings=settings(), theme="dark")
    first.show()
    first.own_data.open_path(path)
    use(first, qtbot)
    table = first.controller.document.data.dataset
    first.close_without_asking()
    first.deleteLater()
    second = create_window("circle", settings=settings(), theme="dark")
    second.show()
    qtbot.mouseClick(second.data.table_box.chip(str(path)), Qt.MouseButton.LeftButton)
    assert second.controller.document.data.dataset == table
    assert second.data.table_box.chip(str(path)).isChecked()
    second.close_without_asking()
    second.deleteLater()
