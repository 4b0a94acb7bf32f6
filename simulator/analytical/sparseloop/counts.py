"""From dense to fine-grained accesses: what formats leave out, what rules gate or skip, and what that spares further in.

    stored      x - floor(x (1 - expected density))                     where the format tells zeros
    at a rule   removed = x p  (gated or skipped);   inside it, nothing of that share happens at all
    inner rule  p' = 1 - (1 - p_inner) / (1 - p_outer):  what the outer removed, the inner would have removed too

Counts are floored as Sparseloop floors them where the mode says so. Computes of a tensor's innermost rule go with its reads.
Source: Wu et al., Sparseloop, MICRO 2022, section 5.3.4; the public release of July 2022 (storage-optimization-combiner).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.analytical.sparseloop.formats import accesses
from simulator.analytical.sparseloop.modes import Mode
from simulator.analytical.sparseloop.rules import GATE, SKIP, SPATIAL, Tiles
from simulator.analytical.sparseloop.tile import ACCESSES, STATES, RankUnits, Tile


@dataclass
class Removal:
    """What the rules leave of the computes.

    Attributes
    ----------
    computes : float
        Dense computes less those that went with a skipped (or gated, see `gated`) read.
    gated : float
        Computes whose operand's read was gated and that still take their cycle (0 where the mode removes them).
    innermost : dict of str to float
        Per operand with a rule that reaches compute: share of its accesses removed.
    states : dict of str to str
        Per such operand: gated, skipped or spatial.
    packed : tuple of str
        Operands whose zeros lanes skip by position; they are gone from the computes.
    """

    computes: float
    gated: float = 0.0
    innermost: dict[str, float] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    packed: tuple[str, ...] = ()


def stored_counts(tile: Tile, mode: Mode) -> None:
    """Accesses to what the format stores, with the format's own entries."""
    floor = _floor(mode)
    tile.reductions = tile.traffic.reductions
    for access in ACCESSES:
        dense = tile.dense(access)
        stored: float = dense
        if tile.has_metadata and (access in ("read", "fill") or tile.output):
            stored = dense - floor(dense * (1.0 - tile.expected_density))
        tile.counts[("random", access)] = stored
        tile.entries[("random", access)] = [accesses(u, dense, tile.traffic.size) for u in tile.units]
        for state in STATES[1:]:
            tile.counts[(state, access)] = 0
            tile.entries[(state, access)] = [RankUnits() for _ in tile.units]


def no_counts(tile: Tile) -> None:
    """A memory that does not keep the tensor."""
    for state in STATES:
        for access in ACCESSES:
            tile.counts[(state, access)] = 0
            tile.entries[(state, access)] = []


def remove(
    tiles: Tiles, removed: dict[tuple[str, int], tuple[str, float]], computes: float, mode: Mode
) -> Removal:
    """Apply every rule where it stands and further in.

    Parameters
    ----------
    tiles : dict of str to list of Tile
        Innermost memory first; `counts` and `entries` are changed.
    removed : dict of (tensor, memory) to (state, share)
        What the rules remove of a tensor's reads at a memory.
    computes : float
        Dense computes.
    mode : Mode
    """
    found = Removal(computes)
    for name, of_tensor in tiles.items():
        _Tensor(name, of_tensor, removed, mode).walk(found)
    return found


class _Tensor:
    """One tensor's memories while rules are applied, from the outermost in."""

    def __init__(
        self, name: str, tiles: list[Tile], removed: dict[tuple[str, int], tuple[str, float]], mode: Mode
    ) -> None:
        self.name, self.tiles, self.mode = name, tiles, mode
        self.rules = {level: rule for (n, level), rule in removed.items() if n == name}
        self.floor = _floor(mode)
        self.settled: set[int] = set()

    def walk(self, found: Removal) -> None:
        """Rules from the outermost in; computes by the innermost."""
        for level in sorted(self.rules, reverse=True):
            state, share = self.rules[level]
            reached = self._spare(level, share)
            if level not in self.settled:
                self.settled.add(level)
                self._local(self.tiles[level], share, state)
            if reached and not self.tiles[level].output:
                self._computes(found, share, state)

    def _spare(self, level: int, share: float) -> bool:
        """Take a share off all memories inside, up to the next with a rule of its own; True when compute is reached."""
        for inner in range(level - 1, -1, -1):
            tile = self.tiles[inner]
            self._reduce(tile, share, len(self.tiles[level].ranks))
            if inner in self.rules:
                state, own = self.rules[inner]
                self.settled.add(inner)
                if self.mode.metadata_read_is_update:
                    tile.entries[("random", "read")] = [
                        RankUnits(u.metadata, u.payload) for u in tile.entries[("random", "update")]
                    ]
                self._local(tile, max(1.0 - (1.0 - own) / (1.0 - share), 0.0) if share < 1 else 0.0, state)
                return False
        return True

    def _reduce(self, tile: Tile, share: float, ranks: int) -> None:
        for access in ACCESSES:
            count = tile.counts[("random", access)]
            tile.counts[("random", access)] = count - self.floor(count * share)
            if not tile.has_metadata or (self.mode.scales_first_rank_only and access not in ("read", "fill")):
                continue
            entries = tile.entries[("random", access)]
            if not self.mode.scales_first_rank_only:
                scaled = entries
            else:
                scaled = entries[:1] if min(len(entries), ranks - 1 if ranks else len(entries)) == 0 else []
            for units in scaled:
                units.metadata -= self.floor(units.metadata * share)
                units.payload -= self.floor(units.payload * share)

    def _local(self, tile: Tile, share: float, state: str) -> None:
        """Turn a share of the accesses into gated or skipped ones."""
        if state == SPATIAL:
            return
        before = tile.counts[("random", "update")]
        for access in ("read", "update"):
            count = tile.counts[("random", access)]
            ceils = tile.output and access == "read" and self.mode.floors
            gone = math.ceil(count * share) if ceils else self.floor(count * share)
            tile.counts[(state, access)] += gone
            tile.counts[("random", access)] = count - gone
        self._local_entries(tile, share, state)
        if tile.output and tile.traffic.updates:
            ratio = tile.counts[("random", "update")] / (
                tile.traffic.updates if self.mode.floors else before or 1
            )
            tile.reductions = (
                math.ceil(tile.reductions * ratio) if self.mode.floors else tile.reductions * ratio
            )

    def _local_entries(self, tile: Tile, share: float, state: str) -> None:
        child = tile.traffic.child
        sent = len(tile.ranks) if child is None else len(self.tiles[child].ranks)
        for access in ("read", "update"):
            for units, gone in zip(
                tile.entries[("random", access)][:sent], tile.entries[(state, access)], strict=False
            ):
                metadata, payload = self.floor(units.metadata * share), self.floor(units.payload * share)
                units.metadata, units.payload = units.metadata - metadata, units.payload - payload
                gone.metadata, gone.payload = gone.metadata + metadata, gone.payload + payload

    def _computes(self, found: Removal, share: float, state: str) -> None:
        gone = self.floor(found.computes * share)
        found.innermost[self.name] = round(share * 1e6) / 1e6 if self.mode.floors else share
        found.states[self.name] = state
        if state == GATE and not self.mode.gating_removes_computes:
            found.gated += gone
        found.computes -= gone


def _floor(mode: Mode) -> Callable[[float], float]:
    return (lambda x: float(math.floor(x))) if mode.floors else (lambda x: x)


__all__ = ["GATE", "SKIP", "SPATIAL", "Removal", "remove", "stored_counts"]
