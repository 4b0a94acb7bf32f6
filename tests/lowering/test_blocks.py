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


def test_many_programs_share_the_size_of_their_chunks() -> None:
    block = varied(3)
    told = list(blocks.gather([block] * (2 * blocks.ROWS // 64), among=64))
    assert max(len(chunk.runs) for chunk in told) <= blocks.ROWS // 64 + len(block.runs)
    assert [item for chunk in told for item in chunk.items()] == list(block.items()) * (2 * blocks.ROWS // 64)


def test_what_is_kept_has_to_find_room() -> None:
    first, second, third = varied(0), varied(1), varied(2)
    told = []

    def kept(*chunks: Chunk) -> blocks.Kept:
        def tell():
            told.append(len(chunks))
            yield from chunks

        return blocks.Kept(tell, room)

    room = blocks.Room(first.nbytes + second.nbytes)
    again, fits = kept(first, first, second), kept(third)
    for _ in range(2):
        assert list(again()) == [first, first, second]
        assert list(fits()) == [third]
    assert told == [3, 1, 1], "the second program found no room and is told anew"
    assert room.left == 0
    room.left = third.nbytes
    assert list(fits()) == list(fits()) == [third]
    assert told == [3, 1, 1, 1]


def test_room_is_given_back_by_what_is_not_kept() -> None:
    room = blocks.Room(varied(0).nbytes)
    reading = blocks.Kept(lambda: iter([varied(0), varied(1)]), room)
    assert len(list(reading())) == 2
    assert room.left == varied(0).nbytes
    left = blocks.Kept(lambda: iter([varied(0), varied(1)]), room)()
    next(left)
    assert room.left == 0
    left.close()
    assert room.left == varied(0).nbytes
