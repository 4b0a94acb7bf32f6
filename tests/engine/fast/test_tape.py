"""A tape with loops in loops says what its intervals, told one by one, say."""

from __future__ import annotations

import numpy as np

from simulator.engine.fast import layout as at
from simulator.engine.fast import tape
from simulator.engine.fast.memory import Memory
from simulator.engine.fast.unroll import unroll as unroll_tape
from simulator.jit import apart
from simulator.plan import Channel, Component, Plan, Program, RunWriter
from simulator.record.intervals import BINS, bin_width
from simulator.record.states import STATES

Intervals = list[tuple[int, int]]
Ints = np.ndarray


@apart
def add(m: Ints, bins: Ints, component: int, state: int, begin: int, end: int) -> None:
    """Log an interval."""
    tape.add(m, bins, component, state, begin, end)


@apart
def loop(m: Ints, bins: Ints, component: int, first: int, times: int) -> bool:
    """Log entries again."""
    return tape.loop(m, bins, component, first, times)


@apart
def unroll(m: Ints, bins: Ints, component: int) -> None:
    """Empty the tape."""
    unroll_tape(m, bins, component)


def memory() -> Memory:
    """A network with a shared port, which leaps."""
    chunk = RunWriter(0, 1, 0).chunk()
    program = Program("p", (), (0,), (), lambda: iter([chunk]))
    return Memory(
        Plan((Component("port", "port", "memory", 1, (1, 1), "priority", (program,)),), (Channel("c", 1),))
    )


def told(intervals: Intervals) -> np.ndarray:
    """The canonical log of (state, cycles), one cycle at a time."""
    states = np.repeat([state for state, _ in intervals], [cycles for _, cycles in intervals])
    width = bin_width(len(states))
    counts = np.zeros((len(STATES), BINS), dtype=np.int64)
    np.add.at(counts, (states, np.arange(len(states)) // width), 1)
    return counts


def logged(bins: np.ndarray) -> np.ndarray:
    """What is in the bins of the first component."""
    return bins[: len(STATES) * at.BIN_ROW].reshape(len(STATES), at.BIN_ROW)[:, :BINS]


def written(seed: int, entries: int, loops: int, most: int = 5) -> tuple[np.ndarray, Intervals]:
    """A random tape, unrolled; and all its intervals."""
    rng, of = np.random.default_rng(seed), memory()
    words, bins, component = of.words, of.bins, of.components[0]
    starts: list[tuple[int, int]] = []  # where loops may begin: entry, interval
    intervals: Intervals = []
    cycle = 0
    for _ in range(loops):
        for _ in range(int(rng.integers(1, entries))):
            starts.append((int(words[component + at.TAPED]), len(intervals)))
            state, cycles = int(rng.integers(0, 5)), int(rng.choice([1, 2, 7, 300]))
            add(words, bins, component, state, cycle, cycle + cycles)
            intervals.append((state, cycles))
            cycle += cycles
        first, begin = starts[int(rng.integers(max(0, len(starts) - 40), len(starts)))]
        times = int(rng.integers(1, most))
        turn = intervals[begin:]
        if len(intervals) + times * len(turn) < 20_000:
            full = loop(words, bins, component, first, times)
            intervals += times * turn
            cycle += times * sum(cycles for _, cycles in turn)
            if full:
                unroll(words, bins, component)
                starts.clear()
    unroll(words, bins, component)
    return logged(bins), intervals


def test_a_tape_says_what_its_intervals_say() -> None:
    for seed in range(60):
        bins, intervals = written(seed, 12, 12)
        assert np.array_equal(bins, told(intervals)), f"seed {seed}"


def test_turns_that_begin_and_end_alike_come_again() -> None:
    for seed in range(60):
        bins, intervals = written(seed, 5, 8, 60)
        assert np.array_equal(bins, told(intervals)), f"seed {seed}"


def test_a_tape_that_fills_up_is_unrolled() -> None:
    of = memory()
    words, bins, component = of.words, of.bins, of.components[0]
    for cycle in range(at.MOST_ENTRIES + 10):
        add(words, bins, component, cycle % 2, cycle, cycle + 1)
    assert words[at.EPOCH] == 1  # states kept before are of no use for leaps any more
    unroll(words, bins, component)
    counts = logged(bins)
    assert counts[:2].sum(axis=1).tolist() == [at.MOST_ENTRIES // 2 + 5] * 2


def test_loops_too_deep_ask_to_be_unrolled() -> None:
    of = memory()
    words, bins, component = of.words, of.bins, of.components[0]
    add(words, bins, component, 0, 0, 1)
    full = [bool(loop(words, bins, component, 0, 1)) for _ in range(at.DEEPEST)]
    assert full == [False] * (at.DEEPEST - 1) + [True]
    unroll(words, bins, component)
    assert bins[:BINS].sum() == 2**at.DEEPEST


def test_a_loop_may_follow_the_last_entry() -> None:
    for entries in (at.MOST_ENTRIES - 2, at.MOST_ENTRIES - 1, at.MOST_ENTRIES):
        of = memory()
        words, bins, component = of.words, of.bins, of.components[0]
        add(words, bins, component, 2, 0, 100)
        add(words, bins, component, 0, 100, 1100)
        loop(words, bins, component, 1, 1)  # its words lie behind the entries
        intervals = [(2, 100), (0, 1000), (0, 1000), *((cycle % 2, 1) for cycle in range(entries - 3))]
        for cycle in range(entries - 3):
            add(words, bins, component, cycle % 2, 2100 + cycle, 2101 + cycle)
        assert loop(words, bins, component, entries - 40, 5) == (entries + 2 > at.MOST_ENTRIES)
        unroll(words, bins, component)
        counts = logged(bins)
        assert np.array_equal(counts, told(intervals + 5 * intervals[-40:]))
