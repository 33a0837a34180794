"""What a document means: order, shapes, counts, costs."""

from __future__ import annotations

import pytest

from engine.catalog.activations import Linear
from engine.catalog.datasets.functions import Plane
from engine.catalog.datasets.plane import Circle, Rings
from engine.catalog.layers.dense import Activation, Dense, Input
from engine.catalog.layers.merging import Add, Concatenate
from engine.catalog.layers.regularizing import Dropout
from engine.catalog.optimizers import GradientDescent
from engine.document.examples import load_example
from engine.document.graph import Data, Document, Network
from engine.plan.cost import MEMORY_LIMIT, readable
from engine.plan.data import split
from engine.plan.resolve import resolve, resolve_after

EMPTY = Document((Network(),), Data(Circle()))


def test_a_chain_has_textbook_counts() -> None:
    plan = resolve(load_example("circle").document)
    assert plan.ready
    assert plan.order == ("input_1", "dense_1", "dense_2", "dense_3")
    assert [plan.nodes[node_id].output_shape for node_id in plan.order] == [(2,), (4,), (2,), (1,)]
    assert [plan.nodes[node_id].parameter_count for node_id in plan.order] == [0, 12, 10, 3]
    assert plan.output == "dense_3"
    assert (plan.cost.parameters, plan.cost.multiply_adds) == (25, 18)
    assert list(plan.parameters) == [
        *("dense_1.weight", "dense_1.bias", "dense_2.weight", "dense_2.bias", "dense_3.weight", "dense_3.bias")
    ]
    assert plan.parameters["dense_2.weight"].shape == (2, 4)
    # 25 values four times, and 10 samples of 2 + 4 + 2 + 1 outputs twice, four bytes each
    assert plan.cost.memory_bytes == 4 * (4 * 25 + 2 * 10 * 9)


def test_a_graph_with_two_inputs_and_a_skip_link() -> None:
    plan = resolve(load_example("skip").document)
    assert plan.ready
    assert plan.nodes["add_1"].sources == ("dense_1", "dense_2")
    assert plan.nodes["add_1"].output_shape == (8,)
    assert plan.nodes["concatenate_1"].input_shapes == ((8,), (6,))
    assert plan.nodes["concatenate_1"].output_shape == (14,)
    assert plan.nodes["dense_4"].parameter_count == 15
    assert plan.output == "dense_4"
    place = {node_id: number for number, node_id in enumerate(plan.order)}
    assert place["dense_1"] < place["dense_2"] < place["add_1"] < place["concatenate_1"]


def test_the_order_of_ports_is_the_order_of_inputs() -> None:
    document = EMPTY.append(Input()).add(Dense(3)).add(Dense(5)).add(Concatenate())
    document = document.connect("input_1", "dense_1").connect("input_1", "dense_2")
    document = document.connect("dense_1", "concatenate_1", 1).connect("dense_2", "concatenate_1", 0)
    assert resolve(document).nodes["concatenate_1"].input_shapes == ((5,), (3,))


def test_a_move_changes_nothing_but_places() -> None:
    plan = resolve(load_example("circle").document)
    moved = plan.document.move([("dense_1", 70.0, 80.0)])
    after = resolve_after(plan, moved)
    assert after == resolve(moved) != plan
    assert after.nodes["dense_1"].node.x == 70.0
    assert after.nodes["dense_2"] is plan.nodes["dense_2"]


def test_what_is_offered_to_a_lonely_card_follows_its_place() -> None:
    document = EMPTY.add(Input(), 0.0, 0.0).add(Input(), 0.0, 400.0).add(Dense(1), 200.0, 0.0)
    plan = resolve(document)
    moved = document.move([("dense_1", 200.0, 400.0)])
    offers = [str(found.nodes["dense_1"].problems[0].remedies[0].label) for found in (plan, resolve_after(plan, moved))]
    assert offers[0] != offers[1] == str(resolve(moved).nodes["dense_1"].problems[0].remedies[0].label)


