"""Runs a network to its end: the kernels advance it, and this feeds them runs and memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.engine.contract import Progress, Request, Requests, waiting
from simulator.engine.fast import layout as at
from simulator.engine.fast import service
from simulator.engine.fast.advance import advance, finished
from simulator.engine.fast.loading import Loader, load
from simulator.engine.fast.memory import WINDOWS, Memory
from simulator.errors import DeadlockError
from simulator.plan.state import ACTIVATE
from simulator.record.intervals import IntervalLog, bin_width
from simulator.record.outcome import ComponentOutcome, Outcome, ProgramOutcome
from simulator.record.states import STATES

PARTS, GRANTS = (at.STATES, len(STATES)), (at.ITEMS, 4)
"""Words of a program that tell its states, and its grants: where they begin, how many."""


class Schedule:
    """A network on its way from cycle 0 to its last departure."""

    def __init__(self, memory: Memory, loaders: Sequence[Sequence[Loader]]) -> None:
        self.memory, self.loaders = memory, loaders
        self._flat: list[Loader] = [loader for own in loaders for loader in own]

    def run(self, progress: Progress | None, requests: Requests | None = None) -> None:
        """Advance to the end; `requests` are told what was granted now and then.

        Raises
        ------
        DeadlockError
            No progress while work remains.
        """
        memory = self.memory
        self._feed(self._flat)
        while (status := self._advance(requests or {})) != at.ENDED:
            if status == at.HUNGER:
                self._feed([self._flat[i] for i in np.flatnonzero(memory.program_rows()[:, at.WANTS])])
            elif status == at.OVERFLOW:
                memory.make_room(self._widened(int(memory.words[at.FULL])))
            elif progress is not None:
                progress(self.cycles, int(memory.program_rows()[:, at.ITEMS].sum()))
        if not memory.program_rows()[:, at.DONE].all():
            raise DeadlockError(self.cycles - 1, tuple(self._waits()))

    def _advance(self, requests: Requests) -> int:
        status = self._advanced(WINDOWS)
        for component, offset in zip(self.memory.plan.components, self.memory.components, strict=True):
            if not requests:
                break
            if component.name in requests:
                self._tell(int(self.memory.words[offset + at.REQUESTS]), requests[component.name])
        return status

    def _advanced(self, windows: int) -> int:
        """Run on for so many windows at most, with all words that nobody uses yet for rings that grow; why it returned."""
        memory = self.memory
        memory.words[at.HEAP], memory.words[at.HEAP_END] = memory.used, len(memory.words)
        with np.errstate(over="ignore"):  # sums of the grant log are modulo 2**64
            status: int = advance(memory.words, memory.vectors, memory.bins, windows)
        memory.keep(int(memory.words[at.HEAP]))
        return status

    def _widened(self, channel: int) -> int:
        """Words that rings of a channel take when they grow."""
        words = self.memory.words
        return 2 * (int(words[channel + at.TOKENS_MASK]) + int(words[channel + at.CREDITS_MASK]) + 2)

    def _tell(self, block: int, request: Request) -> None:
        words, first = self.memory.words, block + 1
        beyond = first + service.REQUEST_WORDS * int(words[block])
        for cycle, write, address in words[first:beyond].reshape(-1, service.REQUEST_WORDS).tolist():
            request(cycle, bool(write), address)
        words[block] = 0

    @property
    def cycles(self) -> int:
        """One past the last departure so far."""
        return int(self.memory.program_rows()[:, at.NEXT].max(initial=0))

    def _feed(self, loaders: Sequence[Loader]) -> None:
        load(loaders)
        self.memory.words[at.HUNGRY] = 0

    def _waits(self) -> list[str]:
        channels = dict(zip(self.memory.channels, self.memory.plan.channels, strict=True))
        lines, flat, words = [], iter(self._flat), self.memory.words.tolist()
        for component in self.memory.plan.components:
            for program in component.programs:
                loader = next(flat)
                if not words[loader.block + at.DONE]:
                    needs, channel = _lack(words, loader.block)
                    lines.append(waiting(component.name, program.name, needs, channels[channel].name))
        return lines

    def outcome(self, cycles: int) -> Outcome:
        """What happened, over a run of `cycles` cycles; nothing of the schedule may be used afterwards."""
        width, counts = bin_width(cycles), self._finish(cycles)
        told, components = self._happened(), []
        for component, own, logged in zip(self.memory.plan.components, self.loaders, counts, strict=True):
            components.append(
                ComponentOutcome(
                    component.name,
                    component.group,
                    component.kind,
                    component.lanes,
                    IntervalLog(width, logged),
                    sum([loader.work for loader in own]),
                    sum([loader.demand for loader in own]),
                    tuple([next(told) for _ in own]),
                )
            )
        self.memory.give_back()
        return Outcome(cycles, tuple(components))

    def _finish(self, cycles: int) -> NDArray[np.integer]:
        """Log the cycles that are left to the end of the run; cycles per component, state and bin, in as few bytes as they need."""
        width = bin_width(cycles)
        bins, kind = -(-cycles // width), np.min_scalar_type(width).newbyteorder("<")
        counts = np.zeros((len(self.loaders), len(STATES), bins), dtype=kind)
        told = counts.reshape(-1).view(np.uint8)
        with np.errstate(over="ignore"):
            finished(self.memory.words, self.memory.bins, cycles, told, bins, kind.itemsize)
        return counts

    def _happened(self) -> Iterator[ProgramOutcome]:
        """What happened of every program, in plan order."""
        rows, words = self.memory.program_rows(), self.memory.words
        states, grants = (rows[:, first : first + size].copy() for first, size in (PARTS, GRANTS))
        told = zip(self._flat, states, grants.view(np.uint64).tolist(), strict=True)
        for loader, own, granted in told:
            actions = dict(zip(loader.program.actions, loader.actions, strict=True))
            if loader.opens:
                place = int(words[loader.block + at.PLACE])
                actions[ACTIVATE] = int(words[place + service.ACTIVATED])
            yield ProgramOutcome(loader.program.name, own, actions, tuple(granted))


def _lack(m: list[int], block: int) -> tuple[str, int]:
    """What the next item of a stuck program lacks, and the channel block it lacks it on."""
    for port in range(m[block + at.INS], m[block + at.OUTS], at.INPUT):
        channel = m[port + at.CHANNEL]
        takes = m[port + at.TAKES]
        if m[block + at.STREAM]:
            takes = m[block + at.TAKE] if channel == m[block + at.SOURCE] else 0
        if takes > 0 and m[channel + at.TAKEN] + takes > m[channel + at.PUT]:
            return "a token", channel
    for port in range(m[block + at.OUTS], m[block + at.END], at.OUTPUT):
        channel = m[port + at.CHANNEL]
        puts, capacity = m[port + at.PUTS], m[channel + at.CAPACITY]
        if m[block + at.STREAM]:
            puts = int(channel == m[block + at.TARGET])
        if puts > 0 and 0 <= capacity < m[channel + at.PUT] + puts - m[channel + at.RELEASED]:
            return "room", channel
    raise AssertionError("a program that lacks nothing is stuck")
