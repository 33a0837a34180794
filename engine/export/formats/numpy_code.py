"""NumPy source that computes what the network answers."""

from __future__ import annotations

from collections.abc import Mapping

from engine.catalog.registry import register
from engine.export.format import Format, Reader, Subject

_READER = """import runpy
import sys

import numpy as np

predict = runpy.run_path(sys.argv[1])["predict"]
given = np.load(sys.argv[2])
batches = [given] if isinstance(given, np.ndarray) else [given[name] for name in {names}]
found = predict(*batches)
np.save(sys.argv[3], found[0] if isinstance(found, tuple) else found)
"""


@register
class NumpyCode(Format):
    """A short Python file that needs NumPy alone: its function `predict` computes what the network answers.

    The weights lie in a .npz file beside it. Written to be read: a few lines for each card, named after it.
    """

    name = "numpy"
    label = "NumPy inference"
    group = "Code"
    suffix = ".py"
    reference = "https://numpy.org/doc/stable/"
    order = 34

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.numpy_code import numpy_files

        return numpy_files(subject, name)

    def reader(self, subject: Subject) -> Reader:
        from engine.export.pytorch_code import identifier

        plan = subject.plan
        names = [identifier(node_id) for node_id in plan.order if plan.nodes[node_id].layer.takes[1] == 0]
        return Reader(_READER.format(names=names), ("numpy",))

    def preview(self, files: Mapping[str, bytes]) -> str:
        return next(iter(files.values())).decode()
