"""An array that keeps rows of filters: from a layer to a network.

::

    dram --> glb.write --> [pieces] --> glb.read --> array --> drain --> dram
                 ^--- sums of all but the last channels ---'

All programs of the buffer's read port share it, as do those of its write port.
"""

from __future__ import annotations

from functools import partial

from simulator.lowering.network import STATIONARY, Network, rate
from simulator.lowering.row_stationary import programs
from simulator.lowering.row_stationary.context import Context
from simulator.plan import Plan

TENSORS = ("weights", "inputs")


def build(context: Context) -> Plan:
    """The network of one layer, every program told lazily."""
    network, parts = Network(), context.machine.components
    _channels(network, context)
    _memories(network, context)
    step = network.program(
        "steps",
        ["array.weights", "array.inputs", "array.sums"],
        ["sums.away", "array.outputs", "array.pads"],
        programs.ACTIONS,
        partial(programs.steps, context),
    )
    network.component("array", "array", "server", [step], lanes=context.lanes)
    drain = network.program(
        "outputs",
        ["array.outputs"],
        ["dram.outputs"],
        ["drain_word", "compress_value"],
        partial(programs.drains, context),
    )
    network.component("drain", "drain", "server", [drain], rate(parts.drain.bandwidth.value))
    return network.plan()


def _channels(network: Network, context: Context) -> None:
    parts = context.machine.components
    latency, read = parts.dram.arrival, parts.glb.read_latency.value
    for tensor in TENSORS:
        kept = context.blocking.input_slots if tensor == "inputs" else 0
        slots = kept or parts.glb.tile_buffers.value
        network.channel(f"dram.{tensor}", latency + 2, latency)
        network.channel(f"{tensor}.ready", slots)
        network.space(f"{tensor}.space", slots)
    network.space("array.pads", 1)
    network.channel("array.weights", 1, read, meaning=STATIONARY)
    network.channel("array.inputs", parts.array.queue.value, read)
    network.channel("array.sums", parts.array.queue.value, read)
    network.channel("sums.away", parts.array.queue.value, parts.array.latency.value)
    network.channel("sums.kept", None)
    network.channel("array.outputs", parts.drain.queue.value, parts.array.latency.value)
    network.channel("dram.outputs", parts.drain.queue.value)


def _memories(network: Network, context: Context) -> None:
    glb, dram = context.machine.components.glb, context.machine.components.dram
    loads, fills, places = [], [], programs.regions(context)
    for tensor in TENSORS:
        load = partial(programs.loads, context, tensor)
        arrived, access = [f"dram.{tensor}"], places.access(tensor)
        loads.append(network.program(tensor, [f"{tensor}.space"], arrived, ["dram_read"], load, access))
        fill = partial(programs.fills, context, tensor)
        fills.append(network.program(tensor, [f"dram.{tensor}"], [f"{tensor}.ready"], ["buffer_write"], fill))
    leave, access = partial(programs.stores, context), places.access("outputs")
    stores = network.program("outputs", ["dram.outputs"], [], ["dram_write"], leave, access)
    away = network.program(
        "sums", ["sums.away"], ["sums.kept"], ["buffer_write"], partial(programs.sums, context, False)
    )
    reads = [
        network.program(
            "weights",
            ["weights.ready", "array.pads"],
            ["array.weights", "weights.space"],
            ["buffer_read", "weight_spad_write"],
            partial(programs.weight_reads, context),
        ),
        network.program(
            "inputs",
            ["inputs.ready"],
            ["array.inputs", "inputs.space"],
            ["buffer_read", "iact_spad_write"],
            partial(programs.input_reads, context),
        ),
        network.program(
            "sums", ["sums.kept"], ["array.sums"], ["buffer_read"], partial(programs.sums, context, True)
        ),
    ]
    network.main_memory(dram, context.machine.clock.value, [*loads, stores])
    network.component("glb.write", "glb.write", "memory", [*fills, away], rate(glb.write_bandwidth.value))
    network.component("glb.read", "glb.read", "memory", reads, rate(glb.read_bandwidth.value))
