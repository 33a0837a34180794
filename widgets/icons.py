"""One family of outline icons, 16 px, drawn from `assets/icons/*.svg` in the colours of the theme."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from engine.catalog.registry import entries
from widgets import theme as themes

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_NAME, _ROLE = "icon_name", "icon_role"


class _Cache(QObject):
    """Icons already made, kept on the application so that they die with it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.icons: dict[tuple[str, str, str, int], QIcon] = {}


@cache
def _folder() -> Traversable:
    """Where they are; looking for it takes longer than reading one of them."""
    return files("assets") / "icons"


@cache
def names() -> tuple[str, ...]:
    """The name of every icon, sorted."""
    return tuple(sorted(entry.name[:-4] for entry in _folder().iterdir() if entry.name.endswith(".svg")))


def icon(name: str, role: str = "text", size: int = themes.ICON) -> QIcon:
    """The icon in a colour of the current theme (`text`, `muted`, `on_accent`, `error`, …), faint when disabled.

    It does not follow a change of theme by itself: see `assign`. Raises ValueError for a name without a file.
    """
    theme = themes.current()
    made = _cache()
    key = (theme.name, name, role, size)
    if made is not None and key in made.icons:
        return made.icons[key]
    result = QIcon()
    muted = QColor(theme.muted)
    muted.setAlphaF(0.6)
    for scale in _scales():
        drawn = pixmap(name, QColor(getattr(theme, role)), size, scale)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Active, QIcon.Mode.Selected):
            result.addPixmap(drawn, mode)
        result.addPixmap(_tinted(drawn, muted), QIcon.Mode.Disabled)
    if made is not None:
        made.icons[key] = result
    return result


@cache
def of_layer(layer_name: str) -> str:
    """The name of a layer's icon: its own, that of the layer it is named after (AlphaDropout), or of its category."""
    known, plain = names(), layer_name.lower()
    layer = entries("layers").get(layer_name)
    named_after = [name for name in known if plain.endswith(name.removeprefix("layer-")) and name.startswith("layer-")]
    category = f"layer-{layer.category.lower()}" if layer is not None else ""
    wanted = (f"layer-{plain}", *named_after, category)
    return next((name for name in wanted if name in known), "layer-other")


def pixmap(name: str, color: QColor, size: int = themes.ICON, scale: float = 1.0) -> QPixmap:
    """The icon as a pixmap of `size` device-independent pixels at a device pixel ratio.

    Raises ValueError for a name without a file.
    """
    _source(name)  # before there is a painter: one that an error leaves behind ends the process
    side = round(size * scale)
    result = QPixmap(side, side)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setOpacity(color.alphaF())
    paint(painter, name, color, QRectF(0, 0, side, side))
    painter.end()
    result.setDevicePixelRatio(scale)
    return result


def paint(painter: QPainter, name: str, color: QColor, place: QRectF) -> None:
    """Draw an icon's outline itself, as sharp as the painter draws. Raises ValueError for a name without a file."""
    drawing = _source(name).replace("currentColor", color.name())
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, place)


def _scales() -> range:
    """Device pixel ratios an icon is rendered for, up to that of the finest screen; Qt picks the nearest above."""
    return range(1, math.ceil(max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1)) + 1)


def _tinted(drawn: QPixmap, color: QColor) -> QPixmap:
    """The same drawing in another colour: icons have one, and tinting is faster than drawing again."""
    result = QPixmap(drawn)
    painter = QPainter(result)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(result.rect(), color)
    painter.end()
    return result


@cache
def _source(name: str) -> str:
    source = _folder() / f"{name}.svg"
    if not source.is_file():
        raise ValueError(f"name (={name!r}) must be one of {', '.join(names())}")
    return source.read_text(encoding="utf-8")


def assign(target: QAction | QAbstractButton, name: str, role: str = "text") -> None:
    """Give an action or a button an icon that follows the theme."""
    target.setProperty(_NAME, name)
    target.setProperty(_ROLE, role)
    target.setIcon(icon(name, role))


def refresh(application: QApplication) -> None:
    """Draw again, in the current theme, every icon given by `assign`; `theme.apply` calls it."""
    for widget in application.allWidgets():
        for target in (widget, *widget.findChildren(QAction, options=Qt.FindChildOption.FindDirectChildrenOnly)):
            name = target.property(_NAME)
            if name and isinstance(target, QAction | QAbstractButton):
                target.setIcon(icon(name, target.property(_ROLE)))


def label(name: str, role: str = "muted", size: int = themes.ICON) -> QLabel:
    """A label that shows an icon and follows the theme."""
    return _IconLabel(name, role, size)


class _IconLabel(QLabel):
    def __init__(self, name: str, role: str, size: int) -> None:
        super().__init__()
        self._name, self._role, self._size = name, role, size
        self.setFixedSize(size, size)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        color = QColor(getattr(themes.current(), self._role))
        self.setPixmap(pixmap(self._name, color, self._size, self.devicePixelRatioF()))


def _cache() -> _Cache | None:
    application = QCoreApplication.instance()
    if application is None:
        return None
    return application.findChild(_Cache) or _Cache(application)
