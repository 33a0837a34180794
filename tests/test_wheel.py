"""What `pip install .` gives: built, installed into a new environment, and run from there."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "widgets", "playground", "assets")


@dataclass(frozen=True)
class Installed:
    """A new environment that holds the wheel and nothing of the source tree."""

    wheel: Path
    folder: Path
    away: Path

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's programs far from the source tree, with its own settings."""
        scripts = self.folder / ("Scripts" if os.name == "nt" else "bin")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [scripts / program, *arguments], cwd=self.away, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    base = tmp_path_factory.mktemp("wheel")
    # A copy is built, so that a stale build folder can neither hide a missing file nor add one.
    source = base / "source"
    source.mkdir()
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(base), str(source))
    (wheel,) = base.glob("*.whl")

    environment = base / "environment"
    venv.create(environment, with_pip=False)
    interpreter = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    packages = Path(_run(str(interpreter), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # The dependencies are lent by this environment: the `.pth` files in it, and so its own copy of us, stay unread.
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", str(interpreter))
    _run(*pip, "install", "--no-deps", "--no-index", "--quiet", str(wheel))
    away = base / "away"
    away.mkdir()
    return Installed(wheel, environment, away)


def _run(*command: str) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_wheel_holds_the_packages_and_every_asset(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    tree = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".py", ".json", ".svg"}
    }
    assert names == tree


def test_packages_come_from_the_wheel(installed: Installed) -> None:
    answer = installed.run("python", "-c", f"import {', '.join(PACKAGES)}; print(engine.__file__, assets.__file__)")
    assert answer.returncode == 0, answer.stderr
    for file in answer.stdout.split():
        assert Path(file).is_relative_to(installed.folder)


def test_info_lists_the_catalogue(installed: Installed) -> None:
    answer = installed.run("playground", "info", "--json")
    assert answer.returncode == 0, answer.stderr
    catalog = json.loads(answer.stdout)["catalog"]
    assert "Dense" in catalog["layers"]
    assert all(catalog[kind] for kind in ("activations", "initializers", "losses", "optimizers", "datasets"))


def test_training_runs(installed: Installed) -> None:
    answer = installed.run("playground", "train", "circle", "--epochs", "5", "--seed", "1", "--json")
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout.splitlines()[-1])
    assert (result["example"], result["epochs"]) == ("circle", 5)
    # 2-4-2-1: (2·4 + 4) + (4·2 + 2) + (2·1 + 1)
    assert result["parameters"] == 25
    assert result["steps"] > 5
    assert math.isfinite(result["train"]["loss"])
    assert math.isfinite(result["test"]["loss"])
    assert len(result["weights_sha256"]) == 64
    assert result["seconds"] > 0
