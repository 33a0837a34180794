"""The worker's mailbox, over a real pipe."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing import Pipe
from typing import Any

import numpy as np
import pytest

from engine.worker.mailbox import Mailbox


@pytest.fixture
def ends() -> Iterator[tuple[Any, Any]]:
    near, far = Pipe()
    yield near, far
    near.close()
    far.close()


def test_messages_come_in_order_and_none_means_none_yet(ends: tuple[Any, Any]) -> None:
    near, far = ends
    mailbox = Mailbox(far)
    assert mailbox.next(0.0) is None
    for number in range(3):
        near.send(number)
    assert [mailbox.next(10.0) for _ in range(3)] == [0, 1, 2]
    assert mailbox.next(0.001) is None
    mailbox.close()


def test_posting_does_not_wait_for_a_reader(ends: tuple[Any, Any]) -> None:
    near, far = ends
    mailbox = Mailbox(far)
    large = np.arange(2**20)  # far more than a pipe holds
    for _ in range(4):
        mailbox.post(large)
    assert all((near.recv() == large).all() for _ in range(4))
    mailbox.close()


def test_what_was_posted_leaves_before_it_closes(ends: tuple[Any, Any]) -> None:
    near, far = ends
    mailbox = Mailbox(far)
    mailbox.post("last words")
    mailbox.close()
    assert near.poll(0) and near.recv() == "last words"


def test_the_other_end_is_gone(ends: tuple[Any, Any]) -> None:
    near, far = ends
    mailbox = Mailbox(far)
    near.close()
    with pytest.raises(EOFError):
        mailbox.next(10.0)
    mailbox.post("to nobody")
    mailbox.close()


def test_what_cannot_be_sent_is_an_error_where_it_is_posted(ends: tuple[Any, Any]) -> None:
    near, far = ends
    mailbox = Mailbox(far)
    with pytest.raises(Exception, match="pickle"):
        mailbox.post(lambda: None)
    mailbox.post("what can be sent")
    assert near.recv() == "what can be sent"
    mailbox.close()


def test_a_message_is_sent_as_it_was_when_it_was_posted(ends: tuple[Any, Any]) -> None:
    near, far = ends
    mailbox = Mailbox(far)
    numbers = np.zeros(300_000)
    mailbox.post(np.zeros(300_000))  # fills the pipe, so that the next one waits
    mailbox.post(numbers)
    numbers += 1.0
    near.recv()
    assert not near.recv().any()
    mailbox.close()
