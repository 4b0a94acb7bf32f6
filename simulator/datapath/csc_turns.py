"""Compiled loops over the columns of tiles of weights and the fibers that meet them; see :mod:`simulator.datapath.csc`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel


@kernel
def turns(
    columns: NDArray[np.int64], start: NDArray[np.int32], first: NDArray[np.int32], lanes: int
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.uint8],
    NDArray[np.uint8],
    NDArray[np.int32],
    NDArray[np.int32],
]:
    """All of :class:`simulator.datapath.csc.Turns` but the rows, of tiles of so many columns, whose words and non-zeros count
    from the tile's first.
    """
    base = np.zeros(len(columns) + 1, dtype=np.int64)
    found = 0  # non-zeros of all tiles
    word, column = 0, 0
    for tile in range(len(columns)):
        base[tile + 1] = base[tile] + columns[tile] + 2
        word += start[column + columns[tile]] + 1
        column += columns[tile] + 1
        found += first[word - 1]
    most = found + len(first) + base[-1]
    begin, group = np.zeros(base[-1], dtype=np.int32), np.zeros(base[-1], dtype=np.int32)
    values, fetched = np.zeros(most, dtype=np.uint8), np.zeros(most, dtype=np.uint8)
    of_group = np.zeros(found + 1, dtype=np.int32)
    turn = groups = word = column = found = 0
    for tile in range(len(columns)):
        for c in range(columns[tile] + 1):
            begin[base[tile] + c], group[base[tile] + c] = turn, groups
            before, some = turn, c < columns[tile]
            for w in range(word + start[column + c], word + start[column + c + some]):
                fetched[turn] = 1
                place = first[w]
                while place < first[w + 1]:
                    values[turn] = min(lanes, first[w + 1] - place)
                    of_group[groups] = found + place
                    place += lanes
                    groups += 1
                    turn += 1
                turn += first[w] == first[w + 1]
            turn += turn == before
        begin[base[tile + 1] - 1], group[base[tile + 1] - 1] = turn, groups
        word += start[column + columns[tile]] + 1
        column += columns[tile] + 1
        found += first[word - 1]
    of_group[groups] = found
    return base, begin, values[:turn].copy(), fetched[:turn].copy(), group, of_group[: groups + 1].copy()


@kernel
def _meets(first: NDArray[np.int32], rows: NDArray[np.int32], a: int, b: int) -> bool:
    """Whether two groups add to one row."""
    for i in range(first[a], first[a + 1]):
        for j in range(first[b], first[b + 1]):
            if rows[i] == rows[j]:
                return True
    return False


@kernel
def products(
    base: NDArray[np.int64],
    group: NDArray[np.int32],
    first: NDArray[np.int32],
    rows: NDArray[np.int32],
    tiles: NDArray[np.int64],
    begin: NDArray[np.int64],
    fiber: NDArray[np.int32],
    coordinate: NDArray[np.int32],
    window: int,
    counted: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """(Turns per visit, non-zeros per turn, who waits, for whom) over visits begin[i] <= v < begin[i + 1] to tiles[i].

    No row comes twice in a column, so only its first groups meet any of the `window` before.
    """
    issues, total = np.zeros(len(fiber) - 1, dtype=np.int64), 0
    for visited in range(len(tiles)):
        at = base[tiles[visited]]
        for v in range(begin[visited], begin[visited + 1]):
            for i in range(fiber[v], fiber[v + 1]):
                if coordinate[i] >= 0:
                    issues[v] += group[at + coordinate[i] + 1] - group[at + coordinate[i]]
            total += issues[v]
    values = np.empty(total if counted else 0, dtype=np.int32)
    most = max(0, window - 1) * len(coordinate)
    waits, waited = np.zeros(most, dtype=np.int64), np.zeros(most, dtype=np.int64)
    recent = np.zeros(max(1, window), dtype=np.int64)
    found = turn = 0
    latest = -1
    for visited in range(len(tiles)):
        at = base[tiles[visited]]
        for v in range(begin[visited], begin[visited + 1]):
            opened = turn
            for i in range(fiber[v], fiber[v + 1]):
                if coordinate[i] < 0:
                    continue
                one = group[at + coordinate[i]]
                count = group[at + coordinate[i] + 1] - one
                for place in range(min(count, window - 1)):
                    for before in range(turn - 1, max(opened, turn + place - window + 1) - 1, -1):
                        if _meets(first, rows, one + place, recent[before % window]):
                            if before > latest:
                                waits[found], waited[found], latest = turn + place, before, before
                                found += 1
                            break
                if window > 1:
                    for place in range(max(0, count - window + 1), count):
                        recent[(turn + place) % window] = one + place
                if counted:
                    for place in range(count):
                        values[turn + place] = first[one + place + 1] - first[one + place]
                turn += count
    return issues, values, waits[:found].copy(), waited[:found].copy()
