"""The proof of an export: its files, read by a program that knows nothing of this one, give the same answers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.errors import FileError, PlaygroundError, Sentence
from engine.export.format import Format, Reader, Subject
from engine.plan.data import split
from engine.plan.plan import Plan

LIMIT = 1e-5
"""The largest difference, relative to the answers, with which an export still counts as the same network."""
SAMPLES = 256
"""How many samples are compared."""
SECONDS = 180.0
"""How long the reader may take."""
_LOOK_SECONDS = 0.05
_PROGRAM = "independent_reader.py"


@dataclass(frozen=True)
class Proof:
    """What came of reading an export with an independent program.

    `difference` is max |a − b| / max(1, max |b|) over all answers, b being this program's; NaN where `trouble` says
    why nothing could be compared. `reader` names what read the file, such as "onnxruntime 1.31.1".
    """

    file: str
    sha256: str
    samples: int
    difference: float
    reader: str
    trouble: Sentence | None = None

    @property
    def passed(self) -> bool:
        """Whether the answers are the same, to `LIMIT`."""
        return self.trouble is None and self.difference <= LIMIT

    @property
    def sentence(self) -> Sentence:
        """The outcome in words."""
        if self.trouble is not None:
            return Sentence("{file} could not be proven: {reason}", {"file": self.file, "reason": self.trouble})
        values = {"file": self.file, "reader": self.reader, "samples": self.samples}
        values["difference"] = f"{self.difference:.1e}"
        if self.passed:
            return Sentence(
                "{file} gives the same answers in {reader}: largest difference {difference} on {samples} samples",
                values,
            )
        values["limit"] = f"{LIMIT:.0e}"
        return Sentence(
            "{file} FAILED in {reader}: the answers to {samples} samples differ by {difference}, more than {limit}",
            values,
        )

    def text(self) -> str:
        """The proof as JSON, to be kept beside the file."""
        known = math.isfinite(self.difference)
        found = {
            "file": self.file,
            "sha256": self.sha256,
            "reader": self.reader,
            "samples": self.samples,
            "largest_relative_difference": self.difference if known else None,
            "limit": LIMIT,
            "passed": self.passed,
            "trouble": None if self.trouble is None else str(self.trouble),
        }
        return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def proof_name(name: str) -> str:
    """What the proof of a file is called that is kept beside it.

    >>> proof_name("digits.onnx")
    'digits.onnx.proof.json'
    """
    return f"{name}.proof.json"


def prove(
    subject: Subject,
    form: Format,
    files: Mapping[str, bytes],
    *,
    samples: int = SAMPLES,
    stopped: Callable[[], bool] = lambda: False,
) -> Proof | None:
    """Let a fresh process read exported files, and compare its answers with this program's; None: nothing to compute.

    Test samples come first, then those that were learnt from. `stopped` is asked about twenty times a second; once it
    says so, the process is ended. Whatever goes wrong is the proof's `trouble`.
    """
    reader = form.reader(subject)
    if reader is None:
        return None
    name, content = next(iter(files.items()))
    digest = hashlib.sha256(content).hexdigest()
    words = "the reader"
    try:
        words = reader_words(reader.packages)
        inputs = sample_inputs(subject.plan, samples)
        expected = answers(subject, list(inputs.values()))
        found = _read(reader, files, inputs, stopped)
    except PlaygroundError as error:
        return Proof(name, digest, 0, math.nan, words, error.sentence)
    if found.shape != expected.shape:
        trouble = Sentence(
            "the answers have shape {found} in the reader, but {expected} here",
            {"found": found.shape, "expected": expected.shape},
        )
        return Proof(name, digest, len(expected), math.nan, words, trouble)
    return Proof(name, digest, len(expected), difference(found, expected), words)


def difference(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Max |a − b| / max(1, max |b|); infinite where one is no number and the other is.

    >>> difference(np.array([1.0, 4.0]), np.array([1.0, 2.0]))
    1.0
    """
    a, b = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        away = np.where(same, 0.0, np.abs(a - b))
    largest = float(np.max(np.abs(b), initial=1.0, where=np.isfinite(b)))
    return math.inf if not np.isfinite(away).all() else float(away.max(initial=0.0)) / largest


