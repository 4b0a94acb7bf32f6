"""A window of a run told item by item while the run goes on.

Before the window the run goes as fast as it always does, leaps included, until the engine's next 1,024 cycles would reach into it.
From there on nothing is leapt over, and what was told is taken away after every 1,024 cycles, so that memory is bounded by what
happens in the window. Behind it the run leaps again; items that were under way, or waiting to depart, are still told.

Items come from the rows of :mod:`simulator.engine.fast.events`, states from the tapes of the components, on which intervals follow
one another without a gap. A component that logs ahead is beyond the window's first cycle when its tape is first read: it is alone
on a private port, in service up to the last cycle of its item under way, and holds it then.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.engine.contract import Requests
from simulator.engine.fast import layout as at
from simulator.engine.fast.advance import unrolled
from simulator.engine.fast.events import BEFORE, DEPART, LAST, PROGRAM, ROW_WORDS, START, UNITS
from simulator.engine.fast.loading import Loader
from simulator.engine.fast.memory import WINDOWS, Memory
from simulator.engine.fast.schedule import Schedule
from simulator.record.recording import ComponentEvents, ProgramEvents, Recording, Window, merged
from simulator.record.states import BLOCKED, BUSY

Ints = NDArray[np.int64]
ENTRIES = 8 * at.WINDOW
"""Entries that tapes must have room for: read after every window of the engine, in which a component has two a cycle at most,
they are never full before they are read."""


class Recorded(Schedule):
    """A network on its way from cycle 0 to its last departure, watched in a window of cycles.

    Parameters
    ----------
    window : Window
    """

    def __init__(self, memory: Memory, loaders: Sequence[Sequence[Loader]], window: Window) -> None:
        super().__init__(memory, loaders)
        self.window = window
        room = max(1, len(memory.programs)) * (at.WINDOW + 2)  # a program starts an item a cycle at most
        rows = memory.take_dirty(ROW_WORDS * room)
        words = memory.words
        words[at.EVENTS], words[at.EVENT_ROWS], words[at.EVENT_ROOM] = 1, rows, room
        words[at.EVENTS_FROM], words[at.EVENTS_UNTIL] = window.begin, at.NEVER
        self._watching = window.begin < 2 * at.WINDOW
        if not self._watching:
            words[at.ALERT] = window.begin
        self._over = False
        self._parts = np.array(memory.components, dtype=np.int64)
        self._programs = np.array(memory.programs, dtype=np.int64)
        self._rows: list[Ints] = []
        self._late: list[Ints] = []
        self._tail = np.zeros((3, len(memory.programs)), dtype=np.int64)  # items, units, next
        self._read = np.zeros(len(self._parts), dtype=np.int64)
        self._reached = np.zeros(len(self._parts), dtype=np.int64)
        self._from = self._reached.copy()
        self._tapes: list[list[Ints]] = [[] for _ in self._parts]
        self._kept = 0
        self._end = window.end

    def _advance(self, requests: Requests) -> int:
        if self._over and not self._late_states().any():
            self.memory.words[at.BEHIND] = 1
        windows = 1 if self._watching and not self.memory.words[at.BEHIND] else WINDOWS
        epoch = self.memory.words[at.EPOCH]
        status = self._advanced(windows)
        self._take_rows()
        if self._watching and not self.memory.words[at.BEHIND]:
            assert self.memory.words[at.EPOCH] == epoch, "no tape is full before it is read"
            self._take_states()
            if not self._over and self.memory.words[at.BASE] >= self.window.end:
                self._pass()
        if status != at.ALERTED:
            return status
        self._watch()
        return at.PAUSED

    def _late_states(self) -> NDArray[np.bool_]:
        """Components whose states in the window are not known yet: not those that will only be drained or disabled to the end."""
        done = self.memory.words[self._programs + at.DONE] != 0
        owners = np.searchsorted(self._parts, self.memory.words[self._programs + at.OWNER])
        busy = np.bincount(owners[~done], minlength=len(self._parts)) > 0
        return busy & (self._reached < self.window.end)

    def _watch(self) -> None:
        """The window is near: from here on tapes are read, as they are written."""
        unrolled(self.memory.words, self.memory.bins)
        self.memory.words[at.ALERT] = at.NEVER
        self._watching = True
        self._reached = self.memory.words[self._parts + at.TOLD]
        self._from = self._reached.copy()

    def _pass(self) -> None:
        """The window is over: what of its items is not told yet is under way."""
        words = self.memory.words
        self._over = True
        words[at.EVENTS_UNTIL] = self.window.end
        for place, word in enumerate((at.ITEMS, at.UNITS, at.NEXT)):
            self._tail[place] = words[self._programs + word]

    def _take_rows(self) -> None:
        words = self.memory.words
        count, room = int(words[at.EVENTS]) - 1, int(words[at.EVENT_ROOM])
        assert count <= room, "a program starts an item a cycle at most"
        if count:
            first = int(words[at.EVENT_ROWS])
            rows = words[first : first + ROW_WORDS * count].reshape(-1, ROW_WORDS).copy()
            (self._late if self._over else self._rows).append(rows)
            words[at.EVENTS] = 1
            first_single = np.maximum(rows[:, UNITS], self.window.begin)
            singles = np.minimum(rows[:, BEFORE], self.window.end) - first_single
            self._keep(count + int(singles.clip(min=0).sum()))

    def _take_states(self, cycles: int | None = None) -> None:
        """Read the tapes on; to the end of the run, `cycles`, when it is over and they are unrolled."""
        words, bins = self.memory.words, self.memory.bins
        until = min(self.window.end, at.NEVER if cycles is None else cycles)
        taped = (
            words[self._parts + at.TAPED] if cycles is None else np.full(len(self._parts), words[at.ENTRIES])
        )
        for place in np.flatnonzero((self._reached < until) & (taped > self._read)):
            tape = int(words[self._parts[place] + at.TAPE])
            codes = bins[tape + self._read[place] : tape + taped[place]]
            lengths = np.cumsum(codes >> 3)
            needed = int(np.searchsorted(lengths, until - self._reached[place])) + 1
            codes, lengths = codes[:needed].copy(), lengths[:needed]
            self._tapes[place].append(codes)
            self._reached[place] += lengths[-1]
            self._keep(len(codes))
        self._read = taped
        if cycles is None and taped.max(initial=0) > words[at.ENTRIES] // 2:
            unrolled(words, bins)
            self._read = np.zeros_like(taped)

    def _keep(self, count: int) -> None:
        self._kept += count
        if self._kept > self.window.room:
            raise self.window.crowded()

    def _finish(self, cycles: int) -> NDArray[np.integer]:
        if not self._watching:
            self._watch()
        if not self._over:
            self._pass()
        unrolled(self.memory.words, self.memory.bins)
        self._read = np.zeros_like(self._read)
        counts = super()._finish(cycles)
        self._take_states(cycles)
        self._end = min(self.window.end, cycles)
        return counts

    def recording(self) -> Recording:
        """What happened in the window, once the run is over."""
        begin, end = min(self.window.begin, self._end), self._end
        rows, late = _stacked(self._rows), _stacked(self._late)
        of, after = _by_program(rows, self._programs), _by_program(late, self._programs)
        told = [
            _items(rows[a], late[b], self._tail[:, i].tolist(), begin, end, self.window.begin)
            for i, (a, b) in enumerate(zip(of, after, strict=True))
        ]
        flat = iter(told)
        parts = []
        for place, component in enumerate(self.memory.plan.components):
            programs = tuple(ProgramEvents(p.name, *next(flat)) for p in component.programs)
            begins, states = self._states(place, programs, begin, end)
            parts.append(
                ComponentEvents(component.name, component.group, component.kind, begins, states, programs)
            )
        whole = Recording(begin, end, tuple(parts))
        if whole.size > self.window.room:
            raise self.window.crowded()
        return whole

    def _states(
        self, place: int, programs: tuple[ProgramEvents, ...], begin: int, end: int
    ) -> tuple[Ints, NDArray[np.uint8]]:
        codes = np.concatenate([np.zeros(0, dtype=np.int64), *self._tapes[place]])
        first = int(self._from[place])
        begins = first + np.concatenate([[0], np.cumsum(codes >> 3)])
        states = (codes & 7).astype(np.uint8)
        if first > begin and programs[0].start.size:
            last, depart = int(programs[0].finish[0]), int(programs[0].depart[0])
            ahead = np.array([programs[0].start[0], last + 1], dtype=np.int64)
            assert ahead[0] <= begin, "only an item under way is logged ahead"
            assert depart + 1 == first, "it is logged up to its departure"
            begins = np.concatenate([ahead, begins])
            states = np.concatenate([np.array([BUSY, BLOCKED], dtype=np.uint8), states])
        return merged(begins, states, begin, end)


def _stacked(rows: list[Ints]) -> Ints:
    return np.concatenate([np.zeros((0, ROW_WORDS), dtype=np.int64), *rows])


def _by_program(rows: Ints, programs: Ints) -> list[Ints]:
    """Places of every program's rows, in order."""
    order = np.argsort(rows[:, PROGRAM], kind="stable")
    edges = np.searchsorted(rows[order, PROGRAM], programs)
    ends = np.searchsorted(rows[order, PROGRAM], programs, side="right")
    return [order[a:b] for a, b in zip(edges, ends, strict=True)]


