"""Programs of memories and elements: bursts, tiles dealt, blocks broadcast and multiplied.

Weights of a group of filters are one piece in DRAM, broadcast block by block to every element at work; a block is taken when the
burst with its last bit has arrived. A tile of inputs is a piece of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.bursts import WORD
from simulator.lowering.cartesian.context import Context, Pass
from simulator.lowering.cartesian.filters import Filters
from simulator.plan import Chunk, RunWriter

Counts = NDArray[np.int64]

ACTIONS = [
    "mac",
    "mac_gated",
    "input_ram_read",
    "weight_fifo_read",
    "accumulator_read",
    "accumulator_write",
]


def _bursts(size: int, burst: int) -> Chunk:
    """Items: bursts of a piece. Fields: demand, work, put burst, dram_read."""
    full, rest = divmod(size - 1, burst)
    return plain(
        [(full, burst, burst, 1, -(-burst // WORD)), (1, rest + 1, rest + 1, 1, -(-(rest + 1) // WORD))]
    )


def weight_bursts(context: Context) -> Iterator[Chunk]:
    """Items: bursts of weights, again for every pass. Fields: demand, work, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value
    told = {
        id(held): _bursts(context.weight_bytes(held), burst) for group in context.filters for held in group
    }
    return gather(told[id(held)] for at in context.passes for held in context.filters[at.group])


def input_bursts(context: Context) -> Iterator[Chunk]:
    """Items: bursts of tiles of inputs. Fields: demand, work, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value
    return gather(
        _bursts(context.input_bytes(at, number), burst)
        for at in context.passes
        for number in context.work(at)
    )


def broadcasts(context: Context) -> Iterator[Chunk]:
    """Items: blocks of weights. Fields: demand, work, take bursts, release, put vectors to every element, weight_fifo_write."""
    burst = 8 * context.machine.components.dram.burst.value
    for at in context.passes:
        work = set(context.work(at))
        for held in context.filters[at.group]:
            bits = held.entries * context.weight_bits
            takes = np.diff(-(-np.cumsum(bits) // burst), prepend=0)
            takes[0] += max(1, -(-int(bits.sum()) // burst)) - int(
                takes.sum()
            )  # a piece without weights is a burst
            writer = RunWriter(1, context.elements, 1)
            vectors, demand = writer.vector(held.vectors), np.maximum(1, -(-bits // 8))
            puts: list[int | slice] = [vectors if number in work else 0 for number in range(context.elements)]
            writer.add(held.blocks, demand, takes=[takes], puts=puts, actions=[held.entries * len(work)])
            yield writer.chunk()


def deals(context: Context) -> Iterator[Chunk]:
    """Items: tiles of inputs. Fields: demand, work, take bursts, spaces, releases, put tile to its element, input_ram_write."""
    burst = context.machine.components.dram.burst.value

    def row(at: Pass, number: int) -> tuple[int, ...]:
        size = context.input_bytes(at, number)
        one = [int(other == number) for other in range(context.elements)]
        takes = (-(-size // burst), *one)
        return (1, size, size, *takes, *takes, *one, -(-context.input_bits(at, number) // (8 * WORD)))

    return gather(plain(row(at, number) for number in context.work(at)) for at in context.passes)


def products(context: Context, number: int) -> Iterator[Chunk]:
    """Items: blocks of weights at one element. Fields: demand, work, take vectors, tile, space for sums, releases, put sums, put
    space for a tile, ACTIONS.
    """
    for at in context.passes:
        if number not in context.work(at):
            continue
        last = len(context.filters[at.group]) - 1
        for which, held in enumerate(context.filters[at.group]):
            yield _blocks(context, at, which, number, held, which == last)


def _blocks(context: Context, at: Pass, which: int, number: int, held: Filters, last: bool) -> Chunk:
    found = context.service(at, which, number)
    begin, end, none = (np.zeros(held.blocks, np.int32) for _ in range(3))
    begin[0], end[-1] = 1, 1
    multiplied = found.products if context.machine.datapath.gating else found.multiplied
    idle = found.steps * context.element.multipliers - multiplied
    writer = RunWriter(3, 2, len(ACTIONS))
    writer.add(
        held.blocks,
        np.maximum(1, found.cycles),
        found.products,
        takes=[held.vectors, none if which else begin, begin],
        releases=[held.vectors, end if last else none, begin],
        puts=[end, end if last else none],
        actions=[multiplied, idle, found.vectors, found.weights, found.products, found.products],
    )
    return writer.chunk()
