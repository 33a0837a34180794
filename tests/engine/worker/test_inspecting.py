"""Probes that need slopes: what loads PyTorch is announced first, and never twice."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog.activations import Softmax
from engine.catalog.datasets.digits import Digits
from engine.catalog.layers.dense import Dense
from engine.catalog.layers.reshaping import Flatten
from engine.catalog.losses import CategoricalCrossEntropy
from engine.document.graph import Data, Training
from engine.probes.attribution import Attribution
from engine.worker import session
from engine.worker.messages import Frame, FrameRequest, Load, Starting
from tests.engine.training.networks import chain


@pytest.mark.parametrize("loaded", [False, True])
def test_slopes_are_announced_before_they_are_first_asked_for(loaded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    made = session.Session(sent.append)
    training = Training(CategoricalCrossEntropy())
    made.take(Load(1, chain(Flatten(), Dense(10, Softmax()), data=Data(Digits()), training=training)))
    sent.clear()
    monkeypatch.setattr(session, "inspection_is_loaded", lambda: loaded)
    made.take(FrameRequest(1, 1, (Attribution(sample=0),)))
    made.turn()
    assert [type(message) for message in sent] == ([Frame] if loaded else [Starting, Frame])
    assert sent[-1].answers[0]["integrated"].shape == (8, 8)
