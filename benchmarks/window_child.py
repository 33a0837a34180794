"""What is measured inside a window's process, one command per row: `python -m benchmarks.window_child WHAT`.

Prints one JSON line. Run by `benchmarks.window_rows`, which gives it a display.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from engine.document.graph import Document
    from playground.window import MainWindow

_WARM_SECONDS = 1.0
"""What is recorded of a run's first epochs is recorded by then."""
_TURN_SECONDS = 0.5


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Turn the event loop until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
        QApplication.processEvents()
        time.sleep(0.0005)


def turn(seconds: float) -> None:
    """Let the event loop run for so long."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def train(seconds: float) -> dict[str, float]:
    """The spiral at full speed, in the window as it is delivered."""
    return _trained("spiral", seconds, _TURN_SECONDS)


def look(seconds: float) -> dict[str, float]:
    """LeNet-5 with every panel that looks into it open at once, none behind another; on glyphs where MNIST is not."""
    from engine.document.examples import load_example

    name = "mnist-lenet5"
    if load_example(name).document.data.dataset.trouble() is not None:
        name = "glyphs"
    return _trained(name, seconds, 2 * _TURN_SECONDS, every_view=True)


def _open_every_view(window: MainWindow) -> None:
    """Every panel in a window of its own, side by side."""
    for number, dock in enumerate(window.view_panels.views):
        panel = window.panels[dock]
        window.view_panels.open(dock)
        panel.setFloating(True)
        panel.setGeometry(400 * (number % 4), 330 * (number // 4), 390, 320)
        panel.show()
        turn(0.1)


def _trained(example: str, seconds: float, each: float, every_view: bool = False) -> dict[str, float]:
    """Event-loop gaps, frames and training speed of an example at full speed; memory of this process at the end.

    The window trains in turns with the same training in this process, while the window stands still: a machine that is
    shared changes its speed from second to second, and the median of the turns' ratios does not mind.
    """
    import statistics

    import numpy as np
    import psutil

    application = QApplication(sys.argv[:1])
    from engine.training.backends import choose
    from playground.app import create_window

    window = create_window(example)
    window.resize(1440, 900)
    window.show()
    session = window.controller.session
    until(lambda: session.engine == "ready" and session.status is not None)
    if every_view:
        _open_every_view(window)
    session.play()
    turn(_WARM_SECONDS if not every_view else 5 * _WARM_SECONDS)  # what a view keeps, it has gathered by then
    memory = psutil.Process(os.getpid()).memory_info().rss / 2**20  # before there is a trainer, as in no real window
    trainer = choose(window.controller.plan)[0].make(window.controller.plan)
    trainer.advance(_WARM_SECONDS)
    ticks: list[float] = []
    frames: list[tuple[float, int]] = []
    session.framed.connect(lambda frame: frames.append((time.perf_counter(), frame.status.step)))
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))

    def alone() -> float:
        session.pause()
        until(lambda: session.status is not None and not session.status.running)
        before, began = trainer.step_count, time.perf_counter()
        while time.perf_counter() < began + each:
            trainer.advance(0.005)
        return (trainer.step_count - before) / (time.perf_counter() - began)

    ratios, gaps, rates = [], [], []
    before = alone()
    for _ in range(max(1, int(seconds / each))):
        session.play()
        until(lambda: session.status is not None and session.status.running)
        turn(0.05)
        ticks.clear()
        frames.clear()
        timer.start(5)
        turn(each)
        timer.stop()
        (start, first), (end, last) = frames[0], frames[-1]
        gaps += np.diff(ticks).tolist()
        rates.append((len(frames) - 1) / (end - start))
        after = alone()
        ratios.append((last - first) / (end - start) / ((before + after) / 2))
        before = after
    found = {
        "gap_p99": float(np.percentile(gaps, 99)) * 1e3,
        "gap_max": max(gaps) * 1e3,
        "frames_per_second": statistics.median(rates),
        "ratio": statistics.median(ratios),
        "memory": memory,
    }
    window.close_without_asking()
    application.processEvents()
    return found


def act(seconds: float) -> dict[str, float]:
    """Milliseconds from an action to its effect on screen: play, pause, a batch, an edit, undo."""
    application = QApplication(sys.argv[:1])
    from playground.app import create_window

    window = create_window("spiral")
    window.resize(1440, 900)
    window.show()
    controller, session = window.controller, window.controller.session
    until(lambda: session.engine == "ready" and session.status is not None)
    turn(1.0)  # what comes after the first paint is measured by `start`

    def taken(action: Callable[[], object], effect: Callable[[], bool]) -> float:
        began = time.perf_counter()
        action()
        until(effect)
        application.processEvents()
        return (time.perf_counter() - began) * 1e3

    def status_step() -> int:
        return session.status.step if session.status else -1

    found: dict[str, float] = {}
    step = status_step()
    found["play"] = taken(session.play, lambda: status_step() > step)
    found["pause"] = taken(session.pause, lambda: session.status is not None and not session.status.running)
    step = status_step()
    found["step"] = taken(lambda: session.step("batch"), lambda: status_step() > step)
    rate = controller.document.training.optimizer.learning_rate * 2
    optimizer = controller.document.training.optimizer.replace(learning_rate=rate)
    session.play()
    ends = controller.document.training.epochs  # from where on the schedule changes the rate no more
    until(lambda: session.status is not None and session.status.running and session.status.epoch > ends)
    dense = next(node for node in controller.document.nodes if node.layer.name == "Dense")
    factor = session.status.learning_rate / (rate / 2) if session.status else 1.0
    found["edit, training goes on"] = taken(
        lambda: controller.apply("rate", lambda document: document.set_training(optimizer=optimizer)),
        lambda: session.status is not None and session.status.learning_rate > 1.5 * factor * rate / 2,
    )
    found["edit, a new run"] = taken(
        lambda: controller.apply("units", lambda document: document.set_field(dense.id, "units", 7)),
        lambda: status_step() > 0,  # a new run has no status before its first frame
    )
    found["undo"] = taken(controller.undo, lambda: status_step() > 0 and controller.document.node(dense.id) == dense)
    edge = next(edge for edge in controller.document.networks[0].edges if edge.target == dense.id)
    for time_added in ("first time", "again"):  # the first time, the form of such a layer has never been drawn
        found[f"a layer added, first frame of training, {time_added}"] = taken(
            lambda: controller.insert_layer("Dense", edge), lambda: controller.plan.ready and status_step() > 0
        )
        turn(0.5)
        controller.undo()
        until(lambda: status_step() > 0)
    window.close_without_asking()
    application.processEvents()
    return found


def _large() -> Document:
    """A document of 200 cards."""
    from engine.catalog.layers.dense import Activation, Dense, Input
    from engine.document.examples import load_example
    from engine.document.graph import Network

    document = load_example("circle").document.replace(networks=(Network(),)).add(Input())
    for _ in range(100):
        document = document.append(Dense(units=8))
    for place in range(99):
        document = document.insert_between(document.networks[0].edges[place % 20], Activation())
    return document.move(
        (node.id, 200.0 * (place % 20), 160.0 * (place // 20)) for place, node in enumerate(document.nodes)
    )


def open_file(seconds: float) -> dict[str, float]:
    """Milliseconds from the order to open a project file of 200 cards, with its weights, to the painted picture."""
    import statistics
    import tempfile
    from pathlib import Path

    application = QApplication(sys.argv[:1])
    from engine.document.examples import load_example
    from engine.document.project import Project, load, save
    from engine.export.weights import encode
    from engine.plan.copying import initial_weights
    from engine.plan.resolve import resolve
    from playground.app import create_window

    document = _large().set_field("dense_100", "units", 1)
    window = create_window("circle")
    window.resize(1440, 900)
    window.show()
    controller, session = window.controller, window.controller.session
    until(lambda: session.engine == "ready" and session.status is not None)
    turn(1.0)
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.nnp"
        save(path, Project(document, encode(initial_weights(resolve(document))), {"epoch": 3, "step": 75}))
        assert load(path).document == document
        for _ in range(5):
            began = time.perf_counter()
            window.files.open_path(path)
            application.processEvents()
            taken.append((time.perf_counter() - began) * 1e3)
            assert controller.document == document
            until(lambda: session.status is not None and session.status.step == 75)
            controller.open(load_example("circle").document)
            until(lambda: session.status is not None and session.status.step == 0)
    window.close_without_asking()
    application.processEvents()
    return {"first": taken[0], "median": statistics.median(taken)}


def drag(seconds: float) -> dict[str, float]:
    """Milliseconds for one step of a drag on a canvas of 200 cards, from the edit to the painted picture."""
    import statistics

    application = QApplication(sys.argv[:1])
    from playground.app import create_window

    window = create_window(_large())
    window.resize(1440, 900)
    window.show()
    until(lambda: window.controller.session.engine == "ready")
    node = window.controller.document.nodes[105]
    taken = []
    for step in range(60):
        began = time.perf_counter()
        window.controller.apply(
            "move",
            lambda document, step=step: document.move([(node.id, node.x + 3.0 * step, node.y + 2.0 * step)]),
            "drag",
            finished=False,
        )
        application.processEvents()
        taken.append((time.perf_counter() - began) * 1e3)
    found = {"median": statistics.median(taken), "worst": max(taken)}
    window.close_without_asking()
    application.processEvents()
    return found


def curves(seconds: float) -> dict[str, float]:
    """Milliseconds to show a history of 10⁶ epochs (as the worker thins it) and paint it."""
    import statistics

    import numpy as np

    application = QApplication(sys.argv[:1])
    from widgets import theme
    from widgets.curves import CurvesView

    theme.apply(application, "dark")
    view = CurvesView()
    view.resize(320, 260)
    view.show()
    rng, taken, count = np.random.default_rng(1), [], 2000
    for frame in range(60):
        epochs = np.linspace(0, 1e6 + frame, count)
        loss = np.exp(-epochs / 2e5) + 0.01 + rng.uniform(0, 0.01, count)
        arrays = {"epoch": epochs, "train_loss": loss, "test_loss": loss * 1.2, "train_metric": 1 - loss / 2}
        arrays |= {"test_metric": 1 - loss / 2, "rate": np.full(count, 0.03)}
        began = time.perf_counter()
        view.set_curves(arrays)
        view.repaint()
        application.processEvents()
        taken.append((time.perf_counter() - began) * 1e3)
    view.close()
    return {"median": statistics.median(taken), "worst": max(taken)}


if __name__ == "__main__":
    what, argument = sys.argv[1], float(sys.argv[2])
    measures = {"train": train, "look": look, "act": act, "open": open_file, "drag": drag, "curves": curves}
    print(json.dumps(measures[what](argument)))
