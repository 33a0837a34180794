"""A trained network as the file that `torch.export` saves and `torch.export.load` reads."""

from __future__ import annotations

import io

import torch

from engine.export.format import Subject
from engine.export.operations import exported_program


def program_bytes(subject: Subject) -> bytes:
    """The content of a .pt2 file. Raises PlaygroundError for what PyTorch cannot export."""
    stream = io.BytesIO()
    torch.export.save(exported_program(subject), stream)
    return stream.getvalue()


def preview(content: bytes) -> str:
    """The program's own source, as PyTorch prints it."""
    return str(torch.export.load(io.BytesIO(content)).graph_module.code).strip()


READER = '''"""Runs an exported program on samples: python program.py FILE INPUTS.npy OUTPUTS.npy"""

import inspect
import sys

import numpy as np
import torch

file, inputs, outputs = sys.argv[1:]
network = torch.export.load(file).module()
given = np.load(inputs, allow_pickle=False)
batches = [given] if isinstance(given, np.ndarray) else [given[name] for name in given.files]
with torch.no_grad():
    answers = network(*map(torch.from_numpy, batches))
np.save(outputs, (answers[0] if isinstance(answers, tuple | list) else answers).numpy())
'''
"""The independent program."""
