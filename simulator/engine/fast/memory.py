"""A plan as one flat memory: the blocks of :mod:`simulator.engine.fast.layout`, filled in."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import laying, service, turns, wiring
from simulator.engine.fast import layout as at
from simulator.engine.fast.arena import borrow, give_back, in_lines
from simulator.engine.fast.laying import laid
from simulator.engine.fast.wiring import wired
from simulator.plan.network import Component, Plan
from simulator.plan.state import Banks
from simulator.record.states import STATES

Ints = NDArray[np.int64]
ZEROED = 4096
"""Words that are cleared at once, ahead of their use."""
WINDOWS = 256
"""Windows between two reports of progress; an interrupt is taken then, and requests are told."""
MOST_REQUESTS = (WINDOWS + 1) * at.WINDOW
"""A port is granted once a cycle at most."""


class Memory:
    """The words of a network and the arrays beside them.

    Attributes
    ----------
    words : ndarray of int64
        Header, blocks, rings and run tables.
    vectors : ndarray of int32
        Vectors of the loaded runs.
    bins : ndarray of int64, shape (components x states x BIN_ROW,)
        State-cycles of components.
    columns : ndarray of int64
        Fields of a run that matter in time, program after program.
    forms : ndarray of int64, shape (programs, FORM)
        What :mod:`simulator.engine.fast.laying` tells of every program.
    programs, components, channels : range
        Offsets of the blocks, in plan order.
    """

    def __init__(
        self,
        plan: Plan,
        leap: bool = True,
        requested: Collection[str] = (),
        entries: int = at.LEAST_ENTRIES,
    ) -> None:
        self.plan, self.requested = plan, requested
        self._stores: dict[str, int] = {}
        told = wired(plan)
        channels, components, programs = told[: wiring.ROWS].tolist()
        self.components = _blocks(at.HEADER, components, at.COMPONENT_WORDS)
        self.channels = _blocks(self.components.stop, channels, at.CHANNEL_WORDS)
        self.programs = _blocks(self.channels.stop, programs, at.BLOCK)
        self.columns = np.empty(2 * len(told), dtype=np.int64)
        self.forms = np.empty((programs, laying.FORM), dtype=np.int64)
        self._arena = borrow()
        self.words, self.vectors, self.bins = self._arena.words, self._arena.vectors, self._arena.bins
        self._used = self._used_vectors = self._zeroed = 0
        special = [part for part in plan.components if part.state is not None or part.name in requested]
        most = at.ALL_ENTRIES // max(1, components)
        most = max(entries, min(at.MOST_ENTRIES, 1 << most.bit_length() - 1))
        self._lay_out(told, leap and not special, most)
        if special:
            for component, offset in zip(plan.components, self.components, strict=True):
                if component.state is not None or component.name in requested:
                    self._state(component, offset)

    def _lay_out(self, told: Ints, leap: bool, most: int) -> None:
        """Lay out the network, and room for the bins of its components and the tapes behind them, `most` entries each."""
        used = len(self.components) * len(STATES) * at.BIN_ROW
        # Components that share banks are granted in the order of time, none ahead of what follows from another's grant.
        ordered = any(isinstance(part.state, Banks) for part in self.plan.components)
        while room := laid(
            self.words,
            len(self.words),
            told,
            len(told),
            self.columns,
            self.forms.reshape(-1),
            int(leap),
            int(ordered),
            used,
            most,
        ):
            self.words = in_lines(max(2 * len(self.words), room))
        self._used = self._zeroed = int(self.words[at.HEAP])
        frames = int(self.words[at.SUMS]) + (len(STATES) + 1) * (most // at.BLOCK_ENTRIES + 3)
        self.words[at.FRAMES] = frames
        self.bins = self._arena.zeros(used, frames + at.FRAME * (at.DEEPEST + 2) + turns.ROOM)

    def _rows(self, blocks: range) -> Ints:
        """Blocks that follow one another, as rows."""
        return self.words[blocks.start : blocks.stop].reshape(-1, blocks.step)

    def component_rows(self) -> Ints:
        """The blocks of all components as they are now, shape (components, COMPONENT_WORDS)."""
        return self._rows(self.components)

    def program_rows(self) -> Ints:
        """The blocks of all programs as they are now, shape (programs, BLOCK)."""
        return self._rows(self.programs)

    def take(self, count: int) -> int:
        """Offset of `count` fresh words, all zero."""
        offset = self.take_dirty(count)
        if self._used > self._zeroed:
            self._zeroed = min(self._used + ZEROED, len(self.words))
            self.words[offset : self._zeroed] = 0
        return offset

    def take_dirty(self, count: int) -> int:
        """Offset of `count` fresh words, whatever they are."""
        offset = self._used
        self._used += count
        if self._used > len(self.words):
            grown = in_lines(max(2 * len(self.words), self._used))
            grown[:offset] = self.words[:offset]
            self.words = grown
        return offset

    def give_back(self) -> None:
        """Let another run have the arrays, once the bins are taken over; nothing here may be used afterwards."""
        self._arena.words, self._arena.vectors = self.words, self.vectors
        give_back(self._arena)

    def take_vectors(self, count: int) -> int:
        """Offset of `count` fresh vector elements, whatever they are."""
        offset = self._used_vectors
        self._used_vectors += count
        if self._used_vectors > len(self.vectors):
            grown = np.zeros(max(2 * len(self.vectors), self._used_vectors), dtype=np.int32)
            grown[:offset] = self.vectors[:offset]
            self.vectors = grown
        return offset

    def make_room(self, count: int) -> None:
        """Have room for `count` words more than are used, and twice as many as before."""
        offset = self.take_dirty(max(count, len(self.words) - self._used + 1))
        self._used = offset

    @property
    def used(self) -> int:
        """Words that are used."""
        return self._used

    def keep(self, used: int) -> None:
        """So many words are used now: what advances the network takes some for rings."""
        self._used = used

    def _state(self, component: Component, offset: int) -> None:
        state, asked = component.state, component.name in self.requested
        if state is not None:
            known = self._stores.get(state.store) if isinstance(state, Banks) else None
            block = self._filled(service.block(state)) if known is None else known
            self.words[offset + at.STATE] = block
            if isinstance(state, Banks):
                self._stores[state.store] = block
        if asked:
            requests = self.take(1 + service.REQUEST_WORDS * MOST_REQUESTS)
            self.words[offset + at.REQUESTS] = requests
        for position in range(len(component.programs)):
            block, place = int(self.words[offset + at.FIRST]), self.take(service.PLACE_WORDS)
            self.words[block + position * at.BLOCK + at.PLACE] = place

    def _filled(self, values: list[int]) -> int:
        offset = self.take(len(values))
        self.words[offset : offset + len(values)] = values
        return offset


def _blocks(first: int, count: int, size: int) -> range:
    """Offsets of blocks that follow one another."""
    return range(first, first + count * size, size)
