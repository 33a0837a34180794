"""Exported code as a reader would use it: run by Python, given the weights and the batches of a run."""

from __future__ import annotations

from typing import Any

import torch

from engine.document.graph import Document
from engine.export.pytorch_code import pytorch_source, state_names
from engine.plan.data import epoch_order, split
from engine.plan.resolve import resolve
from engine.training.torch_trainer import TorchTrainer


class Exported:
    """The module that the source of a document makes, with a network that starts from the document's weights."""

    def __init__(self, document: Document) -> None:
        self.plan = resolve(document)
        self.run = TorchTrainer(self.plan)
        """The program's own run, at the same weights."""
        self.names: dict[str, Any] = {}
        self.source = pytorch_source(self.plan, "a test")
        exec(compile(self.source, "exported.py", "exec"), self.names)
        self.network = self.names["Network"]()
        self.parameters = dict(self.network.named_parameters())
        self.places = state_names(self.plan)
        assert sorted(self.places.values()) == sorted(self.parameters)
        with torch.no_grad():
            for name, place in self.places.items():
                self.parameters[place].copy_(torch.from_numpy(self.run.parameter(name)))

    def inputs(self, values: Any) -> list[Any]:
        """What each Input card passes on of samples."""
        dataset, plan = self.plan.document.data.dataset, self.plan
        cards = [plan.nodes[name].layer for name in plan.order if not plan.nodes[name].sources]
        return [torch.from_numpy(dataset.inputs(values, getattr(card, "columns", ()))) for card in cards]

    def answers(self) -> Any:
        """Of the training samples, one output beside the other, before the activation where the loss wants that."""
        self.network.eval()
        with torch.no_grad():
            found = self.network(*self.inputs(split(self.plan.document.data).train.values))
        return torch.cat(found, 1).numpy() if isinstance(found, tuple) else found.numpy()

    def train(self, steps: int) -> None:
        """Take the first steps of the run, and let the program's own run take them too."""
        document = self.plan.document
        train, size = split(document.data).train, document.batch_size
        optimizer = self.names["optimizer_of"](self.network)
        each = -(-len(train) // size)
        self.network.train()
        for step in range(steps):
            order = epoch_order(document.seed, step // each, len(train))
            batch = order[step % each * size : (step % each + 1) * size]
            inputs = self.inputs(train.values[batch])
            targets = [torch.from_numpy(output.target.encode(train.targets[batch])) for output in self.plan.outputs]
            given = [inputs[0] if len(inputs) == 1 else inputs, targets[0] if len(targets) == 1 else targets]
            self.names["train_step"](self.network, optimizer, *given)
            self.run.step("batch")

    def weights(self) -> dict[str, Any]:
        """The network's parameters by the plan's names."""
        return {name: self.parameters[place].detach().numpy() for name, place in self.places.items()}
