"""The gallery, and what this program is made of."""

from __future__ import annotations

import json
import platform
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.commands.shared import DONE, Commands, WorkFailed
from playground.commands.training import trained
from playground.commands.window import program_version, version_of

if TYPE_CHECKING:
    from engine.worker.headless import Result

_LIBRARIES = (
    "PySide6-Essentials",
    "pyqtgraph",
    "numpy",
    "torch",
    "numba",
    "safetensors",
    "scikit-learn",
    "pillow",
    "onnx",
    "onnxruntime",
)


def declare(commands: Commands) -> None:
    """Add the commands of this group."""
    gallery = commands.add_parser("examples", help="list the gallery, or check that its examples learn")
    gallery.add_argument("--check", nargs="*", metavar="ID", help="train these (default: all) and check them")
    gallery.set_defaults(work=examples)

    facts = commands.add_parser("info", help="versions, paths, backends and the catalogue")
    facts.add_argument("--json", action="store_true")
    facts.set_defaults(work=info)


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
        result = trained(example.document, epochs=int(example.check["epochs"]))
        if result.interrupted:
            raise WorkFailed("stopped")
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
        "libraries": {name: version_of(name) for name in _LIBRARIES},
        "paths": {"program": str(Path(__file__).parents[2]), "settings": str(location())},
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
