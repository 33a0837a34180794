"""What PyTorch writes about its own exports is kept from pytest, which would format every line of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def pytorch_is_quiet() -> Iterator[None]:
    log = logging.getLogger("torch.__trace")
    before, log.propagate = log.propagate, False
    yield
    log.propagate = before
