from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.sparsity.density import packed, packed_counts, tile_counts

pytestmark = pytest.mark.nojit


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3), (1, 1), (7, 63), (7, 64), (7, 65), (20, 130)])
def test_packed_rows_hold_each_bit_in_its_place(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(3).random(shape) < 0.5
    words = packed(mask)
    assert words.shape == (shape[0], -(-shape[1] // 64))
    assert words.dtype == np.uint64
    for row, column in np.ndindex(shape):
        assert (int(words[row, column // 64]) >> (column % 64)) & 1 == mask[row, column]
    assert packed_counts(words).tolist() == mask.sum(axis=1).tolist()


def test_a_full_word_has_64_ones() -> None:
    assert packed_counts(np.array([[2**64 - 1, 2**63]], dtype=np.uint64)).tolist() == [65]


@pytest.mark.parametrize("tile", [(1, 1), (4, 7), (5, 100), (100, 3)])
def test_tile_counts_are_the_sums_of_tiles(tile: tuple[int, int]) -> None:
    mask = np.random.default_rng(4).random((13, 29)) < 0.4
    counts = tile_counts(mask, *tile)
    assert counts.shape == (-(-13 // tile[0]), -(-29 // tile[1]))
    for i, j in np.ndindex(counts.shape):
        part = mask[i * tile[0] : (i + 1) * tile[0], j * tile[1] : (j + 1) * tile[1]]
        assert counts[i, j] == part.sum()


def test_bad_arguments_are_refused() -> None:
    mask = np.ones((2, 2), dtype=bool)
    with pytest.raises(InputError, match="tile of 0 x 4"):
        tile_counts(mask, 0, 4)
    with pytest.raises(InputError, match="must be a matrix"):
        packed(np.ones(3, dtype=bool))
    with pytest.raises(InputError, match="uint64"):
        packed_counts(mask)
