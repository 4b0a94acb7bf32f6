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
from simulator.lowering.csc import links
from simulator.lowering.csc.element import scratch_pads, stages
from simulator.lowering.csc.tiles import Tiles
from simulator.lowering.network import Network, rate
from simulator.plan import Plan


def build(tiles: Tiles) -> Plan:
    """The network of one layer, every program told lazily."""
    network = Network()
    _channels(network, tiles)
    _store(network, tiles)
    _loads(network, tiles)
    stages(network, tiles)
    _drain(network, tiles)
    return network.plan()


def _channels(network: Network, tiles: Tiles) -> None:
    parts = tiles.machine.components
    in_flight = parts.dram.arrival + 2
    most = -(
        -max(tiles.weight_bits, tiles.columns * parts.weights.address.value) // (8 * parts.dram.burst.value)
    )
    network.channel("dram.weights", max(in_flight, most + 1), parts.dram.arrival)
    network.channel("dram.inputs", in_flight, parts.dram.arrival)
    network.channel("dram.outputs", parts.stages.queue.value)
    # No more is ever away than the sums of a tile of rows: a visit brings its own back before it puts them away again.
    network.channel("psums.away", tiles.visits, parts.links.latency.value)
    scratch_pads(network, tiles)


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


def bits(bandwidth: BytesPerCycle) -> tuple[int, int]:
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
    network.component("weights.load", "weights.load", "server", [weights], bits(ports.weights_bandwidth))
    network.component("inputs.load", "inputs.load", "server", [inputs], bits(ports.inputs_bandwidth))
    network.component("psums.load", "psums.load", "server", [sums], bits(ports.psums_bandwidth))


def _drain(network: Network, tiles: Tiles) -> None:
    parts = tiles.machine.components
    drain = network.program(
        "outputs",
        ["psums.visited", "psums.done"],
        ["psums.space", "psums.away", "dram.outputs"],
        ["psum_spad_read", "drain_word"],
        partial(links.sum_drains, tiles),
    )
    network.component("psums.drain", "psums.drain", "server", [drain], bits(parts.links.psums_bandwidth))
