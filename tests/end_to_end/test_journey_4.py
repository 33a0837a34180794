"""Journey four in a real window: train, export three forms, read the proof, quit; the files are read elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from engine.document.serialization import document_from_json
from engine.export.format import Subject
from engine.export.proof import answers, difference
from engine.plan.resolve import resolve
from engine.training.trainer import Snapshot
from tests.end_to_end.display import ON_A_SCREEN, ROOT, display

pytestmark = ON_A_SCREEN

ELSEWHERE = '''"""Reads three files of one network, each in its own way, and writes their answers to some points."""

import json
import runpy
import sys

import numpy as np
import onnxruntime
from safetensors import safe_open


def softmax(x):
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


points = np.load("points.npy")
session = onnxruntime.InferenceSession("taken.onnx", providers=["CPUExecutionProvider"])
(by_onnx,) = session.run(None, {session.get_inputs()[0].name: points})
with safe_open("taken.safetensors", framework="np") as file:
    cards = json.loads(file.metadata()["cards"])
    arrays = {name: file.get_tensor(name) for name in file.keys()}
by_hand = points
for card, said in cards.items():
    activation = {"ReLU": lambda x: np.maximum(x, 0), "softmax": softmax}[said["activation"]]
    by_hand = activation(by_hand @ arrays[f"{card}.weight"].T + arrays[f"{card}.bias"])
by_script = runpy.run_path("taken.py")["predict"](points)
assert not {"engine", "playground", "widgets", "torch"} & set(sys.modules)
np.savez("answers.npz", onnx=by_onnx, safetensors=by_hand, numpy=by_script)
'''


def carried_out(folder: Path) -> dict[str, Any]:
    """What the window said; nothing of it runs any more."""
    screen_folder = folder / "screen"
    screen_folder.mkdir()
    with display(screen_folder) as screen:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.end_to_end.child_four", "taken", str(folder)],
            cwd=ROOT, env=screen.environment(folder / "home"), capture_output=True, text=True, timeout=290,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found.get("error") is None, found["error"]
    assert found["messages"] == []
    assert done.stderr == ""
    return found


def answers_of_the_window(folder: Path, points: Any) -> Any:
    """What the run that the window held answers."""
    document = document_from_json(json.loads((folder / "document.json").read_text("utf-8")))
    with np.load(folder / "weights.npz", allow_pickle=False) as content:
        weights = dict(content)
    assert set(weights) == set(resolve(document).saved_shapes)
    return answers(Subject(document, Snapshot(weights=weights), "taken"), [points])


def test_three_forms_are_taken_away_and_answer_elsewhere_as_the_window_did(tmp_path: Path) -> None:
    found = carried_out(tmp_path)
    before, after = found["trained"]["loss"]
    assert after < 0.7 * before
    said = found["exported"]["said"]
    readers = {"ONNX": "onnxruntime 1.", "safetensors": "torch 2.", "NumPy inference": "numpy 2."}
    assert list(said) == list(readers)
    for form, reader in readers.items():
        assert "gives the same answers in " in said[form] and reader in said[form], said
        assert "largest difference" in said[form] and "on 256 samples" in said[form]
    assert found["exported"]["step"] == found["run_written_down"]["step"], "the run rests while it is exported"
    proofs = [f"{name}.proof.json" for name in ("onnx", "py", "safetensors")]
    written = [f"taken.{suffix}" for suffix in ("npz", "onnx", "py", "safetensors", *proofs)]
    assert found["left"]["files"] == sorted(written)

    points = np.random.default_rng(4).uniform(-6, 6, (50, 2)).astype(np.float32)
    np.save(tmp_path / "points.npy", points)
    subprocess.run([sys.executable, "-I", "-c", ELSEWHERE], cwd=tmp_path, check=True, timeout=120)
    expected = answers_of_the_window(tmp_path, points)
    assert expected.shape == (50, 5) and len(set(expected.argmax(axis=1))) > 2, "answers that differ from each other"
    with np.load(tmp_path / "answers.npz", allow_pickle=False) as content:
        assert sorted(content.files) == ["numpy", "onnx", "safetensors"]
        for name in content.files:
            assert difference(content[name], expected) <= 1e-5, name
            assert difference(content[name], content["onnx"]) <= 1e-5, name
