"""Trained networks to be taken away, small ones; and the reader of an export, run in this process."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.activations import Relu, Sigmoid
from engine.catalog.layers.convolution import Conv2d, ConvTranspose2d, DepthwiseConv2d, SeparableConv2d
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.normalization import BatchNorm
from engine.catalog.layers.reshaping import Flatten, Reshape
from engine.catalog.registry import entry
from engine.document.graph import Document
from engine.export.format import Format, Subject
from engine.export.proof import answers, sample_inputs
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import chain

FORMS = ("safetensors", "npz", "state_dict", "json_weights", "csv_weights")


def trained(document: Document, title: str = "a test") -> Subject:
    """The document after two epochs."""
    plan = resolve(document)
    assert plan.ready, [str(problem.sentence) for problem in plan.problems]
    run = TorchTrainer(plan)
    run.train_epochs(2)
    return Subject(document, run.snapshot(), title)


@cache
def mlp() -> Subject:
    """Dense layers with a normalization between, whose answer is fused with its loss."""
    document = chain(Dense(5, Relu()), BatchNorm(), Dense(3), Dense(1, Sigmoid()))
    return trained(document.set_training(loss=entry("losses", "binary_cross_entropy")()))


@cache
def cnn() -> Subject:
    """One of every kind of kernel, on images made of points."""
    layers = [Dense(2 * 6 * 6), Reshape("image", channels=2, height=6, width=6)]
    layers += [Conv2d(3, kernel_size=3), BatchNorm(), DepthwiseConv2d(depth_multiplier=2)]
    layers += [SeparableConv2d(4), ConvTranspose2d(3), Conv2d(3), Flatten(), Dense(1)]
    return trained(chain(*layers))


def read_back(
    subject: Subject, form: Format, files: Mapping[str, bytes], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """What the reader of the form answers to the samples, and what this program does."""
    reader = form.reader(subject)
    assert reader is not None
    for name, content in {**files, **reader.beside, "reader.py": reader.source.encode()}.items():
        (folder / name).write_bytes(content)
    inputs = sample_inputs(subject.plan, 32)
    np.save(folder / "inputs.npy", next(iter(inputs.values())))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["reader.py", next(iter(files)), "inputs.npy", "outputs.npy"])
    runpy.run_path("reader.py", run_name="__main__")
    return np.load("outputs.npy"), answers(subject, list(inputs.values()))
