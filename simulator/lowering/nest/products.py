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

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.jit import inlined, kernel
from simulator.lowering.nest.boxes import advance, beyond, decode, tile
from simulator.lowering.nest.formats import Format, measure
from simulator.lowering.nest.granules import ACTUAL, DEMAND, GATED, META, SKIPPED, WORK, Tree, settle
from simulator.lowering.nest.walk import Integers, Shape, Walk

NOTHING = 3
"""A read that does not happen and is in no count; 0, 1 and 2 are actual, gated and skipped."""


class Tensors(NamedTuple):
    """All tensors, the output last, their elements one behind the other.

    Attributes
    ----------
    weights : ndarray of int64, shape (tensors, R)
        Flattened index = sum of weight x coordinate.
    starts : ndarray of int64, shape (tensors + 1,)
    nonzero : ndarray of uint8, shape (elements,)
    values : ndarray of int64, shape (elements of operands,)
    """

    weights: Integers
    starts: Integers
    nonzero: NDArray[np.uint8]
    values: Integers


class Paths(NamedTuple):
    """How tensors reach compute.

    Attributes
    ----------
    codes : ndarray of uint8
        States of the tiles at every operand's innermost memory, (instance, step), one operand behind the other.
    starts, steps, ratios, fans : ndarray of int64, shape (tensors,)
        First code (-1: none), steps of the memory, steps of compute in one, multipliers below an instance.
    shared : ndarray of uint8, shape (tensors,)
        Whether accesses of a step to one point are one.
    absent : ndarray of uint8, shape (tensors,)
        Whether zeros are not stored at the innermost memory.
    """

    codes: NDArray[np.uint8]
    starts: Integers
    steps: Integers
    ratios: Integers
    fans: Integers
    shared: NDArray[np.uint8]
    absent: NDArray[np.uint8]


class Rules(NamedTuple):
    """Rules that decide every multiplication, in the order they are met.

    Attributes
    ----------
    firsts : ndarray of int64, shape (tensors + 1,)
        First rule of every tensor as follower.
    stages, kinds : ndarray of int64, shape (rules,)
        0 at the follower's innermost memory, the next for those passed; 1 gates, 2 skips.
    starts : ndarray of int64, shape (rules + 1,)
        First leader of every rule.
    leaders : ndarray of int64
        Tensors.
    gates, skips : bool
        Of compute itself.
    """

    firsts: Integers
    stages: Integers
    kinds: Integers
    starts: Integers
    leaders: Integers
    gates: bool
    skips: bool


class Packing(NamedTuple):
    """Lanes that hold non-zeros only.

    Attributes
    ----------
    packs : int
        Whether lanes are packed at all.
    lanes : int
        0: lanes are not packed along a spatial rank.
    groups : ndarray of int64, shape (multipliers,)
        Combination of the other spatial loops.
    leaders : ndarray of int64
        Tensors that are non-zero where a position is held.
    slots, cycles : ndarray of int64, shape (instances, steps) or (0, 0)
        Position skipping: of every instance and step of its level; evenly over its `ratio` steps of compute.
    ratio : int
    """

    packs: int
    lanes: int
    groups: Integers
    leaders: Integers
    slots: Integers
    cycles: Integers
    ratio: int


class Sums(NamedTuple):
    """Tiles of partial sums at the output's innermost memory.

    Attributes
    ----------
    walk : Walk
    shape : Shape
    hull : ndarray of int64, shape (A,)
    stream : ndarray of uint8
        What enters: 0 starts from zero, 1 was read back; empty when the output is kept by the outermost memory alone.
    whole : bool
        Whether a tile is the whole tensor, so that a point's address is its index.
    """

    walk: Walk
    shape: Shape
    hull: Integers
    stream: NDArray[np.uint8]
    whole: bool


class Feeds(NamedTuple):
    """What goes to and from compute is a stream per tensor, the output's reads last, then its updates, then the products.

    Attributes
    ----------
    records : ndarray of int64, shape (streams, ROWS, beats)
    words : ndarray of int64, shape (tensors,)
        Bits of a data word.
    single : ndarray of int64, shape (tensors, 2, 3)
        What one point moves, zero or not: data words, bits of metadata, metadata words.
    metadata, compressed : ndarray of uint8, shape (tensors,)
        Whether accesses count metadata, and leave out zeros.
    sums : ndarray of int64
        Times of the instances of all trees.
    leaves, periods : ndarray of int64, shape (streams,)
        First instance in `sums`, -1 where there is one instance only; steps of its innermost granule.
    """

    records: Integers
    words: Integers
    single: Integers
    metadata: NDArray[np.uint8]
    compressed: NDArray[np.uint8]
    sums: Integers
    leaves: Integers
    periods: Integers


class Block(NamedTuple):
    """Some steps in a row, multipliers of a step beside each other, steps one behind the other.

    Attributes
    ----------
    flat : ndarray of int64, shape (tensors, steps x multipliers)
        Element of every tensor, all tensors counted through; -1 where the product does not exist.
    kinds : ndarray of uint8, shape (tensors, steps x multipliers)
        How each operand is read and the output updated.
    worst, zeros, missing : ndarray of uint8, shape (steps x multipliers,)
        Of a product's operands: worst state, how many are zero, how many of those not stored.
    span : ndarray of int64, shape (2,)
        First step, and steps.
    """

    flat: Integers
    kinds: NDArray[np.uint8]
    worst: NDArray[np.uint8]
    zeros: NDArray[np.uint8]
    missing: NDArray[np.uint8]
    span: Integers


class Scratch(NamedTuple):
    """What is known from step to step, and room to work.

    Attributes
    ----------
    met, slot : ndarray of int64, shape (elements,)
        Serial number of the set that last met an element, and its place in the set.
    serial : ndarray of int64, shape (1,)
        Of the last set.
    points, gathered, keys, found : ndarray of int64
    best : ndarray of uint8
    holds : ndarray of uint8, shape (instances, tile)
        Whether a point at the output's innermost memory holds a partial sum.
    lo, hi : ndarray of int64, shape (instances, A)
        Its tiles.
    heard : ndarray of int64, shape (1,)
        How much of the stream of what enters was used.
    """

    met: Integers
    slot: Integers
    serial: Integers
    points: Integers
    gathered: Integers
    keys: Integers
    found: Integers
    best: NDArray[np.uint8]
    holds: NDArray[np.uint8]
    lo: Integers
    hi: Integers
    heard: Integers


