"""The panel of metrics: its numbers, its classes, and the confusion read cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from engine.plan.target import Target
from engine.probes.metrics import judge
from tests.widgets.conftest import Show
from widgets import colors, theme
from widgets.metrics import MetricsPanel, NumberTable
from widgets.metrics_confusion import ConfusionMap

TABLES = {"train": [[80, 0, 1], [1, 86, 0], [0, 6, 76]], "test": [[77, 0, 3], [1, 84, 2], [0, 14, 69]]}


@pytest.fixture
def panel(show: Show) -> MetricsPanel:
    panel = MetricsPanel()
    show(panel, 800, 220)
    return panel


@pytest.fixture
def confusion(show: Show) -> ConfusionMap:
    widget = ConfusionMap("some.confusion")
    widget.set_counts(np.array(TABLES["test"]))
    show(widget, 400, 260)
    return widget


def measured(tables: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """What the probe answers for networks that decide so."""
    values: dict[str, NDArray[Any]] = {}
    for part, rows in tables.items():
        table = np.array(rows)
        truth, answer = (np.repeat(index.ravel(), table.ravel()) for index in np.indices(table.shape))
        target = Target("classification", len(table), len(table))
        found = judge(target, np.eye(len(table))[answer], truth)
        values |= {f"{part}.{name}": array for name, array in found.items()}
    return values


def regression() -> dict[str, NDArray[Any]]:
    truth = np.array([1.0, 2.0, 4.0])
    values: dict[str, NDArray[Any]] = {}
    for part, output in (("train", truth), ("test", truth + 0.25)):
        found = judge(Target("regression", 0, 1), output[:, None], truth)
        values |= {f"{part}.{name}": array for name, array in found.items()}
    return values


def rows(table: NumberTable) -> list[list[str]]:
    texts = []
    for row in range(table.rowCount()):
        items = [table.item(row, column) for column in range(table.columnCount())]
        texts.append([item.text() for item in items if item is not None])
    return texts


def heads(table: NumberTable) -> list[str]:
    return [table.model().headerData(n, Qt.Orientation.Horizontal) for n in range(table.columnCount())]


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_without_values_it_says_when_there_will_be_some(panel: MetricsPanel) -> None:
    assert panel.empty.isVisible() and "once it can train" in panel.empty.text()
    panel.set_values(measured(TABLES))
    assert not panel.empty.isVisible() and panel.overall.isVisible()
    panel.set_values({})
    assert panel.empty.isVisible()


def test_every_metric_stands_in_the_table(panel: MetricsPanel) -> None:
    panel.set_values(measured(TABLES))
    assert heads(panel.overall) == ["metric", "train", "test"]
    found = {row[0]: row[1:] for row in rows(panel.overall)}
    assert list(found) == [
        "accuracy",
        "balanced accuracy",
        "top-k accuracy (k = 2)",
        "precision",
        "recall",
        "F₁",
        "ROC-AUC",
    ]
    assert found["accuracy"] == ["96.8 %", "92.0 %"]
    assert found["ROC-AUC"][1].startswith("0.9")
    item = panel.overall.item(1, 0)
    assert item is not None and item.toolTip().startswith("balanced accuracy: Accuracy in which each class counts")


def test_each_class_has_its_row(panel: MetricsPanel, qtbot: QtBot) -> None:
    panel.set_values(measured(TABLES))
    assert heads(panel.classes) == ["class", "precision", "recall", "F₁", "samples"]
    assert rows(panel.classes)[2] == ["2", "93.2 %", "83.1 %", "87.9 %", "83"]
    qtbot.mouseClick(panel.part.button("train"), Qt.MouseButton.LeftButton)
    assert rows(panel.classes)[2] == ["2", "98.7 %", "92.7 %", "95.6 %", "82"]
    assert panel.confusion.cell() is None
    qtbot.keyClick(panel.part.button("train"), Qt.Key.Key_Right)
    assert rows(panel.classes)[2][-1] == "83"


def test_a_class_that_does_not_occur_has_a_dash(panel: MetricsPanel) -> None:
    panel.set_values(measured({"train": [[3, 0, 0], [0, 4, 0], [0, 0, 0]], "test": [[3, 0, 0], [0, 4, 1], [0, 0, 0]]}))
    assert rows(panel.classes)[2] == ["2", "0.0 %", "0.0 %", "0.0 %", "0"]  # answered once, and wrongly
    panel.part.button("train").click()
    assert rows(panel.classes)[2] == ["2", "—", "—", "—", "0"]


def test_a_regression_has_no_classes(panel: MetricsPanel) -> None:
    panel.set_values(measured(TABLES))
    panel.set_values(regression())
    r2, mae, rmse = rows(panel.overall)
    assert [r2[0], mae[0], rmse[0]] == ["R²", "MAE", "RMSE"]
    assert float(r2[1]) == 1 and float(r2[2]) == pytest.approx(1 - 0.1875 / 4.6667, abs=1e-3)
    assert mae[2] == rmse[2] == "0.250"
    assert not panel.classes.isVisible() and not panel.confusion.isVisible() and not panel.part.isVisible()
    panel.set_values(measured(TABLES))
    assert panel.classes.isVisible() and panel.confusion.isVisible()


def test_what_is_not_known_is_a_dash(panel: MetricsPanel) -> None:
    values = measured(TABLES)
    values["test.accuracy"] = np.array([np.nan])
    panel.set_values(values)
    assert rows(panel.overall)[0] == ["accuracy", "96.8 %", "—"]


def test_classes_wear_the_colours_of_the_theme(panel: MetricsPanel, qapp: QApplication) -> None:
    panel.set_values(measured(TABLES))
    for choice in ("light", "dark"):
        dressed = theme.apply(qapp, choice)
        for number in range(3):
            item = panel.classes.item(number, 0)
            assert item is not None
            assert QColor(item.data(Qt.ItemDataRole.DecorationRole)) == colors.class_color(dressed, number)


def test_numbers_are_never_cut(panel: MetricsPanel) -> None:
    panel.set_values(measured({"train": [[50_000, 0], [0, 50_000]], "test": [[12_345, 1], [0, 60_000]]}))
    QApplication.processEvents()
    for table in (panel.overall, panel.classes):
        for row in range(table.rowCount()):
            for column in range(1, table.columnCount()):
                item = table.item(row, column)
                assert item is not None
                assert table.fontMetrics().horizontalAdvance(item.text()) + 12 <= table.columnWidth(column)


@pytest.mark.parametrize(
    ("size", "classes_beside", "confusion_beside"),
    [((800, 200), True, True), ((640, 320), True, False), ((330, 500), False, False)],
)
def test_parts_stand_where_there_is_room(
    panel: MetricsPanel, qtbot: QtBot, size: tuple[int, int], classes_beside: bool, confusion_beside: bool
) -> None:
    panel.set_values(measured(TABLES))
    panel.resize(*size)
    QApplication.processEvents()
    assert (panel.width(), panel.height()) == size
    overall, classes, confusion = (
        part.rect().translated(part.mapTo(panel, QPoint(0, 0)))
        for part in (panel.overall, panel.classes, panel.confusion)
    )
    assert (classes.left() > overall.right()) == classes_beside
    assert (confusion.left() > classes.right()) == confusion_beside
    assert (confusion.top() > classes.bottom()) == (not confusion_beside)
    assert confusion.bottom() <= panel.height() and confusion.right() <= panel.width()
    assert panel.minimumSizeHint().width() < 320


# --- the confusion ---------------------------------------------------------------------------------------------------


def test_the_pointer_reads_a_cell(panel: MetricsPanel, qtbot: QtBot) -> None:
    panel.set_values(measured(TABLES))

    def read() -> bool:
        """The cells come to rest once all is laid out."""
        qtbot.mouseMove(panel.confusion, panel.confusion.rectangle(2, 1).center().toPoint())
        return panel.confusion.cell() == (2, 1)

    with qtbot.waitSignal(panel.confusion.pointed):
        qtbot.waitUntil(read)
    assert panel.caption.text() == "true 2, answered 1: 14 of 250 (5.6 %), 17 % of class 2"
    assert panel.confusion.accessibleDescription() == panel.caption.text()
    panel.confusion.leaveEvent(QEvent(QEvent.Type.Leave))
    assert panel.confusion.cell() is None and panel.caption.text() == "Counts, and shares of each true class"


def test_the_arrow_keys_read_cells_too(confusion: ConfusionMap, qtbot: QtBot) -> None:
    qtbot.waitUntil(confusion.isActiveWindow)
    confusion.clearFocus()  # it may have got it with the window
    confusion.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: confusion.cell() == (0, 0))
    for key, cell in (
        (Qt.Key.Key_Right, (0, 1)),
        (Qt.Key.Key_Down, (1, 1)),
        (Qt.Key.Key_Left, (1, 0)),
        (Qt.Key.Key_Left, (1, 0)),
        (Qt.Key.Key_Up, (0, 0)),
    ):
        qtbot.keyClick(confusion, key)
        assert confusion.cell() == cell
    assert confusion.cell_text().startswith("true 0, answered 0: 77 of 250")
    confusion.clearFocus()
    assert confusion.cell() is None


def test_the_tool_tip_says_the_same(confusion: ConfusionMap, qtbot: QtBot) -> None:
    place = confusion.rectangle(0, 2).center().toPoint()
    QApplication.sendEvent(confusion, QHelpEvent(QEvent.Type.ToolTip, place, confusion.mapToGlobal(place)))
    assert QToolTip.text() == "true 0, answered 2: 3 of 250 (1.2 %), 4 % of class 0"
    QToolTip.hideText()


def test_a_cell_that_is_gone_is_not_read(confusion: ConfusionMap, qtbot: QtBot) -> None:
    qtbot.mouseMove(confusion, confusion.rectangle(2, 2).center().toPoint())
    assert confusion.cell() == (2, 2)
    confusion.set_counts(np.array([[1, 0], [0, 1]]))
    assert confusion.cell() is None and confusion.cell_text() == ""
    confusion.set_counts(np.zeros((0, 0), np.int64))
    assert confusion._cell_at(QPointF(100, 100)) is None
    with pytest.raises(ValueError, match="as many rows as columns"):
        confusion.set_counts(np.zeros((2, 3), np.int64))


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_cells_are_the_stronger_the_more_they_hold(confusion: ConfusionMap, qapp: QApplication, choice: str) -> None:
    dressed = theme.apply(qapp, choice)
    image = confusion.grab().toImage()

    def ground(row: int, column: int) -> QColor:
        return image.pixelColor((confusion.rectangle(row, column).topLeft() + QPointF(4, 4)).toPoint())

    def distance(one: QColor, other: str) -> float:
        pairs = zip(one.getRgb()[:3], QColor(other).getRgb()[:3], strict=True)  # type: ignore[index]
        return sum(abs(a - b) for a, b in pairs)

    assert distance(ground(0, 1), dressed.raised) <= 3  # nothing there
    assert distance(ground(1, 1), dressed.success) < distance(ground(2, 2), dressed.success)  # 97 % and 83 %
    assert distance(ground(2, 1), dressed.warning) < distance(ground(0, 2), dressed.warning)  # 14 and 3


def test_a_hundred_classes_still_fit(confusion: ConfusionMap, qtbot: QtBot) -> None:
    confusion.set_counts(np.eye(100, dtype=np.int64) * 5)
    confusion.grab()
    qtbot.mouseMove(confusion, confusion.rectangle(99, 99).center().toPoint())
    assert confusion.cell() == (99, 99)


def test_classes_may_have_names(panel: MetricsPanel, confusion: ConfusionMap, qtbot: QtBot) -> None:
    panel.set_values(measured(TABLES))
    narrow = confusion.rectangle(0, 0).left()
    names = ["iris", "a lily with a name that is far too long", "rose"]
    panel.set_class_names(names)
    assert [panel.classes.item(row, 0).text() for row in range(3)] == names
    confusion.set_class_names(names)
    assert narrow < confusion.rectangle(0, 0).left() < 120
    qtbot.waitUntil(confusion.isActiveWindow)
    confusion.clearFocus()  # it may have got it with the window
    confusion.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: confusion.cell() == (0, 0))
    assert confusion.cell_text().startswith("true iris, answered iris: 77 of 250")
    panel.set_class_names(["iris"])  # what has no name has its number
    assert panel.classes.item(2, 0).text() == "2"


def test_it_says_which_samples_were_judged_and_when(panel: MetricsPanel) -> None:
    values = measured(TABLES)
    panel.set_values(values)
    assert panel.source.text() == ""
    moment = {"moment": np.array([3.0]), "now": np.array([False]), "learnt": np.array([2000, 60000])}
    panel.set_values(values | moment)
    assert panel.source.text() == "as of epoch 3 · train: the first 2,000 of 60,000"
    panel.set_values(values | moment | {"now": np.array([True]), "learnt": np.array([500, 500])})
    assert panel.source.text() == ""


def test_a_cell_is_chosen_where_its_samples_can_be_shown(panel: MetricsPanel, qtbot: QtBot) -> None:
    panel.set_values(measured(TABLES))
    place = panel.confusion.rectangle(0, 2).center().toPoint()
    with qtbot.assertNotEmitted(panel.cell_chosen):
        qtbot.mouseClick(panel.confusion, Qt.MouseButton.LeftButton, pos=place)
    panel.set_cells_choosable(True)
    with qtbot.waitSignal(panel.cell_chosen) as blocker:
        qtbot.mouseClick(panel.confusion, Qt.MouseButton.LeftButton, pos=place)
    assert blocker.args == ["test", (0, 2)]
    qtbot.mouseClick(panel.part.button("train"), Qt.MouseButton.LeftButton)
    assert panel.confusion.chosen() is None
