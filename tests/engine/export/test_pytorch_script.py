"""The exported training script, run as it stands, ends with the loss of the program's own run."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.catalog.activations import PRelu, Sigmoid, Tanh
from engine.catalog.clipping import ClipByNorm
from engine.catalog.constraints import MaxNorm, UnitNorm
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.output import Output
from engine.catalog.losses import MeanSquaredError
from engine.catalog.optimizers import Adam
from engine.catalog.registry import entries, entry
from engine.catalog.regularizers import L1, L2
from engine.catalog.stopping import StopAfterTime
from engine.document.errors import PlaygroundError
from engine.document.examples import load_example
from engine.document.graph import Data, Document, Training
from engine.export.pytorch_script import script_files
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer
from tests.engine.training.networks import around, chain, small

BOUND = 1e-4
LAYERS = ("Conv2d", "ConvTranspose2d", "BatchNorm", "Dropout", "GaussianNoise", "Embedding", "SeparableConv2d")
DATASETS = [name for name, cls in entries("datasets").items() if cls.plane and name not in ("drawn", "formula")]


def written(folder: Path, document: Document) -> Path:
    """The script, with what belongs to it, in a folder."""
    for name, content in script_files(resolve(document), "A test", "run.py").items():
        (folder / name).write_bytes(content)
    return folder / "run.py"


def losses(printed: str) -> list[float]:
    """What the last line of a script says: of training, and of the test."""
    last = [line for line in printed.splitlines() if line.startswith("epoch")][-1]
    return [float(number) for number in re.findall(r"loss (\S+?)(?:,|$)", last)]


def trained(script: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The losses at the end of a script that is run here."""
    threads, printed = torch.get_num_threads(), io.StringIO()
    monkeypatch.setattr(sys, "argv", [str(script), "--out", str(script.with_suffix(".pt"))])
    names: dict[str, Any] = {"__name__": "__main__", "__file__": str(script)}
    with contextlib.redirect_stdout(printed):
        exec(compile(script.read_text("utf-8"), str(script), "exec"), names)
    torch.set_num_threads(threads)
    return losses(printed.getvalue())


def same(found: list[float], document: Document) -> TorchTrainer:
    """The script's losses are those of the program's own run, which is returned."""
    run = TorchTrainer(resolve(document))
    run.train_epochs(document.training.epochs)
    evaluation = run.evaluate()
    assert found == pytest.approx([evaluation.train_loss, evaluation.test_loss], rel=BOUND)
    return run


