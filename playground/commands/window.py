"""The window, opened or drawn into a picture."""

from __future__ import annotations

import argparse
import math
import os
import sys
from argparse import Namespace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.document.errors import FileError, InvalidValueError
from playground.commands.shared import DONE, Commands, WorkFailed, document_of


def declare(commands: Commands) -> None:
    """Add the commands of this group."""
    parser = commands.add_parser("screenshot", help="draw the real window")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("source", nargs="?", metavar="PROJECT|EXAMPLE")
    parser.add_argument("--train", type=float, default=0.0, metavar="SECONDS", help="train so long before")
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--dock", metavar="ID", help="bring a panel to the front, such as dock.messages")
    parser.add_argument("--size", type=_size, default=(1440, 900), metavar="WxH")
    parser.set_defaults(work=screenshot)


def program_version() -> str:
    """The version of this program, or "unknown" when it was not installed."""
    return version_of("neural-playground")


def version_of(package: str) -> str:
    """The version of a package, or "unknown"."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def window(options: Namespace) -> int:
    """Open the window; or only forget the settings."""
    if options.reset_settings:
        from playground.settings import reset

        print(f"forgotten: {reset()}")
        return DONE
    _require_screen()
    from playground.app import run

    return run(options.file, options.safe_mode)


def _require_screen() -> None:
    """Raise WorkFailed where Qt would abort the process: on Linux without a display."""
    named = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform.startswith("linux") and not named:
        raise WorkFailed("there is no screen to open a window on; playground train and playground screenshot need none")


def screenshot(options: Namespace) -> int:
    """Draw the real window into a picture."""
    from playground.screenshot import take

    if options.out.suffix.lower() != ".png":
        raise InvalidValueError("the picture (={file}) must end in .png", file=options.out)
    if not (math.isfinite(options.train) and options.train >= 0):
        raise InvalidValueError("--train (={seconds}) must be a number of seconds, 0 or more", seconds=options.train)
    if options.source is not None:
        document_of(options.source)  # a bad name is said before a window is built
    try:
        return take(
            out=options.out,
            project=options.source,
            train_seconds=options.train,
            theme=options.theme,
            dock=options.dock,
            size=options.size,
        )
    except FileError as error:  # the source has been read above, so it is the picture that cannot be written
        raise WorkFailed(str(error)) from error


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 100):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1440x900")
    if max(int(width), int(height)) > 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is too large; at most 10000x10000")
    return int(width), int(height)
