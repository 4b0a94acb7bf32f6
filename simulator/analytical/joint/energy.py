"""Energy of exact counts: accesses x energy of the action, words in vectors of the memory's block size.

Reads and drains cost a read, fills and updates a write; energies fall back along the chains of
:mod:`simulator.energy.chains`. Without a table, or an action in it, nothing is told.
"""

from __future__ import annotations

from simulator.analytical.joint.count import Count, Moved
from simulator.energy.chains import CHAINS, COMPUTE_CHAINS, METADATA_CHAINS
from simulator.energy.reference_table import ReferenceTable, component_name
from simulator.hardware.hierarchy import Storage
from simulator.mapping.design_point import DesignPoint

_ACTION = {"reads": "read", "drains": "read", "fills": "fill", "updates": "update"}
_STATE = {"actual": "random", "gated": "gated", "skipped": "skipped"}


def energy(point: DesignPoint, told: Count) -> dict[str, dict[str, float]]:
    """Energy in pJ per component, tensor and access."""
    found: dict[str, dict[str, float]] = {}
    for level, memory in enumerate(point.hierarchy.storage):
        for tensor, by_access in told.moved[level].items():
            for access, moved in by_access.items():
                spent = _memory(point.energies, memory, access, moved)
                if spent:
                    found.setdefault(memory.name, {})[f"{tensor} {access}"] = spent
    multipliers = _compute(point, told)
    if multipliers:
        found[point.hierarchy.compute.name] = multipliers
    return found


def _memory(energies: ReferenceTable, memory: Storage, access: str, moved: Moved) -> float:
    component, total = component_name(memory.path), 0.0
    for state, name in _STATE.items():
        words, _, metadata = getattr(moved, state)
        action = (name, _ACTION[access])
        total += words / memory.block_size * (energies.find(component, CHAINS[action]) or 0.0)
        total += metadata * (energies.find(component, METADATA_CHAINS[action]) or 0.0)
    return total


def _compute(point: DesignPoint, told: Count) -> dict[str, float]:
    component = component_name(point.hierarchy.compute.path)
    done = {"actual": told.computed, "gated": told.gated, "skipped": told.skipped}
    spent = {s: n * (point.energies.find(component, COMPUTE_CHAINS[s]) or 0.0) for s, n in done.items()}
    return {state: value for state, value in spent.items() if value}
