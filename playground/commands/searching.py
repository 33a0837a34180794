"""Many trainings at once: with different seeds, or at rising learning rates."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from engine.document.errors import InvalidValueError
from playground.commands.bar import Bar
from playground.commands.shared import DEVICES, DONE, ENGINES, Commands, add_source, document_of

if TYPE_CHECKING:
    from engine.document.graph import Document


def declare(commands: Commands) -> None:
    """Add the commands of this group."""
    parser = commands.add_parser("find-rate", help="search for a good learning rate")
    add_source(parser)
    parser.add_argument("--low", type=float, metavar="RATE", help="the first rate, 1e-5 unless given")
    parser.add_argument("--high", type=float, metavar="RATE", help="the last rate, 10 unless given")
    parser.add_argument("--steps", type=int, metavar="N", help="how many steps lie between them, 500 unless given")
    parser.add_argument("--seed", type=int, metavar="S", help="seed of data, weights and shuffling")
    parser.add_argument("--engine", choices=ENGINES, default="auto")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--json", action="store_true", help="print one line of JSON, with the curve")
    parser.set_defaults(work=find_rate)


def study(options: Namespace, document: Document) -> int:
    """Train many times with different seeds, and say how the outcomes are spread."""
    from engine.worker.headless import study as run

    for name in ("out", "checkpoint", "resume"):
        if getattr(options, name):
            raise InvalidValueError("--{name} cannot be combined with --seeds; leave one of them out", name=name)
    bar = Bar()
    arguments: dict[str, Any] = {name: getattr(options, name) for name in ("epochs", "seed", "engine", "device")}
    if bar.wanted:
        arguments["progress"] = bar.count
    try:
        found = run(document, options.seeds, **arguments)
    finally:
        bar.clear()
    report = {"example": options.source, **found.report()}
    print(json.dumps(report) if options.json else _study_summary(report))
    return DONE


def find_rate(options: Namespace) -> int:
    """Train a copy of a project or an example while the learning rate rises, and say which rates look good."""
    from engine.worker.headless import search_rate

    document = document_of(options.source)
    given = {name: getattr(options, name) for name in ("low", "high", "steps", "seed", "engine", "device")}
    arguments: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    bar = Bar()
    if bar.wanted:
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
