"""The style sheet of a theme: what Fusion draws differently here.

Widgets choose a look by their dynamic property `class`: `primary`, `chip`, `flat`, `segment` for buttons; `title`,
`muted`, `error`, `warning` for labels; `panel` for frames.
"""

from __future__ import annotations

from dataclasses import asdict
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir
from PySide6.QtGui import QColor

if TYPE_CHECKING:
    from widgets.theme import Theme

_PREFIX = "style"
"""Search path of the drawn arrows and ticks; a style sheet can only name files."""

_BASE = Template("""
QMainWindow, QDialog { background: $background; }
QMainWindow::separator { background: transparent; width: 8px; height: 8px; }
QMainWindow::separator:hover { background: $line; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px 6px; font-size: 13px; }
QStatusBar { background: $background; color: $muted; font-size: 11px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $muted; font-size: 11px; }
QToolBar { background: $background; border: none; spacing: 8px; padding: 0; }
QLabel[class="title"] { font-weight: 600; }
QLabel[class="muted"] { color: $muted; font-size: 11px; }
QLabel[class="error"] { color: $error; font-size: 11px; }
QLabel[class="warning"] { color: $warning; font-size: 11px; }
QLabel:disabled { color: $faint; }
QFrame[class="panel"] { background: $surface; border: 1px solid $line; border-radius: 6px; }
QFrame[class="chosen"] { background: $surface; border: 1px solid $accent; border-radius: 6px; }
QGraphicsView { background: $background; border: none; }
QAbstractScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QSplitter::handle { background: transparent; }
QGroupBox { border: 1px solid $line; border-radius: 6px; margin-top: 10px; padding: 8px; }
QGroupBox::title { subcontrol-origin: margin; left: 10px; padding: 0 4px; color: $muted; }
""")

_BUTTONS = Template("""
QPushButton, QToolButton {
    background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 4px 10px;
    min-height: 18px;
}
QPushButton:hover, QToolButton:hover { background: $hover; border-color: $strong; }
QPushButton:pressed, QToolButton:pressed { background: $line; }
QPushButton:focus, QToolButton:focus { border-color: $accent; }
QPushButton:disabled, QToolButton:disabled { background: transparent; color: $faint; border-color: $line; }
QPushButton:checked, QToolButton:checked { background: $tint; border-color: $accent; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0; }

QPushButton[class="primary"], QToolButton[class="primary"] {
    background: $accent; color: $on_accent; border: 2px solid $accent; font-weight: 600; padding: 3px 11px;
}
QPushButton[class="primary"]:hover, QToolButton[class="primary"]:hover {
    background: $accent_hover; border-color: $accent_hover;
}
QPushButton[class="primary"]:pressed, QToolButton[class="primary"]:pressed {
    background: $accent_pressed; border-color: $accent_pressed;
}
QPushButton[class="primary"]:focus, QToolButton[class="primary"]:focus { border-color: $text; }
QPushButton[class="primary"]:disabled, QToolButton[class="primary"]:disabled {
    background: $raised; color: $faint; border-color: $raised;
}

QPushButton[class="flat"], QToolButton[class="flat"] {
    background: transparent; border-color: transparent; padding: 3px;
}
QPushButton[class="flat"]:hover, QToolButton[class="flat"]:hover { background: $hover; }
QPushButton[class="flat"]:pressed, QToolButton[class="flat"]:pressed { background: $line; }
QPushButton[class="flat"]:checked, QToolButton[class="flat"]:checked { background: $tint; border-color: $tint; }
QPushButton[class="flat"]:focus, QToolButton[class="flat"]:focus { border-color: $accent; }
QPushButton[class="flat"]:disabled, QToolButton[class="flat"]:disabled { border-color: transparent; }

QToolButton[class="heading"] {
    background: transparent; border: 1px solid transparent; padding: 1px 6px 1px 0; font-weight: 600;
}
QToolButton[class="heading"]:hover { background: $hover; }
QToolButton[class="heading"]:checked { background: transparent; }
QToolButton[class="heading"]:checked:hover { background: $hover; }
QToolButton[class="heading"]:focus, QToolButton[class="heading"]:checked:focus { border-color: $accent; }

QPushButton[class="chip"] {
    border-radius: 11px; padding: 1px 9px; font-size: 11px; min-height: 18px; max-height: 18px; font-weight: 500;
}
QPushButton[class="chip"]:checked { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[class="chip"]:checked:hover { background: $accent_hover; }
QPushButton[class="chip"]:focus { border-color: $accent; }
QPushButton[class="chip"]:checked:focus { border-color: $text; }
QPushButton[class="chip"]:checked:disabled { background: $line; color: $faint; border-color: $line; }

QFrame[class="segmented"] { background: $raised; border: 1px solid $line; border-radius: 6px; }
QToolButton[class="segment"] {
    background: transparent; color: $muted; border: 1px solid transparent; border-radius: 5px; padding: 1px 8px;
    font-size: 11px; min-height: 16px; font-weight: 500;
}
QToolButton[class="segment"]:hover { color: $text; }
QToolButton[class="segment"]:checked { background: $segment; color: $text; border-color: $strong; }
QToolButton[class="segment"]:focus { border-color: $accent; }
QToolButton[class="segment"]:disabled { color: $faint; }

QToolButton[popupMode="1"] { padding-right: 24px; }
QToolButton::menu-button { background: transparent; border: none; border-left: 1px solid $line; width: 20px;
    border-top-right-radius: 6px; border-bottom-right-radius: 6px; }
QToolButton::menu-button:hover { background: $hover; }
QToolButton::menu-arrow { image: url(style:arrow-down-$name.svg); width: 10px; height: 10px; }
QToolButton::menu-arrow:disabled { image: url(style:arrow-down-off-$name.svg); }

QCheckBox, QRadioButton { spacing: 8px; border: none; padding: 2px 0; }
QCheckBox:disabled, QRadioButton:disabled { color: $faint; }
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator {
    width: 14px; height: 14px; border: 1px solid $strong; border-radius: 4px; background: $raised;
}
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $muted; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {
    background: $accent; border-color: $accent; image: url(style:check-$name.svg);
}
QCheckBox::indicator:indeterminate { background: $accent; border-color: $accent; image: url(style:dash-$name.svg); }
QRadioButton::indicator:checked { background: $accent; border-color: $accent; image: url(style:dot-$name.svg); }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked:focus, QRadioButton::indicator:checked:focus,
QCheckBox::indicator:indeterminate:focus { border-color: $text; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { background: transparent; border-color: $line; }
QCheckBox::indicator:checked:disabled, QRadioButton::indicator:checked:disabled { background: $line; }
""")