def repeats(document: Document, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    script = written(folder, document)
    run = same(trained(script, monkeypatch), document)
    state = torch.load(script.with_suffix(".pt"), weights_only=True)
    assert len(state) >= len(run.plan.parameters)
    return script.read_text("utf-8")


@pytest.mark.parametrize("name", list(entries("optimizers")))
def test_every_optimizer(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    optimizer = entry("optimizers", name)(learning_rate=0.02)
    repeats(small(training=Training(optimizer=optimizer, epochs=3)), tmp_path, monkeypatch)


@pytest.mark.parametrize("warmup", [0, 2])
@pytest.mark.parametrize("name", list(entries("schedules")))
def test_every_schedule(name: str, warmup: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = entry("schedules", name)(warmup_epochs=warmup)
    if name == "reduce_on_plateau":
        schedule = schedule.replace(patience=1, smallest_improvement=0.1)
    optimizer = Adam(learning_rate=0.02)
    repeats(small(training=Training(optimizer=optimizer, schedule=schedule, epochs=6)), tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("name", "changes", "end"),
    [("never", {}, 8), ("early_stopping", {"patience": 2}, 7), ("stop_at_epoch", {"epoch": 4}, 4)],
)
def test_a_stopping_rule(
    name: str, changes: dict[str, Any], end: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = small(training=Training(stopping=entry("stoppings", name)(**changes), epochs=8))
    assert same(trained(written(tmp_path, document), monkeypatch), document).epoch == end


def test_a_rule_that_looks_at_the_clock_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="choose another stopping rule"):
        script_files(resolve(small(training=Training(stopping=StopAfterTime()))), "A test", "run.py")


@pytest.mark.parametrize("name", LAYERS)
def test_layers_that_keep_or_draw_something(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = entry("layers", name)()
    if name == "ConvTranspose2d":
        layer = layer.replace(constraint=UnitNorm())
    repeats(around(layer, training=Training(epochs=2)), tmp_path, monkeypatch)


@pytest.mark.parametrize("name", list(entries("initializers")))
def test_every_initializer(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Dense(4, weight_initializer=entry("initializers", name)())
    repeats(chain(layer, Dense(1), training=Training(epochs=1)), tmp_path, monkeypatch)


@pytest.mark.parametrize("name", DATASETS)
def test_points_of_the_plane_are_drawn_by_their_formula(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = entry("datasets", name)(samples=60)
    units = dataset.class_count if dataset.class_count > 2 else 1
    training = Training(loss=MeanSquaredError(), epochs=1)
    document = chain(Dense(units, Tanh()), training=training, data=Data(dataset, seed=5))
    assert "def data():" in repeats(document, tmp_path, monkeypatch)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".npz"] == []


def test_what_surrounds_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Dense(4, Tanh(), weight_regularizer=L1(0.01), activity_regularizer=L2(0.02), rate_factor=0.5)
    frozen, limited = Dense(3, Tanh(), trainable=False), Dense(1, constraint=MaxNorm(0.4))
    training = Training(clipping=ClipByNorm(0.1), epochs=3)
    source = repeats(chain(first, frozen, limited, training=training), tmp_path, monkeypatch)
    assert "self.dense_2.requires_grad_(False)" in source


def test_blocks_and_several_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = chain(Dense(4, Tanh()), Dense(4, PRelu()), Dense(4, Tanh(), trainable=False), Dense(1, Sigmoid()))
    document = document.set_training(loss=entry("losses", "binary_cross_entropy")(), epochs=2)
    document = document.add(Output(weight=0.3, own_loss=True, loss=MeanSquaredError()), x=0.0, y=200.0)
    output = next(node.id for node in document.nodes if node.layer.name == "Output")
    document = document.add(Dense(1, Tanh()), x=0.0, y=300.0)
    side = document.nodes[-1].id
    document = document.connect("dense_1", side).connect(side, output).fold(["dense_2", "dense_3"])
    repeats(document, tmp_path, monkeypatch)


def test_digits_lie_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = load_example("digits").document.set_training(epochs=1)
    repeats(document, tmp_path, monkeypatch)
    assert (tmp_path / "run_data.npz").stat().st_size < 100_000


def test_changed_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = load_example("digits").document.set_training(epochs=1)
    changed = document.data.dataset.replace(shift=1, noise=5.0, normalization="per pixel")
    repeats(document.set_data(dataset=changed), tmp_path, monkeypatch)


def test_in_a_process_of_its_own_it_needs_nothing_of_this_program(tmp_path: Path) -> None:
    document = load_example("spiral").document.set_training(epochs=5)
    script = written(tmp_path, document)
    tree = ast.parse(script.read_text("utf-8"))
    imported = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {*sys.stdlib_module_names, "torch", "numpy"}
    answer = subprocess.run(
        [sys.executable, "-I", script.name, "--out", "model.pt"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    same(losses(answer.stdout), document)
    assert answer.stderr == "" and (tmp_path / "model.pt").exists()


@pytest.mark.long
def test_a_subset_of_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = load_example("mnist-dense-8").document.set_training(epochs=2)
    dataset = document.data.dataset.replace(limit=2000)
    if dataset.trouble() is not None:
        pytest.skip("MNIST is not in the data folder")
    repeats(document.set_data(dataset=dataset), tmp_path, monkeypatch)
