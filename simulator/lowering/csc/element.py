"""The scratch pads of an element and the stages between them; see :mod:`simulator.lowering.csc.network`.

All names end in `at`, so that a network may have many elements.
"""

from __future__ import annotations

from functools import partial

from simulator.lowering.csc import pipeline
from simulator.lowering.csc.tiles import Tiles
from simulator.lowering.network import STATIONARY, Network


def scratch_pads(network: Network, tiles: Tiles, at: str = "") -> None:
    """Channels of what is free in the scratch pads, of what is ready in them, and between the stages."""
    parts = tiles.machine.components
    queue, link = parts.stages.queue.value, parts.links.latency.value
    network.space(f"weights.space{at}", parts.weights.words)
    network.space(f"weights.addresses.space{at}", parts.weights.addresses.value)
    network.channel(f"weights.ready{at}", None, link, meaning=STATIONARY)
    network.space(f"inputs.space{at}", parts.inputs.entries.value)
    network.space(f"inputs.addresses.space{at}", parts.inputs.addresses.value - 1)
    network.channel(f"inputs.ready{at}", None, link)
    network.space(f"psums.space{at}", parts.psums.entries.value)
    network.channel(f"psums.ready{at}", None, link)
    network.channel(f"psums.visited{at}", None)
    network.channel(f"psums.done{at}", None)
    for latch in ("inputs.fiber", "weights.column", "weights.word", "mac.values"):
        network.channel(f"{latch}{at}", queue)
    network.channel(f"psums.products{at}", queue + parts.mac.latency.value - 1, parts.mac.latency.value)
    write = max(1, parts.psums.latency.value - 1)
    network.channel(f"psums.sums{at}", queue + write - 1, write)
    if not parts.psums.forwarding:
        network.channel(f"psums.written{at}", None)


def stages(network: Network, tiles: Tiles, at: str = "") -> None:
    """A component per stage."""
    _front(network, tiles, at)
    _back(network, tiles, at)


def _named(names: list[str], at: str) -> list[str]:
    return [f"{name}{at}" for name in names]


def _front(network: Network, tiles: Tiles, at: str) -> None:
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
        program = network.program(
            "turns", _named(takes, at), _named(puts, at), actions, partial(chunks, tiles)
        )
        network.component(f"{name}{at}", name, "memory", [program])


def _back(network: Network, tiles: Tiles, at: str) -> None:
    parts = tiles.machine.components
    written = [] if parts.psums.forwarding else ["psums.written"]
    mac = network.program(
        "turns",
        [f"mac.values{at}"],
        [f"psums.products{at}"],
        ["mac", "mac_gated"],
        partial(pipeline.multiplications, tiles),
    )
    network.component(f"mac{at}", "mac", "server", [mac], lanes=parts.mac.lanes.value)
    takes, puts = ["psums.products", *written], ["psums.done", *written]
    sums = [f"psums.sums{at}"]
    read = network.program(
        "turns", _named(takes, at), sums, ["psum_spad_read"], partial(pipeline.sum_reads, tiles)
    )
    write = network.program(
        "turns", sums, _named(puts, at), ["psum_spad_write"], partial(pipeline.sum_writes, tiles)
    )
    network.component(f"psums.read{at}", "psums.read", "memory", [read])
    network.component(f"psums.write{at}", "psums.write", "memory", [write])
