"""Whatever the user does: resolve never raises, undo leads back to the start, remedies lead out of every problem."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.document.examples import load_example
from engine.document.graph import Data, Document, Network
from engine.document.history import History
from engine.document.serialization import document_from_json, document_to_json
from engine.plan.plan import Plan
from engine.plan.resolve import resolve, resolve_after
from tests.engine.plan import edits

START = load_example("circle").document
EMPTY = Document((Network(),), Data(START.data.dataset))


def check(plan: Plan) -> None:
    """What holds for every plan, good or bad."""
    document = plan.document
    assert set(plan.nodes) == {node.id for node in document.nodes}
    place = {node_id: number for number, node_id in enumerate(plan.order)}
    for edge in document.networks[0].edges:
        if edge.source in place and edge.target in place:
            assert place[edge.source] < place[edge.target]
    for problem in plan.problems:
        assert "{" not in str(problem.sentence) and "\n" not in str(problem.sentence)
        assert len(str(problem.sentence)) < 400
        assert problem.remedies, "every problem comes with an edit that would mend it"
        assert all(str(remedy.label) for remedy in problem.remedies)
        assert problem.node is None or problem in plan.nodes[problem.node].problems or problem.kind == "too_large"
    assert plan.ready == (not plan.problems)
    if plan.ready:
        assert plan.output is not None and plan.target is not None
        assert len(plan.order) == len(plan.nodes)
        assert all(node_plan.output_shape for node_plan in plan.nodes.values())


@settings(max_examples=2)
@given(st.integers(0, 2**32))
def test_a_thousand_random_edits(seed: int) -> None:
    rng = random.Random(seed)
    history, visited = History(START, limit=2000), [START]
    plan = resolve(START)
    for _ in range(1000):
        document = edits.some_edit(rng, history.document)
        if history.push(document, "edit"):
            visited.append(document)
        before, plan = plan, resolve(document)
        check(plan)
        assert resolve_after(before, document) == plan
    end = history.document
    for expected in reversed(visited[:-1]):
        assert history.undo() == expected
    assert history.document == START
    assert history.undo_label is None
    for expected in visited[1:]:
        assert history.redo() == expected
    assert history.document == end
    assert history.redo_label is None


@settings(max_examples=100)
@given(st.sampled_from([START, EMPTY, load_example("skip").document]), st.randoms(use_true_random=False), st.data())
def test_a_few_edits_shrink_well(start: Document, rng: random.Random, data: st.DataObject) -> None:
    document = start
    for _ in range(data.draw(st.integers(1, 12))):
        document = edits.some_edit(rng, document)
        check(resolve(document))
    assert document_from_json(document_to_json(document)) == document


@pytest.mark.parametrize("choice", ["first", "last", "random"])
@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), count=st.integers(5, 60))
def test_remedies_lead_out_of_every_problem(choice: str, seed: int, count: int) -> None:
    rng = random.Random(seed)
    document = START
    for _ in range(count):
        document = edits.some_edit(rng, document)
    for _ in range(60 + 6 * len(document.nodes) + 3 * len(document.networks[0].edges)):
        plan = resolve(document)
        if plan.ready:
            return
        for problem in plan.problems:
            for remedy in problem.remedies:
                mended = remedy.edit(document)
                assert mended != document, f"{problem.kind}: {remedy.label} changes nothing"
                resolve(mended)
        offered = (plan.problems[0] if choice != "random" else rng.choice(plan.problems)).remedies
        remedy = {"first": offered[0], "last": offered[-1], "random": rng.choice(offered)}[choice]
        document = remedy.edit(document)
    pytest.fail(f"still wrong: {[str(problem.sentence) for problem in resolve(document).problems]}")