def _items(
    rows: Ints, late: Ints, tail: list[int], begin: int, end: int, asked: int
) -> tuple[int, Ints, Ints, Ints]:
    """Number of the first item in the window, and the cycles of all.

    Parameters
    ----------
    rows, late : ndarray of int64, shape (R, 6)
        Told before, and after the window was over.
    tail : list of int
        Items when it was over, and the items of one cycle each in progress then: first cycle, and cycle after the last.
    begin, end, asked : int
        Cycles of the window, cut to the run; where it was to begin.
    """
    items, units, beyond = tail
    first = np.maximum(np.append(rows[:, UNITS], units), asked)
    until = np.append(rows[:, BEFORE], beyond)
    singles = np.maximum(until - first, 0)
    cells = np.repeat(first - np.cumsum(singles) + singles, singles) + np.arange(singles.sum())
    at_row = np.cumsum(singles)[:-1]  # the row's own item comes behind its single ones
    places = (START, LAST, DEPART)
    columns = [np.insert(cells, at_row, rows[:, column]) for column in places]
    told = items - len(columns[0])
    columns = [np.append(column, late[:, place]) for column, place in zip(columns, places, strict=True)]
    kept = (columns[0] < end) & (columns[2] >= begin)
    start, finish, depart = (column[kept] for column in columns)
    return told, start, finish, depart
