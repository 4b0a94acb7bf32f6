"""One tensor's tile at one memory: what every step of the model knows of it and adds to it.

The steps fill the fields in order: dense traffic, format, expected occupancy, fine-grained counts. Counts are per
instance, in words; an access is *random* (it happens), *gated* (it happens without effect and takes its time) or
*skipped* (it does not happen).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.analytical.sparseloop.density import DensityModel
from simulator.analytical.sparseloop.loops import Box
from simulator.analytical.sparseloop.traffic import Traffic

ACCESSES = ("read", "fill", "update", "drain")
STATES = ("random", "gated", "skipped")


@dataclass
class RankUnits:
    """Format entries of one rank.

    Attributes
    ----------
    metadata, payload : float
        Entries of each kind.
    """

    metadata: float = 0.0
    payload: float = 0.0


@dataclass(frozen=True)
class Rank:
    """One rank of a tile's format.

    Attributes
    ----------
    format : str
        Of ``simulator.hardware.saf.FORMATS``.
    compressed : bool
    metadata_bits, payload_bits : int
        Width of one entry.
    fiber : int
        Coordinates of a fiber.
    below : tuple of int
        Box of the tile below one coordinate.
    top : tuple of int
        Box of the tile of one fiber, where ranks are told by coordinates.
    """

    format: str
    compressed: bool
    metadata_bits: int
    payload_bits: int
    fiber: int
    below: Box
    top: Box = ()


@dataclass(frozen=True)
class Coordinate:
    """One coordinate of a tile: a loop, or an axis.

    Attributes
    ----------
    rank : str
    bound : int
        Elements.
    tile : tuple of int
        Box up to and with it.
    """

    rank: str
    bound: int
    tile: Box


@dataclass
class Tile:
    """State of one tensor at one memory.

    Attributes
    ----------
    tensor : str
    level : int
        Memory, counted from the innermost.
    output : bool
    traffic : Traffic
    density : DensityModel
    ranks : tuple of Rank
        Innermost first; empty without metadata.
    inner_first : bool
        Whether loops were given to ranks from the inside.
    expected : float
        Expected non-zeros of a tile that is sent.
    expected_density : float
        The same per element.
    units : list of RankUnits
        Expected format entries of a tile, innermost rank first.
    instances : float
        Instances at work, on average.
    x, y : int
        Instances needed at most, along X and Y.
    counts : dict of (state, access) to int
    entries : dict of (state, access) to list of RankUnits
    reductions : float
        Partial sums added in place.
    """

    tensor: str
    level: int
    output: bool
    traffic: Traffic
    density: DensityModel
    ranks: tuple[Rank, ...] = ()
    inner_first: bool = False
    expected: float = 0.0
    expected_density: float = 1.0
    units: list[RankUnits] = field(default_factory=list)
    instances: float = 1.0
    x: int = 1
    y: int = 1
    counts: dict[tuple[str, str], float] = field(default_factory=dict)
    entries: dict[tuple[str, str], list[RankUnits]] = field(default_factory=dict)
    reductions: float = 0.0

    @property
    def kept(self) -> bool:
        """Whether the memory keeps the tensor."""
        return self.traffic.size > 0

    @property
    def has_metadata(self) -> bool:
        """Whether zeros can be told without reading them."""
        return bool(self.ranks)

    @property
    def compressed(self) -> bool:
        """Whether zeros are not stored."""
        return any(rank.compressed for rank in self.ranks)

    def dense(self, access: str) -> float:
        """Words of an access when no zero is noticed."""
        moved = self.traffic
        return {"read": moved.reads, "fill": moved.fills, "update": moved.updates, "drain": moved.drains}[
            access
        ]

    def bits(self, state: str, access: str) -> float:
        """Bits of format entries moved."""
        entries = self.entries.get((state, access), ())
        return sum(
            rank.metadata_bits * e.metadata + rank.payload_bits * e.payload
            for rank, e in zip(self.ranks, entries, strict=False)
        )
