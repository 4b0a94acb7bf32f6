from __future__ import annotations

import numpy as np
import pytest

from simulator.workload.layer import gemm
from simulator.workload.matrix import GemmView
from simulator.workload.remembered import Remembered


class Owner:
    """Whose arrays are remembered."""


def test_arrays_are_made_once_for_each_owner_and_name() -> None:
    kept, one, other = Remembered(), Owner(), Owner()
    first = kept.get(one, "a", lambda: np.zeros(3))
    assert kept.get(one, "a", lambda: np.ones(3)) is first
    assert kept.get(one, "b", lambda: np.ones(3)).tolist() == [1, 1, 1]
    assert kept.get(other, "a", lambda: np.ones(3)).tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_those_asked_for_last_are_kept_within_the_room() -> None:
    kept, owner = Remembered(room=20), Owner()
    for name in ("a", "b", "a", "c"):
        kept.get(owner, name, lambda: np.zeros(10, dtype=np.int8))
    assert kept.get(owner, "a", lambda: np.ones(10, dtype=np.int8)).sum() == 0
    assert kept.get(owner, "b", lambda: np.ones(10, dtype=np.int8)).sum() == 10
    assert kept.get(owner, "large", lambda: np.zeros(21, dtype=np.int8)).size == 21
    assert kept.get(owner, "large", lambda: np.ones(21, dtype=np.int8)).sum() == 21
    assert kept.get(owner, "a", lambda: np.ones(10, dtype=np.int8)).sum() == 0


def test_nothing_is_taken_for_that_of_an_owner_that_is_gone() -> None:
    kept, places = Remembered(), set()
    for value in range(50):  # one after the other at the same place in memory
        owner = Owner()
        places.add(id(owner))
        assert kept.get(owner, "a", lambda value=value: np.full(1, value))[0] == value
        del owner
    assert len(places) < 50


def test_views_of_a_layer_share_what_stands_in_and_its_outputs() -> None:
    rng = np.random.default_rng(0)
    layer = gemm(rng.random((4, 6)) < 0.5, rng.random((6, 5)) < 0.5)
    one, other, seeded = GemmView(layer, 1), GemmView(layer, 1), GemmView(layer, 2)
    assert np.shares_memory(other.weights(0), one.weights(0))
    assert other.reference(0, 0, 4, 0, 5) is one.reference(0, 0, 4, 0, 5)
    np.testing.assert_array_equal(
        one.reference(0, 0, 4, 0, 5), one.weights(0).astype(int) @ one.inputs(0, 0, 6, 0, 5)
    )
    assert not np.array_equal(seeded.weights(0), one.weights(0))
    np.testing.assert_array_equal(seeded.weights(0) != 0, one.weights(0) != 0)
