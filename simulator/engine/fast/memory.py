"""A plan as one flat memory: the blocks of :mod:`simulator.engine.fast.layout`, filled in."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast import service, wiring
from simulator.engine.fast.arena import borrow, give_back
from simulator.engine.fast.ports import BITS
from simulator.engine.fast.reach import distances
from simulator.engine.fast.wiring import Ports, Wiring, bit_length, wired
from simulator.plan.network import Component, Plan
from simulator.plan.state import Banks
from simulator.record.states import STATES

Ints = NDArray[np.int64]
RING = 16
"""Slots of a ring at first."""
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
    wiring : Wiring
    columns, columns0 : ndarray of int64
        Fields of a run that matter in time, program after program; where each program's begin.
    programs, components, channels : list of int
        Offsets of the blocks, in plan order.
    """

    def __init__(
        self,
        plan: Plan,
        leap: bool = True,
        requested: Collection[str] = (),
        entries: int = at.LEAST_ENTRIES,
    ) -> None:
        self.plan, self.requested, self._least_entries = plan, requested, entries
        self._stores: dict[str, int] = {}
        self.wiring = wired(plan)
        self.columns, self.columns0 = self.wiring.columns()
        self._arena = borrow()
        self.words, self.vectors, self.bins = self._arena.words, self._arena.vectors, self._arena.bins
        self._used = self._used_vectors = self._zeroed = 0
        self.take(at.HEADER)
        self.components = self._blocks(len(self.wiring.components), at.COMPONENT_WORDS)
        self.channels = self._blocks(len(self.wiring.channels), at.CHANNEL_WORDS)
        self.programs = self._blocks(len(self.wiring.owner), at.BLOCK)
        self._header()
        self._fill_channels(self.wiring)
        self._fill_components(self.wiring)
        self._fill_programs(self.wiring)
        for component, offset in zip(plan.components, self.components, strict=True):
            if component.state is not None or component.name in requested:
                self._state(component, offset)
        self._lists()
        self._reach()
        self._ports()
        self._leaps(leap and not requested and all(part.state is None for part in plan.components))
        self._tapes()

    def _blocks(self, count: int, size: int) -> list[int]:
        first = self.take(count * size)
        return list(range(first, first + count * size, size))

    def _rows(self, blocks: list[int], size: int) -> Ints:
        """Blocks that follow one another, as rows."""
        first = blocks[0] if blocks else 0
        return self.words[first : first + len(blocks) * size].reshape(-1, size)

    def component_rows(self) -> Ints:
        """The blocks of all components as they are now, shape (components, COMPONENT_WORDS)."""
        return self._rows(self.components, at.COMPONENT_WORDS)

    def program_rows(self) -> Ints:
        """The blocks of all programs as they are now, shape (programs, BLOCK)."""
        return self._rows(self.programs, at.BLOCK)

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
            grown = np.zeros(max(2 * len(self.words), self._used), dtype=np.int64)
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

    def _header(self) -> None:
        slots = 1 << len(self.programs).bit_length()
        lane, queue = self.take(len(self.programs)), self.take(slots)
        words = self.words
        words[at.QUEUE], words[at.QUEUE_MASK] = queue, slots - 1
        words[at.LANE] = lane
        words[at.PROGRAMS], words[at.PROGRAM0] = len(self.programs), self.programs[0] if self.programs else 0
        words[at.PROGRAM_WORDS] = at.BLOCK
        words[at.CHANNELS] = len(self.channels)
        words[at.CHANNEL0] = self.channels[0] if self.channels else 0
        words[at.COMPONENTS] = len(self.components)
        words[at.COMPONENT0] = self.components[0] if self.components else 0
        words[at.LIMIT], words[at.ALERT] = at.WINDOW, at.NEVER

    def _leaps(self, wanted: bool) -> None:
        words, size = self.words, self._used
        no_port = words[at.PORTS] == words[at.PORTS_END]
        crowded = words[at.CROWDS] != words[at.CROWDS_END]
        if not wanted or no_port or crowded or size > at.MOST_KEPT:
            return
        slots = min(at.ECHO_SLOTS, 1 << (at.ECHO_WORDS // size).bit_length() - 1)
        fine, scratch, echoes = (self.take_dirty(count) for count in (size, size, slots * size))
        words = self.words
        words[at.MANY] = 0
        words[at.LEAPING], words[at.KEPT_WORDS], words[at.SCRATCH] = 1, size, scratch
        words[at.FINE], words[fine + at.KEPT_EPOCH] = fine, -1
        words[at.ECHOES], words[at.ECHO_MASK], words[at.CREDIT_LEFT] = echoes, slots - 1, at.CREDIT_AT_FIRST
        words[echoes + at.KEPT_EPOCH : echoes + slots * size : size] = -1
        words[at.POWER] = words[at.FLOOR] = at.SHORTEST

    def _ports(self) -> None:
        """Places of first grants, first cycles and cycles in service, used where nothing is leapt over."""
        ports = self._of_kind(at.PORT)
        if not ports.size:
            return
        leaves, bits = 1 << (len(ports) - 1).bit_length(), at.WINDOW // BITS
        counts = self.wiring.components[ports, wiring.COUNT]
        tree, slots = self.take(2 * leaves), self.take(int(counts.sum()))
        served = self.take(bits * len(ports))
        self.words[tree : tree + 2 * leaves] = at.NEVER
        self.words[slots : slots + counts.sum()] = at.NEVER
        self.words[at.MANY], self.words[at.TREE], self.words[at.TREE_LEAVES] = 1, tree, leaves
        rows, number = self.component_rows(), np.arange(len(ports))
        rows[ports, at.PORT_NUMBER] = number
        rows[ports, at.SLOTS] = slots + np.cumsum(counts) - counts
        rows[ports, at.SERVED] = served + bits * number

    def _of_kind(self, kind: int) -> Ints:
        """Numbers of the components of a kind."""
        return np.flatnonzero(self.wiring.components[:, wiring.KIND] == kind)

    def _tapes(self) -> None:
        """Room for the tapes of the components behind the bins; nothing is leapt over without loops."""
        count = len(self.components)
        used = count * len(STATES) * at.BIN_ROW
        loops = at.LOOP_WORDS * at.MOST_LOOPS if self.words[at.LEAPING] else 0
        most = at.ALL_ENTRIES // max(1, count)
        most = max(self._least_entries, min(at.MOST_ENTRIES, 1 << most.bit_length() - 1))
        self.words[at.ENTRIES] = most
        sums = (len(STATES) + 1) * (most // at.BLOCK_ENTRIES + 3)
        entries = most + 1  # a loop may follow the last
        size = entries + loops
        beyond = used + count * size
        self.bins = self._arena.zeros(used, beyond + sums + at.FRAME * (at.DEEPEST + 2))
        rows = self.component_rows()
        rows[:, at.TAPE] = used + size * np.arange(count)
        rows[:, at.LOOPS] = rows[:, at.TAPE] + entries
        self.words[at.SUMS], self.words[at.FRAMES] = beyond, beyond + sums

    def _reach(self) -> None:
        rows = self.program_rows()
        shared = np.flatnonzero(rows[:, at.SHARED])
        rows[:, at.NUMBER] = np.arange(len(rows))
        rows[shared, at.SHARED_NUMBER] = np.arange(len(shared))
        # Components that share banks are granted in the order of time, none ahead of what follows from another's grant.
        self.words[at.SHARED_COUNT] = max(len(shared), at.FORESIGHT + 1) if self._stores else len(shared)
        if self.words[at.SHARED_COUNT] > at.FORESIGHT:
            return
        table = distances(self.plan, shared.tolist())
        firsts, offset = self.take(len(shared)), self.take(table.size)
        self.words[firsts : firsts + len(shared)] = at.NEVER
        self.words[offset : offset + table.size] = table.ravel()
        self.words[at.FIRST_GRANTS], self.words[at.DISTANCES] = firsts, offset

    def _lists(self) -> None:
        for kind, begin, end in (
            (at.PORT, at.PORTS, at.PORTS_END),
            (at.CROWD, at.CROWDS, at.CROWDS_END),
        ):
            chosen = self._of_kind(kind)
            offset = self.take(len(chosen))
            self.words[offset : offset + len(chosen)] = self.components_at(chosen)
            self.words[begin], self.words[end] = offset, offset + len(chosen)

    def components_at(self, numbers: Ints) -> Ints:
        """Offsets of the blocks of components."""
        return np.array(self.components, dtype=np.int64)[numbers]

    def _fill_channels(self, told: Wiring) -> None:
        columns = told.channels
        initial, capacity = columns[:, wiring.INITIAL], columns[:, wiring.CAPACITY]
        needed = np.maximum(np.where(told.elastic, RING, capacity), np.maximum(initial, 1))
        slots = 1 << bit_length(needed - 1)
        returned = np.where(capacity >= 0, slots, 1)
        sizes = slots + returned
        tokens = self.take(int(sizes.sum())) + np.cumsum(sizes) - sizes
        rows = self._rows(self.channels, at.CHANNEL_WORDS)
        rows[:, at.PUT], rows[:, at.CAPACITY], rows[:, at.ENTRY] = initial, capacity, -1
        rows[:, at.LATENCY], rows[:, at.CREDIT] = columns[:, wiring.LATENCY], columns[:, wiring.CREDIT]
        rows[:, at.WIDTH], rows[:, at.REASON] = columns[:, wiring.WIDTH], columns[:, wiring.REASON]
        rows[:, at.TOKENS], rows[:, at.TOKENS_MASK] = tokens, slots - 1
        rows[:, at.CREDITS], rows[:, at.CREDITS_MASK] = tokens + slots, returned - 1
        rows[:, at.TOKEN_WAIT] = rows[:, at.ROOM_WAIT] = at.NEVER

    def _fill_components(self, told: Wiring) -> None:
        crowds = self._of_kind(at.CROWD)
        buffers = self.take(at.WINDOW * len(crowds))
        self.words[buffers : buffers + at.WINDOW * len(crowds)] = at.NEVER
        rows, columns = self.component_rows(), told.components
        counts, first = columns[:, wiring.COUNT], self.programs[0] if self.programs else 0
        rows[:, at.INDEX], rows[:, at.COUNT] = np.arange(len(rows)), counts
        rows[:, at.KIND], rows[:, at.POLICY] = columns[:, wiring.KIND], columns[:, wiring.POLICY]
        rows[:, at.FINISHED], rows[:, at.CANDIDATE] = -1, at.NEVER
        rows[:, at.FIRST] = np.where(counts > 0, first + at.BLOCK * (np.cumsum(counts) - counts), 0)
        rows[crowds, at.BUFFER] = buffers + at.WINDOW * np.arange(len(crowds))

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

    def _fill_programs(self, told: Wiring) -> None:
        ins, outs = told.inputs, told.outputs
        sizes = at.INPUT * ins.counts + at.OUTPUT * outs.counts
        first = self.take(int(sizes.sum())) + np.cumsum(sizes) - sizes
        rows, of = self.program_rows(), told.components[told.owner]
        p, q = of[:, wiring.P], of[:, wiring.Q]
        rows[:, at.INS], rows[:, at.OUTS], rows[:, at.END] = (
            first,
            first + at.INPUT * ins.counts,
            first + sizes,
        )
        rows[:, at.STRIDE] = at.ROW_FIELDS + 2 * (1 + 2 * ins.counts + outs.counts)
        rows[:, at.TICKS], rows[:, at.TICKS_PER_DEMAND] = np.where(q > 0, 2 * p, 0), 2 * q
        rows[:, at.TICKS_SHIFT] = np.where(p & (p - 1) == 0, bit_length(p), -1)
        rows[:, at.OWNER], rows[:, at.POSITION] = self.components_at(told.owner), told.position
        rows[:, at.SHARED], rows[:, at.ALONE] = (of[:, wiring.KIND] == kind for kind in (at.PORT, at.LONE))
        rows[:, at.FINISH] = -1
        rows[:, at.DEFERRED] = rows[:, at.ELIGIBLE] = rows[:, at.SEEN] = at.NEVER
        self._connect(ins, at.INPUT, rows[:, at.INS], at.CONSUMER)
        self._connect(outs, at.OUTPUT, rows[:, at.OUTS], at.PRODUCER)
        for ports in (ins, outs):
            rows[ports.program[told.elastic[ports.channel]], at.ELASTIC] = 1

    def _connect(self, ports: Ports, size: int, first: Ints, end: int) -> None:
        """Say of ports which channel they are at, and of channels which program is at that end."""
        channels = np.array(self.channels, dtype=np.int64)[ports.channel]
        self.words[first[ports.program] + size * ports.rank + at.CHANNEL] = channels
        self.words[channels + end] = np.array(self.programs, dtype=np.int64)[ports.program]