def reader_words(packages: Sequence[str]) -> str:
    """The packages with their versions; Python alone where there are none. Raises FileError for one that is missing."""
    found = []
    for package in packages:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError as error:
            raise FileError("{package} is not installed", package=package) from error
    return ", ".join(found) or f"Python {sys.version.split()[0]}"


def sample_inputs(plan: Plan, samples: int = SAMPLES) -> dict[str, NDArray[np.float32]]:
    """What each Input card passes on of up to so many samples, by the card's identifier, in order.

    The samples kept for the test come first. Raises PlaygroundError where the data cannot be read.
    """
    from engine.export.pytorch_code import identifier

    dataset, parts = plan.document.data.dataset, split(plan.document.data)
    values = parts.test.values[:samples]
    if len(values) < samples:
        values = np.concatenate([values, parts.train.values[: samples - len(values)]])
    found = {}
    for name in plan.order:
        layer = plan.nodes[name].layer
        if layer.takes[1] == 0:
            scaling = parts.scaling
            taken = scaling.apply(values) if scaling else dataset.inputs(values, getattr(layer, "columns", ()))
            found[identifier(name)] = np.ascontiguousarray(taken, np.float32)
    return found


def answers(subject: Subject, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The main output of the run for what the Input cards pass on, (samples, units), after its activation."""
    import torch

    from engine.training.torch_network import TorchNetwork

    plan = subject.plan
    network = TorchNetwork(plan)
    for name, place in {**network.parameters, **network.buffers}.items():
        place.copy_(torch.from_numpy(np.array(subject.weights[name], np.float32)))
    network.train(False)
    given = iter(inputs)
    arriving = [
        torch.from_numpy(next(given)) if plan.nodes[name].layer.takes[1] == 0 else None for name in network.order
    ]
    main = plan.outputs[0]
    with torch.inference_mode():
        answer = network.answers(arriving)[0]
        activation = network.cards[network.place[main.node]].activation
        if main.loss.fuses and activation is not None:
            answer = activation(answer)
    return answer.numpy()


def _read(
    reader: Reader,
    files: Mapping[str, bytes],
    inputs: Mapping[str, NDArray[np.float32]],
    stopped: Callable[[], bool],
) -> NDArray[Any]:
    """What the reader answers. Raises FileError where it fails, takes too long, or is stopped."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            for file, content in {**files, **reader.beside, _PROGRAM: reader.source.encode()}.items():
                (folder / file).write_bytes(content)
            given = folder / ("inputs.npy" if len(inputs) == 1 else "inputs.npz")
            if len(inputs) == 1:
                np.save(given, next(iter(inputs.values())), allow_pickle=False)
            else:
                np.savez(given, **dict(inputs))  # type: ignore[arg-type]  # its stub takes the keywords for its own flag
        except OSError as error:
            reason = error.strerror or str(error)
            raise FileError("the reader's files cannot be written: {reason}", reason=reason) from error
        outputs, said = folder / "outputs.npy", folder / "said.txt"
        command = [sys.executable, "-I", _PROGRAM, next(iter(files)), given.name, outputs.name]
        status = _run(command, folder, said, stopped)
        if status != 0:
            lines = said.read_text("utf-8", "replace").strip().splitlines()
            reason = lines[-1][:300] if lines else f"it ended with status {status}"
            raise FileError("the reader failed: {reason}", reason=reason)
        try:
            answer: NDArray[Any] = np.load(outputs, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise FileError("the reader wrote no answers") from error
        return answer


def _run(command: Sequence[str], folder: Path, said: Path, stopped: Callable[[], bool]) -> int:
    """Run the reader in its folder to its end; its exit status."""
    # What is set for this program's Python must not help the reader along.
    around = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    deadline = time.monotonic() + SECONDS
    with said.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env=around, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
        try:
            while True:
                if stopped():
                    raise FileError("it was stopped")
                if time.monotonic() > deadline:
                    raise FileError("the reader took longer than {seconds} seconds", seconds=round(SECONDS))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(_LOOK_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
