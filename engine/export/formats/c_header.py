"""A C header that computes what a network of Dense layers answers."""

from __future__ import annotations

from collections.abc import Mapping

from engine.catalog.registry import register
from engine.document.errors import Sentence
from engine.export.format import Format, Reader, Subject
from engine.plan.plan import Plan

_READER = '''import ctypes
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
if compiler is None:
    print("There is no C compiler here (cc, gcc or clang), so the header cannot be tried.", file=sys.stderr)
    sys.exit(3)
header = Path(sys.argv[1]).resolve()
name = re.search(r"void (\\w+)_predict\\(", header.read_text(encoding="utf-8"))[1]
size = f"{name.upper()}_OUTPUTS"
program = f"""#include "{header.name}"
int outputs(void) {{ return {size}; }}
void predict(const float *x, float *y) {{ {name}_predict(x, y); }}
"""
given = np.ascontiguousarray(np.load(sys.argv[2]), np.float32)
with tempfile.TemporaryDirectory() as folder:
    source, library = Path(folder, "program.c"), Path(folder, "program.so")
    source.write_text(program, encoding="utf-8")
    options = ["-std=c99", "-O2", "-ffp-contract=off", "-shared", "-fPIC", f"-I{header.parent}"]
    subprocess.run([compiler, *options, str(source), "-o", str(library), "-lm"], check=True)
    compiled = ctypes.CDLL(str(library))
    found = np.empty((len(given), compiled.outputs()), np.float32)
    pointer = ctypes.POINTER(ctypes.c_float)
    for sample, answer in zip(given, found):
        compiled.predict(sample.ctypes.data_as(pointer), answer.ctypes.data_as(pointer))
np.save(sys.argv[3], found)
'''


@register
class CHeader(Format):
    """A C99 header: the weights as arrays, and a function that computes the answer to one sample; needs math.h alone.

    For networks that work on flat numbers throughout: Dense, activations, joints, normalization of features.
    """

    name = "c_header"
    label = "C header"
    group = "Weights"
    suffix = ".h"
    reference = "ISO/IEC 9899:1999"
    order = 18

    def refusal(self, plan: Plan) -> Sentence | None:
        if sum(node.layer.takes[1] == 0 for node in plan.nodes.values()) != 1:
            return Sentence("A C header takes one Input card; export NumPy code instead")
        for node_id in plan.order:
            shape = plan.nodes[node_id].output_shape or ()
            if len(shape) != 1:
                return Sentence(
                    "A C header is for flat numbers, but {card} gives {shape}; export NumPy code instead",
                    {"card": node_id, "shape": shape},
                )
        return None

    def files(self, subject: Subject, name: str) -> Mapping[str, bytes]:
        from engine.export.c_header import c_files

        return c_files(subject, name)

    def reader(self, subject: Subject) -> Reader:
        return Reader(_READER, ("numpy",))

    def preview(self, files: Mapping[str, bytes]) -> str:
        return next(iter(files.values())).decode()
