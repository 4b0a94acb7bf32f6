"""A plan as one flat memory: the blocks of :mod:`simulator.engine.fast.layout`, filled in."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from simulator.engine.fast import layout as at
from simulator.engine.fast import service
from simulator.engine.fast.arena import borrow, give_back
from simulator.engine.fast.ports import BITS
from simulator.engine.fast.reach import distances
from simulator.errors import InputError, suggest
from simulator.plan.network import DATA, SPACE, STATIONARY, Channel, Component, Plan, Program
from simulator.plan.state import Banks
from simulator.record.intervals import BINS
from simulator.record.states import BLOCKED, REFILL, STARVED, STATES

REASONS = {DATA: STARVED, STATIONARY: REFILL, SPACE: BLOCKED}
POLICIES = {"round_robin": at.ROUND_ROBIN, "priority": at.PRIORITY}
RING = 16
"""Slots of a ring at first."""
ZEROED = 4096
"""Words that are cleared at once, ahead of their use."""
ROOMY = 1 << 16
"""Bounded channels of at most this capacity get rings that never grow."""
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
    bins : ndarray of int64, shape (components x states x BINS,)
        State-cycles of components.
    programs, components, channels : list of int
        Offsets of the blocks, in plan order.
    finite : dict of int to (list of int, list of int)
        By the offset of a program: the places of its inputs and outputs whose channel has no endless supply.
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
        self.finite: dict[int, tuple[list[int], list[int]]] = {}
        self._arena = borrow()
        self.words, self.vectors, self.bins = self._arena.words, self._arena.vectors, self._arena.bins
        self._used = self._used_vectors = self._zeroed = 0
        self.take(at.HEADER)
        self.components = [self.take(at.COMPONENT_WORDS) for _ in plan.components]
        self.channels = [self.take(at.CHANNEL_WORDS) for _ in plan.channels]
        programs = [program for component in plan.components for program in component.programs]
        self.programs = [self.take(at.BLOCK) for _ in programs]
        self._header()
        for channel, offset in zip(plan.channels, self.channels, strict=True):
            self._channel(channel, offset)
        blocks = iter(self.programs)
        for index, component in enumerate(plan.components):
            self._component(index, component, blocks)
        self._lists()
        self._reach()
        self._ports()
        self._leaps(leap and not requested and all(part.state is None for part in plan.components))
        self._tapes()

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

    def grow(self, channel: int) -> None:
        """Double both rings of a channel."""
        for ring, mask, last in (
            (at.TOKENS, at.TOKENS_MASK, at.PUT),
            (at.CREDITS, at.CREDITS_MASK, at.RELEASED),
        ):
            size = int(self.words[channel + mask]) + 1
            self.words[at.LEAPING] = 0
            old, new = int(self.words[channel + ring]), self.take(2 * size)
            newest = int(self.words[channel + last])
            for index in range(max(0, newest - size), newest):
                self.words[new + index % (2 * size)] = self.words[old + index % size]
            self.words[channel + ring], self.words[channel + mask] = new, 2 * size - 1

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
        ports = [c for c in self.components if self.words[c + at.KIND] == at.PORT]
        if not ports:
            return
        leaves = 1 << (len(ports) - 1).bit_length()
        tree = self.take(2 * leaves)
        self.words[tree : tree + 2 * leaves] = at.NEVER
        self.words[at.MANY], self.words[at.TREE], self.words[at.TREE_LEAVES] = 1, tree, leaves
        for number, component in enumerate(ports):
            count = int(self.words[component + at.COUNT])
            slots, bits = self.take(count), self.take(at.WINDOW // BITS)
            self.words[slots : slots + count] = at.NEVER
            self.words[component + at.PORT_NUMBER] = number
            self.words[component + at.SLOTS], self.words[component + at.SERVED] = slots, bits

    def _tapes(self) -> None:
        """Room for the tapes of the components behind the bins; nothing is leapt over without loops."""
        used = len(self.components) * len(STATES) * BINS
        loops = at.LOOP_WORDS * at.MOST_LOOPS if self.words[at.LEAPING] else 0
        most = at.ALL_ENTRIES // max(1, len(self.components))
        most = max(self._least_entries, min(at.MOST_ENTRIES, 1 << most.bit_length() - 1))
        self.words[at.ENTRIES] = most
        sums = (len(STATES) + 1) * (most // at.BLOCK_ENTRIES + 3)
        entries = most + 1  # a loop may follow the last
        size = entries + loops
        total = used + len(self.components) * size + sums + at.FRAME * (at.DEEPEST + 2)
        self.bins = self._arena.zeros(used, total)
        for component in self.components:
            self.words[component + at.TAPE], self.words[component + at.LOOPS] = used, used + entries
            used += size
        self.words[at.SUMS], self.words[at.FRAMES] = used, used + sums

    def _reach(self) -> None:
        shared = [i for i, program in enumerate(self.programs) if self.words[program + at.SHARED]]
        for number, program in enumerate(self.programs):
            self.words[program + at.NUMBER] = number
        for number, index in enumerate(shared):
            self.words[self.programs[index] + at.SHARED_NUMBER] = number
        # Components that share banks are granted in the order of time, none ahead of what follows from another's grant.
        self.words[at.SHARED_COUNT] = max(len(shared), at.FORESIGHT + 1) if self._stores else len(shared)
        if self.words[at.SHARED_COUNT] > at.FORESIGHT:
            return
        table = distances(self.plan, shared)
        firsts, offset = self.take(len(shared)), self.take(table.size)
        self.words[firsts : firsts + len(shared)] = at.NEVER
        self.words[offset : offset + table.size] = table.ravel()
        self.words[at.FIRST_GRANTS], self.words[at.DISTANCES] = firsts, offset

    def _lists(self) -> None:
        for kind, begin, end in (
            (at.PORT, at.PORTS, at.PORTS_END),
            (at.CROWD, at.CROWDS, at.CROWDS_END),
        ):
            chosen = [c for c in self.components if self.words[c + at.KIND] == kind]
            offset = self.take(len(chosen))
            self.words[offset : offset + len(chosen)] = chosen
            self.words[begin], self.words[end] = offset, offset + len(chosen)

    def _channel(self, channel: Channel, offset: int) -> None:
        capacity = -1 if channel.capacity is None else channel.capacity
        initial = channel.initial or 0
        elastic = capacity < 0 or capacity > ROOMY
        needed = max(RING if elastic else capacity, initial, 1)
        size = 1 << (needed - 1).bit_length()
        tokens, credits = self.take(size), self.take(size if capacity >= 0 else 1)
        self.words[offset : offset + at.CHANNEL_WORDS] = [
            initial, 0, 0, capacity, channel.latency, channel.credit_latency, channel.width or 0, -1, 0,
            tokens, size - 1, credits, size - 1 if capacity >= 0 else 0,
            at.NEVER, at.NEVER, 0, 0, REASONS[channel.meaning],
        ]  # fmt: skip

    def _component(self, index: int, component: Component, blocks: Iterator[int]) -> None:
        offset, words = self.components[index], self.words
        if component.arbiter is not None and component.arbiter not in POLICIES:
            raise InputError(
                f"component {component.name}: unknown arbiter {component.arbiter!r}; "
                f"{suggest(component.arbiter, POLICIES)}"
            )
        kind = at.PORT if component.arbiter else at.LONE if len(component.programs) <= 1 else at.CROWD
        words[offset + at.INDEX], words[offset + at.KIND] = index, kind
        words[offset + at.COUNT], words[offset + at.FINISHED] = len(component.programs), -1
        words[offset + at.CANDIDATE] = at.NEVER
        words[offset + at.POLICY] = POLICIES.get(component.arbiter or "", 0)
        for position, program in enumerate(component.programs):
            block = next(blocks)
            if position == 0:
                self.words[offset + at.FIRST] = block
            self._program(component, program, offset, block, position)
        if kind == at.CROWD:
            buffer = self.take(at.WINDOW)
            self.words[offset + at.BUFFER] = buffer
            self.words[buffer : buffer + at.WINDOW] = at.NEVER
        self._state(component, offset)

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
        if asked or state is not None:
            for position in range(len(component.programs)):
                block, place = int(self.words[offset + at.FIRST]), self.take(service.PLACE_WORDS)
                self.words[block + position * int(self.words[at.PROGRAM_WORDS]) + at.PLACE] = place

    def _filled(self, values: list[int]) -> int:
        offset = self.take(len(values))
        self.words[offset : offset + len(values)] = values
        return offset

    def _program(self, component: Component, program: Program, owner: int, block: int, position: int) -> None:
        inputs, outputs = finite(self.plan, program.inputs), finite(self.plan, program.outputs)
        self.finite[block] = inputs, outputs
        ins = self.take(at.INPUT * len(inputs) + at.OUTPUT * len(outputs))
        words, (p, q), outs = self.words, component.rate, ins + at.INPUT * len(inputs)
        words[block + at.INS], words[block + at.OUTS], words[block + at.END] = (
            ins,
            outs,
            outs + at.OUTPUT * len(outputs),
        )
        words[block + at.STRIDE] = at.ROW_FIELDS + 2 * (1 + 2 * len(inputs) + len(outputs))
        words[block + at.TICKS], words[block + at.TICKS_PER_DEMAND] = 2 * p if q else 0, 2 * q
        words[block + at.TICKS_SHIFT] = (2 * p).bit_length() - 1 if p & (p - 1) == 0 else -1
        words[block + at.OWNER], words[block + at.POSITION] = owner, position
        words[block + at.SHARED] = component.arbiter is not None
        words[block + at.FINISH] = -1
        words[block + at.ALONE] = words[owner + at.KIND] == at.LONE
        words[block + at.DEFERRED] = words[block + at.ELIGIBLE] = words[block + at.SEEN] = at.NEVER
        for place, port in enumerate(inputs):
            channel = self.channels[program.inputs[port]]
            words[ins + at.INPUT * place + at.CHANNEL] = channel
            words[channel + at.CONSUMER] = block
        for place, port in enumerate(outputs):
            channel = self.channels[program.outputs[port]]
            words[outs + at.OUTPUT * place + at.CHANNEL] = channel
            words[channel + at.PRODUCER] = block
        ends = [program.inputs[i] for i in inputs] + [program.outputs[i] for i in outputs]
        words[block + at.ELASTIC] = any(_elastic(self.plan.channels[c]) for c in ends)


def finite(plan: Plan, channels: tuple[int, ...]) -> list[int]:
    """Places of the ports whose channel has no endless supply; the others never wait and never matter."""
    return [place for place, channel in enumerate(channels) if plan.channels[channel].initial is not None]


def streams(plan: Plan, component: Component, program: Program) -> bool:
    """Whether runs of a program may be worked out as streams: not one of several private ports, entry is unlimited,
    no output is an input, and no ring of a bounded channel grows."""
    inputs = [channel for channel in program.inputs if plan.channels[channel].initial is not None]
    outputs = [channel for channel in program.outputs if plan.channels[channel].initial is not None]
    crowd = component.arbiter is None and len(component.programs) > 1
    loops = any(channel in inputs for channel in outputs)
    wide = any((plan.channels[channel].capacity or 0) > ROOMY for channel in inputs + outputs)
    return not (crowd or loops or wide or any(plan.channels[channel].width for channel in outputs))


def _elastic(channel: Channel) -> bool:
    return channel.capacity is None or channel.capacity > ROOMY
