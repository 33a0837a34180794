"""The document: everything the user decided, immutable. An edit is a method that returns a new document."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any

from engine.catalog.clipping import Clipping, NoClipping
from engine.catalog.datasets.dataset import Dataset
from engine.catalog.layers.layer import Layer
from engine.catalog.losses import Loss, MeanSquaredError
from engine.catalog.optimizers import SGD, Optimizer
from engine.catalog.registry import Range, check_fields, entry
from engine.catalog.schedules import ConstantRate, Schedule
from engine.catalog.stopping import NeverStop, Stopping
from engine.document.errors import GraphError, InvalidValueError
from engine.document.notes import Note
from engine.document.places import nearest

SEEDS = Range(0, 2**31 - 1, 1)
"""What a seed may be."""
MOST_NODES = 5_000
"""Cards that a document may hold."""
CARD_GAP = 168.0
"""Distance between the centres of neighbouring cards, scene units: what edits that place a card by themselves leave."""


@dataclass(frozen=True)
class Node:
    """A card: a layer with an identity and a place on the canvas (scene units, y downwards)."""

    id: str
    layer: Layer
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class Edge:
    """A link from the output of one node to an input port of another; ports count from 0."""

    source: str
    target: str
    port: int = 0


@dataclass(frozen=True)
class Network:
    """A named graph of layers. Node ids are unique in the whole document."""

    name: str = "network"
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    notes: tuple[Note, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """The nodes by id."""
        return MappingProxyType({node.id: node for node in self.nodes})

    @cached_property
    def _links_in(self) -> Mapping[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {}
        for edge in sorted(self.edges, key=lambda edge: edge.port):
            found.setdefault(edge.target, []).append(edge)
        return {target: tuple(edges) for target, edges in found.items()}

    @cached_property
    def _links_out(self) -> Mapping[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return {source: tuple(edges) for source, edges in found.items()}

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    def node(self, node_id: str) -> Node:
        """The node of that id. Raises GraphError."""
        found = self.by_id.get(node_id)
        if found is None:
            raise GraphError("there is no card {node}", node=repr(node_id))
        return found

    def inputs_of(self, node_id: str) -> tuple[Edge, ...]:
        """The links into a node, by port."""
        return self._links_in.get(node_id, ())

    def outputs_of(self, node_id: str) -> tuple[Edge, ...]:
        """The links out of a node."""
        return self._links_out.get(node_id, ())


@dataclass(frozen=True)
class Data:
    """Which samples there are and how they are split; `seed` fixes the draw, the shuffle and the split."""

    dataset: Dataset
    train_share: Annotated[float, Range(0.1, 0.9, 0.05)] = 0.5
    seed: Annotated[int, SEEDS] = 1

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class Training:
    """How the network is trained; `epochs` is the plan that schedules and the command line follow."""

    loss: Loss = MeanSquaredError()
    optimizer: Optimizer = SGD()
    schedule: Schedule = ConstantRate()
    clipping: Clipping = NoClipping()
    stopping: Stopping = NeverStop()
    batch_size: Annotated[int, Range(1, 65_536, 1)] = 10
    epochs: Annotated[int, Range(1, 10_000_000, 1)] = 1000

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class Document:
    """All that the user decided: networks, data, training, seed. Undo, files and the worker know nothing else.

    `scheme` says how the networks are trained together; "supervised" trains the first one on the data.
    `seed` fixes initial weights, shuffling and dropout.
    """

    networks: tuple[Network, ...]
    data: Data
    training: Training = field(default_factory=Training)
    scheme: str = "supervised"
    seed: Annotated[int, SEEDS] = 1

    @property
    def batch_size(self) -> int:
        """The most samples of one step: what is set, or all to learn from if the optimizer always takes them."""
        if not self.training.optimizer.full_batch:
            return self.training.batch_size
        return self.data.dataset.train_count(self.data.train_share)

    def __post_init__(self) -> None:
        SEEDS.check("seed", self.seed)
        if not self.networks:
            raise InvalidValueError("a document needs at least one network")
        if self.scheme != "supervised":
            raise InvalidValueError(
                "scheme (={scheme}) must be supervised in this version",
                scheme=repr(self.scheme),
            )

    def replace(self, **changes: Any) -> Document:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    # --- looking ---------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes of every network."""
        return tuple(node for network in self.networks for node in network.nodes)

    def network_of(self, node_id: str) -> Network:
        """The network that holds a node. Raises GraphError."""
        for network in self.networks:
            if node_id in network.by_id:
                return network
        raise GraphError("there is no card {node}", node=repr(node_id))

    def node(self, node_id: str) -> Node:
        """The node of that id. Raises GraphError."""
        return self.network_of(node_id).node(node_id)

    def free_id(self, layer: Layer) -> str:
        """The first unused id for a layer: dense_1, dense_2, …"""
        taken = {node.id for node in self.nodes}
        number = 1
        while f"{layer.name.lower()}_{number}" in taken:
            number += 1
        return f"{layer.name.lower()}_{number}"

    # --- editing ---------------------------------------------------------------------------------------------

    def with_network(self, network: Network) -> Document:
        """With a network in the place of the one of its name."""
        return self.replace(networks=tuple(network if old.name == network.name else old for old in self.networks))

    def _replace_node(self, changed: Node) -> Document:
        network = self.network_of(changed.id)
        nodes = tuple(changed if node.id == changed.id else node for node in network.nodes)
        return self.with_network(dataclasses.replace(network, nodes=nodes))

    def add(
        self,
        layer: Layer,
        x: float = 0.0,
        y: float = 0.0,
        *,
        network: str | None = None,
    ) -> Document:
        """One more node, unconnected; its id is `free_id(layer)`."""
        chosen = self.networks[0]
        if network is not None:
            found = [candidate for candidate in self.networks if candidate.name == network]
            if not found:
                raise GraphError("there is no network {network}", network=repr(network))
            chosen = found[0]
        if sum(len(each.nodes) for each in self.networks) >= MOST_NODES:
            raise GraphError("there are {most} cards already; a document holds no more", most=f"{MOST_NODES:,}")
        node = Node(self.free_id(layer), layer, nearest(x), nearest(y))
        return self.with_network(dataclasses.replace(chosen, nodes=(*chosen.nodes, node)))

    def remove(self, node_ids: Iterable[str]) -> Document:
        """Without these nodes and their links."""
        document = self
        for node_id in node_ids:
            network = document.network_of(node_id)
            document = document.with_network(
                dataclasses.replace(
                    network,
                    nodes=tuple(node for node in network.nodes if node.id != node_id),
                    edges=tuple(edge for edge in network.edges if node_id not in (edge.source, edge.target)),
                )
            )
        return document

    def connect(self, source: str, target: str, port: int | None = None) -> Document:
        """One more link. It takes the given port, or the first free one; what was there before gives way.

        A cycle is allowed here and explained by the plan. Raises GraphError for unknown nodes, different
        networks, or a node that takes no input.
        """
        network = self.network_of(target)
        if self.network_of(source) is not network:
            raise GraphError(
                "{source} and {target} belong to different networks",
                source=source,
                target=target,
            )
        most = network.node(target).layer.takes[1]
        if most == 0:
            raise GraphError(
                "{target} takes no input: samples enter the network there",
                target=target,
            )
        links = network.inputs_of(target)
        if any(edge.source == source for edge in links) and port is None:
            return self
        taken = {edge.port for edge in links}
        if port is None:
            port = next((free for free in range(most) if free not in taken), most - 1)
        if not 0 <= port < most:
            raise GraphError(
                "{target} has {most} input ports, so port (={port}) must be below {most}",
                target=target,
                most=most,
                port=port,
            )
        edges = tuple(edge for edge in network.edges if (edge.target, edge.port) != (target, port))
        return self.with_network(dataclasses.replace(network, edges=(*edges, Edge(source, target, port))))

    def disconnect(self, edge: Edge) -> Document:
        """Without this link; later ports of a merging node move up. Raises GraphError if there is none."""
        network = self.network_of(edge.target)
        if edge not in network.edges:
            raise GraphError(
                "{source} and {target} are not linked",
                source=edge.source,
                target=edge.target,
            )
        kept = tuple(
            dataclasses.replace(other, port=other.port - 1)
            if other.target == edge.target and other.port > edge.port
            else other
            for other in network.edges
            if other != edge
        )
        return self.with_network(dataclasses.replace(network, edges=kept))

    def move(self, places: Iterable[tuple[str, float, float]]) -> Document:
        """With nodes at other places: (id, x, y)."""
        document = self
        for node_id, x, y in places:
            moved = dataclasses.replace(document.node(node_id), x=nearest(x), y=nearest(y))
            document = document._replace_node(moved)
        return document

    def moved_since(self, before: Document) -> tuple[Node, ...] | None:
        """The nodes that another document has elsewhere; None if anything but places differs between the two."""
        moved: list[Node] = []
        if self.replace(networks=before.networks) != before or len(self.networks) != len(before.networks):
            return None
        for network, earlier in zip(self.networks, before.networks, strict=True):
            same = (network.name, network.edges, network.notes) == (earlier.name, earlier.edges, earlier.notes)
            if not same or len(network.nodes) != len(earlier.nodes):
                return None
            for node, old in zip(network.nodes, earlier.nodes, strict=True):
                if node is not old:
                    if (node.id, node.layer) != (old.id, old.layer):
                        return None
                    moved.append(node)
        return tuple(moved)

    def set_layer(self, node_id: str, layer: Layer) -> Document:
        """With another layer on a node; links that the new layer has no port for are dropped."""
        document = self._replace_node(dataclasses.replace(self.node(node_id), layer=layer))
        network = document.network_of(node_id)
        kept = tuple(edge for edge in network.edges if edge.target != node_id or edge.port < layer.takes[1])
        return document if kept == network.edges else document.with_network(dataclasses.replace(network, edges=kept))

    def set_field(self, node_id: str, name: str, value: Any) -> Document:
        """With one field of a node's layer changed. Raises InvalidValueError."""
        return self.set_layer(node_id, self.node(node_id).layer.replace(**{name: value}))

    def replace_layer(self, node_id: str, layer_name: str) -> Document:
        """With a fresh layer of another type on a node."""
        return self.set_layer(node_id, entry("layers", layer_name)())

    def insert_before(self, node_id: str, layer: Layer | str) -> Document:
        """With a layer, or a fresh one of that name, in every link into a node, and the room that it needs."""
        from engine.document.inserting import inserted

        document, fresh = self, entry("layers", layer)() if isinstance(layer, str) else layer
        for edge in self.network_of(node_id).inputs_of(node_id):
            document = inserted(document, edge, fresh)
        return document

    def insert_between(self, edge: Edge, layer: Layer) -> Document:
        """With a node in the middle of a link; the port at the far end stays the same."""
        network = self.network_of(edge.target)
        source, target = network.node(edge.source), network.node(edge.target)
        new_id = self.free_id(layer)
        document = self.add(
            layer,
            (source.x + target.x) / 2,
            (source.y + target.y) / 2,
            network=network.name,
        )
        return document.connect(edge.source, new_id).connect(new_id, edge.target, edge.port)

    def fold(self, node_ids: Iterable[str]) -> Document:
        """With some cards folded into one Block. Raises GraphError unless they have one input and one answer."""
        from engine.document.blocks import fold

        return fold(self, node_ids)

    def unfold(self, node_id: str) -> Document:
        """With the cards of a Block in its place. Raises GraphError for another card."""
        from engine.document.blocks import unfold

        return unfold(self, node_id)

    def append(self, layer: Layer, gap: float = CARD_GAP) -> Document:
        """With a layer after the last card of the first network, connected to it when there is one."""
        network = self.networks[0]
        ends = [node for node in network.nodes if not network.outputs_of(node.id)]
        if not ends:
            return self.add(layer)
        last = max(ends, key=lambda node: node.x)
        new_id = self.free_id(layer)
        document = self.add(layer, last.x + gap, last.y)
        return document.connect(last.id, new_id) if layer.takes[1] else document

    def set_data(self, **changes: Any) -> Document:
        """With other data settings (dataset, train_share, seed)."""
        return self.replace(data=dataclasses.replace(self.data, **changes))

    def set_training(self, **changes: Any) -> Document:
        """With other training settings (loss, optimizer, schedule, batch_size, epochs)."""
        return self.replace(training=dataclasses.replace(self.training, **changes))

    def toggle_column(self, node_id: str, column: str) -> Document:
        """With one column of an Input card switched; the last one stays on."""
        dataset = self.data.dataset
        current = self.node(node_id).layer.columns or dataset.default_columns  # type: ignore[attr-defined]
        chosen = set(current) ^ {column}
        if not chosen:
            return self
        ordered = tuple(name for name in dataset.columns if name in chosen)
        return self.set_field(node_id, "columns", ordered)
