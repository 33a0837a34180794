"""Training a project or an example."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.document.errors import FileError, InvalidValueError
from playground.commands import searching
from playground.commands.bar import Bar
from playground.commands.interruption import Interruption
from playground.commands.shared import (
    DEVICES,
    DONE,
    ENGINES,
    SUFFIX,
    Commands,
    WorkFailed,
    add_source,
    number,
    project_of,
    snapshot_of,
)

if TYPE_CHECKING:
    from engine.document.graph import Document
    from engine.training.trainer import Evaluation
    from engine.worker.checkpoints import Checkpoints
    from engine.worker.headless import Result


def declare(commands: Commands) -> None:
    """Add the commands of this group."""
    parser = commands.add_parser("train", help="train without a window")
    add_source(parser)
    parser.add_argument("--epochs", type=int, metavar="N", help="default: as many as the project plans")
    parser.add_argument("--seed", type=int, metavar="S", help="seed of data, weights and shuffling")
    parser.add_argument("--seeds", type=int, metavar="N", help="train N times, from the seed upwards, on the same data")
    parser.add_argument("--resume", action="store_true", help="go on from the run that the project file holds")
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--out", type=Path, metavar="FILE.nnp", help="save the trained project")
    words = "save the run here while it goes on; default: where --out says"
    parser.add_argument("--checkpoint", type=Path, metavar="FILE.nnp", help=words)
    words = "how often a checkpoint is saved: each 5 epochs, or each 60s (seconds), which is the default"
    parser.add_argument("--every", metavar="5|60s", help=words)
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    parser.set_defaults(work=train)


def train(options: Namespace) -> int:
    """Train a project or an example, and say how it went."""
    for name in ("out", "checkpoint"):
        path = getattr(options, name)
        if path is not None and path.suffix != SUFFIX:
            raise InvalidValueError("--{name} (={file}) must end in .nnp", name=name, file=path)
    if options.every is not None and options.out is None and options.checkpoint is None:
        raise InvalidValueError("--every needs a file for its checkpoints: give --checkpoint or --out, too")
    project = project_of(options.source)
    if options.seeds is not None:
        return searching.study(options, project.document)
    arguments = {name: getattr(options, name) for name in ("epochs", "seed", "engine", "device")}
    if options.resume:
        if options.seed not in (None, project.document.seed):
            raise InvalidValueError(
                "--seed (={seed}) is not the seed of the run to be resumed, {own}; leave one of them out",
                seed=options.seed,
                own=project.document.seed,
            )
        arguments["seed"] = None
        arguments["resume"] = snapshot_of(options.source, project, "leave --resume out to train it from the start")
    checkpoints = _checkpoints(options)
    result = trained(project.document, checkpoints=checkpoints, **arguments)
    if not result.leads:
        return DONE
    files = [path for path in dict.fromkeys((options.checkpoint, options.out)) if path is not None]
    for path in files:
        _save(path, result)
    if result.interrupted:
        raise WorkFailed(_interrupted(result, files))
    print(json.dumps(_report(options.source, result)) if options.json else _summary(options.source, result))
    return DONE


def _checkpoints(options: Namespace) -> Checkpoints | None:
    path = options.checkpoint or options.out
    if path is None:
        return None
    from engine.worker.checkpoints import SECONDS, Checkpoints, Every, every

    def say(sentence: str) -> None:
        print(f"playground: {sentence}", file=sys.stderr)

    return Checkpoints(path, every(options.every) if options.every else Every(seconds=SECONDS), say)


def trained(document: Document, **arguments: Any) -> Result:
    """Train in this process, with a bar where somebody looks. Raises WorkFailed where the loss explodes."""
    from engine.training.trainer import Diverged
    from engine.worker.headless import train as run

    bar = Bar()
    with Interruption() as interruption:
        try:
            return run(
                document,
                progress=bar.show if bar.wanted else None,
                interrupted=lambda: interruption.heard,
                **arguments,
            )
        except Diverged as error:
            where = f", first at {error.node}" if error.node else ""
            raise WorkFailed(
                f"the loss stopped being a finite number at step {error.step}{where}; lower the learning rate"
            ) from error
        finally:
            bar.clear()


def _save(path: Path, result: Result) -> None:
    from engine.document.project import save
    from engine.export.states import project_of as as_project

    try:
        save(path, as_project(result.document, result.snapshot))
    except FileError as error:
        raise WorkFailed(str(error)) from error


def _interrupted(result: Result, files: list[Path]) -> str:
    where = f"stopped after {result.steps:,} steps, in epoch {result.epochs:,} of {result.document.training.epochs:,}"
    if not files:
        return f"{where}; nothing is saved, for neither --out nor --checkpoint names a file"
    return f"{where}; saved in {files[-1]}: playground train {files[-1]} --resume goes on"


def metrics(found: Any, part: str) -> dict[str, Any]:
    """Every metric of one part of the samples: a number, or a list with one for each class or cell."""
    own = {name.removeprefix(part): array for name, array in found.items() if name.startswith(part)}
    return {name: number(float(array[0])) if array.shape == (1,) else array.tolist() for name, array in own.items()}


def _report(source: str, result: Result) -> dict[str, Any]:
    evaluation = result.evaluation
    regression = result.document.data.dataset.task == "regression"

    def part(loss: float, metric: float) -> dict[str, Any]:
        return {"loss": number(loss), "accuracy": None if regression else number(metric)}

    return {
        "example": source,
        "engine": result.engine,
        "epochs": result.epochs,
        "steps": result.steps,
        "seconds": round(result.seconds, 4),
        "train": part(evaluation.train_loss, evaluation.train_metric),
        "test": part(evaluation.test_loss, evaluation.test_metric) | {"metrics": metrics(result.metrics, "test.")},
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
