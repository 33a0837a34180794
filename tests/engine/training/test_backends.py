from __future__ import annotations

import subprocess
import sys

import pytest

from engine.catalog.optimizers import Adam
from engine.document.errors import InvalidValueError, Sentence
from engine.document.examples import load_example
from engine.plan.resolve import resolve
from engine.training import backends
from engine.training.backends import Backend, choose

PLAN = resolve(load_example("circle").document)


def test_torch_runs_every_network() -> None:
    backend, reason = choose(PLAN)
    assert backend.name == "torch" and str(reason)
    assert type(backend.make(PLAN)).__name__ == "TorchTrainer"
    assert choose(PLAN, "torch")[0] is backend


def test_a_backend_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(InvalidValueError, match=r"engine \(=numba\) is not part of this version; use auto or torch"):
        choose(PLAN, "numba")


def test_a_second_backend_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Sentence("only SGD")
    fast = Backend(
        "fast",
        "engine.training.torch_trainer",
        "TorchTrainer",
        Sentence("small networks"),
        lambda plan: None if plan.document.training.optimizer.name == "SGD" else refusal,
    )
    monkeypatch.setattr(backends, "BACKENDS", (fast, *backends.BACKENDS))
    assert choose(PLAN)[0] is fast
    other = resolve(PLAN.document.set_training(optimizer=Adam()))
    assert choose(other)[0].name == "torch"
    with pytest.raises(InvalidValueError, match=r"engine \(=fast\) cannot train this network: only SGD; use auto"):
        choose(other, "fast")


def test_training_never_imports_the_compiler() -> None:
    """It takes as long as importing PyTorch, and the first step would wait for it."""
    program = (
        "import sys\n"
        "from engine.document.examples import load_example\n"
        "from engine.plan.resolve import resolve\n"
        "from engine.training.backends import choose\n"
        "assert 'torch' not in sys.modules\n"
        "plan = resolve(load_example('spiral').document)\n"
        "choose(plan)[0].make(plan).step('batch')\n"
        "print('torch' in sys.modules, 'torch._dynamo' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["True", "False"]