def test_columns_of_the_input_make_its_shape() -> None:
    document = EMPTY.append(Input(columns=("x1", "x2", "sin_x1"))).append(Dense(1))  # type: ignore[call-arg]
    plan = resolve(document)
    assert plan.nodes["input_1"].output_shape == (3,)
    assert plan.parameters["dense_1.weight"].shape == (1, 3)


def test_the_output_is_the_end_of_the_longest_chain() -> None:
    document = EMPTY.append(Input()).append(Dense(4)).append(Dense(1)).add(Dense(1)).connect("input_1", "dense_3")
    plan = resolve(document)
    assert plan.output == "dense_2"
    assert [problem.kind for problem in plan.problems] == ["dead_end"]
    assert plan.problems[0].node == "dense_3"


def test_cards_behind_a_problem_have_none_of_their_own() -> None:
    document = EMPTY.append(Dense(4)).append(Dense(2)).append(Dense(1))
    plan = resolve(document)
    assert [(problem.kind, problem.node) for problem in plan.problems] == [("unconnected", "dense_1")]
    assert plan.nodes["dense_3"].output_shape is None
    assert not plan.nodes["dense_3"].problems


def test_an_empty_network_says_what_to_do() -> None:
    for document in (EMPTY, EMPTY.append(Input())):
        plan = resolve(document)
        assert [problem.kind for problem in plan.problems] == ["empty"]
        assert plan.problems[0].node is None
        assert resolve(plan.problems[0].remedies[0].edit(document)).ready


def test_several_networks_are_all_resolved() -> None:
    document = load_example("circle").document
    document = document.replace(networks=(*document.networks, Network("other")))
    document = document.add(Dense(3), network="other")
    plan = resolve(document)
    assert plan.output == "dense_3"
    assert [(problem.kind, problem.node) for problem in plan.problems] == [("unconnected", "dense_4")]
    assert plan.problems[0].remedies[0].edit(document).network_of("input_2").name == "other"


@pytest.mark.parametrize(
    ("document", "target"),
    [
        (load_example("circle").document, ("classification", 2, 1, -1.0, 1.0)),
        (load_example("moons").document, ("classification", 2, 1, 0.0, 1.0)),
        (load_example("rings").document, ("classification", 3, 3, 0.0, 1.0)),
        (load_example("plane").document, ("regression", 0, 1, -1.0, 1.0)),
    ],
)
def test_the_target_of_the_examples(document: Document, target: tuple[object, ...]) -> None:
    found = resolve(document).target
    assert found is not None
    assert (found.task, found.class_count, found.units, found.off, found.on) == target


def test_an_activation_card_at_the_end_is_the_output_activation() -> None:
    document = load_example("moons").document
    document = document.set_field("dense_3", "activation", Linear())
    assert [problem.kind for problem in resolve(document).problems] == ["loss"]
    sigmoid = load_example("moons").document.node("dense_3").layer.output_activation
    document = document.append(Activation(activation=sigmoid))  # type: ignore[call-arg]
    plan = resolve(document)
    assert plan.ready and plan.output == "activation_1"


def test_two_classes_may_have_one_unit_or_two() -> None:
    for units in (1, 2):
        assert resolve(EMPTY.append(Input()).append(Dense(units))).ready
    assert not resolve(EMPTY.append(Input()).append(Dense(3))).ready


def test_size_is_counted_before_anything_is_built() -> None:
    document = EMPTY.append(Input()).append(Dense(65_536)).append(Dense(65_536)).append(Dense(1))
    plan = resolve(document)
    assert plan.cost.memory_bytes > MEMORY_LIMIT
    (problem,) = plan.problems
    assert problem.kind == "too_large" and problem.node == "dense_2"
    assert "64.0 GB" in str(problem.sentence) and "4,295,294,977" in str(problem.sentence)
    assert "values of a batch of 10; the limit is 4.0 GB, and most goes to dense_2" in str(problem.sentence)
    assert str(problem.remedies[0].label) == "Set units of dense_2 to 64"
    assert resolve(problem.remedies[0].edit(document)).ready


