"""Items told field by field are those that were given, the first and the last by themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.lowering.pieces import told
from simulator.plan.runs import COUNT, PERIOD


@pytest.mark.nojit
@settings(deadline=None)
@given(st.integers(1, 9), st.integers(0, 99), st.integers(1, 3))
def test_every_item_is_told(count: int, seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    columns = [
        int(rng.integers(0, 9)) if rng.random() < 0.3 else rng.integers(0, most, count) for _ in range(7)
    ]
    chunk = told(columns, count, 1, 1)
    fields = [np.broadcast_to(column, count) for column in columns]
    assert list(chunk.items()) == [tuple(int(field[i]) for field in fields) for i in range(count)]
    assert chunk.runs[:, COUNT].tolist() == [
        1,
        *([count - 2] if count > 2 else []),
        *([1] if count > 1 else []),
    ]
    assert len(chunk.vectors) == sum(
        int(run[COUNT]) * int(flags.sum()) for run, flags in zip(chunk.runs, chunk.varies, strict=True)
    )


def test_what_does_not_change_is_a_number() -> None:
    chunk = told([3, np.array([1, 2, 2, 5]), 1, 1, np.array([0, 4, 7, 7])], 4, 1, 1)
    assert chunk.runs[:, PERIOD].tolist() == [1, 2, 1]
    assert chunk.vectors.tolist() == [4, 7]
    assert chunk.varies.sum() == 1
