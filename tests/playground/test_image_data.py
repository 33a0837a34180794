"""Images in the window: chosen by a click, learnt, looked at one by one."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.catalog.datasets.digits import Digits
from engine.catalog.registry import entry
from engine.plan.data import split
from engine.probes import answers as probes
from playground import image_answer
from playground.image_samples import few_of, plain, spread
from playground.window import MainWindow
from tests.windows import PATIENCE, step
from widgets.image_answer import ImageAnswer


def choose(window: MainWindow, qtbot: QtBot, name: str) -> None:
    qtbot.mouseClick(window.data.thumbnails.button(name), Qt.MouseButton.LeftButton)
    assert window.controller.document.data.dataset.name == name


def answers(window: MainWindow) -> ImageAnswer:
    return window.image_data.answers.widget


def answered(window: MainWindow, qtbot: QtBot, sample: int) -> None:
    """Wait until Output shows the answer to a sample."""
    values = split(window.controller.document.data).values
    view = answers(window)
    qtbot.waitUntil(
        lambda: view.bars.isVisible() and np.array_equal(view.shown().get("image", ()), values[sample]),
        timeout=PATIENCE,
    )


def test_digits_are_chosen_by_a_click_and_learnt(window: MainWindow, qtbot: QtBot) -> None:
    before = window.controller.document
    choose(window, qtbot, "digits")
    plan = window.controller.plan
    assert plan.ready, plan.problems
    assert [node.layer.name for node in plan.document.nodes][-1] == "Flatten"
    assert plan.nodes[str(plan.output)].output_shape == (10,)
    assert all(
        abs(one.x - other.x) >= 100 for one in plan.document.nodes for other in plan.document.nodes if one is not other
    ), "no card lies on another"
    qtbot.waitUntil(lambda: window.data.preview.samples.captions() == tuple("0123456789"), timeout=PATIENCE)
    view = answers(window)
    qtbot.waitUntil(lambda: view.isVisibleTo(window) and not window.output.isVisibleTo(window))
    first = window.focus.sample
    assert first == plan.document.data.dataset.train_count(0.5)
    answered(window, qtbot, first)
    window.session.play()
    qtbot.waitUntil(lambda: step(window) > 10, timeout=PATIENCE)
    window.session.pause()
    window.controller.undo()
    assert window.controller.document == before
    assert window.output.isVisibleTo(window) and not view.isVisibleTo(window)
    assert window.output.map.isVisibleTo(window)


def test_fields_of_points_do_not_become_fields_of_images(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.set_data_field("noise", 30.0, True)
    choose(window, qtbot, "digits")
    assert window.controller.document.data.dataset == Digits()
    choose(window, qtbot, "spiral")
    assert window.controller.document.data.dataset == entry("datasets", "spiral")()
    window.controller.set_data_field("noise", 20.0, True)
    choose(window, qtbot, "xor")
    assert window.controller.document.data.dataset == entry("datasets", "xor")(noise=20.0)


def test_samples_are_stepped_through(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "digits")
    first = window.focus.sample
    answered(window, qtbot, first)
    view = answers(window)
    view.picture.setFocus()
    QTest.keyClick(view.picture, Qt.Key.Key_Right)
    assert window.focus.sample == first + 1
    answered(window, qtbot, first + 1)
    assert window.panels["dock.output"].note() == f"test sample 2 of {1797 - first}"
    qtbot.mouseClick(view.part.button("train"), Qt.MouseButton.LeftButton)
    assert window.focus.sample == 0
    answered(window, qtbot, 0)
    truth = int(split(window.controller.document.data).train.targets[0])
    assert view.verdict.text().startswith(f"{truth}: ")
    window.focus.draw(tuple([0] * 64))
    qtbot.waitUntil(lambda: view.verdict.text().startswith("drawn: "), timeout=PATIENCE)
    assert window.panels["dock.output"].note() == "drawn"


def test_next_wrong_goes_to_a_wrong_answer(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(window, qtbot, "digits")
    first = window.focus.sample
    answered(window, qtbot, first)
    view = answers(window)
    for _ in range(3):
        before = window.focus.sample
        qtbot.mouseClick(view.wrong, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda before=before: window.focus.sample > before, timeout=PATIENCE)
        answered(window, qtbot, window.focus.sample)
        shown = view.shown()
        assert shown["answer"].tolist() != shown["truth"].tolist()
        assert view.wrong.isEnabled()


def test_a_search_goes_on_piece_by_piece_and_ends(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "digits")
    answered(window, qtbot, window.focus.sample)
    view = window.image_data.answers
    qtbot.mouseClick(answers(window).wrong, Qt.MouseButton.LeftButton)
    first = window.focus.sample
    asked = view.probes(window.controller.plan)[1]
    assert isinstance(asked, probes.NextWrong) and asked.sample == first and (asked.first, asked.end) == (899 - 1, 1797)
    nothing = np.array([-1])
    view.show_answer(asked, {"found": nothing, "reached": np.array([1500])})
    if len(view.probes(window.controller.plan)) > 1:  # more than one piece
        further = view.probes(window.controller.plan)[1]
        assert isinstance(further, probes.NextWrong) and further.sample == 1500
        view.show_answer(further, {"found": nothing, "reached": np.array([first])})
    assert len(view.probes(window.controller.plan)) == 1 and answers(window).wrong.isEnabled()
    assert "No other of these samples" in window.status.currentMessage()
    assert image_answer.LOOKED == probes.LOOKED


def test_augmentation_is_previewed_as_it_is_set(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "digits")
    qtbot.waitUntil(lambda: window.data.preview.samples.count() == 10, timeout=PATIENCE)
    assert window.data.preview.changed.isHidden()
    window.controller.set_data_field("rotation", 30.0, True)
    assert not window.data.preview.changed.isHidden() and window.data.preview.changed.count() == 10
    window.controller.set_data_field("only_classes", "3, 8", True)
    assert set(window.data.preview.samples.captions()) == {"3", "8"}


def test_every_class_is_among_the_few_that_are_read() -> None:
    for name in ("digits", "glyphs"):
        dataset = entry("datasets", name)()
        few = few_of(dataset).images
        assert few is not None and len(few.values) == len(few.labels) <= 200
        values, labels = spread(few, range(10), 10)
        assert labels.tolist() == list(range(10))
        assert values.shape == (10, *dataset.image_shape)
        assert spread(few, [7], 3)[1].tolist() == [7, 7, 7]


def test_what_does_not_change_images_does_not_have_them_read_again() -> None:
    assert plain(Digits(rotation=20.0, limit=500, only_classes="3, 8", normalization="per pixel")) == Digits()
    glyphs = entry("datasets", "glyphs")(drawn_shift=4, shift=3)
    assert plain(glyphs) == entry("datasets", "glyphs")(drawn_shift=4)