def test_a_batch_whose_values_are_too_many_is_made_smaller() -> None:
    document = EMPTY.append(Input()).append(Dense(4096)).append(Dense(4096)).append(Dense(1))
    document = document.set_training(batch_size=65_536)
    (problem,) = resolve(document).problems
    assert "256.3 MB for 16,797,697 parameters" in str(problem.sentence)
    assert "4.0 GB for the values of a batch of 65536" in str(problem.sentence)
    assert [str(remedy.label) for remedy in problem.remedies] == [
        *("Set the batch size to 32768", "Set units of dense_2 to 64", "Remove dense_2")
    ]
    assert all(problem.kind != "too_large" for problem in resolve(problem.remedies[0].edit(document)).problems)


def test_sizes_that_double_at_every_card_end_in_a_sentence() -> None:
    document = EMPTY.append(Input())
    last = "input_1"
    for number in range(1, 400):
        document = document.add(Concatenate()).connect(last, f"concatenate_{number}", 0)
        document = document.connect(last, f"concatenate_{number}", 1)
        last = f"concatenate_{number}"
    plan = resolve(document)
    assert [problem.kind for problem in plan.problems] == ["too_large", "shape"]
    assert "268,435,456" in str(plan.problems[1].sentence)


def test_sizes_are_read_easily() -> None:
    assert [readable(size) for size in (0, 1023, 1024, 3 * 2**20, 4 * 2**30, 5 * 2**50)] == [
        *("0 bytes", "1023 bytes", "1.0 kB", "3.0 MB", "4.0 GB", "5120.0 TB")
    ]


def test_an_unused_input_is_a_dead_end() -> None:
    document = load_example("circle").document.add(Input())
    plan = resolve(document)
    assert [(problem.kind, problem.node) for problem in plan.problems] == [("dead_end", "input_2")]
    assert resolve(plan.problems[0].remedies[-1].edit(document)).ready


def test_columns_that_the_data_lacks_are_said() -> None:
    document = EMPTY.append(Input(columns=("x1", "age"))).append(Dense(1))  # type: ignore[call-arg]
    plan = resolve(document)
    assert [(problem.kind, problem.node) for problem in plan.problems] == [("columns", "input_1")]
    assert "no column 'age'" in str(plan.problems[0].sentence)
    assert resolve(plan.problems[0].remedies[0].edit(document)).ready


def test_no_points_are_nothing_to_learn_from() -> None:
    from engine.catalog.datasets.drawn import Drawn

    document = load_example("circle").document.set_data(dataset=Drawn())
    plan = resolve(document)
    assert [problem.kind for problem in plan.problems] == ["no_samples"]
    assert resolve(plan.problems[0].remedies[0].edit(document)).ready
    assert resolve(document.set_data(dataset=Drawn().add([(0.0, 0.0)], 0))).ready


@pytest.mark.parametrize("dataset", [Circle(), Rings(), Plane()])
def test_merging_and_dropping_cards_keep_the_rest_working(dataset: object) -> None:
    document = EMPTY.set_data(dataset=dataset).append(Input()).append(Dense(3)).append(Dropout())
    document = document.add(Add()).connect("dense_1", "add_1").connect("dropout_1", "add_1")
    document = document.append(Dense(1 if not isinstance(dataset, Rings) else 3))
    plan = resolve(document)
    assert {problem.kind for problem in plan.problems} <= {"dead_end"}


def test_an_optimizer_that_takes_all_samples_needs_room_for_all() -> None:
    document = load_example("circle").document
    batches = resolve(document).cost.memory_bytes
    whole = document.set_training(optimizer=GradientDescent())
    assert whole.batch_size == len(split(document.data).train) == 250
    assert resolve(whole).cost.memory_bytes == batches + 4 * 2 * 240 * (2 + 4 + 2 + 1)
