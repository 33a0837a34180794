"""A trained network as a PyTorch script that answers: the network, its weights beside it, what samples are made into.

How samples as a person has them (points, bytes of images, rows of a table) become what the network gets is measured or
taken from the data set itself, so that script and program agree: features are the catalogue's own source.
"""

from __future__ import annotations

import io
from pathlib import PurePath

import numpy as np
import torch

from engine.catalog.datasets.dataset import Dataset, Samples
from engine.catalog.datasets.table import Table
from engine.catalog.registry import entries
from engine.document.errors import PlaygroundError
from engine.export.description import file_names, normalization
from engine.export.folding import NotExtractable, double_quoted
from engine.export.format import Reader, Subject
from engine.export.pytorch_network import identifier, joined, network_classes
from engine.export.source_of import Extraction
from engine.plan.data import drawn
from engine.plan.plan import Plan

_TAKEN = ("Network", "CLASSES", "COLUMNS", "OFFSET", "FACTOR", "prepared", "read", "load", "answers_to", "predict")
"""Names that the script has already."""

_READ_NUMBERS = '''def read(path):
    """Samples from a file: an array of NumPy, or numbers with commas between them, a line for each sample."""
    if path.endswith(".npz"):
        with np.load(path) as file:
            values = file[file.files[0]]
    elif path.endswith(".npy"):
        values = np.load(path)
    else:
        values = np.genfromtxt(path, delimiter=",", ndmin=2)
        if np.isnan(values[0]).all():  # names of the columns
            values = values[1:]
    return values.reshape(-1, {shape})'''

_READ_TABLE = '''def read(path):
    """Samples from a table with a line of names: a number for each column, and for texts a 1 where it is the text."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    values = []
    for row in rows:
        values.append([])
        for name, texts in COLUMNS.items():
            values[-1] += [float(row[name])] if texts is None else [float(row[name] == text) for text in texts]
    return np.array(values)'''

_ANSWERS = '''def load():
    """The network with the weights that lie beside this script."""
    network = Network()
    weights = torch.load(pathlib.Path(__file__).with_name("{weights}"), weights_only=True)
    network.load_state_dict(weights)
    return network.eval()


def answers_to(*inputs):
    """The outputs of the network for what goes into it, (samples, units)."""
    with torch.no_grad():
        found = load()(*(torch.from_numpy(np.asarray(each, np.float32)) for each in inputs))
    return (found[0] if isinstance(found, tuple) else found).numpy()


def predict(samples):
    """{predicts}"""
    return {decided}


def main():
    """Print the answer to each sample of a file."""
    for answer in predict(read(sys.argv[1])):
        print({printed})'''

_READER = '''"""Runs the exported script on samples."""

import runpy
import sys

import numpy as np

script = runpy.run_path(sys.argv[1])
given = np.load(sys.argv[2])
batches = [given] if isinstance(given, np.ndarray) else [given[name] for name in {inputs}]
np.save(sys.argv[3], script["answers_to"](*batches))
'''


def inference_files(subject: Subject, name: str) -> dict[str, bytes]:
    """The script, `name`, and the weights that it reads, by file name.

    Raises PlaygroundError for a plan that is not ready, and for data that cannot be read.
    """
    plan = subject.plan
    if plan.problems:
        raise PlaygroundError("this network cannot be exported: {problem}", problem=plan.problems[0].sentence)
    weights = f"{PurePath(name).stem}.pt"
    names = file_names(plan)
    state = {names[key]: torch.from_numpy(np.array(subject.weights[key], np.float32)) for key in plan.saved_shapes}
    content = io.BytesIO()
    torch.save(state, content)
    return {name: _source(plan, subject.title, name, weights).encode(), weights: content.getvalue()}


def reader(subject: Subject) -> Reader:
    """The program that runs the script."""
    plan = subject.plan
    inputs = [identifier(name) for name in plan.order if plan.nodes[name].layer.takes[1] == 0]
    return Reader(_READER.format(inputs=repr(inputs)), ("torch", "numpy"))


