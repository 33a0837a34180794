"""Two themes, light and dark: palette, fonts, spacing; `apply` dresses the application in one of them.

Views read `current()` when they paint, and repaint on `QEvent.Type.PaletteChange` or `StyleChange`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from widgets.theme_style import style_sheet

UNIT = 4
"""The grid, in device-independent pixels."""
SPACING = 8
"""Between neighbouring controls."""
MARGIN = 12
"""Inside a panel."""
RADIUS = 6
"""Of every corner."""
ICON = 16
"""Side of an icon."""
SMALL, NORMAL, LARGE = 11, 13, 16
"""The three font sizes, in pixels."""

FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "SF Pro", "Noto Sans", "DejaVu Sans")


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, as `#rrggbb`."""

    name: str
    background: str
    """Behind panels and canvas."""
    surface: str
    """Panels and cards."""
    raised: str
    """Controls."""
    line: str
    """Borders and grid."""
    text: str
    muted: str
    """Labels and captions."""
    accent: str
    """Selection, primary buttons, focus rings."""
    on_accent: str
    """Text on the accent."""
    warning: str
    error: str
    success: str
    neutral: str
    """Zero, among signed values."""
    negative: str
    positive: str

    @property
    def is_dark(self) -> bool:
        """Whether light text stands on a dark ground."""
        return QColor(self.background).lightnessF() < 0.5


DARK = Theme(
    name="dark",
    background="#14171c",
    surface="#1c2027",
    raised="#262c36",
    line="#343c4a",
    text="#e7eaf0",
    muted="#98a2b3",
    accent="#4f9cf9",
    on_accent="#0b1119",
    warning="#e5a13a",
    error="#ef5b5b",
    success="#4fb286",
    neutral="#1c2027",
    negative="#f59322",
    positive="#2f7fd6",
)
LIGHT = Theme(
    name="light",
    background="#f6f7f9",
    surface="#ffffff",
    raised="#eef0f4",
    line="#d5dae2",
    text="#1a1f29",
    muted="#5c6675",
    accent="#1668c7",
    on_accent="#ffffff",
    warning="#915c05",
    error="#c22f2f",
    success="#1b7a4b",
    neutral="#f2f3f5",
    negative="#f59322",
    positive="#2f7fd6",
)

_PROPERTY = "playground_theme"


class _SystemFollower(QObject):
    """Lives on the application while it follows the system, and changes the theme when the system does."""

    def follow(self) -> None:
        """Dress the application again in what the system asks for now."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            _dress(application, _system_theme())


def apply(application: QApplication, choice: str) -> Theme:
    """Dress the application in "dark", "light" or what the "system" asks for; returns the theme in use.

    Raises ValueError for any other choice.
    """
    schemes = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light, "system": Qt.ColorScheme.Unknown}
    if choice not in schemes:
        raise ValueError(f"choice (={choice!r}) must be one of {', '.join(schemes)}")
    for follower in application.findChildren(_SystemFollower):
        follower.setParent(None)
        follower.deleteLater()
    hints = application.styleHints()
    hints.setColorScheme(schemes[choice])  # window frames and native dialogs follow this hint
    if choice == "system":
        hints.colorSchemeChanged.connect(_SystemFollower(application).follow)
    theme = {"dark": DARK, "light": LIGHT}.get(choice) or _system_theme()
    _dress(application, theme)
    return theme


def current() -> Theme:
    """The theme the application wears; dark while there is none."""
    application = QCoreApplication.instance()
    return LIGHT if application is not None and application.property(_PROPERTY) == LIGHT.name else DARK


@contextmanager
def worn(theme: Theme) -> Iterator[None]:
    """For what is painted meanwhile, `current()` is this theme; nothing on the screen changes."""
    application = QCoreApplication.instance()
    assert application is not None
    before = application.property(_PROPERTY)
    application.setProperty(_PROPERTY, theme.name)
    try:
        yield
    finally:
        application.setProperty(_PROPERTY, before)


def font(size: int = NORMAL, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The interface font at a size in pixels, with tabular figures so that changing numbers keep their width."""
    result = QFont()
    result.setFamilies(list(FAMILIES))
    result.setPixelSize(size)
    result.setWeight(weight)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def palette(theme: Theme) -> QPalette:
    """The Qt palette of a theme."""
    result = QPalette()
    role = QPalette.ColorRole
    colors = {
        role.Window: theme.background,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.raised,
        role.Text: theme.text,
        role.PlaceholderText: theme.muted,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Light: theme.raised,
        role.Midlight: theme.raised,
        role.Mid: theme.line,
        role.Dark: theme.line,
        role.Shadow: theme.background,
    }
    for name, color in colors.items():
        result.setColor(name, QColor(color))
    for name in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, name, QColor(theme.muted))
    return result


def translate_catalog(text: str) -> str:
    """A text of the catalogue (a description, a label) in the language of the window."""
    return QCoreApplication.translate("catalog", text)


def demo(widget: QWidget | Callable[[], QWidget]) -> NoReturn:
    """Show a widget, or what a factory makes once there is an application, alone; ends the process.

    Command line: `--theme dark|light|system`, `--size WIDTHxHEIGHT`, `--screenshot OUT.png` (draws and quits).
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--theme", choices=("dark", "light", "system"), default="system")
    parser.add_argument("--size", metavar="WIDTHxHEIGHT")
    parser.add_argument("--screenshot", metavar="OUT.png")
    arguments = parser.parse_args()
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    apply(application, arguments.theme)
    shown = widget if isinstance(widget, QWidget) else widget()
    if arguments.size:
        width, height = (int(side) for side in arguments.size.split("x"))
        shown.resize(width, height)
    shown.show()
    if arguments.screenshot is None:
        raise SystemExit(application.exec())
    for _ in range(5):  # layouts settle over a few turns of the event loop
        application.processEvents()
    saved = shown.grab().save(arguments.screenshot)
    shown.close()
    raise SystemExit(0 if saved else f"could not write {arguments.screenshot}")


def _system_theme() -> Theme:
    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def _dress(application: QApplication, theme: Theme) -> None:
    from widgets import icons  # icons ask for `current()`, so they can only be loaded after this module

    if application.property(_PROPERTY) is None:  # once: each time, all widgets are made up anew
        application.setStyle("Fusion")
    application.setProperty(_PROPERTY, theme.name)
    application.setFont(font())
    application.setPalette(palette(theme))
    application.setStyleSheet(style_sheet(theme))
    icons.refresh(application)
