"""Pictures of the window with every template, and with every kind of error and warning on a card, to be looked at.

    python scripts/screenshot_templates.py OUT_FOLDER [--theme dark|light] [--size 1440x900] [--only NAME…]

One PNG each, and contact sheets of four. With the environment variable QT_SCALE_FACTOR=2 as a fine screen shows them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.catalog.registry import Entry, entries, entry
from engine.document.examples import load_example
from engine.document.graph import Document, Edge, Network
from engine.document.placeholder import read_layer
from engine.document.templates import templates
from playground.app import create_window
from playground.files import empty_document
from playground.window import MainWindow
from widgets import theme

_PER_SHEET, _SHEET_WIDTH, _REST_MS = 4, 1800, 700


def chain(*layers: Entry, dataset: str = "circle", **data: object) -> Document:
    """Input and these layers in a row."""
    start = load_example("circle").document
    document = start.replace(networks=(Network(),)).append(entry("layers", "Input")())
    for layer in layers:
        document = document.append(layer)
    return document.set_data(dataset=entry("datasets", dataset)(**data))


def dense(units: int, activation: str = "tanh", **fields: object) -> Entry:
    """A Dense layer."""
    return entry("layers", "Dense")(units=units, activation=entry("activations", activation)(), **fields)


def faults() -> Iterator[tuple[str, Document]]:
    """A document for each kind of error and warning."""
    layers = entries("layers")
    plain = chain(dense(4), dense(1))
    yield "shape", chain(layers["Conv2d"](), dense(1)) if "Conv2d" in layers else plain
    yield "unconnected", plain.disconnect(plain.networks[0].edges[1])
    yield "dead end", plain.add(layers["Dense"](), 500.0, 260.0).connect("dense_1", "dense_3").append(dense(1))
    yield "output size", chain(dense(4), dense(3))
    yield "loss", chain(dense(4), dense(2, "softmax")).set_training(loss=entry("losses", "binary_cross_entropy")())
    looped = plain.append(layers["Add"]()).append(dense(1))
    network = looped.networks[0]
    edges = (*network.edges, Edge("dense_3", "add_1", 1))
    yield "cycle", looped.replace(networks=(Network(network.name, network.nodes, edges),))
    yield "columns", plain.set_layer("input_1", layers["Input"](columns=("x9",)))
    yield "values", chain(layers["Embedding"](), layers["Flatten"](), dense(1)) if "Embedding" in layers else plain
    yield "unknown", plain.set_layer("dense_1", read_layer({"type": "Whirl", "turns": 3}))
    yield "too large", chain(dense(65_536), dense(65_536), dense(1))
    yield "no samples", plain.set_data(dataset=entry("datasets", "drawn")())
    yield "empty", plain.replace(networks=(Network(),))
    yield "linear", chain(dense(4, "linear"), dense(4, "linear"), dense(1))
    yield "fading", chain(*(dense(3, "sigmoid") for _ in range(10)), dense(1))
    yield "range", chain(dense(4), dense(1, "relu"), dataset="plane")
    yield "batch", plain.set_training(batch_size=1000)
    yield "copies", chain(dense(4, weight_initializer=entry("initializers", "constant")()), dense(1))
    yield "lone unit", chain(dense(4), dense(1, "softmax"), dense(1))


def rest(window: MainWindow) -> None:
    """Let frames arrive and layouts come to rest."""
    window.fit()
    QTest.qWait(_REST_MS)


def pictures(window: MainWindow, only: list[str]) -> Iterator[tuple[str, QPixmap]]:
    """Each template, inserted in an empty window and behind a card; then each fault."""
    for template in templates():
        if not only or template in only:
            window.controller.open(empty_document())
            window.editing.insert_template(template)
            if not window.controller.plan.nodes:  # it wants images
                window.controller.open(empty_document().set_data(dataset=entry("datasets", "digits")()))
                window.editing.insert_template(template)
            rest(window)
            yield template, window.grab()
    for name, document in faults():
        if not only or name in only:
            window.controller.open(document)
            wrong = next(
                (each.node for each in (*window.controller.plan.problems, *window.controller.plan.warnings)), None
            )
            window.controller.select([wrong] if wrong is not None else [])
            rest(window)
            yield name, window.grab()


def main() -> None:
    """Write the pictures and the sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--size", default="1440x900", help="width x height of the window")
    parser.add_argument("--only", nargs="*", default=[], help="names of templates and faults")
    arguments = parser.parse_args()
    application = QApplication([])
    arguments.folder.mkdir(parents=True, exist_ok=True)
    window = create_window(theme=arguments.theme)
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.resize(*map(int, arguments.size.split("x")))
    window.show()
    while window.session.status is None:
        QTest.qWait(50)
    taken = []
    for name, picture in pictures(window, arguments.only):
        picture.save(str(arguments.folder / f"{arguments.theme}-{name.replace(' ', '_')}.png"))
        taken.append((name, picture.scaledToWidth(_SHEET_WIDTH // 2, Qt.TransformationMode.SmoothTransformation)))
    for first in range(0, len(taken), _PER_SHEET):
        _write(
            taken[first : first + _PER_SHEET], arguments.folder / f"{arguments.theme}-sheet-{first // _PER_SHEET}.png"
        )
    window.close_without_asking()
    window.deleteLater()
    application.processEvents()


def _write(taken: list[tuple[str, QPixmap]], path: Path) -> None:
    height = taken[0][1].height() + 24
    sheet = QPixmap(_SHEET_WIDTH, height * -(-len(taken) // 2))
    sheet.fill(QColor(theme.current().surface))
    painter = QPainter(sheet)
    painter.setPen(QColor(theme.current().accent))
    for number, (name, picture) in enumerate(taken):
        left, top = number % 2 * _SHEET_WIDTH // 2, number // 2 * height
        painter.drawText(left + 8, top + 16, name)
        painter.drawPixmap(QRectF(left, top + 24, picture.width(), picture.height()), picture, QRectF(picture.rect()))
    painter.end()
    sheet.save(str(path))


if __name__ == "__main__":
    main()
