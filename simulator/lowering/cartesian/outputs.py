"""Programs that finish outputs: sums sent to their owners, outputs finished and compressed, and taken to DRAM.

Every element at work hands a set of sums on for each group of filters of a pass. An owner finishes its outputs when its own sums
and those of every element with a part in them are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from simulator.lowering import addresses
from simulator.lowering.addresses import Regions, Transfer
from simulator.lowering.blocks import gather, plain
from simulator.lowering.bursts import WORD
from simulator.lowering.cartesian.context import Context, Pass
from simulator.lowering.cartesian.filters import Filters
from simulator.plan import Chunk
from simulator.sparsity.formats import RunLength


@dataclass(frozen=True)
class Outputs:
    """How the outputs of a layer leave.

    Attributes
    ----------
    context : Context
    mask : ndarray of bool or None
        Recorded non-zeros of the outputs, shape (groups, M, N); None: all.
    """

    context: Context
    mask: NDArray[np.bool_] | None

    @cached_property
    def senders(self) -> dict[int, tuple[int, ...]]:
        """The owners that an element ever sends to, for every element that does."""
        found = {number: tuple(np.flatnonzero(row).tolist()) for number, row in enumerate(self._ever)}
        return {number: owners for number, owners in found.items() if owners}

    def sources(self, owner: int) -> tuple[int, ...]:
        """The elements that ever send to an owner."""
        return tuple(np.flatnonzero(self._ever[:, owner]).tolist())

    @cached_property
    def _ever(self) -> NDArray[np.bool_]:
        """Whether an element ever sends to an owner, shape (elements, elements)."""
        everyone = np.arange(self.context.elements)
        found = np.zeros((len(everyone), len(everyone)), dtype=np.bool_)
        for part in self.context.parts:
            found |= part.sent(everyone[:, None], everyone) > 0
        return found

    @cached_property
    def _sizes(self) -> dict[tuple[Pass, int, int], int]:
        return {}

    def size(self, at: Pass, held: Filters, number: int) -> int:
        """Bytes of an element's outputs of some filters in DRAM."""
        key = at, held.m0, number
        if key not in self._sizes:
            entries = self._entries(at, held, number)
            machine = self.context.machine
            bits = entries * (machine.value_bits.outputs.value + machine.components.ppu.run.value)
            self._sizes[key] = max(1, -(-bits // 8))
        return self._sizes[key]

    def _entries(self, at: Pass, held: Filters, number: int) -> int:
        """Stored outputs: a fiber per filter, in the order of the tile."""
        part = self.context.parts[at.part]
        if self.mask is None:
            return held.count * part.owned[number]
        made = self.context.shape
        plane = made.rows.outputs, made.columns.outputs
        image = self.mask[at.group, held.m0 : held.m1].reshape(held.count, made.images, *plane)[:, at.image]
        rows, columns = (tile.owned for tile in part.tiles[number])
        tile = image[:, rows.first : rows.last, columns.first : columns.last].reshape(held.count, -1)
        run = self.context.machine.components.ppu.run.value
        return int(RunLength(run).bits(np.ascontiguousarray(tile), 1).data.sum())

    def _word_bytes(self, words: int) -> int:
        return max(1, -(-words * self.context.machine.components.accumulators.word.value // 8))

    def _told(self, number: int, row: dict[tuple[int, int], tuple[int, ...]]) -> Iterator[Chunk]:
        """A row for each group of filters of each pass an element works in; `row` by part and filters."""
        known = {key: plain([fields]) for key, fields in row.items()}
        return gather(
            known[at.part, held.count]
            for at in self.context.passes
            if number in self.context.work(at)
            for held in self.context.filters[at.group]
        )

    def _shapes(self) -> Iterator[tuple[int, int]]:
        """Every part with every number of filters."""
        counts = {held.count for group in self.context.filters for held in group}
        for part in range(len(self.context.parts)):
            for count in sorted(counts):
                yield part, count

    def exchanges(self, number: int) -> Iterator[Chunk]:
        """Items: halos of a set of sums. Fields: demand, work, take sums, release, put sums, put to owners, accumulator_read."""
        rows = {}
        for part, filters in self._shapes():
            sent = self.context.parts[part].sent(number, np.array(self.senders[number], dtype=np.int64))
            words = (filters * sent).tolist()
            size = self._word_bytes(sum(words))
            rows[part, filters] = (1, size, size, 1, 1, 1, *(int(count > 0) for count in words), sum(words))
        return self._told(number, rows)

    def finishes(self, number: int) -> Iterator[Chunk]:
        """Items: a set of sums. Fields: demand, work, take own, take from each sender, releases, put space, put outputs,
        accumulator_read, drain_word, compress_value.
        """
        rows = {}
        for part, filters in self._shapes():
            dealt = self.context.parts[part]
            own = filters * dealt.owned[number]
            words = (filters * dealt.sent(np.array(self.sources(number), dtype=np.int64), number)).tolist()
            size = self._word_bytes(own + sum(words))
            takes = 1, *(int(count > 0) for count in words)
            rows[part, filters] = (1, size, size, *takes, *takes, 1, int(own > 0), own, own, own)
        return self._told(number, rows)

    def leaving(self) -> Iterator[tuple[Pass, Filters, int]]:
        """Pass, filters and element of finished outputs in the order they leave."""
        for at in self.context.passes:
            owners = [n for n in self.context.work(at) if self.context.parts[at.part].owned[n]]
            for held in self.context.filters[at.group]:
                for number in owners:
                    yield at, held, number

    def pieces(self) -> Iterator[tuple[int, int]]:
        """(Element, bytes) of finished outputs in the order they leave."""
        return ((place[2], self.size(*place)) for place in self.leaving())

    def regions(self) -> Regions:
        """Where the pieces of a layer lie: weights by group and filters, inputs by tile, outputs by tile and filters."""
        context = self.context
        dram = context.machine.components.dram
        bursts = partial(addresses.bursts, burst=dram.burst.value)

        def weights() -> Iterator[Transfer]:
            for at in context.passes:
                for held in context.filters[at.group]:
                    yield Transfer((at.group, held.m0), bursts(context.weight_bytes(held)))

        def inputs() -> Iterator[Transfer]:
            for at in context.passes:
                for number in context.work(at):
                    yield Transfer((*at, number), bursts(context.input_bytes(at, number)))

        def outputs() -> Iterator[Transfer]:
            for at, held, number in self.leaving():
                yield Transfer((*at, held.m0, number), bursts(self.size(at, held, number)))

        return Regions(dram, {"weights": weights, "inputs": inputs, "outputs": outputs})

    def drains(self) -> Iterator[Chunk]:
        """Items: bursts of outputs. Fields: demand, work, take outputs of each element, releases, put burst."""
        burst = self.context.machine.components.dram.burst.value
        known: dict[tuple[int, int], Chunk] = {}

        def block(number: int, size: int) -> Chunk:
            one = [int(other == number) for other in range(self.context.elements)]
            none = [0] * self.context.elements
            full, rest = divmod(size - 1, burst)
            rest += 1
            if not full:
                return plain([(1, rest, rest, *one, *one, 1)])
            head, body = (1, burst, burst, *one, *none, 1), (full - 1, burst, burst, *none, *none, 1)
            return plain([head, body, (1, rest, rest, *none, *one, 1)])

        def blocks() -> Iterator[Chunk]:
            for key in self.pieces():
                if key not in known:
                    known[key] = block(*key)
                yield known[key]

        return gather(blocks(), merge=False)

    def writes(self) -> Iterator[Chunk]:
        """Items: bursts of outputs. Fields: demand, work, take burst, release, dram_write."""
        burst = self.context.machine.components.dram.burst.value
        known: dict[int, Chunk] = {}

        def block(size: int) -> Chunk:
            full, rest = divmod(size - 1, burst)
            words, last = -(-burst // WORD), -(-(rest + 1) // WORD)
            return plain([(full, burst, burst, 1, 1, words), (1, rest + 1, rest + 1, 1, 1, last)])

        def blocks() -> Iterator[Chunk]:
            for _, size in self.pieces():
                if size not in known:
                    known[size] = block(size)
                yield known[size]

        return gather(blocks())