def _source(plan: Plan, title: str, name: str, weights: str) -> str:
    dataset = plan.document.data.dataset
    functions = Extraction(_TAKEN)
    constants, prepared = _prepared(plan, functions)
    if dataset.task == "classification":
        constants.insert(0, double_quoted(f"CLASSES = {dataset.class_names!r}"))
        predicts, printed = "The class of each sample.", "answer"
        words = "The class numbers that outputs stand for."
        decide = functions.method(plan.outputs[0].target, "decide", "decide", words)
        decided = f"[CLASSES[number] for number in {decide}(answers_to(*prepared(samples)))]"
    else:
        predicts, printed, decided = "The number for each sample.", 'f"{answer:.6g}"', _number(plan)
    if isinstance(dataset, Table):
        described = {
            each: dataset.levels[dataset.categorical.index(each)] if each in dataset.categorical else None
            for each in dataset.names
        }
        constants.append(double_quoted(f"COLUMNS = {described!r}"))
    shape = ", ".join(map(str, _shape(dataset)))
    answers = _ANSWERS.format(weights=weights, predicts=predicts, decided=decided, printed=printed)
    parts = [
        *network_classes(plan, activated=True),
        *functions.newest(),
        _READ_TABLE if isinstance(dataset, Table) else _READ_NUMBERS.format(shape=shape),
        prepared,
        answers,
        'if __name__ == "__main__":\n    main()',
    ]
    modules = {"pathlib", "sys", *functions.imports, *(("csv",) if isinstance(dataset, Table) else ())} - {"numpy"}
    head = [
        f'"""{title}: the trained network, exported by Neural Playground.',
        "",
        f"    python {name} samples.csv",
        "",
        f"answers each sample of a file: {_file_words(dataset)}.",
        f"It reads {weights} beside it, and needs PyTorch and NumPy, nothing else.",
        '"""',
        "",
        *(f"import {module}" for module in sorted(modules)),
        "",
        "import numpy as np",
        "import torch",
        "from torch import nn",
        "",
        *constants,
    ]
    return joined(["\n".join(head).rstrip(), *parts])


def _shape(dataset: Dataset) -> tuple[int, ...]:
    """The shape of a sample as a person has it."""
    return (2,) if dataset.plane else dataset.input_shape(())


def _file_words(dataset: Dataset) -> str:
    if isinstance(dataset, Table):
        return "a table with the columns of the one that was learnt"
    if dataset.plane:
        return "x1 and x2 in a line, or an .npz"
    shape = " × ".join(map(str, _shape(dataset)))
    return f"{shape} values in a line, from 0 to 255, or an .npz" if dataset.pictures else f"{shape} values in a line"


def _prepared(plan: Plan, functions: Extraction) -> tuple[list[str], str]:
    """Constants, and the function that makes what goes in of samples: a list, for each Input card one."""
    dataset, constants, lines, made = plan.document.data.dataset, list[str](), list[str](), list[str]()
    scaling = normalization(plan.document.data)
    if scaling is not None:
        for name, array in (("OFFSET", scaling.offset), ("FACTOR", scaling.factor)):
            written = np.array2string(array, separator=", ", threshold=10**9, floatmode="unique", max_line_width=90)
            constants.append(f"{name} = np.array({written}, np.float32)")
        lines.append("samples = (np.asarray(samples, np.float32) - OFFSET) * FACTOR")
    features = entries("features")
    if dataset.plane:
        lines.append("x1, x2 = np.asarray(samples, np.float64).T")
    for node in plan.order:
        layer = plan.nodes[node].layer
        if layer.takes[1]:
            continue
        columns = getattr(layer, "columns", ())
        if dataset.plane:
            try:
                chosen = [
                    functions.inline(features[column](), "value", column, ("x1", "x2"))
                    for column in columns or dataset.default_columns
                ]
            except NotExtractable as error:
                raise PlaygroundError("a feature cannot be exported: {reason}", reason=error.sentence) from error
            made.append(f"np.stack([{', '.join(chosen)}], axis=1)")
        elif isinstance(dataset, Table) and columns:
            places = dataset.inputs(np.arange(len(_row(plan)), dtype=np.float64)[None], columns)[0]
            made.append(f"samples[:, {places.astype(int).tolist()}]")
        else:
            made.append("samples")
    words = '"""What goes into the network, from samples as they were collected: an array for each Input card."""'
    body = "\n    ".join(["def prepared(samples):", words, *lines, f"return [{', '.join(made)}]"])
    return constants, body


def _row(plan: Plan) -> np.ndarray:
    samples, _ = drawn(plan.document.data)
    row: np.ndarray = samples.values[0]
    return row


def _number(plan: Plan) -> str:
    """The expression for the numbers that outputs stand for: as they were before they were scaled to be learnt."""
    answer = "answers_to(*prepared(samples))[:, 0]"
    samples, cut = drawn(plan.document.data)
    train = samples.take(slice(cut))
    if plan.document.data.dataset.prepared(train, train) is train:
        return answer
    known = train.targets[np.isfinite(train.targets)]
    ends = np.array([known.mean(), known.mean() + max(1e-3, float(known.std()))])
    probes = Samples(train.values[[0, 0]], ends)
    low, high = plan.document.data.dataset.prepared(probes, train).targets
    scale = float((ends[1] - ends[0]) / (high - low))
    return f"{answer} * {scale!r} + {float(ends[0] - low * scale)!r}"
