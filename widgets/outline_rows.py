"""What the outline says: a network as rows of rows, and the words in which a screen reader reads each."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from PySide6.QtCore import QCoreApplication, QLocale

from engine.catalog.layers.block import Block
from engine.catalog.layers.layer import Layer, Shape
from engine.catalog.registry import Entry, form
from engine.document.graph import Edge
from engine.plan.plan import NodePlan, Plan, Problem
from widgets import icons, theme

_COUNTED = {"units": "unit", "filters": "filter"}
"""Fields that are said as a number of things, and the word for one: 8 units, 1 unit."""


_NONE: Mapping[str, Branch] = MappingProxyType({})


class Kind(enum.Enum):
    """What a row is."""

    CARD = "card"
    PORT = "port"
    PART = "part"
    """A card inside a block; it can be read but not changed."""
    PROBLEM = "problem"
    REMEDY = "remedy"


@dataclass(frozen=True)
class Content:
    """One row: what it shows, what is said about it, and what it stands for."""

    kind: Kind
    key: str
    """What it is told by among its neighbours when the network has changed."""
    text: str
    note: str = ""
    """The quieter words that follow the text."""
    shape: str = ""
    count: str = ""
    icon: str = ""
    spoken: str = ""
    spoken_shape: str = ""
    spoken_count: str = ""
    hint: str = ""
    """Which keys do what here."""
    node: str = ""
    """The card that it is or belongs to; "" for what concerns the whole network."""
    edge: Edge | None = None
    port: int = -1
    problem: Problem | None = None
    remedy: int = -1
    severity: str = ""
    """ "error" or "warning" where there is something wrong."""


@dataclass(frozen=True)
class Branch:
    """A row and the rows under it."""

    content: Content
    children: tuple[Branch, ...] = ()


def branches(plan: Plan, before: Plan | None = None, kept: Mapping[str, Branch] = _NONE) -> tuple[Branch, ...]:
    """The rows of a plan: what concerns the whole network, then its cards so that each follows its sources.

    Of the rows of the plan before, those that a card still has are taken over as they are.
    """
    if not plan.nodes:
        return ()
    found = (*plan.problems, *plan.warnings)
    general = [_problem(problem, number) for number, problem in enumerate(found) if problem.node is None]
    by_card: dict[str, list[Problem]] = {}
    for problem in found:
        if problem.node is not None:
            by_card.setdefault(problem.node, []).append(problem)
    cards = []
    for node_id in dict.fromkeys((*plan.order, *plan.nodes)):
        branch = kept.get(node_id)
        if branch is None or branch.content.severity or node_id in by_card or not _same(node_id, plan, before):
            branch = _card(plan, plan.nodes[node_id], by_card.get(node_id, ()))
        cards.append(branch)
    return (*general, *cards)


def _same(node_id: str, plan: Plan, before: Plan | None) -> bool:
    """Whether nothing that the rows of a card say has changed."""
    if before is None or node_id not in before.nodes or plan.nodes[node_id] != before.nodes[node_id]:
        return False
    now, then = plan.document.network_of(node_id), before.document.network_of(node_id)
    links = now.inputs_of(node_id) == then.inputs_of(node_id) and now.outputs_of(node_id) == then.outputs_of(node_id)
    answers = [each.node for each in plan.outputs] == [each.node for each in before.outputs]
    return links and answers and plan.document.data.dataset.label == before.document.data.dataset.label


def _say(text: str) -> str:
    return QCoreApplication.translate("outline", text)


def details(layer: Layer) -> list[str]:
    """The fields that matter of a layer, each in a word or two: "8 units", "tanh", "rate 0.5"."""
    said = []
    for field in form(type(layer)):
        if field.name not in layer.summary:
            continue
        value, name = getattr(layer, field.name), theme.translate_catalog(field.label)
        if isinstance(value, Entry):
            said.append(theme.translate_catalog(value.label))
        elif isinstance(value, bool):
            said += [name] if value else []
        elif field.name in _COUNTED:
            things = theme.translate_catalog(_COUNTED[field.name]) if value == 1 else name
            said.append(f"{QLocale().toString(value)} {things}")
        else:
            shown = QLocale().toString(value, "g", 3) if isinstance(value, float) else str(value)
            said.append(f"{name} {shown}")
    return said


def _card(plan: Plan, node: NodePlan, problems: Sequence[Problem]) -> Branch:
    layer, node_id = node.layer, node.node.id
    label = theme.translate_catalog(layer.label)
    said = [label, *details(layer)]
    if layer.takes[1] == 0:
        said.append(theme.translate_catalog(plan.document.data.dataset.title))
    content = Content(
        Kind.CARD,
        node_id,
        node_id,
        " · ".join(said),
        str(node.output_shape) if node.output_shape is not None else "",
        QLocale().toString(node.parameter_count) if node.parameter_count else "",
        icons.of_layer(layer.name),
        "; ".join(_spoken(plan, node, said, problems)),
        _spoken_shape(node.output_shape),
        _spoken_count(node),
        _say(
            "Enter opens it in the inspector, Insert adds a layer after it, Shift+Insert before it, C connects it to "
            "another card, F2 renames it, Delete removes it, Alt+Down and Alt+Up follow its links"
        ),
        node_id,
        severity=_worst(problems),
    )
    return Branch(
        content,
        (
            *(_problem(problem, number) for number, problem in enumerate(problems)),
            *_ports(plan, node),
            *(_parts(layer, node_id) if isinstance(layer, Block) else ()),
        ),
    )


def _spoken(plan: Plan, node: NodePlan, said: Sequence[str], problems: Sequence[Problem]) -> Iterator[str]:
    network = plan.document.network_of(node.node.id)
    yield ", ".join((node.node.id, *said))
    if node.sources:
        yield _say("from {cards}").format(cards=_listed(dict.fromkeys(node.sources)))
    elif node.layer.takes[1]:
        yield _say("nothing connected")
    targets = dict.fromkeys(edge.target for edge in network.outputs_of(node.node.id))
    if targets:
        yield _say("to {cards}").format(cards=_listed(targets))
    if node.node.id in {output.node for output in plan.outputs}:
        yield _say("the network's answer")
    yield _spoken_shape(node.output_shape)
    yield _spoken_count(node)
    for problem in problems:
        template = _say("warning: {text}") if problem.severity == "warning" else _say("problem: {text}")
        yield template.format(text=_sentence(problem))


def _listed(names: Sequence[str] | dict[str, None]) -> str:
    *most, last = names
    return _say("{cards} and {last}").format(cards=", ".join(most), last=last) if most else last


def _spoken_shape(shape: Shape | None) -> str:
    if shape is None:
        return _say("output shape unknown")
    return _say("output shape {shape}").format(shape=_say(" by ").join(map(str, shape)))


def _spoken_count(node: NodePlan) -> str:
    if node.weights_of is not None:
        return _say("the parameters of {card}").format(card=node.weights_of)
    if node.parameter_count == 1:
        return _say("1 parameter")
    if not node.parameter_count:
        return _say("no parameters")
    return _say("{count} parameters").format(count=QLocale().toString(node.parameter_count))


def _worst(problems: Sequence[Problem]) -> str:
    found = {problem.severity for problem in problems}
    return "error" if "error" in found else next(iter(found), "")


def _sentence(problem: Problem) -> str:
    return theme.translate_catalog(problem.sentence.template).format(**problem.sentence.values)


# --- what stands under a card ----------------------------------------------------------------------------------------


def _problem(problem: Problem, number: int) -> Branch:
    text, node_id = _sentence(problem), problem.node or ""
    template = _say("warning: {text}") if problem.severity == "warning" else _say("problem: {text}")
    remedies = []
    for index, remedy in enumerate(problem.remedies):
        words = theme.translate_catalog(remedy.label.template).format(**remedy.label.values)
        remedies.append(
            Branch(
                Content(
                    Kind.REMEDY,
                    f"remedy {index}",
                    words,
                    spoken=_say("remedy: {text}").format(text=words),
                    hint=_say("Enter applies it"),
                    node=node_id,
                    problem=problem,
                    remedy=index,
                )
            )
        )
    content = Content(
        Kind.PROBLEM,
        f"problem {problem.kind} {number}",
        text,
        icon="warning" if problem.severity == "warning" else "error",
        spoken=template.format(text=text),
        hint=_say("Enter goes to its remedies") if remedies else "",
        node=node_id,
        problem=problem,
        severity=problem.severity,
    )
    return Branch(content, tuple(remedies))


def _ports(plan: Plan, node: NodePlan) -> Iterator[Branch]:
    """One row per input; a merging card has one more than it has links, so that another can join."""
    fewest, most = node.layer.takes
    links = {edge.port: edge for edge in plan.document.network_of(node.node.id).inputs_of(node.node.id)}
    count = min(most, max(fewest, len(links) + 1, max(links, default=0) + 1)) if most > 1 else most
    for port in range(count):
        edge = links.get(port)
        name = _say("port {number}").format(number=port + 1)
        if edge is None:
            spoken = _say("{port} of {card}: nothing connected")
            hint = _say("Enter connects a card here")
        else:
            spoken = _say("{port} of {card}: from {source}")
            hint = _say("Enter connects another card here, Insert puts a layer in between, Delete cuts the link")
        yield Branch(
            Content(
                Kind.PORT,
                f"port {port}",
                name if edge is None else f"{name} ← {edge.source}",
                _say("— nothing connected") if edge is None else "",
                spoken=spoken.format(port=name, card=node.node.id, source=edge.source if edge is not None else ""),
                hint=hint,
                node=node.node.id,
                edge=edge,
                port=port,
            )
        )


def _parts(block: Block, node_id: str) -> Iterator[Branch]:
    for part in block.parts:
        sources = [block.parts[source].name if source >= 0 else _say("the block's input") for source in part.sources]
        said = [theme.translate_catalog(part.layer.label), *details(part.layer)]
        read = _say("from {cards}").format(cards=_listed(sources))
        yield Branch(
            Content(
                Kind.PART,
                f"part {part.name}",
                part.name,
                " · ".join([*said, read]),
                icon=icons.of_layer(part.layer.name),
                spoken="; ".join([_say("inside: {name}").format(name=", ".join([part.name, *said])), read]),
                hint=_say("Take the block apart to change it"),
                node=node_id,
            )
        )
