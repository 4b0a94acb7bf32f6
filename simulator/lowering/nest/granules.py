"""Records: what a program moves in every beat, and how long the slowest instance takes.

A *beat* is a number of consecutive steps of compute, one unless there are very many. Instances below a fan-out run free within
an iteration of the temporal loops of the level that fans out (a granule) and in lock step from one to the next. With several
fan-outs f_1 (outermost) .. f_k this nests: the time of a node is the sum over its granules of the largest of its children::

    D(root) = sum over granules of f_1 of max over instances of ( sum over granules of f_2 of max over instances of ( ... ) )

The demand of a granule of f_1 is spread over its beats as its work is, so that what waits for the granule's first words need not
wait for its last: rounded up for what is needed (reads, fills), down for what is made (products, updates, drains).
See docs/design_points.md, rule 15.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulator.jit import inlined, kernel
from simulator.lowering.nest.walk import Integers, Space

WORK, DEMAND, ACTUAL, GATED, SKIPPED, META = 0, 1, 2, 3, 4, 5
"""Rows of a record: bits of all instances, of the slowest; data words moved, gated, skipped; metadata words alike from META on."""

ROWS = 8


class Tree(NamedTuple):
    """Instances of a port below the fan-outs outside it.

    Attributes
    ----------
    nodes : ndarray of int64, shape (K + 1,)
        Instances told apart by the first 0, 1, .. K fan-outs.
    periods : ndarray of int64, shape (K,)
        Steps of a granule of every fan-out.
    offsets : ndarray of int64, shape (K + 2,)
        Where the nodes of a depth are in `sums`.
    sums : ndarray of int64
        Time of every node so far in its granule.
    begun : ndarray of int64, shape (2,)
        Beat in which the present granule began, and work recorded for it before.
    """

    nodes: Integers
    periods: Integers
    offsets: Integers
    sums: Integers
    begun: Integers


def tree(space: Space, level: int, steps: int) -> Tree:
    """Instances of `level`, with granules in steps of level `steps`."""
    levels = space.fanouts(level)
    nodes = [1]
    for outer in levels:
        nodes.append(nodes[-1] * space.fan(outer))
    return grown(nodes, [space.period(outer, steps) for outer in levels])


def grown(nodes: list[int], periods: list[int]) -> Tree:
    """A tree of so many nodes per depth."""
    count = np.array(nodes, dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    sums, begun = np.zeros(offsets[-1], dtype=np.int64), np.zeros(2, dtype=np.int64)
    return Tree(count, np.array(periods, dtype=np.int64), offsets, sums, begun)


@inlined
def charge(tree: Any, instance: Any, time: Any) -> None:
    """Add to the time of an instance in this step."""
    depth = len(tree.nodes) - 1
    tree.sums[tree.offsets[depth] + instance] += time


@kernel
def settle(tree: Any, step: Any, beat: Any, ceil: Any, record: Any) -> None:
    """End a step: close the granules it ends and, if the outermost, write their demand into the record."""
    for k in range(len(tree.periods) - 1, -1, -1):
        if (step + 1) % tree.periods[k] != 0:
            return
        fan = tree.nodes[k + 1] // tree.nodes[k]
        for node in range(tree.nodes[k]):
            most = 0
            for child in range(node * fan, node * fan + fan):
                most = max(most, tree.sums[tree.offsets[k + 1] + child])
                tree.sums[tree.offsets[k + 1] + child] = 0
            tree.sums[tree.offsets[k] + node] += most
    demand = tree.sums[tree.offsets[0]]
    tree.sums[tree.offsets[0]] = 0
    _spread(tree.begun, beat, demand, ceil, record)


@kernel
def _spread(begun: Any, beat: Any, demand: Any, ceil: Any, record: Any) -> None:
    total = -begun[1]
    for b in range(begun[0], beat + 1):
        total += record[WORK, b]
    if total > 0:
        done, given = -begun[1], 0
        for b in range(begun[0], beat + 1):
            done += record[WORK, b]
            share = (demand * done + total - 1) // total if ceil else demand * done // total
            record[DEMAND, b] += share - given
            given = share
    begun[0] = beat
    begun[1] = record[WORK, beat]


@inlined
def tell(record: Any, beat: Any, kind: Any, found: Any, word: Any) -> int:
    """Add a set of points to a record: actual (0), gated (1) or skipped (2); its time in bits."""
    record[ACTUAL + kind, beat] += found[0]
    record[META + kind, beat] += found[2]
    if kind == 2:
        return 0
    time: int = found[0] * word + found[1]
    record[WORK, beat] += time
    return time


def joined(trees: list[Tree]) -> list[Tree]:
    """The same trees, their sums in one array."""
    sums = np.zeros(sum(len(each.sums) for each in trees), dtype=np.int64)
    found, at = list[Tree](), 0
    for each in trees:
        found.append(Tree(each.nodes, each.periods, each.offsets + at, sums, each.begun))
        at += len(each.sums)
    return found


def blank(beats: int) -> Integers:
    """A record without anything in it."""
    return np.zeros((ROWS, beats), dtype=np.int64)
