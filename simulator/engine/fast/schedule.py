"""Runs a network to its end: the kernels advance it, and this feeds them runs and memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.engine.contract import Progress, Request, Requests, waiting
from simulator.engine.fast import layout as at
from simulator.engine.fast import service
from simulator.engine.fast.advance import advance, enqueue, finished, harvested
from simulator.engine.fast.loading import Loader
from simulator.engine.fast.memory import WINDOWS, Memory
from simulator.errors import DeadlockError
from simulator.plan.network import Component
from simulator.plan.state import ACTIVATE, Rows
from simulator.record.intervals import IntervalLog, bin_width
from simulator.record.outcome import ComponentOutcome, Outcome, ProgramOutcome
from simulator.record.states import STATES

HARVEST = 16
"""Components whose bins are taken over at once."""


class Schedule:
    """A network on its way from cycle 0 to its last departure."""

    def __init__(self, memory: Memory, loaders: Sequence[Sequence[Loader]]) -> None:
        self.memory, self.loaders = memory, loaders
        self._flat: list[Loader] = [loader for own in loaders for loader in own]
        self._wants = np.array([loader.block + at.WANTS for loader in self._flat], dtype=np.int64)

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
                self._feed([self._flat[i] for i in np.flatnonzero(memory.words[self._wants])])
            elif status == at.OVERFLOW:
                memory.grow(int(memory.words[at.FULL]))
            elif progress is not None:
                progress(self.cycles, sum(int(memory.words[x.block + at.ITEMS]) for x in self._flat))
        if not all(memory.words[x.block + at.DONE] for x in self._flat):
            raise DeadlockError(self.cycles - 1, tuple(self._waits()))

    def _advance(self, requests: Requests) -> int:
        with np.errstate(over="ignore"):  # sums of the grant log are modulo 2**64
            status: int = advance(self.memory.words, self.memory.vectors, self.memory.bins, WINDOWS)
        for component, offset in zip(self.memory.plan.components, self.memory.components, strict=True):
            if not requests:
                break
            if component.name in requests:
                self._tell(int(self.memory.words[offset + at.REQUESTS]), requests[component.name])
        return status

    def _tell(self, block: int, request: Request) -> None:
        words, first = self.memory.words, block + 1
        beyond = first + service.REQUEST_WORDS * int(words[block])
        for cycle, write, address in words[first:beyond].reshape(-1, service.REQUEST_WORDS).tolist():
            request(cycle, bool(write), address)
        words[block] = 0

    @property
    def cycles(self) -> int:
        """One past the last departure so far."""
        return max((int(self.memory.words[loader.block + at.NEXT]) for loader in self._flat), default=0)

    def _feed(self, loaders: Sequence[Loader]) -> None:
        for loader in loaders:
            if loader.load():
                enqueue(self.memory.words, loader.block)
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
        self._finish(cycles)
        width = bin_width(cycles)
        counts = self._counts(width, -(-cycles // width))
        parts = zip(self.memory.plan.components, self.memory.components, self.loaders, strict=True)
        components = tuple(
            self._component(component, offset, own, IntervalLog(width, counts[index]))
            for index, (component, offset, own) in enumerate(parts)
        )
        self.memory.give_back()
        return Outcome(cycles, components)

    def _counts(self, width: int, bins: int) -> NDArray[np.integer]:
        """Cycles per component, state and bin, in as few bytes as the width of a bin needs; the bins are zero afterwards."""
        total = len(self.loaders)
        counts = np.empty((total, len(STATES), bins), dtype=np.min_scalar_type(width))
        some = np.empty((min(total, HARVEST), len(STATES), bins), dtype=np.int64)
        for first in range(0, total, HARVEST):
            number = min(HARVEST, total - first)
            harvested(self.memory.words, self.memory.bins, some.reshape(-1), first, number, bins)
            counts[first : first + number] = some[:number]
        return counts

    def _finish(self, cycles: int) -> None:
        """Log the cycles that are left to the end of the run."""
        with np.errstate(over="ignore"):
            finished(self.memory.words, self.memory.bins, cycles)

    def _component(
        self, component: Component, offset: int, loaders: Sequence[Loader], intervals: IntervalLog
    ) -> ComponentOutcome:
        own = self.memory.words[offset : offset + at.COMPONENT_WORDS].tolist()
        programs = []
        for program, loader in zip(component.programs, loaders, strict=True):
            words = self.memory.words[loader.block : loader.block + at.BLOCK].tolist()
            states = own[at.TOTALS :] if own[at.KIND] == at.LONE else words[at.STATES :]
            items, starts, squares, departs = (x % 2**64 for x in words[at.ITEMS : at.ITEMS + 4])
            actions = dict(zip(program.actions, loader.actions, strict=True))
            if isinstance(component.state, Rows):
                actions[ACTIVATE] = int(self.memory.words[words[at.PLACE] + service.ACTIVATED])
            counted = np.array(states[: len(STATES)], dtype=np.int64)
            programs.append(ProgramOutcome(program.name, counted, actions, (items, starts, squares, departs)))
        return ComponentOutcome(
            component.name,
            component.group,
            component.kind,
            component.lanes,
            intervals,
            sum(loader.work for loader in loaders),
            sum(loader.demand for loader in loaders),
            tuple(programs),
        )


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
