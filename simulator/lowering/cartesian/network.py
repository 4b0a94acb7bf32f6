"""Elements that multiply all with all: from a layer to a network.

::

    dram --> broadcast --> weights.n --.
    dram --> deal -------> inputs.n --> pe.n --> exchange.n --> ppu.n --> drain --> dram
                                                     '-------> ppu.m of the owners of its halo

A block of weights goes to all elements at once, so it waits for the fullest FIFO. A set of accumulators is handed back by the
element's post-processing unit, an input RAM by the last block of the pass.
"""

from __future__ import annotations

from functools import partial

from simulator.lowering.cartesian import programs
from simulator.lowering.cartesian.context import Context
from simulator.lowering.cartesian.outputs import Outputs
from simulator.lowering.network import Network, rate
from simulator.plan import Plan


def build(context: Context, outputs: Outputs) -> Plan:
    """The network of one layer, every program told lazily."""
    network = Network()
    names = [
        f"{number // context.machine.components.pes.columns.value}.{number % context.machine.components.pes.columns.value}"
        for number in range(context.elements)
    ]
    _channels(network, context, outputs, names)
    _memories(network, context, outputs, names)
    for number in range(context.elements):
        _element(network, context, outputs, names, number)
    drain = network.program(
        "outputs", [f"outputs.{name}" for name in names], ["dram.outputs"], [], outputs.drains
    )
    network.component(
        "drain", "drain", "server", [drain], rate(context.machine.components.drain.bandwidth.value)
    )
    return network.plan()


def _channels(network: Network, context: Context, outputs: Outputs, names: list[str]) -> None:
    parts, burst = context.machine.components, context.machine.components.dram.burst.value
    block = max(int(held.entries.max()) for group in context.filters for held in group) * context.weight_bits
    tile = max(context.input_bytes(at, number) for at in context.passes for number in context.work(at))
    for tensor, most in (("weights", -(-block // (8 * burst)) + 1), ("inputs", -(-tile // burst))):
        network.channel(f"dram.{tensor}", max(parts.dram.arrival + 2, most), parts.dram.arrival)
    network.channel("dram.outputs", parts.drain.queue.value)
    for number, name in enumerate(names):
        network.channel(f"weights.{name}", parts.weights.entries.value, parts.weights.latency.value)
        network.channel(f"inputs.{name}", parts.inputs.tile_buffers.value)
        network.space(f"inputs.{name}.space", parts.inputs.tile_buffers.value)
        network.space(f"sums.{name}.space", parts.accumulators.tile_buffers.value)
        network.channel(f"sums.{name}", parts.accumulators.tile_buffers.value, parts.pes.latency.value)
        network.channel(f"outputs.{name}", parts.ppu.tile_buffers.value)
        for owner in outputs.senders.get(number, ()):
            network.channel(
                f"halo.{name}.{names[owner]}",
                parts.accumulators.tile_buffers.value,
                parts.exchange.latency.value,
            )
        if number in outputs.senders:
            network.channel(f"kept.{name}", parts.accumulators.tile_buffers.value)


def _memories(network: Network, context: Context, outputs: Outputs, names: list[str]) -> None:
    parts, places = context.machine.components, outputs.regions()
    loads = [
        network.program(
            tensor, [], [f"dram.{tensor}"], ["dram_read"], partial(bursts, context), places.access(tensor)
        )
        for tensor, bursts in (("weights", programs.weight_bursts), ("inputs", programs.input_bursts))
    ]
    stores = network.program(
        "outputs", ["dram.outputs"], [], ["dram_write"], outputs.writes, places.access("outputs")
    )
    network.main_memory(parts.dram, context.machine.clock.value, [*loads, stores])
    blocks = network.program(
        "weights",
        ["dram.weights"],
        [f"weights.{name}" for name in names],
        ["weight_fifo_write"],
        partial(programs.broadcasts, context),
    )
    network.component("broadcast", "broadcast", "server", [blocks], rate(parts.weights.bandwidth.value))
    tiles = network.program(
        "inputs",
        ["dram.inputs", *(f"inputs.{name}.space" for name in names)],
        [f"inputs.{name}" for name in names],
        ["input_ram_write"],
        partial(programs.deals, context),
    )
    network.component("deal", "deal", "server", [tiles], rate(parts.inputs.bandwidth.value))


def _element(network: Network, context: Context, outputs: Outputs, names: list[str], number: int) -> None:
    parts, name = context.machine.components, names[number]
    blocks = network.program(
        "blocks",
        [f"weights.{name}", f"inputs.{name}", f"sums.{name}.space"],
        [f"sums.{name}", f"inputs.{name}.space"],
        programs.ACTIONS,
        partial(programs.products, context, number),
    )
    network.component(f"pe.{name}", "pes", "server", [blocks], lanes=context.element.multipliers)
    kept = f"sums.{name}"
    if number in outputs.senders:
        kept = f"kept.{name}"
        halos = network.program(
            "sums",
            [f"sums.{name}"],
            [kept, *(f"halo.{name}.{names[owner]}" for owner in outputs.senders[number])],
            ["accumulator_read"],
            partial(outputs.exchanges, number),
        )
        network.component(
            f"exchange.{name}", "exchange", "server", [halos], rate(parts.exchange.bandwidth.value)
        )
    finish = network.program(
        "sums",
        [kept, *(f"halo.{names[source]}.{name}" for source in outputs.sources(number))],
        [f"sums.{name}.space", f"outputs.{name}"],
        ["accumulator_read", "drain_word", "compress_value"],
        partial(outputs.finishes, number),
    )
    network.component(f"ppu.{name}", "ppu", "server", [finish], rate(parts.ppu.bandwidth.value))
