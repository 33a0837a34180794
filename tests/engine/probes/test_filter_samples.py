"""One filter on many samples: one of every class, and the search for those that excite it most."""

from __future__ import annotations

import numpy as np
import pytest

from engine.catalog.layers.convolution import Conv2d
from engine.plan.data import split
from engine.probes.filter_samples import FilterMaps, FilterSearch
from engine.training.torch_trainer import TorchTrainer
from tests.engine.probes.test_terms import digits

UNIT = 2


@pytest.fixture(scope="module")
def run() -> TorchTrainer:
    return digits(Conv2d(4))


def test_there_is_one_sample_of_every_class_and_those_asked_for(run: TorchTrainer) -> None:
    node = run.plan.order[1]
    parts = split(run.plan.document.data)
    found = FilterMaps(node, UNIT, (5, 8, 10_000)).measure(run)
    classes = int(found["classes"][0])
    tested = parts.test.targets
    assert found["truths"][:classes].tolist() == sorted(set(tested.tolist()))
    assert found["samples"].tolist()[classes:] == [5, 8]
    for place, truth in zip(found["samples"][:classes].tolist(), found["truths"].tolist(), strict=False):
        assert place == len(parts.train) + tested.tolist().index(truth)
    maps = run.outputs(np.array(parts.values[found["samples"]]), (node,))[node][:, UNIT]
    np.testing.assert_array_equal(found["images"], parts.values[found["samples"]])
    np.testing.assert_allclose(found["strengths"], maps.max(axis=(1, 2)))
    assert found["scale"][0] == np.abs(maps).max() and not found["signed"][0]
    assert np.abs(found["maps"] / 255 * found["scale"] - maps).max() <= found["scale"][0] / 255


def test_the_parts_of_a_search_are_the_whole(run: TorchTrainer) -> None:
    node = run.plan.order[1]
    parts = split(run.plan.document.data)
    found: list[float] = []
    first = 0
    while True:
        answer = FilterSearch(node, UNIT, first, 7).measure(run)
        assert answer["first"].tolist() == [len(parts.train) + first] and answer["end"].tolist() == [len(parts.test)]
        if not len(answer["strongest"]):
            break
        found += answer["strongest"].tolist()
        first += len(answer["strongest"])
    maps = run.outputs(np.array(parts.test.values), (node,))[node][:, UNIT]
    np.testing.assert_allclose(found, maps.max(axis=(1, 2)), rtol=1e-6)


def test_a_unit_of_a_flat_card_is_a_map_of_one_pixel_and_what_is_not_there_says_nothing(run: TorchTrainer) -> None:
    assert FilterMaps(run.plan.order[-1], 9).measure(run)["maps"].shape[1:] == (1, 1)
    assert not FilterMaps(run.plan.order[1], 4).measure(run)
    assert not FilterSearch("gone", 0).measure(run)
