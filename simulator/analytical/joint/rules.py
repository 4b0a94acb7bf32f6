"""Gating and skipping rules by the transfer they decide about.

A rule at level l decides about its follower's transfer from the last memory that keeps it at or outside l to the next one inwards,
or to compute; where l itself does not keep it, about what passes there only. A rule on the output decides about single updates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.analytical.joint.transfers import GATED, SKIPPED
from simulator.errors import InputError, suggest
from simulator.hardware.saf import Condition, Rule
from simulator.mapping.design_point import DesignPoint


@dataclass(frozen=True)
class Removal:
    """One condition of a level.

    Attributes
    ----------
    level : int
        Of the rule.
    kind : int
        GATED or SKIPPED.
    follower : str
    leaders : tuple of str
    parent, child : int
        The transfer's memories; `child` is the number of memories for compute. For the output the innermost one that keeps it.
    passing : bool
        Whether the rule's level does not keep the follower.
    packs : str
        ``spatial-skipping`` or ``position-skipping``; empty when it packs nothing.
    """

    level: int
    kind: int
    follower: str
    leaders: tuple[str, ...]
    parent: int
    child: int
    passing: bool
    packs: str = ""


def removals(point: DesignPoint, saved: Callable[[Removal], int]) -> tuple[Removal, ...]:
    """All rules of a design point, alternatives decided.

    Parameters
    ----------
    saved : callable
        Points of dense transfers that a removal takes away on its own.

    Raises
    ------
    InputError
        A follower or leader that is not a tensor, or a rule where none may stand.
    """
    found = []
    for level, memory in enumerate(point.hierarchy.storage):
        for rule in point.features.at(memory.name).rules:
            options = [_removal(point, level, rule, condition) for condition in rule.options]
            found.append(options[0] if len(options) == 1 else max(options, key=saved))
    return tuple(found)


def _removal(point: DesignPoint, level: int, rule: Rule, condition: Condition) -> Removal:
    place = f"{point.name}: rule {rule.kind} of {condition.follower} at {point.hierarchy.storage[level].name}"
    names = [tensor.name for tensor in point.product.tensors]
    for name in (condition.follower, *condition.leaders):
        if name not in names:
            raise InputError(f"{place}: no tensor {name!r}; {suggest(name, names)}")
    path = point.kept(condition.follower)
    inside = [k for k in path if k > level]
    parent = max(k for k in path if k <= level)
    compute = len(point.nest.levels)
    child = inside[0] if inside else compute
    if condition.follower == point.product.output.name and inside:
        raise InputError(
            f"{place}: a rule on the output stands at the innermost memory that keeps it, "
            f"{point.hierarchy.storage[path[-1]].name}"
        )
    leaders = condition.leaders
    if rule.kind == "position-skipping":
        if child != compute or parent != level:
            raise InputError(f"{place}: stands at the innermost memory that keeps its operand")
        leaders = (*leaders, condition.follower)
    if not leaders:
        raise InputError(f"{place}: names no leader")
    packs = (
        rule.kind
        if rule.kind.endswith("-skipping") and condition.follower != point.product.output.name
        else ""
    )
    kind = GATED if rule.kind == "gating" else SKIPPED
    return Removal(level, kind, condition.follower, leaders, parent, child, level not in path, packs)
