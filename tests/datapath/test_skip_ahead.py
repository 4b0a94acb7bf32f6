"""The compiled intersection unit against the cycle-stepped one, and edges of its rule."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.datapath.skip_ahead import blocks, compress, multiply, service
from validation.oracles.skip_ahead import intersect

DENSITIES = (0.0, 0.05, 0.3, 0.7, 1.0)


def one(a: list[int], b: list[int], window: int) -> tuple[int, int, int]:
    masks = np.zeros((2, 64), dtype=bool)
    masks[0, a], masks[1, b] = True, True
    found = service(compress(masks[:1], 64), compress(masks[1:], 64), (1, 1), window)
    return int(found.cycles.item()), int(found.products.item()), int(found.scanned.item())


def test_a_skip_ends_at_the_window_or_at_the_other_head() -> None:
    """0 1 2 3 against 3: three coordinates are passed in one cycle through a window of 3, in two through one of 2."""
    assert one([0, 1, 2, 3], [3], 3) == (2, 1, 5)
    assert one([0, 1, 2, 3], [3], 2) == (3, 1, 5)
    assert one([0, 1, 2, 3], [3], 1) == (4, 1, 5)
    assert one([0, 1, 2, 5], [3], 4) == (2, 0, 4)
    assert one([], [3], 4) == (0, 0, 0)


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(40))
def test_tiles_equal_the_sum_over_their_fiber_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n, k = (int(x) for x in rng.integers(1, (7, 7, 50)))
    block, window = int(rng.integers(1, k + 1)), int(rng.integers(1, 9))
    tiles = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    a, b = (rng.random((rows, k)) < rng.choice(DENSITIES) for rows in (m, n))
    found = service(compress(a, block), compress(b, block), tiles, window)
    expected = np.zeros((*found.cycles.shape, 4), dtype=np.int64)
    for row in range(m):
        for column in range(n):
            for part in range(found.cycles.shape[2]):
                span = slice(part * block, (part + 1) * block)
                told = intersect(np.flatnonzero(a[row, span]), np.flatnonzero(b[column, span]), window)
                expected[row // tiles[0], column // tiles[1], part] += [*told, told[1] > 0]
    tables = (found.cycles, found.products, found.scanned, found.sums)
    assert np.array_equal(np.stack(tables, axis=-1), expected)


@pytest.mark.parametrize("seed", range(30))
def test_words_equal_the_walk(seed: int) -> None:
    """Blocks of 64 coordinates, where stretches go over any window, as if they did not fit a word."""
    rng = np.random.default_rng([seed, 1])
    block, window = int(rng.choice([1, 31, 63, 64])), int(rng.choice([1, 2, 7, 8, 9, 16, 70]))
    tiles = int(rng.integers(1, 9)), int(rng.integers(1, 2000))
    a, b = (rng.random((int(rng.integers(1, 40)), 200)) < rng.choice(DENSITIES) for _ in range(2))
    found = service(compress(a, block), compress(b, block), tiles, window)
    x, y = (_far_apart(each, block) for each in (a, b))
    walked = service(compress(x, 65), compress(y, 65), tiles, window)
    for name in ("cycles", "products", "scanned", "sums"):
        assert np.array_equal(getattr(found, name), getattr(walked, name))


def _far_apart(mask: np.ndarray, block: int) -> np.ndarray:
    """The same blocks, each filled up to 65 coordinates."""
    blocks = -(-mask.shape[1] // block)
    out = np.zeros((len(mask), blocks, 65), dtype=bool)
    for number in range(blocks):
        part = mask[:, number * block : (number + 1) * block]
        out[:, number, : part.shape[1]] = part
    return out.reshape(len(mask), -1)


@pytest.mark.parametrize("seed", range(20))
def test_fibers_of_blocks_are_intersected_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (np.flatnonzero(rng.random(40) < rng.choice(DENSITIES)) for _ in range(2))
    window = int(rng.integers(1, 6))
    cycles, _, left = intersect(a, b, window)
    assert blocks(a, b, window) == (cycles, left)


@pytest.mark.parametrize("seed", range(20))
def test_outputs_equal_the_matrix_product(seed: int) -> None:
    rng = np.random.default_rng(seed)
    m, n, k = (int(x) for x in rng.integers(1, 15, 3))
    a, b = (rng.integers(-9, 9, (rows, k)) * (rng.random((rows, k)) < 0.5) for rows in (m, n))
    assert np.array_equal(multiply(a, b, int(rng.integers(1, k + 1)), int(rng.integers(1, 5))), a @ b.T)


@pytest.mark.parametrize("block", [1, 17, 63, 64, 65, 100])
def test_outputs_of_blocks_that_fit_a_word_and_of_longer_ones(block: int) -> None:
    rng = np.random.default_rng(block)
    a, b = (rng.integers(-9, 9, (rows, 200)) * (rng.random((rows, 200)) < 0.5) for rows in (7, 5))
    a[2], b[3] = 0, 1
    assert np.array_equal(multiply(a, b, block, 4), a @ b.T)
