"""Pictures and reports without a screen: the window opens unseen, with the run in it, and paints them."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.document.errors import FileError, InvalidValueError
from playground.commands.shared import SUFFIX, WorkFailed
from playground.window_forms import SUFFIXES

if TYPE_CHECKING:
    from engine.export.format import Subject


def form_of(options: Namespace) -> str | None:
    """The name of the painted form that suffix and `--format` mean; None where another one is meant.

    Raises InvalidValueError for options that a painted form does not have.
    """
    suffix = options.to.suffix.lower()
    if options.format in SUFFIXES:
        chosen: str = options.format
        if suffix != SUFFIXES[chosen]:
            raise InvalidValueError(
                "the file (={file}) must end in {suffix} for --format {form}",
                file=options.to,
                suffix=SUFFIXES[chosen],
                form=chosen,
            )
    elif options.format is None and suffix in SUFFIXES.values():
        chosen = next(name for name, ending in SUFFIXES.items() if ending == suffix)
    else:
        return None
    for name in ("code", "option"):
        if getattr(options, name):
            raise InvalidValueError(
                "--{name} says nothing about a {suffix} file; leave it out", name=name, suffix=suffix
            )
    return chosen


def write_painted(subject: Subject, name: str, path: Path) -> tuple[Path, ...]:
    """Let a window that nobody sees show the run, and write what it paints; returns the files.

    Raises WorkFailed where the training process does not answer, or the file cannot be written.
    """
    from engine.document.project import save
    from engine.export.states import project_of
    from engine.export.writing import write
    from playground.screenshot import PATIENCE, make_application, wait

    application = make_application()
    from PySide6.QtCore import Qt

    from playground.app import create_window
    from playground.window_forms import window_forms

    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / f"{subject.title}{SUFFIX}"
        save(project, project_of(subject.document, subject.snapshot))
        window = create_window(project, theme="light")
    try:
        window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        window.show()
        if not wait(application, lambda: window.session.status is not None, PATIENCE):
            raise WorkFailed("the training process did not answer in time")
        form = next(form for form in window_forms() if form.name == name)
        return write(form.files(window, path.name), path.parent)
    except FileError as error:
        raise WorkFailed(str(error)) from error
    finally:
        window.close_without_asking()
        window.deleteLater()
        application.processEvents()
