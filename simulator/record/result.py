"""Results: what a simulation of a trace on a machine says, layer by layer.

The digest covers integers and inputs only (counts, intervals, configuration, trace, rung, seed), not versions, engine
name, wall time or float energy; energy is counts x table in a fixed order, derived afterwards.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.record.outcome import ComponentOutcome

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Verification:
    """How the functional check of a layer went.

    Attributes
    ----------
    mode : str
        ``full``, ``sampled`` or ``off``.
    outputs : int
        Output elements computed through the datapath's own selection logic and found equal to the dense integer einsum.
    of : int
        Output elements of the layer.
    operands : str
        What was multiplied: the recorded values, or seeded integers on the recorded positions.
    """

    mode: str
    outputs: int
    of: int
    operands: str


@dataclass(frozen=True, repr=False)
class LayerResult:
    """One layer on one machine.

    Attributes
    ----------
    name : str
    shape : dict of str to int
        GEMM view: groups, M, N, K.
    cycles : int
        Run length in cycles.
    components : tuple of ComponentOutcome
    bound : str
        ``compute``, ``GLB``, ``DRAM`` or another component group: the one with the largest S0 total, which would
        limit the layer if everything overlapped perfectly.
    totals : dict of str to int
        S0 cycles of each component group.
    macs : dict of str to int
        ``dense`` (of the einsum), ``effectual`` (both operands non-zero), ``slots`` (lanes x steps issued).
    nonzeros : dict of str to (int, int)
        Per tensor: non-zero elements, elements.
    traffic : dict of str to dict of str to int
        Bytes moved, per component and tensor, e.g. ``traffic["dram"]["weights"]``.
    choices : dict of str to str
        What lowering chose: pattern, formats, tile sizes, loop order.
    assumptions : tuple of str
    verification : Verification
    energy_pj : dict of str to dict of str to float
        Per component name and action, in pJ.
    lanes : int
        Multipliers of the machine.
    """

    name: str
    shape: dict[str, int]
    cycles: int
    components: tuple[ComponentOutcome, ...]
    bound: str
    totals: dict[str, int]
    macs: dict[str, int]
    nonzeros: dict[str, tuple[int, int]]
    traffic: dict[str, dict[str, int]]
    choices: dict[str, str]
    assumptions: tuple[str, ...]
    verification: Verification
    energy_pj: dict[str, dict[str, float]]
    lanes: int

    def __repr__(self) -> str:
        return f"<LayerResult {self.name!r}: {self.cycles:,} cycles, bound by {self.bound}, {self.energy:.4g} pJ>"

    def component(self, name: str) -> ComponentOutcome:
        """The component called `name`; KeyError when there is none."""
        for part in self.components:
            if part.name == name:
                return part
        raise KeyError(name)

    @property
    def busy(self) -> dict[str, int]:
        """Busy cycles per component."""
        return {part.name: part.busy for part in self.components}

    @property
    def stalls(self) -> dict[str, dict[str, int]]:
        """Cycles per component and stall reason."""
        return {part.name: part.stalls for part in self.components}

    @property
    def actions(self) -> dict[str, dict[str, int]]:
        """Action counts per component."""
        return {part.name: part.actions for part in self.components}

    @property
    def energy(self) -> float:
        """Energy of the layer in pJ."""
        return sum(value for actions in self.energy_pj.values() for value in actions.values())

    @property
    def edp(self) -> float:
        """Energy-delay product in pJ x cycles."""
        return self.energy * self.cycles

    @property
    def utilisation(self) -> float:
        """Effectual multiplications per multiplier and cycle, 0..1."""
        return self.macs["effectual"] / (self.lanes * self.cycles) if self.cycles else 0.0

    def integers(self) -> dict[str, Any]:
        """Everything the digest covers."""
        return {
            "name": self.name,
            "shape": self.shape,
            "cycles": self.cycles,
            "totals": self.totals,
            "macs": self.macs,
            "nonzeros": {k: list(v) for k, v in self.nonzeros.items()},
            "traffic": self.traffic,
            "choices": self.choices,
            "components": [_component_digest(part) for part in self.components],
        }


def _component_digest(part: ComponentOutcome) -> list[Any]:
    programs = [[p.name, p.states.tolist(), p.actions, list(p.grants)] for p in part.programs]
    return [
        part.name,
        part.group,
        part.kind,
        part.lanes,
        part.work,
        part.demand,
        part.intervals.width,
        part.intervals.digest,
        programs,
    ]


@dataclass(frozen=True, repr=False)
class Result:
    """A trace on a machine.

    Attributes
    ----------
    machine, trace : str
        Names.
    config : str
        Resolved machine description (YAML text).
    trace_digest : str
    rung : str
        ``S0`` .. ``S4``.
    seed : int
    layers : tuple of LayerResult
    complete : bool
        False when the run was interrupted: `layers` then holds the finished ones.
    engine : str
    versions : dict of str to str
    clock_hz : int
    """

    machine: str
    trace: str
    config: str
    trace_digest: str
    rung: str
    seed: int
    layers: tuple[LayerResult, ...]
    complete: bool = True
    engine: str = "fast"
    versions: dict[str, str] = field(default_factory=dict)
    clock_hz: int = 10**9

    def __repr__(self) -> str:
        layers = f"{len(self.layers)} {'layer' if len(self.layers) == 1 else 'layers'}"
        partial = "" if self.complete else " (incomplete)"
        done = f"{layers}{partial}, {self.cycles:,} cycles, {self.energy:.4g} pJ"
        return f"<Result: {self.trace} on {self.machine}, rung {self.rung}, {done}>"

    @property
    def cycles(self) -> int:
        """Cycles of all layers, run one after the other."""
        return sum(layer.cycles for layer in self.layers)

    @property
    def busy(self) -> dict[str, int]:
        """Busy cycles per component, over all layers."""
        return _sum(layer.busy for layer in self.layers)

    @property
    def stalls(self) -> dict[str, dict[str, int]]:
        """Cycles per component and stall reason, over all layers."""
        return _sum_nested(layer.stalls for layer in self.layers)

    @property
    def actions(self) -> dict[str, dict[str, int]]:
        """Action counts per component, over all layers."""
        return _sum_nested(layer.actions for layer in self.layers)

    @property
    def energy(self) -> float:
        """Energy in pJ."""
        return sum(layer.energy for layer in self.layers)

    @property
    def edp(self) -> float:
        """Energy-delay product of the whole trace in pJ x cycles."""
        return self.energy * self.cycles

    @property
    def bound(self) -> str:
        """What bounds most cycles."""
        weight: dict[str, int] = {}
        for layer in self.layers:
            weight[layer.bound] = weight.get(layer.bound, 0) + layer.cycles
        return max(sorted(weight), key=lambda name: weight[name]) if weight else "none"

    @property
    def utilisation(self) -> float:
        """Effectual multiplications per multiplier and cycle, 0..1."""
        slots = sum(layer.lanes * layer.cycles for layer in self.layers)
        return sum(layer.macs["effectual"] for layer in self.layers) / slots if slots else 0.0

    @cached_property
    def digest(self) -> str:
        """SHA-256 over integers and inputs, worked out once; equal for equal runs on either engine."""
        head = {"config": self.config, "trace": self.trace_digest, "rung": self.rung, "seed": self.seed}
        body = {**head, "complete": self.complete, "layers": [layer.integers() for layer in self.layers]}
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    def summary(self) -> dict[str, Any]:
        """JSON-ready summary; every number under a name that carries its unit."""
        return {
            "schema_version": SCHEMA_VERSION,
            "machine": self.machine,
            "trace": self.trace,
            "trace_digest": self.trace_digest,
            "rung": self.rung,
            "engine": self.engine,
            "seed": self.seed,
            "clock_hz": self.clock_hz,
            "complete": self.complete,
            "digest": self.digest,
            "cycles": self.cycles,
            "energy_pj": self.energy,
            "edp_pj_cycles": self.edp,
            "utilisation_ratio": self.utilisation,
            "bound": self.bound,
            "layers": [_layer_summary(layer) for layer in self.layers],
            "versions": self.versions,
        }

    def save(self, path: str | Path) -> None:
        """Write the result as HDF5, whole or not at all."""
        from simulator.record.result_file import save

        save(self, Path(path))


def _layer_summary(layer: LayerResult) -> dict[str, Any]:
    return {
        "name": layer.name,
        "shape_elements": layer.shape,
        "cycles": layer.cycles,
        "bound": layer.bound,
        "totals_cycles": layer.totals,
        "utilisation_ratio": layer.utilisation,
        "energy_pj": layer.energy,
        "lanes_multipliers": layer.lanes,
        "energy_by_component_pj": {name: sum(a.values()) for name, a in layer.energy_pj.items()},
        "edp_pj_cycles": layer.edp,
        "work_units": {part.name: part.work for part in layer.components},
        "demand_units": {part.name: part.demand for part in layer.components},
        "busy_cycles": layer.busy,
        "stalls_cycles": layer.stalls,
        "actions_counts": layer.actions,
        "traffic_bytes": layer.traffic,
        "macs_counts": layer.macs,
        "nonzeros_elements": {k: {"nonzeros": v[0], "elements": v[1]} for k, v in layer.nonzeros.items()},
        "choices": layer.choices,
        "assumptions": list(layer.assumptions),
        "verification": vars(layer.verification),
    }


def _sum(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, 0) + value
    return total


def _sum_nested(parts: Iterable[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {}
    for part in parts:
        for name, values in part.items():
            total[name] = _sum([total.get(name, {}), values])
    return total
