"""The network of a systolic machine.

::

    dram --> sram.T.write --> [pieces] --> sram.T.read --> edge --> array --> drain --> dram         T: inputs, weights
                                                            `--> push --^                            of the operand that stays

The multipliers step together: a step waits for the values both edges need in it. Pieces, and tiles of outputs, are handed
back through channels of free slots. Sums on their way to the drain never exceed the tiles of outputs there are slots for.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InfeasibleError
from simulator.hardware.organisations.systolic import Systolic
from simulator.lowering.network import STATIONARY, Network, rate
from simulator.lowering.systolic import array, programs
from simulator.lowering.systolic.pieces import Operand
from simulator.lowering.systolic.transfers import regions
from simulator.lowering.systolic.wavefront import leaving
from simulator.plan import Plan


@dataclass(frozen=True)
class Edges:
    """Which operand enters where: names of tensors."""

    west: str
    north: str


def build(
    machine: Systolic,
    flow: array.Flow,
    operands: dict[str, Operand],
    edges: Edges,
    effectual: NDArray[np.int64] | None,
) -> Plan:
    """The network of one layer, every program told lazily."""
    _check_bursts(machine, flow)
    network, parts = Network(), machine.components
    _channels(network, machine, operands, edges)
    bursts, places = parts.dram.burst.value, regions(parts.dram, operands, flow)
    loads = [
        network.program(
            tensor,
            [f"{tensor}.space"],
            [f"dram.{tensor}"],
            ["dram_read"],
            partial(programs.dram_reads, operand, bursts),
            places.access(tensor),
        )
        for tensor, operand in operands.items()
    ]
    stores = network.program(
        "outputs",
        ["dram.outputs"],
        [],
        ["dram_write"],
        lambda: programs.dram_writes(flow.tile_bytes(), bursts),
        places.access("outputs"),
    )
    network.main_memory(parts.dram, machine.clock.value, [*loads, stores])
    for tensor, operand in operands.items():
        _sram(network, operand, "array.west" if tensor == edges.west else "array.north", bursts)
    _array(network, machine, flow, effectual)
    drain = network.program(
        "outputs",
        ["array.sums"],
        ["array.space", "dram.outputs"],
        ["psum_read", "drain_word"],
        partial(array.drains, flow),
    )
    network.component("drain", "drain", "server", [drain], _bits(parts.drain.bandwidth.value))
    return network.plan()


def _array(
    network: Network, machine: Systolic, flow: array.Flow, effectual: NDArray[np.int64] | None
) -> None:
    """The multipliers and, when an operand stays, its way into their registers."""
    inputs, outputs = ["array.west", "array.north", "array.space"], ["array.sums"]
    if flow.stays:
        sets = machine.components.array.operand_buffers.value
        network.channel("array.held", sets, meaning=STATIONARY)
        network.space("push.space", sets)
        push = network.program(
            "rows",
            ["array.north", "push.space"],
            ["array.held"],
            ["operand_write"],
            partial(array.pushes, flow),
        )
        network.component("push", "push", "server", [push])
        inputs[1], outputs = "array.held", ["array.sums", "push.space"]
    step = network.program("steps", inputs, outputs, array.ACTIONS, partial(array.steps, flow, effectual))
    network.component("array", "array", "server", [step], lanes=machine.components.array.multipliers)


def _bits(bandwidth: Fraction | None) -> tuple[int, int]:
    """A rate in bits of a bandwidth in bytes."""
    return rate(None if bandwidth is None else 8 * bandwidth)


def _channels(network: Network, machine: Systolic, operands: dict[str, Operand], edges: Edges) -> None:
    parts = machine.components
    latency = parts.dram.arrival
    for tensor, operand in operands.items():
        network.channel(f"dram.{tensor}", latency + 2, latency)
        network.channel(f"{tensor}.ready", operand.slots)
        network.space(f"{tensor}.space", operand.slots)
    for edge, tensor in (("array.west", edges.west), ("array.north", edges.north)):
        network.channel(edge, parts.array.queue.value, operands[tensor].sram.read_latency.value)
    network.space("array.space", parts.array.output_buffers.value)
    network.channel("array.sums", None, parts.array.latency.value)
    network.channel("dram.outputs", parts.drain.queue.value)


def _sram(network: Network, operand: Operand, edge: str, burst: int) -> None:
    tensor = operand.tensor
    write = network.program(
        tensor,
        [f"dram.{tensor}"],
        [f"{tensor}.ready"],
        ["sram_write"],
        partial(programs.fills, operand, burst),
    )
    name = f"sram.{tensor}"
    network.component(
        f"{name}.write", f"{name}.write", "memory", [write], _bits(operand.sram.write_bandwidth.value)
    )
    read = network.program(
        tensor,
        [f"{tensor}.ready"],
        [edge, f"{tensor}.space"],
        ["sram_read"],
        partial(programs.reads, operand),
    )
    network.component(
        f"{name}.read", f"{name}.read", "memory", [read], _bits(operand.sram.read_bandwidth.value)
    )


def _check_bursts(machine: Systolic, flow: array.Flow) -> None:
    """The sums of a step leave at once: the queue to DRAM must hold the bursts they complete."""
    parts = machine.components
    shapes = set(flow.ends)
    most = max(
        int(array.bursts(counts[counts > 0], flow.output_bits, flow.burst).max())
        for counts in map(leaving, shapes)
    )
    if most > parts.drain.queue.value:
        raise InfeasibleError(
            f"machine {machine.name!r}: the outputs of a step fill {most} bursts of {parts.dram.burst.value} B, "
            f"drain.queue is {parts.drain.queue.value}; raise drain.queue or dram.burst"
        )
