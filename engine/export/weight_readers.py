"""Small programs that read exported weights with the form's own library, and compute with exported PyTorch source."""

from __future__ import annotations

import torch

from engine.export.format import Reader, Subject
from engine.export.pytorch_code import identifier, network_source
from engine.export.recording import NN, Recorded, text
from engine.plan.plan import Plan

NETWORK = "exported_network.py"
"""The file beside the reader that holds the network's source."""

_PROGRAM = '''"""Reads exported weights, gives them to the network and writes its answers."""

import json
import runpy
import sys

import numpy as np
import torch
from torch import nn
{imports}

def arrays_of(file):
    """The arrays by name, and what the file says about them."""
{loading}


def main(file, inputs, outputs):
    arrays, about = arrays_of(file)
    for name, said in about.get("arrays", {{}}).items():
        if "transpose" in said:  # a kernel as Keras keeps it
            arrays[name] = arrays[name].transpose(said["transpose"]).reshape(said["reshape"])
    network = runpy.run_path("{network}")["Network"]()
    network.load_state_dict({{name: torch.tensor(np.ascontiguousarray(array)) for name, array in arrays.items()}})
    network.eval()
    given = np.load(inputs, allow_pickle=False)
    batches = [given] if isinstance(given, np.ndarray) else [given[name] for name in {inputs}]
    with torch.no_grad():
        answers = network(*map(torch.from_numpy, batches))
        answers = answers[0] if isinstance(answers, tuple) else answers
{activated}    np.save(outputs, answers.numpy())


main(*sys.argv[1:])
'''

_LOADING = {
    "safetensors": """
from safetensors import safe_open
---
    with safe_open(file, framework="np") as content:
        about = {"arrays": json.loads(content.metadata()["arrays"])}
        return {name: content.get_tensor(name) for name in content.keys()}, about
""",
    "npz": """
---
    with np.load(file, allow_pickle=False) as content:
        about = json.loads(str(content["metadata"]))
        return {name: content[name] for name in content.files if name != "metadata"}, about
""",
    "state_dict": """
---
    state = torch.load(file, weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}, {}
""",
    "json_weights": """
---
    with open(file, encoding="utf-8") as stream:
        content = json.load(stream)
    return {name: np.array(values, np.float32) for name, values in content["weights"].items()}, content["metadata"]
""",
    "csv_weights": """
import zipfile
---
    with zipfile.ZipFile(file) as archive:
        about = json.loads(archive.read("metadata.json"))
        arrays = {}
        for name, said in about["arrays"].items():
            with archive.open(f"{name}.csv") as stream:
                arrays[name] = np.loadtxt(stream, np.float32, delimiter=",", skiprows=1).reshape(said["shape"])
    return arrays, about
""",
}
_PACKAGES = {"safetensors": ("safetensors", "torch"), "state_dict": ("torch",)}


def reader(subject: Subject, form: str) -> Reader:
    """The program that reads the weights in a form, by its name among the formats.

    Raises PlaygroundError where the network cannot be written as PyTorch source.
    """
    plan = subject.plan
    imports, _, loading = _LOADING[form].partition("---\n")
    source = _PROGRAM.format(
        imports=imports.strip("\n") and f"{imports.strip()}\n",
        loading=loading.rstrip("\n"),
        network=NETWORK,
        inputs=repr([identifier(name) for name in plan.order if plan.nodes[name].layer.takes[1] == 0]),
        activated=_activated(plan),
    )
    beside = {NETWORK: network_source(plan, subject.title).encode()}
    return Reader(source, _PACKAGES.get(form, ("numpy", "torch")), beside)


def _activated(plan: Plan) -> str:
    """The line that applies the main output's activation, where the exported network answers before it."""
    main = plan.outputs[0]
    if not main.loss.fuses:
        return ""
    built = plan.nodes[main.node].layer.output_activation.build(NN)
    if isinstance(built, Recorded):
        applied = f"{text(built)}(answers)"
    else:
        applied = text(built(Recorded("answers", torch.zeros(2, main.target.units))))
    return f"        answers = {applied}\n"
