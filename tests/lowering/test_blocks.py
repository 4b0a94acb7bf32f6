"""Gathering blocks never changes the items they mean."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.lowering import blocks
from simulator.plan import Chunk, RunWriter


def varied(seed: int) -> Chunk:
    rng = np.random.default_rng(seed)
    writer = RunWriter(1, 1, 0)
    for _ in range(int(rng.integers(1, 4))):
        period = int(rng.integers(1, 5))
        writer.add(
            int(rng.integers(1, 9)), rng.integers(1, 9, period), takes=[1], puts=[rng.integers(0, 2, period)]
        )
    return writer.chunk()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_gather_keeps_every_item(order: list[int]) -> None:
    pool = [
        varied(0),
        varied(1),
        varied(2),
        blocks.plain([(3, 1, 1, 1, 1, 1)]),
        blocks.plain([(2, 4, 4, 1, 1, 0)]),
    ]
    pool.append(blocks.plain([(0, 9, 9, 9, 9, 9), (1, 2, 2, 1, 1, 1)]))
    told = [pool[i] for i in order]
    expected = [item for block in told for item in block.items()]
    assert [item for chunk in blocks.gather(told) for item in chunk.items()] == expected


def test_a_plain_block_repeated_is_one_run() -> None:
    block = blocks.plain([(3, 1, 1, 1, 1, 1)])
    (chunk,) = blocks.gather([block] * 1000)
    assert chunk.runs.tolist() == [[3000, 1, 1, 1, 1, 1, 1]]


def test_chunks_stay_small() -> None:
    block = varied(3)
    count = 5 * blocks.ROWS // len(block.runs)
    chunks = list(blocks.gather([block] * count))
    assert sum(len(chunk.runs) for chunk in chunks) == count * len(block.runs)
    assert max(len(chunk.runs) for chunk in chunks) <= blocks.ROWS + len(block.runs)
    assert max(len(chunk.vectors) for chunk in chunks) == len(block.vectors)
