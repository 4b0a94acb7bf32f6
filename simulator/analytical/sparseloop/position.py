"""Position skipping: lanes hold the non-zeros of an operand's tile, packed, and every operand along its own lanes.

    utilisation = product over the operands named of  E[(n / L) / ceil(n / L)],   n non-zeros of the tile, L lanes of
    the operand

An operand beside a packed one is read E[ceil(n / L)] times where it was read ceil(dense n / L) times.
Multiplications that remain are those with all named operands non-zero; their cycles are divided by the utilisation.
The rule is not in any public release; it reproduces the published compute cycles of the dual-side sparse tensor core
(Wu et al., Sparseloop, MICRO 2022, figures 13 and 15). A lock-step array would take the mean of the cycles instead,
E[ceil(n / L)], which is never less (Jensen).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.analytical.sparseloop.loops import Loops, box, volume
from simulator.analytical.sparseloop.modes import Mode
from simulator.analytical.sparseloop.rules import Tiles
from simulator.mapping.design_point import DesignPoint


def named(point: DesignPoint) -> list[tuple[int, str]]:
    """Operands skipped by position, with their memory counted from the innermost."""
    storage = list(reversed(point.hierarchy.storage))
    return [
        (level, option.follower)
        for level, memory in enumerate(storage)
        for rule in point.features.at(memory.name).rules
        if rule.kind == "position-skipping"
        for option in rule.options
    ]


@dataclass(frozen=True)
class _Packed:
    """One operand packed into its lanes: mean of the rounds, rounds without zeros, mean of the share of full lanes."""

    level: int
    name: str
    rounds: float
    dense: int
    full: float
    slots: float


def _packed(point: DesignPoint, tiles: Tiles, loops: Loops) -> list[_Packed]:
    made = []
    for level, name in named(point):
        access = point.product.tensor(name)
        sizes = box(access, loops.tops[level])
        found = tiles[name][level].density.distribution(sizes)
        lanes = math.prod(
            loop.bound for loop in loops.levels[level] if loop.axis and loop.rank in access.ranks
        )
        slots = found.occupancy / lanes
        rounds = np.ceil(slots)
        full = np.divide(slots, rounds, out=np.zeros(len(slots)), where=rounds > 0)
        p = found.probability
        made.append(
            _Packed(
                level,
                name,
                float(p @ rounds),
                math.ceil(volume(sizes) / lanes),
                float(p @ full),
                float(p @ slots),
            )
        )
    return made


def utilisation(point: DesignPoint, tiles: Tiles, loops: Loops, mode: Mode) -> float:
    """Average share of the lanes that do work.

    Parameters
    ----------
    point : DesignPoint
    tiles : dict of str to list of Tile
    loops : Loops
    mode : Mode
        `mean_utilisation`: the mean of the shares; else the share at the mean of the rounds.
    """
    found = _packed(point, tiles, loops)
    if mode.mean_utilisation:
        return math.prod(one.full for one in found)
    return math.prod(one.slots / one.rounds if one.rounds else 1.0 for one in found)


def read_less(point: DesignPoint, tiles: Tiles, loops: Loops) -> None:
    """An operand is read once per round of the other operands packed beside it, no longer once per iteration."""
    for one in _packed(point, tiles, loops):
        for access in point.product.operands:
            tile = tiles[access.name][one.level]
            if access.name != one.name and tile.kept:
                tile.counts[("random", "read")] = round(
                    tile.counts[("random", "read")] * one.rounds / one.dense
                )


def packed_operands(point: DesignPoint) -> tuple[str, ...]:
    """Operands whose zeros lanes skip by position."""
    return tuple(name for _, name in named(point))


def effectual(point: DesignPoint, tiles: Tiles) -> float:
    """Share of the multiplications whose operands skipped by position are non-zero."""
    return math.prod(tiles[name][level].density.scalar() for level, name in named(point))
