"""Multiplications by the states of their operands.

An operand is *non-zero*, *zero* (it exists and is zero) or *absent* (the format does not store it). Per operand with
probability d, d0, dn; given that a rule let the multiplication through, d is divided by the probability that its
leader's tile is not empty::

    all non-zero                        computed
    some zero, none absent              gated where the multipliers gate, else computed
    some absent, not all                skipped where the multipliers skip, else gated or computed (a bubble)
    all absent                          no multiplication at all

Operands are independent of each other. cycles = ceil((computed + gated) / instances at work). Source: Wu et al.,
Sparseloop, MICRO 2022, section 5.3.4 and table 3; the public release of July 2022 (compute-gs-analyzer).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from simulator.analytical.sparseloop.conditions import Outcome
from simulator.analytical.sparseloop.counts import Removal
from simulator.analytical.sparseloop.modes import Mode
from simulator.analytical.sparseloop.rules import Tiles

NONZERO, ZERO, ABSENT = range(3)


@dataclass(frozen=True)
class Computes:
    """Multiplications over all instances.

    Attributes
    ----------
    algorithmic, actual, gated, skipped : float
    """

    algorithmic: float
    actual: float
    gated: float
    skipped: float

    def time(self, instances: float) -> float:
        """Cycles of the multipliers at so many instances, not rounded."""
        return (self.actual + self.gated) / instances if instances else 0.0


def by_operands(
    tiles: Tiles,
    operands: tuple[str, ...],
    removal: Removal,
    dense: float,
    features: tuple[str, ...],
    mode: Mode,
) -> Computes:
    """Multiplications computed, gated and skipped.

    Parameters
    ----------
    tiles : dict of str to list of Tile
    operands : tuple of str
    removal : Removal
        What the rules at memories left.
    dense : float
        All multiplications.
    features : tuple of str
        What the multipliers do: ``gating``, ``skipping``.
    mode : Mode
    """
    states = _states(tiles, operands, removal, mode)
    for name in removal.packed:
        states[name] = (1.0, 0.0, 0.0)
    total = math.floor(removal.computes) if mode.floors else removal.computes
    share = {"actual": 0.0, "gated": 0.0, "skipped": 0.0, "none": 0.0}
    for combination in itertools.product(range(3), repeat=len(operands)):
        p = math.prod(states[name][state] for name, state in zip(operands, combination, strict=True))
        share[action(combination, features)] += p * total
    if not mode.floors:
        return Computes(dense, share["actual"], share["gated"] + removal.gated, share["skipped"])
    gone = {name: math.floor(share[name]) for name in ("gated", "skipped", "none")}
    return Computes(dense, math.floor(total - sum(gone.values())), gone["gated"], gone["skipped"])


def action(combination: tuple[int, ...], features: tuple[str, ...]) -> str:
    """What a multiplication with operands in these states is."""
    if all(state == NONZERO for state in combination):
        return "actual"
    if all(state == ABSENT for state in combination):
        return "none"
    if ABSENT in combination and "skipping" in features:
        return "skipped"
    return "gated" if "gating" in features else "actual"


def _states(
    tiles: Tiles, operands: tuple[str, ...], removal: Removal, mode: Mode
) -> dict[str, tuple[float, float, float]]:
    """Probability of every state, per operand."""
    found = {}
    for name in operands:
        inner = next((tile for tile in tiles[name] if tile.kept), None)
        density = tiles[name][0].density.scalar()
        if mode.floors:
            density = round(1e6 * density) / 1e6
        passed = _passed(name, operands, removal)
        nonzero = min(density / passed, 1.0) if passed else 0.0
        absent = inner is not None and inner.has_metadata
        found[name] = (nonzero, 0.0 if absent else 1.0 - nonzero, 1.0 - nonzero if absent else 0.0)
    return found


def _passed(name: str, operands: tuple[str, ...], removal: Removal) -> float:
    """Probability that the leader's tile is not empty, where this operand leads the rule of another.

    A rule on one operand tells of its leaders; with rules on both, each is told by the other's.
    """
    others = [other for other in operands if other != name and other in removal.innermost]
    return math.prod(1.0 - removal.innermost[other] for other in others)


def expected(
    tiles: Tiles, operands: tuple[str, ...], outcome: Outcome, dense: float, features: tuple[str, ...]
) -> tuple[Computes, float]:
    """Multiplications by ``docs/design_points.md`` (rule 12), and the share with only non-zero operands.

    Parameters
    ----------
    tiles : dict of str to list of Tile
    operands : tuple of str
    outcome : Outcome
        What the rules at memories left.
    dense : float
        All multiplications.
    features : tuple of str
        What the multipliers do: ``gating``, ``skipping``.
    """
    states = {}
    for name in operands:
        inner = next(tile for tile in tiles[name] if tile.kept)
        density = tiles[name][0].density.scalar()
        filled = outcome.leaders[name].every if name in outcome.leaders else 1.0
        nonzero = min(density / filled, 1.0) if filled else 0.0
        states[name] = (nonzero, *((0.0, 1.0 - nonzero) if inner.compressed else (1.0 - nonzero, 0.0)))
    share = {"actual": 0.0, "gated": 0.0, "skipped": 0.0, "none": 0.0}
    for combination in itertools.product(range(3), repeat=len(operands)):
        p = math.prod(states[name][state] for name, state in zip(operands, combination, strict=True))
        share[action(combination, features)] += p
    through = dense * outcome.through
    effectual = math.prod(states[name][NONZERO] for name in operands) * outcome.through
    gated = share["gated"] * through + max(outcome.gated, 0.0) * dense
    return Computes(dense, share["actual"] * through, gated, share["skipped"] * through), effectual
