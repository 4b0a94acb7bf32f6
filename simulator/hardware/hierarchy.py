"""A storage hierarchy: memories in levels around multipliers, the machine of a design point.

    level 1 (outermost, e.g. DRAM) > level 2 > ... > level L (innermost) > compute

A level is a number of equal instances; an instance of level l serves instances(l+1) / instances(l) instances of the next
level. Words are the level's own (`word_bits`); bandwidths are words per cycle and instance, None is unlimited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True)
class Timing:
    """What a specification for an analytical model leaves open and cycles need; every default is stated.

    Attributes
    ----------
    latency : int
        Cycles from the grant of a read to the arrival of its words at the next level; at least 1.
    slots : int or None
        Tiles of each tensor a level can hold at once; None: as many of 2 as fit its capacity, at least 1; 2 where every tile
        is a single word, as a register takes its next value at the edge at which the old one was last used.
    queue : int
        Transfers that may wait between a level and the next; at least 1.
    """

    latency: int = 1
    slots: int | None = None
    queue: int = 2


@dataclass(frozen=True)
class Storage:
    """One level of memory.

    Attributes
    ----------
    name : str
    path : str
        Dotted, e.g. ``system.SM.Subpartition[0..3].RF``; names the level in energy tables.
    kind : str
        As written: ``DRAM``, ``SRAM``, ``regfile``, ...
    instances, mesh_x, mesh_y : int
        instances = mesh_x x mesh_y.
    word_bits : int
    block_size : int
        Words of one vector access.
    cluster_size : int
        Instances that share an address generator.
    capacity : int or None
        Words of data per instance.
    metadata_bits : int
        Width of the metadata storage in bits, 0 when the level has none; format entries are told their own width.
    metadata_capacity : int or None
        Metadata words per instance.
    read_bandwidth, write_bandwidth, shared_bandwidth : Fraction or None
        Words per cycle and instance; `shared` bounds reads and writes together.
    multiple_buffering : Fraction
        Tiles the capacity is divided among; 1: the whole capacity may hold one tile.
    min_utilization : Fraction
        Least share of the capacity a mapping must fill.
    banks : int or None
        Banks, where told.
    timing : Timing
    attributes : tuple of (str, str)
        Everything else that was written, for messages and for writing it back.
    """

    name: str
    path: str
    kind: str
    instances: int
    mesh_x: int
    mesh_y: int
    word_bits: int
    block_size: int = 1
    cluster_size: int = 1
    capacity: int | None = None
    metadata_bits: int = 0
    metadata_capacity: int | None = None
    read_bandwidth: Fraction | None = None
    write_bandwidth: Fraction | None = None
    shared_bandwidth: Fraction | None = None
    multiple_buffering: Fraction = Fraction(1)
    min_utilization: Fraction = Fraction(0)
    banks: int | None = None
    timing: Timing = field(default_factory=Timing)
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Compute:
    """The multipliers below the innermost memory.

    Attributes
    ----------
    name, path : str
    instances, mesh_x, mesh_y : int
    word_bits : int
    latency : int
        Cycles from taking operands to the arrival of the product at the memory above; at least 1. A product may
        start every cycle.
    attributes : tuple of (str, str)
    """

    name: str
    path: str
    instances: int
    mesh_x: int
    mesh_y: int
    word_bits: int
    latency: int = 1
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Hierarchy:
    """Memories, outermost first, and the multipliers."""

    name: str
    storage: tuple[Storage, ...]
    compute: Compute

    def level(self, name: str) -> int:
        """Index of a memory in `storage` by name; KeyError when there is none."""
        for i, storage in enumerate(self.storage):
            if storage.name == name:
                return i
        raise KeyError(name)
