"""The network of a packed machine.

::

    dram --> glb.write --> [pieces] --> glb.masks --> glb.read --> distribution --> array --> reduction --> drain --> dram

The controller reads bitmasks ahead of the data: they tell which values are read and where each goes. Weights and columns share
the networks, in order. A round's weights stay in the multipliers until its last column has been multiplied.
"""

from __future__ import annotations

from functools import partial

from simulator.errors import InfeasibleError
from simulator.lowering import pieces
from simulator.lowering.network import STATIONARY, Network, rate
from simulator.lowering.packed import programs
from simulator.lowering.packed.tiles import Tiles
from simulator.plan import Plan

TENSORS = ("weights", "inputs")


def build(tiles: Tiles) -> Plan:
    """The network of one layer, every program told lazily."""
    _check_bursts(tiles)
    network = Network()
    _channels(network, tiles)
    _memories(network, tiles)
    _compute(network, tiles)
    return network.plan()


def levels(multipliers: int) -> int:
    """Levels of a tree of adders."""
    return max(1, (multipliers - 1).bit_length())


def _check_bursts(tiles: Tiles) -> None:
    """What a column's outputs fill at once must fit the queue to DRAM."""
    shapes = {(int(tiles.rounds[tile].ended[number]), tile.columns) for tile, number in tiles.visits()}
    most = max(int(programs.lines(tiles, *shape)[1].max()) for shape in shapes if shape[0])
    parts = tiles.machine.components
    if most > parts.drain.queue.value:
        raise InfeasibleError(
            f"machine {tiles.machine.name!r}: the outputs of a column end {most} bursts of {parts.dram.burst.value} B at once, "
            f"drain.queue is {parts.drain.queue.value}; raise drain.queue"
        )


def _channels(network: Network, tiles: Tiles) -> None:
    parts = tiles.machine.components
    for tensor in TENSORS:
        network.channel(f"dram.{tensor}", parts.dram.arrival + 2, parts.dram.arrival)
        network.channel(f"{tensor}.ready", tiles.slots(tensor))
        network.space(f"{tensor}.space", tiles.slots(tensor))
    queue, buffers = parts.distribution.queue.value, parts.array.stationary_buffers.value
    delay = levels(parts.array.multipliers) * parts.reduction.level_latency.value
    network.channel("places", queue)
    network.channel("values", queue + parts.glb.read_latency.value, parts.glb.read_latency.value)
    ahead = parts.array.queue.value + parts.distribution.latency.value
    network.channel("columns", ahead, parts.distribution.latency.value)
    network.channel("loaded", buffers, parts.distribution.latency.value, STATIONARY)
    network.space("array.space", buffers)
    network.channel("sums", delay + 1 + parts.reduction.queue.value, delay)
    network.channel("finished", parts.reduction.queue.value)
    network.channel("dram.outputs", parts.drain.queue.value)


def _memories(network: Network, tiles: Tiles) -> None:
    glb, dram = tiles.machine.components.glb, tiles.machine.components.dram
    loads, fills, places = [], [], programs.regions(tiles)
    for tensor in TENSORS:
        moved, burst, words = (
            tiles.pieces(tensor),
            dram.burst.value,
            (glb.row.value, glb.metadata_word.value),
        )
        fetch, fill = (
            partial(pieces.dram_reads, moved, burst),
            partial(pieces.fills, moved, burst, *words),
        )
        onwards, access = [f"dram.{tensor}"], places.access(tensor)
        loads.append(network.program(tensor, [f"{tensor}.space"], onwards, ["dram_read"], fetch, access))
        actions = ["sram_write", "metadata_write"]
        fills.append(network.program(tensor, [f"dram.{tensor}"], [f"{tensor}.ready"], actions, fill))
    stores = network.program(
        "outputs",
        ["dram.outputs"],
        [],
        ["dram_write"],
        lambda: pieces.dram_writes(programs.written(tiles), dram.burst.value),
        places.access("outputs"),
    )
    ready, spaces = ([f"{tensor}.{what}" for tensor in TENSORS] for what in ("ready", "space"))
    masks = network.program("places", ready, ["places"], ["metadata_read"], partial(programs.masks, tiles))
    reads = network.program(
        "values", ["places"], ["values", *spaces], ["sram_read"], partial(programs.reads, tiles)
    )
    network.main_memory(dram, tiles.machine.clock.value, [*loads, stores])
    network.component("glb.write", "glb.write", "memory", fills, rate(glb.write_bandwidth.value))
    network.component("glb.masks", "glb.masks", "memory", [masks], rate(glb.mask_bandwidth.value))
    bits = None if glb.read_bandwidth.value is None else 8 * glb.read_bandwidth.value
    network.component("glb.read", "glb.read", "memory", [reads], rate(bits))


def _compute(network: Network, tiles: Tiles) -> None:
    parts = tiles.machine.components
    send = network.program(
        "values",
        ["values", "array.space"],
        ["columns", "loaded"],
        ["noc_byte"],
        partial(programs.distributions, tiles),
    )
    multiply = network.program(
        "columns",
        ["columns", "loaded"],
        ["sums", "array.space"],
        programs.ARRAY,
        partial(programs.multiplications, tiles),
    )
    add = network.program(
        "sums", ["sums"], ["finished"], ["psum_read", "psum_write"], partial(programs.reductions, tiles)
    )
    drain = network.program(
        "outputs", ["finished"], ["dram.outputs"], ["drain_word"], partial(programs.drains, tiles)
    )
    network.component("distribution", "distribution", "switch", [send])
    network.component("array", "array", "server", [multiply], lanes=parts.array.multipliers)
    network.component("reduction", "reduction", "join", [add], (parts.reduction.sums.value, 1))
    network.component("drain", "drain", "server", [drain], rate(parts.drain.bandwidth.value))
