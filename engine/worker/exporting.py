"""An export without a window: its files made, written whole or not at all, and proven by an independent reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.document.errors import InvalidValueError, PlaygroundError
from engine.export.format import Format, Subject
from engine.export.proof import Proof, proof_name, prove
from engine.export.writing import write

Stage = Literal["proving", "writing"]


@dataclass(frozen=True)
class Exported:
    """What was written, the main file first; `proof` is None where the form computes nothing, or none was wanted."""

    files: tuple[Path, ...]
    proof: Proof | None = None


def made(subject: Subject, form: Format, name: str) -> dict[str, bytes]:
    """The files of an export, the main one, `name`, first; nothing is written.

    Raises PlaygroundError for a network that cannot be exported so.
    """
    plan = subject.plan
    if plan.problems:
        raise InvalidValueError("this network cannot be exported: {problem}", problem=plan.problems[0].sentence)
    refusal = form.refusal(plan)
    if refusal is not None:
        raise InvalidValueError("it cannot be exported as {form}: {reason}", form=form.label, reason=refusal)
    return dict(form.files(subject, name))


def export(
    subject: Subject,
    form: Format,
    path: Path,
    *,
    verify: bool = True,
    stopped: Callable[[], bool] = lambda: False,
    told: Callable[[Stage, Mapping[str, bytes]], None] = lambda stage, files: None,
) -> Exported:
    """Write an export under that name; with `verify`, the proof beside it.

    The proof is made first, so that file and proof come together; an export that fails it is written, too. `told`
    hears what is done next, with the files that are made by then. Raises PlaygroundError for a network that cannot be
    exported so, and when `stopped` says that it is not wanted any more, and FileError for a place that cannot be
    written to; nothing is written then.
    """
    files, proof = made(subject, form, path.name), None
    if verify and form.proven:
        told("proving", files)
        proof = prove(subject, form, files, stopped=stopped)
        if proof is not None:
            files[proof_name(path.name)] = proof.text().encode()
    if stopped():
        raise PlaygroundError("the export was given up; nothing was written")
    told("writing", files)
    return Exported(write(files, path.parent), proof)
