"""One training shared by several processes, on one machine or many: found out from what `torchrun` sets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.document.errors import InvalidValueError
from engine.plan.plan import Plan

if TYPE_CHECKING:
    from engine.training.distributed import DistributedTrainer

_SIZE, _LOCAL = "WORLD_SIZE", "LOCAL_RANK"


class Group:
    """The processes that train together, as one of them sees them."""

    def __init__(self, rank: int, device: str) -> None:
        self.leads = rank == 0
        """Whether this process speaks and writes for all."""
        self._device = device

    def trainer(self, plan: Plan) -> DistributedTrainer:
        """A trainer that takes its part of every batch. Raises PlaygroundError for a plan that cannot be shared."""
        from engine.training.distributed import DistributedTrainer

        return DistributedTrainer(plan, device=self._device)

    def agreed(self, wanted: bool) -> bool:
        """Whether any of the processes wants it; all have to ask at the same moment."""
        import torch
        from torch import distributed

        said = torch.tensor(float(wanted), device=self._device)
        distributed.all_reduce(said, op=distributed.ReduceOp.MAX)
        return bool(said)


def processes() -> int:
    """How many processes train together, this one included."""
    return max(1, _number(_SIZE, 1))


@contextmanager
def joined(plan: Plan, engine: str, device: str) -> Iterator[Group | None]:
    """Join the other processes until the training is over; None where this one trains alone.

    They speak by NCCL on graphics cards, of which each process of a machine takes its own, and by gloo elsewhere.
    Raises InvalidValueError for an engine that cannot be shared.
    """
    if processes() == 1:
        yield None
        return
    if engine not in ("auto", "torch"):
        raise InvalidValueError(
            "engine (={engine}) trains in one process alone; use torch, or start it without torchrun", engine=engine
        )
    import torch
    from torch import distributed

    from engine.training.devices import choose_device

    chosen = choose_device(plan, device)
    if chosen == "cuda":
        torch.cuda.set_device(_number(_LOCAL, 0))
    joins = not distributed.is_initialized()  # whoever trains several times in a process joins before
    if joins:
        distributed.init_process_group("nccl" if chosen == "cuda" else "gloo")
    try:
        yield Group(distributed.get_rank(), chosen)
    finally:
        if joins:
            distributed.destroy_process_group()


def _number(name: str, otherwise: int) -> int:
    """A number that was said in the environment."""
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else otherwise
