from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.sparsity import fibers
from simulator.sparsity.patterns import Hss, Violation, parse
from simulator.sparsity.patterns import hss as module

PROPERTY = settings(deadline=None, derandomize=True, max_examples=150)
RULE = st.tuples(st.integers(1, 4), st.integers(0, 4)).map(lambda r: (r[0], r[0] + r[1]))
PATTERN = st.lists(RULE, min_size=1, max_size=3).map(lambda ranks: Hss(tuple(ranks)))


def first_violation(pattern: Hss, rows: NDArray[np.bool_]) -> Violation | None:
    """By the definition, element by element."""
    for fiber, row in enumerate(rows):
        below = 1
        for rank, (kept, length) in enumerate(reversed(pattern.ranks)):
            span = below * length
            for block in range(-(-len(row) // span)):
                stop = min(len(row), (block + 1) * span)
                starts = range(block * span, stop, below)
                count = sum(bool(row[start : start + below].any()) for start in starts)
                if count > kept:
                    return Violation((fiber,), rank, block, block * span, stop, count, kept, length)
            below = span
    return None


@PROPERTY
@given(PATTERN, st.integers(0, 3), st.integers(0, 70), st.sampled_from([0.02, 0.3, 0.8]), st.integers(0, 99))
def test_violation_is_the_first_by_definition(
    pattern: Hss, rows: int, coords: int, density: float, seed: int
) -> None:
    mask = np.random.default_rng(seed).random((rows, coords)) < density
    expected = first_violation(pattern, mask)
    assert pattern.violation(mask) == expected
    assert pattern.violation(np.ascontiguousarray(mask.T), axis=0) == expected
    assert pattern.satisfied(mask) == (expected is None)


def test_violation_in_a_later_chunk_names_the_right_fiber(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fibers, "CHUNK_ELEMENTS", 16)
    mask = np.zeros((3, 5, 8), dtype=bool)
    mask[2, 3, 4:7] = True
    found = parse("2:4").violation(mask)
    assert found == Violation((2, 3), 0, 1, 4, 8, 3, 2, 4)
    assert (
        str(found) == "fiber (2, 3), coordinates 4..7: rank 0, block 1: 3 of 4 non-empty, at most 2 allowed"
    )


@PROPERTY
@given(PATTERN, st.integers(0, 3), st.integers(0, 70), st.integers(0, 99))
def test_generated_masks_satisfy_and_fill_the_pattern(
    pattern: Hss, rows: int, coords: int, seed: int
) -> None:
    whole = coords - coords % pattern.block
    mask = pattern.generate((rows, coords), seed=seed)
    assert first_violation(pattern, mask) is None
    per_window = mask[:, :whole].reshape(rows, whole // pattern.block, pattern.block).sum(axis=-1)
    assert (per_window == math.prod(pattern.slots)).all()
    assert (mask == pattern.generate((coords, rows), axis=0, seed=seed).T).all()


@pytest.mark.parametrize("table", [0, 4096])
def test_every_choice_of_a_block_is_as_likely(table: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TABLE", table)
    mask = parse("2:4").generate((6000, 4), seed=7)
    seen = [
        int((mask == np.isin(range(4), pair)).all(axis=1).sum())
        for pair in itertools.combinations(range(4), 2)
    ]
    assert sum(seen) == 6000
    assert all(abs(count - 1000) < 150 for count in seen)


@pytest.mark.parametrize("table", [0, 4096])
def test_masks_do_not_depend_on_the_chunk(table: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TABLE", table)
    pattern = parse("C1(4:8)->C0(2:3)")
    whole = pattern.generate((50, 61), seed=5)
    monkeypatch.setattr(fibers, "CHUNK_ELEMENTS", 200)
    assert (pattern.generate((50, 61), seed=5) == whole).all()


@PROPERTY
@given(RULE, st.integers(1, 25), st.integers(0, 99))
def test_one_rank_pruning_keeps_the_largest_choice(rule: tuple[int, int], coords: int, seed: int) -> None:
    kept, length = rule
    values = np.random.default_rng(seed).integers(-3, 4, (2, coords)).astype(np.int8)
    mask = Hss((rule,)).prune(values)
    for row, keep in zip(values.astype(int), mask, strict=True):
        for start in range(0, coords, length):
            block, chosen = np.abs(row[start : start + length]), keep[start : start + length]
            count = min(kept, len(block))
            candidates = list(itertools.combinations(range(len(block)), count))
            best = max(candidates, key=lambda c: (block[list(c)].sum(), [-i for i in c]))
            assert tuple(np.flatnonzero(chosen)) == best


@PROPERTY
@given(PATTERN, st.integers(0, 3), st.integers(0, 70), st.integers(0, 99))
def test_pruned_masks_satisfy_and_fill_the_pattern(pattern: Hss, rows: int, coords: int, seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal((rows, coords)).astype(np.float32)
    mask = pattern.prune(values)
    assert first_violation(pattern, mask) is None
    whole = coords - coords % pattern.block
    per_window = mask[:, :whole].reshape(rows, whole // pattern.block, pattern.block).sum(axis=-1)
    assert (per_window == math.prod(pattern.slots)).all()
    assert (mask == pattern.prune(values.T, axis=0).T).all()


def test_higher_ranks_keep_the_blocks_of_largest_surviving_norm() -> None:
    values = np.array([[5, 4, 4, 0, 6, 1, 0, 0, 4, 4, 0, 0]])
    mask = parse("C1(1:3)->C0(2:4)").prune(values)
    # Survivors 5,4 | 6,1 | 4,4 have squared norms 41, 37, 32; with its third value the first block had 57.
    assert np.flatnonzero(mask).tolist() == [0, 1]
    values[0, 5] = 3
    assert np.flatnonzero(parse("C1(1:3)->C0(2:4)").prune(values)).tolist() == [4, 5]


def test_ties_go_to_the_lower_coordinate_at_each_rank() -> None:
    mask = parse("C1(1:2)->C0(2:3)").prune(np.ones((1, 12)))
    assert np.flatnonzero(mask).tolist() == [0, 1, 6, 7]


def test_pruning_survives_extreme_magnitudes() -> None:
    assert np.flatnonzero(parse("1:2").prune(np.array([1e-300, 2e-300, 1e300, 1.5e300]))).tolist() == [1, 3]
    assert np.flatnonzero(parse("C1(1:2)->C0(1:1)").prune(np.array([1e-300, 2e-300]))).tolist() == [1]
    assert np.flatnonzero(parse("1:2").prune(np.array([127, -128], dtype=np.int8))).tolist() == [1]


def test_pruning_refuses_what_has_no_magnitude() -> None:
    with pytest.raises(InputError, match=r"element \(0, 1\) is nan"):
        parse("2:4").prune(np.array([[1.0, np.nan]]))
    with pytest.raises(InputError, match="real numbers, not complex128"):
        parse("2:4").prune(np.array([1j]))


@pytest.mark.parametrize("ranks", [(), ((0, 4),), ((5, 4),), ((2, 4), (1, 70_000))])
def test_impossible_ranks_are_refused(ranks: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(InputError):
        Hss(ranks)


def test_sparser_patterns_do_not_nest() -> None:
    mask = np.zeros((1, 32), dtype=bool)
    mask[0, 2:6] = True
    assert parse("C1(4:8)->C0(2:4)").satisfied(mask)
    assert not parse("C1(4:4)->C0(2:3)").satisfied(mask)


@pytest.mark.parametrize("density", [0.1, 0.4, 0.6, 1.0])
def test_satisfied_is_no_violation(density: float) -> None:
    rng = np.random.default_rng(int(100 * density))
    seen = set()
    for pattern in (Hss(((2, 4), (2, 4))), Hss(((4, 5), (2, 3))), Hss(((3, 3), (1, 2)))):
        for shape in ((3, 7), (4, 32), (1, 5), (2, 3, 16), (0, 4), (4, 0)):
            for axis in range(-len(shape), len(shape)):
                mask = rng.random(shape) < density * rng.random()
                assert pattern.satisfied(mask, axis) == (pattern.violation(mask, axis) is None)
                seen.add(pattern.satisfied(mask, axis))
    assert True in seen
