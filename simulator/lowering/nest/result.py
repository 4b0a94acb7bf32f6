"""A simulated design point as a layer of a Result: what the engine said, with energies by action.

    energy = words / block size x energy of the access + metadata words x energy of the metadata access

per memory and state, along the chains of :mod:`simulator.energy.chains`; nothing where the point has no table. Energies of accesses
come from the counts, those of skipped ones included.
"""

from __future__ import annotations

from simulator.energy.chains import CHAINS, COMPUTE_CHAINS, METADATA_CHAINS
from simulator.energy.reference_table import component_name
from simulator.lowering.nest.layer import NestLayer
from simulator.plan.bound import bound, s0_totals
from simulator.record.outcome import Outcome
from simulator.record.result import LayerResult, Verification

_ACCESS = {"reads": "read", "drains": "read", "fills": "fill", "updates": "update"}
_STATES = {"random": "", "gated": "_gated", "skipped": "_skipped"}


def layer_result(layer: NestLayer, outcome: Outcome, verification: Verification) -> LayerResult:
    """What a run of a design point says."""
    totals = s0_totals(layer.plan, outcome)
    return LayerResult(
        name=layer.point.name,
        shape=dict(layer.point.product.ranks),
        cycles=outcome.cycles,
        components=outcome.components,
        bound=bound(layer.plan, totals),
        totals=totals,
        macs=layer.macs,
        nonzeros=layer.nonzeros,
        traffic=layer.traffic,
        choices=layer.choices,
        assumptions=layer.assumptions,
        verification=verification,
        energy_pj=energy(layer),
        lanes=layer.lanes,
    )


def unverified(layer: NestLayer) -> Verification:
    """A verification that did not happen."""
    return Verification("off", 0, int(layer.counted.outputs.size), "none")


def energy(layer: NestLayer) -> dict[str, dict[str, float]]:
    """Energy in pJ per memory (and compute) and action; empty without a table."""
    point = layer.point
    found: dict[str, dict[str, float]] = {}
    for storage in point.hierarchy.storage:
        component = component_name(storage.path)
        for tensor, accesses in layer.counted.counts()[storage.name].items():
            for access, counts in accesses.items():
                metadata = access.startswith("metadata_")
                action = _ACCESS[access.removeprefix("metadata_")]
                for (state, suffix), n in zip(_STATES.items(), counts, strict=True):
                    chain = (METADATA_CHAINS if metadata else CHAINS)[state, action]
                    price = point.energies.find(component, chain)
                    if n and price is not None:
                        words = n if metadata else n / storage.block_size
                        found.setdefault(storage.name, {})[f"{tensor}.{access}{suffix}"] = words * price
    compute = point.hierarchy.compute
    names = {"actual": "mac", "gated": "mac_gated", "skipped": "mac_skipped"}
    for (state, name), n in zip(names.items(), layer.counted.computes(), strict=True):
        price = point.energies.find(component_name(compute.path), COMPUTE_CHAINS[state])
        if n and price is not None:
            found.setdefault(compute.name, {})[name] = n * price
    return found
