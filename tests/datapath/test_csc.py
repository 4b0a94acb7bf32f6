"""The compiled walk against the plain one, on random tiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.datapath import csc
from simulator.sparsity.formats import Csc
from validation.oracles import csc as oracle

PROPERTY = settings(deadline=None, derandomize=True, max_examples=150)
SIZES = st.tuples(st.integers(1, 20), st.integers(1, 12), st.integers(1, 6))
DENSITY = st.sampled_from([0.0, 0.1, 0.4, 0.8, 1.0])


def masks(sizes: tuple[int, int, int], density: tuple[float, float], seed: int):
    rng = np.random.default_rng(seed)
    m, k, n = sizes
    return rng.random((m, k)) < density[0], rng.random((k, n)) < density[1]


@PROPERTY
@given(
    SIZES,
    st.tuples(DENSITY, DENSITY),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 4),
    st.integers(1, 4),
    st.integers(0, 99),
)
def test_turns_are_those_of_the_oracle(
    sizes: tuple[int, int, int],
    density: tuple[float, float],
    lanes: int,
    word: int,
    run_bits: int,
    window: int,
    seed: int,
) -> None:
    weights, inputs = masks(sizes, density, seed)
    tile, streamed = csc.columns(weights, word, run_bits), csc.fibers(inputs, run_bits)
    found = csc.turns(tile, streamed, lanes, len(weights), window)
    told = [oracle.visit(weights.tolist(), fiber, lanes, word, run_bits) for fiber in inputs.T.tolist()]
    assert found.reads.tolist() == [len(v.reads) for v in told]
    assert found.columns.tolist() == [int(read == "input") for v in told for read in v.reads]
    per_read = [[w[0] for w in v.weights].count(i) for v in told for i in range(len(v.reads))]
    assert found.words.tolist() == per_read
    assert found.fetched.tolist() == [int(w[1]) for v in told for w in v.weights]
    assert found.values.tolist() == [len(w[2]) for v in told for w in v.weights]
    assert found.issues.tolist() == [len(v.issues) for v in told]
    check_waits(found, told, window)
    assert found.values.sum() == oracle.multiplications(weights.tolist(), inputs.T.tolist())


def check_waits(found: csc.Turns, told: list[oracle.Visit], window: int) -> None:
    """Tokens in order: whoever waits has taken the token of the group it waits for, and no later one than needed."""
    needed: list[int | None] = []
    for v in told:
        begin = len(needed)
        needed += [None if j is None else begin + j for j in oracle.waits(v.issues, window)]
    given_by = np.flatnonzero(found.awaited)
    taken = np.cumsum(found.awaits)
    assert taken[-1:].sum() == len(given_by)
    for i, j in enumerate(needed):
        latest = given_by[taken[i] - 1] if taken[i] else -1
        assert latest >= (-1 if j is None else j)
        assert latest in (-1, *[n for n in needed[: i + 1] if n is not None])


@PROPERTY
@given(SIZES, st.tuples(DENSITY, DENSITY), st.integers(1, 3), st.integers(1, 4), st.integers(0, 99))
def test_outputs_are_the_product(
    sizes: tuple[int, int, int], density: tuple[float, float], word: int, run_bits: int, seed: int
) -> None:
    weights, inputs = (mask.astype(np.int64) for mask in masks(sizes, density, seed))
    rng = np.random.default_rng(seed + 1)
    weights *= rng.integers(-9, 9, weights.shape)
    inputs *= rng.integers(-9, 9, inputs.shape)
    found = csc.outputs(weights, inputs, Csc(run_bits, 7, word), Csc(run_bits, 5))
    assert np.array_equal(found, weights @ inputs)


@pytest.mark.parametrize("word", [1, 2, 3])
def test_words_are_those_the_format_stores(word: int) -> None:
    weights, _ = masks((40, 9, 1), (0.1, 1), 3)
    encoded = Csc(4, 7, word).encode(np.ascontiguousarray(weights.T))
    assert csc.columns(weights, word, 4).start[1:].tolist() == encoded.metadata["address"].entries.tolist()
    fibers = csc.fibers(np.ascontiguousarray(weights), 4)
    assert fibers.entries.tolist() == Csc(4).encode(np.ascontiguousarray(weights.T)).per_fiber.tolist()


def test_a_group_waits_within_the_window_and_not_beyond() -> None:
    # Three columns: row 0, row 1, row 0. The last group is two behind the first on the same row.
    weights = np.array([[1, 0, 1], [0, 1, 0]], dtype=bool)
    tile, streamed = csc.columns(weights, 1, 4), csc.fibers(np.ones((3, 1), dtype=bool), 4)
    assert csc.turns(tile, streamed, 1, 2, 2).awaits.tolist() == [0, 0, 0]
    found = csc.turns(tile, streamed, 1, 2, 3)
    assert (found.awaits.tolist(), found.awaited.tolist()) == ([0, 0, 1], [1, 0, 0])


@pytest.mark.nojit
def test_a_visit_by_hand() -> None:
    weights = np.array([[1, 0, 0], [1, 0, 1], [1, 0, 0]], dtype=bool)
    inputs = np.array([[1, 0], [1, 0], [1, 0]], dtype=bool)
    found = csc.turns(csc.columns(weights, 2, 4), csc.fibers(inputs, 4), 2, 3, 2)
    assert found.reads.tolist() == [3, 1]  # three inputs; an empty fiber takes the turn that finds nothing
    assert found.words.tolist() == [2, 1, 1, 1]  # two words of the full column; the empty one takes a turn
    assert found.fetched.tolist() == [1, 1, 0, 1, 0]
    assert found.values.tolist() == [2, 1, 0, 1, 0]
    assert found.issues.tolist() == [3, 0]
