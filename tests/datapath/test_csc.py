"""The compiled walk against the plain one, on random tiles."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.datapath import csc
from simulator.lowering.csc import runs
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
    found, streamed = csc.turns([csc.columns(weights, word, run_bits)], lanes), csc.fibers(inputs, run_bits)
    told = [oracle.visit(weights.tolist(), fiber, lanes, word, run_bits) for fiber in inputs.T.tolist()]
    nothing = len(found.start) - 2
    values, fetched, reads = list[int](), list[int](), list[list[int]]()
    for first, end in pairwise(streamed.start.tolist()):
        reads.append([c if c >= 0 else nothing for c in streamed.coordinate[first:end].tolist()] or [nothing])
        for c in reads[-1]:
            turns = slice(found.start[c], found.start[c + 1])
            values += found.values[turns].tolist()
            fetched += found.fetched[turns].tolist()
    assert [[c < nothing for c in read] for read in reads] == [[r == "input" for r in v.reads] for v in told]
    assert fetched == [int(w[1]) for v in told for w in v.weights]
    assert values == [len(w[2]) for v in told for w in v.weights]
    products = found.products(streamed, window)
    assert products.issues.tolist() == [len(v.issues) for v in told]
    assert products.values.tolist() == [len(group) for v in told for group in v.issues]
    check_waits(products.waits, products.waited, told, window)
    assert sum(values) == oracle.multiplications(weights.tolist(), inputs.T.tolist())


def check_waits(
    waits: NDArray[np.int64], waited: NDArray[np.int64], told: list[oracle.Visit], window: int
) -> None:
    """Tokens in order: whoever waits has taken the token of the group it waits for, and no later one than needed."""
    needed: list[int | None] = []
    for v in told:
        begin = len(needed)
        needed += [None if j is None else begin + j for j in oracle.waits(v.issues, window)]
    assert len(waits) == len(waited)
    for i, j in enumerate(needed):
        taken = int(np.searchsorted(waits, i, side="right"))
        latest = waited[taken - 1] if taken else -1
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
    found = csc.turns([tile], 1)
    for window, expected in ((2, [[], []]), (3, [[2], [0]])):
        products = found.products(streamed, window)
        assert [products.waits.tolist(), products.waited.tolist()] == expected


@pytest.mark.nojit
def test_a_visit_by_hand() -> None:
    weights = np.array([[1, 0, 0], [1, 0, 1], [1, 0, 0]], dtype=bool)
    inputs = np.array([[1, 0], [1, 0], [1, 0]], dtype=bool)
    found, streamed = csc.turns([csc.columns(weights, 2, 4)], 2), csc.fibers(inputs, 4)
    assert found.start.tolist() == [
        0,
        2,
        3,
        4,
        5,
    ]  # two words of the full column; the empty one, and nothing, take a turn
    assert found.fetched.tolist() == [1, 1, 0, 1, 0]
    assert found.values.tolist() == [2, 1, 0, 1, 0]
    assert found.products(streamed, 0).issues.tolist() == [3, 0]
    reads, counts = runs.input_reads(3)  # an empty fiber takes the turn that finds nothing
    assert counts.tolist() == [1, 1, 2, 3]
    assert reads[:, [0, 4, 7, 8]].tolist() == [
        [1, 1, 0, 1], [1, 1, 1, 1], [1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 1, 0], [1, 0, 1, 0], [1, 0, 1, 1],
    ]  # fmt: skip
    begin, columns, ends = np.array([0, 2]), np.array([3]), np.array([1], dtype=np.uint8)
    order, kinds, first, turn = runs.kinds(begin, streamed.start, streamed.coordinate, columns, ends)
    # The three columns, the first of which begins the visit and the last of which ends it; nothing, which ends the tile.
    assert order.tolist() == [0, 1, 2, 3]
    assert kinds.tolist() == [8 * 0 + 4, 8 * 1, 8 * 2 + 2, 8 * 3 + 4 + 2 + 1]
    assert (first.tolist(), turn.tolist()) == ([0, 4], [0, 4])
    words, counts = runs.weight_reads(found.base, found.start, found.values, np.array([3]), 0, kinds, first)
    assert counts.tolist() == [2, 1, 1, 1]
    assert words[:, [0, 4, 5, 8, 9, 10]].tolist() == [
        [1, 1, 1, 1, 0, 0], [1, 0, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0], [1, 1, 0, 1, 1, 0], [1, 1, 1, 0, 1, 3],
    ]  # fmt: skip
    assert words[:, -1].tolist() == [0, 1, 2, 3, 4]


@PROPERTY
@given(
    st.lists(SIZES, min_size=2, max_size=4), DENSITY, st.integers(1, 3), st.integers(1, 4), st.integers(0, 99)
)
def test_tiles_together_are_the_tiles_one_by_one(
    sizes: list[tuple[int, int, int]], density: float, lanes: int, window: int, seed: int
) -> None:
    pairs = [masks(size, (density, 0.6), seed + at) for at, size in enumerate(sizes)]
    tiles = [csc.columns(weights, 2, 4) for weights, _ in pairs]
    streamed = [csc.fibers(inputs, 4) for _, inputs in pairs]
    start = np.concatenate([[0], np.cumsum(np.concatenate([each.entries for each in streamed]))])
    met = csc.Fibers(start.astype(np.int32), np.concatenate([each.coordinate for each in streamed]))
    begin = np.cumsum([0, *(inputs.shape[1] for _, inputs in pairs)])
    found = csc.turns(tiles, lanes).products(met, window, (np.arange(len(tiles)), begin[:-1]))
    alone = [
        csc.turns([tile], lanes).products(fibers, window)
        for tile, fibers in zip(tiles, streamed, strict=True)
    ]
    assert found.issues.tolist() == [n for each in alone for n in each.issues.tolist()]
    assert found.values.tolist() == [n for each in alone for n in each.values.tolist()]
    before = np.cumsum([0, *(int(each.issues.sum()) for each in alone)]).tolist()
    for name in ("waits", "waited"):
        expected = [
            n + turn for each, turn in zip(alone, before, strict=False) for n in getattr(each, name).tolist()
        ]
        assert getattr(found, name).tolist() == expected


@pytest.mark.nojit
def test_marked_items_are_runs_by_themselves() -> None:
    def marked(total: int, a: list[int], b: list[int]) -> list[list[int]]:
        found = runs.marked(total, np.array(a, dtype=np.int64), np.array(b, dtype=np.int64))
        return [row.tolist() for row in found]

    assert marked(0, [], []) == []
    assert marked(3, [], []) == [[3, 0, 0]]
    assert marked(6, [0, 3], [3, 5]) == [[1, 1, 0], [2, 0, 0], [1, 1, 1], [1, 0, 0], [1, 0, 1]]
