"""Gating and skipping rules of a design point, each at the transfer it decides.

A rule at a level that keeps its follower decides what the level sends; at a level that does not, what passes there on the way to
the next memory inwards. A rule on the output stands at the innermost memory that keeps it, and decides single products' updates.
Of the options of a rule one is taken: that which removes most, told by what is given as `removed`. Rules 9, 9b, 10, 10a and 13a of
docs/design_points.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import InputError, suggest
from simulator.hardware.saf import Condition
from simulator.mapping.design_point import DesignPoint

GATE, SKIP = 1, 2


@dataclass(frozen=True)
class Decision:
    """One rule at its place.

    Attributes
    ----------
    level : int
        Where it is told.
    follower : str
    leaders : tuple of str
    kind : int
        GATE or SKIP.
    parent, child : int
        The transfer: memories of the follower; the number of levels stands for compute.
    packs : bool
        Whether it packs lanes (spatial skipping).
    """

    level: int
    follower: str
    leaders: tuple[str, ...]
    kind: int
    parent: int
    child: int
    packs: bool = False

    @property
    def stage(self) -> int:
        """0 at the parent, else the levels it is further in."""
        return self.level - self.parent


Removed = Callable[[Decision], int]
"""Points of dense transfers a decision removes on its own."""


def decisions(point: DesignPoint, removed: Removed) -> tuple[Decision, ...]:
    """All rules, their options chosen, outermost level first; those of positions are :func:`positions`.

    Raises
    ------
    InputError
        A rule that names no tensor or no leader, or stands where it must not.
    """
    found = list[Decision]()
    for i, level in enumerate(point.nest.levels):
        for rule in point.features.at(level.level).rules:
            if rule.kind == "position-skipping":
                continue
            options = [_placed(point, i, rule.kind, option) for option in rule.options]
            if not options:
                raise InputError(f"{_where(point, i)}: a rule ({rule.kind}) without anything to do")
            found.append(options[0] if len(options) == 1 else max(options, key=removed))
    return tuple(found)


def positions(point: DesignPoint) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Levels with position skipping and the operands they name; at most one level.

    Raises
    ------
    InputError
        A tensor that is no operand, whose innermost memory is another, or that shares a rank with another; two levels.
    """
    found = list[tuple[int, tuple[str, ...]]]()
    for i, level in enumerate(point.nest.levels):
        rules = [r for r in point.features.at(level.level).rules if r.kind == "position-skipping"]
        named = tuple(dict.fromkeys(option.follower for rule in rules for option in rule.options))
        for name in named:
            _tensor(point, i, name)
            if name == point.product.output.name or point.kept(name)[-1] != i:
                raise InputError(
                    f"{_where(point, i)}: position skipping of {name!r} must stand at the innermost memory of an operand"
                )
        if named:
            found.append((i, named))
    if len(found) > 1:
        places = ", ".join(point.nest.levels[i].level for i, _ in found)
        raise InputError(f"design point {point.name!r}: one level may skip positions, not {places}")
    return tuple(found)


def _placed(point: DesignPoint, level: int, kind: str, told: Condition) -> Decision:
    where = _where(point, level)
    for name in (told.follower, *told.leaders):
        _tensor(point, level, name)
    if not told.leaders:
        raise InputError(f"{where}: {kind} of {told.follower!r} needs a leader")
    kept = point.kept(told.follower)
    if told.follower == point.product.output.name and level != kept[-1]:
        raise InputError(
            f"{where}: {kind} of the output {told.follower!r} must stand at the innermost memory that keeps it, "
            f"{point.nest.levels[kept[-1]].level}"
        )
    parent = max(k for k in kept if k <= level)
    child = min((k for k in kept if k > level), default=len(point.nest.levels))
    action = GATE if kind == "gating" else SKIP
    return Decision(level, told.follower, told.leaders, action, parent, child, kind == "spatial-skipping")


def _tensor(point: DesignPoint, level: int, name: str) -> None:
    names = [t.name for t in point.product.tensors]
    if name not in names:
        raise InputError(
            f"{_where(point, level)}: a rule on {name!r}, which is no tensor; {suggest(name, names)}"
        )


def _where(point: DesignPoint, level: int) -> str:
    return f"design point {point.name!r}, level {point.nest.levels[level].level!r}"
