"""The element as a network.

::

    dram --> weights.load ----------------------> weights.address --> weights.data --> mac --> psums.read --> psums.write
    dram --> inputs.load --> inputs.address --> inputs.data --^            ^                       ^-- written --'   |
             psums.load --------------------------------------------------'                                         v
                  ^------------------------ put away ---------------------------------------------- psums.drain --> dram

Entries of the scratch pads are handed back through channels of free slots.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from simulator.hardware.quantity import BytesPerCycle
from simulator.lowering.csc import links, pipeline
from simulator.lowering.csc.tiles import Tiles
from simulator.lowering.network import STATIONARY, Network, rate
from simulator.plan import Plan


def build(tiles: Tiles) -> Plan:
    """The network of one layer, every program told lazily."""
    network = Network()
    _channels(network, tiles)
    _store(network, tiles)
    _loads(network, tiles)
    _front(network, tiles)
    _back(network, tiles)
    return network.plan()


def _channels(network: Network, tiles: Tiles) -> None:
    parts = tiles.machine.components
    queue, link = parts.stages.queue.value, parts.links.latency.value
    in_flight = parts.dram.arrival + 2
    most = -(
        -max(tiles.weight_bits, tiles.columns * parts.weights.address.value) // (8 * parts.dram.burst.value)
    )
    network.channel("dram.weights", max(in_flight, most + 1), parts.dram.arrival)
    network.channel("dram.inputs", in_flight, parts.dram.arrival)
    network.channel("dram.outputs", queue)
    network.space("weights.space", parts.weights.words)
    network.space("weights.addresses.space", parts.weights.addresses.value)
    network.channel("weights.ready", None, link, meaning=STATIONARY)
    network.space("inputs.space", parts.inputs.entries.value)
    network.space("inputs.addresses.space", parts.inputs.addresses.value - 1)
    network.channel("inputs.ready", None, link)
    network.space("psums.space", parts.psums.entries.value)
    network.channel("psums.away", None, link)
    network.channel("psums.ready", None, link)
    network.channel("psums.visited", None)
    network.channel("psums.done", None)
    for latch in ("inputs.fiber", "weights.column", "weights.word", "mac.values"):
        network.channel(latch, queue)
    network.channel("psums.products", queue + parts.mac.latency.value - 1, parts.mac.latency.value)
    write = max(1, parts.psums.latency.value - 1)
    network.channel("psums.sums", queue + write - 1, write)
    if not parts.psums.forwarding:
        network.channel("psums.written", None)


def _store(network: Network, tiles: Tiles) -> None:
    places, programs = links.regions(tiles), []
    for tensor, action, bursts in (
        ("weights", "dram_read", links.weight_bursts),
        ("inputs", "dram_read", links.input_bursts),
        ("outputs", "dram_write", links.output_bursts),
    ):
        ports = [f"dram.{tensor}"]
        ends = (ports, []) if tensor == "outputs" else ([], ports)
        access = places.access(tensor)
        programs.append(network.program(tensor, *ends, [action], partial(bursts, tiles), access))
    network.main_memory(tiles.machine.components.dram, tiles.machine.clock.value, programs)


def _bits(bandwidth: BytesPerCycle) -> tuple[int, int]:
    """Bits per cycle of a link."""
    return rate(None if bandwidth.value is None else Fraction(8) * bandwidth.value)


def _loads(network: Network, tiles: Tiles) -> None:
    ports = tiles.machine.components.links
    weights = network.program(
        "weights",
        ["dram.weights", "weights.space", "weights.addresses.space"],
        ["weights.ready"],
        ["weight_spad_write", "weight_metadata_write"],
        partial(links.weight_loads, tiles),
    )
    inputs = network.program(
        "inputs",
        ["dram.inputs", "inputs.space", "inputs.addresses.space"],
        ["inputs.ready"],
        ["iact_spad_write", "iact_metadata_write"],
        partial(links.input_loads, tiles),
    )
    sums = network.program(
        "outputs",
        ["psums.space", "psums.away"],
        ["psums.ready"],
        ["psum_spad_write"],
        partial(links.sum_loads, tiles),
    )
    network.component("weights.load", "weights.load", "server", [weights], _bits(ports.weights_bandwidth))
    network.component("inputs.load", "inputs.load", "server", [inputs], _bits(ports.inputs_bandwidth))
    network.component("psums.load", "psums.load", "server", [sums], _bits(ports.psums_bandwidth))


def _front(network: Network, tiles: Tiles) -> None:
    stages = [
        (
            "inputs.address",
            ["inputs.ready"],
            ["inputs.fiber"],
            ["iact_metadata_read"],
            pipeline.input_addresses,
        ),
        (
            "inputs.data",
            ["inputs.fiber"],
            ["weights.column", "inputs.space", "inputs.addresses.space"],
            ["iact_spad_read", "iact_metadata_read"],
            pipeline.input_reads,
        ),
        (
            "weights.address",
            ["weights.column", "weights.ready"],
            ["weights.word", "weights.addresses.space"],
            ["weight_metadata_read"],
            pipeline.weight_addresses,
        ),
        (
            "weights.data",
            ["weights.word", "psums.ready"],
            ["mac.values", "psums.visited", "weights.space"],
            ["weight_spad_read", "weight_metadata_read"],
            pipeline.weight_reads,
        ),
    ]
    for name, takes, puts, actions, chunks in stages:
        program = network.program("turns", takes, puts, actions, partial(chunks, tiles))
        network.component(name, name, "memory", [program])


def _back(network: Network, tiles: Tiles) -> None:
    parts = tiles.machine.components
    written = [] if parts.psums.forwarding else ["psums.written"]
    mac = network.program(
        "turns",
        ["mac.values"],
        ["psums.products"],
        ["mac", "mac_gated"],
        partial(pipeline.multiplications, tiles),
    )
    network.component("mac", "mac", "server", [mac], lanes=parts.mac.lanes.value)
    takes, puts = ["psums.products", *written], ["psums.done", *written]
    read = network.program(
        "turns", takes, ["psums.sums"], ["psum_spad_read"], partial(pipeline.sum_reads, tiles)
    )
    write = network.program(
        "turns", ["psums.sums"], puts, ["psum_spad_write"], partial(pipeline.sum_writes, tiles)
    )
    network.component("psums.read", "psums.read", "memory", [read])
    network.component("psums.write", "psums.write", "memory", [write])
    drain = network.program(
        "outputs",
        ["psums.visited", "psums.done"],
        ["psums.space", "psums.away", "dram.outputs"],
        ["psum_spad_read", "drain_word"],
        partial(links.sum_drains, tiles),
    )
    network.component("psums.drain", "psums.drain", "server", [drain], _bits(parts.links.psums_bandwidth))