_FIELDS = Template("""
QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit {
    background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 3px 8px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit, QComboBox, QAbstractSpinBox { min-height: 20px; }
QPlainTextEdit, QTextEdit { padding: 4px; }
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { border-color: $strong; }
QLineEdit:focus, QComboBox:focus, QComboBox:on, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border-color: $accent;
}
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled, QPlainTextEdit:disabled, QTextEdit:disabled {
    background: transparent; color: $faint;
}
QLineEdit:read-only { background: transparent; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QComboBox[invalid="true"] { border-color: $error; }

QAbstractSpinBox { padding-right: 2px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; width: 20px; border: none; background: transparent; margin-right: 1px;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; border-top-right-radius: 5px; margin-top: 1px; }
QAbstractSpinBox::down-button {
    subcontrol-position: bottom right; border-bottom-right-radius: 5px; margin-bottom: 1px;
}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $hover; }
QAbstractSpinBox::up-button:pressed, QAbstractSpinBox::down-button:pressed { background: $line; }
QAbstractSpinBox::up-arrow { image: url(style:arrow-up-$name.svg); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url(style:arrow-down-$name.svg); width: 10px; height: 10px; }
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::up-arrow:off {
    image: url(style:arrow-up-off-$name.svg);
}
QAbstractSpinBox::down-arrow:disabled, QAbstractSpinBox::down-arrow:off {
    image: url(style:arrow-down-off-$name.svg);
}

QAbstractSpinBox[class="readout"] {
    background: transparent; border-color: transparent; font-size: 16px; font-weight: 600;
    padding: 0 0 4px 0; min-height: 16px;
}
QAbstractSpinBox[class="readout"]::up-button, QAbstractSpinBox[class="readout"]::down-button { width: 0; }
QAbstractSpinBox[class="readout"]::up-arrow, QAbstractSpinBox[class="readout"]::down-arrow { image: none; width: 0; }
QAbstractSpinBox[class="readout"]:hover { border-color: $strong; }
QAbstractSpinBox[class="readout"]:focus { border-color: $accent; background: $raised; }

QComboBox { padding-right: 2px; }
QComboBox::drop-down { subcontrol-origin: border; subcontrol-position: center right; width: 24px; border: none; }
QComboBox::down-arrow { image: url(style:arrow-down-$name.svg); width: 10px; height: 10px; }
QComboBox::down-arrow:disabled { image: url(style:arrow-down-off-$name.svg); }
QComboBox QAbstractItemView {
    background: $surface; color: $text; border: 1px solid $line; padding: 4px; outline: none;
    selection-background-color: $tint; selection-color: $text;
}
QComboBox QListWidget[class="choices"], QComboBox QListWidget[class="choices"]:focus {
    background: transparent; border: none; padding: 0;
}
QComboBox QAbstractItemView::item { min-height: 24px; padding: 0 6px; border-radius: 4px; }

QSlider { min-height: 20px; border: 1px solid transparent; border-radius: 6px; }
QSlider::groove:horizontal { height: 4px; background: $line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal {
    width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; background: $accent; border: 1px solid $accent;
}
QSlider::groove:vertical { width: 4px; background: $line; border-radius: 2px; }
QSlider::add-page:vertical { background: $accent; border-radius: 2px; }
QSlider::handle:vertical {
    width: 12px; height: 12px; margin: 0 -5px; border-radius: 7px; background: $accent; border: 1px solid $accent;
}
QSlider::handle:hover { background: $accent_hover; border-color: $accent_hover; }
QSlider::handle:focus { border: 2px solid $text; width: 10px; height: 10px; }
QSlider::sub-page:horizontal:disabled, QSlider::add-page:vertical:disabled { background: $strong; }
QSlider::handle:disabled { background: $strong; border-color: $strong; }
QProgressBar {
    background: $line; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; text-align: center;
    color: transparent;
}
QProgressBar::chunk { background: $accent; border-radius: 3px; }
""")

