"""Sparse acceleration features of a hierarchy: representation formats, gating and skipping.

The taxonomy and its words are Sparseloop's (Wu et al., MICRO 2022, section 3): a representation format per tensor and level,
one per rank; at storage, a follower's access is gated (energy saved) or skipped (energy and time saved) when a leader's
tile is empty; at compute, a multiplication is gated or skipped by the states of its operands.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FORMATS = ("U", "UOP", "CP", "B", "UB", "RLE")
"""U uncompressed; UOP offset pairs; CP coordinate list; B bitmask, payloads compressed; UB bitmask, payloads not; RLE run
lengths."""

RULES = ("gating", "skipping", "spatial-skipping", "position-skipping")
COMPUTE_RULES = ("gating", "skipping")


@dataclass(frozen=True)
class RankFormat:
    """Format of one rank.

    Attributes
    ----------
    format : str
        One of :data:`FORMATS`.
    metadata_bits, payload_bits : int or None
        Width of one entry; None: the level's metadata word (1 bit for bitmasks).
    flattened : tuple of tuple of str, or None
        Ranks this one absorbs, where told.
    """

    format: str
    metadata_bits: int | None = None
    payload_bits: int | None = None
    flattened: tuple[tuple[str, ...], ...] | None = None

    @property
    def compressed(self) -> bool:
        """Whether payloads of empty coordinates are not stored."""
        return self.format in ("CP", "B", "RLE")


@dataclass(frozen=True)
class Representation:
    """Format of a tensor at a level: a format per rank, outermost first.

    Attributes
    ----------
    tensor : str
    ranks : tuple of RankFormat
    inner_first : bool
        Whether loops are given to ranks from the innermost outwards.
    """

    tensor: str
    ranks: tuple[RankFormat, ...]
    inner_first: bool = False

    @property
    def compressed(self) -> bool:
        """Whether zeros are not stored."""
        return any(rank.compressed for rank in self.ranks)


@dataclass(frozen=True)
class Condition:
    """Accesses to `follower` happen only when every leader's co-iterated tile is non-empty."""

    follower: str
    leaders: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """A gating or skipping rule of a level.

    Attributes
    ----------
    kind : str
        One of :data:`RULES`.
    options : tuple of Condition
        Alternatives; hardware has one of them. A model takes the one that saves most.
    """

    kind: str
    options: tuple[Condition, ...]


@dataclass(frozen=True)
class LevelFeatures:
    """What one memory does about zeros."""

    representations: tuple[Representation, ...] = ()
    rules: tuple[Rule, ...] = ()

    def representation(self, tensor: str) -> Representation | None:
        """Format of a tensor here; None: uncompressed, without metadata."""
        return next((r for r in self.representations if r.tensor == tensor), None)


@dataclass(frozen=True)
class Features:
    """Sparse acceleration features of a whole hierarchy.

    Attributes
    ----------
    levels : dict of str to LevelFeatures
        By name of the memory; a missing one does nothing about zeros.
    compute : tuple of str
        Of :data:`COMPUTE_RULES`.
    """

    levels: dict[str, LevelFeatures] = field(default_factory=dict)
    compute: tuple[str, ...] = ()

    def at(self, level: str) -> LevelFeatures:
        """What a memory does about zeros."""
        return self.levels.get(level, LevelFeatures())
