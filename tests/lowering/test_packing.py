"""Where tiles of unequal rows end."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.lowering.packing import cuts


@pytest.mark.parametrize(
    ("slots", "found"),
    [
        ([4, 4, 4, 4], (0, 4)),
        ([4, 4, 4, 4, 1], (0, 4, 5)),
        ([8, 8, 8], (0, 2, 3)),
        ([8, 4, 4, 2, 2, 2, 2, 2], (0, 3, 8)),
        ([8, 4, 2, 2, 1], (0, 4, 5)),
        ([16, 16], (0, 1, 2)),
        ([1], (0, 1)),
    ],
)
def test_tiles_of_sixteen_multipliers(slots: list[int], found: tuple[int, ...]) -> None:
    assert cuts(np.array(slots), 16) == found


@pytest.mark.parametrize("seed", range(30))
def test_rows_fill_tiles_one_after_the_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slots, multipliers = rng.integers(1, 12, int(rng.integers(1, 40))), int(rng.integers(1, 40))
    found, used = [0], 0
    for row, size in enumerate(slots.tolist()):
        if used + size > multipliers and row > found[-1]:
            found.append(row)
            used = 0
        used += size
    assert cuts(slots, multipliers) == (*found, len(slots))
