"""Gating and skipping as ``docs/design_points.md`` means them (rules 5, 9 to 13), in expectation.

Along a follower's path, from the outermost memory in, with Q_o = P(leader o's tile not empty) of the smallest tile
asked about so far::

    a transfer happens      with probability  product over leaders of Q_o;  an inner rule acts with  Q_o(inner) / Q_o(outer)
    a shared read happens   when any of the children that share it needs it: the union of their leader tiles
    a multiplication        is removed by o with S_o = 1 - Q_o of skipping rules, gated with G_o = 1 - S_o - Q_o of all rules
    computed                T product over operands (1 - S_o - G_o), of which non-zero d_o / Q_o each

Leader tiles of inner rules lie inside those of outer ones; operands are independent. Updates of the output come from
products that are computed: m products that share an update make it with 1 - (1 - p)^m, and the n-th update of a
point that started from zero is a first one while none came before. Here levels count from the innermost memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from simulator.analytical.sparseloop.loops import Extents, Loops, box
from simulator.analytical.sparseloop.rules import source
from simulator.analytical.sparseloop.tile import RankUnits, Tile
from simulator.errors import InputError
from simulator.hardware.hierarchy import Storage
from simulator.hardware.saf import Condition, Rule
from simulator.mapping.design_point import DesignPoint
from simulator.workload.product import Product

Tiles = dict[str, list[Tile]]
SKIPS = ("skipping", "spatial-skipping")


@dataclass
class Filled:
    """Probability that a leader's smallest tile asked about is not empty.

    Attributes
    ----------
    skip, every : float
        By skipping rules; by all.
    """

    skip: float = 1.0
    every: float = 1.0


@dataclass
class Outcome:
    """What the rules leave of the multiplications.

    Attributes
    ----------
    leaders : dict of str to Filled
        Per operand that leads some rule which reaches compute.
    """

    leaders: dict[str, Filled] = field(default_factory=dict)

    @property
    def skipped(self) -> float:
        """Share of the multiplications that are removed."""
        return 1.0 - math.prod(leader.skip for leader in self.leaders.values())

    @property
    def gated(self) -> float:
        """Share that is gated by a rule."""
        return 1.0 - self.skipped - self.through

    @property
    def through(self) -> float:
        """Share that no rule touches."""
        return math.prod(leader.every for leader in self.leaders.values())


@dataclass(frozen=True)
class _Standing:
    """A condition where it stands."""

    level: int
    condition: Condition
    skips: bool


class Conditions:
    """All rules of a design point on its tiles; `apply` changes the counts of the tiles."""

    def __init__(self, point: DesignPoint, tiles: Tiles, loops: Loops, storage: list[Storage]) -> None:
        self.point, self.tiles, self.loops, self.storage = point, tiles, loops, storage
        self.product: Product = point.product
        self.standing = self._standing()

    def apply(self) -> Outcome:
        """Remove accesses of operands; what is left of the multiplications."""
        found = Outcome()
        for access in self.product.operands:
            for leader, filled in self._operand(access.name).items():
                known = found.leaders.setdefault(leader, Filled())
                known.skip, known.every = min(known.skip, filled.skip), min(known.every, filled.every)
        return found

    def _standing(self) -> dict[str, list[_Standing]]:
        """Conditions by follower: of alternatives, the one that removes most words."""
        found: dict[str, list[_Standing]] = {}
        for level, storage in enumerate(self.storage):
            for rule in self.point.features.at(storage.name).rules:
                if rule.kind != "position-skipping":
                    chosen = self._chosen(rule, level)
                    skips = rule.kind in SKIPS
                    found.setdefault(chosen.follower, []).append(_Standing(level, chosen, skips))
        return found

    def _chosen(self, rule: Rule, level: int) -> Condition:
        if len(rule.options) == 1:
            source(rule.options[0].follower, level, self.tiles, self.storage)
            return rule.options[0]
        return max(rule.options, key=lambda option: self._worth(option, level))

    def _worth(self, option: Condition, level: int) -> float:
        """Words a condition would remove on its own."""
        at = source(option.follower, level, self.tiles, self.storage)
        child = self.tiles[option.follower][at].traffic.child
        share = 1.0 - math.prod(self._nonempty(o, option.follower, child, at, False) for o in option.leaders)
        return share * self.tiles[option.follower][at].traffic.reads

    def _operand(self, name: str) -> dict[str, Filled]:
        """Walk one operand's path from the outermost memory to compute."""
        path = [tile.level for tile in reversed(self.tiles[name]) if tile.kept]
        passed: dict[str, Filled] = {}
        for level, child in zip(path, [*path[1:], None], strict=True):
            inner = -1 if child is None else child
            here = [s for s in self.standing.get(name, ()) if inner < s.level <= level]
            self._reads(self.tiles[name][level], [s for s in here if s.level == level], passed, child)
            for standing in here:
                for leader in standing.condition.leaders:
                    tile = self._nonempty(leader, name, child, level, False)
                    filled = passed.setdefault(leader, Filled())
                    filled.every = min(filled.every, tile)
                    if standing.skips:
                        filled.skip = min(filled.skip, tile)
            if child is not None:
                alive = math.prod(filled.every for filled in passed.values())
                scale(self.tiles[name][child], "fill", alive)
        return passed

    def _reads(self, tile: Tile, here: list[_Standing], passed: dict[str, Filled], child: int | None) -> None:
        """Reads of a memory: those that are left, less what rules here gate or skip."""
        alive = math.prod(filled.every for filled in passed.values())
        scale(tile, "read", alive)
        shares = {leader: [filled.every, filled.every] for leader, filled in passed.items()}
        for standing in here:
            for leader in standing.condition.leaders:
                before = passed[leader].every if leader in passed else 1.0
                union = self._nonempty(leader, tile.tensor, child, tile.level, True)
                share = shares.setdefault(leader, [before, before])
                share[1] = min(share[1], union)
                if standing.skips:
                    share[0] = min(share[0], union)
        if here and alive > 0:
            kept = math.prod(share[1] for share in shares.values()) / alive
            unskipped = math.prod(share[0] for share in shares.values()) / alive
            split(tile, "read", skipped=1.0 - unskipped, gated=unskipped - kept)

    def _nonempty(self, leader: str, follower: str, child: int | None, level: int, shared: bool) -> float:
        """P(leader's tile not empty) while the follower's data stay at a child; of all children that share them, where `shared`."""
        access = self.product.tensor(leader)
        extents = self._leader_extents(follower, child)
        if shared and follower not in self.point.nest.levels[::-1][level].no_multicast:
            ranks = self.product.tensor(follower).ranks
            for between in range(0 if child is None else child + 1, level + 1):
                for loop in self.loops.levels[between]:
                    if loop.axis and loop.rank not in ranks:
                        extents[loop.rank] *= loop.bound
        sizes = tuple(min(n, axis.size) for n, axis in zip(box(access, extents), access.axes, strict=True))
        return 1.0 - self.tiles[leader][0].density.empty(sizes)

    def _leader_extents(self, follower: str, child: int | None) -> Extents:
        if child is None:
            return dict.fromkeys(self.loops.ranks, 1)
        extents = dict(self.loops.tops[child])
        ranks = self.product.tensor(follower).ranks
        for level in range(child + 1, len(self.loops.levels)):
            for loop in self.loops.levels[level]:
                if loop.axis:
                    continue
                if loop.rank in ranks:
                    return extents
                extents[loop.rank] *= loop.bound
        return extents

    def output(self, computed: float, effectual: float) -> None:
        """Updates of the innermost memory of the output, and the reads that accumulate them.

        Parameters
        ----------
        computed, effectual : float
            Shares of the multiplications that are computed, and that have only non-zero operands.
        """
        name = self.product.output.name
        tile = next(tile for tile in self.tiles[name] if tile.kept)
        here = self.standing.get(name, [])
        if any(standing.level != tile.level for standing in here):
            raise InputError(
                f"{self.point.name}: a rule on the output {name!r} stands at the innermost memory that keeps it, "
                f"{self.storage[tile.level].name!r}"
            )
        sharing = self._sharing(tile)
        made = float(1.0 - (1.0 - min(computed, 1.0)) ** sharing)
        useful = float(1.0 - (1.0 - min(effectual, 1.0)) ** sharing) if here else made
        skips = any(standing.skips for standing in here)
        again = tile.traffic.updates / max(tile.traffic.fills + self._fresh(tile), 1)
        if tile.traffic.reads:
            scale(tile, "read", self._accumulated(tile, useful, again) * (made / useful if useful else 0.0))
        scale(tile, "update", made)
        gone = 1.0 - useful / made if here and made > 0 else 0.0
        for access in ("update", "read"):
            split(tile, access, skipped=gone if skips else 0.0, gated=0.0 if skips else gone)

    def _sharing(self, tile: Tile) -> int:
        """Multipliers whose products are summed into one update."""
        ranks = self.product.output.ranks
        if tile.tensor in self.point.nest.levels[::-1][tile.level].no_multicast:
            return 1
        loops = (loop for level in range(tile.level + 1) for loop in self.loops.levels[level])
        return math.prod(loop.bound for loop in loops if loop.axis and loop.rank not in ranks)

    def _fresh(self, tile: Tile) -> float:
        """Points that start from zero, per instance."""
        return tile.traffic.updates - tile.traffic.reads

    def _accumulated(self, tile: Tile, share: float, times: float) -> float:
        """Share of the accumulating reads that happen when updates do with `share`: updates less first ones."""
        updates, fresh = tile.traffic.updates, self._fresh(tile)
        first = float(fresh * (1.0 - (1.0 - min(share, 1.0)) ** times))
        return max(updates * share - first, 0.0) / tile.traffic.reads


def scale(tile: Tile, access: str, share: float) -> None:
    """Keep a share of the accesses that happen; the rest is in no count."""
    tile.counts[("random", access)] *= share
    for units in tile.entries[("random", access)]:
        units.metadata *= share
        units.payload *= share


def split(tile: Tile, access: str, skipped: float, gated: float) -> None:
    """Turn shares of the accesses that happen into skipped and gated ones."""
    count = tile.counts[("random", access)]
    entries = [(units.metadata, units.payload) for units in tile.entries[("random", access)]]
    for state, share in (("skipped", skipped), ("gated", gated)):
        tile.counts[(state, access)] += count * share
        tile.entries[(state, access)] = [RankUnits(m * share, p * share) for m, p in entries]
    scale(tile, access, max(1.0 - skipped - gated, 0.0))
