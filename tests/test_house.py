"""The rules of the house, checked: who imports whom, how long a file may be, which Qt may be loaded."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import PySide6
import pytest
from PySide6.QtWidgets import QWidget

import engine
import playground
import widgets

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("assets", "benchmarks", "engine", "playground", "tests", "widgets")
PLAIN = (
    "engine.catalog",
    "engine.document",
    "engine.export.format",
    "engine.images",
    "engine.plan",
    "engine.probes",
    "engine.tables",
    "engine.training.moments",
    "engine.training.trainer",
    "engine.worker.messages",
    "engine.importing.table",
    "engine.export.turning",
)
LONGEST = 400


def _sources(*folders: str) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        file = ROOT / f"{folder}.py"
        found += [file] if file.is_file() else sorted((ROOT / folder).rglob("*.py"))
    return found


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file: a lazy import counts as well."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write the import in full instead of relative"
            assert node.module is not None
            yield node.module


def test_the_house_has_all_its_rooms() -> None:
    for folder in FOLDERS:
        assert _sources(folder), f"{folder} holds no source file"


def test_every_file_is_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _sources(*FOLDERS)}
    too_long = {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length >= LONGEST}
    assert not too_long, f"split before a file reaches {LONGEST} lines"


@pytest.mark.parametrize("place", PLAIN)
def test_plain_parts_import_only_the_standard_library_and_numpy(place: str) -> None:
    """And, where pictures are read or drawn, Pillow."""
    allowed = sys.stdlib_module_names | {"numpy"} | ({"PIL"} if place == "engine.images" else set())
    sources = _sources(place.replace(".", "/"))
    assert sources
    foreign = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in sources
        for module in _imports(path)
        if module.split(".")[0] not in allowed and not any(f"{module}.".startswith(f"{package}.") for package in PLAIN)
    }
    assert not foreign


def test_import_contracts_are_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "4 kept, 0 broken" in answer.stdout


@pytest.mark.parametrize("module", ["playground.app", "playground.command_line", "widgets.theme", "engine.plan"])
def test_the_window_never_loads_a_training_library(module: str) -> None:
    question = (
        f"import sys, {module}; "
        "print(sorted({'torch', 'numba', 'sklearn', 'scipy'} & {name.split('.')[0] for name in sys.modules}))"
    )
    answer = subprocess.run([sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"


def test_no_translated_text_is_an_f_string() -> None:
    """An f-string is filled before it is looked up, so no translation could ever match it."""
    wrong = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in _sources("widgets", "playground")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"tr", "translate"}
        and any(isinstance(argument, ast.JoinedStr) for argument in call.args)
    ]
    assert not wrong


def test_qt_is_the_tested_release() -> None:
    release = tuple(int(part) for part in PySide6.__version__.split(".")[:3])
    assert (6, 11, 2) <= release < (6, 12)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")
def test_qt_takes_no_reference_away_from_none(qapp: object) -> None:
    """PySide6 6.12.0 takes one on each call that returns nothing, until Python aborts."""
    widget = QWidget()
    calls = 200
    widget.update()
    before = sys.getrefcount(None)
    for _ in range(calls):
        widget.update()
    lost = before - sys.getrefcount(None)
    widget.deleteLater()
    assert lost < calls / 2, f"this PySide6 lost {lost} references to None in {calls} calls: install >=6.11.2,<6.12"


def _undocumented(module: ModuleType) -> Iterator[str]:
    """Public methods that say nothing and override nothing, so that no docstring could be inherited."""
    for owner in vars(module).values():
        if not isinstance(owner, type) or owner.__module__ != module.__name__ or owner.__name__.startswith("_"):
            continue
        for name, member in vars(owner).items():
            method = isinstance(member, FunctionType | property | classmethod | staticmethod)
            if method and not name.startswith("_") and not member.__doc__:
                inherited = any(hasattr(base, name) for base in owner.__mro__[1:])
                if not inherited:
                    yield f"{module.__name__}.{owner.__name__}.{name}"


@pytest.mark.parametrize("package", [engine, widgets, playground], ids=lambda package: package.__name__)
def test_every_public_method_says_what_it_does(package: ModuleType) -> None:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.endswith("__main__")
    ]
    assert modules
    assert not [name for module in modules for name in _undocumented(module)]
