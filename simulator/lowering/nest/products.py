"""Every multiplication: its operands as they arrive, what becomes of it, and what it does to the partial sums.

::

    for every step of compute: for every instance of compute whose coordinates exist:
        operand:   gone with its tile | read, gated or skipped by the rules at its innermost memory | removed by those passed
        product:   an operand skipped: removed;  one gated: gated;  else by the operands' values
                   all non-zero: computed;  all absent: nothing;  one absent, compute skips: skipped;
                   compute gates: gated;  else computed
        update:    of computed products, unless a rule on the output gates or skips it; shared per step and point
        read:      of every point that is updated and holds a partial sum

A point is read once per step and memory instance (multicast). The products of what was computed are summed into the outputs
with the operands' values: what the selection leaves out is missing there.
Rules 4a, 5, 6, 8c, 9a, 9b, 11, 12 and 13 of docs/design_points.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.jit import inlined, kernel
from simulator.lowering.nest.boxes import advance
from simulator.lowering.nest.formats import Format
from simulator.lowering.nest.granules import ACTUAL, WORK, Tree, settle
from simulator.lowering.nest.sets import choose, gather, note, pay, weigh
from simulator.lowering.nest.tables import (
    NOTHING,
    Block,
    Feeds,
    Packing,
    Paths,
    Rules,
    Scratch,
    Sums,
    Tensors,
)
from simulator.lowering.nest.updates import update
from simulator.lowering.nest.walk import Integers, Walk


@inlined
def _share(total: int, part: int, parts: int) -> int:
    """What falls to a part when a total is spread evenly."""
    return total * (part + 1) // parts - total * part // parts


@kernel
def _locate(walk: Any, tensors: Any, offsets: Any, uneven: Any, digits: Any, base: Any, block: Any) -> None:
    """The elements of every product of a block."""
    flat, span, weights, starts, bases, sizes = (
        block.flat,
        block.span,
        tensors.weights,
        tensors.starts,
        walk.bases,
        walk.sizes,
    )
    many, count, ranks = len(bases), len(weights), len(sizes)
    for k in range(span[1]):
        if span[0] + k:
            advance(walk, digits, base)
        for t in range(count):
            at = starts[t]
            for r in range(ranks):
                at += weights[t, r] * base[r]
            for i in range(many):
                flat[t, k * many + i] = at + offsets[t, i]
        if uneven:
            for i in range(many):
                exists = True
                for r in range(ranks):
                    exists = exists and base[r] + bases[i, r] < sizes[r]
                if not exists:
                    for t in range(count):
                        flat[t, k * many + i] = -1
    block.worst[:] = 0
    block.zeros[:] = 0
    block.missing[:] = 0


@kernel
def _arrive(tensors: Any, paths: Any, rules: Any, block: Any, many: Any, t: Any) -> None:
    """How an operand of every product is read, and whether it comes."""
    flat, kinds, worst, zeros, missing, span = (
        block.flat,
        block.kinds,
        block.worst,
        block.zeros,
        block.missing,
        block.span,
    )
    nonzero, codes, ratio, fan = tensors.nonzero, paths.codes, paths.ratios[t], paths.fans[t]
    begin, length, absent = paths.starts[t], paths.steps[t], paths.absent[t]
    first, last, stages, actions = rules.firsts[t], rules.firsts[t + 1], rules.stages, rules.kinds
    starts, leaders = rules.starts, rules.leaders
    for k in range(span[1]):
        outer = (span[0] + k) // ratio
        for i in range(many):
            at = k * many + i
            if flat[t, at] < 0:
                kinds[t, at] = NOTHING
                continue
            state, kind = 0, 0
            if begin >= 0:
                state = codes[begin + (i // fan) * length + outer] & 3
            if state:
                kind = NOTHING
            else:
                for r in range(first, last):
                    for j in range(starts[r], starts[r + 1]):
                        if nonzero[flat[leaders[j], at]] == 0:
                            state = max(state, actions[r])
                            if stages[r] == 0:
                                kind = max(kind, actions[r])
            kinds[t, at] = kind
            worst[at] = max(worst[at], state)
            if nonzero[flat[t, at]] == 0:
                zeros[at] += 1
                missing[at] += absent


@inlined
def _become(worst: Any, zeros: Any, missing: Any, operands: Any, gates: Any, skips: Any) -> int:
    """Computed (0), gated (1), skipped (2) or nothing, by the worst state of the operands, else by their values."""
    if worst or zeros == 0:
        return int(worst)
    if missing == operands:
        return NOTHING
    if missing and skips:
        return 2
    return 1 if gates else 0


@inlined
def _removal(
    first: Any, last: Any, actions: Any, starts: Any, leaders: Any, nonzero: Any, flat: Any, at: Any
) -> int:
    """What rules do to a product: 0 nothing, 1 gate, 2 skip."""
    found = 0
    for r in range(first, last):
        for j in range(starts[r], starts[r + 1]):
            if nonzero[flat[leaders[j], at]] == 0:
                found = max(found, actions[r])
    return found


@kernel
def _multiply(
    tensors: Any,
    rules: Any,
    packs: Any,
    block: Any,
    feeds: Any,
    tree: Any,
    many: Any,
    beat_steps: Any,
    outputs: Any,
) -> None:
    """What becomes of every product of a block, and how the output is updated."""
    flat, kinds, worst, zeros, missing, span = (
        block.flat,
        block.kinds,
        block.worst,
        block.zeros,
        block.missing,
        block.span,
    )
    nonzero, values, operands = tensors.nonzero, tensors.values, len(tensors.weights) - 1
    first, last, actions, starts, leaders = (
        rules.firsts[operands],
        rules.firsts[operands + 1],
        rules.kinds,
        rules.starts,
        rules.leaders,
    )
    start, gates, skips = tensors.starts[operands], rules.gates, rules.skips
    stream = operands + 2
    record, sums, leaf, period = (
        feeds.records[stream],
        feeds.sums,
        feeds.leaves[stream],
        feeds.periods[stream],
    )
    for k in range(span[1]):
        beat = (span[0] + k) // beat_steps
        for i in range(many):
            at = k * many + i
            kinds[operands, at] = NOTHING
            if flat[0, at] < 0:
                continue
            done = _become(np.int64(worst[at]), zeros[at], missing[at], operands, gates, skips)
            if done < 2 or (done == 2 and worst[at] == 0):
                record[ACTUAL + done, beat] += 1
            if packs == 0 and done < 2:
                record[WORK, beat] += 1
                pay(record, sums, leaf, i, beat, 1)
            if done:
                continue
            update = _removal(first, last, actions, starts, leaders, nonzero, flat, at)
            kinds[operands, at] = update
            if update == 0:
                product = 1
                for t in range(operands):
                    product *= values[flat[t, at]]
                outputs[flat[operands, at] - start] += product
        if packs == 0 and leaf >= 0 and (span[0] + k + 1) % period == 0:
            settle(tree, span[0] + k, beat, False, record)


@kernel
def _pack(
    tensors: Any, packing: Any, block: Any, feeds: Any, tree: Any, filled: Any, many: Any, beat_steps: Any
) -> None:
    """Time of packed lanes."""
    flat, span, nonzero, stream = block.flat, block.span, tensors.nonzero, len(tensors.weights) + 1
    record, sums, leaf, period = (
        feeds.records[stream],
        feeds.sums,
        feeds.leaves[stream],
        feeds.periods[stream],
    )
    lanes, groups, leaders, ratio = packing.lanes, packing.groups, packing.leaders, packing.ratio
    for k in range(span[1]):
        step = span[0] + k
        beat = step // beat_steps
        if lanes:
            filled[:] = 0
            for i in range(many):
                held = flat[0, k * many + i] >= 0
                for j in range(len(leaders)):
                    held = held and nonzero[flat[leaders[j], k * many + i]] == 1
                filled[groups[i]] += held
            for g in range(len(filled)):
                rounds = -(-filled[g] // lanes)
                record[WORK, beat] += rounds * lanes
                pay(record, sums, leaf, g, beat, rounds)
        else:
            outer, part = step // ratio, step % ratio
            for p in range(len(packing.slots)):
                record[WORK, beat] += _share(packing.slots[p, outer], part, ratio)
                pay(record, sums, leaf, p, beat, _share(packing.cycles[p, outer], part, ratio))
        if leaf >= 0 and (step + 1) % period == 0:
            settle(tree, step, beat, False, record)


@kernel
def _read(
    tensors: Any,
    paths: Any,
    block: Any,
    scratch: Any,
    feeds: Any,
    form: Any,
    tree: Any,
    many: Any,
    beat_steps: Any,
    t: Any,
) -> None:
    """Reads of an operand for the products of a block."""
    fan, start, span = paths.fans[t], tensors.starts[t], block.span
    kinds, flat, nonzero, single = block.kinds[t], block.flat[t], tensors.nonzero, feeds.single[t]
    own = nonzero[start : tensors.starts[t + 1]]
    record, sums, leaf, period, word = (
        feeds.records[t],
        feeds.sums,
        feeds.leaves[t],
        feeds.periods[t],
        feeds.words[t],
    )
    points, gathered, best, keys, found = (
        scratch.points,
        scratch.gathered,
        scratch.best,
        scratch.keys,
        scratch.found,
    )
    shared = paths.shared[t] and fan > 1
    for k in range(span[1]):
        step = span[0] + k
        beat = step // beat_steps
        if shared:
            for p in range(many // fan):
                union = gather(kinds, flat, scratch, start, k * many + p * fan, fan)
                for kind in range(3 if union else 0):
                    count = choose(points, gathered, best, union, kind)
                    if count:
                        weigh(form, points, count, own, keys, found)
                        note(record, sums, leaf, word, p, beat, kind, found[0], found[1], found[2])
        else:
            for i in range(many):
                kind = kinds[k * many + i]
                if kind != NOTHING:
                    h = nonzero[flat[k * many + i]]
                    note(
                        record,
                        sums,
                        leaf,
                        word,
                        i // fan,
                        beat,
                        kind,
                        single[h, 0],
                        single[h, 1],
                        single[h, 2],
                    )
        if leaf >= 0 and (step + 1) % period == 0:
            settle(tree, step, beat, True, record)


@kernel
def uneven(walk: Walk) -> bool:
    """Whether some products of the nest do not exist."""
    for r in range(len(walk.sizes)):
        whole = walk.bases[:, r].max() + 1
        for j in range(len(walk.bounds)):
            if walk.ranks[j] == r:
                whole += (walk.bounds[j] - 1) * walk.strides[j]
        if whole > walk.sizes[r]:
            return True
    return False


def multiply(
    walk: Walk,
    tensors: Tensors,
    paths: Paths,
    rules: Rules,
    packing: Packing,
    sums: Sums,
    formats: list[Format],
    trees: list[Tree],
    feeds: Feeds,
    steps: int,
    beat_steps: int,
    outputs: Integers,
) -> None:
    """Walk all steps of compute.

    Parameters
    ----------
    formats : list of Format
        By tensor, as accesses to and from compute count.
    trees : list of Tree
        By stream; the times of all are `feeds.sums`.
    steps, beat_steps : int
        Steps of compute, and those of a beat.
    outputs : ndarray of int64, shape (elements of the output,)
        Filled.
    """
    count, many = len(tensors.weights), len(walk.bases)
    operands = count - 1
    holders, wide = many // int(paths.fans[operands]), int(np.prod(sums.hull))
    scratch = _scratch(int(tensors.starts[-1]), many, holders, wide, len(sums.hull))
    length = max(1, min(steps, BLOCK // many))
    block = _block(count, length * many)
    base, digits = np.zeros(len(walk.sizes), dtype=np.int64), np.zeros(len(walk.bounds), dtype=np.int64)
    entered, places = np.zeros(wide, dtype=np.int64), np.zeros(wide, dtype=np.int64)
    filled = np.zeros(int(packing.groups.max()) + 1 if len(packing.groups) else 0, dtype=np.int64)
    offsets, cut = tensors.weights @ walk.bases.T, uneven(walk)
    for start in range(0, steps, length):
        block.span[:] = start, min(length, steps - start)
        _locate(walk, tensors, offsets, cut, digits, base, block)
        for t in range(operands):
            _arrive(tensors, paths, rules, block, many, t)
        _multiply(tensors, rules, packing.packs, block, feeds, trees[count + 1], many, beat_steps, outputs)
        if packing.packs:
            _pack(tensors, packing, block, feeds, trees[count + 1], filled, many, beat_steps)
        for t in range(operands):
            _read(tensors, paths, block, scratch, feeds, formats[t], trees[t], many, beat_steps, t)
        ends = (trees[operands], trees[count], beat_steps, entered, places)
        update(walk, tensors, paths, sums, block, scratch, feeds, formats[operands], *ends)


BLOCK = 1 << 16
"""Products of a block."""


def _scratch(elements: int, many: int, holders: int, wide: int, axes: int) -> Scratch:
    met, slot, serial = (np.zeros(n, dtype=np.int64) for n in (elements, elements, 1))
    points, gathered, keys, found, heard = (np.zeros(n, dtype=np.int64) for n in (many, many, many, 3, 1))
    lo, hi = (np.zeros((holders, axes), dtype=np.int64) for _ in range(2))
    best, holds = np.zeros(many, dtype=np.uint8), np.zeros((holders, wide), dtype=np.uint8)
    return Scratch(met, slot, serial, points, gathered, keys, found, best, holds, lo, hi, heard)


def _block(count: int, size: int) -> Block:
    flat, kinds = np.zeros((count, size), dtype=np.int64), np.zeros((count, size), dtype=np.uint8)
    worst, zeros, missing = (np.zeros(size, dtype=np.uint8) for _ in range(3))
    return Block(flat, kinds, worst, zeros, missing, np.zeros(2, dtype=np.int64))
