"""What each command of the command line does."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from argparse import Namespace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from engine.document.errors import FileError, InvalidValueError

if TYPE_CHECKING:
    from engine.document.graph import Document
    from engine.training.trainer import Evaluation
    from engine.worker.headless import Result

DONE, FAILED = 0, 1
SUFFIX = ".nnp"
LIBRARIES = ("PySide6-Essentials", "pyqtgraph", "numpy", "torch", "numba", "safetensors", "scikit-learn", "pillow")
BAR_WIDTH = 30
BAR_SECONDS = 0.1


class WorkFailed(Exception):
    """The command was understood, but what it asked for did not succeed; one sentence."""


def program_version() -> str:
    """The version of this program, or "unknown" when it was not installed."""
    return _version("neural-playground")


def _version(package: str) -> str:
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
        _document(options.source)  # a bad name is said before a window is built
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


def _document(source: str) -> Document:
    """The document of a project file or an example. Raises PlaygroundError."""
    from engine.document.examples import load_example
    from engine.document.project import load

    if source.endswith(SUFFIX) or Path(source).is_file():
        return load(source).document
    return load_example(source).document


# --- training --------------------------------------------------------------------------------------------------------


def train(options: Namespace) -> int:
    """Train a project or an example, and say how it went."""
    if options.out is not None and options.out.suffix != SUFFIX:
        raise InvalidValueError("--out (={file}) must end in .nnp", file=options.out)
    document = _document(options.source)
    if options.seeds is not None:
        return _study(options, document)
    result = _trained(document, epochs=options.epochs, seed=options.seed, engine=options.engine, device=options.device)
    if options.out is not None:
        _save(options.out, result)
    if options.json:
        print(json.dumps(_report(options.source, result)))
    else:
        print(_summary(options.source, result))
    return DONE


def _trained(document: Document, **arguments: Any) -> Result:
    from engine.training.trainer import Diverged
    from engine.worker.headless import train as run

    bar = _Bar()
    try:
        return run(document, progress=bar.show if sys.stderr.isatty() else None, **arguments)
    except Diverged as error:
        where = f", first at {error.node}" if error.node else ""
        raise WorkFailed(
            f"the loss stopped being a finite number at step {error.step}{where}; lower the learning rate"
        ) from error
    finally:
        bar.clear()


def _study(options: Namespace, document: Document) -> int:
    """Train many times with different seeds, and say how the outcomes are spread."""
    from engine.worker.headless import study

    if options.out is not None:
        raise InvalidValueError("--out cannot be combined with --seeds; leave one of them out")
    bar = _Bar()
    try:
        found = study(
            document,
            options.seeds,
            epochs=options.epochs,
            seed=options.seed,
            engine=options.engine,
            device=options.device,
            **({"progress": bar.count} if sys.stderr.isatty() else {}),
        )
    finally:
        bar.clear()
    report = {"example": options.source, **found.report()}
    print(json.dumps(report) if options.json else _study_summary(report))
    return DONE


def find_rate(options: Namespace) -> int:
    """Train a copy of a project or an example while the learning rate rises, and say which rates look good."""
    from engine.worker.headless import search_rate

    document = _document(options.source)
    given = {name: getattr(options, name) for name in ("low", "high", "steps", "seed", "engine", "device")}
    arguments: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    bar = _Bar()
    if sys.stderr.isatty():
        arguments["progress"] = bar.steps
    try:
        found = search_rate(document, **arguments)
    finally:
        bar.clear()
    report = {"example": options.source, **found.report()}
    print(json.dumps(report) if options.json else _rate_summary(report))
    return DONE


def _rate_summary(report: dict[str, Any]) -> str:
    begins = (
        f"{report['example']}: {report['steps']:,} of {report['planned_steps']:,} steps "
        f"in {report['seconds']:.1f} s with {report['engine']}"
    )
    if report["diverged"]:
        begins += "; then the loss grew without bounds"
    if report["steepest"] is None:
        return f"{begins}\n  the loss did not fall: no rate can be suggested"
    return (
        f"{begins}\n"
        f"  a tenth of the rate with the lowest loss: {report['tenth_of_lowest']:g}\n"
        f"  where the loss falls most steeply: {report['steepest']:g}\n"
        f"  rate of the project: {report['present_rate']:g}"
    )


def _study_summary(report: dict[str, Any]) -> str:
    loss = report["loss"]
    spread = "all diverged" if loss["median"] is None else ", ".join(f"{name} {loss[name]:.4g}" for name in loss)
    return (
        f"{report['example']}: {report['seeds']:,} seeds from {report['first_seed']} on, "
        f"{report['epochs']:,} epochs each, in {report['seconds']:.1f} s with {report['engine']}\n"
        f"  {report['solved']:,} of them ({report['solved_share']:.1%}) reached {report['criterion']}"
        + (f"; {report['diverged']:,} diverged" if report["diverged"] else "")
        + f"\n  test loss: {spread}"
    )


def _save(path: Path, result: Result) -> None:
    from engine.document.project import save
    from engine.export.states import project_of

    try:
        save(path, project_of(result.document, result.snapshot))
    except FileError as error:
        raise WorkFailed(str(error)) from error


class _Bar:
    """One line on standard error that is written over as the training goes on."""

    def __init__(self) -> None:
        self._next = 0.0
        self._shown = False

    def show(self, epoch: int, epochs: int, loss: float) -> None:
        self._draw(epoch, epochs, f"epoch {epoch:,} of {epochs:,}, training loss {loss:.4g}")

    def count(self, done: int, total: int, reached: float) -> None:
        self._draw(reached, total, f"{done:,} of {total:,} seeds")

    def steps(self, done: int, total: int) -> None:
        self._draw(done, total, f"{done:,} of {total:,} steps")

    def _draw(self, done: float, total: int, words: str) -> None:
        now = monotonic()
        if now < self._next and done < total:
            return
        self._next, self._shown = now + BAR_SECONDS, True
        filled = int(BAR_WIDTH * done / total)
        print(f"\r{'█' * filled}{'·' * (BAR_WIDTH - filled)} {words}  ", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _metrics(result: Result, part: str) -> dict[str, Any]:
    """Every metric of one part of the samples: a number, or a list with one for each class or cell."""
    own = {
        name.removeprefix(f"{part}."): array for name, array in result.metrics.items() if name.startswith(f"{part}.")
    }
    return {name: _number(float(array[0])) if array.shape == (1,) else array.tolist() for name, array in own.items()}


def _report(source: str, result: Result) -> dict[str, Any]:
    evaluation = result.evaluation
    regression = result.document.data.dataset.task == "regression"

    def part(loss: float, metric: float) -> dict[str, float | None]:
        return {"loss": _number(loss), "accuracy": None if regression else _number(metric)}

    return {
        "example": source,
        "engine": result.engine,
        "epochs": result.epochs,
        "steps": result.steps,
        "seconds": round(result.seconds, 4),
        "train": part(evaluation.train_loss, evaluation.train_metric),
        "test": part(evaluation.test_loss, evaluation.test_metric) | {"metrics": _metrics(result, "test")},
        "parameters": result.parameters,
        "stopped_by": None if result.stopped is None else result.document.training.stopping.name,
        "weights_sha256": result.weights_sha256,
    }


def _summary(source: str, result: Result) -> str:
    from engine.catalog.metrics import metric_for

    evaluation: Evaluation = result.evaluation
    metric = metric_for(result.document.data.dataset.task).label
    return (
        f"{source}: {result.epochs:,} epochs, {result.steps:,} steps in {result.seconds:.1f} s with {result.engine}\n"
        + (f"  {result.stopped}\n" if result.stopped is not None else "")
        + f"  training loss {evaluation.train_loss:.5f}, {metric} {evaluation.train_metric:.3f}\n"
        f"  test loss     {evaluation.test_loss:.5f}, {metric} {evaluation.test_metric:.3f}\n"
        f"  {result.parameters:,} parameters, SHA-256 {result.weights_sha256}"
    )


# --- gallery and information -----------------------------------------------------------------------------------------


def export(options: Namespace) -> int:
    """Write a project as source code."""
    from engine.worker.headless import pytorch_code

    if options.to.suffix.lower() != ".py":
        raise InvalidValueError("the file (={file}) must end in .py", file=options.to)
    source = pytorch_code(_document(options.source), Path(options.source).stem)
    try:
        options.to.write_text(source, encoding="utf-8")
    except OSError as error:
        raise WorkFailed(f"{options.to} cannot be written: {error.strerror}") from error
    print(options.to)
    return DONE


def examples(options: Namespace) -> int:
    """List the gallery, or train its examples and compare with what each promises."""
    from engine.document.examples import examples as gallery
    from engine.document.examples import load_example

    if options.check is None:
        for example in gallery().values():
            print(f"{example.id:<22}{example.title}: {example.description}")
        return DONE
    failed = []
    for example in [load_example(name) for name in options.check or gallery()]:
        missing = example.document.data.dataset.trouble()
        if missing is not None:
            print(f"{example.id:<22}{'skipped':<8}{missing}", flush=True)
            continue
        result = _trained(example.document, epochs=int(example.check["epochs"]))
        reached, words = _verdict(example.check, result)
        print(f"{example.id:<22}{'ok' if reached else 'FAILED':<8}{words}", flush=True)
        if not reached:
            failed.append(example.id)
    if failed:
        raise WorkFailed(f"{len(failed)} of the examples did not learn what they promise: {', '.join(failed)}")
    return DONE


def _verdict(check: Any, result: Result) -> tuple[bool, str]:
    evaluation = result.evaluation
    if "test_loss_at_most" in check:
        most = check["test_loss_at_most"]
        return evaluation.test_loss <= most, f"test loss {evaluation.test_loss:.5f} (at most {most})"
    least = check["test_accuracy_at_least"]
    return evaluation.test_metric >= least, f"test accuracy {evaluation.test_metric:.3f} (at least {least})"


def info(options: Namespace) -> int:
    """Say what this program is made of."""
    from engine.catalog.registry import entries, kinds
    from engine.worker.headless import backends
    from playground.settings import location

    facts: dict[str, Any] = {
        "version": program_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "paths": {"program": str(Path(__file__).parent.parent), "settings": str(location())},
        "backends": list(backends()),
        "catalog": {kind: list(entries(kind)) for kind in kinds()},
    }
    if options.json:
        print(json.dumps(facts))
        return DONE
    print(f"playground {facts['version']}, Python {facts['python']}, {facts['platform']}")
    for heading in ("libraries", "paths"):
        print(f"{heading}: " + ", ".join(f"{name} {value}" for name, value in facts[heading].items()))
    print(f"backends: {', '.join(facts['backends'])}")
    for kind, names in facts["catalog"].items():
        print(f"{kind}: {', '.join(names)}")
    return DONE
