"""Programs of DRAM, buffer, array and drain. Words of the buffer are 8 B; partial sums of a strip move by output column."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from simulator.lowering.addresses import Regions, Transfer, bursts
from simulator.lowering.blocks import gather, plain
from simulator.lowering.bursts import WORD
from simulator.lowering.row_stationary.context import Context
from simulator.lowering.streams import spread
from simulator.plan import Chunk, RunWriter

ACTIONS = [
    "mac",
    "mac_gated",
    "iact_spad_read",
    "weight_spad_read",
    "psum_spad_read",
    "psum_spad_write",
]


def fetched(context: Context, tensor: str) -> Iterator[tuple[int, int]]:
    """(Bytes in DRAM, bytes in the buffer) of every piece of weights or inputs, in the order they come."""
    for at in context.passes:
        if tensor == "weights" and at.new_weights:
            yield max(1, context.weight_bytes(at)), max(1, context.weight_bytes(at))
        if tensor == "inputs" and at.new_inputs:
            yield context.input_bytes(at)


def regions(context: Context) -> Regions:
    """Where the pieces of a layer lie: weights by filters and channels, inputs by band and channels, outputs by strip."""
    dram = context.machine.components.dram
    burst = dram.burst.value

    def names(tensor: str) -> Iterator[tuple[int, ...]]:
        for at in context.passes:
            if tensor == "weights" and at.new_weights:
                yield at.group, at.filters.first, at.channels.first
            if tensor == "inputs" and at.new_inputs:
                yield at.group, at.image, at.band.first, at.channels.first

    def read(tensor: str) -> Iterator[Transfer]:
        for name, (size, _) in zip(names(tensor), fetched(context, tensor), strict=True):
            yield Transfer(name, bursts(size, burst))

    def written() -> Iterator[Transfer]:
        for at in context.passes:
            if at.end:
                name = at.group, at.image, at.filters.first, at.strip.first
                yield Transfer(name, bursts(context.output_bytes(at), burst))

    told = {tensor: partial(read, tensor) for tensor in ("weights", "inputs")}
    return Regions(dram, {**told, "outputs": written})


def loads(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value

    def block(size: int) -> Chunk:
        full, rest = divmod(size - 1, burst)
        rest, whole, last = rest + 1, -(-burst // WORD), -(-(rest + 1) // WORD)
        if not full:
            return plain([(1, rest, rest, 1, 1, 1, last)])
        head, body = (1, burst, burst, 1, 1, 1, whole), (full - 1, burst, burst, 0, 0, 1, whole)
        return plain([head, body, (1, rest, rest, 0, 0, 1, last)])

    return gather(block(size) for size, _ in fetched(context, tensor))


def fills(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts, written as they arrive. Fields: demand, work, take burst, release, put ready, buffer_write."""
    burst = context.machine.components.dram.burst.value

    def block(size: int, held: int) -> Chunk:
        bursts = -(-size // burst)
        ready = np.zeros(bursts, dtype=np.int32)
        ready[-1] = 1
        writer = RunWriter(1, 1, 1)
        words = spread(-(-held // WORD), bursts)
        writer.add(bursts, np.maximum(1, spread(held, bursts)), takes=[1], puts=[ready], actions=[words])
        return writer.chunk()

    return gather(block(*sizes) for sizes in fetched(context, tensor))


def weight_reads(context: Context) -> Iterator[Chunk]:
    """Items: sets of weights into the scratch pads. Fields: demand, work, take ready, take pads, releases, put set, put space,
    buffer_read, weight_spad_write.
    """
    made = context.blocking.shape

    def row(size: int, values: int) -> tuple[int, ...]:
        return (1, size, size, 1, 1, 1, 1, 1, 1, -(-size // WORD), values)

    return gather(
        plain(
            [
                row(
                    max(1, context.weight_bytes(at)),
                    len(at.filters)
                    * len(at.channels)
                    * made.rows.taps
                    * made.columns.taps
                    * context.blocking.strip,
                )
            ]
        )
        for at in context.passes
        if at.new_weights
    )


def input_reads(context: Context) -> Iterator[Chunk]:
    """Items: the input columns of an output column. Fields: demand, work, take ready, release, put columns, put space,
    buffer_read, iact_spad_write.
    """
    width, columns = context.machine.value_bits.inputs.value, len(context.arriving)
    for at in context.passes:
        first, last = np.zeros(columns, np.int32), np.zeros(columns, np.int32)
        first[0], last[-1] = at.new_inputs, at.last_inputs
        bits = context.arriving * len(context.image_rows(at)) * len(at.channels) * width
        written = context.arriving * context.copies(at) * len(at.channels) * context.blocking.filter_sets
        size = -(-bits // 8)
        writer = RunWriter(1, 2, 2)
        actions = [-(-size // WORD), written]
        writer.add(
            columns, np.maximum(1, size), takes=[first], releases=[last], puts=[1, last], actions=actions
        )
        yield writer.chunk()


def sums(context: Context, back: bool) -> Iterator[Chunk]:
    """Items: partial sums of an output column. Fields: demand, work, take, release, put, buffer_read or buffer_write.

    `back` reads those of the channels before; otherwise those of all but the last are written.
    """
    columns = len(context.arriving)
    for at in context.passes:
        if not (at.begin if back else at.end):
            size = context.sums_bytes(at)
            yield plain([(columns, size, size, 1, 1, 1, -(-size // WORD))])


def steps(context: Context) -> Iterator[Chunk]:
    """Items: an output column of a pass. Fields: demand, work, take weights, inputs, sums, releases, put sums away, outputs, pads,
    ACTIONS.
    """
    columns = len(context.arriving)
    for at in context.passes:
        cycles, dense = context.blocking.cycles(at), context.dense(at)
        first, last = np.zeros(columns, np.int32), np.zeros(columns, np.int32)
        first[0], last[-1] = at.new_weights, at.last_weights
        gated = context.machine.datapath.zero_inputs == "gated"
        made = context.live(at) * len(at.filters) if gated else np.full(columns, dense)
        writer = RunWriter(3, 3, len(ACTIONS))
        back, away = int(not at.begin), int(not at.end)
        writer.add(
            columns,
            cycles,
            dense,
            takes=[first, 1, back],
            releases=[last, 1, back],
            puts=[away, 1 - away, last],
            actions=[made, context.lanes * cycles - made, dense, made, made, made],
        )
        yield writer.chunk()


def drains(context: Context) -> Iterator[Chunk]:
    """Items: outputs of an output column. Fields: demand, work, take, release, put strip, drain_word, compress_value."""
    columns, width = len(context.arriving), context.machine.value_bits.outputs.value
    for at in context.passes:
        if at.end:
            values = len(at.strip) * len(at.filters)
            size = -(-values * width // 8)
            body = (columns - 1, size, size, 1, 1, 0, values, values)
            yield plain([body, (1, size, size, 1, 1, 1, values, values)])


def stores(context: Context) -> Iterator[Chunk]:
    """Items: bursts of the outputs of a strip. Fields: demand, work, take strip, release, dram_write."""
    burst = context.machine.components.dram.burst.value

    def block(size: int) -> Chunk:
        full, rest = divmod(size - 1, burst)
        rest, whole, last = rest + 1, -(-burst // WORD), -(-(rest + 1) // WORD)
        if not full:
            return plain([(1, rest, rest, 1, 1, last)])
        return plain(
            [
                (1, burst, burst, 1, 0, whole),
                (full - 1, burst, burst, 0, 0, whole),
                (1, rest, rest, 0, 1, last),
            ]
        )

    return gather(block(context.output_bytes(at)) for at in context.passes if at.end)
