"""Loop nests: how a product is run on a storage hierarchy.

Every level has temporal loops and, inside them, spatial loops over the instances of the next level::

    for each level, outermost first:
        for temporal loops, outermost first:  for i in [0, bound)
            for spatial loops, outermost first: parallel-for i in [0, bound) along X or Y

The product of the bounds of a rank over the whole nest is its size; an imperfect loop runs `last` times in the last
iteration of the loops of its rank outside it. Notation after Timeloop (Parashar et al., ISPASS 2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

TEMPORAL, X, Y = "", "X", "Y"


@dataclass(frozen=True)
class Loop:
    """One loop.

    Attributes
    ----------
    rank : str
    bound : int
        Iterations, at least 1.
    last : int
        Iterations in the last round of the loops of this rank outside it; `bound` when perfect.
    axis : str
        ``""`` temporal, ``"X"`` or ``"Y"`` spatial.
    """

    rank: str
    bound: int
    last: int
    axis: str = TEMPORAL


@dataclass(frozen=True)
class LevelNest:
    """The loops of one level.

    Attributes
    ----------
    level : str
        Name of the memory.
    temporal, spatial : tuple of Loop
        Outermost first; loops of bound 1 are left out.
    keeps : frozenset of str
        Tensors the memory keeps; the others bypass it.
    no_multicast, no_link_transfer, no_reuse : frozenset of str
        Tensors for which the network below cannot multicast or reduce, neighbours cannot pass on, the memory cannot
        reuse over time.
    order, across : tuple of str
        Ranks of the temporal and of the spatial loops, outermost first, those of one iteration too, where they were told; of no
        consequence to what a nest means, but published models let them decide which loop a format's rank stands for.
    """

    level: str
    temporal: tuple[Loop, ...]
    spatial: tuple[Loop, ...]
    keeps: frozenset[str]
    no_multicast: frozenset[str] = frozenset()
    no_link_transfer: frozenset[str] = frozenset()
    no_reuse: frozenset[str] = frozenset()
    order: tuple[str, ...] = field(default=(), compare=False)
    across: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Nest:
    """A mapping: a :class:`LevelNest` per memory, outermost first."""

    levels: tuple[LevelNest, ...]

    def loops(self) -> Iterator[tuple[int, Loop]]:
        """All loops, outermost first, with the index of their level."""
        for i, level in enumerate(self.levels):
            for loop in (*level.temporal, *level.spatial):
                yield i, loop

    @property
    def text(self) -> str:
        """A line per loop, indented, levels named; loops of bound 1 are not shown."""
        lines, depth = [], 0
        for level in self.levels:
            lines.append(f"{'  ' * depth}[{level.level}: {', '.join(sorted(level.keeps)) or 'nothing'}]")
            for loop in (*level.temporal, *level.spatial):
                last = f", last {loop.last}" if loop.last != loop.bound else ""
                side = f" (spatial {loop.axis})" if loop.axis else ""
                lines.append(f"{'  ' * depth}for {loop.rank} in [0:{loop.bound}{last}){side}")
                depth += 1
        return "\n".join(lines)