_LISTS = Template("""
QMenuBar { background: $background; color: $text; padding: 2px 4px; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 4px; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $raised; }
QMenu { background: $surface; color: $text; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 8px; border-radius: 4px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: $tint; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QMenu::right-arrow { image: url(style:arrow-right-$name.svg); width: 10px; height: 10px; margin-right: 4px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 6px; }
QMenu::indicator:checked { image: url(style:tick-$name.svg); }

QAbstractItemView { background: transparent; border: none; outline: none; alternate-background-color: $raised; }
QListView::item, QTreeView::item {
    min-height: 24px; padding: 0 4px; border: 1px solid transparent; border-radius: 4px;
}
QTableView { gridline-color: $line; }
QTableView::item { padding: 2px 6px; border: none; }
QListView::item:hover, QTreeView::item:hover { background: $hover; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected { background: $tint; color: $text; }
QAbstractItemView:focus::item:selected { border-color: $accent; }
QTreeView { show-decoration-selected: 1; selection-background-color: $tint; }
QTreeView::branch:has-children:closed { image: url(style:arrow-right-$name.svg); }
QTreeView::branch:has-children:open { image: url(style:arrow-down-$name.svg); }
QHeaderView { background: transparent; border: none; }
QHeaderView::section {
    background: transparent; color: $muted; border: none; border-bottom: 1px solid $line; padding: 4px 6px;
    font-size: 11px; font-weight: 400;
}
QTableCornerButton::section { background: transparent; border: none; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: $strong; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; }

QTabWidget::pane { border: none; }
QTabBar { background: transparent; border: none; }
QTabBar::tab {
    background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent;
    padding: 6px 12px 4px 12px;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }
QTabBar::tab:disabled { color: $faint; }
QTabBar QToolButton { padding: 0; min-height: 0; background: $surface; }

QDockWidget { color: $text; }
QFrame#panelTitle {
    background: $surface; border: 1px solid $line; border-bottom: none;
    border-top-left-radius: 6px; border-top-right-radius: 6px;
}
QFrame#panelBody {
    background: $surface; border: 1px solid $line; border-top: none;
    border-bottom-left-radius: 6px; border-bottom-right-radius: 6px;
}
QFrame#panelTitle QToolButton { background: $surface; border: 1px solid transparent; border-radius: 4px;
    padding: 1px; min-height: 16px; }
QFrame#panelTitle QToolButton:hover { background: $raised; }
QFrame#panelTitle QToolButton:focus { border-color: $accent; }
""")


def style_sheet(theme: Theme) -> str:
    """The style sheet of a theme, ready for `QApplication.setStyleSheet`."""
    QDir.setSearchPaths(_PREFIX, [str(files("assets") / "style")])
    colors = {
        **asdict(theme),
        "hover": _mix(theme.raised, theme.text, 0.08),
        "strong": _mix(theme.line, theme.text, 0.25),
        "faint": _mix(theme.muted, theme.surface, 0.35),
        "tint": _mix(theme.surface, theme.accent, 0.22),
        "segment": theme.line if theme.is_dark else theme.surface,
        "accent_hover": _mix(theme.accent, "#ffffff", 0.14),
        "accent_pressed": _mix(theme.accent, "#000000", 0.14),
    }
    return "".join(part.substitute(colors) for part in (_BASE, _BUTTONS, _FIELDS, _LISTS))


def _mix(start: str, end: str, share: float) -> str:
    pairs = zip(QColor(start).getRgb()[:3], QColor(end).getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + (b - a) * share) for a, b in pairs)).name()
