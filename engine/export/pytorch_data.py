"""What a script learns from: samples drawn by their formula, or put beside the script, ready to be learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.registry import entries
from engine.document.errors import FileError, PlaygroundError
from engine.export.folding import NotExtractable
from engine.export.pytorch_code import identifier
from engine.export.source_of import Extraction
from engine.plan.data import split
from engine.plan.plan import Plan

MOST_BYTES = 200_000_000
"""Of samples that are put beside a script."""


class ScriptData:
    """Writes the part of a script that makes the samples."""

    def __init__(self, plan: Plan, functions: Extraction, name: str) -> None:
        """For the samples of a ready plan; `name` is that of the file beside the script, should there be one."""
        self.name = name
        self.beside: dict[str, NDArray[Any]] = {}
        """What lies in that file, by name."""
        self._plan, self._functions = plan, functions
        self._parts = split(plan.document.data)
        self._inputs = [node for node in plan.order if plan.nodes[node].layer.takes[1] == 0]

    def source(self) -> str:
        """The function `data()`, and what it calls."""
        try:
            lines = self._drawn()
        except NotExtractable:
            lines = self._stored()
        targets = ["targets"]
        if not self.beside or "targets" not in self.beside:
            targets = [f"{self._encoded(number)}(targets)" for number in range(len(self._plan.outputs))]
        inputs = [f"inputs_{number + 1}" for number in range(len(self._inputs))] if self.several else ["inputs"]
        sides = [", ".join(f"torch.from_numpy({each})" for each in side) for side in (inputs, targets)]
        several = [
            f"[{side}]" if len(names) > 1 else side for side, names in zip(sides, (inputs, targets), strict=True)
        ]
        words = '"""What goes in and what should come out, of all samples, those to learn from first."""'
        source = "\n    ".join(["def data():", words, *lines, f"return {', '.join(several)}"])
        return "\n\n\n".join([*self._functions.newest(), *self._augmentation(), source])

    @property
    def several(self) -> bool:
        """Whether there are several Input cards."""
        return len(self._inputs) > 1

    def _drawn(self) -> list[str]:
        """The lines that draw the samples and compute what goes in. Raises NotExtractable."""
        dataset, features = self._plan.document.data.dataset, entries("features")
        if not dataset.plane or dataset.from_disk or dataset.extra() is not None or dataset.stratified:
            raise NotExtractable("{data} comes from no formula", data=dataset.label)
        draw = self._functions.method(dataset, "draw", identifier(dataset.name.replace("-", "_")), dataset.description)
        lines = [
            f'drawn = {draw}(random_stream(DATA_SEED, "data"))',
            'order = random_stream(DATA_SEED, "split").permutation(len(drawn.targets))',
            "x1, x2 = drawn.values[order].T",
        ]
        for number, node in enumerate(self._inputs):
            chosen = getattr(self._plan.nodes[node].layer, "columns", ()) or dataset.default_columns
            made = [self._functions.inline(features[column](), "value", column, ("x1", "x2")) for column in chosen]
            name = f"inputs_{number + 1}" if self.several else "inputs"
            lines.append(f"{name} = np.stack([{', '.join(made)}], axis=1).astype(np.float32)")
        return [*lines, "targets = drawn.targets[order]"]

    def _stored(self) -> list[str]:
        """The lines that read the samples, which are put beside the script. Raises FileError for too many."""
        parts, dataset, plan = self._parts, self._plan.document.data.dataset, self._plan
        if parts.values.nbytes > MOST_BYTES:
            raise FileError(
                "the samples are {size} MB, but at most {most} MB are put beside a script; lower the limit in Data",
                size=round(parts.values.nbytes / 1e6),
                most=MOST_BYTES // 1_000_000,
            )
        for number, node in enumerate(self._inputs):
            columns = getattr(plan.nodes[node].layer, "columns", ())
            values = np.asarray(parts.values) if parts.scaling else dataset.inputs(parts.values, columns)
            self.beside[f"inputs_{number + 1}" if self.several else "inputs"] = values
        wanted = np.concatenate([parts.train.targets, parts.test.targets])
        self.beside["classes" if dataset.task == "classification" else "numbers"] = wanted
        names = [name for name in self.beside if name.startswith("inputs")]
        lines = [f'file = np.load(pathlib.Path(__file__).with_name("{self.name}"))']
        lines += [f'{name} = file["{name}"]' for name in names]
        return [*lines, f'targets = file["{"classes" if dataset.task == "classification" else "numbers"}"]']

    def _encoded(self, number: int) -> str:
        """The function that writes targets as the loss of an output wants them."""
        target = self._plan.outputs[number].target
        what = "Class numbers" if target.task == "classification" else "Numbers"
        return self._functions.method(
            target, "encode", "encode", f"{what} as the loss wants them, a row for each sample."
        )

    def _augmentation(self) -> list[str]:
        """The functions that make a batch of images ready: changed at random, and scaled."""
        found, scaling, dataset = [], self._parts.scaling, self._plan.document.data.dataset
        if dataset.augments:
            try:
                self._functions.method(dataset, "augmented", "augmented", "A batch, changed at random.")
            except NotExtractable as error:
                raise PlaygroundError(
                    "changes of images at random cannot be exported; switch them off in Data"
                ) from error
            found += self._functions.newest()
        if scaling is not None:
            small = scaling.offset.size <= 3
            if small:
                lines = [
                    f"offset = torch.tensor({_values(scaling.offset)})",
                    f"factor = torch.tensor({_values(scaling.factor)})",
                ]
            else:
                self.beside |= {"offset": scaling.offset, "factor": scaling.factor}
                lines = [
                    f'file = np.load(pathlib.Path(__file__).with_name("{self.name}"))',
                    'offset, factor = torch.from_numpy(file["offset"]), torch.from_numpy(file["factor"])',
                ]
            head = ["def scaled(values):", '    """Bytes as the numbers that the network gets."""']
            found.append(
                "\n".join([*head, *(f"    {line}" for line in lines), "    return (values.float() - offset) * factor"])
            )
        return found


def _values(array: NDArray[np.float32]) -> str:
    """An array as Python writes it, with as few digits as give the same float32 again."""
    if array.ndim == 0:
        return str(np.float32(array))
    return f"[{', '.join(_values(each) for each in array)}]"
