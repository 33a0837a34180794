"""What the Data panel shows of images: samples, how they are changed, what stands in their way, their folder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.datasets.digits import Digits
from engine.catalog.datasets.folder import ImageFolder
from engine.catalog.datasets.mnist import Mnist
from engine.catalog.registry import entries
from engine.document.errors import Sentence
from engine.document.graph import Data, Document, Network
from tests.widgets.conftest import Show
from widgets.data import DataPanel
from widgets.image_box import ImageBox, Standing
from widgets.image_import import ImageImport
from widgets.image_pixels import picture
from widgets.image_strip import COLUMNS, ImageStrip, SamplePreview
from widgets.table_box import TableBox
from widgets.thumbnails import Thumbnails

LAYERS, SETS = entries("layers"), entries("datasets")


def document(dataset: Any) -> Document:
    made = Document((Network(),), Data(dataset))
    return made.add(LAYERS["Input"]()).append(LAYERS["Dense"]())


def grabbed(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def colours(*values: tuple[int, int, int]) -> Any:
    """One image of a single colour each, (count, 3, 2, 2)."""
    return np.array(values, np.uint8)[:, :, None, None].repeat(2, 2).repeat(2, 3)


# --- pixels ----------------------------------------------------------------------------------------------------------


def test_grey_and_colour_are_painted_as_they_are() -> None:
    grey = picture(np.array([[[0, 255], [128, 7]]], np.uint8))
    assert [grey.pixelColor(x, y).red() for y in (0, 1) for x in (0, 1)] == [0, 255, 128, 7]
    assert grey.pixelColor(0, 1) == QColor(128, 128, 128)
    wide = np.zeros((3, 1, 3), np.uint8)  # rows of nine bytes: no multiple of four
    wide[:, 0, 2] = 10, 20, 30
    assert picture(wide).pixelColor(2, 0) == QColor(10, 20, 30)


def test_a_strip_has_its_images_and_captions_in_rows(show: Show) -> None:
    strip = ImageStrip("strip")
    values = colours(*((20 * number, 0, 200) for number in range(7)))
    strip.set_images(list(values), [f"class {number}" for number in range(7)])
    show(strip, 240, strip.heightForWidth(240))
    shown = grabbed(strip)
    ratio = shown.devicePixelRatio()
    for number in range(7):
        centre = strip.place(number).center()
        assert shown.pixelColor(int(centre.x() * ratio), int(centre.y() * ratio)) == QColor(20 * number, 0, 200)
    assert strip.place(COLUMNS).top() > strip.place(0).bottom() + 10, "captions stand between the rows"
    last = strip.place(6)
    assert last.bottom() < strip.height() and strip.place(4).right() <= 240
    assert strip.at(last.center().x(), last.bottom() + 5) == 6 and strip.at(235, last.center().y()) is None


# --- samples, changed anew -------------------------------------------------------------------------------------------


def test_samples_are_shown_changed_where_they_are_learnt_so(show: Show, qtbot: QtBot) -> None:
    preview = SamplePreview()
    show(preview, 240, 320)
    few = Digits().few(10)
    preview.set_dataset(Digits())
    preview.set_samples(few.values, [str(label) for label in few.labels.tolist()])
    assert preview.samples.captions() == tuple("0123456789")
    assert not preview.changed.isVisibleTo(preview) and not preview.again.isVisibleTo(preview)
    preview.set_dataset(Digits(rotation=90.0))
    assert preview.changed.isVisibleTo(preview) and preview.changed.count() == 10
    qtbot.waitUntil(lambda: preview.changed.height() == preview.changed.heightForWidth(preview.changed.width()) > 0)
    once = grabbed(preview.changed)
    preview.set_dataset(Digits(rotation=90.0, noise=0.0))
    assert grabbed(preview.changed) == once
    qtbot.mouseClick(preview.again, Qt.MouseButton.LeftButton)
    assert grabbed(preview.changed) != once
    preview.set_samples(None)
    assert preview.samples.count() == 0 and not preview.changed.isVisibleTo(preview)


# --- the panel -------------------------------------------------------------------------------------------------------


@pytest.fixture
def panel(show: Show) -> DataPanel:
    widget = DataPanel()
    show(widget, 240, 900)
    return widget


def test_fields_of_images_stand_in_groups(panel: DataPanel) -> None:
    panel.set_document(document(Digits()), "input_1")
    assert panel.form.control("normalization").isVisible()
    assert not panel.form.control("rotation").isVisible()
    assert panel.form.control("train_share").isVisible()
    assert not panel.split.isVisible()
    panel.form.set_unfolded(["Augmentation"])
    assert panel.form.control("rotation").isVisible()
    panel.set_document(document(Digits(noise=10.0, shift=2, zoom=15.0)), "input_1")
    texts = {name: panel.form.control(name).text() for name in ("noise", "shift", "zoom")}  # type: ignore[attr-defined]
    assert texts == {"noise": "10 %", "shift": "2 px", "zoom": "15 %"}


def test_a_published_split_is_said_and_not_asked_for(panel: DataPanel) -> None:
    panel.set_document(document(Mnist()), "input_1")
    assert panel.split.text() == "60,000 to learn from, 10,000 to test, as published"
    names = {path[0] for path in panel.form.paths()}
    assert not {"train_share", "data_seed"} & names and "batch_size" in names
    assert not panel.reroll_button.isVisible()
    panel.set_document(document(SETS["circle"]()), "input_1")
    assert not panel.split.isVisible() and not panel.preview.isVisible()
    assert panel.reroll_button.isVisible() and ("train_share",) in panel.form.paths()


def test_no_limit_is_a_word_until_a_number_is_typed(panel: DataPanel, qtbot: QtBot) -> None:
    panel.set_document(document(Digits()), "input_1")
    limit: Any = panel.form.control("limit")
    assert limit.text() == "all of them"
    heard: list[Any] = []
    panel.data_field_changed.connect(lambda *values: heard.append(values))
    limit.setFocus()
    limit.selectAll()
    QTest.keyClicks(limit, "500")
    QTest.keyClick(limit, Qt.Key.Key_Return)
    assert heard[-1] == ("limit", 500, True)


def test_wrong_names_of_classes_are_refused_in_place(panel: DataPanel) -> None:
    panel.set_document(document(Digits()), "input_1")
    control: Any = panel.form.control("only_classes")
    control.setFocus()
    QTest.keyClicks(control, "3, 12")
    QTest.keyClick(control, Qt.Key.Key_Return)
    assert "must be of 0, 1, 2" in panel.form.error_text("only_classes")


# --- pictures of the sets --------------------------------------------------------------------------------------------


def test_image_sets_stand_below_the_plane_sets_and_are_reached_by_keys(show: Show) -> None:
    sets = Thumbnails()
    show(sets, 240, 220)
    plane = [name for name, cls in SETS.items() if cls.plane]
    images = sets.image_sets()
    assert {"digits", "mnist", "cifar10"} <= set(images) and "image_folder" not in images
    top = max(sets.button(name).geometry().bottom() for name in plane)
    assert all(sets.button(name).y() > top for name in images)
    chosen: list[str] = []
    sets.chosen.connect(chosen.append)
    first = sets.button(images[0])
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Up)
    above = [name for name in plane if sets.button(name).x() == first.x()]
    assert chosen == [above[-1]]
    QTest.keyClick(sets.button(above[-1]), Qt.Key.Key_Down)
    assert chosen[-1] == images[0]
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert chosen[-1] == images[1]


def test_a_set_shows_four_images_or_that_it_is_not_there(show: Show, qtbot: QtBot) -> None:
    sets = Thumbnails()
    show(sets, 240, 220)
    button = sets.button("cifar10")
    blank = grabbed(button)
    qtbot.waitUntil(lambda: grabbed(button) != blank)
    unknown = grabbed(button)
    sets.set_images("cifar10", None)
    assert "Not on this computer" in button.toolTip()
    qtbot.waitUntil(lambda: grabbed(button) != unknown)
    absent = grabbed(button)
    sets.set_images("cifar10", colours((250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0)))
    assert "Not on this computer" not in button.toolTip()
    qtbot.waitUntil(lambda: grabbed(button) != absent)
    shown, side = grabbed(button), button.width()
    places = [(side // 4, side // 4), (3 * side // 4, side // 4), (side // 4, 3 * side // 4), (3 * side // 4,) * 2]
    assert [shown.pixelColor(*place).name() for place in places] == ["#fa0000", "#00fa00", "#0000fa", "#fafa00"]


# --- what stands in the way ------------------------------------------------------------------------------------------


def test_a_standing_has_words_a_bar_and_buttons(show: Show, qtbot: QtBot) -> None:
    box = ImageBox()
    show(box, 240, 120)
    heard: list[str] = []
    box.chosen.connect(heard.append)
    box.set_standing(None)
    assert not box.isVisible()
    box.set_standing(Standing("Not there.", buttons=(("download", "Download (11 MB)"),)))
    assert box.isVisible() and not box.bar.isVisible()
    qtbot.mouseClick(box.button("download"), Qt.MouseButton.LeftButton)
    box.set_standing(Standing("Half.", "muted", 0.5, (("cancel", "Cancel"),)))
    assert box.bar.value() * 2 == box.bar.maximum() and box.accessibleDescription() == "Half."
    cancel = box.button("cancel")
    box.set_standing(Standing("More.", "muted", 0.75, (("cancel", "Cancel"),)))
    assert box.button("cancel") is cancel, "a button that is being pressed stays"
    QTest.keyClick(cancel, Qt.Key.Key_Space)
    assert heard == ["download", "cancel"]
    box.set_standing(Standing("Looking.", "muted", -1.0))
    assert box.bar.minimum() == box.bar.maximum() == 0
    with pytest.raises(KeyError):
        box.button("cancel")
    box.set_standing(None)
    assert not box.isVisible()


# --- a folder of one's own -------------------------------------------------------------------------------------------

LEAVES = ImageFolder(path="/home/ada/leaves", classes=("birch", "oak"), counts=(30, 8), stamp=(38, 9, "x"), side=48)


def test_the_box_tells_of_a_folder_and_asks_for_it(show: Show, qtbot: QtBot) -> None:
    box = TableBox()
    show(box, 240, 160)
    heard: list[str] = []
    for name in ("folder_requested", "folder_settings_requested", "folder_located", "folder_renewed"):
        getattr(box, name).connect(lambda name=name: heard.append(name))
    box.folder_chosen.connect(heard.append)
    for name in ("columns_requested", "locate_requested", "recent_chosen"):
        getattr(box, name).connect(lambda *_: pytest.fail("that is about tables"))
    box.set_dataset(LEAVES)
    box.set_recent(["/home/ada/people.csv"])
    box.set_recent_folders([LEAVES.path])
    box.set_recent(["/home/ada/people.csv"])
    assert box.name.text() == "leaves" and box.facts.text() == "38 pictures of 2 classes, 48 × 48 in colour"
    assert box.chip(LEAVES.path).isChecked() and not box.columns.isVisible() and not box.locate.isVisible()
    for button in (box.folder, box.pictures, box.chip(LEAVES.path)):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    box.set_trouble(Sentence("It is gone"))
    assert box.facts.text() == "It is gone." and not box.pictures.isVisible()
    for button in (box.locate, box.renew):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    expected = ["folder_requested", "folder_settings_requested", LEAVES.path, "folder_located", "folder_renewed"]
    assert heard == expected


@pytest.fixture
def dialog(show: Show) -> ImageImport:
    made = ImageImport("/home/ada/leaves", Data(SETS["circle"](), 0.7, 3))
    show(made, 720, 480)
    return made


def test_a_folder_can_be_used_once_its_classes_are_known(dialog: ImageImport, qtbot: QtBot) -> None:
    used: list[Any] = []
    dialog.used.connect(lambda *values: used.append(values))
    assert not dialog.use.isEnabled() and dialog.verdict.text() == "Looking at the folder…"
    dialog.set_found(("birch", "oak"), (1200, 8))
    shown = [[dialog.classes.item(row, column).text() for column in (0, 1)] for row in (0, 1)]
    assert shown == [["birch", "1,200"], ["oak", "8"]]
    assert dialog.verdict.text() == "1,208 pictures of 2 classes, made 32 × 32 pixels in colour. Few pictures: oak"
    dialog.set_problem("The folder is gone.")
    assert not dialog.use.isEnabled() and dialog.use.toolTip() == "The folder is gone."
    dialog.set_found(("birch", "oak"), (1200, 8))
    qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    assert used == [({"side": 32, "colour": True, "stratified": True}, 0.7, 3)]
    assert not dialog.isVisible()


def test_another_size_is_looked_at(dialog: ImageImport) -> None:
    wanted: list[Any] = []
    dialog.look_wanted.connect(lambda *values: wanted.append(values))
    dialog.set_found(("birch", "oak"), (120, 80))
    dialog.set_preview(list(colours((9, 9, 9), (8, 8, 8))), ["birch", "oak"], "No pictures: oak/notes.png")
    assert dialog.verdict.text().endswith("No pictures: oak/notes.png")
    assert dialog.preview.captions() == ("birch", "oak")
    QTest.keyClick(dialog.form.control("colour"), Qt.Key.Key_Space)
    side: Any = dialog.form.control("side")
    side.setFocus()
    side.selectAll()
    QTest.keyClicks(side, "16")
    QTest.keyClick(side, Qt.Key.Key_Tab)
    assert wanted == [(32, False), (16, False)]
    assert "16 × 16 pixels in grey" in dialog.verdict.text()
    dialog.reject()
