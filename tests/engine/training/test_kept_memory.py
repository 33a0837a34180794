"""What a step frees is there for the next one, without the system."""

from __future__ import annotations

import platform
import resource
import sys

import pytest
import torch

from engine.training import kept_memory
from engine.training.kept_memory import keep_memory


def faults(pieces: int) -> int:
    """Pages that the system had to provide for so many tensors of 4 MB, one after the other."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(pieces):
        torch.ones(1_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is a setting of this C library")
def test_tensors_are_made_where_others_were() -> None:
    assert keep_memory()
    faults(2)
    assert faults(40) < 20 * 977  # the pages of a tensor, of 4 KB


def test_elsewhere_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_memory()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(kept_memory.ctypes, "CDLL", lambda name: object())
    assert not keep_memory()
