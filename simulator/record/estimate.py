"""What an analytical model says of one layer, in the words a simulation uses.

Counts are summed over all instances of a level. A count is told four ways: `algorithmic` (a dense machine's), and of those
`actual`, `gated` and `skipped`; what an outer level already removed is in none of the three.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Number = int | Fraction | float

ACCESSES = (
    "reads",
    "fills",
    "updates",
    "drains",
    "metadata_reads",
    "metadata_fills",
    "metadata_updates",
    "metadata_drains",
)
"""reads: towards the next level in, and to accumulate; fills: from the next level out; updates: from the next level in;
drains: towards the next level out. The metadata ones are the same of format entries, in metadata words."""


@dataclass(frozen=True)
class Counts:
    """One kind of access to one tensor at one level, or computes; in words or multiplications."""

    algorithmic: Number = 0
    actual: Number = 0
    gated: Number = 0
    skipped: Number = 0


@dataclass(frozen=True)
class LevelEstimate:
    """One memory.

    Attributes
    ----------
    name : str
    instances : int
    utilized : Number
        Instances at work, on average.
    cycles : int
        What this level alone would need.
    throttle : float
        Share of the full speed its bandwidth allows, 0..1.
    tensors : dict of str to dict of str to Counts
        Per tensor and access (:data:`ACCESSES`).
    detail : dict of str to Any
        What only this model tells (capacities, distributions), JSON-ready.
    """

    name: str
    instances: int
    utilized: Number
    cycles: int
    throttle: float
    tensors: dict[str, dict[str, Counts]]
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimate:
    """An analytical estimate of one layer on one machine.

    Attributes
    ----------
    model : str
        Name in the registry.
    name : str
        Of the layer or design point.
    cycles : int
    compute_cycles : int
        What the multipliers alone would need.
    computes : Counts
        Multiplications, over all instances.
    levels : tuple of LevelEstimate
        Outermost first; empty for models without levels.
    energy_pj : dict of str to dict of str to float
        Per component and action; empty when no costs were given.
    bound : str
        Component that sets `cycles`; ``compute`` when it ties.
    assumptions : tuple of str
        What the model takes for granted, in words.
    mimics : str
        Version and mode of a published tool whose numbers these are meant to equal; empty for none.
    """

    model: str
    name: str
    cycles: int
    compute_cycles: int
    computes: Counts
    levels: tuple[LevelEstimate, ...] = ()
    energy_pj: dict[str, dict[str, float]] = field(default_factory=dict)
    bound: str = "compute"
    assumptions: tuple[str, ...] = ()
    mimics: str = ""

    @property
    def energy(self) -> float:
        """Energy in pJ."""
        return sum(value for actions in self.energy_pj.values() for value in actions.values())

    @property
    def edp(self) -> float:
        """Energy-delay product in pJ x cycles."""
        return self.energy * self.cycles

    def summary(self) -> dict[str, Any]:
        """JSON-ready; every number under a name that carries its unit."""
        return {
            "model": self.model,
            "mimics": self.mimics,
            "name": self.name,
            "cycles": self.cycles,
            "compute_cycles": self.compute_cycles,
            "bound": self.bound,
            "energy_pj": self.energy,
            "energy_by_component_pj": {name: sum(a.values()) for name, a in self.energy_pj.items()},
            "edp_pj_cycles": self.edp,
            "computes_counts": _counts(self.computes),
            "levels": [_level(level) for level in self.levels],
            "assumptions": list(self.assumptions),
        }


def _level(level: LevelEstimate) -> dict[str, Any]:
    return {
        "name": level.name,
        "instances": level.instances,
        "utilized_instances": _plain(level.utilized),
        "cycles": level.cycles,
        "throttle_ratio": level.throttle,
        "accesses_words": {
            tensor: {access: _counts(counts) for access, counts in accesses.items()}
            for tensor, accesses in level.tensors.items()
        },
        "detail": level.detail,
    }


def _counts(counts: Counts) -> dict[str, int | float]:
    return {name: _plain(value) for name, value in vars(counts).items()}


def _plain(value: Number) -> int | float:
    """A whole number as int, anything else as float."""
    return int(value) if value == int(value) else float(value)
