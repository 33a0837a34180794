"""Taking a network away: a file in one of the forms of export, proven by an independent reader."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.document.errors import FileError, InvalidValueError
from playground.commands import painting
from playground.commands.interruption import Interruption
from playground.commands.shared import DONE, FAILED, Commands, WorkFailed, add_source, number, project_of
from playground.commands.training import trained
from playground.window_forms import SUFFIXES

if TYPE_CHECKING:
    from engine.export.format import Format, Subject
    from engine.worker.exporting import Exported

_CODE = ("pytorch", "keras", "numpy")
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def declare(commands: Commands) -> None:
    """Add the commands of this group."""
    parser = commands.add_parser(
        "export", help="take the network away: weights, a model, source code, a picture, a report"
    )
    add_source(parser)
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="what to write; its suffix says how")
    parser.add_argument("--code", choices=_CODE, help="whose source code, for a FILE.py")
    parser.add_argument("--format", metavar="NAME", help="the form by name, where its suffix does not say enough")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="a setting of the form; may be repeated"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="train anew for so many epochs before")
    parser.add_argument("--seed", type=int, metavar="S", help="train anew with this seed before")
    parser.add_argument("--no-verify", action="store_true", help="do not read the file again with another program")
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    parser.set_defaults(work=export)


def export(options: Namespace) -> int:
    """Write a network in a form of export; an example, or a project that was never trained, is trained before."""
    from engine.worker.exporting import export as run

    painted = painting.form_of(options)
    if painted is not None:
        files = painting.write_painted(_subject(options), painted, options.to)
        print(json.dumps(_report(painted, files, None)) if options.json else "\n".join(map(str, files)))
        return DONE
    form = _form(options)
    subject = _subject(options)
    with Interruption() as interruption:
        try:
            exported = run(subject, form, options.to, verify=not options.no_verify, stopped=lambda: interruption.heard)
        except FileError as error:
            raise WorkFailed(str(error)) from error
    if interruption.heard:
        raise WorkFailed(f"stopped; {options.to} is written, but not proven")
    print(json.dumps(_report(form.name, exported.files, exported)) if options.json else _summary(exported))
    return DONE if exported.proof is None or exported.proof.passed else FAILED


def _subject(options: Namespace) -> Subject:
    """The project with its run, which is trained now where there is none, or another one is asked for."""
    from engine.export.format import Subject
    from engine.export.states import snapshot_of

    project = project_of(options.source)
    title = Path(options.source).stem
    snapshot = snapshot_of(project) if options.epochs is None and options.seed is None else None
    if snapshot is not None:
        return Subject(project.document, snapshot, title)
    result = trained(project.document, epochs=options.epochs, seed=options.seed)
    if result.interrupted:
        raise WorkFailed("stopped; nothing is written")
    return Subject(result.document, result.snapshot, title)


# --- which form ------------------------------------------------------------------------------------------------------


def _form(options: Namespace) -> Format:
    """The form that suffix, `--code` and `--format` mean, with its options. Raises InvalidValueError."""
    from engine.catalog.registry import entries, entry

    if options.format is not None:
        if options.code is not None:
            raise InvalidValueError("--code cannot be combined with --format; leave one of them out")
        chosen = entry("formats", options.format)
        if not _ends(options.to, chosen.suffix):
            raise InvalidValueError(
                "the file (={file}) must end in {suffix} for --format {form}",
                file=options.to,
                suffix=chosen.suffix,
                form=options.format,
            )
        return _with_options(chosen, options.option)
    forms = [form for form in entries("formats").values() if _ends(options.to, form.suffix)]
    if not forms:
        known = dict.fromkeys([*(form.suffix for form in entries("formats").values()), *SUFFIXES.values()])
        raise InvalidValueError(
            "the file (={file}) must end in one of {known}", file=options.to, known=", ".join(known)
        )
    if options.code is not None:
        forms = [form for form in forms if form.name.startswith(options.code)]
        if not forms:
            raise InvalidValueError(
                "--code (={code}) writes source code: the file (={file}) must end in .py",
                code=options.code,
                file=options.to,
            )
    return _with_options(forms[0], options.option)


def _ends(path: Path, suffix: str) -> bool:
    return path.name.lower().endswith(suffix)


def _with_options(form: type[Format], given: list[str]) -> Format:
    """The form with what "name=value" says of its fields. Raises InvalidValueError."""
    from engine.catalog.registry import fields_from_json
    from engine.catalog.registry import form as fields_of

    kinds = {field.name: field.kind for field in fields_of(form)}
    values: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidValueError("--option (={value}) must read NAME=VALUE", value=text[:80])
        values[name] = _typed(value, kinds.get(name))
    made: Format = fields_from_json(form, values, form.name)
    return made


def _typed(text: str, kind: type | None) -> Any:
    """What a text says for a field of that kind; the text itself where it says nothing, for the field to refuse."""
    if kind is bool:
        return _TRUTHS.get(text.lower(), text)
    try:
        return kind(text) if kind in (int, float) else text
    except ValueError:
        return text


# --- what came of it -------------------------------------------------------------------------------------------------


def _summary(exported: Exported) -> str:
    lines = [str(path) for path in exported.files]
    return "\n".join(lines if exported.proof is None else [*lines, str(exported.proof.sentence)])


def _report(form: str, files: Sequence[Path], exported: Exported | None) -> dict[str, Any]:
    proof = None if exported is None else exported.proof
    return {
        "format": form,
        "files": [str(path) for path in files],
        "bytes": files[0].stat().st_size,
        "proof": proof
        and {
            "passed": proof.passed,
            "samples": proof.samples,
            "difference": number(proof.difference),
            "reader": proof.reader,
            "trouble": None if proof.trouble is None else str(proof.trouble),
        },
    }
