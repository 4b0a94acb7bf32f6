"""Outer-product machines: from a layer to a network.

::

    dram --> glb.write --> [pieces] --> glb.read --> line buffers --> unit.r.c --> [tile] --> drain --> dram

A read of the GLB reaches every unit that shares it at once, so it waits for the slowest. A unit's accumulation buffer is handed
back by the drain.
"""

from __future__ import annotations

from functools import partial

from simulator.errors import InfeasibleError
from simulator.lowering.network import Network, rate
from simulator.lowering.outer_product import memory, units
from simulator.lowering.outer_product.context import Context
from simulator.lowering.outer_product.operands import TENSORS
from simulator.plan import Plan


def build(context: Context) -> Plan:
    """The network of one layer, every program told lazily."""
    _check_bursts(context)
    network = Network()
    names = [f"{r}.{c}" for r in range(context.operands.units[0]) for c in range(context.operands.units[1])]
    _channels(network, context, names)
    _memories(network, context, names)
    _units(network, context)
    spaces = [f"unit.{name}.space" for name in names]
    drain = network.program(
        "outputs",
        [f"unit.{name}.tile" for name in names],
        [*spaces, "dram.outputs"],
        ["psum_read", "drain_word"],
        partial(units.drains, context),
    )
    bandwidth = context.machine.components.drain.bandwidth.value
    network.component("drain", "drain", "server", [drain], rate(bandwidth))
    return network.plan()


def _check_bursts(context: Context) -> None:
    """A line of every bank leaves at once: the queue to DRAM must hold the bursts it fills."""
    parts = context.machine.components
    most = units.most_bursts(context)
    if most > parts.drain.queue.value:
        raise InfeasibleError(
            f"machine {context.machine.name!r}: {parts.accumulation.bank_rows.value} rows of outputs fill {most} bursts of "
            f"{parts.dram.burst.value} B, drain.queue is {parts.drain.queue.value}; raise drain.queue or dram.burst"
        )


def _channels(network: Network, context: Context, names: list[str]) -> None:
    parts = context.machine.components
    for tensor in TENSORS:
        network.channel(f"dram.{tensor}", parts.dram.arrival + 2, parts.dram.arrival)
        network.channel(f"{tensor}.ready", context.slots(tensor))
        network.space(f"{tensor}.space", context.slots(tensor))
    for name in names:
        for tensor in TENSORS:
            network.channel(
                f"unit.{name}.{tensor}", parts.units.operand_buffers.value, parts.glb.read_latency.value
            )
        network.space(f"unit.{name}.space", 1)
        network.channel(f"unit.{name}.tile", 1, parts.units.latency.value)
    network.channel("dram.outputs", parts.drain.queue.value)


def _memories(network: Network, context: Context, names: list[str]) -> None:
    glb, dram = context.machine.components.glb, context.machine.components.dram
    reads, fills, slabs, places = [], [], [], memory.regions(context)
    for tensor in TENSORS:
        fetch = partial(memory.dram_reads, context, tensor)
        onwards, access = [f"dram.{tensor}"], places.access(tensor)
        reads.append(network.program(tensor, [f"{tensor}.space"], onwards, ["dram_read"], fetch, access))
        fill, actions = partial(memory.glb_fills, context, tensor), ["sram_write", "metadata_write"]
        fills.append(network.program(tensor, [f"dram.{tensor}"], [f"{tensor}.ready"], actions, fill))
        onwards = [*(f"unit.{name}.{tensor}" for name in names), f"{tensor}.space"]
        slab, actions = partial(memory.slab_reads, context, tensor), ["sram_read", "metadata_read"]
        slabs.append(network.program(tensor, [f"{tensor}.ready"], onwards, actions, slab))
    stores, access = partial(units.dram_writes, context), places.access("outputs")
    written = network.program("outputs", ["dram.outputs"], [], ["dram_write"], stores, access)
    network.main_memory(dram, context.machine.clock.value, [*reads, written])
    network.component("glb.write", "glb.write", "memory", fills, rate(glb.write_bandwidth.value))
    network.component("glb.read", "glb.read", "memory", slabs, rate(glb.read_bandwidth.value))


def _units(network: Network, context: Context) -> None:
    unit, (down, across) = context.operands.unit, context.operands.units
    for row in range(down):
        for column in range(across):
            name = f"unit.{row}.{column}"
            inputs = [*(f"{name}.{tensor}" for tensor in TENSORS), f"{name}.space"]
            items = partial(units.items, context, row, column)
            program = network.program("items", inputs, [f"{name}.tile"], units.ACTIONS, items)
            network.component(name, "units", "server", [program], lanes=unit.rows * unit.columns)
