"""Theme, colours, icons and the dock panel."""

from __future__ import annotations

import re
from dataclasses import asdict
from importlib.resources import files

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontMetricsF, QImage
from PySide6.QtWidgets import QApplication, QCheckBox, QMainWindow, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from widgets import colors, icons
from widgets import theme as themes
from widgets.panel import Panel
from widgets.theme_style import style_sheet

THEMES = (themes.DARK, themes.LIGHT)


def luminance(color: str) -> float:
    channels = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_text_can_be_read_on_every_ground_it_stands_on(theme: themes.Theme) -> None:
    for ground in (theme.background, theme.surface, theme.raised):
        assert contrast(theme.text, ground) > 7
        assert contrast(theme.muted, ground) > 4.5
    for text in (theme.warning, theme.error, theme.success):
        assert contrast(text, theme.surface) > 4.5
    assert contrast(theme.on_accent, theme.accent) > 4.5
    assert contrast(theme.accent, theme.surface) > 3


def test_another_theme_keeps_the_style(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    themes.apply(qapp, "dark")
    made: list[object] = []
    monkeypatch.setattr(QApplication, "setStyle", made.append)
    themes.apply(qapp, "light")
    themes.apply(qapp, "dark")
    assert not made


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_style_sheet_names_only_drawings_that_exist_in_colours_of_the_theme(
    theme: themes.Theme, qapp: QApplication
) -> None:
    sheet = style_sheet(theme)
    assert "$" not in sheet
    drawings = set(re.findall(r"url\(style:([^)]+)\)", sheet))
    assert len(drawings) >= 9
    for drawing in drawings:
        source = (files("assets") / "style" / drawing).read_text(encoding="utf-8")
        used = set(re.findall(r"#[0-9a-f]{6}", source))
        shades = set(asdict(theme).values()) | set(re.findall(r"#[0-9a-f]{6}", sheet))
        assert used and used <= shades


def test_apply_dresses_the_application_and_current_knows_it(qapp: QApplication) -> None:
    for theme in THEMES:
        assert themes.apply(qapp, theme.name) == theme
        assert themes.current() == theme
        assert qapp.palette().window().color().name() == theme.background
        assert qapp.style().name() in ("fusion", "")  # a style sheet wraps the style and hides its name
    assert themes.apply(qapp, "system") in THEMES


def test_apply_refuses_another_choice(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match=r"choice \(='sepia'\) must be one of dark, light, system"):
        themes.apply(qapp, "sepia")


def test_a_window_is_painted_in_the_theme_and_follows_it(qtbot: QtBot, qapp: QApplication) -> None:
    themes.apply(qapp, "dark")
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(40, 40)
    window.show()
    assert window.grab().toImage().pixelColor(20, 20).name() == themes.DARK.background
    themes.apply(qapp, "light")
    assert window.grab().toImage().pixelColor(20, 20).name() == themes.LIGHT.background


def test_figures_have_one_width_in_every_size_and_weight(qapp: QApplication) -> None:
    for size in (themes.SMALL, themes.NORMAL, themes.LARGE):
        for weight in (QFont.Weight.Normal, QFont.Weight.DemiBold):
            metrics = QFontMetricsF(themes.font(size, weight))
            widths = [metrics.horizontalAdvance(digit * 20) for digit in "0123456789"]
            assert max(widths) - min(widths) < 1


def test_a_checked_box_is_filled_with_the_accent_and_ticked(qtbot: QtBot, theme: themes.Theme) -> None:
    box = QCheckBox("x")
    qtbot.addWidget(box)
    box.show()
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert box.isChecked()
    seen = pixels(box.grab().toImage())
    assert theme.accent in seen
    assert theme.on_accent in seen


def test_spin_boxes_draw_their_arrows(qtbot: QtBot, theme: themes.Theme) -> None:
    box = QSpinBox()
    qtbot.addWidget(box)
    box.resize(100, box.sizeHint().height())
    box.show()
    image = box.grab().toImage()
    middle = image.width() - 11
    column = [QColor(image.pixel(middle, y)).lightnessF() for y in range(4, image.height() - 4)]
    ground = QColor(theme.raised).lightnessF()
    half = len(column) // 2
    assert max(column[:half]) > ground + 0.2, "no arrow up"
    assert max(column[half:]) > ground + 0.2, "no arrow down"


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_signed_table_runs_from_negative_through_neutral_to_positive(theme: themes.Theme) -> None:
    table = [QColor.fromRgb(value).name() for value in colors.signed_table(theme)]
    assert len(table) == 256
    assert (table[0], table[255]) == (theme.negative, theme.positive)
    neutral = QColor(theme.neutral)
    for index in (127, 128):
        near = QColor(table[index])
        assert abs(near.red() - neutral.red()) <= 2 and abs(near.blue() - neutral.blue()) <= 2
    assert colors.signed_color(theme, 0).name() == theme.neutral
    assert colors.signed_color(theme, -3).name() == theme.negative
    assert colors.signed_color(theme, 1).name() == theme.positive


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_class_table_fades_each_class_from_neutral(theme: themes.Theme) -> None:
    table = [QColor.fromRgb(value).name() for value in colors.class_table(theme)]
    assert len(table) == colors.CLASSES * colors.LEVELS == 256
    for k in range(colors.CLASSES):
        assert table[k * colors.LEVELS] == theme.neutral
        assert table[k * colors.LEVELS + colors.LEVELS - 1] == colors.class_color(theme, k).name()
    assert colors.class_color(theme, 0).name() == theme.negative
    assert colors.class_color(theme, 1).name() == theme.positive
    assert len({colors.class_color(theme, k).name() for k in range(20)}) == 20


def test_viridis_has_its_known_ends_and_grows_lighter() -> None:
    table = [QColor.fromRgb(value) for value in colors.viridis_table()]
    for index, known in ((0, (68, 1, 84)), (128, (33, 145, 140)), (255, (253, 231, 37))):
        got = (table[index].red(), table[index].green(), table[index].blue())
        assert np.abs(np.subtract(got, known)).max() <= 8
    light = np.array([luminance(color.name()) for color in table])
    assert (np.diff(light) > -1e-3).all()


@pytest.mark.parametrize("name", icons.names())
def test_each_icon_draws_something_and_stays_within_its_square(name: str, qapp: QApplication) -> None:
    image = icons.pixmap(name, QColor("#ff0000"), 16, 2).toImage()
    assert (image.width(), image.height(), image.devicePixelRatio()) == (32, 32, 2)
    alpha = np.array([[image.pixelColor(x, y).alpha() for x in range(32)] for y in range(32)])
    assert (alpha > 128).sum() > 20
    border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    assert border.max() < 128, "cut off at the edge"


def test_the_icons_that_others_rely_on_exist() -> None:
    wanted = """play pause step step-epoch reset reroll undo redo trash duplicate fit plus minus search sun moon command
        warning error info close chevron-down chevron-up chevron-right dock eraser pencil grip export open save new
        layer-dense layer-activation layer-dropout layer-flatten layer-add layer-concatenate layer-input eye settings
        refresh logarithm"""
    assert set(wanted.split()) <= set(icons.names())


def test_an_unknown_icon_is_refused(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match=r"name \(='horse'\) must be one of"):
        icons.icon("horse")


def test_icons_are_made_once_for_each_theme_and_follow_it_where_assigned(qtbot: QtBot, qapp: QApplication) -> None:
    themes.apply(qapp, "dark")
    assert icons.icon("play").cacheKey() == icons.icon("play").cacheKey()
    window = QWidget()
    qtbot.addWidget(window)
    button, action = QPushButton(window), QAction(window)
    icons.assign(button, "play")
    icons.assign(action, "trash", "error")
    dark = button.icon().cacheKey()
    themes.apply(qapp, "light")
    assert button.icon().cacheKey() != dark
    assert themes.LIGHT.text in pixels(button.icon().pixmap(16, 16).toImage())
    assert themes.LIGHT.error in pixels(action.icon().pixmap(16, 16).toImage())


def test_a_panel_floats_and_closes_with_the_keyboard(qtbot: QtBot, theme: themes.Theme) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    panel = Panel("Output", "dock.output")
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, panel)
    body = QPushButton("inside")
    panel.set_body(QPushButton("before"))
    panel.set_body(body)
    panel.set_note("epoch 3")
    window.show()
    assert panel.body() is body and body.isVisible()
    assert panel.note() == "epoch 3"
    float_button = panel.findChild(QWidget, "dock.output.float")
    close_button = panel.findChild(QWidget, "dock.output.close")
    assert close_button.accessibleName() == "Close the panel Output"
    qtbot.keyClick(float_button, Qt.Key.Key_Space)
    assert panel.isFloating()
    qtbot.keyClick(float_button, Qt.Key.Key_Space)
    assert not panel.isFloating()
    qtbot.keyClick(close_button, Qt.Key.Key_Space)
    assert panel.isHidden()


def test_the_buttons_of_a_panel_are_drawn_only_with_focus_or_pointer(qtbot: QtBot, theme: themes.Theme) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    panel = Panel("Output", "dock.output")
    body = QPushButton("inside")
    panel.set_body(body)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, panel)
    window.show()
    window.activateWindow()
    body.setFocus()
    close_button = panel.findChild(QWidget, "dock.output.close")
    assert not close_button.is_drawn()
    close_button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(close_button.hasFocus)
    assert close_button.is_drawn()


def pixels(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }
