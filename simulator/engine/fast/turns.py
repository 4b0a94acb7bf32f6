"""Turns of a loop without loops in it, added to bins that end anywhere in a turn.

In which cycles of a turn a component is in a state is one bit each, 64 to a word, a map. With the ones before every word counted,
the cycles in that state before any cycle of a turn are a sum and a count of ones: so from the end of one bin to the end of the next
it does not matter how often the component changed its state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import apart, inlined, popcount64, spliced
from simulator.record.states import STATES

Ints = NDArray[np.int64]
ALL = len(STATES)
LONGEST, FEWEST = 2048, 3
"""Cycles of a turn above which it is not written down so, and turns of a loop below which."""
ROOM = 1 << 13
"""Words for maps, of one tape at a time."""


@inlined
def ones_before(bins: Ints, bits: int, words: int, cycle: int) -> int:
    """Ones before a cycle of a turn whose bits are at `bits`."""
    word = bits + (cycle >> 6)
    count: int = bins[word + words] + popcount64(bins[word] & ~(-1 << (cycle & 63)))
    return count


@inlined
def words_of(span: int) -> int:
    """Words for the bits of a turn."""
    return span // 64 + 1


@spliced
def map_turn(bins: Ints, tape: int, this: int, states: int) -> None:
    """Write down in which cycles of a turn of a loop a component is in which state, in its map."""
    map, words, cycle = bins[this + at.MAP], words_of(bins[this + at.TURN + ALL]), 0
    for word in range(map, map + 2 * ALL * words):
        bins[word] = 0
    for entry in range(tape + bins[this + at.FIRST_ENTRY], tape + bins[this + at.STOP]):
        span, bits = bins[entry] >> 3, map + 2 * words * (bins[entry] & 7)
        while span > 0:
            bit = cycle & 63
            some = min(span, 64 - bit)
            beyond = -1 << (bit + some) if bit + some < 64 else 0
            bins[bits + (cycle >> 6)] |= (-1 << bit) & ~beyond
            cycle += some
            span -= some
    for state in range(ALL):
        if states >> state & 1:
            count = 0
            for word in range(map + 2 * words * state, map + 2 * words * state + words):
                bins[word + words] = count
                count += popcount64(bins[word])


@apart
def mapped(bins: Ints, tape: int, this: int, states: int, width: int, maps: int) -> bool:
    """Whether the turns of a loop are short and many, but not so many that bins come again; then it has a map.

    What is left of `maps` is told by its first word: where the next map goes, before its last word.
    """
    span, times = bins[this + at.TURN + ALL], bins[this + at.TIMES]
    if bins[this + at.DEPTH] > 1 or span > LONGEST or times < FEWEST:
        return False
    if times >= 2 * max(1, width // (span & -span)):
        return False
    if bins[this + at.MAP] == 0:
        size = 2 * ALL * words_of(span)
        if bins[maps] + size > maps + ROOM:
            return False
        bins[this + at.MAP] = bins[maps]
        bins[maps] += size
        map_turn(bins, tape, this, states)
    return True


@apart
def add_mapped(bins: Ints, this: int, states: int, cell: int, room: int, width: int) -> tuple[int, int]:
    """Add all turns of a loop to bins from `cell` on, in which there is `room`; the bin they end in, and the room there."""
    span, times = bins[this + at.TURN + ALL], bins[this + at.TIMES]
    words = words_of(span)
    for state in range(ALL):
        turn = bins[this + at.TURN + state]
        if states >> state & 1 and turn > 0:
            bits, here = bins[this + at.MAP] + 2 * words * state, cell + state * at.BIN_ROW
            rest, step, cycle, whole, before = span * times, room, 0, 0, 0
            while rest > step:
                rest -= step
                cycle += step
                if cycle >= span:
                    whole += cycle // span * turn
                    cycle %= span
                now = whole + ones_before(bins, bits, words, cycle)
                bins[here] += now - before
                before, step = now, width
                here += 1
            bins[here] += turn * times - before
    crossed = (span * times - room + width - 1) // width if span * times > room else 0
    return cell + crossed, room + crossed * width - span * times
