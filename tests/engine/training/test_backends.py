from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from engine.catalog.layers.dense import Dense
from engine.catalog.optimizers import Adam
from engine.document.errors import InvalidValueError, Sentence
from engine.document.examples import load_example
from engine.plan.resolve import resolve
from engine.training import backends
from engine.training.backends import Backend, choose
from engine.training.numba_plans import refuses

PLAN = resolve(load_example("circle").document)


def test_small_dense_networks_are_compiled() -> None:
    backend, reason = choose(PLAN)
    assert backend.name == "numba" and str(reason)
    assert type(backend.make(PLAN)).__name__ == "NumbaTrainer"
    assert choose(PLAN, "numba")[0] is backend


def test_torch_runs_every_network() -> None:
    assert type(choose(PLAN, "torch")[0].make(PLAN)).__name__ == "TorchTrainer"
    wide = resolve(PLAN.document.set_field("dense_1", "units", 700).set_field("dense_2", "units", 700))
    backend, reason = choose(wide)
    assert backend.name == "torch" and str(reason)
    with pytest.raises(InvalidValueError, match=r"engine \(=numba\) cannot train this network: PyTorch is faster"):
        choose(wide, "numba")


def test_a_layer_without_a_compiled_form_is_named() -> None:
    class Strange(Dense):
        pass

    plan = resolve(PLAN.document.set_field("dense_1", "units", 4))
    card = dataclasses.replace(plan.nodes["dense_1"].node, layer=Strange())
    strange = dataclasses.replace(plan.nodes["dense_1"], node=card)
    other = dataclasses.replace(plan, nodes={**plan.nodes, "dense_1": strange})
    assert str(refuses(other)) == "Dense has no compiled form"


def test_a_backend_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(InvalidValueError, match=r"\(=fpga\) is not part of this version; use auto or numba or torch"):
        choose(PLAN, "fpga")


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
    assert choose(other)[0].name == "numba"
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
        "backend = choose(plan)[0]\n"
        "assert 'numba' not in sys.modules\n"
        "backend.make(plan).step('batch')\n"
        "assert 'numba' in sys.modules and 'torch' not in sys.modules\n"
        "choose(plan, 'torch')[0].make(plan).step('batch')\n"
        "print('torch' in sys.modules, 'torch._dynamo' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["True", "False"]
