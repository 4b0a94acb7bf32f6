"""The network of a skip-ahead machine, and its programs above DRAM.

::

    dram --> llb.write --> [pieces] --> llb.intersect --> llb.read --> element.e --> [tile] --> drain --> dram

The unit above the elements intersects the blocks of K of a tile of weights with those of a tile of inputs; the pairs of tiles that
both have are read and sent to the element the tile of outputs is dealt to. An element intersects the fibers of a pair, row by
column.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from simulator.errors import InfeasibleError
from simulator.lowering import pieces
from simulator.lowering.addresses import Regions, Transfer, bursts
from simulator.lowering.network import Network, rate
from simulator.lowering.skip_ahead import programs
from simulator.lowering.skip_ahead.strips import Strips
from simulator.plan import Plan

TENSORS = ("weights", "inputs")
ACTIONS = ["mac", "operand_read", "operand_write", "psum_read", "psum_write"]


def build(strips: Strips) -> Plan:
    """The network of one layer, every program told lazily."""
    network, parts = Network(), strips.machine.components
    _check_bursts(strips)
    names = [f"element.{e}" for e in range(parts.elements.count.value)]
    _channels(network, strips, names)
    _memories(network, strips, names)
    products = programs.Products(strips)
    for number, name in enumerate(names):
        program = network.program(
            "pairs",
            [f"{name}.pairs", f"{name}.space"],
            [f"{name}.tile"],
            ACTIONS,
            partial(products, number),
        )
        network.component(name, "elements", "server", [program])
    drain = network.program(
        "outputs",
        [f"{name}.tile" for name in names],
        [*(f"{name}.space" for name in names), "dram.outputs"],
        ["drain_word"],
        partial(programs.drains, strips),
    )
    network.component("drain", "drain", "server", [drain], rate(parts.drain.bandwidth.value))
    return network.plan()


def _check_bursts(strips: Strips) -> None:
    parts = strips.machine.components
    most = max(int(programs.lines(strips, *shape)[1].max()) for shape in programs.shapes(strips))
    if most > parts.drain.queue.value:
        raise InfeasibleError(
            f"the outputs of a column end {most} bursts of {parts.dram.burst.value} B at once, drain.queue is "
            f"{parts.drain.queue.value}; raise drain.queue"
        )


def _channels(network: Network, strips: Strips, names: list[str]) -> None:
    parts = strips.machine.components
    for tensor in TENSORS:
        network.channel(f"dram.{tensor}", parts.dram.arrival + 2, parts.dram.arrival)
        network.channel(f"{tensor}.ready", strips.slots(tensor))
        network.space(f"{tensor}.space", strips.slots(tensor))
    network.channel("matched", parts.elements.queue.value)
    for name in names:
        network.channel(f"{name}.pairs", parts.elements.operand_buffers.value, parts.llb.read_latency.value)
        network.space(f"{name}.space", parts.elements.output_buffers.value)
        network.channel(f"{name}.tile", parts.elements.output_buffers.value, parts.elements.latency.value)
    network.channel("dram.outputs", parts.drain.queue.value)


def _memories(network: Network, strips: Strips, names: list[str]) -> None:
    llb, dram = strips.machine.components.llb, strips.machine.components.dram
    burst, loads, fills, places = dram.burst.value, [], [], regions(strips)
    for tensor in TENSORS:
        moved = strips.pieces(tensor)
        fetch, fill = (
            partial(pieces.dram_reads, moved, burst),
            partial(pieces.fills, moved, burst, llb.row.value, 1),
        )
        arrived, access = [f"dram.{tensor}"], places.access(tensor)
        loads.append(network.program(tensor, [f"{tensor}.space"], arrived, ["dram_read"], fetch, access))
        actions = ["sram_write", "metadata_write"]
        fills.append(network.program(tensor, [f"dram.{tensor}"], [f"{tensor}.ready"], actions, fill))
    stores = network.program(
        "outputs",
        ["dram.outputs"],
        [],
        ["dram_write"],
        lambda: pieces.dram_writes(strips.written(), burst),
        places.access("outputs"),
    )
    ready, spaces = ([f"{tensor}.{what}" for tensor in TENSORS] for what in ("ready", "space"))
    match = network.program("blocks", ready, ["matched"], ["sram_read"], partial(programs.blocks, strips))
    onwards = [*(f"{name}.pairs" for name in names), *spaces]
    read = network.program(
        "pairs", ["matched"], onwards, ["sram_read", "noc_byte"], partial(programs.reads, strips)
    )
    network.main_memory(dram, strips.machine.clock.value, [*loads, stores])
    network.component("llb.write", "llb.write", "memory", fills, rate(llb.write_bandwidth.value))
    network.component("llb.intersect", "llb.intersect", "server", [match])
    network.component("llb.read", "llb.read", "memory", [read], rate(llb.read_bandwidth.value))


def regions(strips: Strips) -> Regions:
    """Where the pieces of a layer lie: weights by group and row of tiles, inputs by strip, outputs by tile."""
    dram = strips.machine.components.dram
    burst = dram.burst.value

    def loads(tensor: str) -> Iterator[Transfer]:
        for name, piece in zip(strips.piece_names(tensor), strips.pieces(tensor), strict=True):
            yield Transfer(name, bursts(piece.dram, burst))

    def stores() -> Iterator[Transfer]:
        order = strips.order
        tiles = zip(order.group.tolist(), order.i.tolist(), order.j.tolist(), strict=True)
        for tile, size in zip(tiles, strips.written(), strict=True):
            yield Transfer(tile, bursts(size, burst))

    return Regions(dram, {**{tensor: partial(loads, tensor) for tensor in TENSORS}, "outputs": stores})
