"""Pictures of the inspector for every layer, for a link, for several cards and for the training, to be looked at.

    python scripts/screenshot_inspectors.py OUT_FOLDER [--theme dark|light] [--folded]

One PNG per sheet of eight. With the environment variable QT_SCALE_FACTOR=2 as a fine screen shows them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from engine.catalog.registry import entries
from engine.document.graph import Data, Document, Edge, Network
from engine.plan.resolve import resolve
from widgets import theme
from widgets.inspector import Inspector

_WIDTH, _GAP = 304, 16
_PER_SHEET = 8


def kinds() -> Iterator[tuple[str, Document, frozenset[str], Edge | None]]:
    """What an inspector can be about: a name, a document, what is selected in it."""
    layers = entries("layers")
    start = Document((Network(),), Data(entries("datasets")["spiral"]())).add(layers["Input"]())
    for name, cls in layers.items():
        document = start.append(cls())
        yield name, document, frozenset({document.nodes[-1].id}), None
    document = start.append(layers["Dense"]()).append(layers["Dense"](units=1))
    first, second = (node.id for node in document.nodes[1:])
    yield "link", document, frozenset(), Edge(first, second)
    yield "cards", document, frozenset({first, second}), None
    yield "training", document, frozenset(), None


def main() -> None:
    """Write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--folded", action="store_true", help="leave groups and pictures as they are at first")
    arguments = parser.parse_args()
    application = QApplication([])
    theme.apply(application, arguments.theme)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for name, document, selection, edge in kinds():
        inspector = Inspector()
        inspector.set_state(document, resolve(document), selection, edge)
        if not arguments.folded:
            forms = (inspector.layer_form, inspector.training_form)
            inspector.set_unfolded(f"{form.objectName()}/{part}" for form in forms for part in form.foldable())
        inspector.resize(_WIDTH, 200)
        inspector.show()
        application.processEvents()
        inspector.resize(_WIDTH, min(inspector.widget().sizeHint().height() + 8, 1600))
        application.processEvents()
        pictures.append((name, inspector.grab()))
        inspector.close()
    for sheet in range(0, len(pictures), _PER_SHEET):
        _write(pictures[sheet : sheet + _PER_SHEET], arguments.folder / f"{arguments.theme}-{sheet // _PER_SHEET}.png")


def _write(pictures: list[tuple[str, QPixmap]], path: Path) -> None:
    ratio = pictures[0][1].devicePixelRatio()
    height = max(picture.deviceIndependentSize().height() for _, picture in pictures)
    sheet = QPixmap(round(len(pictures) * (_WIDTH + _GAP) * ratio), round((height + 24) * ratio))
    sheet.setDevicePixelRatio(ratio)
    sheet.fill(QColor(theme.current().surface))
    painter = QPainter(sheet)
    painter.setPen(QColor(theme.current().accent))
    for number, (name, picture) in enumerate(pictures):
        left = number * (_WIDTH + _GAP) + _GAP // 2
        painter.drawText(left, 16, name)
        painter.drawPixmap(left, 24, picture)
    painter.end()
    sheet.save(str(path))


if __name__ == "__main__":
    main()