@inlined
def _place(strides: Any, hull: Any, whole: Any, point: Any) -> int:
    """Address of a point in its tile."""
    if whole:
        return point  # type: ignore[no-any-return]
    place, rest = 0, point
    for a in range(len(hull)):
        place = place * hull[a] + (rest // strides[a]) % hull[a]
        rest %= strides[a]
    return place


@inlined
def _share(total: Any, part: Any, parts: Any) -> int:
    """What falls to a part when a total is spread evenly."""
    return total * (part + 1) // parts - total * part // parts  # type: ignore[no-any-return]


@inlined
def _charge(record: Any, sums: Any, leaf: Any, instance: Any, beat: Any, time: Any) -> None:
    """Add to the time of an instance."""
    if leaf < 0:
        record[DEMAND, beat] += time
    else:
        sums[leaf + instance] += time


@inlined
def _tell(
    record: Any,
    sums: Any,
    leaf: Any,
    word: Any,
    instance: Any,
    beat: Any,
    kind: Any,
    words: Any,
    bits: Any,
    more: Any,
) -> None:
    """Record a set of points: data words, bits of metadata, metadata words."""
    record[ACTUAL + kind, beat] += words
    record[META + kind, beat] += more
    if kind < 2:
        time = words * word + bits
        record[WORK, beat] += time
        _charge(record, sums, leaf, instance, beat, time)


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
            done: Any = np.int64(worst[at])
            if done:
                if done == 1:
                    record[GATED, beat] += 1
            elif zeros[at] == 0:
                record[ACTUAL, beat] += 1
            elif missing[at] == operands:
                done = NOTHING
            elif missing[at] and skips:
                done = 2
                record[SKIPPED, beat] += 1
            elif gates:
                done = 1
                record[GATED, beat] += 1
            else:
                record[ACTUAL, beat] += 1
            if packs == 0 and done < 2:
                record[WORK, beat] += 1
                _charge(record, sums, leaf, i, beat, 1)
            if done:
                continue
            update = 0
            for r in range(first, last):
                for j in range(starts[r], starts[r + 1]):
                    if nonzero[flat[leaders[j], at]] == 0:
                        update = max(update, actions[r])
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
                _charge(record, sums, leaf, g, beat, rounds)
        else:
            outer, part = step // ratio, step % ratio
            for p in range(len(packing.slots)):
                record[WORK, beat] += _share(packing.slots[p, outer], part, ratio)
                _charge(record, sums, leaf, p, beat, _share(packing.cycles[p, outer], part, ratio))
        if leaf >= 0 and (step + 1) % period == 0:
            settle(tree, step, beat, False, record)


@kernel
def _gather(kinds: Any, flat: Any, scratch: Any, start: Any, first: Any, fan: Any) -> int:
    """The distinct points of the products of one memory instance, each in the best of its kinds."""
    met, slot, gathered, best = scratch.met, scratch.slot, scratch.gathered, scratch.best
    scratch.serial[0] += 1
    serial, union = scratch.serial[0], 0
    for i in range(first, first + fan):
        kind = kinds[i]
        if kind == NOTHING:
            continue
        x = flat[i]
        if met[x] == serial:
            best[slot[x]] = min(best[slot[x]], kind)
            continue
        met[x] = serial
        slot[x] = union
        gathered[union] = x - start
        best[union] = kind
        union += 1
    return union


@kernel
def _choose(points: Any, gathered: Any, best: Any, union: Any, kind: Any) -> int:
    """Put the gathered points of a kind into `points`."""
    count = 0
    for j in range(union):
        if best[j] == kind:
            points[count] = gathered[j]
            count += 1
    return count


@kernel
def _measure(form: Any, points: Any, count: Any, nonzero: Any, keys: Any, found: Any) -> None:
    """As :func:`measure`; short where there is no metadata."""
    if len(form.kinds):
        measure(form, points, count, nonzero, keys, found)
        return
    words = count
    if form.compressed:
        words = 0
        for j in range(count):
            words += nonzero[points[j]]
    found[0], found[1], found[2] = words, 0, 0


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
                union = _gather(kinds, flat, scratch, start, k * many + p * fan, fan)
                for kind in range(3 if union else 0):
                    count = _choose(points, gathered, best, union, kind)
                    if count:
                        _measure(form, points, count, own, keys, found)
                        _tell(record, sums, leaf, word, p, beat, kind, found[0], found[1], found[2])
        else:
            for i in range(many):
                kind = kinds[k * many + i]
                if kind != NOTHING:
                    h = nonzero[flat[k * many + i]]
                    _tell(
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
def _enter(
    walk: Any,
    sums: Any,
    scratch: Any,
    base: Any,
    step: Any,
    now_lo: Any,
    now_hi: Any,
    points: Any,
    places: Any,
) -> None:
    """New tiles of partial sums: what enters holds a sum where it was read back."""
    decode(walk, step, base)
    for p in range(len(scratch.holds)):
        tile(sums.walk, sums.shape, base, p, now_lo, now_hi)
        new = beyond(
            sums.shape.strides, now_lo, now_hi, scratch.lo[p], scratch.hi[p], sums.hull, points, places
        )
        for j in range(new):
            scratch.holds[p, places[j]] = sums.stream[scratch.heard[0] + j]
        scratch.heard[0] += new
        scratch.lo[p], scratch.hi[p] = now_lo, now_hi


@kernel
def _update(
    walk: Any,
    tensors: Any,
    paths: Any,
    sums: Any,
    block: Any,
    scratch: Any,
    feeds: Any,
    form: Any,
    reading: Any,
    writing: Any,
    beat_steps: Any,
    entered: Any,
    places: Any,
) -> None:
    """Updates of the output by the products of a block, and the reads of what is held already."""
    t, many, axes, span = len(tensors.weights) - 1, len(walk.bases), len(sums.hull), block.span
    fan, start, ratio = paths.fans[t], tensors.starts[t], paths.ratios[t]
    kinds, flat, nonzero, single = block.kinds[t], block.flat[t], tensors.nonzero, feeds.single[t]
    own = nonzero[start : tensors.starts[t + 1]]
    back, new, times, word = feeds.records[t], feeds.records[t + 1], feeds.sums, feeds.words[t]
    leaf_back, leaf_new, periods = feeds.leaves[t], feeds.leaves[t + 1], feeds.periods
    points, gathered, best, keys, found = (
        scratch.points,
        scratch.gathered,
        scratch.best,
        scratch.keys,
        scratch.found,
    )
    holds, strides, hull, whole = scratch.holds, sums.shape.strides, sums.hull, sums.whole
    base, now_lo, now_hi = (
        np.zeros(len(walk.sizes), dtype=np.int64),
        np.zeros(axes, dtype=np.int64),
        np.zeros(axes, dtype=np.int64),
    )
    shared = paths.shared[t] and fan > 1
    for k in range(span[1]):
        step = span[0] + k
        beat = step // beat_steps
        if len(sums.stream) and step % ratio == 0:
            _enter(walk, sums, scratch, base, step, now_lo, now_hi, entered, places)
        for p in range(many // fan if shared else 0):
            union = _gather(kinds, flat, scratch, start, k * many + p * fan, fan)
            for kind in range(3 if union else 0):
                count = _choose(points, gathered, best, union, kind)
                if count == 0:
                    continue
                _measure(form, points, count, own, keys, found)
                _tell(new, times, leaf_new, word, p, beat, kind, found[0], found[1], found[2])
                again = 0
                for j in range(count):
                    place = _place(strides, hull, whole, points[j])
                    if holds[p, place]:
                        points[again] = points[j]
                        again += 1
                    elif kind == 0:
                        holds[p, place] = 1
                if again:
                    _measure(form, points, again, own, keys, found)
                    _tell(back, times, leaf_back, word, p, beat, kind, found[0], found[1], found[2])
        for i in range(0 if shared else many):
            at = k * many + i
            kind, p = kinds[at], i // fan
            if kind == NOTHING:
                continue
            h = nonzero[flat[at]]
            _tell(new, times, leaf_new, word, p, beat, kind, single[h, 0], single[h, 1], single[h, 2])
            place = _place(strides, hull, whole, flat[at] - start)
            if holds[p, place]:
                _tell(back, times, leaf_back, word, p, beat, kind, single[h, 0], single[h, 1], single[h, 2])
            elif kind == 0:
                holds[p, place] = 1
        if leaf_back >= 0 and (step + 1) % periods[t] == 0:
            settle(reading, step, beat, True, back)
        if leaf_new >= 0 and (step + 1) % periods[t + 1] == 0:
            settle(writing, step, beat, False, new)


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
        _update(walk, tensors, paths, sums, block, scratch, feeds, formats[operands], *ends)


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
